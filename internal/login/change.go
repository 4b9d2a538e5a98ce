// change.go: somebody who is signed in chooses a password, with the one they have.

package login

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// ChangePassword replaces the password of the person of a session, or gives them their first one. It says what is wrong
// with what they entered; when nothing is, every other browser of theirs is signed out and this one has a new session.
// The caller has seen that they proved who they are within Fresh.
func (l *Login) ChangePassword(w http.ResponseWriter, r *http.Request, s store.Session, current, chosen string) (problem string, err error) {
	ctx := r.Context()
	person, err := l.Store.Person(ctx, s.Auth.Person)
	if err != nil {
		return "", fmt.Errorf("reading person %s: %w", s.Auth.Person, err)
	}
	problem = CheckNewPassword(chosen)
	if problem == "" && strings.EqualFold(person.Email, chosen) {
		problem = "Choose a password that is not your email address."
	}
	if problem != "" {
		return problem, nil
	}
	methods := s.Auth.Methods
	if person.Password != "" {
		if problem, err = l.checkCurrent(r, person, current); problem != "" || err != nil {
			return problem, unlessBusy(err)
		}
		if !slices.Contains(methods, oauth.MethodPassword) {
			methods = append([]string{oauth.MethodPassword}, methods...)
		}
	}
	hash, err := HashPassword(ctx, chosen)
	if err != nil {
		return "", unlessBusy(err)
	}
	now := l.now()
	if err := l.Store.SetPassword(ctx, person.ID, hash, false, now); err != nil {
		return "", fmt.Errorf("setting the password of person %s: %w", person.ID, err)
	}
	person.Password = hash
	l.note(ctx, "a person chose a new password on their account page", "person", person.ID)
	l.tell(ctx, person, l.chosenLetter(person.Email))
	return "", l.startSession(w, r, outcome{person: person, began: now, methods: methods, org: s.Org})
}

// checkCurrent looks whether the password is the one they have. It is slowed like a login.
func (l *Login) checkCurrent(r *http.Request, person store.Person, current string) (problem string, err error) {
	ctx := r.Context()
	leave, err := turns.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	devices, _ := l.Jar.Device(r)
	counters := countersFor(person.Email, l.clientAddr(r), knownDevice(devices, person))
	left, err := wait(ctx, l.Store, counters, l.now())
	if err != nil {
		return "", err
	}
	if left > 0 {
		return "Too many attempts. Try again in " + inWords(left) + ".", nil
	}
	if fits, _ := verifyPassword(current, person.Password); !fits {
		return "That is not the password you have now.", countFailure(ctx, l.Store, person.ID, counters, l.now())
	}
	return "", forgetFailures(ctx, l.Store, counters)
}

// tell writes to the person what changed about their sign-in. What fails does not undo it.
func (l *Login) tell(ctx context.Context, person store.Person, letter mail.Letter) {
	if l.Mail == nil || person.Email == "" {
		return
	}
	if err := l.put(letter); err != nil && l.Log != nil {
		l.Log.WarnContext(ctx, "writing to a person about their sign-in", "person", person.ID, "error", err)
	}
}
