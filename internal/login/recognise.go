// recognise.go: who somebody is here whom a provider knows. An identity is the provider's issuer and its subject, never
// an address (OpenID Connect Core §5.7): a stranger who gets a provider to say somebody's address gets nothing by it.

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
)

// federated is the method of a login by a provider. How the person proved themselves there is not for us to say, and
// counts for nothing here.
const federated = "fed"

// recognise finds or makes the person of an assertion.
func (l *Login) recognise(ctx context.Context, back upstream.Return) (outcome, error) {
	out := outcome{methods: []string{federated}, via: back.Provider, org: back.Provider.Org}
	known, err := l.Store.UseIdentity(ctx, back.Says.Issuer, back.Says.Subject, l.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		out.person, err = l.firstTime(ctx, back)
	case err == nil:
		out.person, err = l.Store.Person(ctx, known.Person)
	}
	if err == nil {
		err = l.belongs(ctx, back.Provider, out.person)
	}
	if err != nil {
		return outcome{}, fmt.Errorf("recognising somebody who came by provider %s: %w", back.Provider.ID, err)
	}
	return out, nil
}

// firstTime is for an identity that nobody has. It opens an account that is there only where the provider has the last
// word on who has the address and the person once showed that it is theirs: an account that somebody else made with
// the address is never opened, and none that is made here can be (threat E10).
func (l *Login) firstTime(ctx context.Context, back upstream.Return) (store.Person, error) {
	says, p := back.Says, back.Provider
	email, err := CanonicalEmail(says.Email)
	if err != nil {
		return store.Person{}, unproven(p)
	}
	domain := domainOf(email)
	authority, err := l.authority(ctx, p, domain)
	if err != nil {
		return store.Person{}, err
	}
	switch own, err := l.orgWays(ctx, email); {
	case err != nil:
		return store.Person{}, err
	case p.Org != "" && !authority: // of other domains an organization's provider knows nothing
		return store.Person{}, notTheirs(p)
	case !says.Proven(authority):
		return store.Person{}, unproven(p)
	case len(own) > 0 && !says.Final(domain, authority) && p.Org == "":
		return store.Person{}, ownSignIn(p, own[0])
	}
	now := l.now()
	identity := store.Identity{Issuer: says.Issuer, Subject: says.Subject, CreatedAt: now, UsedAt: now}
	person, err := l.Store.PersonByEmail(ctx, email)
	switch {
	case err == nil:
		if err := l.mayOpen(ctx, p, person, says.Final(domain, authority)); err != nil {
			return store.Person{}, err
		}
		identity.Person = person.ID
		err = l.Store.AddIdentity(ctx, identity)
		l.note(ctx, "a provider with the last word on a domain opened an account", "provider", p.ID, "person", person.ID)
	case errors.Is(err, store.ErrNotFound) && !p.Create:
		return store.Person{}, noAccount(p)
	case errors.Is(err, store.ErrNotFound):
		person = store.Person{
			ID: store.PersonID("per_" + store.NewID(now)), Email: email, EmailVerified: true, Name: called(says.Name, email), CreatedAt: now,
		}
		identity.Person = person.ID
		err = l.Store.CreatePersonWithIdentity(ctx, person, identity)
		l.note(ctx, "a person came by a provider for the first time", "provider", p.ID, "person", person.ID)
	}
	if errors.Is(err, store.ErrExists) { // somebody was faster
		return store.Person{}, accountThere(p)
	}
	return person, err
}

// mayOpen refuses to open an account that is there by its address. One whose address was never proven somebody else may have
// made, and wait in: then only who runs this place can say whose it is.
func (l *Login) mayOpen(ctx context.Context, p store.Provider, person store.Person, final bool) error {
	switch {
	case !final, person.Operator:
		return accountThere(p)
	case !person.EmailVerified:
		l.note(ctx, "an account was not opened, as nobody showed that its address is its owner's: authwright user verify says so",
			"provider", p.ID, "person", person.ID)
		return neverProven(p)
	}
	return nil
}

func domainOf(email string) string { return email[strings.LastIndexByte(email, '@')+1:] }

// authority tells whether a connection has the last word on the addresses of a domain: the operator says so, or its
// organization has shown, and shows still, that the domain is theirs.
func (l *Login) authority(ctx context.Context, p store.Provider, domain string) (bool, error) {
	if p.Org == "" {
		return slices.Contains(p.Domains, domain), nil
	}
	d, err := l.Store.Domain(ctx, domain)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return false, fmt.Errorf("reading whose a domain is: %w", err)
	}
	return err == nil && d.Org == p.Org && !d.Lapsed(l.now()), nil
}

func unproven(p store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusForbidden, Title: p.Name + " did not confirm your email",
		Text: "We make accounts only for addresses that are known to be yours. Nothing was changed.",
		Hint: "Confirm your address at " + p.Name + " and try again. If you have an account here, sign in to it another way and connect " + p.Name + " on your account page.",
	}
}

func accountThere(p store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusConflict, Title: "There is an account with your email",
		Text: "It is not connected to " + p.Name + " yet, so " + p.Name + " alone can’t open it. Nothing was changed.",
		Hint: "Go back and sign in the way you did before. Then connect " + p.Name + " on your account page.",
	}
}

func neverProven(p store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusConflict, Title: "There is an account with your email",
		Text:  "It was made before your address was known to be yours, so " + p.Name + " can’t open it yet. Nothing was changed.",
		Hint:  "Ask the people who run this place to confirm that the account is yours, then come back.",
		Cause: errors.New("the account's address was never proven"),
	}
}

func noAccount(p store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusForbidden, Title: "You have no account here", Text: p.Name + " knows you, but nobody made an account for you here.",
		Hint: "Ask the people who run this place, or go back and choose another way to sign in.",
	}
}
