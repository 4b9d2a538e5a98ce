package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// mounted is a server on a mux whose other addresses are the program's own.
func mounted(t *testing.T, issuer string) http.Handler {
	t.Helper()
	dir := t.TempDir()
	s, err := New(t.Context(), Config{
		Issuer: issuer, Database: "sqlite:" + filepath.Join(dir, "authwright.db"), KeyFile: filepath.Join(dir, "kek"), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	mux := http.NewServeMux()
	mux.HandleFunc("/app/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if s.base.Path != "" {
		mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	}
	s.Mount(mux)
	return mux
}

func TestMountLeavesTheProgramWhatIsNotUnderTheIssuer(t *testing.T) {
	const host = "https://app.example.com"
	for _, tt := range []struct {
		issuer, path string
		status       int
		says         string
	}{
		{host, "/login", 200, "Sign in"},
		{host, "/.well-known/oauth-authorization-server", 200, `"issuer":"https://app.example.com"`},
		{host, "/.well-known/oauth-authorization-server/p/none", 404, "not_found"},
		{host, "/p/none/login", 404, "not_found"},
		{host, "/app/", 418, ""},
		{host + "/auth", "/auth/login", 200, "Sign in"},
		{host + "/auth", "/.well-known/oauth-authorization-server/auth", 200, `"issuer":"https://app.example.com/auth"`},
		{host + "/auth", "/.well-known/openid-configuration/auth", 200, `"issuer":"https://app.example.com/auth"`},
		{host + "/auth", "/auth/.well-known/openid-configuration", 200, `"issuer":"https://app.example.com/auth"`},
		{host + "/auth", "/.well-known/oauth-authorization-server/auth/p/none", 404, "not_found"},
		{host + "/auth", "/auth", 404, "not_found"},
		{host + "/auth", "/auth/readyz", 200, "ok"},
		{host + "/auth", "/app/", 418, ""},
		{host + "/auth", "/login", 418, ""},
		{host + "/auth", "/", 418, ""},
		{host + "/auth", "/.well-known/oauth-authorization-server", 418, ""},
		{host + "/auth", "/authorize", 418, ""},
	} {
		w := httptest.NewRecorder()
		mounted(t, tt.issuer).ServeHTTP(w, httptest.NewRequest(http.MethodGet, host+tt.path, nil))
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.says) {
			t.Errorf("issuer %s: GET %s = %d %.200s, want %d %s", tt.issuer, tt.path, w.Code, w.Body, tt.status, tt.says)
		}
	}
}

func TestAProgramSaysWhatItIsCalled(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Title = "Cleo & Co" })
	for address, want := range map[string]bool{issuer + "/login": true, northIssuer + "/login": false} {
		b := w.visitor()
		b.send(http.MethodGet, address, nil, "")
		if got := strings.Contains(b.last.body, "Cleo &amp; Co</bdi>"); got != want {
			t.Errorf("GET %s has the program's title: %v, want %v", address, got, want)
		}
	}
}
