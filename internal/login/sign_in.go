// sign_in.go answers POST /login: e-mail address and password.
//
// Whether there is an account, whether it is disabled and whether the password is wrong make no difference to the
// answer: not to its status, its headers, its words or its work.

package login

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const retryBusy = 2 * time.Second

// errSignedOut says that the person was disabled, or their password replaced, while they were logging in.
var errSignedOut = errors.New("the person was signed out everywhere")

// attempt is one try to log in.
type attempt struct {
	email    string // canonical
	password string
	from     netip.Addr
	devices  string // the device cookie
}

// outcome is what came of an attempt.
type outcome struct {
	person  store.Person   // zero when it failed
	began   time.Time      // before the person was read: a password replaced since then ends what comes of it
	wait    time.Duration  // when the attempt came too early and was not looked at
	methods []string       // RFC 8176 §2
	via     store.Provider // by which they came; zero when they came by a way of ours
	org     store.OrgID    // for which they act, by what let them in; "" when it said nothing of it
}

// signIn checks the form's token and the request before it looks at the password.
func (l *Login) signIn(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	if !l.Jar.Visitor(r).CheckForm(form.Get("token"), signInForm, form.Get("request")) {
		return pages.Stale()
	}
	var req store.Request
	if form.Has("request") {
		if req, err = l.request(r, form.Get("request")); err != nil {
			return err
		}
	}
	email, data := checkFields(form)
	own, err := l.orgWays(r.Context(), email)
	switch {
	case err != nil:
		return err
	case len(own) > 0 && (!l.passwords() || !form.Has("password")):
		return l.toOrganization(w, r, req, own, email)
	case !l.passwords():
		return l.noOrganization(w, r, req, data)
	case data.Problem != "":
		return l.showSignIn(w, r, http.StatusUnprocessableEntity, req, data)
	}
	devices, _ := l.Jar.Device(r)
	out, err := l.try(r.Context(), attempt{email, form.Get("password"), l.clientAddr(r), devices})
	switch {
	case err != nil:
		return unlessBusy(err)
	case own.required() && !out.person.Operator: // whatever came of it
		return l.toOrganization(w, r, req, own, email)
	case out.wait > 0:
		seconds := strconv.Itoa(pages.Seconds(out.wait))
		w.Header().Set("Retry-After", seconds)
		data.Problem = "Too many attempts. Try again in " + inWords(out.wait) + "."
		return l.showSignIn(w, r, http.StatusTooManyRequests, req, data)
	case out.person.ID == "":
		return l.mismatch(w, r, req, data)
	}
	err = l.open(w, r, req, out)
	if errors.Is(err, errSignedOut) {
		return l.mismatch(w, r, req, data)
	}
	return err
}

// noOrganization shows the form again where an address alone leads somewhere, and this one does not.
func (l *Login) noOrganization(w http.ResponseWriter, r *http.Request, req store.Request, d signInData) error {
	if _, byAddress, err := l.buttons(r.Context()); err != nil || !byAddress {
		return cmp.Or(err, off())
	}
	d.Problem, d.SecretProblem = "We need the email you have at your organization.", ""
	if d.EmailProblem == "" {
		d.EmailProblem = "No organization signs in here with this address. Check it, or choose another way."
	}
	return l.showSignIn(w, r, http.StatusUnprocessableEntity, req, d)
}

// unlessBusy tells people to come back when too many of them are here; any other error stays what it is.
func unlessBusy(err error) error {
	if !errors.Is(err, errBusy) {
		return err
	}
	return &pages.Refusal{
		Status:     http.StatusServiceUnavailable,
		Title:      "Many people are signing in right now",
		Text:       "Nothing was changed.",
		Hint:       "Wait a few seconds, go back and try again.",
		RetryAfter: retryBusy,
		Cause:      err,
	}
}

// mismatch shows the form again, without saying which of the two was wrong.
func (l *Login) mismatch(w http.ResponseWriter, r *http.Request, req store.Request, d signInData) error {
	d.Problem = "That email and password don’t match."
	d.SecretProblem = "Check both and try again."
	return l.showSignIn(w, r, http.StatusUnprocessableEntity, req, d)
}

// checkFields finds what is missing before any work is done. It looks at the form only, not at accounts.
func checkFields(form oauth.Params) (email string, d signInData) {
	d.Email = form.Get("email")
	if len(d.Email) > maxEmail {
		d.Email = ""
	}
	email, err := CanonicalEmail(d.Email)
	if err != nil {
		d.EmailProblem = "Enter your email, like name@example.com."
	}
	if !form.Has("password") {
		d.SecretProblem = "Enter your password."
	}
	if d.EmailProblem != "" || d.SecretProblem != "" {
		d.Problem = "We need your email and your password."
	}
	return email, d
}

