// second.go answers GET and POST /login/second: the second factor of a login whose first is proven. What was proven is
// in the store (threat I14), bound to the browser that began; the id in the address is worth nothing elsewhere.

package login

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var secondPage = pages.Parse(templates, "second.html")

const (
	secondForm = "second"
	halfLife   = 10 * time.Minute
)

// half keeps what was proven and asks for the rest. The browser keeps the session it has, if it has one.
func (l *Login) half(w http.ResponseWriter, r *http.Request, req store.Request, out outcome) error {
	now := l.now()
	h := store.HalfLogin{
		ID: store.HalfLoginID("hal_" + store.NewID(now)), Browser: l.Jar.EnsureBrowser(w, r), Auth: out.authentication(), Org: out.org, Request: req.ID,
		CreatedAt: now, Expires: now.Add(halfLife),
	}
	if err := l.Store.OpenHalfLogin(r.Context(), h); err != nil {
		return fmt.Errorf("opening a half login of person %s: %w", out.person.ID, err)
	}
	return pages.Redirect(w, l.Issuer+"/login/second?"+url.Values{"login": {string(h.ID)}}.Encode())
}

// halfOver is shown for a half login that is over, and for one of another browser.
func halfOver() error {
	return &pages.Refusal{
		Status: http.StatusBadRequest, Title: "Sign in again",
		Text: "This sign-in was begun in another browser, took longer than 10 minutes, had too many wrong codes or is done already.",
		Hint: "Go back to where you began and sign in again.",
	}
}

// secondData is what the page shows.
type secondData struct {
	Action, Token, Other string
	ID                   store.HalfLoginID
	Codes                bool // a code is enough
	Recovery             bool // a recovery code is asked for
	Problem              string
	Passkey              *pages.PasskeyForm
}

func (l *Login) showSecond(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	visitor := l.Jar.Visitor(r)
	h, err := l.Store.HalfLogin(r.Context(), store.HalfLoginID(params.Get("login")), visitor.Digest(), l.now())
	if errors.Is(err, store.ErrNotFound) || err == nil && !visitor.Known() {
		return halfOver()
	}
	if err != nil {
		return fmt.Errorf("reading a half login: %w", err)
	}
	return l.writeSecond(w, r, http.StatusOK, h, secondData{Recovery: params.Get("with") == "recovery"})
}

func (l *Login) writeSecond(w http.ResponseWriter, r *http.Request, status int, h store.HalfLogin, d secondData) error {
	req, err := l.requestFor(r, store.Challenge{Request: h.Request})
	if err != nil {
		return err
	}
	has, err := l.Store.FactorsOf(r.Context(), h.Auth.Person)
	if err != nil {
		return fmt.Errorf("reading the second factors of person %s: %w", h.Auth.Person, err)
	}
	other := url.Values{"login": {string(h.ID)}}
	if !d.Recovery {
		other.Set("with", "recovery")
	}
	d.Action, d.ID, d.Other = l.Site.Base+"/login/second", h.ID, l.Site.Base+"/login/second?"+other.Encode()
	d.Token = l.Jar.Visitor(r).FormToken(secondForm, string(h.ID))
	d.Passkey = l.secondPasskey(h, has, d.Token)
	d.Codes = has.Authenticator && (d.Passkey == nil || need(req, has).Level() <= oauth.TwoFactors.Level())
	if d.Passkey != nil {
		d.Passkey.Primary, d.Passkey.Only = !d.Codes, !d.Codes
	}
	if !d.Codes && d.Passkey == nil {
		return halfOver() // what they had was taken away meanwhile
	}
	page := pages.Page{Title: "One more step", Template: secondPage, Data: d, Passkeys: d.Passkey != nil}
	return l.writeFor(w, r, status, page, req)
}

// halfOf reads a form of the page and the half login that it is for.
func (l *Login) halfOf(r *http.Request) (oauth.Params, store.HalfLogin, error) {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return nil, store.HalfLogin{}, stale(err)
	}
	id, visitor := store.HalfLoginID(form.Get("login")), l.Jar.Visitor(r)
	if !visitor.CheckForm(form.Get("token"), secondForm, string(id)) {
		return nil, store.HalfLogin{}, pages.Stale()
	}
	h, err := l.Store.HalfLogin(r.Context(), id, visitor.Digest(), l.now())
	if errors.Is(err, store.ErrNotFound) {
		return nil, store.HalfLogin{}, halfOver()
	}
	if err != nil {
		return nil, store.HalfLogin{}, fmt.Errorf("reading a half login: %w", err)
	}
	return form, h, nil
}

// takeSecond answers POST /login/second: a code.
func (l *Login) takeSecond(w http.ResponseWriter, r *http.Request) error {
	form, h, err := l.halfOf(r)
	if err != nil {
		return err
	}
	code, data := readSecond(form)
	if data.Problem != "" {
		return l.writeSecond(w, r, http.StatusUnprocessableEntity, h, data)
	}
	method, problem, err := l.trySecond(w, r, h, code)
	switch {
	case err != nil:
		return unlessBusy(err)
	case w.Header().Get("Retry-After") != "":
		data.Problem = problem
		return l.writeSecond(w, r, http.StatusTooManyRequests, h, data)
	case problem != "":
		data.Problem = problem
		return l.writeSecond(w, r, http.StatusUnprocessableEntity, h, data)
	}
	return l.finishHalf(w, r, h, method)
}

