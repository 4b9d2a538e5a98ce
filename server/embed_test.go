package server

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// program stands for a program that embeds the server: who is signed in at its browsers, and its accounts.
type program struct {
	clock    *clock
	signedIn map[string]Person // by its own cookie
	people   map[string]Person // by e-mail; everybody has the same password
	failing  error
}

func (p *program) atBrowser(r *http.Request) (Person, error) {
	c, err := r.Cookie("app")
	if err != nil {
		return Person{}, ErrNobody
	}
	person, ok := p.signedIn[c.Value]
	if !ok {
		return Person{}, ErrNobody
	}
	return person, p.failing
}

func (p *program) Authenticate(_ context.Context, email, secret string) (Person, error) {
	person, ok := p.people[email]
	if !ok || secret != password {
		return Person{}, ErrNobody
	}
	return person, p.failing
}

func (p *program) Lookup(_ context.Context, id string) (Person, error) {
	for _, person := range p.people {
		if person.ID == id {
			return person, p.failing
		}
	}
	return Person{}, ErrNobody
}

const appPage = issuer + "/app/sign-in"

// withLogin is a deployment whose program signs people in on a page of its own.
func withLogin(t *testing.T) (*world, *program) {
	p := &program{signedIn: make(map[string]Person)}
	w := newWorld(t, func(c *Config) { c.Login = Login{SignedIn: p.atBrowser, URL: "/app/sign-in"} })
	p.clock = w.clock
	return w, p
}

// withPeople is a deployment whose program has the accounts.
func withPeople(t *testing.T) (*world, *program) {
	p := &program{people: map[string]Person{
		"cleo@example.com": {ID: "user-7", Name: "Cleo", Email: "cleo@example.com", EmailVerified: true},
	}}
	return newWorld(t, func(c *Config) { c.People = p }), p
}

// at signs somebody in at the program, in a browser.
func (p *program) at(b *visitor, id string) {
	b.cookies["app"] = "cookie-of-" + id
	p.signedIn["cookie-of-"+id] = Person{ID: id, Name: "Cleo", Email: id + "@example.com", EmailVerified: true, SignedInAt: p.clock.Now(), Methods: []string{"otp"}}
}

func (w *world) visitor() *visitor {
	return &visitor{handler: w.handler, cookies: make(map[string]string)}
}

// authorize begins an authorization in a browser and follows as far as the site goes.
func authorize(t *testing.T, b *visitor, more url.Values) {
	t.Helper()
	query := url.Values{
		"response_type": {"code"}, "client_id": {"spa"}, "redirect_uri": {"https://spa.example/callback"}, "resource": {todo}, "scope": {"todo.read"},
		"state": {"s"}, "code_challenge": {string(challenge(strings.Repeat("v", 43)))}, "code_challenge_method": {"S256"},
	}
	for name, values := range more {
		query[name] = values
	}
	b.send(http.MethodGet, issuer+"/authorize?"+query.Encode(), nil, "")
	follow(t, b)
}

// follow follows redirects, but not to the program's page, which is not of the site.
func follow(t *testing.T, b *visitor) {
	t.Helper()
	for range 10 {
		to := b.last.header.Get("Location")
		if b.last.status != http.StatusSeeOther || !strings.HasPrefix(to, issuer+"/") || strings.HasPrefix(to, appPage) {
			return
		}
		b.send(http.MethodGet, to, http.Header{"Sec-Fetch-Site": {"same-origin"}}, "")
	}
	t.Fatal("ten redirects in a row")
}

// sentAway is the query of the program's page, when the browser was sent there.
func sentAway(t *testing.T, b *visitor) url.Values {
	t.Helper()
	to, err := url.Parse(b.last.header.Get("Location"))
	if err != nil || b.last.status != http.StatusSeeOther || !strings.HasPrefix(to.String(), appPage+"?") {
		t.Fatalf("the browser is at %s, want it sent to %s", b.last, appPage)
	}
	return to.Query()
}

// goBack is the program's page sending the browser back.
func goBack(t *testing.T, b *visitor) {
	t.Helper()
	b.send(http.MethodGet, sentAway(t, b).Get("return_to"), http.Header{"Sec-Fetch-Site": {"same-origin"}}, "")
	follow(t, b)
}

