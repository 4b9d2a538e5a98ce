// second_passkey.go answers POST /login/second/passkey/options and POST /login/second/passkey: a passkey as the second
// factor. The device makes sure who uses it, so with it a login is proof against imitators (claim acr, value phr).

package login

import (
	"errors"
	"net/http"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
)

// secondPasskey is the form of the page that a device fills in, or nil for who has no passkey.
func (l *Login) secondPasskey(h store.HalfLogin, has store.FactorsOf, token string) *pages.PasskeyForm {
	if l.Passkeys == nil || has.Passkeys == 0 {
		return nil
	}
	return &pages.PasskeyForm{
		Action: l.Site.Base + "/login/second/passkey", Options: l.Site.Base + "/login/second/passkey/options",
		Button: "Use your passkey", Token: token, Fields: map[string]string{"login": string(h.ID)},
	}
}

// secondQuestion is for a passkey of the person whose first factor was proven, and of nobody else.
func secondQuestion(h store.HalfLogin) passkey.Question {
	return passkey.Question{Browser: h.Browser, Person: h.Auth.Person, Verified: true}
}

// askSecondPasskey answers the script of the page: what to ask the device. Which passkeys there are is told to nobody who
// has not proven the first factor.
func (l *Login) askSecondPasskey(w http.ResponseWriter, r *http.Request) error {
	_, h, err := l.halfOf(r)
	if err != nil {
		return err
	}
	if l.Passkeys == nil {
		return off()
	}
	options, err := l.Passkeys.Ask(r.Context(), secondQuestion(h))
	if err != nil {
		return err
	}
	return pages.JSON(w, options)
}

// takeSecondPasskey takes what the device said. A signature is not guessed, so tries are not counted.
func (l *Login) takeSecondPasskey(w http.ResponseWriter, r *http.Request) error {
	form, h, err := l.halfOf(r)
	if err != nil {
		return err
	}
	if l.Passkeys == nil {
		return off()
	}
	proof, err := l.Passkeys.Check(r.Context(), secondQuestion(h), form.Get("answer"))
	if errors.Is(err, passkey.ErrRefused) {
		l.note(r.Context(), "a passkey was refused as the second factor", "person", h.Auth.Person, "error", err)
		return l.writeSecond(w, r, http.StatusUnprocessableEntity, h, secondData{Problem: "That passkey can’t be used here. Try again, or another one of yours."})
	}
	if err != nil {
		return err
	}
	return l.finishHalf(w, r, h, proof.Methods...)
}
