package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
	"github.com/authwright/authwright/internal/upstreamtest"
)

// federate connects the world to a provider.
func (w *world) federate(change func(*store.Provider)) *upstreamtest.Provider {
	w.Helper()
	idp := upstreamtest.New(w)
	idp.Now = func() time.Time { return w.now }
	if w.login.Upstream == nil {
		w.login.Upstream = &upstream.Upstream{
			Store: w.store, Issuer: issuer, Key: []byte("a key of the tests"), Now: idp.Now, Call: &outbound.Operator{Timeout: 2 * time.Second},
			Open: func(_ store.ProviderID, sealed []byte) ([]byte, error) { return sealed, nil },
		}
	}
	p := store.Provider{
		ID: "idp", Kind: store.OpenID, Name: "Example ID", Issuer: idp.URL, ClientID: upstreamtest.ClientID,
		Secret: []byte(upstreamtest.ClientSecret), Create: true, CreatedAt: w.now,
	}
	if change != nil {
		change(&p)
	}
	if err := w.store.CreateProvider(w.Context(), p); err != nil {
		w.Fatal(err)
	}
	return idp
}

// depart presses the button of a provider, and tells where the browser is sent.
func (b *person) depart(id store.RequestID, provider string) string {
	b.Helper()
	rec := b.do(http.MethodGet, "/login?switch=1&request="+string(id), nil)
	if !strings.Contains(rec.Body.String(), `value="`+provider+`"`) {
		b.Fatalf("GET /login shows no button for %s: %s", provider, rec.Body)
	}
	form := url.Values{"provider": {provider}, "token": {b.visitor().FormToken(signInForm, string(id))}}
	if id != "" {
		form.Set("request", string(id))
	}
	return b.sentTo(b.do(http.MethodPost, "/login/with", form))
}

// sentTo reads where a page sends the browser.
func (b *person) sentTo(rec *httptest.ResponseRecorder) string {
	b.Helper()
	to, ok := strings.CutPrefix(rec.Header().Get("Refresh"), "0;url=")
	if rec.Code != http.StatusOK || !ok {
		b.Fatalf("the answer is %d, Refresh %q, want 200 and a provider's address: %s", rec.Code, rec.Header().Get("Refresh"), rec.Body)
	}
	return to
}

// arrive comes back from a provider.
func (b *person) arrive(provider string, with url.Values) *httptest.ResponseRecorder {
	b.Helper()
	return b.do(http.MethodGet, upstream.BackPath+provider+"?"+with.Encode(), nil)
}

// come signs in with a provider.
func (b *person) come(idp *upstreamtest.Provider, id store.RequestID) *httptest.ResponseRecorder {
	b.Helper()
	return b.arrive("idp", idp.SignIn(b, b.depart(id, "idp")))
}

// who is signed in in the browser, or the zero person.
func (b *person) who() store.Person {
	_, p, _ := b.store.Session(b.Context(), b.session(), time.Hour, b.now)
	return p
}

func TestSomebodyComesByAProvider(t *testing.T) {
	w := newWorld(t)
	idp := w.federate(nil)
	b := w.browser()
	id := w.request(b, nil)
	rec := b.come(idp, id)
	if to := rec.Header().Get("Location"); rec.Code != http.StatusSeeOther || !strings.HasPrefix(to, issuer+"/authorize/continue?") {
		t.Fatalf("GET /login/from/idp = %d to %q, want 303 to the authorization: %s", rec.Code, to, rec.Body)
	}
	cleo := b.who()
	if cleo.Email != "cleo@example.com" || !cleo.EmailVerified || cleo.Name != "Cleo Park" || cleo.Password != "" {
		t.Errorf("the new person is %+v, want Cleo as the provider says", cleo)
	}
	if auth := b.has(id).Auth; auth.Person != cleo.ID || len(auth.Methods) != 1 || auth.Methods[0] != "fed" {
		t.Errorf("the request is signed in by %+v, want %s by fed", auth, cleo.ID)
	}
	idp.Person["email"], idp.Person["name"] = "ada@example.com", "Eve"
	again := w.browser()
	again.come(idp, "")
	if got := again.who(); got != cleo {
		t.Errorf("the same subject with another address is %+v, want %+v as before", got, cleo)
	}
	idp.Person["sub"], idp.Person["email"] = "18", "cleo@example.com"
	third := w.browser()
	if rec := third.come(idp, ""); rec.Code != http.StatusConflict || third.who().ID != "" {
		t.Errorf("another subject with Cleo's address = %d, %+v, want 409 and nobody", rec.Code, third.who())
	}
}

