package account

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/login"
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

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// world is an issuer with its real store, where ada and bob allowed things.
type world struct {
	*testing.T
	store   store.Store
	account *Account
	mux     *http.ServeMux
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, store: db.For("default"), mux: http.NewServeMux()}
	w.must(db.CreateProject(t.Context(), store.Project{ID: "default", Issuer: issuer, Name: "Acme", CreatedAt: now}))
	for _, name := range []string{"ada", "bob"} {
		w.must(w.store.CreatePerson(t.Context(), store.Person{ID: store.PersonID("per_" + name), Email: name + "@example.com", CreatedAt: now}))
	}
	w.must(w.store.PutResource(t.Context(), store.Resource{URI: resource, Name: "To-do", Scopes: []store.ResourceScope{{Name: "todo.read", Description: "Read your items"}}}))
	site := &pages.Site{Name: "Acme"}
	jar, clock := browser.NewJar(issuer), func() time.Time { return now }
	door := &login.Login{Store: w.store, Site: site, Jar: jar, Issuer: issuer, Now: clock}
	w.account = &Account{Store: w.store, Resources: w.store.Resources, Login: door, Site: site, Jar: jar, Issuer: issuer, Now: clock}
	for pattern, handler := range w.account.Routes() {
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

// connect makes p allow a client, and returns the live grant that came of it.
func (w *world) connect(p store.PersonID, id store.ClientID, origin store.Origin, name string, redirect oauth.RedirectURI) store.GrantID {
	w.Helper()
	err := w.store.CreateClient(w.Context(), store.Client{ID: id, Origin: origin, Metadata: oauth.ClientMetadata{ClientName: name}, CreatedAt: now})
	if err != nil && !errors.Is(err, store.ErrExists) {
		w.Fatal(err)
	}
	return w.allow(store.ConsentKey{Person: p, Client: id, Resource: resource}, redirect)
}

// allow files a consent for what the key names and the redirect target, and a grant under it.
func (w *world) allow(key store.ConsentKey, redirect oauth.RedirectURI) store.GrantID {
	w.Helper()
	ctx := w.Context()
	p := key.Person
	key.RedirectHost = redirect.Host()
	r := store.Request{ID: store.RequestID(browser.NewToken()), Browser: store.DigestOf(string(p)), Client: key.Client, RedirectURI: redirect, Resource: resource, CreatedAt: now, Expires: now.Add(time.Hour)}
	w.must(w.store.OpenRequest(ctx, r))
	w.must(w.store.SignInRequest(ctx, r.ID, r.Browser, store.Authentication{Person: p, At: now}, now))
	w.must(w.store.DecideRequest(ctx, r.ID, r.Browser, store.Decision{Verdict: store.Allowed, Person: p, Org: key.Org},
		&store.Consent{ConsentKey: key, Scope: store.Scope{"todo.read", "todo.raw"}, CreatedAt: now, UpdatedAt: now}, now))
	g := store.Grant{ID: store.GrantID(store.NewID(now)), Person: p, Client: key.Client, Org: key.Org, Resource: resource, RedirectURI: redirect, AuthTime: now, CreatedAt: now, IdleUntil: now.Add(time.Hour), Expires: now.Add(72 * time.Hour), CodeExpires: now.Add(25 * time.Hour), Code: store.DigestOf(string(r.ID))}
	w.must(w.store.CloseRequest(ctx, r.ID, r.Browser, g, now))
	return g.ID
}

// join makes ada a member of a new organization.
func (w *world) join(id store.OrgID, name string) {
	w.Helper()
	w.must(w.store.CreateOrganization(w.Context(), store.Organization{ID: id, Slug: string(id), Name: name, CreatedAt: now}))
	w.must(w.store.PutMember(w.Context(), store.Membership{Org: id, Person: "per_ada", CreatedAt: now}))
}

func (w *world) live(id store.GrantID) bool {
	_, err := w.store.LiveGrant(w.Context(), id, now)
	return err == nil
}

// person is somebody signed in at a browser.
type person struct {
	*world
	cookies []*http.Cookie
}

func (w *world) signedIn(id store.PersonID) *person {
	w.Helper()
	token := browser.NewToken()
	w.must(w.store.OpenSession(w.Context(), store.Session{
		ID: store.DigestOf(token), Auth: store.Authentication{Person: id, At: now},
		CreatedAt: now, UsedAt: now, IdleUntil: now.Add(time.Hour), Expires: now.Add(time.Hour),
	}, store.Digest{}))
	return &person{w, []*http.Cookie{{Name: "__Host-aw-session", Value: token}, {Name: "__Host-aw-browser", Value: browser.NewToken()}}}
}

func (p *person) do(method, target string, form url.Values) *httptest.ResponseRecorder {
	p.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(form.Encode()))
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	p.mux.ServeHTTP(rec, r)
	h := rec.Header()
	if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || h.Get("X-Frame-Options") != "DENY" || h.Get("Cache-Control") != "no-store" {
		p.Errorf("%s %s answered with %v, want a guarded answer", method, target, h)
	}
	return rec
}

