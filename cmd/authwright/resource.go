// resource.go: authwright resource manages the MCP servers that tokens are for.

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

type resourceCommand struct {
	Add    resourceAdd    `cmd:"" help:"Add an MCP server, or replace what is known of it."`
	List   resourceList   `cmd:"" help:"List the MCP servers."`
	Remove resourceRemove `cmd:"" help:"Remove an MCP server. Everything granted for it ends at once."`
}

type resourceAdd struct {
	projectFlag
	jsonFlag
	URI          string   `arg:"" help:"The address clients reach it at, such as https://todo.example.com/mcp."`
	Name         string   `required:"" help:"What people are shown."`
	Scope        []string `sep:"none" help:"A scope and what it lets an app do, in the words a person is asked: todo.read=See your to-dos. Repeat for several." placeholder:"SCOPE=WORDS"`
	Implies      []string `sep:"none" help:"A scope that includes another: todo.write=todo.read. Repeat for several." placeholder:"SCOPE=SCOPE"`
	Permission   []string `sep:"none" help:"What a person must hold by their roles to grant a scope: todo.write=todo:write,todo:read; they need all. Repeat for several." placeholder:"SCOPE=PERMISSION,…"`
	ForOrg       bool     `help:"People grant access to it for an organization they belong to, not for themselves."`
	DefaultScope []string `sep:"none" help:"Scope that is asked about when an app names none. Repeat for several." placeholder:"SCOPE"`
	Default      bool     `help:"It is the project's default: the one meant when an app names no resource."`
}

// Run files the resource.
func (r *resourceAdd) Run(ctx context.Context, out *console) error {
	added, err := r.resource()
	if err != nil {
		return err
	}
	return r.within(ctx, func(d *deployment, project store.Project, st store.Store) error {
		if err := st.PutResource(ctx, added); err != nil {
			return err
		}
		if err := warnUnheld(ctx, st, out, added); err != nil {
			return err
		}
		if r.Default {
			project.Settings.DefaultResource = added.URI
			if err := d.db.UpdateProject(ctx, project); err != nil {
				return err
			}
		}
		if r.JSON {
			return out.json(showResource(added, project.Settings.DefaultResource))
		}
		return out.say("%s is there. A running server notices within 15 seconds.", added.URI)
	})
}

// resource checks what was said and makes the record.
func (r *resourceAdd) resource() (store.Resource, error) {
	uri, err := canonicalResource(r.URI)
	if err != nil {
		return store.Resource{}, err
	}
	res := store.Resource{URI: uri, Name: strings.TrimSpace(r.Name), ForOrg: r.ForOrg}
	if res.Name == "" {
		return res, errors.New("--name: say what people are shown")
	}
	var wrong []error
	for _, one := range r.Scope {
		name, words, _ := strings.Cut(one, "=")
		if _, err := oauth.ParseScope(name); err != nil || name == "" || strings.Contains(name, " ") || strings.TrimSpace(words) == "" {
			wrong = append(wrong, fmt.Errorf("--scope %q: write SCOPE=WORDS, such as todo.read=See your to-dos", one))
			continue
		}
		if slices.ContainsFunc(res.Scopes, func(s store.ResourceScope) bool { return s.Name == name }) {
			wrong = append(wrong, fmt.Errorf("--scope %s: is there twice", name))
		}
		res.Scopes = append(res.Scopes, store.ResourceScope{Name: name, Description: strings.TrimSpace(words)})
	}
	wrong = append(wrong, r.imply(&res)...)
	wrong = append(wrong, r.permit(&res)...)
	for _, name := range r.DefaultScope {
		if scopeOf(&res, name) == nil {
			wrong = append(wrong, fmt.Errorf("--default-scope %s: name it with --scope as well", name))
		}
		res.Default = res.Default.Union(oauth.Scope{name})
	}
	return res, errors.Join(wrong...)
}

// imply writes down which scope includes which.
func (r *resourceAdd) imply(res *store.Resource) (wrong []error) {
	for _, one := range r.Implies {
		from, to, _ := strings.Cut(one, "=")
		whole := scopeOf(res, from)
		switch {
		case whole == nil || scopeOf(res, to) == nil || from == to:
			wrong = append(wrong, fmt.Errorf("--implies %q: write SCOPE=SCOPE, both named with --scope as well", one))
		case !slices.Contains(whole.Implies, to):
			whole.Implies = append(whole.Implies, to)
		}
	}
	return wrong
}

