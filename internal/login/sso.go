// sso.go: the sign-in of an organization. Whoever types an address in a domain that an organization has shown to be
// theirs is sent to its connection; where the organization requires it, its people come by nothing else. The domain alone
// decides where somebody is sent, and no account is looked for: so nothing can be told from it (threat E2).

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

// orgWays are the connections in use of the organization that an address belongs to; the one to go to comes first.
type orgWays []store.Provider

// orgWays finds those for an address, by its domain.
func (l *Login) orgWays(ctx context.Context, email string) (orgWays, error) {
	if l.Upstream == nil || email == "" {
		return nil, nil
	}
	list, err := l.Store.ProvidersFor(ctx, domainOf(email))
	if err != nil {
		return nil, fmt.Errorf("listing the connections of an organization: %w", err)
	}
	return list, nil
}

// required tells whether the organization lets its people come by nothing else.
func (o orgWays) required() bool { return len(o) > 0 && o[0].Required }

// fulfilled tells whether somebody came by a connection that the organization requires.
func (o orgWays) fulfilled(by store.Provider) bool {
	return slices.ContainsFunc(o, func(p store.Provider) bool { return p.Required && p.ID == by.ID })
}

// toOrganization sends somebody to the first of the connections, with the address that they typed.
func (l *Login) toOrganization(w http.ResponseWriter, r *http.Request, req store.Request, o orgWays, email string) error {
	return l.depart(w, r, o[0], l.askFor(r, req, email))
}

// gate sends somebody on who proved who they are, but not as their organization requires. An operator is of the
// deployment and of no organization: no organization's connection opens their account, so none can be required.
func (l *Login) gate(w http.ResponseWriter, r *http.Request, req store.Request, out outcome) (sent bool, err error) {
	if out.person.Operator {
		return false, nil
	}
	ways, err := l.orgWays(r.Context(), out.person.Email)
	if err != nil || !ways.required() || ways.fulfilled(out.via) {
		return false, err
	}
	l.note(r.Context(), "a person was sent to the sign-in of their organization", "person", out.person.ID, "provider", ways[0].ID)
	return true, l.toOrganization(w, r, req, ways, out.person.Email)
}

// belongs refuses somebody whom an organization's connection knows, and whose address here is not, or no more, in a
// domain of that organization: its word counts for nobody else (threat E10).
func (l *Login) belongs(ctx context.Context, p store.Provider, person store.Person) error {
	if p.Org == "" {
		return nil
	}
	d, err := l.Store.Domain(ctx, domainOf(person.Email))
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("reading whose a domain is: %w", err)
	}
	if err != nil || d.Org != p.Org || person.Operator {
		return notTheirs(p)
	}
	return nil
}

func notTheirs(p store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusForbidden, Title: p.Name + " can’t sign you in here",
		Text:  "It is the sign-in of one organization, and counts only for addresses that are known to be that organization’s. Nothing was changed.",
		Hint:  "Go back and choose another way to sign in, or ask the administrator of your organization.",
		Cause: errors.New("the person's address is in no verified domain of the connection's organization"),
	}
}

// ownSignIn refuses an account at an address whose organization has a sign-in of its own: a provider that verified the
// address once does not know whether it still is theirs, and the organization does.
func ownSignIn(p store.Provider, own store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusForbidden, Title: "Your organization has its own sign-in",
		Text: "People with your address come by " + own.Name + ", so " + p.Name + " alone makes no account for it. Nothing was changed.",
		Hint: "Go back, enter your email and leave the password empty.",
	}
}
