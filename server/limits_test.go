// limits_test.go: what a stranger may send, in bytes and in number (threats A13, G3), and what an address may be.

package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authwright/authwright/oauth"
)

func TestBodiesAndParametersAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := func(path, body string) *http.Request {
		return newRequest(http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body)
	}
	credentials := "grant_type=client_credentials&client_id=nobody"
	fill := func(to int) string { return credentials + "&x=" + strings.Repeat("x", to-len(credentials)-len("&x=")) }
	parameters := func(n int) string {
		var b strings.Builder
		b.WriteString(credentials)
		for i := range n - 2 {
			b.WriteString("&x" + strings.Repeat("y", i) + "=1")
		}
		return b.String()
	}
	registration := func(size int) string {
		head := `{"redirect_uris":["https://s.example/cb"],"x":"`
		return head + strings.Repeat("x", size-len(head)-2) + `"}`
	}
	for _, tt := range []struct {
		name    string
		request *http.Request
		want    int
		code    string
	}{
		{"a form of 32 KiB is read", form("/token", fill(oauth.MaxBody)), 401, "invalid_client"},
		{"a form one byte larger is not", form("/token", fill(oauth.MaxBody+1)), 400, "invalid_request"},
		{"100 parameters are read", form("/token", parameters(100)), 401, "invalid_client"},
		{"101 are not", form("/token", parameters(101)), 400, "invalid_request"},
		{"a large form is not read at /revoke", form("/revoke", fill(oauth.MaxBody+1)), 400, "invalid_request"},
		{"a large form is not read at /introspect", form("/introspect", fill(oauth.MaxBody+1)), 400, "invalid_request"},
		{"a large form is not read at /login", form("/login", fill(oauth.MaxBody+1)), 403, ""},
		{"a large form is not read at /consent", form("/consent", fill(oauth.MaxBody+1)), 403, ""},
		{"a large form is not read at /authorize", form("/authorize", fill(oauth.MaxBody+1)), 400, ""},
		{"a registration of 32 KiB is read", newRequest("POST", "/register", http.Header{"Content-Type": {"application/json"}}, registration(oauth.MaxBody)), 201, ""},
		{"a registration one byte larger is not", newRequest("POST", "/register", http.Header{"Content-Type": {"application/json"}}, registration(oauth.MaxBody+1)), 400, "invalid_request"},
		{"101 parameters in a query are not read", newRequest("GET", "/authorize?"+parameters(101), http.Header{"Accept": {"application/json"}}, ""), 400, "invalid_request"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, tt.request)
			if rec.Code != tt.want || tt.code != "" && !strings.Contains(rec.Body.String(), `"error":"`+tt.code+`"`) {
				t.Errorf("%s %s = %d %s, want %d %s", tt.request.Method, tt.request.URL.Path, rec.Code, rec.Body, tt.want, tt.code)
			}
			if location := rec.Header().Get("Location"); location != "" {
				t.Errorf("%s %s leads to %s, want nowhere", tt.request.Method, tt.request.URL.Path, location)
			}
		})
	}
}

// TestAPanicIsOneRequestsOnly makes a handler panic.
func TestAPanicIsOneRequestsOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, _, err := w.projectOf(t.Context(), "/token")
	if err != nil {
		t.Fatal(err)
	}
	p.add(http.MethodGet, "/panic", http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret cause") }))
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, newRequest(http.MethodGet, "/panic", nil, ""))
	if rec.Code != http.StatusInternalServerError || strings.Contains(rec.Body.String(), "secret cause") {
		t.Errorf("GET /panic = %d %s, want 500 without the cause", rec.Code, rec.Body)
	}
	if !strings.Contains(w.log.String(), "a secret cause") {
		t.Error("the operator does not hear of the panic")
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	get := func(path string) int {
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, newRequest(http.MethodGet, path, nil, ""))
		return rec.Code
	}
	for _, path := range []string{"/readyz", "/jwks"} {
		if got := get(path); got != http.StatusOK {
			t.Errorf("GET %s = %d, want 200", path, got)
		}
	}
	if err := w.db.Close(); err != nil {
		t.Fatal(err)
	}
	if got := get("/readyz"); got != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz without a database = %d, want 503", got)
	}
	for path, want := range map[string]int{
		"/healthz": http.StatusOK,
		"/jwks":    http.StatusOK,
		"/.well-known/oauth-authorization-server":         http.StatusServiceUnavailable, // never read so far
		"/.well-known/oauth-authorization-server/p/north": http.StatusServiceUnavailable, // not known to be absent
		"/p/north/jwks": http.StatusServiceUnavailable,
		"/p/north":      http.StatusServiceUnavailable,
	} {
		if got := get(path); got != want {
			t.Errorf("GET %s without a database = %d, want %d", path, got, want)
		}
	}
}
