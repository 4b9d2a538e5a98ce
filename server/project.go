// project.go puts the rooms of one project together.

package server

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/account"
	"github.com/authwright/authwright/internal/authserver"
	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/consent"
	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/setup"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
)

// project is one issuer, ready to answer.
type project struct {
	record   store.Project // as it was read
	issuer   string
	site     *pages.Site
	metadata *endpoint
	routes   map[string]*endpoint // by the path under the issuer
}

// find returns an open project, or opens one that was made since; nil when there is none. What is not there is
// looked for in the database at most every few seconds.
func (s *Server) find(ctx context.Context, id store.ProjectID) (*project, error) {
	s.mu.RLock()
	p, missed := s.projects[id], s.missing[id]
	s.mu.RUnlock()
	now := s.config.Now()
	if p != nil || len(id) > 64 || now.Sub(missed) < missingFor {
		return p, nil
	}
	all, err := s.db.Projects(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for project %s: %w", id, err)
	}
	for _, one := range all {
		if one.ID == id {
			if err := s.open(ctx, one); err != nil {
				return nil, fmt.Errorf("opening project %s: %w", id, err)
			}
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.projects[id] == nil {
		if len(s.missing) > 1000 {
			clear(s.missing)
		}
		s.missing[id] = now
	}
	return s.projects[id], nil
}

const missingFor = 5 * time.Second

// open makes a project ready and files it.
func (s *Server) open(ctx context.Context, record store.Project) error {
	asRead := record
	record.Settings = record.Settings.Defaults()
	if record.ID == DefaultProject && s.config.Title != "" {
		record.Name = s.config.Title
	}
	st := s.db.For(record.ID)
	keyring := keys.Config{
		Store: st, Sealer: s.sealer, Project: record.ID, Alg: record.Settings.SigningAlg,
		Longest: record.Settings.AccessLife, Now: s.config.Now,
	}
	ring, err := keys.Open(ctx, keyring)
	if err != nil {
		return err
	}
	refreshKey, err := keys.Secret(ctx, keyring, "refresh tokens")
	if err != nil {
		return err
	}
	foldKey, err := keys.Secret(ctx, keyring, "client ids")
	if err != nil {
		return err
	}
	codeKey, err := keys.Secret(ctx, keyring, "mailed codes")
	if err != nil {
		return err
	}
	path, err := issuerPath(record.Issuer)
	if err != nil {
		return err
	}
	directory := &clients.Directory{
		Store: st, Settings: record.Settings, FoldKey: foldKey, Limits: s.limits, Now: s.config.Now,
		Documents: &clients.Documents{Fetch: s.strangers, Known: clients.WellKnown()},
	}
	site := &pages.Site{Name: record.Name, Base: path, Look: pages.Look(s.config.Pages), Log: s.config.Log}
	jar := browser.NewJar(record.Issuer)
	jar.Still = s.still(record.ID)
	core := authserver.New(authserver.Config{
		Project: record, Store: st, Clients: directory, Keys: ring, RefreshKey: refreshKey, Jar: jar, Site: site,
		ClientAddr: s.clientAddr, Now: s.config.Now, Log: s.config.Log,
	})
	p := &project{
		record: asRead, issuer: record.Issuer, site: site, routes: make(map[string]*endpoint),
		metadata: &endpoint{methods: map[string]http.Handler{http.MethodGet: core.Metadata()}, shared: true},
	}
	for _, route := range core.Routes() {
		p.add(route.Method, route.Path, route.Handler)
	}
	providers, err := s.upstream(ctx, p, keyring)
	if err != nil {
		return err
	}
	s.addPeoplesPages(p, st, directory, core, providers, codeKey, jar)
	if record.ID == DefaultProject {
		if err := s.addSetup(ctx, p, keyring, jar); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.projects[record.ID] = p
	return nil
}

// addPeoplesPages files what people visit: login, consent, account.
func (s *Server) addPeoplesPages(p *project, st store.Store, directory *clients.Directory, core *authserver.Server, providers *upstream.Upstream, codeKey []byte, jar browser.Jar) {
	settings := p.record.Settings.Defaults()
	door := &login.Login{
		Store: st, Settings: settings, Site: p.site, Jar: jar, Issuer: p.issuer, Now: s.config.Now,
		ClientAddr: s.clientAddr, Log: s.config.Log, Mail: s.mail, CodeKey: codeKey, Passkeys: s.passkeys(p, st), Trust: s.trust,
		Upstream: providers,
		Sealer:   s.sealer, Project: p.record.ID,
	}
	mails := s.mail != nil
	if s.embedded(p.record.ID) {
		mails, settings.NoPassword = false, true // whatever is about addresses and passwords is the program's
		door.Settings, door.Mail, door.Program = s.config.Login.settings(settings), nil, s.program()
		if door.Program.SignedIn != nil {
			door.Passkeys, door.Upstream = nil, nil
		}
	}
	p.addPages(door.Routes())
	office := &organizations.Office{
		Store: st, Settings: settings, Mail: s.mail, Site: p.site.Name, Issuer: p.issuer, Now: s.config.Now, Log: s.config.Log,
	}
	door.Office = office
	p.addPages((&consent.Consent{
		Store: st, Settings: settings, Clients: directory.Lookup, Resources: core.Resources, Known: clients.WellKnown(),
		Office: office, Site: p.site, Jar: jar, Issuer: p.issuer, Now: s.config.Now, Log: s.config.Log,
	}).Routes())
	p.addPages((&account.Account{
		Store: st, Settings: settings, Resources: core.Resources, Login: door, Office: office, Site: p.site, Jar: jar, Issuer: p.issuer,
		Now: s.config.Now, Log: s.config.Log, Mails: mails, Passkeys: door.Passkeys,
	}).Routes())
}

// passkeys are those of a project; nil where it has none, or where browsers would make none.
func (s *Server) passkeys(p *project, st store.Store) *passkey.Party {
	if !p.record.Settings.Passkeys {
		return nil
	}
	party, err := passkey.New(st, p.issuer, p.record.Settings.PasskeyDomain, s.config.Now)
	if err != nil {
		s.config.Log.Warn("people cannot use passkeys", "project", p.record.ID, "error", err)
		return nil
	}
	return party
}

// addSetup files the page that makes the first operator.
func (s *Server) addSetup(ctx context.Context, p *project, keyring keys.Config, jar browser.Jar) error {
	key, err := keys.Secret(ctx, keyring, "first operator")
	if err != nil {
		return err
	}
	page := &setup.Setup{
		Store: s.db.For(DefaultProject), Site: p.site, Jar: jar, Issuer: p.issuer, Key: key, Now: s.config.Now, Log: s.config.Log,
	}
	if s.setup == nil { // not again: SetupLink reads it, and nothing of it that could change is in a link
		s.setup = page
	}
	p.addPages(page.Routes())
	return nil
}

func issuerPath(issuer string) (string, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return "", fmt.Errorf("issuer %q: %w", issuer, err)
	}
	return u.Path, nil
}

// add files a handler under a method and a path of the issuer.
func (p *project) add(method, path string, h http.Handler) {
	e := p.routes[path]
	if e == nil {
		e = &endpoint{methods: make(map[string]http.Handler), shared: sharedPaths[path], ends: endingPaths[path]}
		p.routes[path] = e
	}
	e.methods[method] = h
}

// addPages files what people visit. A form posted by another site is refused before anything reads it, but at the one
// door that is for another site's form.
func (p *project) addPages(routes map[string]pages.Handler) {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.site.WriteError(w, r, pages.Stale())
	}))
	for pattern, h := range routes {
		method, path, _ := strings.Cut(pattern, " ")
		page := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := h(w, r); err != nil {
				p.site.WriteError(w, r, err)
			}
		}))
		if pattern != login.TrustedDoor {
			page = csrf.Handler(page)
		}
		p.add(method, path, page)
	}
}