// try evaluates an attempt. It holds its place among the hashes from before the counters are read until after they
// are written, so that guesses sent all at once meet the counts of those before them.
func (l *Login) try(ctx context.Context, a attempt) (outcome, error) {
	leave, err := turns.enter(ctx)
	if err != nil {
		return outcome{}, err
	}
	defer leave()
	if l.Program.Check != nil {
		return l.tryTheirs(ctx, a)
	}
	now := l.now()
	person, err := l.Store.PersonByEmail(ctx, a.email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return outcome{}, fmt.Errorf("looking up a person by e-mail: %w", err)
	}
	counters := countersFor(a.email, a.from, knownDevice(a.devices, person))
	if left, err := wait(ctx, l.Store, counters, now); err != nil || left > 0 {
		return outcome{wait: left}, err
	}
	fits, renew := verifyPassword(a.password, person.Password)
	if !fits || person.Disabled {
		l.note(ctx, "a login was refused", "known_device", len(counters) == 1)
		return outcome{}, countFailure(ctx, l.Store, person.ID, counters, now)
	}
	if renew {
		if person, err = l.renew(ctx, person, a.password); err != nil {
			return outcome{}, err
		}
	}
	return outcome{person: person, began: now, methods: []string{oauth.MethodPassword}}, forgetFailures(ctx, l.Store, counters)
}

// renew hashes the password anew, because the stored hash cost less than a hash costs now. It runs in the place of
// the attempt. When the password was replaced in the meantime that stands, and the session will not open.
func (l *Login) renew(ctx context.Context, p store.Person, password string) (store.Person, error) {
	fresh := hashPassword(password)
	err := l.Store.RenewPassword(ctx, p.ID, p.Password, fresh)
	if errors.Is(err, store.ErrChanged) {
		return p, nil
	}
	if err != nil {
		return store.Person{}, fmt.Errorf("renewing the password hash of person %s: %w", p.ID, err)
	}
	p.Password = fresh
	return p, nil
}

// open ends every way to log in. A person whose organization wants them to come by its own sign-in is sent there, and one
// with a second factor who came by one factor is asked for it first: until then there is no session (threat E9).
func (l *Login) open(w http.ResponseWriter, r *http.Request, req store.Request, out outcome) error {
	if sent, err := l.gate(w, r, req, out); sent || err != nil {
		return err
	}
	has, err := l.Store.FactorsOf(r.Context(), out.person.ID)
	if err != nil {
		return fmt.Errorf("reading the second factors of person %s: %w", out.person.ID, err)
	}
	if has.Second() && !oauth.TwoFactors.MetBy(out.methods) {
		return l.half(w, r, req, out)
	}
	return l.admit(w, r, req, out)
}

// admit starts a session and goes where the person was going.
func (l *Login) admit(w http.ResponseWriter, r *http.Request, req store.Request, out outcome) error {
	if err := l.startSession(w, r, out); err != nil {
		return err
	}
	switch {
	case req.ID != "":
		return l.finish(w, r, req, out.authentication())
	case l.Settings.SecondFactor && !oauth.TwoFactors.MetBy(out.methods):
		return pages.Redirect(w, l.Issuer+"/account/login/authenticator")
	}
	return pages.Redirect(w, l.Issuer+"/account")
}

// authentication is an outcome as it is remembered.
func (out outcome) authentication() store.Authentication {
	return store.Authentication{Person: out.person.ID, At: out.began, Methods: out.methods}
}

// startSession opens a session under a new id, in place of the one the browser had.
func (l *Login) startSession(w http.ResponseWriter, r *http.Request, out outcome) error {
	settings, now, person := l.Settings.Defaults(), l.now(), out.person
	token := browser.NewToken()
	session := store.Session{
		ID:        store.DigestOf(token),
		Auth:      out.authentication(),
		Org:       out.org,
		Browser:   browser.Kind(r.UserAgent()),
		CreatedAt: now,
		UsedAt:    now,
		IdleUntil: now.Add(settings.SessionIdle),
		Expires:   now.Add(settings.SessionLife),
	}
	if network := browser.Network(l.clientAddr(r)); network.IsValid() {
		session.Network = network.String()
	}
	var replaced store.Digest
	if old, ok := l.Jar.Session(r); ok {
		replaced = old
	}
	err := l.Store.OpenSession(r.Context(), session, replaced)
	if errors.Is(err, store.ErrNotFound) {
		return errSignedOut
	}
	if err != nil {
		return fmt.Errorf("opening a session for person %s: %w", person.ID, err)
	}
	l.note(r.Context(), "a person logged in", "person", person.ID)
	devices, _ := l.Jar.Device(r)
	l.Jar.SetDevice(w, addDevice(devices, person))
	l.Jar.SetSession(w, token, settings.SessionLife)
	return nil
}

// clientAddr is the address of whoever asks, as the server knows it.
func (l *Login) clientAddr(r *http.Request) netip.Addr {
	if l.ClientAddr != nil {
		return l.ClientAddr(r)
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr()
}

// inWords is a wait as a person would say it: seconds up to a minute and a half, then minutes.
func inWords(d time.Duration) string {
	seconds := pages.Seconds(d)
	switch {
	case seconds == 1:
		return "1 second"
	case seconds <= 90:
		return strconv.Itoa(seconds) + " seconds"
	default:
		return strconv.Itoa((seconds+59)/60) + " minutes"
	}
}
