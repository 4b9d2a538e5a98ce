// org_approval.go: authwright org approvals and org refuse: the apps that members ask for.

package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

type orgApprovals struct {
	projectFlag
	jsonFlag
	Org string `arg:"" help:"The organization, or its id."`
}

// shownApproval is a wish as scripts read it.
type shownApproval struct {
	Client  store.ClientID `json:"client"`
	Person  store.PersonID `json:"person"`
	Note    string         `json:"note,omitempty"`
	AskedAt time.Time      `json:"asked_at"`
	State   string         `json:"state"`
}

// Run lists what members asked for.
func (c *orgApprovals) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		all, err := st.Approvals(ctx, o.ID, "")
		if err != nil {
			return err
		}
		list, rows := make([]shownApproval, len(all)), make([][]string, len(all))
		for i, a := range all {
			state := "waiting"
			if !a.RefusedAt.IsZero() {
				state = "refused"
			}
			list[i] = shownApproval{a.Client, a.Person, a.Note, a.AskedAt, state}
			rows[i] = []string{string(a.Client), state, string(a.Person), day(a.AskedAt), a.Note}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"APP", "STATE", "ASKED BY", "SINCE", "WHY"}, rows)
	})
}

type orgRefuse struct {
	projectFlag
	Org      string `arg:"" help:"The organization, or its id."`
	Client   string `arg:"" help:"The app's client id."`
	Withdraw bool   `help:"Withdraw the refusal: members can ask again."`
}

// Run refuses the app, or withdraws that.
func (c *orgRefuse) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(d *deployment, p store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		id := store.ClientID(c.Client)
		if c.Withdraw {
			err = st.WithdrawRefusal(ctx, o.ID, id)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("%s is not refused in %s", id, o.Slug)
			}
			if err != nil {
				return err
			}
			return out.say("Members of %s can ask for %s again.", o.Slug, id)
		}
		post := d.post(ctx)
		wishes, err := post.office(p, st).Refuse(ctx, o, id, "")
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("nobody in %s waits for %s: authwright org approvals %s tells what waits", o.Slug, id, o.Slug)
		}
		if err != nil {
			return err
		}
		post.tellWhoAsked(out, wishes)
		return out.say("%s is refused in %s.%s", id, o.Slug, post.byMail())
	})
}
