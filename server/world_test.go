// world_test.go: a deployment for the tests: the real handler tree on SQLite, real keys and pages, a clock that only
// the test moves, and a database that can be told to fail at one step.

package server

import (
	"bytes"
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/oauth"
)

const (
	issuer      = "http://127.0.0.1:8080"
	host        = "127.0.0.1:8080"
	northIssuer = issuer + "/p/north"
	todo        = issuer + "/todo/mcp"
	okr         = issuer + "/okr/mcp"
	northTodo   = northIssuer + "/todo/mcp"

	password = "correct-horse-battery"

	siteSecret    = "site-secret-of-more-than-256-random-bits-we-say"
	backendSecret = "backend-secret-of-more-than-256-bits-we-say-too"
	watchSecret   = "watch-secret-of-more-than-256-random-bits-again"
)

// world is a deployment and what a test may do to it from outside the protocol.
type world struct {
	*Server
	handler http.Handler
	clock   *clock
	db      *breakable
	log     *journal
	mails   *mailbox
	file    string // of the database
}

// newWorld starts a deployment with the projects default and north and their people, clients and resources.
func newWorld(t testing.TB, edits ...func(*Config)) *world {
	t.Helper()
	file := sqldbtest.File(t)
	w := newWorldOn(t, "sqlite:"+file, edits...)
	w.file = file
	return w
}

// newWorldOn is newWorld on a database that is there.
func newWorldOn(t testing.TB, database string, edits ...func(*Config)) *world {
	t.Helper()
	w := &world{clock: &clock{now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}, log: &journal{}, mails: &mailbox{}}
	config := Config{
		Issuer: issuer, Database: database, Key: base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, keys.KEKSize)),
		LoopbackDocuments: true, Now: w.clock.Now, DeliverMail: w.mails.deliver,
		Log: slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, edit := range edits {
		edit(&config)
	}
	s, err := prepare(config)
	if err != nil {
		t.Fatalf("prepare() = %v", err)
	}
	db, err := sqldb.Open(t.Context(), s.config.Database)
	if err != nil {
		t.Fatal(err)
	}
	w.db = &breakable{Database: db, broken: make(map[string]bool)}
	if err := s.start(t.Context(), w.db); err != nil {
		t.Fatalf("start() = %v", err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	w.Server, w.handler = s, s.Handler()
	w.fill(t)
	return w
}

// fill makes what every test may rely on.
func (w *world) fill(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(w.db.UpdateProject(ctx, store.Project{ID: DefaultProject, Issuer: issuer, Name: "Default", Settings: store.Settings{DefaultResource: todo}}))
	must(w.db.CreateProject(ctx, store.Project{ID: "north", Issuer: northIssuer, Name: "North", Settings: store.Settings{DefaultResource: northTodo}, CreatedAt: w.clock.Now()}))
	for project, resources := range map[store.ProjectID][]string{DefaultProject: {todo, okr}, "north": {northTodo}} {
		st := w.db.For(project)
		for _, p := range people(t, w.clock.Now()) {
			must(st.CreatePerson(ctx, p))
		}
		for _, r := range resources {
			must(st.PutResource(ctx, resource(r)))
		}
		for _, c := range registeredClients(resources) {
			c.CreatedAt = w.clock.Now()
			must(st.CreateClient(ctx, c))
		}
	}
	w.employ(must)
	w.reopen()
}

// employ makes acme, where ada is admin and bob a member, and globex, where only bob is, and whose door is closed to
// clients that registered themselves.
func (w *world) employ(must func(error)) {
	ctx, st := context.Background(), w.db.For(DefaultProject)
	must(st.PutRole(ctx, store.Role{Name: "admin", Permissions: []string{"objectives:read", "objectives:write", policy.RunOrganization}}))
	must(st.PutRole(ctx, store.Role{Name: "member", Permissions: []string{"objectives:read"}}))
	must(st.CreateOrganization(ctx, store.Organization{ID: "acme", Slug: "acme", Name: "Acme"}))
	must(st.CreateOrganization(ctx, store.Organization{ID: "globex", Slug: "globex", Name: "Globex", Policy: store.ClientPolicy{
		SelfMade: store.ClientRule{Mode: store.RuleNone},
	}}))
	for _, m := range []store.Membership{
		{Org: "acme", Person: "per_ada", Roles: []string{"admin"}}, {Org: "acme", Person: "per_bob", Roles: []string{"member"}},
		{Org: "globex", Person: "per_bob", Roles: []string{"admin"}},
	} {
		must(st.PutMember(ctx, m))
	}
}

// reopen makes the server read its projects again.
func (w *world) reopen() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.projects, w.missing = make(map[store.ProjectID]*project), make(map[store.ProjectID]time.Time)
}

