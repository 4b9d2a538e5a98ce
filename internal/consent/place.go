// place.go finds for whom a person would grant: for themselves, or for one of their organizations; and what they may
// grant there.

package consent

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// place is where a grant would belong. The zero organization is the person's own.
type place struct {
	org         store.MyOrganization
	choices     []store.MyOrganization
	may, mayNot oauth.Scope // what is asked for, by what the person holds; neither where the client stays out
	blocked     string      // why nothing can be allowed here
	approval    approval    // where the client stands, when an admin has to let it in
}

// placeOf reads the person's organizations and roles, for the organization they chose, or else the first that lets
// the client in.
func (c *Consent) placeOf(ctx context.Context, q question, chosen store.OrgID) (place, error) {
	roles, err := c.Store.Roles(ctx)
	if err != nil {
		return place{}, fmt.Errorf("listing the roles: %w", err)
	}
	if !q.resource.ForOrg {
		member, err := c.Store.Member(ctx, "", q.person.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return place{}, fmt.Errorf("reading what person %s is: %w", q.person.ID, err)
		}
		return place{}.grantable(q, policy.HeldBy(roles, member.Roles)), nil
	}
	mine, err := c.Store.OrganizationsOf(ctx, q.person.ID)
	if err != nil {
		return place{}, fmt.Errorf("listing the organizations of person %s: %w", q.person.ID, err)
	}
	if len(mine) == 0 {
		return place{blocked: "This server is for organizations, and you belong to none here. Ask an administrator of yours to add you."}, nil
	}
	p := place{choices: mine, org: c.choose(mine, []store.OrgID{chosen, q.current}, q.client.Client)}
	switch policy.Admit(c.Settings, p.org.Policy, q.client.Client) {
	case policy.Refused:
		p.blocked = refusal(p.org.Name, q.client.Client)
		return p, nil
	case policy.NeedsApproval:
		state, err := c.approvalOf(ctx, q, p.org.ID)
		return p.needsApproval(state, c.Office != nil && c.Office.Mail != nil), err
	}
	return p.grantable(q, policy.HeldBy(roles, p.org.Roles)), nil
}

// choose is the first of the chosen organizations that the person belongs to; else the first that lets the client in; else the first.
func (c *Consent) choose(mine []store.MyOrganization, chosen []store.OrgID, client store.Client) store.MyOrganization {
	for _, id := range chosen {
		for _, one := range mine {
			if one.ID == id {
				return one
			}
		}
	}
	for _, one := range mine {
		if policy.Admit(c.Settings, one.Policy, client) == policy.Admitted {
			return one
		}
	}
	return mine[0]
}

// grantable parts what the client asks for by what the person holds.
func (p place) grantable(q question, held policy.Held) place {
	p.may, p.mayNot = policy.Split(q.request.Scope, q.resource, held)
	if len(p.may) == 0 {
		p.blocked = "Nothing that the app asks for is yours to give."
	}
	return p
}

// refusal says in the organization's name why the client stays out.
func refusal(organization string, c store.Client) string {
	if c.Origin == store.SelfRegister {
		return organization + " doesn’t let in apps that registered themselves. Ask an administrator which apps you can use."
	}
	return organization + " doesn’t let this app in. Ask an administrator which apps you can use."
}

// orgView is the choice of organization as the page shows it.
type orgView struct {
	ID      store.OrgID
	Several bool
	Choices []choice
	Why     string // why something is left out
}

type choice struct {
	Name, Note, Address string
	Current             bool
}

func (c *Consent) orgView(q question) orgView {
	v := orgView{ID: q.place.org.ID, Several: len(q.place.choices) > 1, Why: "Your account here doesn’t hold the permissions for it."}
	for _, one := range q.place.choices {
		query := url.Values{"request": {string(q.request.ID)}, "org": {string(one.ID)}}
		item := choice{Name: one.Name, Current: one.ID == q.place.org.ID, Address: c.Site.Base + "/consent?" + query.Encode()}
		switch policy.Admit(c.Settings, one.Policy, q.client.Client) {
		case policy.Refused:
			item.Note = "doesn’t let this app in"
		case policy.NeedsApproval:
			item.Note = "must approve this app first"
		}
		v.Choices = append(v.Choices, item)
	}
	if v.ID != "" {
		v.Why = "Your role in " + q.place.org.Name + " (" + roleWords(q.place.org.Roles) + ") doesn’t include it."
	}
	return v
}

func roleWords(roles []string) string {
	if len(roles) == 0 {
		return "none"
	}
	return strings.Join(roles, ", ")
}
