// Package server tells what is running: it puts the rooms together and says which address leads where.
//
// A Go program embeds the whole authorization server with
//
//	s, err := server.New(ctx, server.Config{Issuer: …, Database: …, KeyFile: …})
//	http.Handle("/", s.Handler())
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
)

// Server is a deployment: every project of one database.
type Server struct {
	config    Config
	base      *url.URL
	db        store.Database
	sealer    *keys.Sealer
	strangers *outbound.Strangers
	csrf      *http.CrossOriginProtection
	stop      context.CancelFunc
	sweeping  sync.WaitGroup

	mu       sync.RWMutex
	projects map[store.ProjectID]*project
	missing  map[store.ProjectID]time.Time // when it was last looked for in vain
}

// New opens the database, makes the default project when there is none, and gets everything ready to answer.
// Close it when done.
func New(ctx context.Context, c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	base, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	kek, err := c.loadKEK()
	if err != nil {
		return nil, err
	}
	sealer, err := keys.NewSealer(kek)
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, c.Database)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	s := &Server{
		config: c, base: base, db: db, sealer: sealer, csrf: http.NewCrossOriginProtection(),
		strangers: &outbound.Strangers{Loopback: c.LoopbackDocuments, Networks: c.PrivateNetworks},
		projects:  make(map[store.ProjectID]*project), missing: make(map[store.ProjectID]time.Time),
	}
	if err := s.openProjects(ctx); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	sweep, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.sweeping.Go(func() { s.sweep(sweep) })
	return s, nil
}

// DefaultProject is the project whose issuer is the deployment's own base URL.
const DefaultProject store.ProjectID = "default"

// openProjects reads the projects and makes the default one at the first start.
func (s *Server) openProjects(ctx context.Context) error {
	err := s.db.CreateProject(ctx, store.Project{
		ID: DefaultProject, Issuer: s.config.Issuer, Name: s.base.Host, CreatedAt: s.config.Now(),
	})
	if err != nil && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("making the default project: %w", err)
	}
	all, err := s.db.Projects(ctx)
	if err != nil {
		return fmt.Errorf("reading the projects: %w", err)
	}
	for _, p := range all {
		if err := s.open(ctx, p); err != nil {
			return fmt.Errorf("opening project %s: %w", p.ID, err)
		}
	}
	if s.projects[DefaultProject].issuer != s.config.Issuer {
		return fmt.Errorf("this database belongs to the issuer %s, the configuration says %s: tokens and clients are bound to the issuer, so it cannot change",
			s.projects[DefaultProject].issuer, s.config.Issuer)
	}
	return nil
}

// Ready tells whether the server can serve: its database answers.
func (s *Server) Ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.db.Ping(ctx)
}

// Close ends background work and closes the database, after the steps under way.
func (s *Server) Close() error {
	s.stop()
	s.sweeping.Wait()
	return s.db.Close()
}

const (
	sweepEvery = time.Minute
	sweepBatch = 500 // rows of each kind at a time, so that nobody waits for it
)

// sweep deletes what is over, a little at a time.
func (s *Server) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for deleted := sweepBatch; deleted >= sweepBatch && ctx.Err() == nil; {
			var err error
			if deleted, err = s.db.Sweep(ctx, s.config.Now(), sweepBatch); err != nil {
				s.config.Log.WarnContext(ctx, "sweeping what is over", "error", err)
				break
			}
		}
	}
}

// clientAddr is the address a request comes from.
func (s *Server) clientAddr(r *http.Request) netip.Addr {
	return addrOf(s.config.TrustedProxies, r.RemoteAddr, r.Header.Values("X-Forwarded-For"))
}

// projectOf finds the project a path belongs to, and the rest of the path under its issuer.
func (s *Server) projectOf(ctx context.Context, path string) (*project, string) {
	path, ok := strings.CutPrefix(path, s.base.Path)
	if !ok {
		return nil, ""
	}
	id, rest := DefaultProject, path
	if after, named := strings.CutPrefix(path, "/p/"); named {
		name, tail, more := strings.Cut(after, "/")
		id, rest = store.ProjectID(name), tail
		if more {
			rest = "/" + tail
		}
	}
	return s.find(ctx, id), rest
}
