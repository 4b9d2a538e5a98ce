// entitle.go asks the policy again: at every code, refresh and introspection what is granted is what was consented
// and asked for, as far as the client may have it, the person may grant it and the organization lets the client in.

package authserver

import (
	"context"
	"errors"

	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// entitled is the part of a grant's scope that still holds, by the standing that was read with the grant. It shrinks
// when a role is taken away and comes back with it; it is never more than the person agreed to. Nothing is left when
// the organization lets the client in no more.
func (s *Server) entitled(ctx context.Context, g *store.Grant, client store.Client) (oauth.Scope, error) {
	if s.shutOut(g, client) {
		return nil, nil
	}
	c, err := s.readCatalog(ctx)
	if err != nil {
		return nil, err
	}
	resource, ok := c.resourceOf(g.Resource)
	if !ok {
		return nil, nil // the server was taken out of the project
	}
	exists := g.Scope.Intersect(scopeNames(resource).Union(openIDScopes))
	may, _ := policy.Split(exists, resource, policy.HeldBy(c.roles, g.Standing.Roles))
	return ceiling(client.Scope, may), nil
}

// resourceOf finds a resource by its registered form.
func (c *catalog) resourceOf(uri string) (store.Resource, bool) {
	canonical, err := oauth.ParseResource(uri)
	if err != nil {
		return store.Resource{}, false
	}
	r, ok := c.resources[canonical]
	return r, ok
}

// shutOut tells whether the grant's organization lets the client in no more.
func (s *Server) shutOut(g *store.Grant, client store.Client) bool {
	return g.Org != "" && policy.Admit(s.settings, g.Standing.Policy, client) != policy.Admitted
}

// hold is entitled for a grant that is being used: nothing left is an error. A grant of which nothing is left because
// the organization lets the client in no more is ended, before the client is told.
func (s *Server) hold(ctx context.Context, g *store.Grant, client store.Client) (oauth.Scope, error) {
	scope, err := s.entitled(ctx, g, client)
	switch {
	case err != nil:
		return nil, err
	case len(scope) > 0:
		return scope, nil
	case s.shutOut(g, client):
		if err := s.Store.EndGrant(ctx, g.ID, store.EndedByPolicy, s.Now()); err != nil {
			return nil, err
		}
	}
	return nil, oauth.Errorf(oauth.InvalidGrant, "nothing is left of what was granted: authorize again")
}

// remembered finds an earlier consent for what the person may grant of the request, and returns the request as it would
// be granted then. There is none while the person has an organization to choose.
func (s *Server) remembered(ctx context.Context, r store.Request, known store.Client) (*store.Consent, store.Request, error) {
	c, err := s.readCatalog(ctx)
	if err != nil {
		return nil, r, err
	}
	resource, _ := c.resourceOf(r.Resource)
	org, roles, err := s.place(ctx, r.Auth.Person, resource, known)
	if errors.Is(err, errChoose) {
		return nil, r, nil
	}
	if err != nil {
		return nil, r, err
	}
	r.Decision.Org = org
	if r.Scope, _ = policy.Split(r.Scope, resource, policy.HeldBy(c.roles, roles)); len(r.Scope) == 0 {
		return nil, r, nil // the person is told why
	}
	consent, err := s.Store.Consent(ctx, store.ConsentKey{
		Person: r.Auth.Person, Client: r.Client, RedirectHost: r.RedirectURI.Host(), Resource: r.Resource, Org: org,
	})
	if err != nil {
		return nil, r, unlessNotFound(err)
	}
	return &consent, r, nil
}

// errChoose means that only the person can say for which organization, or that there is none.
var errChoose = errors.New("the organization is not settled")

// place is where the grant would belong, and the person's roles there: the project itself, or the one organization
// the person belongs to, if it lets the client in.
func (s *Server) place(ctx context.Context, person store.PersonID, r store.Resource, known store.Client) (store.OrgID, []string, error) {
	if !r.ForOrg {
		if !policy.NeedsRoles(r) {
			return "", nil, nil
		}
		member, err := s.Store.Member(ctx, "", person)
		return "", member.Roles, unlessNotFound(err)
	}
	mine, err := s.Store.OrganizationsOf(ctx, person)
	switch {
	case err != nil:
		return "", nil, err
	case len(mine) != 1 || policy.Admit(s.settings, mine[0].Policy, known) != policy.Admitted:
		return "", nil, errChoose
	}
	return mine[0].ID, mine[0].Roles, nil
}
