package server

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	askSecret   = "a secret of twenty or more characters"
	laterSecret = "another one of twenty or more characters"
)

// asking is a deployment, on a database that may be there already, whose MCP server introspects.
func asking(t *testing.T, dir, id, secret string, paths ...string) (*Server, error) {
	t.Helper()
	c := Config{
		Issuer: issuer, Database: "sqlite:" + filepath.Join(dir, "authwright.db"), KeyFile: filepath.Join(dir, "kek"), Log: slog.New(slog.DiscardHandler),
	}
	for _, path := range paths {
		c.Resources = append(c.Resources, Resource{
			URL: issuer + path, Name: "Own", Introspection: &authwright.Introspection{ClientID: id, ClientSecret: secret},
		})
	}
	s, err := New(t.Context(), c)
	if err == nil {
		t.Cleanup(func() { s.Close() })
	}
	return s, err
}

// ask introspects something and returns the status.
func ask(s *Server, id, secret string) int {
	r := httptest.NewRequest(http.MethodPost, issuer+"/introspect", strings.NewReader(url.Values{"token": {"none"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Code
}

func TestTheMCPServerOfAProgramMayIntrospect(t *testing.T) {
	dir := t.TempDir()
	for _, step := range []struct {
		what, secret string
		paths        []string
		may          map[string]int // by secret
	}{
		{"the first start", askSecret, []string{"/a"}, map[string]int{askSecret: 200, laterSecret: 401}},
		{"a start with another secret, while a replica has the old one", laterSecret, []string{"/a", "/b"}, map[string]int{askSecret: 200, laterSecret: 200}},
		{"a start as before", laterSecret, []string{"/a", "/b"}, map[string]int{askSecret: 200, laterSecret: 200}},
		{"a start with a third, when nobody has the first any more", "a third of twenty or more characters", []string{"/a"}, map[string]int{askSecret: 401, laterSecret: 200}},
	} {
		s, err := asking(t, dir, "own-server", step.secret, step.paths...)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		for secret, want := range step.may {
			if got := ask(s, "own-server", secret); got != want {
				t.Errorf("%s: POST /introspect with %q = %d, want %d", step.what, secret, got, want)
			}
		}
		c, err := s.db.For(DefaultProject).Client(t.Context(), "own-server")
		if err != nil || len(c.Metadata.GrantTypes) > 0 || c.Introspects[0] != issuer+"/a" || len(c.Introspects) < len(step.paths) {
			t.Errorf("%s: the client is %+v, %v, want one that may only ask about %v", step.what, c, err, step.paths)
		}
	}
}

func TestAnIntrospectorTakesNoOtherClientsPlace(t *testing.T) {
	dir := t.TempDir()
	s, err := asking(t, dir, "own-server", askSecret, "/a")
	if err != nil {
		t.Fatal(err)
	}
	st := s.db.For(DefaultProject)
	for _, c := range []store.Client{
		{ID: "a-client", Origin: store.Registered, Secrets: []store.Digest{store.DigestOf(laterSecret)}, Metadata: oauth.ClientMetadata{
			ClientName: "x", TokenEndpointAuthMethod: oauth.AuthClientSecretBasic, GrantTypes: []string{oauth.GrantClientCredentials},
		}},
		{ID: "a-public-one", Origin: store.Registered, Metadata: oauth.ClientMetadata{ClientName: "x", TokenEndpointAuthMethod: oauth.AuthNone}},
	} {
		if err := st.CreateClient(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := asking(t, dir, string(c.ID), askSecret, "/a"); err == nil || !strings.Contains(err.Error(), "choose another id") {
			t.Errorf("introspecting as %s: New = %v, want that it is taken", c.ID, err)
		}
		if got := ask(s, string(c.ID), askSecret); got != http.StatusUnauthorized {
			t.Errorf("POST /introspect as %s = %d, want 401", c.ID, got)
		}
	}
}

func TestAWrongIntrospectionIsSaid(t *testing.T) {
	for name, tt := range map[string]struct{ id, secret, want string }{
		"no id":            {"", askSecret, "ClientID is missing"},
		"an id with space": {"my server", askSecret, "client id"},
		"a short secret":   {"own-server", "short", "20 characters"},
	} {
		if _, err := asking(t, t.TempDir(), tt.id, tt.secret, "/a"); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: New = %v, want %q", name, err, tt.want)
		}
	}
}
