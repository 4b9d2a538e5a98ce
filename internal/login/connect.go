// connect.go: somebody who is signed in connects an identity, or takes one away (threat E10). Whoever calls has seen that
// they proved who they are just now.

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
)

// Identity is an identity of a person, as they know it.
type Identity struct {
	store.Identity
	Provider string // what it is called; the issuer's address when no connection is there any more
	usable   bool   // by a connection in use
}

// Identities are those of a person, and the connections at which they can get one.
func (l *Login) Identities(ctx context.Context, person store.PersonID) ([]Identity, []store.Provider, error) {
	mine, err := l.Store.IdentitiesOf(ctx, person)
	if err != nil {
		return nil, nil, fmt.Errorf("listing the identities of person %s: %w", person, err)
	}
	var all []store.Provider
	if l.Upstream != nil {
		if all, err = l.Store.Providers(ctx); err != nil {
			return nil, nil, fmt.Errorf("listing the connections to providers: %w", err)
		}
	}
	trusted, err := l.Store.TrustedIssuers(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("listing the trusted issuers: %w", err)
	}
	var list []Identity
	for _, i := range mine {
		list = append(list, known(i, all, trusted))
	}
	open := slices.DeleteFunc(all, func(p store.Provider) bool { return p.Disabled || p.Org != "" })
	return list, open, nil
}

// known says what an identity is called here, and whether it is a way in.
func known(i store.Identity, providers []store.Provider, trusted []store.TrustedIssuer) Identity {
	one := Identity{Identity: i, Provider: i.Issuer}
	for _, p := range providers {
		if upstream.Speaks(p, i.Issuer) && !one.usable {
			one.Provider, one.usable = p.Name, !p.Disabled
		}
	}
	for _, t := range trusted {
		if t.Issuer == i.Issuer && !one.usable {
			one.Provider, one.usable = t.Title, !t.Disabled
		}
	}
	return one
}

// WithoutPasskeys tells whether a person can come in without one. The other way round a passkey does not count: of two who
// take away the one and the other, both would look first.
func (l *Login) WithoutPasskeys(ctx context.Context, person store.Person) (bool, error) {
	if l.hasOtherWay(person) {
		return true, nil
	}
	list, _, err := l.Identities(ctx, person.ID)
	return slices.ContainsFunc(list, func(i Identity) bool { return i.usable }), err
}

// Connect sends somebody who is signed in to a provider, to connect what it calls them.
func (l *Login) Connect(w http.ResponseWriter, r *http.Request, s store.Session, id store.ProviderID) error {
	all, err := l.connections(r.Context())
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.ID == id && p.Org == "" {
			return l.depart(w, r, p, upstream.Ask{Browser: l.Jar.Visitor(r).Digest(), Session: s.ID, Person: s.Auth.Person})
		}
	}
	return off()
}

// connect ends the journey of somebody who connects an identity. They must still be signed in by the session that began
// it: a link that a stranger made for another browser, or another account, connects nothing.
func (l *Login) connect(w http.ResponseWriter, r *http.Request, back upstream.Return, failed error) error {
	session, person, err := l.sessions().SignedIn(r, l.now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return lost(err)
	case err != nil:
		return fmt.Errorf("looking up who is signed in: %w", err)
	case session.ID != back.Journey.Session || person.ID != back.Journey.Person:
		return lost(errors.New("somebody else signed in meanwhile"))
	}
	page := l.Issuer + "/account/login"
	if errors.Is(failed, upstream.ErrDenied) {
		return pages.Redirect(w, page+"?not-connected")
	}
	if failed != nil {
		return l.notArrived(w, r, store.Request{}, back.Provider, failed)
	}
	now := l.now()
	err = l.Store.AddIdentity(r.Context(), store.Identity{
		Issuer: back.Says.Issuer, Subject: back.Says.Subject, Person: person.ID, CreatedAt: now, UsedAt: now,
	})
	switch {
	case errors.Is(err, store.ErrExists):
		return l.connectedBefore(w, r, back, person)
	case err != nil:
		return fmt.Errorf("connecting an identity to person %s: %w", person.ID, err)
	}
	l.note(r.Context(), "a person connected an identity", "person", person.ID, "provider", back.Provider.ID)
	return pages.Redirect(w, page+"?connected")
}

// connectedBefore tells whether the identity is theirs already or somebody else's.
func (l *Login) connectedBefore(w http.ResponseWriter, r *http.Request, back upstream.Return, person store.Person) error {
	owner, err := l.Store.UseIdentity(r.Context(), back.Says.Issuer, back.Says.Subject, l.now())
	if err != nil {
		return fmt.Errorf("reading whose an identity is: %w", err)
	}
	if owner.Person == person.ID {
		return pages.Redirect(w, l.Issuer+"/account/login?connected")
	}
	name := back.Provider.Name
	return &pages.Refusal{
		Status: http.StatusConflict, Title: "That " + name + " account is in use here", Text: "It is connected to another account of this place. Nothing was changed.",
		Hint: "Sign in with " + name + " to get to that account, and disconnect it there. Or choose another account at " + name + ".",
	}
}

// Disconnect takes an identity from a person who can come in without it. It says what is wrong when they cannot.
func (l *Login) Disconnect(ctx context.Context, person store.Person, issuer, subject string) (problem string, err error) {
	list, _, err := l.Identities(ctx, person.ID)
	if err != nil {
		return "", err
	}
	gone := store.Identity{Issuer: issuer, Subject: subject, Person: person.ID}
	err = store.ErrChanged
	if l.hasOtherWay(person) {
		err = l.Store.RemoveIdentity(ctx, person.ID, issuer, subject)
	} else if i := slices.IndexFunc(list, func(i Identity) bool { return i.usable && (i.Issuer != issuer || i.Subject != subject) }); i >= 0 {
		err = l.Store.RemoveIdentityBeside(ctx, gone, list[i].Identity)
	}
	switch {
	case errors.Is(err, store.ErrChanged):
		return "Set a password or connect something else first, so that you can still sign in.", nil
	case err != nil && !errors.Is(err, store.ErrNotFound): // gone already, in another tab
		return "", fmt.Errorf("disconnecting an identity of person %s: %w", person.ID, err)
	}
	l.note(ctx, "a person disconnected an identity", "person", person.ID)
	return "", nil
}

// hasOtherWay tells whether a person can come in without any identity.
func (l *Login) hasOtherWay(p store.Person) bool {
	return p.Password != "" && p.Email != "" && l.passwords() || p.EmailVerified && l.canMail(l.Settings.EmailCode)
}
