// role.go: authwright role manages roles: named sets of permissions.

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
)

type roleCommand struct {
	Put      rolePut      `cmd:"" help:"Add a role, or replace what it holds."`
	List     roleList     `cmd:"" help:"List the roles."`
	Delete   roleDelete   `cmd:"" help:"Delete a role. Members who have it hold nothing by it any more."`
	Assign   roleAssign   `cmd:"" help:"Say which roles somebody has in the project itself, for servers that are not for organizations."`
	Assigned roleAssigned `cmd:"" help:"List who has roles in the project itself."`
}

var (
	roleName       = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)
	permissionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.:/_-]{0,99}$`)
)

func badRole(name string) error {
	return fmt.Errorf("role %q: use at most 63 of a-z, 0-9, dot, dash and underscore", name)
}

func badPermission(name string) error {
	return fmt.Errorf("permission %q: use at most 100 of A-Z, a-z, 0-9 and .:/_-", name)
}

// shownRole is a role as scripts read it.
type shownRole struct {
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Permissions []string `json:"permissions"`
}

type rolePut struct {
	projectFlag
	Name        string   `arg:"" help:"Its name: a-z, 0-9, dot, dash and underscore."`
	Permission  []string `required:"" sep:"," help:"A permission it holds, in words of your own such as objectives:read. Repeat for several, or join them by commas." placeholder:"PERMISSION"`
	Description string   `help:"What it is for." placeholder:"WORDS"`
}

// Run files the role.
func (c *rolePut) Run(ctx context.Context, out *console) error {
	var wrong []error
	if !roleName.MatchString(c.Name) {
		wrong = append(wrong, badRole(c.Name))
	}
	for _, one := range c.Permission {
		if !permissionName.MatchString(one) {
			wrong = append(wrong, badPermission(one))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	slices.Sort(c.Permission)
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		role := store.Role{Name: c.Name, Description: strings.TrimSpace(c.Description), Permissions: slices.Compact(c.Permission)}
		if err := st.PutRole(ctx, role); err != nil {
			return err
		}
		return out.say("%s holds %s. A running server notices within 15 seconds.", role.Name, strings.Join(role.Permissions, ", "))
	})
}

type roleList struct {
	projectFlag
	jsonFlag
}

// Run lists the roles.
func (c *roleList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		all, err := st.Roles(ctx)
		if err != nil {
			return err
		}
		list, rows := make([]shownRole, len(all)), make([][]string, len(all))
		for i, r := range all {
			list[i] = shownRole{r.Name, r.Description, append([]string{}, r.Permissions...)}
			rows[i] = []string{r.Name, strings.Join(r.Permissions, " "), r.Description}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"ROLE", "PERMISSIONS", "DESCRIPTION"}, rows)
	})
}

type roleDelete struct {
	projectFlag
	Name string `arg:""`
}

// Run deletes the role.
func (c *roleDelete) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		err := st.DeleteRole(ctx, c.Name)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no role %q: authwright role list tells which there are", c.Name)
		}
		if err != nil {
			return err
		}
		return out.say("%s is deleted. A running server notices within 15 seconds.", c.Name)
	})
}

type roleAssign struct {
	projectFlag
	Who  string   `arg:"" help:"E-mail address or id of a person with an account."`
	Role []string `arg:"" optional:"" help:"Their roles from now on; none takes away what they have."`
}

// Run replaces the roles.
func (c *roleAssign) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := member(ctx, st, c.Who)
		if err != nil {
			return err
		}
		if len(c.Role) > 0 {
			err = putRoles(ctx, st, out, store.Membership{Person: p.ID, Roles: c.Role})
		} else if err = st.RemoveMember(ctx, "", p.ID, time.Now()); errors.Is(err, store.ErrNotFound) {
			err = nil // had none
		}
		if err != nil {
			return err
		}
		return out.say("%s has %s in the project itself.", p.Email, roleWords(c.Role))
	})
}

type roleAssigned struct {
	projectFlag
	jsonFlag
}

// Run lists who has roles.
func (c *roleAssigned) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		return writeMembers(ctx, st, out, "", c.JSON)
	})
}
