// org.go: authwright org manages organizations: the customers of a project.

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
)

type orgCommand struct {
	Create  orgCreate     `cmd:"" help:"Make an organization."`
	List    orgList       `cmd:"" help:"List the organizations."`
	Show    orgShow       `cmd:"" help:"Show one organization and which apps it lets in."`
	Rename  orgRename     `cmd:"" help:"Change what an organization is called. Its id stays."`
	Delete  orgDelete     `cmd:"" help:"Delete an organization: its members, domains and invitations, and what was allowed for it. This cannot be undone."`
	Policy  orgPolicy     `cmd:"" help:"Say which apps may act for an organization's members. What is not named stays."`
	Approve orgApprove    `cmd:"" help:"Let one app in."`
	Member  memberCommand `cmd:"" help:"Manage who belongs to an organization, and as what."`
	Invite  orgInvite     `cmd:"" help:"Make a link by which somebody becomes a member."`
	Refuse  orgRefuse     `cmd:"" help:"Refuse an app that members ask for."`

	Approvals  orgApprovals      `cmd:"" help:"List the apps that members ask for, and those that were refused."`
	Invitation invitationCommand `cmd:"" help:"Manage the invitations that nobody accepted yet."`

	Domain domainCommand `cmd:"" help:"Manage the domains of an organization, by which people can join."`
}

// shownOrg is an organization as scripts read it.
type shownOrg struct {
	ID        store.OrgID `json:"id"`
	Slug      string      `json:"slug"`
	Name      string      `json:"name"`
	Policy    shownPolicy `json:"policy"`
	CreatedAt time.Time   `json:"created_at"`
}

func showOrg(s store.Settings, o store.Organization) shownOrg {
	return shownOrg{o.ID, o.Slug, o.Name, showPolicy(s, o.Policy), o.CreatedAt}
}

// write shows the organization to a person or a program.
func (s shownOrg) write(out *console, asJSON bool) error {
	if asJSON {
		return out.json(s)
	}
	facts := []string{"organization", s.Slug, "name", s.Name, "id", string(s.ID), "since", day(s.CreatedAt)}
	for _, rule := range s.Policy.rules() {
		facts = append(facts, rule.name+" apps", rule.words())
	}
	return out.facts(facts...)
}

type orgCreate struct {
	projectFlag
	jsonFlag
	Slug string `arg:"" help:"What commands call it: a-z, 0-9 and dashes."`
	Name string `required:"" help:"What people are shown."`
	ID   string `help:"What tokens call it (org_id), for servers that have an id for it already; made when missing. It never changes."`
}

var orgID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Run makes the organization.
func (c *orgCreate) Run(ctx context.Context, out *console) error {
	now := time.Now()
	o := store.Organization{ID: store.OrgID(c.ID), Slug: c.Slug, Name: strings.TrimSpace(c.Name), CreatedAt: now}
	if o.ID == "" {
		o.ID = store.OrgID("org_" + store.NewID(now))
	}
	wrong := checkOrg(o)
	if !orgID.MatchString(string(o.ID)) {
		wrong = errors.Join(wrong, fmt.Errorf("--id %q: use at most 64 of A-Z, a-z, 0-9, dot, dash and underscore", o.ID))
	}
	if wrong != nil {
		return wrong
	}
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		err := st.CreateOrganization(ctx, o)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("there is an organization %s, or one with the id %s, already", o.Slug, o.ID)
		}
		if err != nil {
			return err
		}
		return showOrg(p.Settings, o).write(out, c.JSON)
	})
}

// checkOrg checks what an organization is called. The form of a slug is that of a project's name.
func checkOrg(o store.Organization) error {
	var wrong []error
	if !projectName.MatchString(o.Slug) {
		wrong = append(wrong, fmt.Errorf("%q: use a-z, 0-9 and dashes, at most 63", o.Slug))
	}
	if o.Name == "" || printable(o.Name) != o.Name {
		wrong = append(wrong, errors.New("--name: say in one line what people are shown"))
	}
	return errors.Join(wrong...)
}

