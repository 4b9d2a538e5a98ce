package authwright_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

func TestASessionIsItsOwners(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer)
	h := r.Protect(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if id := req.Header.Get("Mcp-Session-Id"); id != "" {
			fmt.Fprint(w, "session ", id)
			return
		}
		w.Header().Set("Mcp-Session-Id", "s.1")
		w.WriteHeader(http.StatusOK)
	}))
	token := func(options ...authwrighttest.Option) string {
		return "Authorization: Bearer " + issuer.Token(serverURL, append(options, authwrighttest.Scope("todo.read"))...)
	}
	initialize := `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`
	id := send(h, "POST", "/todo/mcp", initialize, token()).Header().Get("Mcp-Session-Id")
	if !strings.HasPrefix(id, "s.1.") {
		t.Fatalf("session id = %q, want it sealed", id)
	}
	restarted := protect(t, issuer).Protect(reached)
	for _, tt := range []struct {
		name    string
		h       http.Handler
		headers []string
		want    int
	}{
		{"its owner", h, []string{token(), "Mcp-Session-Id: " + id}, 200},
		{"its owner with a refreshed token", h, []string{token(authwrighttest.Claim("jti", "other")), "Mcp-Session-Id: " + id}, 200},
		{"another person", h, []string{token(authwrighttest.Subject("per_bob")), "Mcp-Session-Id: " + id}, 404},
		{"another client of the person", h, []string{token(authwrighttest.Client("other")), "Mcp-Session-Id: " + id}, 404},
		{"another organization of the person", h, []string{token(authwrighttest.Org("acme")), "Mcp-Session-Id: " + id}, 404},
		{"the server's own id", h, []string{token(), "Mcp-Session-Id: s.1"}, 404},
		{"an id that was never given", h, []string{token(), "Mcp-Session-Id: s.2" + id[3:]}, 404},
		{"the id cut short", h, []string{token(), "Mcp-Session-Id: " + id[:len(id)-1]}, 404},
		{"an empty id", h, []string{token(), "Mcp-Session-Id: "}, 404},
		{"two ids", h, []string{token(), "Mcp-Session-Id: " + id, "Mcp-Session-Id: " + id}, 404},
		{"after a restart", restarted, []string{token(), "Mcp-Session-Id: " + id}, 404},
	} {
		w := send(tt.h, "GET", "/todo/mcp", "", tt.headers...)
		if w.Code != tt.want {
			t.Errorf("%s: GET = %d %s, want %d", tt.name, w.Code, w.Body, tt.want)
		}
		if want := "session s.1"; w.Code == 200 && w.Body.String() != want {
			t.Errorf("%s: the handler saw %q, want %q", tt.name, w.Body, want)
		}
	}
}

func TestReplicasWithOneKeyShareSessions(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	key := func(c *authwright.Config) { c.SessionKey = []byte("thirty-two bytes for the session") }
	gives := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Mcp-Session-Id", "s"); fmt.Fprint(w) })
	raw := "Authorization: Bearer " + issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	id := send(protect(t, issuer, key).Protect(gives), "GET", "/todo/mcp", "", raw).Header().Get("Mcp-Session-Id")
	if w := send(protect(t, issuer, key).Protect(reached), "GET", "/todo/mcp", "", raw, "Mcp-Session-Id: "+id); w.Code != 200 {
		t.Errorf("GET at the other replica = %d, want 200", w.Code)
	}
}
