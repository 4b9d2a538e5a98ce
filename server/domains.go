// domains.go looks every day whether the domains of organizations are still theirs.

package server

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/domains"
)

// recheckEvery is how often those that are due are looked for. Replicas that look at once do no harm.
const recheckEvery = 10 * time.Minute

// recheckDomains looks at the domains of all projects until the context ends.
func (s *Server) recheckDomains(ctx context.Context) {
	tick := time.NewTicker(recheckEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		all, err := s.db.Projects(ctx)
		if err != nil {
			s.config.Log.WarnContext(ctx, "checking the domains of organizations", "error", err)
			continue
		}
		for _, p := range all {
			err := domains.Recheck(ctx, s.db.For(p.ID), s.config.LookupTXT, s.config.Now())
			if err != nil && ctx.Err() == nil {
				s.config.Log.WarnContext(ctx, "checking the domains of organizations", "project", p.ID, "error", err)
			}
		}
	}
}
