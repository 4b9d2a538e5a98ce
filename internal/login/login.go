// login.go answers GET /login: who is signed in already, or the form to sign in.

// Package login finds out who a person is.
package login

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/trust"
	"github.com/authwright/authwright/internal/upstream"
	"github.com/authwright/authwright/oauth"
)

//go:embed *.html
var templates embed.FS

var (
	signInPage  = pages.Parse(templates, "sign_in.html")
	choosePage  = pages.Parse(templates, "choose.html")
	signOutPage = pages.Parse(templates, "sign_out.html")

	byMailPage      = pages.Parse(templates, "by_mail.html")
	sentPage        = pages.Parse(templates, "sent.html")
	linkPage        = pages.Parse(templates, "link.html")
	awayPage        = pages.Parse(templates, "away.html")
	elsewherePage   = pages.Parse(templates, "elsewhere.html")
	newPasswordPage = pages.Parse(templates, "new_password.html")
	resetDonePage   = pages.Parse(templates, "reset_done.html")
	signUpPage      = pages.Parse(templates, "sign_up.html")
	newPasskeyPage  = pages.Parse(templates, "new_passkey.html")
)

// The purposes of the forms.
const (
	signInForm   = "login"
	continueForm = "continue"
)

// Login signs people in, in the ways that the project's settings name.
type Login struct {
	Store      store.Store
	Settings   store.Settings
	Site       *pages.Site
	Jar        browser.Jar
	Issuer     string
	Now        func() time.Time               // time.Now when nil
	ClientAddr func(*http.Request) netip.Addr // the peer's address when nil; headers are never read here
	Log        *slog.Logger                   // none when nil
	Mail       *mail.Queue                    // nil where no mail can be sent: then the ways that need it are off
	Office     *organizations.Office          // knows who was invited
	Passkeys   *passkey.Party                 // nil where there are no passkeys
	Trust      *trust.Verifier                // of the tokens of trusted logins
	Program    Program                        // around the server, where it knows who people are
	Upstream   *upstream.Upstream             // nil where nobody comes by other providers

	trusted atomic.Pointer[trustedList]
	CodeKey []byte       // of the codes that are mailed or written down
	Sealer  *keys.Sealer // of what authenticators share with us
	Project store.ProjectID
}

// Routes are the addresses under the issuer.
func (l *Login) Routes() map[string]pages.Handler {
	return map[string]pages.Handler{
		"GET /login":           l.show,
		"POST /login":          l.signIn,
		"POST /login/continue": l.proceed,
		"GET /logout":          l.confirmSignOut,
		"POST /logout":         l.signOut,

		"GET /login/email":      l.askAddress(signInByMail),
		"POST /login/email":     l.sendMail(signInByMail),
		"GET /login/reset":      l.askAddress(resetByMail),
		"POST /login/reset":     l.sendMail(resetByMail),
		"GET /login/reset/new":  l.showNewPassword,
		"POST /login/reset/new": l.setPassword,
		"GET /login/reset/done": l.showReset,
		"GET /login/sign-up":    l.showSignUp,
		"POST /login/sign-up":   l.signUp,
		"POST /login/verify":    l.askVerify,
		"GET /login/sent":       l.showSent,
		"POST /login/code":      l.takeCode,
		"GET /login/link":       l.showLink,
		"POST /login/link":      l.takeLink,
		"GET /invitation":       l.showInvitation,
		"POST /invitation":      l.acceptInvitation,

		"POST /login/passkey":         l.signInByPasskey,
		"POST /login/passkey/options": l.askPasskey,
		"GET /login/passkey/new":      l.showNewPasskey,
		"POST /login/passkey/new":     l.makePasskey,

		"POST /login/passkey/new/options": l.offerPasskey,

		"GET /login/trusted":      l.beginTrusted,
		TrustedDoor:               l.takeTrusted,
		"GET /login/trusted/done": l.endTrusted,

		"POST /login/with":         l.goWith,
		"GET " + upstream.BackPath: l.arrive,
		"GET /login/second":        l.showSecond,
		"POST /login/second":       l.takeSecond,

		"POST /login/second/passkey":         l.takeSecondPasskey,
		"POST /login/second/passkey/options": l.askSecondPasskey,

		"POST /login/decline": l.decline,
	}
}