// TestAnAddressOpensNoAccount is threat E10: whose account opens is not for a provider to say by an address, but where
// it has the last word on it.
func TestAnAddressOpensNoAccount(t *testing.T) {
	authority := func(p *store.Provider) { p.Domains = []string{"example.com"} }
	claim := func(name string, v any) func(*upstreamtest.Provider) {
		return func(p *upstreamtest.Provider) { p.Person[name] = v }
	}
	for _, tt := range []struct {
		name     string
		provider func(*store.Provider)
		says     func(*upstreamtest.Provider)
		account  func(*store.Person) // of cleo@example.com; nil for none
		status   int
		opens    bool // that account
	}{
		{"a provider without authority, and an account that proved its address", nil, nil, func(*store.Person) {}, http.StatusConflict, false},
		{"one with authority", authority, nil, func(*store.Person) {}, http.StatusSeeOther, true},
		{"an account that never proved its address", authority, nil, func(p *store.Person) { p.EmailVerified = false }, http.StatusConflict, false},
		{"the account of an operator", authority, nil, func(p *store.Person) { p.Operator = true }, http.StatusConflict, false},
		{"an account that is disabled", authority, nil, func(p *store.Person) { p.Disabled = true }, http.StatusForbidden, false},
		{"an address that the provider did not verify", authority, claim("email_verified", false), func(*store.Person) {}, http.StatusForbidden, false},
		{"an address of which it does not say", authority, claim("email_verified", nil), func(*store.Person) {}, http.StatusForbidden, false},
		{"authority over another domain", func(p *store.Provider) { p.Domains = []string{"ample.com"} }, nil, func(*store.Person) {}, http.StatusConflict, false},
		{"an unverified address, and no account", nil, claim("email_verified", false), nil, http.StatusForbidden, false},
		{"no address", nil, claim("email", nil), nil, http.StatusForbidden, false},
		{"an address that is none", nil, claim("email", `"cleo@example.com"@evil.example`), nil, http.StatusForbidden, false},
		{"no account where none is made", func(p *store.Provider) { p.Create = false }, nil, nil, http.StatusForbidden, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			idp := w.federate(tt.provider)
			if tt.says != nil {
				tt.says(idp)
			}
			if tt.account != nil {
				p := store.Person{ID: "per_cleo", Email: "cleo@example.com", EmailVerified: true, Password: "x", CreatedAt: w.now}
				tt.account(&p)
				if err := w.store.CreatePerson(t.Context(), p); err != nil {
					t.Fatal(err)
				}
			}
			b := w.browser()
			rec := b.come(idp, "")
			if got := b.who().ID == "per_cleo"; rec.Code != tt.status || got != tt.opens || !tt.opens && b.who().ID != "" {
				t.Errorf("GET /login/from/idp = %d, signed in %q, want %d, the account open: %v\n%s", rec.Code, b.who().ID, tt.status, tt.opens, rec.Body)
			}
			list, err := w.store.People(t.Context(), "", 100)
			if err != nil || tt.account == nil && len(list) != 1 {
				t.Errorf("People() = %d, %v, want nobody new", len(list), err)
			}
		})
	}
}

// TestAnOldLoginAtAProviderIsNoFreshOne: a provider that says when they signed in there is held to it.
func TestAnOldLoginAtAProviderIsNoFreshOne(t *testing.T) {
	w := newWorld(t)
	idp := w.federate(nil)
	for _, tt := range []struct {
		name   string
		at     time.Duration
		prompt string
		status int
		words  string
	}{
		{"long ago", -time.Hour, "login", http.StatusBadRequest, "Sign out at Example ID"},
		{"just now", 0, "login", http.StatusSeeOther, ""},
		{"long ago, when that will do", -time.Hour, "", http.StatusSeeOther, ""},
	} {
		idp.Lie = func(token upstreamtest.Token) { token.Claims["auth_time"] = w.now.Add(tt.at).Unix() }
		b := w.browser()
		rec := b.come(idp, w.request(b, func(r *store.Request) { r.Prompt = tt.prompt }))
		if in := b.who().ID != ""; rec.Code != tt.status || in != (tt.status == http.StatusSeeOther) || !strings.Contains(rec.Body.String(), tt.words) {
			t.Errorf("%s: GET /login/from/idp = %d, signed in: %v, want %d and %q\n%s", tt.name, rec.Code, in, tt.status, tt.words, rec.Body)
		}
	}
}

