// introspector.go: the clients as which the MCP servers of an embedding program ask about their tokens (RFC 7662 §2.1).

package clients

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// NewIntrospector is the client of a protected server that brings its secret along: it may ask about the tokens for that
// server, and nothing else.
func NewIntrospector(id store.ClientID, secret string, resource store.Resource, now time.Time) (store.Client, error) {
	if id == "" {
		return store.Client{}, errors.New("ClientID is missing")
	}
	c, _, err := NewRegistered(store.Client{
		ID: id, Introspects: []string{resource.URI},
		Metadata: oauth.ClientMetadata{ClientName: resource.Name, TokenEndpointAuthMethod: oauth.AuthClientSecretBasic},
	}, false, now)
	c.Secrets = []store.Digest{store.DigestOf(secret)}
	return c, err
}

// RenewIntrospector has the client that is there do what wanted does as well, and tells whether that is a change. The newest
// old secret stays live beside a new one: replicas are not started in one moment.
func RenewIntrospector(there, wanted store.Client) (store.Client, bool, error) {
	if there.Origin != store.Registered || len(there.Metadata.GrantTypes) > 0 || len(there.Secrets) == 0 {
		return there, false, fmt.Errorf("there is a client %s already that does more than introspect: choose another id", there.ID)
	}
	changed := false
	if secret := wanted.Secrets[0]; !slices.Contains(there.Secrets, secret) {
		there.Secrets, changed = []store.Digest{secret, there.Secrets[0]}, true
	}
	for _, resource := range wanted.Introspects {
		if !slices.Contains(there.Introspects, resource) {
			there.Introspects, changed = append(slices.Clone(there.Introspects), resource), true
		}
	}
	return there, changed, nil
}