// show answers GET /login?request=ID. A person who is signed in, and need not prove it anew, goes on at once.
func (l *Login) show(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	if l.Program.SignedIn != nil {
		return l.showTheirs(w, r, params)
	}
	session, person, err := l.sessions().SignedIn(r, l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up who is signed in: %w", err)
	}
	other := params.Has("switch") // they asked to be somebody else
	if !params.Has("request") {
		if person.ID != "" && !other {
			return pages.Redirect(w, l.Issuer+"/account")
		}
		return l.enter(w, r, store.Request{}, other)
	}
	req, err := l.request(r, params.Get("request"))
	if err != nil {
		return err
	}
	switch {
	case person.ID == "" || other:
		return l.enter(w, r, req, other)
	case mustChoose(req, person) && !mustProve(req, session, l.now()):
		return l.showChoice(w, r, req, person)
	default:
		return l.goOn(w, r, req, session, person)
	}
}

// enter shows the ways in, or takes the only one there is. Who asked to be somebody else sees where they are first.
func (l *Login) enter(w http.ResponseWriter, r *http.Request, req store.Request, other bool) error {
	only, err := l.onlyTrusted(r.Context(), req)
	if err != nil {
		return err
	}
	if only != "" && !other {
		return pages.Redirect(w, only)
	}
	return l.showSignIn(w, r, http.StatusOK, req, signInData{Email: hint(req)})
}

// goOn sends on who is signed in, once they have proven as much as what they sign in for asks.
func (l *Login) goOn(w http.ResponseWriter, r *http.Request, req store.Request, session store.Session, person store.Person) error {
	if mustProve(req, session, l.now()) {
		if l.Program.SignedIn != nil {
			return l.sendAway(w, req, "login")
		}
		return l.showSignIn(w, r, http.StatusOK, req, signInData{Email: person.Email, Again: true})
	}
	has, err := l.Store.FactorsOf(r.Context(), person.ID)
	if err != nil {
		return fmt.Errorf("reading the second factors of person %s: %w", person.ID, err)
	}
	if !need(req, has).MetBy(session.Auth.Methods) {
		return l.stepUp(w, r, req, session, has)
	}
	return l.finish(w, r, req, session.Auth)
}

// mustProve tells whether the client wants the person to log in although they are (OpenID Connect Core §3.1.2.1:
// prompt=login and max_age). A login since the request was opened is the one it asked for.
func mustProve(req store.Request, s store.Session, now time.Time) bool {
	if !s.Auth.At.Before(req.CreatedAt) {
		return false
	}
	age := time.Duration(req.MaxAge) * time.Second
	return prompts(req, "login") || req.MaxAge >= 0 && now.Sub(s.Auth.At) > age
}

// mustChoose tells whether the person is asked which account to use: the client wants it, or expects another.
func mustChoose(req store.Request, p store.Person) bool {
	expected := hint(req)
	return prompts(req, "select_account") || expected != "" && expected != p.Email
}

func prompts(req store.Request, value string) bool {
	return slices.Contains(strings.Fields(req.Prompt), value)
}

// hint is the login_hint when it is an e-mail address, and nothing else: it is a stranger's text.
func hint(req store.Request) string {
	email, err := CanonicalEmail(req.LoginHint)
	if err != nil {
		return ""
	}
	return email
}

// signInData is what the form shows.
type signInData struct {
	Action, Token string
	Request       store.RequestID
	Email         string
	Again         bool   // they are signed in and must prove it
	Problem       string // at the top
	EmailProblem  string // at the field
	SecretProblem string // at the field
	Ways          ways
	Passkey       *pages.PasskeyForm
	Trusted       []trustedWay
	Providers     []button
	ByAddress     bool   // an address alone may lead to the sign-in of an organization
	With          string // where they lead
}

// showSignIn writes the form.
func (l *Login) showSignIn(w http.ResponseWriter, r *http.Request, status int, req store.Request, d signInData) error {
	trusted, err := l.trustedWays(r.Context(), req)
	if err != nil {
		return err
	}
	if d.Providers, d.ByAddress, err = l.buttons(r.Context()); err != nil {
		return err
	}
	visitor := l.Jar.EnsureVisitor(w, r)
	d.Action = l.Site.Base + "/login"
	d.Request = req.ID
	d.Ways, d.Trusted = l.ways(req), trusted
	d.Token = visitor.FormToken(signInForm, string(req.ID))
	d.With = l.Site.Base + "/login/with"
	d.Passkey = l.passkeyButton(visitor, req, d.Ways)
	page := pages.Page{Title: "Sign in", Template: signInPage, Data: d, Passkeys: d.Passkey != nil}
	return l.writeFor(w, r, status, page, req)
}

