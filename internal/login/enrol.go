// enrol.go: somebody who is signed in adds an authenticator app or new recovery codes.

package login

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Offer is an authenticator that is not theirs yet: it becomes it by a code.
type Offer struct {
	Secret []byte
	Sealed string // what a form carries along: of use to this session only
}

// authenticatorPlace is where the secret of a person is sealed for.
func (l *Login) authenticatorPlace(person store.PersonID) string {
	return "authenticator " + string(l.Project) + " " + string(person)
}

func (l *Login) offerPlace(s store.Session) string {
	return "offer of an " + l.authenticatorPlace(s.Auth.Person) + " " + string(s.ID[:])
}

// OfferAuthenticator makes a new secret for the person of a session.
func (l *Login) OfferAuthenticator(s store.Session) Offer {
	secret := otp.NewSecret()
	return Offer{secret, base64.RawURLEncoding.EncodeToString(l.Sealer.Seal(l.offerPlace(s), secret))}
}

// ReadOffer opens what OfferAuthenticator made for the same session.
func (l *Login) ReadOffer(s store.Session, sealed string) (Offer, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(sealed)
	if err != nil {
		return Offer{}, fmt.Errorf("reading the offer of an authenticator: %w", err)
	}
	secret, err := l.Sealer.Open(l.offerPlace(s), raw)
	return Offer{secret, sealed}, err
}

// AddAuthenticator gives the person of a session the authenticator of an offer, when the code is its. It returns their
// recovery codes, which nobody can read later, and the browser has a session with both factors. The caller has seen that
// they proved who they are within Fresh.
func (l *Login) AddAuthenticator(w http.ResponseWriter, r *http.Request, s store.Session, o Offer, typed string) (codes []string, problem string, err error) {
	ctx, person := r.Context(), s.Auth.Person
	step, ok := otp.Match(o.Secret, strings.NewReplacer(" ", "", "\u00a0", "").Replace(typed), l.now(), 0)
	if !ok {
		return nil, "That is not the code. Look at your app, and see that the clock of its device is right.", nil
	}
	codes, digests := l.newRecoveryCodes(person)
	err = l.Store.AddAuthenticator(ctx, store.Authenticator{
		Person: person, Sealed: l.Sealer.Seal(l.authenticatorPlace(person), o.Secret), LastStep: step, CreatedAt: l.now(),
	}, digests)
	if errors.Is(err, store.ErrExists) {
		return nil, "You have an authenticator app already. Remove it first.", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("adding an authenticator to person %s: %w", person, err)
	}
	l.note(ctx, "a person added an authenticator", "person", person)
	p, err := l.Store.Person(ctx, person)
	if err != nil {
		return nil, "", fmt.Errorf("reading person %s: %w", person, err)
	}
	if _, err := l.Store.CloseOtherSessions(ctx, person, s.ID); err != nil { // they came in with less
		return nil, "", fmt.Errorf("closing the other sessions of person %s: %w", person, err)
	}
	l.tell(ctx, p, l.factorLetter(p.Email, "An authenticator app was added", "An authenticator app was added"))
	return codes, "", l.startSession(w, r, outcome{person: p, began: s.Auth.At, methods: withSecond(s.Auth.Methods, oauth.MethodOTP), org: s.Org})
}

// RemoveAuthenticator takes the authenticator of a person away, and their recovery codes.
func (l *Login) RemoveAuthenticator(ctx context.Context, p store.Person) error {
	err := l.Store.RemoveAuthenticator(ctx, p.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil // removed already, in another tab
	}
	if err != nil {
		return fmt.Errorf("removing the authenticator of person %s: %w", p.ID, err)
	}
	l.note(ctx, "a person removed their authenticator", "person", p.ID)
	l.tell(ctx, p, l.factorLetter(p.Email, "Your authenticator app was removed", "The authenticator app and the recovery codes were removed"))
	return nil
}

// NewRecoveryCodes replaces the recovery codes of a person. Nobody can read them later.
func (l *Login) NewRecoveryCodes(ctx context.Context, person store.PersonID) ([]string, error) {
	codes, digests := l.newRecoveryCodes(person)
	if err := l.Store.ReplaceRecoveryCodes(ctx, person, digests); err != nil {
		return nil, fmt.Errorf("replacing the recovery codes of person %s: %w", person, err)
	}
	l.note(ctx, "a person made new recovery codes", "person", person)
	return codes, nil
}

func (l *Login) newRecoveryCodes(person store.PersonID) (codes []string, digests []store.Digest) {
	codes = otp.NewRecoveryCodes()
	for _, code := range codes {
		plain, _ := otp.PlainRecoveryCode(code)
		digests = append(digests, l.recoveryDigest(person, plain))
	}
	return codes, digests
}
