package authwright_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

func TestPagesOfOtherOrigins(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer, func(c *authwright.Config) {
		c.AllowedOrigins = []string{"https://app.example", "http://localhost:*"}
	}).Protect(reached)
	raw := "Authorization: Bearer " + issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	for _, tt := range []struct {
		origin  string
		allowed bool
	}{
		{"", true},
		{"https://mcp.example.com", true},
		{"https://app.example", true},
		{"http://localhost", true},
		{"http://localhost:6274", true},
		{"https://evil.example", false},
		{"http://app.example", false},
		{"https://app.example:8443", false},
		{"https://app.example.evil.example", false},
		{"http://localhost.evil.example", false},
		{"http://localhost:", false},
		{"http://localhost:6274.evil.example", false},
		{"http://localhost:123456", false},
		{"https://localhost:6274", false},
		{"http://127.0.0.1:6274", false},
		{"HTTPS://APP.EXAMPLE", false},
		{"null", false},
	} {
		headers := []string{raw}
		if tt.origin != "" {
			headers = append(headers, "Origin: "+tt.origin)
		}
		for _, headers := range [][]string{headers, headers[1:]} { // with a token and without
			w := send(h, "POST", "/todo/mcp", toolCall("list_items"), headers...)
			if allowed := w.Code != 403; allowed != tt.allowed {
				t.Errorf("POST with %q = %d, want allowed %v", headers, w.Code, tt.allowed)
			}
			want := tt.origin
			if !tt.allowed {
				want = ""
			}
			if got := w.Header().Get("Access-Control-Allow-Origin"); got != want {
				t.Errorf("POST with %q: Access-Control-Allow-Origin = %q, want %q", headers, got, want)
			}
			if want != "" && !strings.Contains(w.Header().Get("Access-Control-Expose-Headers"), "WWW-Authenticate, Mcp-Session-Id") {
				t.Errorf("POST with %q does not expose the challenge", headers)
			}
		}
	}
	if w := send(h, "POST", "/todo/mcp", toolCall("list_items"), raw, "Origin: https://app.example", "Origin: https://evil.example"); w.Code != 403 {
		t.Errorf("POST with two origins = %d, want 403", w.Code)
	}
	all := protect(t, issuer, func(c *authwright.Config) { c.AllowedOrigins = []string{"*"} }).Protect(reached)
	if w := send(all, "POST", "/todo/mcp", toolCall("list_items"), raw, "Origin: null"); w.Code != 200 {
		t.Errorf("POST from a null origin where all are allowed = %d, want 200", w.Code)
	}
}

func TestAPreflightIsAnsweredWithoutAToken(t *testing.T) {
	h := protect(t, authwrighttest.New(issuerURL)).Protect(reached)
	w := send(h, "OPTIONS", "/todo/mcp", "", "Origin: https://mcp.example.com", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
	if w.Code != http.StatusNoContent {
		t.Errorf("preflight = %d, want 204", w.Code)
	}
	allowed := strings.ToLower(w.Header().Get("Access-Control-Allow-Headers"))
	for _, name := range []string{"authorization", "content-type", "dpop", "mcp-protocol-version", "mcp-session-id", "last-event-id", "mcp-method", "mcp-name"} {
		if !slices.Contains(strings.Split(allowed, ", "), name) {
			t.Errorf("preflight does not allow the header %s: %s", name, allowed)
		}
	}
	if w := send(h, "OPTIONS", "/todo/mcp", "", "Origin: https://evil.example", "Access-Control-Request-Method: POST"); w.Code != 403 {
		t.Errorf("preflight of another origin = %d, want 403", w.Code)
	}
}

func TestAnotherHostIsMisdirected(t *testing.T) {
	h := protect(t, authwrighttest.New(issuerURL)).CheckHost(http.NotFoundHandler(), "inside.example:8080")
	for host, want := range map[string]int{
		"mcp.example.com": 404, "MCP.example.com": 404, "inside.example:8080": 404,
		"evil.example": 421, "mcp.example.com:8080": 421, "mcp.example.com.evil.example": 421, "": 421,
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("GET with Host %q = %d, want %d", host, w.Code, want)
		}
	}
}