// redeem exchanges the code that the client just got and returns the grant of the token.
func redeem(t *testing.T, w *world, b *visitor) store.Grant {
	t.Helper()
	to, err := url.Parse(b.last.header.Get("Location"))
	if err != nil || !strings.HasPrefix(to.String(), "https://spa.example/callback?") || to.Query().Get("code") == "" {
		t.Fatalf("the browser is at %s, want it at the client with a code", b.last)
	}
	b.send(http.MethodPost, issuer+"/token", http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"spa"}, "code": {to.Query().Get("code")},
		"redirect_uri": {"https://spa.example/callback"}, "code_verifier": {strings.Repeat("v", 43)},
	}.Encode())
	if b.last.status != http.StatusOK {
		t.Fatalf("POST /token = %s", b.last)
	}
	var tokens oauth.TokenResponse
	var claims oauth.Claims
	if err := json.Unmarshal([]byte(b.last.body), &tokens); err != nil {
		t.Fatal(err)
	}
	jws, err := oauth.ParseJWS(tokens.AccessToken)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(jws.Payload, &claims); err != nil {
		t.Fatal(err)
	}
	id, _, _ := strings.Cut(claims.JWTID, ".")
	grant, err := w.db.For(DefaultProject).Grant(t.Context(), store.GrantID(id))
	if err != nil || claims.Subject != string(grant.Person) {
		t.Fatalf("the grant of the token = %+v, %v, want one of its subject %s", grant, err, claims.Subject)
	}
	return grant
}

func TestThePeopleOfAProgramSignInOnItsOwnPage(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	authorize(t, b, nil)
	away := sentAway(t, b)
	if to := away.Get("return_to"); !strings.HasPrefix(to, issuer+"/login?request=") || away.Has("prompt") {
		t.Fatalf("the program's page is asked for with %v, want a way back to the request and no prompt", away)
	}
	p.at(b, "user-7")
	goBack(t, b)
	if !strings.Contains(b.last.words, "Allow") || !strings.Contains(b.last.words, "user-7@example.com") {
		t.Fatalf("the page is %s, want consent for the program's person", b.last)
	}
	if err := b.press("Allow", nil); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	grant := redeem(t, w, b)
	if grant.Person != "user-7" || !grant.AuthTime.Equal(w.clock.Now()) || strings.Join(grant.Methods, " ") != "otp" {
		t.Errorf("the grant is for %q, since %v by %v, want user-7, now, by otp", grant.Person, grant.AuthTime, grant.Methods)
	}
}

func TestARequestIsWorthNothingInAnotherBrowserOfTheProgram(t *testing.T) {
	w, p := withLogin(t)
	attacker, victim := w.visitor(), w.visitor()
	authorize(t, attacker, nil)
	back := sentAway(t, attacker).Get("return_to")
	p.at(victim, "user-7")
	victim.send(http.MethodGet, back, nil, "")
	if victim.last.status == http.StatusSeeOther || strings.Contains(victim.last.words, "Allow") {
		t.Errorf("another browser's request went on: %s", victim.last)
	}
	authorize(t, attacker, nil)
	if !strings.HasPrefix(attacker.last.header.Get("Location"), appPage) {
		t.Errorf("the attacker is at %s, want still at the program's page", attacker.last)
	}
}

func TestTheProgramHasTheLastWordOnWhoIsSignedIn(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	p.at(b, "user-7")
	b.send(http.MethodGet, issuer+"/login", nil, "")
	follow(t, b)
	if !strings.Contains(b.last.words, "user-7@example.com") {
		t.Fatalf("the account page is %s, want that of user-7", b.last)
	}
	session := b.cookies
	for name, change := range map[string]func(){
		"signed out at the program":       func() { delete(p.signedIn, "cookie-of-user-7") },
		"somebody else at the program":    func() { p.at(b, "user-8"); b.cookies["app"] = "cookie-of-user-8" },
		"without the program's cookie":    func() { delete(b.cookies, "app") },
		"a program that knows no subject": func() { p.signedIn["cookie-of-user-7"] = Person{} },
	} {
		b.cookies = make(map[string]string)
		for k, v := range session {
			b.cookies[k] = v
		}
		p.at(b, "user-7")
		change()
		b.send(http.MethodGet, issuer+"/account", nil, "")
		if b.last.status == http.StatusOK {
			t.Errorf("%s: GET /account = %s, want no page of user-7", name, b.last)
		}
	}
}