// secondCode is a code of a second factor, in its one spelling.
type secondCode struct {
	code     string
	recovery bool
}

// readSecond finds what kind of code was typed. It looks at the form only.
func readSecond(form oauth.Params) (secondCode, secondData) {
	d := secondData{Recovery: form.Has("recovery")}
	if d.Recovery {
		code, ok := otp.PlainRecoveryCode(form.Get("recovery"))
		if !ok {
			d.Problem = "Enter one of your recovery codes, like abcd-efgh-2345."
		}
		return secondCode{code, true}, d
	}
	code := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(form.Get("code"))
	if len(code) != otp.Digits || strings.Trim(code, "0123456789") != "" {
		d.Problem = "Enter the code of 6 digits from your authenticator app."
	}
	return secondCode{code, false}, d
}

func secondCounters(person store.PersonID, from netip.Addr) []counter {
	return []counter{
		{key: keyOf("second", string(person)), limit: codeLimit, forget: true},
		{key: keyOf("network", browser.Network(from).String()), limit: networkLimit},
	}
}

// trySecond evaluates a code and says what method it was. The try is counted before the code is looked at, and the
// failures of the person under one place among the hashes, so that guesses sent all at once meet those before them.
func (l *Login) trySecond(w http.ResponseWriter, r *http.Request, h store.HalfLogin, code secondCode) (method, problem string, err error) {
	ctx := r.Context()
	leave, err := turns.enter(ctx)
	if err != nil {
		return "", "", err
	}
	defer leave()
	counters := secondCounters(h.Auth.Person, l.clientAddr(r))
	left, err := wait(ctx, l.Store, counters, l.now())
	if err != nil {
		return "", "", err
	}
	if left > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(pages.Seconds(left)))
		return "", "Too many codes were wrong. Try again in " + inWords(left) + ".", nil
	}
	tried, err := l.Store.TryHalfLogin(ctx, h.ID, h.Browser, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return "", "", halfOver()
	}
	if err != nil {
		return "", "", fmt.Errorf("trying a half login: %w", err)
	}
	method, err = l.useSecond(ctx, h.Auth.Person, code)
	if errors.Is(err, store.ErrNotFound) {
		l.note(ctx, "a second factor was wrong", "person", h.Auth.Person, "tries", tried.Tries)
		problem = "That code is wrong or was used already. Wait for the next one and try again."
		if code.recovery {
			problem = "That recovery code is wrong or was used already. Try another one."
		}
		return "", problem, countFailure(ctx, l.Store, h.Auth.Person, counters, l.now())
	}
	if err != nil {
		return "", "", err
	}
	return method, "", forgetFailures(ctx, l.Store, counters)
}

// useSecond uses a code up. store.ErrNotFound says that it is none.
func (l *Login) useSecond(ctx context.Context, person store.PersonID, code secondCode) (method string, err error) {
	if code.recovery {
		return oauth.MethodRecovery, l.Store.UseRecoveryCode(ctx, person, l.recoveryDigest(person, code.code))
	}
	a, err := l.Store.Authenticator(ctx, person)
	if err != nil {
		return "", err
	}
	secret, err := l.Sealer.Open(l.authenticatorPlace(person), a.Sealed)
	if err != nil {
		return "", err
	}
	step, ok := otp.Match(secret, code.code, l.now(), a.LastStep)
	if !ok {
		return "", store.ErrNotFound
	}
	return oauth.MethodOTP, l.Store.UseAuthenticator(ctx, person, step)
}

// recoveryDigest is keyed: codes are shorter than our own secrets.
func (l *Login) recoveryDigest(person store.PersonID, code string) (d store.Digest) {
	mac := hmac.New(sha256.New, l.CodeKey)
	mac.Write([]byte("recovery code\n" + string(person) + "\n" + code))
	copy(d[:], mac.Sum(nil))
	return d
}

// finishHalf makes a login of the half login that was answered by the methods. Of two answers one goes on.
func (l *Login) finishHalf(w http.ResponseWriter, r *http.Request, h store.HalfLogin, methods ...string) error {
	err := l.Store.FinishHalfLogin(r.Context(), h.ID, h.Browser, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return halfOver()
	}
	if err != nil {
		return fmt.Errorf("finishing a half login: %w", err)
	}
	person, err := l.Store.Person(r.Context(), h.Auth.Person)
	if err != nil {
		return fmt.Errorf("reading the person of a half login: %w", err)
	}
	req, err := l.requestFor(r, store.Challenge{Request: h.Request})
	if err != nil {
		return err
	}
	err = l.admit(w, r, req, outcome{
		person: person, began: h.Auth.At, methods: withSecond(h.Auth.Methods, methods...), org: h.Org,
	})
	if errors.Is(err, errSignedOut) {
		return halfOver()
	}
	return err
}

// withSecond are the methods of a login with two factors.
func withSecond(first []string, second ...string) []string {
	methods := slices.Clone(first)
	for _, m := range append(second, oauth.MethodMany) {
		if !slices.Contains(methods, m) {
			methods = append(methods, m)
		}
	}
	return methods
}
