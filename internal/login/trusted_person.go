// trusted_person.go: who the person is whom a trusted login vouches for, and where they belong.

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

// trustedPerson finds the person by issuer and subject, and nobody by an address alone. Who is not known may be known
// by a proven address where the operator says so, or get an account.
func (l *Login) trustedPerson(ctx context.Context, t store.TrustedIssuer, a store.Attested) (store.Person, error) {
	person, err := l.identified(ctx, a)
	if errors.Is(err, store.ErrNotFound) {
		person, err = l.newcomer(ctx, t, a)
	}
	if err != nil {
		return store.Person{}, err
	}
	if person.Disabled {
		return store.Person{}, disabledAccount()
	}
	return person, l.place(ctx, t, a, person)
}

// identified is the person who came by this identity before.
func (l *Login) identified(ctx context.Context, a store.Attested) (store.Person, error) {
	i, err := l.Store.UseIdentity(ctx, a.Issuer, a.Subject, l.now())
	if err != nil {
		return store.Person{}, fmt.Errorf("looking up an identity: %w", err)
	}
	person, err := l.Store.Person(ctx, i.Person)
	if err != nil {
		return store.Person{}, fmt.Errorf("reading person %s: %w", i.Person, err)
	}
	return person, nil
}

// newcomer is somebody who comes by this identity for the first time.
func (l *Login) newcomer(ctx context.Context, t store.TrustedIssuer, a store.Attested) (store.Person, error) {
	email := ""
	if a.EmailVerified { // an address that nobody proved says nothing
		if canonical, err := CanonicalEmail(a.Email); err == nil {
			email = canonical
		}
	}
	if email != "" {
		owner, err := l.Store.PersonByEmail(ctx, email)
		switch {
		case err == nil:
			return l.link(ctx, t, a, owner)
		case !errors.Is(err, store.ErrNotFound):
			return store.Person{}, fmt.Errorf("looking up a person by e-mail: %w", err)
		}
	}
	if !t.Create {
		return store.Person{}, &pages.Refusal{
			Status: http.StatusForbidden,
			Title:  "You have no account here",
			Text:   t.Title + " let you in, but nobody made an account for you here.",
			Hint:   "Ask the people who run this place for one.",
		}
	}
	now := l.now()
	person := store.Person{
		ID: store.PersonID("per_" + store.NewID(now)), Email: email, EmailVerified: email != "", Name: usableName(a.Name), CreatedAt: now,
	}
	err := l.Store.CreatePersonWithIdentity(ctx, person, identityOf(a, person, now))
	if errors.Is(err, store.ErrExists) { // they came twice at once
		return l.identified(ctx, a)
	}
	if err != nil {
		return store.Person{}, fmt.Errorf("making an account: %w", err)
	}
	l.note(ctx, "a trusted login made an account", "person", person.ID, "trusted", t.Name)
	return person, nil
}

// link gives the owner of an address the identity, when both sides proved it and the operator trusts the login with
// addresses. An operator's account is worth more than any login's word.
func (l *Login) link(ctx context.Context, t store.TrustedIssuer, a store.Attested, owner store.Person) (store.Person, error) {
	if !t.Authoritative || !owner.EmailVerified || owner.Operator {
		return store.Person{}, &pages.Refusal{
			Status: http.StatusConflict,
			Title:  "Your address has an account already",
			Text:   "There is an account here with the address that " + t.Title + " knows you by, and the two are not connected.",
			Hint:   "Sign in the way you did before, or ask the people who run this place.",
		}
	}
	if owner.Disabled {
		return store.Person{}, disabledAccount()
	}
	err := l.Store.AddIdentity(ctx, identityOf(a, owner, l.now()))
	if errors.Is(err, store.ErrExists) { // they came twice at once
		return l.identified(ctx, a)
	}
	if err != nil {
		return store.Person{}, fmt.Errorf("adding an identity to person %s: %w", owner.ID, err)
	}
	l.note(ctx, "a trusted login was connected by address", "person", owner.ID, "trusted", t.Name)
	return owner, nil
}

// place makes the person what the login says they are: a member of the organization, with the roles that there are.
func (l *Login) place(ctx context.Context, t store.TrustedIssuer, a store.Attested, person store.Person) error {
	org := store.OrgID(a.Organization)
	if org == "" && t.Mapping.Roles == "" {
		return nil
	}
	if org != "" {
		if _, err := l.Store.Organization(ctx, org); errors.Is(err, store.ErrNotFound) {
			return unknownOrganization(t)
		} else if err != nil {
			return fmt.Errorf("reading organization %s: %w", org, err)
		}
	}
	member, err := l.Store.Member(ctx, org, person.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading what person %s is: %w", person.ID, err)
	}
	roles := member.Roles
	if t.Mapping.Roles != "" {
		if roles, err = l.knownRoles(ctx, a.Roles); err != nil {
			return err
		}
	}
	if slices.Equal(roles, member.Roles) && (member.Person != "" || org == "") {
		return nil
	}
	err = l.Store.PutMember(ctx, store.Membership{Org: org, Person: person.ID, Roles: roles, CreatedAt: l.now()})
	if errors.Is(err, store.ErrNotFound) {
		return unknownOrganization(t)
	}
	if err != nil {
		return fmt.Errorf("making person %s a member: %w", person.ID, err)
	}
	l.note(ctx, "a trusted login said where a person belongs", "person", person.ID, "organization", org, "trusted", t.Name)
	return nil
}

// knownRoles are those that the project has, in order and once.
func (l *Login) knownRoles(ctx context.Context, said []string) (known []string, err error) {
	roles, err := l.Store.Roles(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the roles: %w", err)
	}
	for _, one := range roles {
		if slices.Contains(said, one.Name) {
			known = append(known, one.Name)
		}
	}
	return known, nil
}

// usableName is a name as an account may have it, or "".
func usableName(name string) string {
	account := Account{Name: name}
	if account.Check().Name != "" {
		return ""
	}
	return account.name()
}

func identityOf(a store.Attested, p store.Person, now time.Time) store.Identity {
	return store.Identity{Issuer: a.Issuer, Subject: a.Subject, Person: p.ID, CreatedAt: now, UsedAt: now}
}

func unknownOrganization(t store.TrustedIssuer) error {
	return &pages.Refusal{
		Status: http.StatusForbidden,
		Title:  "Your organization is not known here",
		Text:   t.Title + " says that you belong to an organization that nobody set up here.",
		Hint:   "Ask the people who run this place to add it.",
	}
}

func disabledAccount() error {
	return &pages.Refusal{
		Status: http.StatusForbidden,
		Title:  "This account can’t be used",
		Text:   "It was switched off, or signed out everywhere a moment ago.",
		Hint:   "Try again. If it keeps happening, ask the people who run this place.",
	}
}
