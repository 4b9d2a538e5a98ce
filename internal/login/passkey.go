// passkey.go answers POST /login/passkey/options and POST /login/passkey: sign in with a passkey (Web Authentication
// Level 3 §7.2). Nobody says who they are before the device does, so there is nothing to tell about accounts (threat E2).

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const passkeyForm = "passkey"

// passkeyButton is the form of the sign-in page, or nil where there are no passkeys.
func (l *Login) passkeyButton(v browser.Visitor, req store.Request, w ways) *pages.PasskeyForm {
	if l.Passkeys == nil {
		return nil
	}
	f := &pages.PasskeyForm{
		Action: l.Site.Base + "/login/passkey", Options: l.Site.Base + "/login/passkey/options", Button: "Sign in with a passkey",
		Token: v.FormToken(passkeyForm, string(req.ID)), Autofill: w.Password != "", Primary: w.Password == "",
		Only: w.Password == "" && w.EmailCode == "",
	}
	if req.ID != "" {
		f.Fields = map[string]string{"request": string(req.ID)}
	}
	return f
}

// question is what the device is asked. Where a passkey has to be both factors, it makes sure who uses it.
func (l *Login) question(r *http.Request, req store.Request) passkey.Question {
	return passkey.Question{Browser: l.Jar.Visitor(r).Digest(), Verified: req.ACR == oauth.PhishingResistant}
}

// askPasskey answers the script of the sign-in page: what to ask the device.
func (l *Login) askPasskey(w http.ResponseWriter, r *http.Request) error {
	_, req, err := l.formOf(r, passkeyForm)
	if err != nil {
		return err
	}
	if l.Passkeys == nil {
		return off()
	}
	options, err := l.Passkeys.Ask(r.Context(), l.question(r, req))
	if err != nil {
		return err
	}
	return pages.JSON(w, options)
}

// signInByPasskey takes what the device said.
func (l *Login) signInByPasskey(w http.ResponseWriter, r *http.Request) error {
	form, req, err := l.formOf(r, passkeyForm)
	if err != nil {
		return err
	}
	if l.Passkeys == nil {
		return off()
	}
	out, err := l.byPasskey(r.Context(), l.question(r, req), form.Get("answer"))
	if err == nil {
		err = l.open(w, r, req, out)
	}
	if errors.Is(err, passkey.ErrRefused) || errors.Is(err, errSignedOut) {
		l.note(r.Context(), "a passkey was refused", "error", err)
		return l.showSignIn(w, r, http.StatusUnprocessableEntity, req, signInData{
			Problem: "That passkey can’t be used here. It may have been removed. Try another one, or another way.",
		})
	}
	return err
}

// TellPasskey writes to a person that they have one more passkey. What fails does not undo it.
func (l *Login) TellPasskey(ctx context.Context, person store.Person) {
	if l.Mail == nil || person.Email == "" {
		return
	}
	if err := l.put(l.passkeyLetter(person.Email)); err != nil && l.Log != nil {
		l.Log.WarnContext(ctx, "after a new passkey", "person", person.ID, "error", err)
	}
}

// byPasskey is what came of an answer.
func (l *Login) byPasskey(ctx context.Context, q passkey.Question, answer string) (outcome, error) {
	began := l.now()
	proof, err := l.Passkeys.Check(ctx, q, answer)
	if err != nil {
		return outcome{}, err
	}
	person, err := l.Store.Person(ctx, proof.Person)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return outcome{}, fmt.Errorf("reading the person of a passkey: %w", err)
	}
	if err != nil || person.Disabled {
		return outcome{}, fmt.Errorf("%w: person %s is disabled", passkey.ErrRefused, proof.Person)
	}
	return outcome{person: person, began: began, methods: proof.Methods}, nil
}
