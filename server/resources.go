// resources.go: the MCP servers that an embedding program says it has (RFC 8707 §2).

package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Resource is an MCP server that tokens are for, and the words in which people are asked about it.
type Resource struct {
	// URL is where clients reach it, written as in authwright.Config.Resource.
	URL  string
	Name string
	// Scopes are what may be asked for; Default names those that count when a client asks for none.
	Scopes  []Scope
	Default []string
	// Introspection lets the server ask whether a token still counts, so that a revocation is felt within seconds: give the same
	// to authwright.Config. The client is filed at every start with this secret, of at least 20 characters, and may do nothing
	// else. Of the replicas of a program all have the same.
	Introspection *authwright.Introspection
}

// Scope is one permission: its name in tokens and what it lets an app do, such as "See your to-dos".
type Scope struct {
	Name, Description string
	Implies           []string // scopes it includes
}

// checkResources says what is wrong with the resources.
func (c Config) checkResources(add func(field, format string, args ...any)) {
	for _, r := range c.Resources {
		if canonical, err := oauth.ParseResource(r.URL); err != nil || canonical != r.URL {
			add("resources", "%q must be an absolute URL in lower case, without fragment and trailing slash", r.URL)
		}
		if strings.TrimSpace(r.Name) == "" {
			add("resources", "%s needs a name to show people", r.URL)
		}
		if err := checkIntrospection(r); err != nil {
			add("resources", "%s: Introspection: %v", r.URL, err)
		}
		var names []string
		for _, scope := range r.Scopes {
			parsed, err := oauth.ParseScope(scope.Name)
			if err != nil || len(parsed) != 1 || parsed[0] != scope.Name || slices.Contains(names, scope.Name) || strings.TrimSpace(scope.Description) == "" {
				add("resources", "%s: %q must be one scope, there once, with a description", r.URL, scope.Name)
			}
			names = append(names, scope.Name)
		}
		for _, scope := range r.Scopes {
			for _, name := range scope.Implies {
				if !slices.Contains(names, name) || name == scope.Name {
					add("resources", "%s: %s implies %q, which is not another of its scopes", r.URL, scope.Name, name)
				}
			}
		}
		for _, name := range r.Default {
			if !slices.Contains(names, name) {
				add("resources", "%s: the default %q is not one of its scopes", r.URL, name)
			}
		}
	}
}

// putResources files the resources of the configuration in the default project. The first is what a client means that
// names none, unless the operator chose another.
func (s *Server) putResources(ctx context.Context, project store.Project) (store.Project, error) {
	st := s.db.For(project.ID)
	for _, r := range s.config.Resources {
		record := store.Resource{URI: r.URL, Name: r.Name, Default: r.Default}
		for _, scope := range r.Scopes {
			record.Scopes = append(record.Scopes, store.ResourceScope{Name: scope.Name, Description: scope.Description, Implies: scope.Implies})
		}
		if err := st.PutResource(ctx, record); err != nil {
			return project, fmt.Errorf("filing the resource %s: %w", r.URL, err)
		}
		if err := s.putIntrospector(ctx, st, r.Introspection, record); err != nil {
			return project, fmt.Errorf("letting %s introspect: %w", r.URL, err)
		}
	}
	if len(s.config.Resources) == 0 || project.Settings.DefaultResource != "" {
		return project, nil
	}
	project.Settings.DefaultResource = s.config.Resources[0].URL
	if err := s.db.UpdateProject(ctx, project); err != nil {
		return project, fmt.Errorf("setting the default resource: %w", err)
	}
	return project, nil
}
