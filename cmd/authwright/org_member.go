// org_member.go: authwright org member manages who belongs to an organization, and as what.

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
)

type memberCommand struct {
	Add    memberAdd    `cmd:"" help:"Make somebody a member, or replace the roles they have."`
	Remove memberRemove `cmd:"" help:"End a membership. What they allowed for the organization ends at once."`
	List   memberList   `cmd:"" help:"List an organization's members and their roles."`
}

type memberAdd struct {
	projectFlag
	Org  string   `arg:"" help:"The organization, or its id."`
	Who  string   `arg:"" help:"E-mail address or id of a person with an account."`
	Role []string `sep:"none" help:"What they are there. Repeat for several; without any they can grant nothing that needs a permission." placeholder:"ROLE"`
}

// Run makes the member.
func (c *memberAdd) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		p, err := member(ctx, st, c.Who)
		if err != nil {
			return err
		}
		if err := putRoles(ctx, st, out, store.Membership{Org: o.ID, Person: p.ID, Roles: c.Role}); err != nil {
			return err
		}
		return out.say("%s is a member of %s: %s.", p.Email, o.Slug, roleWords(c.Role))
	})
}

type memberRemove struct {
	projectFlag
	Org string `arg:"" help:"The organization, or its id."`
	Who string `arg:"" help:"E-mail address or id."`
}

// Run ends the membership.
func (c *memberRemove) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		p, err := member(ctx, st, c.Who)
		if err != nil {
			return err
		}
		err = st.RemoveMember(ctx, o.ID, p.ID, time.Now())
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s is no member of %s", p.Email, o.Slug)
		}
		if err != nil {
			return err
		}
		return out.say("%s is out of %s. Access tokens that servers check by themselves run out within %s.", p.Email, o.Slug, project.Settings.Defaults().AccessLife)
	})
}

type memberList struct {
	projectFlag
	jsonFlag
	Org string `arg:"" help:"The organization, or its id."`
}

// Run lists the members.
func (c *memberList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		return writeMembers(ctx, st, out, o.ID, c.JSON)
	})
}

// shownMember is a membership as scripts read it.
type shownMember struct {
	Person store.PersonID `json:"person"`
	Email  string         `json:"email"`
	Roles  []string       `json:"roles"`
	Since  time.Time      `json:"since"`
}

// writeMembers shows who belongs to an organization; "" is the project itself.
func writeMembers(ctx context.Context, st store.Store, out *console, id store.OrgID, asJSON bool) error {
	list, rows := []shownMember{}, [][]string{}
	for after := store.PersonID(""); ; {
		page, err := st.Members(ctx, id, after, pageSize)
		if err != nil {
			return err
		}
		for _, m := range page {
			after = m.Person
			p, err := st.Person(ctx, m.Person)
			if err != nil {
				return fmt.Errorf("reading member %s: %w", m.Person, err)
			}
			list = append(list, shownMember{p.ID, p.Email, append([]string{}, m.Roles...), m.CreatedAt})
			rows = append(rows, []string{p.Email, roleWords(m.Roles), day(m.CreatedAt), string(p.ID)})
		}
		if len(page) < pageSize {
			break
		}
	}
	if asJSON {
		return out.json(list)
	}
	return out.table([]string{"EMAIL", "ROLES", "SINCE", "ID"}, rows)
}

// putRoles files a membership, and warns of roles that there are not.
func putRoles(ctx context.Context, st store.Organizations, out *console, m store.Membership) error {
	roles, err := st.Roles(ctx)
	if err != nil {
		return err
	}
	if err := checkRoles(out, roles, m.Roles); err != nil {
		return err
	}
	m.CreatedAt = time.Now()
	return st.PutMember(ctx, m)
}

// checkRoles refuses what no role can be called, and warns of roles that there are not.
func checkRoles(out *console, roles []store.Role, names []string) error {
	for _, name := range names {
		if !roleName.MatchString(name) {
			return badRole(name)
		}
		if !slices.ContainsFunc(roles, func(r store.Role) bool { return r.Name == name }) {
			out.warn("there is no role %s: it holds nothing until authwright role put makes it", name)
		}
	}
	return nil
}

func roleWords(roles []string) string {
	if len(roles) == 0 {
		return "no role"
	}
	return strings.Join(roles, ", ")
}

// member finds an account by its address or its id.
func member(ctx context.Context, st store.People, who string) (store.Person, error) {
	if strings.Contains(who, "@") {
		return person(ctx, st, who)
	}
	p, err := st.Person(ctx, store.PersonID(who))
	if errors.Is(err, store.ErrNotFound) {
		return p, fmt.Errorf("nobody has the id %q: authwright user list tells who there is", who)
	}
	return p, err
}
