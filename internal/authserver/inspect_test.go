package authserver

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/oauth"
)

const testIssuer = "https://auth.example.com"

// newServer is the server of a project on SQLite with real keys.
func newServer(t *testing.T) *Server {
	t.Helper()
	db := sqldbtest.Open(t)
	sealer, err := keys.NewSealer(bytes.Repeat([]byte{1}, keys.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC) }
	project := store.Project{ID: "p", Issuer: testIssuer, Settings: store.Settings{}.Defaults()}
	ring, err := keys.Open(t.Context(), keys.Config{Store: db.For("p"), Sealer: sealer, Project: "p", Alg: oauth.ES256, Longest: time.Hour, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	directory := &clients.Directory{Store: db.For("p"), Now: now}
	return New(Config{Project: project, Store: db.For("p"), Clients: directory, Keys: ring, RefreshKey: bytes.Repeat([]byte{1}, 32), Now: now, Log: slog.New(slog.DiscardHandler)})
}

// TestAnAccessTokenIsOneOfThisIssuer signs claims with the right key and takes one member away at a time: what is not
// there is never taken for granted (threat I6).
func TestAnAccessTokenIsOneOfThisIssuer(t *testing.T) {
	s := newServer(t)
	now := s.Now().Unix()
	for _, tt := range []struct {
		name   string
		change func(map[string]any)
		typ    string
		ok     bool
	}{
		{"all is there", func(map[string]any) {}, oauth.TypeAccessToken, true},
		{"another type", func(map[string]any) {}, oauth.TypeIDToken, false},
		{"another issuer", func(c map[string]any) { c["iss"] = testIssuer + "/p/north" }, oauth.TypeAccessToken, false},
		{"the issuer with a slash", func(c map[string]any) { c["iss"] = testIssuer + "/" }, oauth.TypeAccessToken, false},
		{"no issuer", func(c map[string]any) { delete(c, "iss") }, oauth.TypeAccessToken, false},
		{"no end", func(c map[string]any) { delete(c, "exp") }, oauth.TypeAccessToken, false},
		{"over", func(c map[string]any) { c["exp"] = now }, oauth.TypeAccessToken, false},
		{"no audience", func(c map[string]any) { delete(c, "aud") }, oauth.TypeAccessToken, false},
		{"an empty audience", func(c map[string]any) { c["aud"] = []string{} }, oauth.TypeAccessToken, false},
		{"no id", func(c map[string]any) { delete(c, "jti") }, oauth.TypeAccessToken, false},
		{"no client", func(c map[string]any) { delete(c, "client_id") }, oauth.TypeAccessToken, false},
		{"no beginning", func(c map[string]any) { delete(c, "iat") }, oauth.TypeAccessToken, false},
		{"the end as text", func(c map[string]any) { c["exp"] = "4102444800" }, oauth.TypeAccessToken, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			claims := map[string]any{
				"iss": testIssuer, "sub": "per_1", "aud": "https://mcp.example.com", "exp": now + 60, "iat": now, "jti": "g.1", "client_id": "c",
			}
			tt.change(claims)
			payload, err := json.Marshal(claims)
			if err != nil {
				t.Fatal(err)
			}
			token, err := s.Keys.Sign(t.Context(), tt.typ, payload)
			if err != nil {
				t.Fatal(err)
			}
			for _, time := range []string{"first", "second"} { // the second from memory
				if _, err := s.accessToken(t.Context(), token); (err == nil) != tt.ok {
					t.Errorf("accessToken(%s) the %s time = %v, want ok %v", payload, time, err, tt.ok)
				}
			}
		})
	}
}

// TestATokenCountsForTheGrantItNames puts the grant's client and person beside the token's.
func TestATokenCountsForTheGrantItNames(t *testing.T) {
	s := newServer(t)
	ctx, now := t.Context(), s.Now()
	for _, id := range []store.PersonID{"per_1", "per_2"} {
		if err := s.Store.CreatePerson(ctx, store.Person{ID: id, Email: string(id) + "@example.com", CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []store.ClientID{"c1", "c2"} {
		if err := s.Store.CreateClient(ctx, store.Client{ID: id, Origin: store.Registered, CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
	}
	mcp := store.Resource{URI: "https://mcp.example.com", Scopes: []store.ResourceScope{{Name: "a"}, {Name: "b"}}}
	if err := s.Store.PutResource(ctx, mcp); err != nil {
		t.Fatal(err)
	}
	row := &store.Request{Client: "c1", Resource: mcp.URI, Scope: oauth.Scope{"a", "b"}, Auth: store.Authentication{Person: "per_1", At: now}}
	grant, _ := s.newGrant(row, clients.Client{Client: store.Client{ID: "c1"}})
	if err := s.Store.FileGrant(ctx, grant); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, client, person string
		want                 bool
	}{
		{"client and person fit", "c1", "per_1", true},
		{"another client", "c2", "per_1", false},
		{"another person", "c1", "per_2", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			claims := &oauth.Claims{ClientID: tt.client, Subject: tt.person, JWTID: newTokenID(grant.ID), Scope: "a", IssuedAt: oauth.Date(now)}
			if got, err := s.alive(ctx, "token", claims); got.Has("a") != tt.want || err != nil {
				t.Errorf("alive(%s, %s) = %q, %v, want a: %v", tt.client, tt.person, got, err, tt.want)
			}
		})
	}
}

// TestAGrantHasWhatThePersonAllowed gives less than was asked.
func TestAGrantHasWhatThePersonAllowed(t *testing.T) {
	s := newServer(t)
	row := &store.Request{Scope: oauth.Scope{"read", "write"}, Decision: store.Decision{Verdict: store.Allowed, Scope: oauth.Scope{"admin", "read"}}}
	grant, _ := s.newGrant(row, clients.Client{})
	if got := grant.Scope.String(); got != "read" {
		t.Errorf("newGrant(asked for read write, allowed admin read).Scope = %q, want %q", got, "read")
	}
	row.Decision = store.Decision{}
	if grant, _ = s.newGrant(row, clients.Client{}); grant.Scope.String() != "read write" {
		t.Errorf("newGrant(allowed before).Scope = %q, want what was asked", grant.Scope)
	}
}

func TestVerifiedTokensAreBounded(t *testing.T) {
	var v verifiedTokens
	for i := range 3 * verifiedTokensMax {
		v.put(store.DigestOf(string(rune(i))), &oauth.Claims{})
	}
	if n := len(v.young) + len(v.old); n > 2*verifiedTokensMax {
		t.Errorf("%d tokens are remembered, want at most %d", n, 2*verifiedTokensMax)
	}
}
