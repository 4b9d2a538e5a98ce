// sign_out.go answers GET and POST /logout. Only a form of ours signs out, so that no link can (threat: logout CSRF).

package login

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// confirmSignOut asks before it signs out, or says that nobody is signed in.
func (l *Login) confirmSignOut(w http.ResponseWriter, r *http.Request) error {
	_, person, err := l.sessions().SignedIn(r, l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up who is signed in: %w", err)
	}
	visitor := l.Jar.EnsureVisitor(w, r)
	title := "Sign out"
	if person.ID == "" {
		title = "You’re signed out"
	}
	return l.Site.Write(w, r, http.StatusOK, pages.Page{Title: title, Template: signOutPage, Data: struct {
		Action, Token, SignIn, Account string
		Person                         store.Person
	}{
		Action:  l.Site.Base + "/logout",
		Token:   visitor.FormToken(browser.LogoutForm),
		SignIn:  l.Site.Base + "/login",
		Account: l.Site.Base + "/account",
		Person:  person,
	}})
}

// signOut ends the session in the store, so that a copy of the cookie is worth nothing.
func (l *Login) signOut(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	if !l.Jar.Visitor(r).CheckForm(form.Get("token"), browser.LogoutForm) {
		return pages.Stale()
	}
	if id, ok := l.Jar.Session(r); ok {
		if err := l.Store.CloseSession(r.Context(), id); err != nil {
			return fmt.Errorf("closing a session: %w", err)
		}
	}
	l.Jar.ClearSession(w)
	return pages.Redirect(w, l.Issuer+"/logout")
}
