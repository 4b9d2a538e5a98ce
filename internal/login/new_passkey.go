// new_passkey.go answers GET and POST /login/passkey/new, where somebody who cannot sign in yet makes their passkey (Web
// Authentication Level 3 §7.1): by an operator's link, or for an account whose address they have just proven. The
// passkey is filed by the request that spends the leave to make it, so there is no step between to skip to (threat E6).

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const newPasskeyForm = "new passkey"

// onlyPasskeys tells whether a new account needs a passkey, because nothing else would let its owner in again.
func (l *Login) onlyPasskeys() bool {
	return l.Passkeys != nil && !l.passwords() && !l.canMail(l.Settings.EmailCode)
}

// NewEnrolment is an operator's leave for a person to make a passkey, once, in any browser, and the address at which they do.
func NewEnrolment(issuer string, p store.Person, now time.Time, life time.Duration) (store.Challenge, string) {
	secret := browser.NewToken()
	c := store.Challenge{
		ID: store.ChallengeID("cha_" + store.NewID(now)), Purpose: store.ForEnrol, Link: store.DigestOf(secret),
		Email: p.Email, Person: p.ID, CreatedAt: now, Expires: now.Add(life),
	}
	return c, issuer + "/login/passkey/new?" + url.Values{"t": {string(c.ID) + "." + secret}}.Encode()
}

// beginAccount lets whoever proved an address, in the browser where they did, make the passkey of their new account.
func (l *Login) beginAccount(w http.ResponseWriter, r *http.Request, proven store.Challenge) error {
	now := l.now()
	c := store.Challenge{
		ID: store.ChallengeID("cha_" + store.NewID(now)), Purpose: store.ForBegin, Link: store.DigestOf(browser.NewToken()),
		Browser: proven.Browser, Request: proven.Request, Email: proven.Email, Name: proven.Name,
		Person: store.PersonID("per_" + store.NewID(now)), CreatedAt: now, Expires: now.Add(challengeLife),
	}
	if err := l.Store.OpenChallenge(r.Context(), c); err != nil {
		return fmt.Errorf("opening a challenge: %w", err)
	}
	return pages.Redirect(w, l.Issuer+"/login/passkey/new?"+url.Values{"challenge": {string(c.ID)}}.Encode())
}

// leave finds what lets this browser make a passkey: the link of an operator, or the address it proved.
func (l *Login) leave(r *http.Request, params oauth.Params) (store.Challenge, error) {
	if l.Passkeys == nil {
		return store.Challenge{}, off()
	}
	if params.Has("t") {
		c, err := l.readLink(r.Context(), params.Get("t"), store.ForEnrol)
		return c, enrolmentOver(err)
	}
	c, err := l.ownChallenge(r, params.Get("challenge"), store.ForBegin)
	return c, enrolmentOver(err)
}

// enrolmentOver says of a refusal how to go on here.
func enrolmentOver(err error) error {
	var refusal *pages.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	return &pages.Refusal{
		Status: http.StatusBadRequest,
		Title:  "You can’t make a passkey with this link",
		Text:   "It was used already, is too old, or a part of it is missing.",
		Hint:   "If you were making an account, begin again. If somebody sent you the link, ask them for a new one.",
		Cause:  err,
	}
}

func (l *Login) showNewPasskey(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	c, err := l.leave(r, params)
	if err != nil {
		return err
	}
	return l.writeNewPasskey(w, r, http.StatusOK, c, params, "")
}