// writeFor writes a page of a sign-in. The answer to its form may lead to the client at once, so the client's address
// is named as a place the form may end up at.
func (l *Login) writeFor(w http.ResponseWriter, r *http.Request, status int, page pages.Page, req store.Request) error {
	if req.RedirectURI == "" {
		return l.Site.Write(w, r, status, page)
	}
	return l.Site.Write(w, r, status, page, req.RedirectURI.Source())
}

// showChoice asks which account to use.
func (l *Login) showChoice(w http.ResponseWriter, r *http.Request, req store.Request, p store.Person) error {
	visitor := l.Jar.Visitor(r)
	query := url.Values{"request": {string(req.ID)}, "switch": {"1"}}
	page := pages.Page{Title: "Choose an account", Template: choosePage, Data: struct {
		Action, Token, Other string
		Request              store.RequestID
		Person               store.Person
	}{
		Action:  l.Site.Base + "/login/continue",
		Token:   visitor.FormToken(continueForm, string(req.ID), string(p.ID)),
		Other:   l.Site.Base + "/login?" + query.Encode(),
		Request: req.ID,
		Person:  p,
	}}
	return l.writeFor(w, r, http.StatusOK, page, req)
}

// proceed answers POST /login/continue: the person who is signed in is the one they want to be.
func (l *Login) proceed(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	session, person, err := l.sessions().SignedIn(r, l.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return pages.Stale()
	case err != nil:
		return fmt.Errorf("looking up who is signed in: %w", err)
	case !l.Jar.Visitor(r).CheckForm(form.Get("token"), continueForm, form.Get("request"), string(person.ID)):
		return pages.Stale()
	}
	req, err := l.request(r, form.Get("request"))
	if err != nil {
		return err
	}
	return l.goOn(w, r, req, session, person)
}

// finish records who logged in for the request and sends the browser back into the flow, or to the page of ours that
// they came from.
func (l *Login) finish(w http.ResponseWriter, r *http.Request, req store.Request, who store.Authentication) error {
	if isPlace(req.ID) {
		return pages.Redirect(w, l.Issuer+"/"+string(req.ID))
	}
	err := l.Store.SignInRequest(r.Context(), req.ID, l.Jar.Visitor(r).Digest(), who, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return pages.StartAgain()
	}
	if err != nil {
		return fmt.Errorf("signing in to a request: %w", err)
	}
	query := url.Values{"request": {string(req.ID)}}
	return pages.Redirect(w, l.Issuer+"/authorize/continue?"+query.Encode())
}

// request loads what a sign-in is for: the authorization under way that this browser opened, or a page of ours.
func (l *Login) request(r *http.Request, id string) (store.Request, error) {
	if page, ok := place(store.RequestID(id), l.now()); ok {
		return page, nil
	}
	req, err := l.Jar.Visitor(r).Request(r.Context(), l.Store, store.RequestID(id), l.now())
	if errors.Is(err, store.ErrNotFound) {
		return store.Request{}, pages.StartAgain()
	}
	if err != nil {
		return store.Request{}, fmt.Errorf("reading a request to sign in to: %w", err)
	}
	return req, nil
}

func (l *Login) sessions() browser.Sessions {
	return browser.Sessions{Jar: l.Jar, Store: l.Store, Idle: l.Settings.Defaults().SessionIdle}
}

func (l *Login) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}

// note writes what happened for the operator: whom it concerned by id, never an address or a secret.
func (l *Login) note(ctx context.Context, what string, args ...any) {
	if l.Log != nil {
		l.Log.InfoContext(ctx, what, args...)
	}
}

func badLink(err error) error {
	refusal := pages.StartAgain()
	refusal.Cause = err
	return refusal
}

func stale(err error) error {
	refusal := pages.Stale()
	refusal.Cause = err
	return refusal
}
