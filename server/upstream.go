// upstream.go: how a project asks other providers who somebody is.

package server

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
)

// A person waits for each call to a provider, and there are up to three in one request.
const (
	providerTimeout = 4 * time.Second
	providerAnswer  = 256 << 10 // bytes
)

func (s *Server) upstream(ctx context.Context, p *project, keyring keys.Config) (*upstream.Upstream, error) {
	key, err := keys.Secret(ctx, keyring, "journeys to providers")
	if err != nil {
		return nil, err
	}
	project := p.record.ID
	return &upstream.Upstream{
		Store: s.db.For(project), Issuer: p.issuer, Key: key, Now: s.config.Now,
		Call: &outbound.Operator{Timeout: providerTimeout, MaxBody: providerAnswer},
		Open: func(id store.ProviderID, sealed []byte) ([]byte, error) {
			return s.sealer.Open(upstream.SecretPlace(project, id), sealed)
		},
	}, nil
}
