package login

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"golang.org/x/net/html"
)

const (
	issuer   = "https://auth.example"
	password = "correct-horse-battery"
)

// world is an issuer with its real store and a clock that stands until it is moved.
type world struct {
	*testing.T
	login *Login
	store store.Store
	now   time.Time
	from  netip.Addr
	mux   *http.ServeMux
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), from: netip.MustParseAddr("192.0.2.7"), mux: http.NewServeMux()}
	if err := db.CreateProject(t.Context(), store.Project{ID: "default", Issuer: issuer, Name: "Acme", CreatedAt: w.now}); err != nil {
		t.Fatal(err)
	}
	w.store = db.For("default")
	site := &pages.Site{Name: "Acme"}
	w.login = &Login{
		Store: w.store, Site: site, Jar: browser.NewJar(issuer), Issuer: issuer,
		Now:        func() time.Time { return w.now },
		ClientAddr: func(*http.Request) netip.Addr { return w.from },
	}
	for pattern, handler := range w.login.Routes() {
		w.mux.HandleFunc(pattern, func(rw http.ResponseWriter, r *http.Request) {
			if err := handler(rw, r); err != nil {
				site.WriteError(rw, r, err)
			}
		})
	}
	w.person("ada", hashPassword(password))
	return w
}

// person adds NAME@example.com with a stored hash.
func (w *world) person(name, hash string) store.Person {
	w.Helper()
	p := store.Person{ID: store.PersonID("per_" + name), Email: name + "@example.com", Password: hash, CreatedAt: w.now}
	if err := w.store.CreatePerson(w.Context(), p); err != nil {
		w.Fatal(err)
	}
	return p
}

// request files an authorization that b opened.
func (w *world) request(b *person, change func(*store.Request)) store.RequestID {
	w.Helper()
	r := store.Request{
		ID: store.RequestID(browser.NewToken()[:22]), Browser: b.visitor().Digest(), Client: "app",
		RedirectURI: "https://app.example/cb", Resource: "https://mcp.example/mcp", Scope: store.Scope{"todo.read"},
		MaxAge: -1, CreatedAt: w.now, Expires: w.now.Add(30 * time.Minute),
	}
	if change != nil {
		change(&r)
	}
	if err := w.store.OpenRequest(w.Context(), r); err != nil {
		w.Fatal(err)
	}
	return r.ID
}

// person is somebody at a browser.
type person struct {
	*world
	cookies map[string]string
}

func (w *world) browser() *person {
	b := &person{w, make(map[string]string)}
	b.cookies["__Host-aw-browser"] = browser.NewToken()
	return b
}

// visitor is the browser as the server sees it.
func (b *person) visitor() browser.Visitor {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(&http.Cookie{Name: "__Host-aw-browser", Value: b.cookies["__Host-aw-browser"]})
	return b.login.Jar.Visitor(r)
}

// do sends a request with the browser's cookies and keeps those it gets. Every answer must be guarded.
func (b *person) do(method, target string, form url.Values) *httptest.ResponseRecorder {
	b.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return b.send(r)
}

func (b *person) send(r *http.Request) *httptest.ResponseRecorder {
	b.Helper()
	rec := httptest.NewRecorder()
	b.mux.ServeHTTP(rec, r)
	for _, c := range rec.Result().Cookies() {
		if c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		} else {
			b.cookies[c.Name] = c.Value
		}
	}
	h := rec.Header()
	if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" {
		b.Errorf("%s %s answered with %v, want a guarded answer", r.Method, r.URL, h)
	}
	return rec
}

// form is what the first form of the sign-in page for a request holds, with the fields filled in.
func (b *person) form(id store.RequestID, email, secret string) url.Values {
	b.Helper()
	rec := b.do(http.MethodGet, "/login?switch=1&request="+string(id), nil)
	first, _, _ := strings.Cut(rec.Body.String(), "</form>")
	form := fieldsOf(b, &httptest.ResponseRecorder{Body: bytes.NewBufferString(first)})
	form.Set("email", email)
	form.Set("password", secret)
	return form
}

func (b *person) signIn(id store.RequestID, email, secret string) *httptest.ResponseRecorder {
	b.Helper()
	return b.do(http.MethodPost, "/login", b.form(id, email, secret))
}

// session is the digest of the browser's session cookie.
func (b *person) session() store.Digest { return store.DigestOf(b.cookies["__Host-aw-session"]) }

// live tells whether the store knows the session.
func (b *person) live(id store.Digest) bool {
	_, _, err := b.store.Session(b.Context(), id, time.Hour, b.now)
	return err == nil
}

// fieldsOf reads the inputs of the page's form.
func fieldsOf(t testing.TB, rec *httptest.ResponseRecorder) url.Values {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(rec.Body.String()))
	if err != nil {
		t.Fatal(err)
	}
	form := make(url.Values)
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode && n.Data == "input" {
			form.Set(attr(n, "name"), attr(n, "value"))
		}
	}
	return form
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// has reads the record of a request that b opened.
func (b *person) has(id store.RequestID) store.Request {
	b.Helper()
	r, err := b.store.Request(b.Context(), id, b.now)
	if err != nil {
		b.Fatal(err)
	}
	return r
}