func TestAnAnswerOfAProviderIsForOneBrowser(t *testing.T) {
	w := newWorld(t)
	idp := w.federate(nil)
	eve, victim := w.browser(), w.browser()
	answer := idp.SignIn(t, eve.depart("", "idp"))
	if rec := victim.arrive("idp", answer); rec.Code != http.StatusBadRequest || victim.who().ID != "" {
		t.Errorf("an answer for another browser = %d, signed in %q, want 400 and nobody (login CSRF)", rec.Code, victim.who().ID)
	}
	stranger := &person{w, make(map[string]string)}
	if rec := stranger.arrive("idp", answer); rec.Code != http.StatusBadRequest {
		t.Errorf("an answer for no browser = %d, want 400", rec.Code)
	}
	if rec := eve.arrive("idp", answer); rec.Code != http.StatusSeeOther {
		t.Errorf("the answer where it is awaited = %d, want 303", rec.Code)
	}
	if rec := eve.arrive("idp", answer); rec.Code != http.StatusBadRequest {
		t.Errorf("the answer again = %d, want 400", rec.Code)
	}
}

func TestAFormOfAnotherSiteSendsNobodyAway(t *testing.T) {
	w := newWorld(t)
	w.federate(nil)
	b := w.browser()
	rec := b.do(http.MethodPost, "/login/with", url.Values{"provider": {"idp"}, "token": {w.browser().visitor().FormToken(signInForm, "")}})
	if rec.Code != http.StatusForbidden || rec.Header().Get("Refresh") != "" {
		t.Errorf("POST /login/with with another browser's token = %d, Refresh %q, want 403 and none", rec.Code, rec.Header().Get("Refresh"))
	}
	form := url.Values{"provider": {"none"}, "token": {b.visitor().FormToken(signInForm, "")}}
	if rec := b.do(http.MethodPost, "/login/with", form); rec.Code != http.StatusNotFound {
		t.Errorf("POST /login/with an unknown provider = %d, want 404", rec.Code)
	}
}

func TestWhatAProviderDoesWrongHindersNothingElse(t *testing.T) {
	w := newWorld(t)
	idp := w.federate(nil)
	b := w.browser()
	id := w.request(b, nil)
	answer := idp.SignIn(t, b.depart(id, "idp"))
	answer.Set("error", "access_denied")
	rec := b.arrive("idp", answer)
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "did not sign you in") || !strings.Contains(rec.Body.String(), string(id)) {
		t.Errorf("access_denied = %d %s, want the sign-in page for the same request", rec.Code, rec.Body)
	}
	idp.Lie = func(t upstreamtest.Token) { t.Claims["nonce"] = "x" }
	if rec := b.come(idp, id); rec.Code != http.StatusBadGateway || b.who().ID != "" {
		t.Errorf("a lie = %d, signed in %q, want 502 and nobody", rec.Code, b.who().ID)
	}
	idp.Wrong = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	if rec := b.come(idp, id); rec.Code != http.StatusBadGateway || rec.Header().Get("Retry-After") == "" {
		t.Errorf("a provider that fails = %d, Retry-After %q, want 502 and a time", rec.Code, rec.Header().Get("Retry-After"))
	}
	if rec := b.signIn(id, "ada@example.com", password); rec.Code != http.StatusSeeOther {
		t.Errorf("a login by password all the same = %d, want 303", rec.Code)
	}
}

// connecting is somebody who is signed in and went to a provider to connect an identity.
func (w *world) connecting(b *person, email string) string {
	w.Helper()
	if rec := b.signIn("", email, password); rec.Code != http.StatusSeeOther {
		w.Fatalf("signing in = %d", rec.Code)
	}
	session, _, err := w.store.Session(w.Context(), b.session(), time.Hour, w.now)
	if err != nil {
		w.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/account/login/connect", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	if err := w.login.Connect(rec, r, session, "idp"); err != nil {
		w.Fatalf("Connect() = %v", err)
	}
	return b.sentTo(rec)
}

