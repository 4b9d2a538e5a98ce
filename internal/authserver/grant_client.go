// grant_client.go: grant_type=client_credentials (RFC 6749 §4.4): a program asks for itself. Nothing is stored.

package authserver

import (
	"context"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func (s *Server) clientCredentials(ctx context.Context, client clients.Client, form oauth.Params) (*oauth.TokenResponse, error) {
	if client.Public() {
		return nil, oauth.Errorf(oauth.UnauthorizedClient, "client_credentials is for clients that authenticate")
	}
	resource, err := s.resource(ctx, form.Get("resource"))
	if err != nil {
		return nil, err
	}
	wanted, err := oauth.ParseScope(form.Get("scope"))
	if err != nil {
		return nil, err
	}
	// No person stands behind the token, so it has what the operator gave this client and nothing more.
	offered := scopeNames(resource).Intersect(client.Scope)
	scope := narrow(offered, wanted)
	if len(scope) == 0 {
		return nil, oauth.Errorf(oauth.InvalidScope, "this client has no scope at %s", resource.URI)
	}
	grant := store.Grant{Client: client.ID, Resource: resource.URI}
	return s.issue(ctx, client.Client, &grant, scope)
}
