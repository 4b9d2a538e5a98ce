// by_mail.go answers GET and POST /login/email and /login/reset: which address is the mail for? The answer is the same
// whoever has it (threat E2).

package login

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// byMail is a page that asks for an address.
type byMail struct {
	path                string
	purpose             store.Purpose
	title, lead, button string
	on                  func(ways) bool
}

var (
	signInByMail = byMail{
		"/login/email", store.ForSignIn, "Sign in by email", "We send a code and a link to your address. Either one signs you in.", "Send the code",
		func(w ways) bool { return w.EmailCode != "" },
	}
	resetByMail = byMail{
		"/login/reset", store.ForReset, "Choose a new password", "We send a link to your address. With it you choose a new password.", "Send the link",
		func(w ways) bool { return w.Reset != "" },
	}
)

// byMailData is what the page shows.
type byMailData struct {
	Title, Lead, Button   string
	Action, Token, Back   string
	Request               store.RequestID
	Email                 string
	Problem, EmailProblem string
}

func (l *Login) askAddress(page byMail) pages.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		req, err := l.requestOf(r)
		if err != nil {
			return err
		}
		if !page.on(l.ways(req)) {
			return off()
		}
		return l.showByMail(w, r, http.StatusOK, page, req, byMailData{Email: hint(req)})
	}
}

// requestOf is the authorization that a page's address names, or none.
func (l *Login) requestOf(r *http.Request) (store.Request, error) {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return store.Request{}, badLink(err)
	}
	if !params.Has("request") {
		return store.Request{}, nil
	}
	return l.request(r, params.Get("request"))
}

func (l *Login) showByMail(w http.ResponseWriter, r *http.Request, status int, page byMail, req store.Request, d byMailData) error {
	d.Title, d.Lead, d.Button = page.title, page.lead, page.button
	d.Action = l.Site.Base + page.path
	d.Back = l.backTo(req)
	d.Request = req.ID
	d.Token = l.Jar.EnsureVisitor(w, r).FormToken(page.path, string(req.ID))
	return l.Site.Write(w, r, status, pages.Page{Title: page.title, Template: byMailPage, Data: d})
}

// backTo is the sign-in page.
func (l *Login) backTo(req store.Request) string {
	if req.ID == "" {
		return l.Site.Base + "/login"
	}
	return l.Site.Base + "/login?" + url.Values{"request": {string(req.ID)}, "switch": {"1"}}.Encode()
}

// formOf checks that this browser was shown the form, and loads the authorization it is for.
func (l *Login) formOf(r *http.Request, purpose string) (oauth.Params, store.Request, error) {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return nil, store.Request{}, stale(err)
	}
	if !l.Jar.Visitor(r).CheckForm(form.Get("token"), purpose, form.Get("request")) {
		return nil, store.Request{}, pages.Stale()
	}
	if !form.Has("request") {
		return form, store.Request{}, nil
	}
	req, err := l.request(r, form.Get("request"))
	return form, req, err
}

func (l *Login) sendMail(page byMail) pages.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, req, err := l.formOf(r, page.path)
		if err != nil {
			return err
		}
		if !page.on(l.ways(req)) {
			return off()
		}
		data := byMailData{Email: form.Get("email")}
		email, err := CanonicalEmail(data.Email)
		if err != nil {
			if len(data.Email) > maxEmail {
				data.Email = ""
			}
			data.Problem = "We need your email."
			data.EmailProblem = "Enter your email, like name@example.com."
			return l.showByMail(w, r, http.StatusUnprocessableEntity, page, req, data)
		}
		own, err := l.orgWays(r.Context(), email)
		if err != nil {
			return err
		}
		if len(own) > 0 && (page.purpose == store.ForSignIn || own.required()) {
			return l.toOrganization(w, r, req, own, email)
		}
		left, err := l.tooMany(r.Context(), mailCounters(email, l.clientAddr(r)))
		if err != nil {
			return unlessBusy(err)
		}
		if left > 0 {
			data.Problem = tooManyMails(w, left)
			return l.showByMail(w, r, http.StatusTooManyRequests, page, req, data)
		}
		return l.mailTo(w, r, page.purpose, req, email)
	}
}

// tooManyMails sets Retry-After and says the same to a person.
func tooManyMails(w http.ResponseWriter, left time.Duration) string {
	w.Header().Set("Retry-After", strconv.Itoa(pages.Seconds(left)))
	return "Too many mails were asked for. Try again in " + inWords(left) + "."
}

// mailTo opens a challenge for an address and mails it, if somebody may use it. Where nobody may, the challenge and
// the letter are made all the same; the letter is to nobody.
func (l *Login) mailTo(w http.ResponseWriter, r *http.Request, purpose store.Purpose, req store.Request, email string) error {
	person, err := l.Store.PersonByEmail(r.Context(), email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up a person by e-mail: %w", err)
	}
	c, to := store.Challenge{Purpose: purpose, Browser: l.Jar.Visitor(r).Digest(), Request: req.ID, Email: email}, ""
	if person.ID != "" && person.EmailVerified && !person.Disabled { // an address that nobody proved grants nothing
		c.Person, to = person.ID, person.Email
	}
	c, secret := l.newChallenge(c)
	letter := l.resetLetter(to, c, secret)
	if purpose == store.ForSignIn {
		letter = l.signInLetter(to, c, secret)
	}
	return l.challenge(w, r, c, letter)
}

// challenge files a challenge, puts its letter in the queue and shows where to go on.
func (l *Login) challenge(w http.ResponseWriter, r *http.Request, c store.Challenge, letter mail.Letter) error {
	if err := l.Store.OpenChallenge(r.Context(), c); err != nil {
		return fmt.Errorf("opening a challenge: %w", err)
	}
	if err := l.put(letter); err != nil {
		return err
	}
	l.note(r.Context(), "a mail was asked for", "purpose", c.Purpose)
	return pages.Redirect(w, l.Issuer+"/login/sent?"+url.Values{"challenge": {string(c.ID)}}.Encode())
}
