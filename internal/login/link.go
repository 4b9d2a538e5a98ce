// link.go answers GET and POST /login/link, where a link in a mail leads. Programs that look at mails open every link
// (threat E5): so opening it changes nothing, and the button counts only in the browser that asked.

package login

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const linkForm = "link"

// confirmed are the purposes for which a link is pressed in the browser that asked.
var confirmed = []store.Purpose{store.ForSignIn, store.ForSignUp, store.ForVerify}

var linkWords = map[store.Purpose]struct{ Title, Button string }{
	store.ForSignIn: {"Sign in", "Sign in"},
	store.ForSignUp: {"Confirm your address", "Create account"},
	store.ForVerify: {"Confirm your address", "Confirm"},
}

func (l *Login) showLink(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	c, err := l.readLink(r.Context(), params.Get("t"), confirmed...)
	if err != nil {
		return err
	}
	visitor := l.Jar.Visitor(r)
	if !asker(visitor, c) {
		return l.showElsewhere(w, r)
	}
	req, err := l.requestFor(r, c)
	if err != nil {
		return err
	}
	words := linkWords[c.Purpose]
	page := pages.Page{Title: words.Title, Template: linkPage, Data: struct {
		Title, Button, Action, Token, Link, Email string
	}{words.Title, words.Button, l.Site.Base + "/login/link", visitor.FormToken(linkForm, params.Get("t")), params.Get("t"), c.Email}}
	return l.writeFor(w, r, http.StatusOK, page, req)
}

// showElsewhere tells whoever opened the link in another browser, or in a program that looks at mails, how to go on.
func (l *Login) showElsewhere(w http.ResponseWriter, r *http.Request) error {
	return l.Site.Write(w, r, http.StatusOK, pages.Page{Title: "Go on where you began", Template: elsewherePage})
}

func (l *Login) takeLink(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	visitor := l.Jar.Visitor(r)
	if !visitor.CheckForm(form.Get("token"), linkForm, form.Get("t")) {
		return pages.Stale()
	}
	c, err := l.readLink(r.Context(), form.Get("t"), confirmed...)
	if err != nil {
		return err
	}
	if !asker(visitor, c) {
		return pages.Stale()
	}
	return l.complete(w, r, c)
}

// complete spends a challenge that was answered in the browser that asked, and does what it was for.
func (l *Login) complete(w http.ResponseWriter, r *http.Request, c store.Challenge) error {
	now := l.now() // before the person is read
	req, err := l.requestFor(r, c)
	if err != nil {
		return err
	}
	if c, err = l.spend(r.Context(), c); err != nil {
		return err
	}
	var person store.Person
	switch c.Purpose {
	case store.ForVerify:
		return l.verified(w, r, c)
	case store.ForSignUp:
		if l.onlyPasskeys() {
			return l.beginAccount(w, r, c)
		}
		person, err = l.createPerson(r.Context(), c, nil)
	case store.ForSignIn:
		person, err = l.proven(r.Context(), c)
	default:
		return fmt.Errorf("a challenge for %q cannot be completed", c.Purpose)
	}
	if err != nil {
		return err
	}
	err = l.open(w, r, req, outcome{person: person, began: now, methods: []string{oauth.MethodEmail}})
	if errors.Is(err, errSignedOut) {
		return linkOver()
	}
	return err
}
