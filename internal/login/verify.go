// verify.go: what a proven address is good for. POST /login/verify lets somebody who is signed in prove theirs.

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// proven is the person who answered a mail to their address. The address must still be theirs, and proven.
func (l *Login) proven(ctx context.Context, c store.Challenge) (store.Person, error) {
	person, err := l.Store.Person(ctx, c.Person)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Person{}, fmt.Errorf("reading the person of a challenge: %w", err)
	}
	if err != nil || person.Disabled || !person.EmailVerified || person.Email != c.Email || !l.Settings.EmailCode {
		return store.Person{}, linkOver()
	}
	return person, nil
}

// askVerify mails a challenge to the address of the person who is signed in.
func (l *Login) askVerify(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	_, person, err := l.sessions().SignedIn(r, l.now())
	visitor := l.Jar.Visitor(r)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return pages.Stale()
	case err != nil:
		return fmt.Errorf("looking up who is signed in: %w", err)
	case !visitor.CheckForm(form.Get("token"), browser.VerifyForm, string(person.ID)):
		return pages.Stale()
	case !l.canMail(true) || person.Email == "":
		return off()
	}
	left, err := l.tooMany(r.Context(), mailCounters(person.Email, l.clientAddr(r)))
	if err != nil {
		return unlessBusy(err)
	}
	if left > 0 {
		return &pages.Refusal{
			Status: http.StatusTooManyRequests, Title: "Too many mails were asked for", Text: "Nothing was changed.",
			Hint: "Try again in " + inWords(left) + ".", RetryAfter: left,
		}
	}
	c, secret := l.newChallenge(store.Challenge{Purpose: store.ForVerify, Browser: visitor.Digest(), Email: person.Email, Person: person.ID})
	return l.challenge(w, r, c, l.verifyLetter(person.Email, c, secret))
}

// verified records that the address is proven.
func (l *Login) verified(w http.ResponseWriter, r *http.Request, c store.Challenge) error {
	err := l.Store.VerifyEmail(r.Context(), c.Person, c.Email, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return linkOver()
	}
	if err != nil {
		return fmt.Errorf("recording that person %s proved their address: %w", c.Person, err)
	}
	l.note(r.Context(), "a person proved their address", "person", c.Person)
	return pages.Redirect(w, l.Issuer+"/account?verified")
}
