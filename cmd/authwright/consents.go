// consents.go: authwright consents lists and ends what people allowed apps.

package main

import (
	"context"
	"errors"
	"time"

	"github.com/authwright/authwright/internal/store"
)

type consentsCommand struct {
	List   consentsList   `cmd:"" help:"List what people allowed apps, by person and app."`
	Revoke consentsRevoke `cmd:"" help:"End it: the consents that fit and the grants under them."`
}

// consentFilter selects consents; what is not named selects all.
type consentFilter struct {
	Org    string `help:"Given for this organization." placeholder:"ORG"`
	Client string `help:"Given to this app." placeholder:"ID"`
	Person string `help:"Given by this person: address or id." placeholder:"WHO"`
}

func (f consentFilter) query(ctx context.Context, st store.Store) (store.ConnectionQuery, error) {
	q := store.ConnectionQuery{Client: store.ClientID(f.Client), Now: time.Now()}
	if f.Org != "" {
		o, err := org(ctx, st, f.Org)
		if err != nil {
			return q, err
		}
		q.Org = o.ID
	}
	if f.Person != "" {
		p, err := member(ctx, st, f.Person)
		if err != nil {
			return q, err
		}
		q.Person = p.ID
	}
	return q, nil
}

type consentsList struct {
	projectFlag
	jsonFlag
	consentFilter
}

// shownConsent is a consent as scripts read it.
type shownConsent struct {
	Person   store.PersonID `json:"person"`
	Client   store.ClientID `json:"client"`
	Resource string         `json:"resource"`
	Org      store.OrgID    `json:"org,omitempty"`
	Scope    string         `json:"scope"`
	Since    time.Time      `json:"since"`
	UsedAt   time.Time      `json:"used_at,omitzero"`
	Devices  int            `json:"devices"`
}

// Run lists the consents.
func (c *consentsList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		q, err := c.query(ctx, st)
		if err != nil {
			return err
		}
		all, err := store.EveryConnection(ctx, st, q)
		if err != nil {
			return err
		}
		list, rows := make([]shownConsent, len(all)), make([][]string, len(all))
		for i, one := range all {
			list[i] = shownConsent{one.Person, one.Client, one.Resource, one.Org, one.Scope.String(), one.CreatedAt, one.UsedAt, one.Devices}
			rows[i] = []string{string(one.Person), string(one.Client), one.Resource, string(one.Org), one.Scope.String(), day(one.CreatedAt)}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"PERSON", "APP", "SERVER", "ORG", "SCOPE", "SINCE"}, rows)
	})
}

type consentsRevoke struct {
	projectFlag
	consentFilter
}

// Run ends the consents. All of a project at once is nobody's wish.
func (c *consentsRevoke) Run(ctx context.Context, out *console) error {
	if c.consentFilter == (consentFilter{}) {
		return errors.New("say what to end: --org, --client, --person or several of them")
	}
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		q, err := c.query(ctx, st)
		if err != nil {
			return err
		}
		n, err := new(post).office(p, st).Revoke(ctx, q, store.EndedByOperator)
		if errors.Is(err, store.ErrNotFound) {
			return errors.New("nobody allowed anything that fits")
		}
		if err != nil {
			return err
		}
		return out.say("Ended: %d. Access tokens that servers check by themselves run out within %s.", n, p.Settings.Defaults().AccessLife)
	})
}
