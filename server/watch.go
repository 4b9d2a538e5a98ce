// watch.go notices what another process changed about the projects: the command line, or another replica.

package server

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// watchEvery bounds how long a replica goes on with the settings that another process has changed.
const watchEvery = 15 * time.Second

// watch looks for changed and new projects until the context ends.
func (s *Server) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := s.Reload(ctx); err != nil && ctx.Err() == nil {
			s.config.Log.WarnContext(ctx, "going on with the projects read before", "error", err)
		}
	}
}

// Reload reads the projects and opens anew those that changed. Requests under way end with the settings they began
// with. A project that cannot be opened goes on as it was.
func (s *Server) Reload(ctx context.Context) error {
	all, err := s.db.Projects(ctx)
	if err != nil {
		return err
	}
	for _, record := range all {
		if !s.changed(record) {
			continue
		}
		if err := s.open(ctx, record); err != nil {
			s.config.Log.ErrorContext(ctx, "opening a changed project", "project", record.ID, "error", err)
			continue
		}
		s.config.Log.InfoContext(ctx, "a project was read anew", "project", record.ID)
	}
	return nil
}

// changed tells whether a project is not the one that is open. The issuer of an open project stays until a restart:
// tokens, cookies and clients are bound to it.
func (s *Server) changed(record store.Project) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	open := s.projects[record.ID]
	return open == nil || record.Issuer == open.issuer && (record.Name != open.record.Name || record.Settings != open.record.Settings)
}
