// trusted_test.go: people come in by tokens that a login of the operator's signs, and nobody else does.

package server

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/trust"
	"github.com/authwright/authwright/oauth"
)

const appOrigin = "https://app.example"

// loginApp is the operator's app: it has a key, and sends people back with a token.
type loginApp struct {
	*testing.T
	*world
	key *ecdsa.PrivateKey
	st  store.Store
}

func newLoginApp(t *testing.T, change func(*store.TrustedIssuer)) *loginApp {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	a := &loginApp{T: t, world: newWorld(t), key: key}
	a.st = a.db.For(DefaultProject)
	i := store.TrustedIssuer{
		Name: "app", Title: "Example App", Issuer: appOrigin, Audience: "authwright", LoginURL: appOrigin + "/login?lang=en",
		Keys: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})), Mapping: trust.DefaultMapping(), Create: true,
	}
	if change != nil {
		change(&i)
	}
	if err := a.st.CreateTrustedIssuer(t.Context(), trust.Defaults(i)); err != nil {
		t.Fatal(err)
	}
	return a
}

// token is one that the app signs: of Zoë, with changes.
func (a *loginApp) token(change map[string]any) string {
	a.Helper()
	now := a.clock.Now()
	claims := map[string]any{
		"iss": appOrigin, "aud": "authwright", "sub": "zoe", "iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "jti": rand.Text(),
		"email": "zoe@example.com", "email_verified": true, "name": "Zoë",
	}
	maps.Copy(claims, change)
	payload, err := json.Marshal(claims)
	if err != nil {
		a.Fatal(err)
	}
	text, err := oauth.SignJWS(oauth.EncodeJWSHeader(oauth.ES256, "JWT", "1"), payload, a.key)
	if err != nil {
		a.Fatal(err)
	}
	return text
}

func (a *loginApp) browser() *visitor {
	return &visitor{handler: a.handler, cookies: make(map[string]string)}
}

// leave goes from an address of ours to the app, and returns the reference and the prompt that the app sees.
func (a *loginApp) leave(b *visitor, from string) (reference, prompt string) {
	a.Helper()
	b.send(http.MethodGet, from, nil, "")
	if err := b.follow(); err != nil {
		a.Fatal(err)
	}
	if b.last.status == http.StatusOK {
		_, rest, ok := strings.Cut(b.last.body, `href="/login/trusted`)
		query, _, _ := strings.Cut(rest, `"`)
		if !ok {
			a.Fatalf("GET %s = %s, want a link to the app", from, b.last)
		}
		b.send(http.MethodGet, "/login/trusted"+strings.ReplaceAll(query, "&amp;", "&"), nil, "")
	}
	to, err := url.Parse(b.last.header.Get("Location"))
	if err != nil || to.Host != "app.example" || to.Query().Get("lang") != "en" {
		a.Fatalf("GET %s leads to %s, want the app’s login", from, b.last)
	}
	return to.Query().Get("reference"), to.Query().Get("prompt")
}

// bring posts a token from the app's page. Being from another site it has no cookies.
func (a *loginApp) bring(reference, token string) *answer {
	a.Helper()
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {appOrigin}, "Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}}
	return a.browser().send(http.MethodPost, "/login/trusted", header, url.Values{"reference": {reference}, "token": {token}}.Encode())
}

// arrive does all of it and stops where the browser comes to rest.
func (a *loginApp) arrive(b *visitor, change map[string]any) *answer {
	a.Helper()
	reference, _ := a.leave(b, "/login?switch=1")
	return a.enter(b, a.bring(reference, a.token(change)))
}

func (a *loginApp) enter(b *visitor, brought *answer) *answer {
	a.Helper()
	if brought.status != http.StatusSeeOther {
		return brought
	}
	b.send(http.MethodGet, brought.header.Get("Location"), nil, "")
	if err := b.follow(); err != nil {
		a.Fatal(err)
	}
	return b.last
}

