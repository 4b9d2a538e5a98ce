// admin_lists.go: what the admin's page lists.

package account

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
)

// named is an app as an admin reads it.
type named struct {
	Client  store.ClientID
	App     string
	Claimed bool // the name is the app's own claim
}

// wish is an app that members asked for.
type wish struct {
	named
	Asked []asker
}

type asker struct {
	Email, Note string
	Since       day
}

// sentInvitation is an invitation that nobody accepted yet.
type sentInvitation struct {
	ID           store.InvitationID
	Email, Roles string
	Until        day
	Over         bool
}

// memberApp is an app and the members who let it act for the organization.
type memberApp struct {
	named
	Members []memberUse
}

type memberUse struct {
	Person store.PersonID
	Email  string
	Since  day
	Used   day
}

// name finds what to call a client, also one that is gone.
func (a *Account) name(ctx context.Context, id store.ClientID) (named, error) {
	record, err := a.Store.Client(ctx, id)
	if errors.Is(err, store.ErrNotFound) {
		return named{id, string(id), false}, nil
	}
	if err != nil {
		return named{}, fmt.Errorf("reading client %q: %w", id, err)
	}
	return named{id, clients.Client{Client: record}.Name(), record.Origin != store.Registered}, nil
}

// email is a person's address, or their id when they have none or are gone.
func (a *Account) email(ctx context.Context, id store.PersonID) (string, error) {
	p, err := a.Store.Person(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", fmt.Errorf("reading person %s: %w", id, err)
	}
	if p.Email == "" {
		return string(id), nil
	}
	return p.Email, nil
}

// wishes are the apps that members asked for: those that wait and those that were refused, the oldest first.
func (a *Account) wishes(ctx context.Context, org store.OrgID) (waiting, refused []wish, err error) {
	all, err := a.Store.Approvals(ctx, org, "")
	if err != nil {
		return nil, nil, fmt.Errorf("listing the approvals of organization %s: %w", org, err)
	}
	for _, one := range all {
		list := &waiting
		if !one.RefusedAt.IsZero() {
			list = &refused
		}
		at := slices.IndexFunc(*list, func(w wish) bool { return w.Client == one.Client })
		if at < 0 {
			app, err := a.name(ctx, one.Client)
			if err != nil {
				return nil, nil, err
			}
			at, *list = len(*list), append(*list, wish{named: app})
		}
		email, err := a.email(ctx, one.Person)
		if err != nil {
			return nil, nil, err
		}
		(*list)[at].Asked = append((*list)[at].Asked, asker{email, one.Note, dayOf(one.AskedAt)})
	}
	return waiting, refused, nil
}

func (a *Account) sentInvitations(ctx context.Context, org store.OrgID) (list []sentInvitation, err error) {
	all, err := a.Store.InvitationsOf(ctx, org)
	if err != nil {
		return nil, fmt.Errorf("listing the invitations of organization %s: %w", org, err)
	}
	for _, i := range all {
		list = append(list, sentInvitation{i.ID, i.Email, strings.Join(i.Roles, ", "), dayOf(i.Expires), !a.now().Before(i.Expires)})
	}
	return list, nil
}

// memberApps are the apps that act for the organization, and for whom of its members.
func (a *Account) memberApps(ctx context.Context, org store.OrgID) (list []memberApp, err error) {
	all, err := store.EveryConnection(ctx, a.Store, store.ConnectionQuery{Org: org, Now: a.now()})
	if err != nil {
		return nil, fmt.Errorf("listing the connections of organization %s: %w", org, err)
	}
	for _, c := range all {
		at := slices.IndexFunc(list, func(m memberApp) bool { return m.Client == c.Client })
		if at < 0 {
			app, err := a.name(ctx, c.Client)
			if err != nil {
				return nil, err
			}
			at, list = len(list), append(list, memberApp{named: app})
		}
		if slices.ContainsFunc(list[at].Members, func(m memberUse) bool { return m.Person == c.Person }) {
			continue // of another server or address: they end together
		}
		email, err := a.email(ctx, c.Person)
		if err != nil {
			return nil, err
		}
		list[at].Members = append(list[at].Members, memberUse{c.Person, email, dayOf(c.CreatedAt), dayOf(c.UsedAt)})
	}
	return list, nil
}