// withdrawals are the page's forms that take something back.
func (p *person) withdrawals() []url.Values {
	p.Helper()
	doc, err := html.Parse(strings.NewReader(p.do(http.MethodGet, "/account", nil).Body.String()))
	p.must(err)
	var forms []url.Values
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode || n.Data != "form" || attr(n, "action") != "/account/withdraw" {
			continue
		}
		form := make(url.Values)
		for m := range n.Descendants() {
			if m.Type == html.ElementNode && m.Data == "input" {
				form.Set(attr(m, "name"), attr(m, "value"))
			}
		}
		forms = append(forms, form)
	}
	return forms
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func TestThePageShowsWhatOnePersonAllowed(t *testing.T) {
	w := newWorld(t)
	w.connect("per_ada", "loop", store.SelfRegister, `<b>Notes</b>`, "http://127.0.0.1:5000/cb")
	w.connect("per_ada", "web", store.Registered, "Assistant", "https://app.example/cb")
	w.connect("per_ada", "https://agent.example/c.json", store.Document, "", "agent.app://cb")
	w.connect("per_bob", "bobs", store.SelfRegister, "Bob’s app", "https://bob.example/cb")
	page := w.signedIn("per_ada").do(http.MethodGet, "/account", nil).Body.String()
	for _, want := range []string{
		"ada@example.com", "“<bdi>&lt;b&gt;Notes&lt;/b&gt;</bdi>”", ">Assistant<", "agent.example", "a program on your computer", "app.example", "agent.app:",
		"To-do", "Read your items", "todo.raw", `<time datetime="2026-05-01">1 May 2026</time>`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "Bob") || strings.Contains(page, "bob") {
		t.Errorf("the page shows what bob allowed:\n%s", page)
	}
}

func TestThePageShowsWhereAnAppIsConnected(t *testing.T) {
	w := newWorld(t)
	w.connect("per_ada", "never", store.Registered, "Never", "https://never.example/cb")
	for range 2 {
		w.use(w.connect("per_ada", "twice", store.Registered, "Twice", "https://twice.example/cb"))
	}
	w.use(w.connect("per_ada", "once", store.Registered, "Once", "https://once.example/cb"))
	page := w.signedIn("per_ada").do(http.MethodGet, "/account", nil).Body.String()
	for _, want := range []string{
		"not used lately · connected nowhere now",
		`last used <time datetime="2026-05-02">2 May 2026</time> · connected in one place`,
		`last used <time datetime="2026-05-02">2 May 2026</time> · connected in 2 places`,
	} {
		if strings.Count(page, want) != 1 {
			t.Errorf("the page has %q %d times, want once:\n%s", want, strings.Count(page, want), page)
		}
	}
}

// use spends the code of a grant, a day later.
func (w *world) use(id store.GrantID) {
	w.Helper()
	g, err := w.store.Grant(w.Context(), id)
	w.must(err)
	_, err = w.store.SpendCode(w.Context(), store.CodeUse{Grant: id, Code: g.Code, Client: g.Client, ClientVersion: 1,
		RedirectURI: string(g.RedirectURI), Idle: 48 * time.Hour, Now: now.Add(24 * time.Hour)})
	w.must(err)
}