func TestAnIdentityIsConnectedWhileSignedIn(t *testing.T) {
	w := newWorld(t)
	w.person("bob", hashPassword(password))
	idp := w.federate(nil)
	ada := w.browser()
	answer := idp.SignIn(t, w.connecting(ada, "ada@example.com"))
	if rec := ada.arrive("idp", answer); rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != issuer+"/account/login?connected" {
		t.Fatalf("GET /login/from/idp = %d to %q, want 303 to the account", rec.Code, rec.Header().Get("Location"))
	}
	other := w.browser()
	other.come(idp, "")
	if other.who().ID != "per_ada" {
		t.Errorf("the identity signs in %q, want per_ada", other.who().ID)
	}
	bob := w.browser()
	answer = idp.SignIn(t, w.connecting(bob, "bob@example.com"))
	if rec := bob.arrive("idp", answer); rec.Code != http.StatusConflict {
		t.Errorf("connecting an identity of somebody else = %d, want 409", rec.Code)
	}
	other = w.browser()
	other.come(idp, "")
	if other.who().ID != "per_ada" {
		t.Errorf("the identity then signs in %q, want per_ada still", other.who().ID)
	}
}

func TestAnIdentityIsConnectedToWhoBeganItOnly(t *testing.T) {
	for name, meanwhile := range map[string]func(*world, *person){
		"signed out":                 func(_ *world, b *person) { delete(b.cookies, "__Host-aw-session") },
		"signed in as somebody else": func(w *world, b *person) { b.signIn("", "bob@example.com", password) },
		"signed in anew":             func(w *world, b *person) { b.signIn("", "ada@example.com", password) },
		"in another browser":         func(w *world, b *person) { b.cookies = w.browser().cookies },
		"another browser, signed in": func(w *world, b *person) { b.cookies = w.browser().cookies; b.signIn("", "bob@example.com", password) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.person("bob", hashPassword(password))
			idp := w.federate(nil)
			b := w.browser()
			answer := idp.SignIn(t, w.connecting(b, "ada@example.com"))
			meanwhile(w, b)
			if rec := b.arrive("idp", answer); rec.Code != http.StatusBadRequest {
				t.Errorf("GET /login/from/idp = %d, want 400", rec.Code)
			}
			for _, id := range []store.PersonID{"per_ada", "per_bob"} {
				if list, err := w.store.IdentitiesOf(t.Context(), id); err != nil || len(list) != 0 {
					t.Errorf("IdentitiesOf(%s) = %v, %v, want none", id, list, err)
				}
			}
		})
	}
}

func TestTheLastWayInIsNotTakenAway(t *testing.T) {
	w := newWorld(t)
	idp := w.federate(nil)
	b := w.browser()
	b.come(idp, "")
	cleo := b.who()
	disconnect := func(p store.Person, subject string) string {
		t.Helper()
		problem, err := w.login.Disconnect(t.Context(), p, idp.URL, subject)
		if err != nil {
			t.Fatal(err)
		}
		return problem
	}
	if problem := disconnect(cleo, "17"); problem == "" {
		t.Error("Disconnect() of the only way in = no problem, want one")
	}
	second := store.Identity{Issuer: "https://gone.example", Subject: "1", Person: cleo.ID, CreatedAt: w.now, UsedAt: w.now}
	if err := w.store.AddIdentity(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if problem := disconnect(cleo, "17"); problem == "" {
		t.Error("Disconnect() beside an identity of no connection = no problem, want one")
	}
	second.Issuer, second.Subject = idp.URL, "18"
	if err := w.store.AddIdentity(t.Context(), second); err != nil {
		t.Fatal(err)
	}
	if problem := disconnect(cleo, "17"); problem != "" {
		t.Errorf("Disconnect() beside another = %q, want no problem", problem)
	}
	if problem := disconnect(cleo, "18"); problem == "" {
		t.Error("Disconnect() of the one that is left = no problem, want one")
	}
	cleo.Password = "a hash"
	if problem := disconnect(cleo, "18"); problem != "" {
		t.Errorf("Disconnect() by somebody with a password = %q, want no problem", problem)
	}
}