func TestAFreshProofIsAskedOfTheProgram(t *testing.T) {
	for _, more := range []url.Values{{"prompt": {"login"}}, {"max_age": {"60"}}} {
		w, p := withLogin(t)
		b := w.visitor()
		p.at(b, "user-7")
		w.clock.Move(time.Hour)
		authorize(t, b, more)
		if got := sentAway(t, b).Get("prompt"); got != "login" {
			t.Errorf("%v: the program is asked with prompt=%q, want login", more, got)
		}
		goBack(t, b) // without having proved it
		if got := sentAway(t, b).Get("prompt"); got != "login" {
			t.Errorf("%v: back without a proof: prompt=%q, want login again", more, got)
		}
		p.at(b, "user-7")
		goBack(t, b)
		if !strings.Contains(b.last.words, "Allow") {
			t.Errorf("%v: after the proof: %s, want consent", more, b.last)
		}
	}
}

func TestAPersonOfTheProgramMayChooseToBeAnother(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	p.at(b, "user-7")
	authorize(t, b, url.Values{"prompt": {"select_account"}})
	if err := b.press("Continue", nil); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	if !strings.Contains(b.last.words, "Allow") {
		t.Errorf("after choosing oneself: %s, want consent", b.last)
	}
	b.send(http.MethodGet, issuer+"/login?switch=1", nil, "")
	if got := sentAway(t, b).Get("prompt"); got != "select_account" {
		t.Errorf("to be another: prompt=%q, want select_account", got)
	}
}

func TestWhatAProgramSaysIsChecked(t *testing.T) {
	for name, person := range map[string]Person{
		"no id":                {SignedInAt: time.Now()},
		"an id with a space":   {ID: "user 7", SignedInAt: time.Now()},
		"an id in UTF-8":       {ID: "usér", SignedInAt: time.Now()},
		"an id that is long":   {ID: strings.Repeat("x", 256), SignedInAt: time.Now()},
		"no time of the proof": {ID: "user-7"},
	} {
		w, p := withLogin(t)
		b := w.visitor()
		b.cookies["app"] = "x"
		p.signedIn["x"] = person
		authorize(t, b, nil)
		if b.last.status != http.StatusServiceUnavailable {
			t.Errorf("%s: %s, want 503", name, b.last)
		}
	}
}

