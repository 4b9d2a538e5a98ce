// connections.go: which apps are connected, seen by the person, by an organization or by the operator.

package store

import (
	"context"
	"time"
)

// Connection is a consent and what came of it.
type Connection struct {
	Consent
	UsedAt  time.Time // when a grant under it last gave tokens, as far as grants are kept; zero if none did
	Devices int       // live grants under it: each is one place where the app is connected
}

// ConnectionQuery selects connections. An empty Person, Client or Org selects all.
type ConnectionQuery struct {
	Person PersonID
	Client ClientID
	Org    OrgID
	After  ConsentKey // the last one read; zero to begin
	Limit  int
	Now    time.Time // tells which grants are live
}

// Connections are the consents with the grants under them.
type Connections interface {
	// Connections lists at most Limit of those that fit, by person, client, redirect host, resource and organization.
	Connections(ctx context.Context, q ConnectionQuery) ([]Connection, error)
}

// EveryConnection reads all that fit, a page at a time.
func EveryConnection(ctx context.Context, s Connections, q ConnectionQuery) (all []Connection, err error) {
	const page = 500
	for q.Limit = page; ; {
		got, err := s.Connections(ctx, q)
		if err != nil {
			return nil, err
		}
		all = append(all, got...)
		if len(got) < page {
			return all, nil
		}
		q.After = got[page-1].ConsentKey
	}
}