// known is the person whom the app calls by the subject, "" when nobody is.
func (a *loginApp) known(subject string) store.PersonID {
	a.Helper()
	i, err := a.st.UseIdentity(a.Context(), appOrigin, subject, a.clock.Now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		a.Fatal(err)
	}
	return i.Person
}

// want reports an answer that does not say words, with a status.
func (a *loginApp) want(got *answer, status int, words string) {
	a.Helper()
	if got.status != status || !strings.Contains(got.words, words) {
		a.Errorf("the person sees %s, want %d and %q", got, status, words)
	}
}

func (a *loginApp) authorize() string {
	query := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"http://127.0.0.1:7777/callback"}, "resource": {todo}, "scope": {"todo.read"},
		"state": {"s"}, "code_challenge": {string(challenge(verifier))}, "code_challenge_method": {"S256"},
	}
	return "/authorize?" + query.Encode()
}

func TestATrustedLoginLetsPeopleInInTheMiddleOfAnAuthorization(t *testing.T) {
	a := newLoginApp(t, nil)
	b := a.browser()
	reference, prompt := a.leave(b, a.authorize())
	if prompt != "" {
		t.Errorf("prompt = %q, want none", prompt)
	}
	a.want(a.enter(b, a.bring(reference, a.token(nil))), http.StatusOK, "zoe@example.com")
	if err := b.press("Allow", nil); err != nil {
		t.Fatal(err)
	}
	if err := b.follow(); err != nil || !strings.HasPrefix(b.last.header.Get("Location"), "http://127.0.0.1:7777/callback?code=") {
		t.Errorf("after Allow the browser is at %s (%v), want the client with a code", b.last, err)
	}
	person := a.known("zoe")
	if again := a.arrive(a.browser(), nil); again.status != http.StatusOK || a.known("zoe") != person {
		t.Errorf("the second time they are %s at %s, want %s", a.known("zoe"), again, person)
	}
	if log := a.log.String(); strings.Contains(log, "eyJ") || strings.Contains(log, reference) {
		t.Errorf("the log holds a token or a reference:\n%s", log)
	}
}

// TestAReferenceIsOfOneBrowser: whoever brings a token comes in where they began and nowhere else (threats A16, D3).
func TestAReferenceIsOfOneBrowser(t *testing.T) {
	a := newLoginApp(t, nil)
	attacker, victim := a.browser(), a.browser()
	reference, _ := a.leave(attacker, "/login")
	brought := a.bring(reference, a.token(nil)) // the victim was lured to the app with the attacker's reference
	ticket := brought.header.Get("Location")
	a.want(victim.send(http.MethodGet, ticket, nil, ""), http.StatusBadRequest, "started in another browser")
	a.want(a.browser().send(http.MethodGet, ticket, nil, ""), http.StatusBadRequest, "started in another browser")
	for _, guess := range []string{reference, "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		a.want(attacker.send(http.MethodGet, "/login/trusted/done?ticket="+guess, nil, ""), http.StatusBadRequest, "can’t continue")
	}
	if who := a.known("zoe"); who != "" {
		t.Errorf("a token that reached no browser made %s", who)
	}
	a.leave(victim, "/login") // has a cookie now, and another reference
	a.want(victim.send(http.MethodGet, ticket, nil, ""), http.StatusBadRequest, "started in another browser")
	attacker.send(http.MethodHead, ticket, nil, "")
	a.want(a.enter(attacker, brought), http.StatusOK, "zoe@example.com") // with both, and HEAD spent nothing
	a.want(attacker.send(http.MethodGet, ticket, nil, ""), http.StatusBadRequest, "can’t continue")
}

func TestATokenCountsOnce(t *testing.T) {
	a := newLoginApp(t, nil)
	b, token := a.browser(), a.token(nil)
	reference, _ := a.leave(b, "/login")
	a.bring(reference, token)
	second := a.bring(reference, token) // the button was pressed twice
	a.want(a.enter(b, second), http.StatusOK, "zoe@example.com")
	other, _ := a.leave(a.browser(), "/login")
	a.want(a.bring(other, token), http.StatusBadRequest, "(replayed)")
	a.want(a.bring(reference, a.token(nil)), http.StatusBadRequest, "can’t continue") // the reference is spent
}

