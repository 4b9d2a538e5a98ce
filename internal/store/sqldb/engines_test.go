package sqldb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/storetest"
	"github.com/authwright/authwright/oauth"
)

// TestEnginesAgree takes the same random steps on both engines. They must answer the same and end with the same rows.
func TestEnginesAgree(t *testing.T) {
	lite, post := open(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db")), open(t, storetest.Postgres(t))
	rapid.Check(t, func(r *rapid.T) {
		project := store.ProjectID(store.NewID(time.Now()))
		p := &pair{T: r, ctx: t.Context(), now: benchEpoch, stores: [2]store.Store{lite.For(project), post.For(project)}}
		r.Repeat(p.steps())
		p.compareAll()
	})
}

// pair is a project on both engines. Its names are few, so that steps meet.
type pair struct {
	*rapid.T
	ctx    context.Context
	now    time.Time
	stores [2]store.Store
}

// take takes one step on both engines and compares the answers. The errors are the three of the store, or none.
func (p *pair) take(what string, step func(s store.Store) (any, error)) {
	p.Helper()
	var answers [2]any
	var errs [2]error
	for i, s := range p.stores {
		answers[i], errs[i] = step(s)
		errs[i] = class(errs[i])
	}
	if errs[0] != errs[1] || !cmp.Equal(answers[0], answers[1]) {
		p.Fatalf("%s on SQLite = %v, on PostgreSQL = %v; -SQLite +PostgreSQL\n%s", what, errs[0], errs[1], cmp.Diff(answers[0], answers[1]))
	}
}

// do takes a step without an answer.
func (p *pair) do(what string, step func(s store.Store) error) {
	p.Helper()
	p.take(what, func(s store.Store) (any, error) { return nil, step(s) })
}

// class is the error without what it is wrapped in; a failure of the storage is one that no step here should meet.
func class(err error) error {
	for _, known := range []error{nil, store.ErrNotFound, store.ErrExists, store.ErrChanged} {
		if errors.Is(err, known) {
			return known
		}
	}
	panic(fmt.Sprintf("a failure of the storage: %v", err))
}

// one draws one of a few values.
func one[T any](p *pair, what string, values ...T) T {
	return rapid.SampledFrom(values).Draw(p.T, what)
}

func (p *pair) person() store.PersonID   { return one(p, "person", store.PersonID("ann"), "bob") }
func (p *pair) client() store.ClientID   { return one(p, "client", store.ClientID("app"), "web") }
func (p *pair) grant() store.GrantID     { return one(p, "grant", store.GrantID("g1"), "g2", "g3") }
func (p *pair) request() store.RequestID { return one(p, "request", store.RequestID("r1"), "r2") }
func (p *pair) browser() store.Digest {
	return store.DigestOf(one(p, "browser", "chrome", "chrome", "chrome", "safari"))
}
func (p *pair) login() store.Authentication {
	return store.Authentication{Person: p.person(), At: p.now.Add(-one(p, "ago", 0, time.Millisecond, time.Minute)), Methods: []string{"pwd"}}
}

func (p *pair) key() store.ConsentKey {
	return store.ConsentKey{Person: p.person(), Client: p.client(), RedirectHost: "app.example", Resource: "https://mcp.example"}
}

func (p *pair) newGrant() store.Grant {
	g := store.Grant{ID: p.grant(), Person: one(p, "person", store.PersonID("ann"), "bob", ""), Client: p.client(), Resource: "https://mcp.example",
		Scope: store.Scope{"read"}, RedirectURI: "https://app.example/cb", Challenge: "challenge", Nonce: one(p, "nonce", "", "\xff\x00"),
		AuthTime: p.now.Add(-one(p, "ago", 0, time.Minute)), Refreshable: one(p, "refreshable", true, true, false),
		CodeExpires: p.now.Add(time.Minute), CreatedAt: p.now, UsedAt: p.now, IdleUntil: p.now.Add(time.Hour), Expires: p.now.Add(5 * time.Hour)}
	g.Code = store.DigestOf(string(g.ID))
	return g
}

func (p *pair) newClient() store.Client {
	return store.Client{ID: p.client(), Origin: one(p, "origin", store.Registered, store.SelfRegister, store.Document), CreatedAt: p.now, FetchedAt: p.now,
		Version: one(p, "version", int64(1), 2), Disabled: one(p, "disabled", false, false, true),
		Metadata: oauth.ClientMetadata{ClientName: one(p, "name", "a", "b")}}
}

// steps are the steps to choose from. The time passes between them.
func (p *pair) steps() map[string]func(*rapid.T) {
	all := make(map[string]func(*rapid.T))
	for _, chapter := range []map[string]func(){p.requestSteps(), p.grantSteps(), p.clientSteps(), p.peopleSteps()} {
		for name, step := range chapter {
			all[name] = func(r *rapid.T) {
				p.T = r
				p.now = p.now.Add(one(p, "later", 0, time.Millisecond, time.Second, 31*time.Second, time.Minute, time.Hour, 25*time.Hour))
				step()
			}
		}
	}
	return all
}

func (p *pair) requestSteps() map[string]func() {
	ctx := p.ctx
	return map[string]func(){
		"OpenRequest": func() {
			r := store.Request{ID: p.request(), Browser: p.browser(), Client: p.client(), State: one(p, "state", "s", "\xff\x00"), CreatedAt: p.now, Expires: p.now.Add(time.Hour)}
			if one(p, "refused", true, false) {
				r.Refusal = oauth.Errorf(oauth.InvalidScope, "why")
			}
			p.do("OpenRequest", func(s store.Store) error { return s.OpenRequest(ctx, r) })
		},
		"SignInRequest": func() {
			id, browser, who := p.request(), p.browser(), p.login()
			p.do("SignInRequest", func(s store.Store) error { return s.SignInRequest(ctx, id, browser, who, p.now) })
		},
		"DecideRequest": func() {
			id, browser, key := p.request(), p.browser(), p.key()
			d := store.Decision{Verdict: one(p, "verdict", store.Allowed, store.Denied), Person: key.Person, Scope: store.Scope{"read"}}
			var remember *store.Consent
			if one(p, "remember", true, false) { // of a consent for another client, the engines' own errors are not compared
				r, err := p.stores[0].Request(ctx, id, p.now)
				if err == nil {
					key.Client = r.Client
				}
				remember = &store.Consent{ConsentKey: key, Scope: d.Scope}
			}
			p.do("DecideRequest", func(s store.Store) error { return s.DecideRequest(ctx, id, browser, d, remember, p.now) })
		},
		"CloseRequest": func() {
			id, browser, g := p.request(), p.browser(), p.newGrant()
			p.do("CloseRequest", func(s store.Store) error { return s.CloseRequest(ctx, id, browser, g, p.now) })
		},
		"DropRequest": func() {
			id, browser := p.request(), p.browser()
			p.do("DropRequest", func(s store.Store) error { return s.DropRequest(ctx, id, browser) })
		},
		"Request": func() {
			id := p.request()
			p.take("Request", func(s store.Store) (any, error) { return s.Request(ctx, id, p.now) })
		},
		"WithdrawConsent": func() {
			key := p.key()
			p.do("WithdrawConsent", func(s store.Store) error { return s.WithdrawConsent(ctx, key, store.EndedByPerson, p.now) })
		},
	}
}

func (p *pair) grantSteps() map[string]func() {
	ctx := p.ctx
	return map[string]func(){
		"FileGrant": func() {
			g := p.newGrant()
			p.do("FileGrant", func(s store.Store) error { return s.FileGrant(ctx, g) })
		},
		"SpendCode": func() {
			id := p.grant()
			use := store.CodeUse{Grant: id, Code: store.DigestOf(string(id)), Client: p.client(), ClientVersion: one(p, "version", int64(1), 2, 3),
				RedirectURI: "https://app.example/cb", Challenge: "challenge", Idle: time.Hour, Now: p.now}
			p.take("SpendCode", func(s store.Store) (any, error) { return s.SpendCode(ctx, use) })
		},
		"MissCode": func() {
			id := p.grant()
			p.do("MissCode", func(s store.Store) error { return s.MissCode(ctx, id, store.DigestOf(string(id))) })
		},
		"RotateGrant": func() {
			use := store.GrantUse{Grant: p.grant(), Client: p.client(), ClientVersion: one(p, "version", int64(1), 2, 3),
				Generation: one(p, "generation", int64(1), 2, 3), Grace: one(p, "grace", 30*time.Second, -1), Idle: time.Hour,
				Life: one(p, "life", 400*time.Hour, time.Minute), Facts: one(p, "facts", false, true), Now: p.now}
			p.take("RotateGrant", func(s store.Store) (any, error) { return s.RotateGrant(ctx, use) })
		},
		"LiveGrant": func() {
			id := p.grant()
			p.take("LiveGrant", func(s store.Store) (any, error) { return s.LiveGrant(ctx, id, p.now) })
		},
		"EndGrant": func() {
			id, reason := p.grant(), one(p, "reason", store.EndedByClient, store.EndedByReuse)
			p.do("EndGrant", func(s store.Store) error { return s.EndGrant(ctx, id, reason, p.now) })
		},
		"EndGrants": func() {
			f := store.GrantFilter{Person: one(p, "person", "", store.PersonID("ann")), Client: one(p, "client", "", store.ClientID("app")),
				Resource: one(p, "resource", "", "https://mcp.example", "https://other.example")}
			p.take("EndGrants", func(s store.Store) (any, error) { return s.EndGrants(ctx, f, store.EndedByPerson, p.now) })
		},
	}
}

func (p *pair) clientSteps() map[string]func() {
	ctx := p.ctx
	return map[string]func(){
		"CreateClient": func() {
			c := p.newClient()
			p.do("CreateClient", func(s store.Store) error { return s.CreateClient(ctx, c) })
		},
		"RegisterClient": func() {
			c, room := p.newClient(), one(p, "room", 0, 1, 2)
			p.take("RegisterClient", func(s store.Store) (any, error) { return s.RegisterClient(ctx, c, room) })
		},
		"PutDocument": func() {
			c := p.newClient()
			p.take("PutDocument", func(s store.Store) (any, error) { return s.PutDocument(ctx, c) })
		},
		"UpdateClient": func() {
			c := p.newClient()
			p.do("UpdateClient", func(s store.Store) error { return s.UpdateClient(ctx, c) })
		},
		"DeleteClient": func() {
			id := p.client()
			p.do("DeleteClient", func(s store.Store) error { return s.DeleteClient(ctx, id, p.now) })
		},
	}
}

func (p *pair) peopleSteps() map[string]func() {
	ctx := p.ctx
	return map[string]func(){
		"CreatePerson": func() {
			who := store.Person{ID: p.person(), Email: one(p, "email", "", "x@example.com"), CreatedAt: p.now}
			p.do("CreatePerson", func(s store.Store) error { return s.CreatePerson(ctx, who) })
		},
		"SetPassword": func() {
			id, end := p.person(), one(p, "grants too", true, false)
			p.do("SetPassword", func(s store.Store) error { return s.SetPassword(ctx, id, "hash", end, p.now) })
		},
		"SetPersonDisabled": func() {
			id, disabled := p.person(), one(p, "disabled", true, false, false)
			p.do("SetPersonDisabled", func(s store.Store) error { return s.SetPersonDisabled(ctx, id, disabled, p.now) })
		},
		"OpenSession": func() {
			n := store.Session{ID: store.DigestOf(one(p, "session", "s1", "s2")), Auth: p.login(), UsedAt: p.now, IdleUntil: p.now.Add(time.Hour), Expires: p.now.Add(30 * time.Hour)}
			replaces := store.DigestOf(one(p, "replaces", "s1", "s2", "s3"))
			p.do("OpenSession", func(s store.Store) error { return s.OpenSession(ctx, n, replaces) })
		},
		"Session": func() {
			id := store.DigestOf(one(p, "session", "s1", "s2"))
			p.take("Session", func(s store.Store) (any, error) {
				session, person, err := s.Session(ctx, id, 2*time.Hour, p.now)
				return []any{session, person}, err
			})
		},
		"CountFailure": func() {
			keys := []store.Digest{store.DigestOf(one(p, "key", "a", "b")), store.DigestOf("c")}
			p.do("CountFailure", func(s store.Store) error { return s.CountFailure(ctx, "", p.now, time.Hour, keys...) })
			p.take("Attempts", func(s store.Store) (any, error) { return s.Attempts(ctx, p.now, keys...) })
		},
	}
}

// compareAll reads every row there can be.
func (p *pair) compareAll() {
	ctx := p.ctx
	for _, id := range []store.GrantID{"g1", "g2", "g3"} {
		p.take("Grant", func(s store.Store) (any, error) { return s.Grant(ctx, id) })
	}
	for _, id := range []store.RequestID{"r1", "r2"} {
		p.take("Request", func(s store.Store) (any, error) { return s.Request(ctx, id, benchEpoch) })
	}
	for _, id := range []store.PersonID{"ann", "bob"} {
		p.take("Person", func(s store.Store) (any, error) { return s.Person(ctx, id) })
		p.take("ConsentsOf", func(s store.Store) (any, error) { return s.ConsentsOf(ctx, id) })
	}
	p.take("Connections", func(s store.Store) (any, error) {
		return s.Connections(ctx, store.ConnectionQuery{Limit: 100, Now: benchEpoch})
	})
	p.take("Clients", func(s store.Store) (any, error) { return s.Clients(ctx, "", 100) })
}