type orgList struct {
	projectFlag
	jsonFlag
}

// Run lists all organizations.
func (c *orgList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		all, err := orgs(ctx, st)
		if err != nil {
			return err
		}
		list, rows := make([]shownOrg, len(all)), make([][]string, len(all))
		for i, o := range all {
			list[i] = showOrg(p.Settings, o)
			rows[i] = []string{o.Slug, o.Name, string(o.ID), day(o.CreatedAt)}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"ORGANIZATION", "NAME", "ID", "SINCE"}, rows)
	})
}

type orgShow struct {
	projectFlag
	jsonFlag
	Org string `arg:"" help:"The organization, or its id."`
}

// Run shows the organization.
func (c *orgShow) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		return showOrg(p.Settings, o).write(out, c.JSON)
	})
}

type orgRename struct {
	projectFlag
	jsonFlag
	Org  string  `arg:"" help:"The organization, or its id."`
	Name *string `help:"What people are shown." placeholder:"WORDS"`
	Slug *string `help:"What commands call it." placeholder:"SLUG"`
}

// Run renames the organization.
func (c *orgRename) Run(ctx context.Context, out *console) error {
	if c.Name == nil && c.Slug == nil {
		return errors.New("say what it is called now: --name, --slug or both")
	}
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		if c.Name != nil {
			o.Name = strings.TrimSpace(*c.Name)
		}
		if c.Slug != nil {
			o.Slug = *c.Slug
		}
		if err := checkOrg(o); err != nil {
			return err
		}
		if err := updateOrg(ctx, st, o); err != nil {
			return err
		}
		return showOrg(p.Settings, o).write(out, c.JSON)
	})
}

type orgDelete struct {
	projectFlag
	Org string `arg:"" help:"The organization, or its id."`
	Yes bool   `help:"Do it."`
}

// Run deletes the organization.
func (c *orgDelete) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		if !c.Yes {
			return fmt.Errorf("%s (%s) would be gone for good, with its members and all that was allowed for it: add --yes", o.Slug, o.Name)
		}
		if err := st.DeleteOrganization(ctx, o.ID, time.Now()); err != nil {
			return err
		}
		return out.say("%s is deleted. Access tokens that servers check by themselves run out within %s.", o.Slug, project.Settings.Defaults().AccessLife)
	})
}

// updateOrg files a changed organization.
func updateOrg(ctx context.Context, st store.Organizations, o store.Organization) error {
	err := st.UpdateOrganization(ctx, o)
	switch {
	case errors.Is(err, store.ErrChanged):
		return fmt.Errorf("%s was changed by somebody else just now: nothing was done, run it again", o.Slug)
	case errors.Is(err, store.ErrExists):
		return fmt.Errorf("there is an organization %s already", o.Slug)
	}
	return err
}

// orgs lists all organizations, read a page at a time.
func orgs(ctx context.Context, st store.Organizations) ([]store.Organization, error) {
	var list []store.Organization
	for after := store.OrgID(""); ; {
		page, err := st.Organizations(ctx, after, pageSize)
		if err != nil {
			return nil, err
		}
		list = append(list, page...)
		if len(page) < pageSize {
			return list, nil
		}
		after = page[len(page)-1].ID
	}
}

// org finds an organization by its slug or else its id.
func org(ctx context.Context, st store.Organizations, name string) (store.Organization, error) {
	all, err := orgs(ctx, st)
	if err != nil {
		return store.Organization{}, err
	}
	for _, o := range all {
		if o.Slug == name {
			return o, nil
		}
	}
	for _, o := range all {
		if string(o.ID) == name {
			return o, nil
		}
	}
	return store.Organization{}, fmt.Errorf("there is no organization %q: authwright org list tells which there are", name)
}
