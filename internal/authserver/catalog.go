// catalog.go holds the project's resources and the documents made of them, so that static answers are bytes.

package authserver

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// catalogAge bounds how long a replica goes on with resources that another has changed.
const catalogAge = 15 * time.Second

// openIDScopes are offered at every resource.
var openIDScopes = oauth.Scope{oauth.ScopeOpenID, oauth.ScopeProfile, oauth.ScopeEmail, oauth.ScopeOfflineAccess}

// catalog is one reading of the resources; it never changes.
type catalog struct {
	at        time.Time
	resources map[string]store.Resource // by the form in which they are compared
	roles     []store.Role
	metadata  []byte
}

// Resources returns the project's resources by URI.
func (s *Server) Resources(ctx context.Context) ([]store.Resource, error) {
	c, err := s.readCatalog(ctx)
	if err != nil {
		return nil, err
	}
	list := make([]store.Resource, 0, len(c.resources))
	for _, r := range c.resources {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b store.Resource) int { return strings.Compare(a.URI, b.URI) })
	return list, nil
}

// readCatalog returns the reading in use, read anew when it is old. A database that does not answer leaves the old one in use.
func (s *Server) readCatalog(ctx context.Context) (*catalog, error) {
	now := s.Now()
	old := s.catalog.Load()
	if old != nil && now.Sub(old.at) < catalogAge {
		return old, nil
	}
	fresh, err := s.loadCatalog(ctx, now)
	switch {
	case err == nil:
		s.catalog.Store(fresh)
		return fresh, nil
	case old != nil:
		s.Log.WarnContext(ctx, "going on with the resources read before", "error", err)
		return old, nil
	}
	return nil, err
}

func (s *Server) loadCatalog(ctx context.Context, now time.Time) (*catalog, error) {
	list, err := s.Store.Resources(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the resources: %w", err)
	}
	roles, err := s.Store.Roles(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the roles: %w", err)
	}
	c := &catalog{at: now, resources: make(map[string]store.Resource, len(list)), roles: roles}
	var scopes oauth.Scope
	for _, r := range list {
		canonical, err := oauth.ParseResource(r.URI)
		if err != nil {
			return nil, fmt.Errorf("resource %s: %w", r.URI, err)
		}
		c.resources[canonical] = r
		scopes = scopes.Union(scopeNames(r))
	}
	if c.metadata, err = json.Marshal(s.describe(scopes.Union(openIDScopes))); err != nil {
		return nil, fmt.Errorf("encoding the metadata: %w", err)
	}
	return c, nil
}

func scopeNames(r store.Resource) oauth.Scope {
	names := make(oauth.Scope, len(r.Scopes))
	for i, scope := range r.Scopes {
		names[i] = scope.Name
	}
	return names
}

// resource finds the resource a request names; absent, it is the project's default (RFC 8707 §2).
func (s *Server) resource(ctx context.Context, param string) (store.Resource, error) {
	c, err := s.readCatalog(ctx)
	if err != nil {
		return store.Resource{}, err
	}
	if param == "" {
		param = s.settings.DefaultResource
	}
	if param == "" {
		return store.Resource{}, oauth.Errorf(oauth.InvalidTarget, "name the MCP server in the resource parameter: this project has no default")
	}
	canonical, err := oauth.ParseResource(param)
	if err != nil {
		return store.Resource{}, err
	}
	r, ok := c.resources[canonical]
	if !ok {
		return store.Resource{}, oauth.Errorf(oauth.InvalidTarget, "no such resource here: use the value of \"resource\" in the MCP server's protected resource metadata")
	}
	return r, nil
}
