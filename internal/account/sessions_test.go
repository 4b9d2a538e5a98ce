package account

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/store"
)

// at is somebody signed in whose login was some time ago, in a browser that looks like the given one.
func (w *world) at(id store.PersonID, ago time.Duration, kind string) *person {
	w.Helper()
	token := browser.NewToken()
	w.must(w.store.OpenSession(w.Context(), store.Session{
		ID: store.DigestOf(token), Auth: store.Authentication{Person: id, At: now.Add(-ago), Methods: []string{"pwd"}}, Browser: kind, Network: "192.0.2.0/24",
		CreatedAt: now.Add(-ago), UsedAt: now, IdleUntil: now.Add(time.Hour), Expires: now.Add(time.Hour),
	}, store.Digest{}))
	return &person{w, []*http.Cookie{{Name: "__Host-aw-session", Value: token}, {Name: "__Host-aw-browser", Value: browser.NewToken()}}}
}

// in tells whether the person is still signed in.
func (p *person) in() bool {
	p.Helper()
	return p.do(http.MethodGet, "/account", nil).Code == http.StatusOK
}

func TestOneBrowserSignsAnotherOut(t *testing.T) {
	w := newWorld(t)
	here, there, third := w.at("per_ada", 0, "Firefox on Linux"), w.at("per_ada", time.Hour, "Safari on iPhone"), w.at("per_ada", 0, "Edge on Windows")
	bob := w.at("per_bob", 0, "Chrome on Android")
	page := here.do(http.MethodGet, "/account/sessions", nil).Body.String()
	for _, want := range []string{"Firefox on Linux <span", "This browser", "Safari on iPhone", "Edge on Windows", "192.0.2.0/24", "1 May 2026, 11:00 UTC"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "Chrome on Android") || strings.Count(page, "This browser") != 1 {
		t.Errorf("the page shows another person's browser, or marks another than this one:\n%s", page)
	}
	id := sessionID(store.DigestOf(there.cookies[0].Value))
	token := here.token(endForm, "per_ada")
	for name, form := range map[string]url.Values{
		"no token":               {"session": {id}},
		"the token of the other": {"session": {id}, "token": {here.token(othersForm, "per_ada")}},
		"another person's token": {"session": {id}, "token": {here.token(endForm, "per_bob")}},
	} {
		if rec := here.do(http.MethodPost, "/account/sessions/end", form); rec.Code != http.StatusForbidden || !there.in() {
			t.Errorf("%s: POST /account/sessions/end = %d, want 403 and nobody signed out", name, rec.Code)
		}
	}
	bobs := url.Values{"session": {sessionID(store.DigestOf(bob.cookies[0].Value))}, "token": {token}}
	if here.do(http.MethodPost, "/account/sessions/end", bobs); !bob.in() {
		t.Error("ada signed bob out")
	}
	rec := here.do(http.MethodPost, "/account/sessions/end", url.Values{"session": {id}, "token": {token}})
	if rec.Header().Get("Location") != issuer+"/account/sessions?ended" || there.in() || !here.in() || !third.in() {
		t.Errorf("POST /account/sessions/end = %d; signed in: there %v, here %v, third %v; want only the one out", rec.Code, there.in(), here.in(), third.in())
	}
	here.do(http.MethodPost, "/account/sessions/others", url.Values{"token": {here.token(othersForm, "per_ada")}})
	if third.in() || !here.in() || !bob.in() {
		t.Errorf("after signing out everywhere else: third %v, here %v, bob %v; want only the third out", third.in(), here.in(), bob.in())
	}
}

// token is what a form of the page carries.
func (p *person) token(purpose string, who store.PersonID) string {
	p.Helper()
	r, _ := http.NewRequest(http.MethodGet, "/", nil)
	r.AddCookie(p.cookies[1])
	return browser.NewJar(issuer).Visitor(r).FormToken(purpose, string(who))
}