// opened is a project as the server has it.
func (w *world) opened(t *testing.T, id store.ProjectID) *project {
	t.Helper()
	p, err := w.find(t.Context(), id)
	if err != nil || p == nil {
		t.Fatalf("find(%s) = %v, %v, want a project", id, p, err)
	}
	return p
}

func resource(uri string) store.Resource {
	if uri == okr {
		return store.Resource{URI: uri, Name: "Objectives", ForOrg: true, Default: oauth.Scope{"okr.read"}, Scopes: []store.ResourceScope{
			{Name: "okr.read", Description: "See objectives", Permissions: []string{"objectives:read"}},
			{Name: "okr.write", Description: "Change objectives", Permissions: []string{"objectives:read", "objectives:write"}},
		}}
	}
	return store.Resource{URI: uri, Name: "To-do list", Default: oauth.Scope{"todo.read"}, Scopes: []store.ResourceScope{
		{Name: "todo.read", Description: "See your to-do items"}, {Name: "todo.write", Description: "Change your to-do items"},
	}}
}

// passwordHash is made once: it is slow by design.
var passwordHash = sync.OnceValues(func() (string, error) { return login.HashPassword(context.Background(), password) })

func people(t testing.TB, now time.Time) []store.Person {
	t.Helper()
	hash, err := passwordHash()
	if err != nil {
		t.Fatal(err)
	}
	return []store.Person{
		{ID: "per_ada", Name: "Ada Lovelace", Email: "ada@example.com", EmailVerified: true, Password: hash, CreatedAt: now},
		{ID: "per_bob", Name: "Bob Kahn", Email: "bob@example.com", Password: hash, CreatedAt: now},
	}
}

// registeredClients are the operator's: app is public on the person's machine, spa public on the web, site
// confidential on the web, backend a program without people, watch and lookout protected servers that introspect.
func registeredClients(resources []string) []store.Client {
	codes := []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
	return []store.Client{
		{ID: "app", Origin: store.Registered, Metadata: oauth.ClientMetadata{
			ClientName: "App", RedirectURIs: []string{"http://127.0.0.1/callback", "com.example.app:/callback"}, GrantTypes: codes, TokenEndpointAuthMethod: oauth.AuthNone,
		}},
		{ID: "spa", Origin: store.Registered, Metadata: oauth.ClientMetadata{
			ClientName: "Spa", RedirectURIs: []string{"https://spa.example/callback"}, TokenEndpointAuthMethod: oauth.AuthNone,
		}},
		{ID: "site", Origin: store.Registered, Secrets: []store.Digest{store.DigestOf(siteSecret)}, Metadata: oauth.ClientMetadata{
			ClientName: "Site", RedirectURIs: []string{"https://site.example/callback"}, GrantTypes: codes, TokenEndpointAuthMethod: oauth.AuthClientSecretPost,
		}},
		{ID: "backend", Origin: store.Registered, Secrets: []store.Digest{store.DigestOf(backendSecret)}, Scope: oauth.Scope{"todo.read"}, Metadata: oauth.ClientMetadata{
			ClientName: "Backend", GrantTypes: []string{oauth.GrantClientCredentials}, TokenEndpointAuthMethod: oauth.AuthClientSecretBasic,
		}},
		{ID: "watch", Origin: store.Registered, Secrets: []store.Digest{store.DigestOf(watchSecret)}, Introspects: resources[:1], Metadata: oauth.ClientMetadata{
			ClientName: "Watch", GrantTypes: []string{oauth.GrantClientCredentials}, TokenEndpointAuthMethod: oauth.AuthClientSecretBasic,
		}},
		{ID: "lookout", Origin: store.Registered, Secrets: []store.Digest{store.DigestOf(watchSecret)}, Introspects: []string{okr}, Metadata: oauth.ClientMetadata{
			ClientName: "Lookout", GrantTypes: []string{oauth.GrantClientCredentials}, TokenEndpointAuthMethod: oauth.AuthClientSecretBasic,
		}},
	}
}

// clock stands still until a test moves it.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Move(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// mailbox keeps what was mailed.
type mailbox struct {
	mu  sync.Mutex
	got []Mail
}

func (m *mailbox) deliver(_ context.Context, one Mail) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.got = append(m.got, one)
	return nil
}

// take empties the mailbox.
func (m *mailbox) take() []Mail {
	m.mu.Lock()
	defer m.mu.Unlock()
	got := m.got
	m.got = nil
	return got
}

// journal collects what is logged.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
