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
// the grant fits no more.
func (s *Server) entitled(ctx context.Context, g *store.Grant, client store.Client) (oauth.Scope, error) {
	if s.misfit(g, client) {
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

// misfit tells whether the grant would not be given any more, whatever its scope: its organization lets the client in no
// more, it is older than such a client's grants get, or it was given without asking to a client that has to ask now.
func (s *Server) misfit(g *store.Grant, client store.Client) bool {
	return s.shutOut(g, client) || !s.Now().Before(s.settings.LivesOf(client).End(*g)) || g.Presumed && !policy.MaySkipConsent(client)
}

// shutOut tells whether the grant's organization lets the client in no more.
func (s *Server) shutOut(g *store.Grant, client store.Client) bool {
	return g.Org != "" && policy.Admit(s.settings, g.Standing.Policy, client) != policy.Admitted
}

// hold is entitled for a grant that is being used: nothing left is an error. A grant that fits no more
// is ended, before the client is told.
func (s *Server) hold(ctx context.Context, g *store.Grant, client store.Client) (oauth.Scope, error) {
	scope, err := s.entitled(ctx, g, client)
	switch {
	case err != nil:
		return nil, err
	case len(scope) > 0:
		return scope, nil
	case s.misfit(g, client):
		if err := s.Store.EndGrant(ctx, g.ID, store.EndedByPolicy, s.Now()); err != nil {
			return nil, err
		}
	}
	return nil, oauth.Errorf(oauth.InvalidGrant, "nothing is left of what was granted: authorize again")
}

// settle returns the request as it would be granted without asking anything: for the one place there is, with what the
// person may grant there. It is not ok while only the person can say for which organization, or when nothing is theirs
// to give.
func (s *Server) settle(ctx context.Context, r store.Request, known store.Client) (_ store.Request, ok bool, err error) {
	c, err := s.readCatalog(ctx)
	if err != nil {
		return r, false, err
	}
	resource, _ := c.resourceOf(r.Resource)
	org, roles, err := s.place(ctx, r.Auth.Person, resource, known)
	if errors.Is(err, errChoose) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	r.Decision.Org = org
	r.Scope, _ = policy.Split(r.Scope, resource, policy.HeldBy(c.roles, roles))
	return r, len(r.Scope) > 0, nil // when nothing is left, the person is told why
}

// remembered finds an earlier consent for a settled request; nil when there is none.
func (s *Server) remembered(ctx context.Context, settled *store.Request) (*store.Consent, error) {
	consent, err := s.Store.Consent(ctx, consentKey(settled))
	if err != nil {
		return nil, unlessNotFound(err)
	}
	return &consent, nil
}

// consentKey names the consent that answers a settled request.
func consentKey(settled *store.Request) store.ConsentKey {
	return store.ConsentKey{
		Person: settled.Auth.Person, Client: settled.Client, RedirectHost: settled.RedirectURI.Host(), Resource: settled.Resource,
		Org: settled.Decision.Org,
	}
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