// permit writes down which permissions a scope needs.
func (r *resourceAdd) permit(res *store.Resource) (wrong []error) {
	for _, one := range r.Permission {
		name, permissions, _ := strings.Cut(one, "=")
		scope := scopeOf(res, name)
		if scope == nil || permissions == "" {
			wrong = append(wrong, fmt.Errorf("--permission %q: write SCOPE=PERMISSION,…, the scope named with --scope as well", one))
			continue
		}
		for _, permission := range strings.Split(permissions, ",") {
			switch {
			case !permissionName.MatchString(permission):
				wrong = append(wrong, fmt.Errorf("--permission %q: %w", one, badPermission(permission)))
			case !slices.Contains(scope.Permissions, permission):
				scope.Permissions = append(scope.Permissions, permission)
			}
		}
	}
	return wrong
}

// warnUnheld tells which permissions no role holds, so that nobody can grant what needs them.
func warnUnheld(ctx context.Context, st store.Organizations, out *console, res store.Resource) error {
	roles, err := st.Roles(ctx)
	if err != nil {
		return err
	}
	for _, scope := range res.Scopes {
		for _, permission := range scope.Permissions {
			if !slices.ContainsFunc(roles, func(r store.Role) bool { return slices.Contains(r.Permissions, permission) }) {
				out.warn("no role holds %s, so nobody can grant %s: authwright role put makes one", permission, scope.Name)
			}
		}
	}
	return nil
}

func scopeOf(res *store.Resource, name string) *store.ResourceScope {
	for i := range res.Scopes {
		if res.Scopes[i].Name == name {
			return &res.Scopes[i]
		}
	}
	return nil
}

// canonicalResource is the one form in which a resource is registered. Tokens travel to it, so it is https, or http
// on this machine (OAuth 2.1 §1.5).
func canonicalResource(uri string) (string, error) {
	canonical, err := oauth.ParseResource(uri)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(canonical)
	if err != nil || u.Scheme != "https" && (u.Scheme != "http" || !oauth.IsLoopbackHost(u.Hostname())) {
		return "", fmt.Errorf("%s: an MCP server is at an https address, or at an http address of this machine", uri)
	}
	return canonical, nil
}

// resource finds a resource by its URI in any spelling.
func resource(ctx context.Context, st store.Resources, uri string) (store.Resource, error) {
	canonical, err := oauth.ParseResource(uri)
	if err != nil {
		return store.Resource{}, err
	}
	all, err := st.Resources(ctx)
	if err != nil {
		return store.Resource{}, err
	}
	for _, r := range all {
		if r.URI == canonical {
			return r, nil
		}
	}
	return store.Resource{}, fmt.Errorf("there is no resource %s: authwright resource add makes one", canonical)
}

// shownResource is a resource as scripts read it.
type shownResource struct {
	URI          string                `json:"resource"`
	Name         string                `json:"name"`
	Scopes       []store.ResourceScope `json:"scopes,omitempty"`
	DefaultScope oauth.Scope           `json:"default_scope,omitempty"`
	Default      bool                  `json:"default,omitempty"`
	ForOrg       bool                  `json:"for_org,omitempty"`
}

func showResource(r store.Resource, chosen string) shownResource {
	return shownResource{r.URI, r.Name, r.Scopes, r.Default, r.URI == chosen, r.ForOrg}
}

type resourceList struct {
	projectFlag
	jsonFlag
}

// Run lists the resources.
func (r *resourceList) Run(ctx context.Context, out *console) error {
	return r.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		all, err := st.Resources(ctx)
		if err != nil {
			return err
		}
		list, rows := make([]shownResource, len(all)), make([][]string, len(all))
		for i, one := range all {
			list[i] = showResource(one, project.Settings.DefaultResource)
			var scopes []string
			for _, scope := range one.Scopes {
				scopes = append(scopes, scope.Name)
			}
			rows[i] = []string{one.URI, one.Name, strings.Join(scopes, " "), map[bool]string{true: "organizations", false: "people"}[one.ForOrg], map[bool]string{true: "default"}[list[i].Default]}
		}
		if r.JSON {
			return out.json(list)
		}
		return out.table([]string{"RESOURCE", "NAME", "SCOPES", "FOR", "DEFAULT"}, rows)
	})
}

type resourceRemove struct {
	projectFlag
	URI string `arg:""`
}

// Run removes the resource.
func (r *resourceRemove) Run(ctx context.Context, out *console) error {
	return r.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		gone, err := resource(ctx, st, r.URI)
		if err != nil {
			return err
		}
		if gone.URI == project.Settings.DefaultResource {
			return fmt.Errorf("%s is the project's default: authwright project set %s --default-resource changes that first", gone.URI, project.ID)
		}
		if err := st.DeleteResource(ctx, gone.URI, time.Now()); err != nil {
			return err
		}
		return out.say("%s is removed. A running server notices within 15 seconds.", gone.URI)
	})
}