func TestWhatATrustedDoorRefuses(t *testing.T) {
	a := newLoginApp(t, nil)
	reference, _ := a.leave(a.browser(), "/login")
	now := a.clock.Now()
	for code, change := range map[string]map[string]any{
		"expired": {"exp": now.Add(-time.Hour).Unix()}, "audience": {"aud": "another"}, "issuer": {"iss": "https://evil.example"},
		"age": {"iat": now.Add(-time.Hour).Unix()}, "subject": {"sub": ""},
	} {
		a.want(a.bring(reference, a.token(change)), http.StatusBadRequest, "("+code+")")
	}
	a.want(a.bring(reference, ""), http.StatusBadRequest, "(malformed)")
	a.want(a.bring("", a.token(nil)), http.StatusBadRequest, "can’t continue")
	inURL := a.browser().send(http.MethodPost, "/login/trusted?reference="+reference+"&token="+a.token(nil), formHeader(), "x=y")
	if inURL.status != http.StatusBadRequest {
		t.Errorf("a token in the address = %s, want 400", inURL)
	}
	cross := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Origin": {appOrigin}, "Sec-Fetch-Site": {"cross-site"}}
	for _, path := range []string{"/login", "/consent", "/logout", "/login/email"} {
		if got := a.browser().send(http.MethodPost, path, cross, "x=y"); got.status != http.StatusForbidden {
			t.Errorf("POST %s from another site = %s, want 403", path, got)
		}
	}
	a.clock.Move(16 * time.Minute)
	a.want(a.bring(reference, a.token(nil)), http.StatusBadRequest, "took too long")

	i, err := a.st.TrustedIssuer(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	reference, _ = a.leave(a.browser(), "/login")
	i.Keys, i.KeysURL = "", "http://127.0.0.1:1/jwks"
	if err := a.st.UpdateTrustedIssuer(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	gone := a.bring(reference, a.token(nil))
	a.want(gone, http.StatusServiceUnavailable, "can’t be read at the moment")
	if gone.header.Get("Retry-After") == "" {
		t.Errorf("%s has no Retry-After", gone)
	}
	i.Disabled = true
	if err := a.st.UpdateTrustedIssuer(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	a.want(a.bring(reference, a.token(nil)), http.StatusNotFound, "not available here")
	a.want(a.browser().send(http.MethodGet, "/login/trusted?name=app", nil, ""), http.StatusNotFound, "not available here")
}

// TestWhoATokenIs: an identity is a person; an address is nobody, unless the operator says so and both sides proved it.
func TestWhoATokenIs(t *testing.T) {
	for _, tt := range []struct {
		name   string
		trust  func(*store.TrustedIssuer)
		token  map[string]any
		status int
		words  string
		person store.PersonID // who it is after that; "" for nobody, "new" for somebody new
	}{
		{"nobody, and accounts are made", nil, nil, 200, "zoe@example.com", "new"},
		{"nobody, and none are made", func(i *store.TrustedIssuer) { i.Create = false }, nil, 403, "no account here", ""},
		{"nobody, without a proven address", nil, map[string]any{"email_verified": false}, 200, "Zoë", "new"},
		{"the address is ada's, and the login does not have the last word", nil, map[string]any{"email": "Ada@example.com"}, 409, "has an account already", ""},
		{"the address is ada's, and it has", func(i *store.TrustedIssuer) { i.Authoritative = true }, map[string]any{"email": "Ada@example.com"}, 200, "ada@example.com", "per_ada"},
		{"the address is ada's, but not proven there", func(i *store.TrustedIssuer) { i.Authoritative = true }, map[string]any{"email": "ada@example.com", "email_verified": false}, 200, "Zoë", "new"},
		{"the address is bob's, who never proved it here", func(i *store.TrustedIssuer) { i.Authoritative = true }, map[string]any{"email": "bob@example.com"}, 409, "has an account already", ""},
		{"the address is an operator's", func(i *store.TrustedIssuer) { i.Authoritative = true }, map[string]any{"email": "root@example.com"}, 409, "has an account already", ""},
		{"the organization is not known", func(i *store.TrustedIssuer) { i.Mapping.Organization = "org" }, map[string]any{"org": "initech"}, 403, "organization is not known", "new"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := newLoginApp(t, tt.trust)
			root := store.Person{ID: "per_root", Email: "root@example.com", EmailVerified: true}
			if err := a.st.CreateFirstOperator(t.Context(), root); err != nil {
				t.Fatal(err)
			}
			a.want(a.arrive(a.browser(), tt.token), tt.status, tt.words)
			who := a.known("zoe")
			if isNew := strings.HasPrefix(string(who), "per_") && who != "per_ada" && who != "per_bob" && who != "per_root"; who != tt.person && !(isNew && tt.person == "new") {
				t.Errorf("the subject is %q, want %q", who, tt.person)
			}
		})
	}
}

func TestADisabledPersonStaysOutsideATrustedLogin(t *testing.T) {
	a := newLoginApp(t, nil)
	a.arrive(a.browser(), nil)
	if err := a.st.SetPersonDisabled(t.Context(), a.known("zoe"), true, a.clock.Now()); err != nil {
		t.Fatal(err)
	}
	a.clock.Move(time.Second)
	b := a.browser()
	a.want(a.arrive(b, nil), http.StatusForbidden, "can’t be used")
	a.want(b.send(http.MethodGet, "/login", nil, ""), http.StatusOK, "Sign in")
}

// TestADisabledPersonIsGivenNothing: no place and no identity, whatever the token says.
func TestADisabledPersonIsGivenNothing(t *testing.T) {
	a := newLoginApp(t, func(i *store.TrustedIssuer) { i.Mapping.Organization, i.Authoritative = "org", true })
	a.arrive(a.browser(), nil)
	for _, id := range []store.PersonID{a.known("zoe"), "per_ada"} {
		if err := a.st.SetPersonDisabled(t.Context(), id, true, a.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	a.clock.Move(time.Second)
	a.want(a.arrive(a.browser(), map[string]any{"org": "acme"}), http.StatusForbidden, "can’t be used")
	if m, err := a.st.Member(t.Context(), "acme", a.known("zoe")); !errors.Is(err, store.ErrNotFound) && m.Person != "" {
		t.Errorf("a disabled person is a member: %+v, %v, want none", m, err)
	}
	a.want(a.arrive(a.browser(), map[string]any{"sub": "ada", "email": "ada@example.com"}), http.StatusForbidden, "can’t be used")
	if got := a.known("ada"); got != "" {
		t.Errorf("the disabled account of an address is known by the token’s subject as %s, want not", got)
	}
}

// TestWhereATokenPlacesPeople: the organization and the roles follow the token, as far as they are there.
func TestWhereATokenPlacesPeople(t *testing.T) {
	a := newLoginApp(t, func(i *store.TrustedIssuer) { i.Mapping.Organization, i.Mapping.Roles = "app.org", "app.roles" })
	roles := func(org store.OrgID) []string {
		m, err := a.st.Member(t.Context(), org, a.known("zoe"))
		if errors.Is(err, store.ErrNotFound) {
			return []string{"outside"}
		}
		if err != nil {
			t.Fatal(err)
		}
		return m.Roles
	}
	for _, tt := range []struct {
		name          string
		app           map[string]any
		acme, project []string
	}{
		{"nothing", nil, []string{"outside"}, []string{"outside"}},
		{"an organization with roles", map[string]any{"org": "acme", "roles": []string{"member", "superuser", "admin"}}, []string{"admin", "member"}, []string{"outside"}},
		{"fewer roles", map[string]any{"org": "acme", "roles": []string{"member"}}, []string{"member"}, []string{"outside"}},
		{"no roles", map[string]any{"org": "acme"}, nil, []string{"outside"}},
		{"roles without an organization", map[string]any{"roles": "admin"}, nil, []string{"admin"}},
	} {
		a.arrive(a.browser(), map[string]any{"app": tt.app})
		if got, project := roles("acme"), roles(""); !slices.Equal(got, tt.acme) || !slices.Equal(project, tt.project) {
			t.Errorf("%s: they are %v in acme and %v in the project, want %v and %v", tt.name, got, project, tt.acme, tt.project)
		}
		a.clock.Move(time.Second)
	}
	a.want(a.arrive(a.browser(), nil), http.StatusOK, "zoe@example.com")
}

// TestAPersonActsForTheOrganizationOfTheirToken, in the browser they came in, and in no other.
func TestAPersonActsForTheOrganizationOfTheirToken(t *testing.T) {
	a := newLoginApp(t, func(i *store.TrustedIssuer) { i.Mapping.Organization = "org" })
	if err := a.st.CreateOrganization(t.Context(), store.Organization{ID: "zenith", Slug: "zenith", Name: "Zenith", CreatedAt: a.clock.Now()}); err != nil {
		t.Fatal(err)
	}
	var want []store.OrgID // the browser last used comes first
	for _, org := range []store.OrgID{"acme", "zenith", ""} {
		a.want(a.arrive(a.browser(), map[string]any{"org": org}), http.StatusOK, "zoe@example.com")
		a.clock.Move(time.Second)
		want = append([]store.OrgID{org}, want...)
	}
	sessions, err := a.st.SessionsOf(t.Context(), a.known("zoe"), a.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	var got []store.OrgID
	for _, s := range sessions {
		got = append(got, s.Org)
	}
	if !slices.Equal(got, want) {
		t.Errorf("SessionsOf(zoe) act for %q, want %q", got, want)
	}
}

// TestAFreshLoginIsAskedForThere: what the client wants to be sure of is passed on, and held against what comes back.
func TestAFreshLoginIsAskedForThere(t *testing.T) {
	a := newLoginApp(t, nil)
	b := a.browser()
	a.arrive(b, nil)
	a.clock.Move(time.Hour)
	if _, prompt := a.leave(b, "/login?switch=1"); prompt != "select_account" {
		t.Errorf("prompt for who wants to be somebody else = %q, want select_account", prompt)
	}
	reference, prompt := a.leave(b, a.authorize()+"&prompt=login")
	if prompt != "login" {
		t.Errorf("prompt for a client that wants a login = %q, want login", prompt)
	}
	brought := a.bring(reference, a.token(map[string]any{"auth_time": a.clock.Now().Add(-time.Hour).Unix()}))
	a.want(a.enter(b, brought), http.StatusBadRequest, "did not ask you again")
	reference, _ = a.leave(b, a.authorize()+"&prompt=login")
	brought = a.bring(reference, a.token(map[string]any{"auth_time": a.clock.Now().Unix()}))
	a.want(a.enter(b, brought), http.StatusOK, "Allow")
}

// TestTheOnlyWayInIsTakenAtOnce, but by who asked to be somebody else.
func TestTheOnlyWayInIsTakenAtOnce(t *testing.T) {
	a := newLoginApp(t, nil)
	settings := store.Settings{DefaultResource: todo, NoPassword: true}
	if err := a.db.UpdateProject(t.Context(), store.Project{ID: DefaultProject, Issuer: issuer, Name: "Default", Settings: settings}); err != nil {
		t.Fatal(err)
	}
	a.reopen()
	b := a.browser()
	b.send(http.MethodGet, "/login", nil, "")
	if err := b.follow(); err != nil || !strings.HasPrefix(b.last.header.Get("Location"), appOrigin+"/login?") {
		t.Errorf("GET /login comes to rest at %s (%v), want the app’s login", b.last, err)
	}
	a.want(b.send(http.MethodGet, "/login?switch=1", nil, ""), http.StatusOK, "Continue with Example App")
}
