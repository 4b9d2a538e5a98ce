package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// get asks the handler as a client does.
func (w *world) get(t *testing.T, path string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, issuer+path, nil)
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec
}

func TestASettingThatAnotherProcessChangedIsInForceAfterReload(t *testing.T) {
	w := newWorld(t)
	metadata := func() string { return w.get(t, "/.well-known/oauth-authorization-server").Body.String() }
	if !strings.Contains(metadata(), "registration_endpoint") {
		t.Fatalf("the metadata is %s, want registration on", metadata())
	}
	before := w.opened(t, DefaultProject)
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if w.opened(t, DefaultProject) != before {
		t.Error("Reload() opened a project anew that nobody changed")
	}

	changed := store.Project{ID: DefaultProject, Issuer: issuer, Name: "Renamed", Settings: store.Settings{NoRegistration: true}}
	if err := w.db.UpdateProject(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(metadata(), "registration_endpoint") {
		t.Errorf("the metadata is %s, want registration off", metadata())
	}
	if page := w.get(t, "/login").Body.String(); !strings.Contains(page, "Renamed") {
		t.Errorf("GET /login = %s, want the new name", page)
	}
}

func TestReloadOpensWhatIsNewAndKeepsWhatCannotBeOpened(t *testing.T) {
	w := newWorld(t)
	w.opened(t, DefaultProject)
	w.opened(t, "north")
	south := store.Project{ID: "south", Issuer: issuer + "/p/south", Name: "South", CreatedAt: time.Now()}
	if err := w.db.CreateProject(t.Context(), south); err != nil {
		t.Fatal(err)
	}
	if err := w.db.UpdateProject(t.Context(), store.Project{ID: "north", Issuer: "https://moved.example.com", Name: "Moved"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"/p/south": issuer + "/p/south", "/p/north": northIssuer} {
		if rec := w.get(t, "/.well-known/oauth-authorization-server"+path); !strings.Contains(rec.Body.String(), `"issuer":"`+want+`"`) {
			t.Errorf("GET the metadata of %s = %d %s, want the issuer %s", path, rec.Code, rec.Body.String(), want)
		}
	}
}

func TestADrainingServerIsNotReadyButAnswers(t *testing.T) {
	w := newWorld(t)
	if rec := w.get(t, "/readyz"); rec.Code != http.StatusOK {
		t.Fatalf("GET /readyz = %d, want 200", rec.Code)
	}
	w.Drain()
	for path, want := range map[string]int{"/readyz": http.StatusServiceUnavailable, "/healthz": http.StatusOK, "/jwks": http.StatusOK} {
		if rec := w.get(t, path); rec.Code != want {
			t.Errorf("GET %s while draining = %d %s, want %d", path, rec.Code, rec.Body.String(), want)
		}
	}
}

func TestOnlyTheDefaultProjectHasASetupPage(t *testing.T) {
	w := newWorld(t)
	link, err := w.SetupLink(t.Context())
	if err != nil || !strings.HasPrefix(link, issuer+"/setup?token=") {
		t.Fatalf("SetupLink() = %q, %v, want an address under the issuer", link, err)
	}
	path := strings.TrimPrefix(link, issuer)
	if rec := w.get(t, path); rec.Code != http.StatusOK || rec.Header().Get("Referrer-Policy") != "no-referrer" || rec.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("GET the link = %d %v, want a page that leaks nothing of its address", rec.Code, rec.Header())
	}
	if rec := w.get(t, "/p/north"+path); rec.Code != http.StatusNotFound {
		t.Errorf("GET the link under north = %d, want 404", rec.Code)
	}
	if token := strings.TrimPrefix(path, "/setup?token="); strings.Contains(w.log.String(), token) {
		t.Errorf("the log holds the token:\n%s", w.log.String())
	}
	if err := w.db.For(DefaultProject).CreateFirstOperator(t.Context(), store.Person{ID: "per_op", Email: "op@example.com"}); err != nil {
		t.Fatal(err)
	}
	if link, err := w.SetupLink(t.Context()); link != "" || err != nil {
		t.Errorf("SetupLink() with an operator = %q, %v, want none", link, err)
	}
}