func TestADisabledPersonOfTheProgramStaysOut(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	p.at(b, "user-7")
	b.send(http.MethodGet, issuer+"/login", nil, "")
	if err := w.db.For(DefaultProject).SetPersonDisabled(t.Context(), "user-7", true, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	w.clock.Move(time.Second)
	p.at(b, "user-7")
	authorize(t, b, nil)
	if b.last.status != http.StatusForbidden {
		t.Errorf("a person whom the operator disabled: %s, want 403", b.last)
	}
}

func TestAnAddressThatSomebodyHasIsNotTakenOver(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	p.at(b, "ada") // ada@example.com is per_ada's
	authorize(t, b, nil)
	if b.last.status != http.StatusConflict {
		t.Errorf("a person with the address of another: %s, want 409", b.last)
	}
}

func TestOurOwnWaysInAreClosedWhereTheProgramSignsPeopleIn(t *testing.T) {
	w, _ := withLogin(t)
	b := w.visitor()
	for _, path := range []string{"/login/email", "/login/reset", "/login/sign-up"} {
		if b.send(http.MethodGet, issuer+path, nil, ""); b.last.status != http.StatusNotFound {
			t.Errorf("GET %s = %s, want 404", path, b.last)
		}
	}
	if b.send(http.MethodGet, northIssuer+"/login", nil, ""); b.last.status != http.StatusOK || !strings.Contains(b.last.words, "Sign in") {
		t.Errorf("GET /login of another project = %s, want its own form", b.last)
	}
}

func TestTheAccountsOfAProgramOpenOurSignInPage(t *testing.T) {
	w, p := withPeople(t)
	b := w.visitor()
	authorize(t, b, nil)
	for _, who := range []string{"ada", "nobody"} { // ada has this password in our store, which does not count
		if err := b.signIn(who, password); err != nil {
			t.Fatal(err)
		}
		if b.last.status != http.StatusUnprocessableEntity {
			t.Fatalf("%s signs in: %s, want 422", who, b.last)
		}
	}
	if err := b.signIn("cleo", password); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	if err := b.press("Allow", nil); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	grant := redeem(t, w, b)
	if grant.Person != "user-7" || strings.Join(grant.Methods, " ") != "pwd" {
		t.Errorf("the grant is for %q by %v, want user-7 by pwd", grant.Person, grant.Methods)
	}
	if b.send(http.MethodGet, issuer+"/account/login", nil, ""); strings.Contains(b.last.body, `name="password"`) {
		t.Errorf("the account page offers to change a password that is the program's")
	}

	delete(p.people, "cleo@example.com")
	if b.send(http.MethodGet, issuer+"/account", nil, ""); b.last.status == http.StatusOK {
		t.Errorf("GET /account of a person who left = %s", b.last)
	}
	ended, err := w.db.For(DefaultProject).Grant(t.Context(), grant.ID)
	if err != nil || ended.EndedAt.IsZero() {
		t.Errorf("the grant of a person who left = %+v, %v, want it ended", ended, err)
	}
}

func TestGuessingAtTheAccountsOfAProgramIsSlow(t *testing.T) {
	w, _ := withPeople(t)
	b := w.visitor()
	authorize(t, b, nil)
	for range 5 {
		if err := b.signIn("cleo", "wrong"); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.signIn("cleo", password); err != nil {
		t.Fatal(err)
	}
	if b.last.status != http.StatusTooManyRequests {
		t.Errorf("the right password after five wrong ones = %s, want 429", b.last)
	}
}

func TestEndPersonEndsWhatTheyAllowed(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	p.at(b, "user-7")
	authorize(t, b, nil)
	if err := b.press("Allow", nil); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	grant := redeem(t, w, b)
	w.clock.Move(time.Second)
	if err := w.EndPerson(t.Context(), "user-7"); err != nil {
		t.Fatal(err)
	}
	ended, err := w.db.For(DefaultProject).Grant(t.Context(), grant.ID)
	if err != nil || ended.EndedAt.IsZero() {
		t.Errorf("the grant = %+v, %v, want it ended", ended, err)
	}
	authorize(t, b, nil)
	if got := sentAway(t, b).Get("prompt"); got != "login" {
		t.Errorf("who signed in at the program before goes on with prompt=%q, want login", got)
	}
	if err := w.EndPerson(t.Context(), "never-seen"); err != nil {
		t.Errorf("EndPerson of somebody who never came = %v, want no error", err)
	}
}

func TestReturnToLeadsNowhereElse(t *testing.T) {
	w, _ := withLogin(t)
	for to, want := range map[string]bool{
		issuer + "/login": true, issuer + "/login?request=abc": true, issuer + "/login?request=account%2Flogin": true,
		"https://evil.example/login?request=abc": false, issuer + ".evil.example/login?request=a": false, issuer + "/login/../x": false,
		"//evil.example": false, "/login": false, "": false, "javascript:alert(1)": false, issuer + "/logout": false,
	} {
		r := newRequest(http.MethodGet, "/app/sign-in?"+url.Values{"return_to": {to}}.Encode(), nil, "")
		if got := w.ReturnTo(r); (got == to && to != "") != want || !want && got != "" {
			t.Errorf("ReturnTo(%q) = %q, want it %v", to, got, want)
		}
	}
}

func TestPagesLookAsTheProgramWants(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Pages = Pages{Style: []byte(":root{--accent:#5b3fd6}"), Mark: []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), Footer: "Cleo & Co"}
	})
	b := w.visitor()
	b.send(http.MethodGet, issuer+"/login", nil, "")
	if !strings.Contains(b.last.body, "Cleo &amp; Co") || strings.Contains(b.last.body, "Secured by") {
		t.Errorf("the page is %s, want the program's footer", b.last.body)
	}
	for name, want := range map[string][2]string{"own.css": {"text/css; charset=utf-8", "--accent"}, "authwright.svg": {"image/svg+xml", "<svg"}} {
		at := strings.Index(b.last.body, "/assets/"+name+"?v=")
		if at < 0 {
			t.Errorf("the page has no %s", name)
			continue
		}
		address, _, _ := strings.Cut(b.last.body[at:], `"`)
		got := w.visitor().send(http.MethodGet, address, nil, "")
		if got.status != http.StatusOK || got.header.Get("Content-Type") != want[0] || !strings.Contains(got.body, want[1]) || !strings.Contains(got.header.Get("Cache-Control"), "immutable") {
			t.Errorf("GET %s = %s, want %s with %s, kept for ever", address, got, want[0], want[1])
		}
	}
	plain := newWorld(t).visitor()
	if plain.send(http.MethodGet, issuer+"/assets/own.css", nil, ""); plain.last.status != http.StatusNotFound {
		t.Errorf("GET own.css where there is none = %s, want 404", plain.last)
	}
}

