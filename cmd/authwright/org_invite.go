// org_invite.go: authwright org invite and org invitation: who is asked to belong to an organization. The link goes by mail
// where there is a mail server, and else to the operator, who hands it over: to one of the two, once.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/store"
)

type orgInvite struct {
	projectFlag
	Org   string   `arg:"" help:"The organization, or its id."`
	Email string   `arg:"" help:"The address that is invited."`
	Role  []string `sep:"none" help:"What they will be there. Repeat for several." placeholder:"ROLE"`
	Link  bool     `help:"Print the link to hand over, and send no mail. It is what happens without a mail server in the configuration."`
}

// Run makes the invitation.
func (c *orgInvite) Run(ctx context.Context, out *console) error {
	email, err := login.CanonicalEmail(c.Email)
	if err != nil {
		return err
	}
	return c.within(ctx, func(d *deployment, p store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		roles, err := st.Roles(ctx)
		if err != nil {
			return err
		}
		if err := checkRoles(out, roles, c.Role); err != nil {
			return err
		}
		post := new(post)
		if !c.Link {
			post = d.post(ctx)
		}
		link, err := post.office(p, st).Invite(ctx, o, store.Invitation{Email: email, Roles: c.Role})
		if errors.Is(err, organizations.ErrTooMany) {
			return fmt.Errorf("too many invitations of %s wait: authwright org invitation revoke ends some", o.Slug)
		}
		if err != nil {
			return err
		}
		mailed, failed := post.settle()
		if mailed > 0 {
			return out.say("The link went to %s by mail. It works once, within seven days, for that address only.", email)
		}
		err = out.say("Give this link to %s and to nobody else. It works once, within seven days, and proves that the address is theirs:\n\n    %s\n", email, link)
		if failed != nil {
			err = errors.Join(err, fmt.Errorf("the invitation is made, but its mail was not sent: hand over the link above, or invite again when the mail server answers: %w", failed))
		}
		return err
	})
}

type invitationCommand struct {
	List   invitationList   `cmd:"" help:"List the invitations that nobody accepted yet."`
	Revoke invitationRevoke `cmd:"" help:"End an invitation. Its link is worth nothing from then on."`
}

type invitationList struct {
	projectFlag
	jsonFlag
	Org string `arg:"" help:"The organization, or its id."`
}

// shownInvitation is an invitation as scripts read it.
type shownInvitation struct {
	ID      store.InvitationID `json:"id"`
	Email   string             `json:"email"`
	Roles   []string           `json:"roles"`
	Expires time.Time          `json:"expires"`
}

// Run lists the invitations.
func (c *invitationList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		all, err := st.InvitationsOf(ctx, o.ID)
		if err != nil {
			return err
		}
		list, rows := make([]shownInvitation, len(all)), make([][]string, len(all))
		for i, one := range all {
			list[i] = shownInvitation{one.ID, one.Email, append([]string{}, one.Roles...), one.Expires}
			rows[i] = []string{one.Email, roleWords(one.Roles), day(one.Expires), string(one.ID)}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"EMAIL", "ROLES", "UNTIL", "ID"}, rows)
	})
}

type invitationRevoke struct {
	projectFlag
	Org   string `arg:"" help:"The organization, or its id."`
	Email string `arg:"" help:"The address that was invited."`
}

// Run ends the invitation.
func (c *invitationRevoke) Run(ctx context.Context, out *console) error {
	email, err := login.CanonicalEmail(c.Email)
	if err != nil {
		return err
	}
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		all, err := st.InvitationsOf(ctx, o.ID)
		if err != nil {
			return err
		}
		for _, one := range all {
			if one.Email != email {
				continue
			}
			if err := st.RevokeInvitation(ctx, o.ID, one.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			return out.say("The invitation of %s is revoked.", email)
		}
		return fmt.Errorf("%s is not invited to %s: authwright org invitation list %s tells who is", email, o.Slug, o.Slug)
	})
}
