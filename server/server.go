// Package server tells what is running: it puts the rooms together and says which address leads where.
//
// A Go program embeds the whole authorization server with
//
//	s, err := server.New(ctx, server.Config{Issuer: …, Database: …, KeyFile: …})
//	s.Mount(http.DefaultServeMux)
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/setup"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
	"github.com/authwright/authwright/internal/trust"
)

// Server is a deployment: every project of one database.
type Server struct {
	config    Config
	base      *url.URL
	db        store.Database
	sealer    *keys.Sealer
	strangers *outbound.Strangers
	limits    *clients.Limits // of self-registration; nil for none
	mail      *mail.Queue     // nil where no mail can be sent
	trust     *trust.Verifier
	stop      context.CancelFunc
	working   sync.WaitGroup // in the background
	draining  atomic.Bool
	setup     *setup.Setup // of the default project

	mu       sync.RWMutex
	projects map[store.ProjectID]*project
	missing  map[store.ProjectID]time.Time // when it was last looked for in vain
}

// New opens the database, makes the default project when there is none, and gets everything ready to answer.
// Close it when done.
func New(ctx context.Context, c Config) (*Server, error) {
	s, err := prepare(c)
	if err != nil {
		return nil, err
	}
	db, err := sqldb.Open(ctx, c.Database)
	if err != nil {
		s.closeMail()
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	if err := s.start(ctx, db); err != nil {
		s.closeMail()
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// prepare makes of the configuration what needs no database.
func prepare(c Config) (*Server, error) {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.LookupTXT == nil {
		c.LookupTXT = net.DefaultResolver.LookupTXT
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("the configuration is not usable:\n%w", err)
	}
	base, err := url.Parse(c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	kek, err := c.LoadKey()
	if err != nil {
		return nil, err
	}
	sealer, err := keys.NewSealer(kek)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: c, base: base, sealer: sealer,
		strangers: &outbound.Strangers{Loopback: c.LoopbackDocuments, Networks: c.PrivateNetworks},
		projects:  make(map[store.ProjectID]*project), missing: make(map[store.ProjectID]time.Time),
	}
	s.trust = &trust.Verifier{Now: c.Now, Keys: &trust.KeySets{
		Now: c.Now, Fetch: &outbound.Operator{Timeout: 5 * time.Second, MaxBody: trust.MaxKeySet},
	}}
	if s.mail, err = c.mailQueue(); err != nil {
		return nil, err
	}
	if !c.UnlimitedRegistration {
		s.limits = &clients.Limits{}
	}
	return s, nil
}

// start opens the projects of the database and begins what goes on in the background.
func (s *Server) start(ctx context.Context, db store.Database) error {
	s.db = db
	ctx = store.By(ctx, store.Act{Actor: store.Actor{Kind: store.BySystem}, Now: s.config.Now})
	if err := s.openProjects(ctx); err != nil {
		return err
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.working.Go(func() { s.sweep(background) })
	s.working.Go(func() { s.watch(background) })
	s.working.Go(func() { s.recheckDomains(background) })
	return nil
}

var errDraining = errors.New("the server is about to stop")

// DefaultProject is the project whose issuer is the deployment's own base URL.
const DefaultProject store.ProjectID = "default"

// CreateDefaultProject makes the default project of a database that has none.
func CreateDefaultProject(ctx context.Context, db store.Database, issuer string, now time.Time) error {
	base, err := url.Parse(issuer)
	if err != nil {
		return fmt.Errorf("issuer: %w", err)
	}
	err = db.CreateProject(ctx, store.Project{ID: DefaultProject, Issuer: issuer, Name: base.Host, CreatedAt: now})
	if err != nil && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("making the default project: %w", err)
	}
	return nil
}

// openProjects reads the projects and makes the default one at the first start.
func (s *Server) openProjects(ctx context.Context) error {
	if err := CreateDefaultProject(ctx, s.db, s.config.Issuer, s.config.Now()); err != nil {
		return err
	}
	all, err := s.db.Projects(ctx)
	if err != nil {
		return fmt.Errorf("reading the projects: %w", err)
	}
	for _, p := range all {
		if p.ID == DefaultProject {
			if p, err = s.putResources(ctx, p); err != nil {
				return err
			}
		}
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

// SetupLink is the address at which the first operator is made, once and within an hour, or "" when there is an
// operator. It is a secret: show it to who started the program and to nobody else.
func (s *Server) SetupLink(ctx context.Context) (string, error) {
	has, err := s.setup.Store.HasOperator(ctx)
	if err != nil || has {
		return "", err
	}
	return s.setup.Link(), nil
}

// Drain makes the server say that it is not ready, because it is about to stop. It goes on answering.
func (s *Server) Drain() { s.draining.Store(true) }

// Ready tells whether the server can serve: its database answers and it is not about to stop.
func (s *Server) Ready(ctx context.Context) error {
	if s.draining.Load() {
		return errDraining
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	return s.db.Ping(ctx)
}

// Close sends the mail that waits, ends background work and closes the database, after the steps under way.
func (s *Server) Close() error {
	s.closeMail()
	s.stop()
	s.working.Wait()
	return s.db.Close()
}

func (s *Server) closeMail() {
	if s.mail != nil {
		s.mail.Close()
	}
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

// projectOf finds the project a path belongs to, and the rest of the path under its issuer; nil when it belongs to none.
func (s *Server) projectOf(ctx context.Context, path string) (*project, string, error) {
	path, ok := strings.CutPrefix(path, s.base.Path)
	if !ok {
		return nil, "", nil
	}
	id, rest := DefaultProject, path
	issuer := s.config.Issuer
	if after, named := strings.CutPrefix(path, "/p/"); named {
		name, _, _ := strings.Cut(after, "/")
		id, rest, issuer = store.ProjectID(name), after[len(name):], issuer+"/p/"+name
	}
	p, err := s.find(ctx, id)
	if err != nil || p == nil || p.issuer != issuer { // a project answers under its issuer and under no other name
		return nil, "", err
	}
	return p, rest, nil
}