func TestWithdrawingEndsTheGrantsAndNothingElse(t *testing.T) {
	w := newWorld(t)
	gone := w.connect("per_ada", "app", store.SelfRegister, "Notes", "https://app.example/cb")
	stays := w.connect("per_ada", "app", store.SelfRegister, "Notes", "https://other.example/cb")
	bobs := w.connect("per_bob", "app", store.SelfRegister, "Notes", "https://app.example/cb")
	ada, bob := w.signedIn("per_ada"), w.signedIn("per_bob")
	key := store.ConsentKey{Person: "per_ada", Client: "app", RedirectHost: "app.example", Resource: resource}
	var form url.Values
	for _, one := range ada.withdrawals() {
		if one.Get("connection") == formID(key) {
			form = one
		}
	}
	for name, bad := range map[string]url.Values{
		"no token":               {"connection": form["connection"]},
		"a wrong token":          {"connection": form["connection"], "token": {browser.NewToken()}},
		"another person's token": {"connection": form["connection"], "token": bob.withdrawals()[0]["token"]},
	} {
		if rec := ada.do(http.MethodPost, "/account/withdraw", bad); rec.Code != http.StatusForbidden || !w.live(gone) {
			t.Errorf("%s: POST /account/withdraw = %d, want 403 and nothing withdrawn", name, rec.Code)
		}
	}
	rec := ada.do(http.MethodPost, "/account/withdraw", form)
	if rec.Header().Get("Location") != issuer+"/account?withdrawn" || w.live(gone) || !w.live(stays) || !w.live(bobs) {
		t.Errorf("POST /account/withdraw = %d; live: withdrawn %v, other address %v, bob's %v; want only the first ended", rec.Code, w.live(gone), w.live(stays), w.live(bobs))
	}
	if page := ada.do(http.MethodGet, "/account?withdrawn", nil).Body.String(); !strings.Contains(page, `role="status"`) {
		t.Errorf("the page does not say that it was done:\n%s", page)
	}
	if rec := ada.do(http.MethodPost, "/account/withdraw", form); rec.Header().Get("Location") != issuer+"/account" {
		t.Errorf("withdrawing again = %d to %q, want the page", rec.Code, rec.Header().Get("Location"))
	}
}

// TestWithdrawingConcernsOneOrganization: the same app at the same server, for two organizations and for herself.
func TestWithdrawingConcernsOneOrganization(t *testing.T) {
	w := newWorld(t)
	w.join("acme", "Acme <Ltd>")
	w.join("globex", "Globex")
	key := store.ConsentKey{Person: "per_ada", Client: "app", Resource: resource}
	own := w.connect("per_ada", "app", store.SelfRegister, "Notes", "https://app.example/cb")
	grants := make(map[store.OrgID]store.GrantID)
	for _, org := range []store.OrgID{"acme", "globex"} {
		key.Org = org
		grants[org] = w.allow(key, "https://app.example/cb")
	}
	ada := w.signedIn("per_ada")
	page := ada.do(http.MethodGet, "/account", nil).Body.String()
	for _, want := range []string{
		`for <bdi class="strong">Acme &lt;Ltd&gt;</bdi>, at <bdi class="strong">To-do</bdi>`,
		`for <bdi class="strong">Globex</bdi>, at`, `for <bdi class="strong">To-do</bdi></span>`,
	} {
		if strings.Count(page, want) != 1 {
			t.Errorf("the page has %q %d times, want once:\n%s", want, strings.Count(page, want), page)
		}
	}
	key.Org, key.RedirectHost = "acme", "app.example"
	var form url.Values
	for _, one := range ada.withdrawals() {
		if one.Get("connection") == formID(key) {
			form = one
		}
	}
	rec := ada.do(http.MethodPost, "/account/withdraw", form)
	if rec.Header().Get("Location") != issuer+"/account?withdrawn" || w.live(grants["acme"]) || !w.live(grants["globex"]) || !w.live(own) {
		t.Errorf("POST /account/withdraw for Acme = %d; live: acme's %v, globex's %v, her own %v; want only Acme's ended", rec.Code, w.live(grants["acme"]), w.live(grants["globex"]), w.live(own))
	}
	if page := ada.do(http.MethodGet, "/account", nil).Body.String(); strings.Contains(page, "Acme &lt;") || !strings.Contains(page, "Globex") {
		t.Errorf("afterwards the page should lack Acme's and have Globex's:\n%s", page)
	}
}

func TestNobodySignedInSeesTheSignIn(t *testing.T) {
	w := newWorld(t)
	stranger := &person{w, nil}
	for _, rec := range []*httptest.ResponseRecorder{stranger.do(http.MethodGet, "/account", nil), stranger.do(http.MethodPost, "/account/withdraw", url.Values{"connection": {"x"}})} {
		if got := rec.Header().Get("Location"); got != issuer+"/login" {
			t.Errorf("a stranger got %d to %q, want the sign-in", rec.Code, got)
		}
	}
}
