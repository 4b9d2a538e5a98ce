// sign_up.go answers GET and POST /login/sign-up. What was entered waits in a challenge until its address is proven, in
// the browser that entered it: nobody can make an account at somebody else's address and let them confirm it.

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

const signUpForm = "sign-up"

type signUpData struct {
	Action, Token, Back string
	Request             store.RequestID
	Account             Account
	Wrong               AccountProblems
	Passwords           bool
	Problem             string
}

func (l *Login) showSignUp(w http.ResponseWriter, r *http.Request) error {
	req, err := l.requestOf(r)
	if err != nil {
		return err
	}
	if l.ways(req).SignUp == "" {
		return off()
	}
	return l.writeSignUp(w, r, http.StatusOK, req, signUpData{Account: Account{Email: hint(req)}})
}

// writeSignUp shows the form. A password is never sent back.
func (l *Login) writeSignUp(w http.ResponseWriter, r *http.Request, status int, req store.Request, d signUpData) error {
	d.Action = l.Site.Base + "/login/sign-up"
	d.Back = l.backTo(req)
	d.Request = req.ID
	d.Token = l.Jar.EnsureVisitor(w, r).FormToken(signUpForm, string(req.ID))
	d.Passwords = l.passwords()
	d.Account.Password = ""
	return l.Site.Write(w, r, status, pages.Page{Title: "Create an account", Template: signUpPage, Data: d})
}

// signUp does the same work and gives the same answer whether or not somebody has the address: the mail tells its owner.
func (l *Login) signUp(w http.ResponseWriter, r *http.Request) error {
	form, req, err := l.formOf(r, signUpForm)
	if err != nil {
		return err
	}
	if l.ways(req).SignUp == "" {
		return off()
	}
	d := signUpData{Account: Account{Email: form.Get("email"), Name: form.Get("name"), Password: form.Get("password")}}
	d.Wrong = d.Account.Check()
	email, _ := CanonicalEmail(d.Account.Email) // what is wrong with it is in d.Wrong
	own, err := l.orgWays(r.Context(), email)
	if err != nil {
		return err
	}
	if len(own) > 0 {
		return l.toOrganization(w, r, req, own, email)
	}
	if !l.passwords() {
		d.Wrong.Password = ""
	}
	if d.Wrong != (AccountProblems{}) {
		d.Problem = "Some of this can’t be used yet."
		return l.writeSignUp(w, r, http.StatusUnprocessableEntity, req, d)
	}
	left, err := l.tooMany(r.Context(), mailCounters(email, l.clientAddr(r)))
	if err != nil {
		return unlessBusy(err)
	}
	if left > 0 {
		d.Problem = tooManyMails(w, left)
		return l.writeSignUp(w, r, http.StatusTooManyRequests, req, d)
	}
	c := store.Challenge{Purpose: store.ForSignUp, Browser: l.Jar.Visitor(r).Digest(), Request: req.ID, Email: email, Name: d.Account.name()}
	if l.passwords() {
		if c.Password, err = HashPassword(r.Context(), d.Account.Password); err != nil {
			return unlessBusy(err)
		}
	}
	c, secret := l.newChallenge(c)
	letter := l.signUpLetter(email, c, secret)
	_, err = l.Store.PersonByEmail(r.Context(), email)
	switch {
	case err == nil:
		letter = l.takenLetter(email, c) // so nobody is told the code of this challenge
	case !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("looking up a person by e-mail: %w", err)
	}
	return l.challenge(w, r, c, letter)
}

// createPerson makes the account of a challenge that was answered, with its passkey if it has one.
func (l *Login) createPerson(ctx context.Context, c store.Challenge, key *store.Passkey) (store.Person, error) {
	now := l.now()
	if !l.Settings.SignUp {
		return store.Person{}, off()
	}
	p := store.Person{
		ID: store.PersonID("per_" + store.NewID(now)), Email: c.Email, EmailVerified: true, Name: c.Name, Password: c.Password, CreatedAt: now,
	}
	if c.Person != "" {
		p.ID = c.Person // the device knows it already
	}
	var err error
	if key != nil {
		err = l.Store.CreatePersonWithPasskey(ctx, p, *key)
	} else {
		err = l.Store.CreatePerson(ctx, p)
	}
	if errors.Is(err, store.ErrExists) { // they read the mail of the address, so this is no secret from them
		return store.Person{}, &pages.Refusal{
			Status: http.StatusConflict, Title: "You have an account already", Text: "Somebody made one with this address in the meantime.",
			Hint: "Go back and sign in with it.", Cause: err,
		}
	}
	if err != nil {
		return store.Person{}, fmt.Errorf("making an account: %w", err)
	}
	l.note(ctx, "a person made an account", "person", p.ID)
	return p, nil
}
