// account.go: what the account pages have in common: who sees them, and the way from one to the next.

// Package account shows a person what they allowed and how they sign in, and changes it.
package account

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

//go:embed *.html
var templates embed.FS

// Account are the pages of the person who is signed in.
type Account struct {
	Store     store.Store
	Settings  store.Settings
	Resources func(ctx context.Context) ([]store.Resource, error)
	Login     *login.Login   // changes what it later asks for
	Passkeys  *passkey.Party // nil where there are no passkeys
	Office    *organizations.Office
	Site      *pages.Site
	Jar       browser.Jar
	Issuer    string
	Now       func() time.Time // time.Now when nil
	Log       *slog.Logger     // none when nil
	Mails     bool             // mail can be sent, so people can prove their address
}

// Routes are the addresses under the issuer.
func (a *Account) Routes() map[string]pages.Handler {
	routes := map[string]pages.Handler{
		"GET /account":                  a.show,
		"POST /account/withdraw":        a.withdraw,
		"GET /account/sessions":         a.showSessions,
		"POST /account/sessions/end":    a.endSession,
		"POST /account/sessions/others": a.endOthers,
		"GET /account/login":            a.showSignIn,

		"GET /account/organizations":        a.showOrganizations,
		"POST /account/organizations":       a.changeOrganizations,
		"GET /account/organizations/admin":  a.showAdmin,
		"POST /account/organizations/admin": a.runAdmin,
		"GET /account/login/authenticator":  a.offerAuthenticator,
		"GET /account/login/passkey":        a.showAddPasskey,
	}
	for _, s := range sections() {
		for pattern, handler := range s.routes(a) {
			routes[pattern] = handler
		}
	}
	return routes
}

// visit is one look of a person at their account.
type visit struct {
	Session store.Session
	Person  store.Person
	Has     store.FactorsOf
	Visitor browser.Visitor
	Fresh   bool // they proved who they are a moment ago, so they may change how they sign in
}

// visit is who is signed in, or store.ErrNotFound.
func (a *Account) visit(w http.ResponseWriter, r *http.Request) (visit, error) {
	sessions := browser.Sessions{Jar: a.Jar, Store: a.Store, Idle: a.Settings.Defaults().SessionIdle}
	session, person, err := sessions.SignedIn(r, a.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return visit{}, fmt.Errorf("looking up who is signed in: %w", err)
	}
	if err != nil {
		return visit{}, err
	}
	has, err := a.Store.FactorsOf(r.Context(), person.ID)
	if err != nil {
		return visit{}, fmt.Errorf("reading the second factors of person %s: %w", person.ID, err)
	}
	return visit{session, person, has, a.Jar.EnsureVisitor(w, r), a.Login.IsFresh(session.Auth, has)}, nil
}

// posted is the form of a page of ours, from the person it was shown to.
func (a *Account) posted(w http.ResponseWriter, r *http.Request, purpose string) (oauth.Params, visit, error) {
	form, err := oauth.ParseForm(r)
	if err != nil {
		refusal := pages.Stale()
		refusal.Cause = err
		return nil, visit{}, refusal
	}
	v, err := a.visit(w, r)
	if err != nil {
		return nil, visit{}, err
	}
	if !a.Jar.Visitor(r).CheckForm(form.Get("token"), purpose, string(v.Person.ID)) {
		return nil, visit{}, pages.Stale()
	}
	return form, v, nil
}

// token is what posted looks for.
func (v visit) token(purpose string) string {
	return v.Visitor.FormToken(purpose, string(v.Person.ID))
}

// unlessOut sends people who are signed in no more to the sign-in, and then to the page of ours that to names.
func (a *Account) unlessOut(w http.ResponseWriter, err error, to store.RequestID) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return pages.Redirect(w, login.Toward(a.Issuer, to))
}

// tab is one page in the navigation.
type tab struct {
	Address, Name string
	Here          bool
}

// tabs are the pages, of which the person is at one.
func (a *Account) tabs(here string) []tab {
	all := []tab{{"/account", "Apps", false}, {"/account/login", "Sign-in", false}, {"/account/sessions", "Browsers", false}, {"/account/organizations", "Organizations", false}}
	for i := range all {
		all[i].Here = all[i].Address == here
		all[i].Address = a.Site.Base + all[i].Address
	}
	return all
}

func (a *Account) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}

// note writes what happened for the operator.
func (a *Account) note(ctx context.Context, what string, args ...any) {
	if a.Log != nil {
		a.Log.InfoContext(ctx, what, args...)
	}
}
