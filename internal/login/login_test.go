package login

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

func TestWhoIsSignedInGoesOnUnlessTheyMustAct(t *testing.T) {
	const onward, proof, choice = "goes on", "proves it", "chooses"
	for _, tt := range []struct {
		name   string
		change func(*store.Request)
		query  string
		want   string
	}{
		{"nothing special", func(*store.Request) {}, "", onward},
		{"prompt=consent is not about the login", func(r *store.Request) { r.Prompt = "consent" }, "", onward},
		{"prompt=login", func(r *store.Request) { r.Prompt = "login" }, "", proof},
		{"prompt=login and consent", func(r *store.Request) { r.Prompt = "consent login" }, "", proof},
		{"max_age is not over", func(r *store.Request) { r.MaxAge = 60 }, "", onward},
		{"max_age is over", func(r *store.Request) { r.MaxAge = 59 }, "", proof},
		{"max_age=0", func(r *store.Request) { r.MaxAge = 0 }, "", proof},
		{"prompt=login and they did since", func(r *store.Request) { r.Prompt = "login"; r.CreatedAt = r.CreatedAt.Add(-time.Minute) }, "", onward},
		{"prompt=select_account", func(r *store.Request) { r.Prompt = "select_account" }, "", choice},
		{"the app expects them", func(r *store.Request) { r.LoginHint = "ADA@example.com" }, "", onward},
		{"the app expects somebody else", func(r *store.Request) { r.LoginHint = "bob@example.com" }, "", choice},
		{"the app's hint is no address", func(r *store.Request) { r.LoginHint = `"><script>` }, "", onward},
		{"they want to be somebody else", func(*store.Request) {}, "&switch=1", "signs in"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			b := w.browser()
			b.signIn("", ada, password)
			w.now = w.now.Add(time.Minute)
			id := w.request(b, tt.change)
			rec := b.do(http.MethodGet, "/login?request="+string(id)+tt.query, nil)
			page := rec.Body.String()
			got := map[bool]string{rec.Code == http.StatusSeeOther: onward, strings.Contains(page, "Confirm it’s you"): proof,
				strings.Contains(page, "Continue as"): choice, strings.Contains(page, "<h1>Sign in</h1>"): "signs in"}[true]
			if got != tt.want {
				t.Errorf("GET /login = %d, the person %q, want %q\n%s", rec.Code, got, tt.want, page)
			}
			if signed := b.has(id).Auth.Person != ""; signed != (tt.want == onward) {
				t.Errorf("the request is signed in: %v, want %v", signed, tt.want == onward)
			}
			if got := rec.Header().Get("Content-Security-Policy"); rec.Code == http.StatusOK && !strings.HasSuffix(got, "form-action 'self' https://app.example") {
				t.Errorf("the form's policy is %q, want it to let the answer reach https://app.example", got)
			}
		})
	}
}

func TestTheHintIsFilledInOnlyWhenItIsAnAddress(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for hint, want := range map[string]string{"Bob@example.com": "bob@example.com", `x" onfocus="alert(1)`: "", "+49 170 1234567": ""} {
		id := w.request(b, func(r *store.Request) { r.LoginHint = hint })
		if got := fieldsOf(t, b.do(http.MethodGet, "/login?request="+string(id), nil)).Get("email"); got != want {
			t.Errorf("login_hint %q filled in %q, want %q", hint, got, want)
		}
	}
}

func TestContinuingNeedsTheFormThatNamedThePerson(t *testing.T) {
	w := newWorld(t)
	w.person("bob", hashPassword(password))
	b := w.browser()
	b.signIn("", ada, password)
	id := w.request(b, func(r *store.Request) { r.Prompt, r.CreatedAt = "select_account", r.CreatedAt.Add(time.Second) })
	form := fieldsOf(t, b.do(http.MethodGet, "/login?request="+string(id), nil))
	forged := fieldsOf(t, b.do(http.MethodGet, "/login?switch=1&request="+string(id), nil))
	if rec := b.do(http.MethodPost, "/login/continue", forged); rec.Code != http.StatusForbidden {
		t.Errorf("POST /login/continue with the token of the sign-in form = %d, want 403", rec.Code)
	}
	b.signIn("", "bob@example.com", password)
	if rec := b.do(http.MethodPost, "/login/continue", form); rec.Code != http.StatusForbidden || b.has(id).Auth.Person != "" {
		t.Errorf("POST /login/continue as bob with the form that named ada = %d, want 403", rec.Code)
	}
	b.signIn("", ada, password)
	rec := b.do(http.MethodPost, "/login/continue", form)
	if got := rec.Header().Get("Location"); got != issuer+"/authorize/continue?request="+string(id) || b.has(id).Auth.Person != "per_ada" {
		t.Errorf("POST /login/continue = %d to %q, want the flow to go on as ada", rec.Code, got)
	}
	delete(b.cookies, "__Host-aw-session")
	if rec := b.do(http.MethodPost, "/login/continue", form); rec.Code != http.StatusForbidden {
		t.Errorf("POST /login/continue signed out = %d, want 403", rec.Code)
	}
}

func TestContinuingDoesNotReplaceAPassword(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("", ada, password)
	w.now = w.now.Add(time.Minute)
	id := w.request(b, func(r *store.Request) { r.Prompt = "login" })
	form := map[string][]string{"request": {string(id)}, "token": {b.visitor().FormToken(continueForm, string(id), "per_ada")}}
	if rec := b.do(http.MethodPost, "/login/continue", form); rec.Code != http.StatusOK || b.has(id).Auth.Person != "" {
		t.Errorf("POST /login/continue for prompt=login = %d, signed in %q, want the password asked for", rec.Code, b.has(id).Auth.Person)
	}
}

func TestOnlyAFormOfOursSignsOut(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("", ada, password)
	session, cookie := b.session(), b.cookies["__Host-aw-session"]
	page := b.do(http.MethodGet, "/logout", nil)
	if !strings.Contains(page.Body.String(), ada) || !b.live(session) {
		t.Errorf("GET /logout = %d, want it to name ada and change nothing\n%s", page.Code, page.Body)
	}
	if rec := b.do(http.MethodPost, "/logout", map[string][]string{"token": {"x"}}); rec.Code != http.StatusForbidden || !b.live(session) {
		t.Errorf("POST /logout with a wrong token = %d, want 403 and the session alive", rec.Code)
	}
	rec := b.do(http.MethodPost, "/logout", fieldsOf(t, page))
	if rec.Header().Get("Location") != issuer+"/logout" || b.live(session) || b.cookies["__Host-aw-session"] != "" {
		t.Errorf("POST /logout = %d to %q, session alive %v, want it ended and the cookie gone", rec.Code, rec.Header().Get("Location"), b.live(session))
	}
	b.cookies["__Host-aw-session"] = cookie
	if rec := b.do(http.MethodGet, "/login", nil); rec.Code != http.StatusOK {
		t.Errorf("GET /login with the cookie of an ended session = %d, want the form", rec.Code)
	}
}

func TestABrokenLinkIsNoErrorOfOurs(t *testing.T) {
	b := newWorld(t).browser()
	for _, query := range []string{"request=a&request=b", "request=%zz", "request=%00"} {
		if rec := b.do(http.MethodGet, "/login?"+query, nil); rec.Code != http.StatusBadRequest {
			t.Errorf("GET /login?%s = %d, want 400", query, rec.Code)
		}
	}
}
