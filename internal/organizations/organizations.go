// organizations.go: who runs an organization, and who of them is told.

// Package organizations lets an organization run itself.
//
// Its admins are the members whose roles there hold policy.RunOrganization. They invite people, decide which clients
// come in, and see and end what members allowed. The operator does the same for every organization.
package organizations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
)

// Office does what organizations do in one project.
type Office struct {
	Store    store.Store
	Settings store.Settings
	Mail     *mail.Queue // nil where no mail can be sent: then nobody is told, and links are handed over by hand
	Site     string      // what people know the project as
	Issuer   string
	Now      func() time.Time // time.Now when nil
	Log      *slog.Logger     // none when nil
}

// RunBy is the organization as its admin sees it. To everybody else it is store.ErrNotFound, like one that is not there.
func (o *Office) RunBy(ctx context.Context, person store.PersonID, org store.OrgID) (store.MyOrganization, error) {
	roles, err := o.Store.Roles(ctx)
	if err != nil {
		return store.MyOrganization{}, fmt.Errorf("listing the roles: %w", err)
	}
	mine, err := o.Store.OrganizationsOf(ctx, person)
	if err != nil {
		return store.MyOrganization{}, fmt.Errorf("listing the organizations of person %s: %w", person, err)
	}
	for _, one := range mine {
		if one.ID == org && Runs(roles, one.Roles) {
			return one, nil
		}
	}
	return store.MyOrganization{}, fmt.Errorf("organization %q of person %s: %w", org, person, store.ErrNotFound)
}

// Runs tells whether who has these roles in an organization runs it.
func Runs(roles []store.Role, names []string) bool {
	return policy.HeldBy(roles, names)[policy.RunOrganization]
}

// admins are the people who run an organization and can be written to.
func (o *Office) admins(ctx context.Context, org store.OrgID) (list []store.Person, err error) {
	roles, err := o.Store.Roles(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the roles: %w", err)
	}
	const page = 200
	for after := store.PersonID(""); ; {
		members, err := o.Store.Members(ctx, org, after, page)
		if err != nil {
			return nil, fmt.Errorf("listing the members of organization %s: %w", org, err)
		}
		for _, m := range members {
			after = m.Person
			if !Runs(roles, m.Roles) {
				continue
			}
			p, err := o.Store.Person(ctx, m.Person)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, fmt.Errorf("reading person %s: %w", m.Person, err)
			}
			if err == nil && canBeTold(p) {
				list = append(list, p)
			}
		}
		if len(members) < page {
			return list, nil
		}
	}
}

// canBeTold: an address that nobody proved may be somebody else's.
func canBeTold(p store.Person) bool { return p.EmailVerified && !p.Disabled }

// tell puts a letter in the queue. What cannot be sent undoes nothing.
func (o *Office) tell(ctx context.Context, l mail.Letter) {
	if o.Mail == nil {
		return
	}
	l.Site = o.Site
	if err := o.Mail.Put(l); err != nil && o.Log != nil {
		o.Log.WarnContext(ctx, "a letter of an organization was not sent", "error", err)
	}
}

func (o *Office) note(ctx context.Context, what string, args ...any) {
	if o.Log != nil {
		o.Log.InfoContext(ctx, what, args...)
	}
}

func (o *Office) now() time.Time {
	if o.Now != nil {
		return o.Now()
	}
	return time.Now()
}
