package consent

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/oauth"
	"golang.org/x/net/html"
)

const (
	issuer   = "https://auth.example"
	resource = "https://mcp.example/mcp"
)

// world is an issuer with its real store, one resource, and ada and bob.
type world struct {
	*testing.T
	consent *Consent
	store   store.Store
	now     time.Time
	mux     *http.ServeMux
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), mux: http.NewServeMux()}
	w.must(db.CreateProject(t.Context(), store.Project{ID: "default", Issuer: issuer, Name: "Acme", CreatedAt: w.now}))
	w.store = db.For("default")
	for _, name := range []string{"ada", "bob"} {
		w.must(w.store.CreatePerson(t.Context(), store.Person{ID: store.PersonID("per_" + name), Email: name + "@example.com", CreatedAt: w.now}))
	}
	w.must(w.store.PutResource(t.Context(), store.Resource{URI: resource, Name: "To-do", Scopes: []store.ResourceScope{
		{Name: "todo.read", Description: "Read your items"}, {Name: "todo.write", Description: "Change your items"}, {Name: "todo.raw"},
	}}))
	site := &pages.Site{Name: "Acme"}
	w.consent = &Consent{
		Store: w.store, Resources: w.store.Resources, Known: clients.WellKnown(), Site: site, Jar: browser.NewJar(issuer), Issuer: issuer,
		Now: func() time.Time { return w.now },
		Clients: func(ctx context.Context, id store.ClientID) (clients.Client, error) {
			record, err := w.store.Client(ctx, id)
			return clients.Client{Client: record}, err
		},
	}
	for pattern, handler := range w.consent.Routes() {
		w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			if err := handler(rw, r); err != nil {
				site.WriteError(rw, r, err)
			}
		})
	}
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// client adds a client that calls itself name and has one redirect URI.
func (w *world) client(id store.ClientID, origin store.Origin, name, redirect string) store.Client {
	w.Helper()
	c := store.Client{
		ID: id, Origin: origin, CreatedAt: w.now, MetadataHash: store.DigestOf(name + redirect),
		Metadata: oauth.ClientMetadata{ClientName: name, RedirectURIs: []string{redirect}},
	}
	w.must(w.store.CreateClient(w.Context(), c))
	return c
}

// person is somebody signed in at a browser.
type person struct {
	*world
	id      store.PersonID
	cookies map[string]string
}

func (w *world) signedIn(id store.PersonID) *person {
	w.Helper()
	p := &person{w, id, map[string]string{"__Host-aw-browser": browser.NewToken()}}
	p.signInAs(id)
	return p
}

func (p *person) signInAs(id store.PersonID) {
	p.Helper()
	token := browser.NewToken()
	p.id, p.cookies["__Host-aw-session"] = id, token
	p.must(p.store.OpenSession(p.Context(), store.Session{
		ID: store.DigestOf(token), Auth: store.Authentication{Person: id, At: p.now, Methods: []string{"pwd"}},
		CreatedAt: p.now, UsedAt: p.now, IdleUntil: p.now.Add(time.Hour), Expires: p.now.Add(time.Hour),
	}, store.Digest{}))
}

func (p *person) visitor() browser.Visitor {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-aw-browser", Value: p.cookies["__Host-aw-browser"]})
	return p.consent.Jar.Visitor(r)
}

// request files an authorization for c that this browser opened and this person signed in to.
func (p *person) request(c store.Client, change func(*store.Request)) store.RequestID {
	p.Helper()
	r := store.Request{
		ID: store.RequestID(browser.NewToken()[:22]), Browser: p.visitor().Digest(), Client: c.ID,
		RedirectURI: oauth.RedirectURI(c.Metadata.RedirectURIs[0]), Resource: resource, Scope: store.Scope{"todo.read", "todo.write"},
		MaxAge: -1, CreatedAt: p.now, Expires: p.now.Add(30 * time.Minute),
	}
	if change != nil {
		change(&r)
	}
	p.must(p.store.OpenRequest(p.Context(), r))
	if r.Expires.After(p.now) {
		p.must(p.store.SignInRequest(p.Context(), r.ID, r.Browser, store.Authentication{Person: p.id, At: p.now}, p.now))
	}
	return r.ID
}

// do sends a request with the browser's cookies. Every answer must be guarded.
func (p *person) do(method, target string, form url.Values) *httptest.ResponseRecorder {
	p.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range p.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	p.mux.ServeHTTP(rec, r)
	h := rec.Header()
	if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" {
		p.Errorf("%s %s answered with %v, want a guarded answer", method, target, h)
	}
	return rec
}

func (p *person) page(id store.RequestID) *httptest.ResponseRecorder {
	p.Helper()
	return p.do(http.MethodGet, "/consent?request="+string(id), nil)
}

// form is what the page holds, with an answer.
func (p *person) form(id store.RequestID, decision string) url.Values {
	p.Helper()
	rec := p.page(id)
	if rec.Code != http.StatusOK {
		p.Fatalf("GET /consent = %d, want the page\n%s", rec.Code, rec.Body)
	}
	form := fieldsOf(p, rec)
	form.Set("decision", decision)
	return form
}

// decision is what is recorded for the request.
func (p *person) decision(id store.RequestID) store.Decision {
	p.Helper()
	r, err := p.store.Request(p.Context(), id, p.now)
	p.must(err)
	return r.Decision
}

// allowed is the consent for c, or none.
func (p *person) allowed(c store.Client) (store.Consent, bool) {
	got, err := p.store.Consent(p.Context(), store.ConsentKey{
		Person: p.id, Client: c.ID, RedirectHost: oauth.RedirectURI(c.Metadata.RedirectURIs[0]).Host(), Resource: resource,
	})
	return got, err == nil
}

func fieldsOf(t testing.TB, rec *httptest.ResponseRecorder) url.Values {
	t.Helper()
	form := make(url.Values)
	for n := range parse(t, rec).Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" {
			form.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	return form
}

func parse(t testing.TB, rec *httptest.ResponseRecorder) *html.Node {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(rec.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// text is what a person reads on the page, in one line.
func text(t testing.TB, rec *httptest.ResponseRecorder) string {
	t.Helper()
	var words strings.Builder
	for n := range parse(t, rec).Descendants() {
		switch {
		case n.Type == html.TextNode && n.Parent.Data != "title":
			words.WriteString(n.Data)
		case n.Type == html.ElementNode && !strings.Contains(" a bdi code span ", " "+n.Data+" "):
			words.WriteString(" ")
		}
	}
	return strings.Join(strings.Fields(words.String()), " ")
}
