// account.go: what somebody enters to make an account, at a page or at a terminal, and what is wrong with it.

package login

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/authwright/authwright/internal/store"
)

const (
	minPassword = 12 // characters of a password that is chosen here; hashes from elsewhere are not concerned
	maxName     = 100
)

// Account is what somebody entered.
type Account struct{ Email, Name, Password string }

// AccountProblems says what is wrong with each field, in a sentence; "" where nothing is.
type AccountProblems struct{ Email, Name, Password string }

// Err is all problems as one error, or nil.
func (p AccountProblems) Err() error {
	var wrong []error
	for _, one := range []string{p.Email, p.Name, p.Password} {
		if one != "" {
			wrong = append(wrong, errors.New(one))
		}
	}
	return errors.Join(wrong...)
}

// Check looks at every field.
func (a Account) Check() (p AccountProblems) {
	if _, err := CanonicalEmail(a.Email); err != nil {
		p.Email = "Enter an email address, like name@example.com."
	}
	switch name := a.name(); {
	case name == "":
		p.Name = "Enter a name."
	case utf8.RuneCountInString(name) > maxName:
		p.Name = fmt.Sprintf("Use a name of at most %d characters.", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsGraphic(r) }):
		p.Name = "Use a name without control or invisible characters."
	}
	p.Password = CheckNewPassword(a.Password)
	if p.Password == "" && strings.EqualFold(strings.TrimSpace(a.Email), a.Password) {
		p.Password = "Choose a password that is not your email address."
	}
	return p
}

func (a Account) name() string { return strings.TrimSpace(norm.NFC.String(a.Name)) }

// CheckNewPassword says what is wrong with a password that somebody chose: nothing but its length. What kinds of
// characters it has is theirs to decide (NIST SP 800-63B §3.1.1.2).
func CheckNewPassword(password string) string {
	switch {
	case !utf8.ValidString(password):
		return "The password is not text."
	case utf8.RuneCountInString(norm.NFC.String(password)) < minPassword:
		return fmt.Sprintf("Use a password of at least %d characters. A few words in a row are good.", minPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("Use a password of at most %d bytes.", maxPassword)
	}
	return ""
}

// Person makes a person of an account, under a fresh id. Nobody has proven the address.
func (a Account) Person(ctx context.Context, now time.Time) (store.Person, error) {
	if err := a.Check().Err(); err != nil {
		return store.Person{}, err
	}
	p, err := a.WithoutPassword(now)
	if err != nil {
		return store.Person{}, err
	}
	if p.Password, err = HashPassword(ctx, a.Password); err != nil {
		return store.Person{}, fmt.Errorf("hashing the password of a new account: %w", err)
	}
	return p, nil
}

// WithoutPassword is Person for somebody who has none.
func (a Account) WithoutPassword(now time.Time) (store.Person, error) {
	wrong := a.Check()
	wrong.Password = ""
	if err := wrong.Err(); err != nil {
		return store.Person{}, err
	}
	email, err := CanonicalEmail(a.Email)
	return store.Person{ID: store.PersonID("per_" + store.NewID(now)), Email: email, Name: a.name(), CreatedAt: now}, err
}