func (l *Login) writeNewPasskey(w http.ResponseWriter, r *http.Request, status int, c store.Challenge, params oauth.Params, problem string) error {
	name := "challenge"
	if params.Has("t") {
		name = "t"
	}
	page := pages.Page{Title: "Make a passkey", Template: newPasskeyPage, Passkeys: true, Data: struct {
		Email, Problem string
		Passkey        *pages.PasskeyForm
	}{c.Email, problem, &pages.PasskeyForm{
		Action: l.Site.Base + "/login/passkey/new", Options: l.Site.Base + "/login/passkey/new/options", Button: "Make a passkey",
		Token:  l.Jar.EnsureVisitor(w, r).FormToken(newPasskeyForm, params.Get("t"), params.Get("challenge")),
		Fields: map[string]string{name: params.Get(name)}, Make: true, Primary: true, Only: true,
	}}}
	req, err := l.requestFor(r, c)
	if err != nil {
		return err
	}
	return l.writeFor(w, r, status, page, req)
}

// newPasskeyOf checks the form and finds for whom it is.
func (l *Login) newPasskeyOf(r *http.Request) (oauth.Params, store.Challenge, passkey.Owner, error) {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return nil, store.Challenge{}, passkey.Owner{}, stale(err)
	}
	visitor := l.Jar.Visitor(r)
	if !visitor.CheckForm(form.Get("token"), newPasskeyForm, form.Get("t"), form.Get("challenge")) {
		return nil, store.Challenge{}, passkey.Owner{}, pages.Stale()
	}
	c, err := l.leave(r, form)
	return form, c, passkey.Owner{Browser: visitor.Digest(), Person: c.Person, Email: c.Email, Name: c.Email}, err
}

// offerPasskey answers the script of the page: what to ask the device.
func (l *Login) offerPasskey(w http.ResponseWriter, r *http.Request) error {
	_, _, owner, err := l.newPasskeyOf(r)
	if err != nil {
		return err
	}
	options, err := l.Passkeys.Offer(r.Context(), owner, l.Site.Name)
	if errors.Is(err, passkey.ErrTooMany) {
		return &pages.Refusal{Status: http.StatusConflict, Title: "You have enough passkeys", Text: "Nothing was changed.", Hint: "Sign in and remove one first.", Cause: err}
	}
	if err != nil {
		return err
	}
	return pages.JSON(w, options)
}

// makePasskey looks at what the device made, and spends the leave when nothing else can go wrong.
func (l *Login) makePasskey(w http.ResponseWriter, r *http.Request) error {
	form, c, owner, err := l.newPasskeyOf(r)
	if err != nil {
		return err
	}
	ctx, began := r.Context(), l.now()
	key, proof, err := l.Passkeys.Accept(ctx, owner, form.Get("answer"))
	if errors.Is(err, passkey.ErrRefused) {
		l.note(ctx, "a new passkey was refused", "error", err)
		return l.writeNewPasskey(w, r, http.StatusUnprocessableEntity, c, form, "That passkey can’t be used here. Try again, or try another device.")
	}
	if err != nil {
		return err
	}
	req, err := l.requestFor(r, c)
	if err != nil {
		return err
	}
	if c, err = l.spend(ctx, c); err != nil {
		return enrolmentOver(err)
	}
	person, err := l.enrol(ctx, c, key, began)
	if err != nil {
		return err
	}
	l.note(ctx, "a person made a passkey", "person", person.ID)
	err = l.open(w, r, req, outcome{person: person, began: began, methods: proof.Methods})
	if errors.Is(err, errSignedOut) {
		return enrolmentOver(linkOver())
	}
	return err
}

// enrol files the passkey, and the account it is for when that is new.
func (l *Login) enrol(ctx context.Context, c store.Challenge, key store.Passkey, began time.Time) (store.Person, error) {
	if c.Purpose == store.ForBegin {
		return l.createPerson(ctx, c, &key)
	}
	err := l.Store.AddPasskey(ctx, key, began)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrExists) {
		return store.Person{}, enrolmentOver(linkOver())
	}
	if err != nil {
		return store.Person{}, fmt.Errorf("filing a passkey of person %s: %w", c.Person, err)
	}
	person, err := l.Store.Person(ctx, c.Person)
	if err != nil {
		return store.Person{}, fmt.Errorf("reading the person of a new passkey: %w", err)
	}
	return person, nil
}