func TestTheResourcesOfAProgramAreThereFromTheStart(t *testing.T) {
	w := newWorld(t, func(c *Config) {
		c.Resources = []Resource{{URL: issuer + "/own/mcp", Name: "Own", Default: []string{"own.read"}, Scopes: []Scope{
			{Name: "own.read", Description: "See it"}, {Name: "own.write", Description: "Change it", Implies: []string{"own.read"}},
		}}}
	})
	all, err := w.db.For(DefaultProject).Resources(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		if r.URI == issuer+"/own/mcp" {
			if r.Name != "Own" || len(r.Scopes) != 2 || r.Scopes[1].Implies[0] != "own.read" || r.Default.String() != (oauth.Scope{"own.read"}).String() {
				t.Errorf("the resource is %+v", r)
			}
			return
		}
	}
	t.Errorf("the resources are %+v, want the program's among them", all)
}

func TestAWrongEmbeddingIsSaid(t *testing.T) {
	hook := func(*http.Request) (Person, error) { return Person{}, ErrNobody }
	scope := func(s ...Scope) []Resource { return []Resource{{URL: todo, Name: "To-do", Scopes: s}} }
	for name, edit := range map[string]func(*Config){
		"people and login":          func(c *Config) { c.People, c.Login = &program{}, Login{hook, "/x"} },
		"a login without its page":  func(c *Config) { c.Login = Login{SignedIn: hook} },
		"a page without its login":  func(c *Config) { c.Login = Login{URL: "/x"} },
		"a page that is no address": func(c *Config) { c.Login = Login{hook, "x"} },
		"a page over http":          func(c *Config) { c.Login = Login{hook, "http://app.example/x"} },
		"a page that is a script":   func(c *Config) { c.Login = Login{hook, "javascript:alert(1)"} },
		"a mark that is no SVG":     func(c *Config) { c.Pages.Mark = []byte("PNG") },
		"a style that is not text":  func(c *Config) { c.Pages.Style = []byte("\xff") },
		"a style that is large":     func(c *Config) { c.Pages.Style = make([]byte, 256<<10+1) },
		"a resource with a slash":   func(c *Config) { c.Resources = []Resource{{URL: todo + "/", Name: "x"}} },
		"a resource without a name": func(c *Config) { c.Resources = []Resource{{URL: todo}} },
		"a scope without a word":    func(c *Config) { c.Resources = scope(Scope{Name: "a"}) },
		"a scope with a space":      func(c *Config) { c.Resources = scope(Scope{Name: "a b", Description: "x"}) },
		"a scope twice": func(c *Config) {
			c.Resources = scope(Scope{Name: "a", Description: "x"}, Scope{Name: "a", Description: "x"})
		},
		"a scope that implies none":   func(c *Config) { c.Resources = scope(Scope{Name: "a", Description: "x", Implies: []string{"b"}}) },
		"a scope that implies itself": func(c *Config) { c.Resources = scope(Scope{Name: "a", Description: "x", Implies: []string{"a"}}) },
		"a default that is no scope":  func(c *Config) { c.Resources = []Resource{{URL: todo, Name: "x", Default: []string{"a"}}} },
	} {
		c := Config{Issuer: issuer, Database: "sqlite:x", KeyFile: "y"}
		if err := c.Check(); err != nil {
			t.Fatal(err)
		}
		edit(&c)
		if err := c.Check(); err == nil {
			t.Errorf("%s: Check() = nil, want an error", name)
		}
	}
}
