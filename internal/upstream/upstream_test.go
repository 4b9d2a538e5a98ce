package upstream

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstreamtest"
)

func TestWhatIsAskedOfAProvider(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		change func(*store.Provider)
		ask    Ask
		want   map[string]string // "" for absent
	}{
		{"any provider", func(*store.Provider) {}, Ask{Hint: "cleo@example.com"}, map[string]string{
			"response_type": "code", "client_id": upstreamtest.ClientID, "redirect_uri": "https://auth.example/login/from/idp",
			"scope": "openid profile email", "code_challenge_method": "S256", "login_hint": "cleo@example.com", "prompt": "", "max_age": "",
		}},
		{"who has to prove it anew", func(*store.Provider) {}, Ask{Fresh: true}, map[string]string{"prompt": "login", "max_age": "0", "login_hint": ""}},
		{"scopes of the operator's", func(p *store.Provider) { p.Scopes = []string{"email"} }, Ask{}, map[string]string{"scope": "openid email"}},
		{"Google, of one domain", func(p *store.Provider) { p.Kind, p.Domains = store.Google, []string{"example.com"} }, Ask{Fresh: true}, map[string]string{"hd": "example.com", "prompt": "select_account", "max_age": "", "claims": `{"id_token":{"auth_time":{"essential":true}}}`}},
		{"Google, when it need not be anew", func(p *store.Provider) { p.Kind, p.Domains = store.Google, nil }, Ask{}, map[string]string{"prompt": "", "claims": ""}},
		{"GitHub", func(p *store.Provider) { p.Kind, p.Scopes, p.Domains = store.GitHub, nil, nil }, Ask{Hint: "cleo@example.com"}, map[string]string{"scope": "read:user user:email", "nonce": "", "login": "cleo@example.com"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.T = t
			w.change(tt.change)
			to, err := url.Parse(w.begin(tt.ask))
			if err != nil {
				t.Fatal(err)
			}
			for name, want := range tt.want {
				if got := to.Query().Get(name); got != want {
					t.Errorf("Begin() leads to %s = %q, want %q", name, got, want)
				}
			}
			if state, challenge := to.Query().Get("state"), to.Query().Get("code_challenge"); len(state) < 26 || len(challenge) != 43 {
				t.Errorf("Begin() leads to state %q and code_challenge %q, want 128 bits and a SHA-256", state, challenge)
			}
		})
	}
}

// TestAnAnswerCountsOnceAndWhereItIsAwaited is about login CSRF, replay and mix-up.
func TestAnAnswerCountsOnceAndWhereItIsAwaited(t *testing.T) {
	w := newWorld(t)
	evil := upstreamtest.New(t)
	w.add("evil", evil)
	honest := func() url.Values { return w.provider.SignIn(w, w.begin(Ask{})) }

	answer := honest()
	_, err := w.come("idp", store.DigestOf("another browser"), answer)
	w.wantErr(ErrNoJourney, err, "Finish() in another browser")
	if _, err = w.come("idp", browser, answer); err != nil {
		t.Errorf("Finish() after another browser's try = %v, want that it spoiled nothing", err)
	}
	_, err = w.come("idp", browser, answer)
	w.wantErr(ErrNoJourney, err, "Finish() again")

	answer = honest()
	_, err = w.come("evil", browser, answer)
	w.wantErr(ErrNoJourney, err, "Finish() by the address of another provider")
	_, err = w.come("idp", browser, answer)
	w.wantErr(ErrNoJourney, err, "Finish() after that: the state is spent")

	for name, change := range map[string]func(url.Values){
		"from another issuer (RFC 9207)":         func(v url.Values) { v.Set("iss", evil.URL) },
		"without the issuer that it always says": func(v url.Values) { v.Del("iss") },
	} {
		answer, before := honest(), w.provider.Calls("/token")
		change(answer)
		_, err = w.come("idp", browser, answer)
		w.wantErr(ErrUntrue, err, "Finish() "+name)
		if after := w.provider.Calls("/token"); after != before {
			t.Errorf("Finish() %s sent the code to a token endpoint", name)
		}
	}

	answer = honest()
	answer.Del("code")
	answer.Set("error", "access_denied")
	back, err := w.come("idp", browser, answer)
	w.wantErr(ErrDenied, err, "Finish() with an error")
	if back.Journey.Provider != "idp" {
		t.Errorf("Finish() with an error = %+v, want the journey that it ended", back)
	}

	answer = honest()
	w.now = w.now.Add(JourneyLife)
	_, err = w.come("idp", browser, answer)
	w.wantErr(ErrNoJourney, err, "Finish() too late")

	answer = honest()
	w.change(func(p *store.Provider) { p.Disabled = true })
	_, err = w.come("idp", browser, answer)
	w.wantErr(ErrDenied, err, "Finish() by a connection that was disabled meanwhile")
}

func TestAProviderThatDoesNotAnswerAsItShould(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("a redirect of a provider was followed")
	}))
	defer elsewhere.Close()
	for _, tt := range []struct {
		name     string
		document func(map[string]any)
		wrong    http.HandlerFunc
	}{
		{"a document of another issuer", func(d map[string]any) { d["issuer"] = "https://evil.example" }, nil},
		{"a huge document", func(d map[string]any) { d["x"] = strings.Repeat("x", 1<<20) }, nil},
		{"an endpoint that is not https", func(d map[string]any) { d["token_endpoint"] = "http://evil.example/token" }, nil},
		{"an endpoint of another kind", func(d map[string]any) { d["authorization_endpoint"] = "javascript:alert(1)" }, nil},
		{"no keys", func(d map[string]any) { delete(d, "jwks_uri") }, nil},
		{"a token endpoint that redirects", nil, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}},
		{"a token endpoint that fails", nil, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "secret", http.StatusInternalServerError) }},
		{"a token endpoint that says too much", nil, func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1<<20)) }},
		{"an error with status 200", nil, func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte(`{"error":"bad_verification_code"}`)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.provider.Document, w.provider.Wrong = tt.document, tt.wrong
			to, err := w.Begin(w.Context(), w.record, Ask{Browser: browser})
			if tt.wrong != nil && err == nil {
				_, err = w.come("idp", browser, w.provider.SignIn(t, to))
			}
			w.wantErr(ErrUnreachable, err, "the journey")
			if err != nil && (len(err.Error()) > 600 || strings.Contains(err.Error(), "secret")) {
				t.Errorf("the journey = %v, want an error that repeats nothing of the answer", err)
			}
		})
	}
}

func TestADocumentIsKept(t *testing.T) {
	w := newWorld(t)
	const path = "/.well-known/openid-configuration"
	reads := func(want int, when string) {
		t.Helper()
		if got := w.provider.Calls(path); got != want {
			t.Errorf("the document was read %d times %s, want %d", got, when, want)
		}
	}
	if _, err := w.travel(Ask{}); err != nil {
		t.Fatal(err)
	}
	reads(1, "by a whole journey")
	w.now = w.now.Add(freshFor)
	w.begin(Ask{})
	reads(2, "after an hour")
	w.now = w.now.Add(freshFor)
	w.provider.Document = func(d map[string]any) { d["issuer"] = "https://evil.example" }
	w.begin(Ask{}) // with the document of before
	w.begin(Ask{})
	reads(3, "when it cannot be used, however many come within seconds")
	w.now = w.now.Add(staleFor)
	_, err := w.Begin(w.Context(), w.record, Ask{Browser: browser})
	w.wantErr(ErrUnreachable, err, "Begin() after a day")
}

// gitHub answers as GitHub does, on one host as an Enterprise Server.
func gitHub(t *testing.T, user, emails any) string {
	answer := func(v any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/api/") && (r.Header.Get("Authorization") != "Bearer gho" || r.UserAgent() == "") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			_ = json.NewEncoder(w).Encode(v)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/oauth/access_token", answer(map[string]string{"access_token": "gho"}))
	mux.HandleFunc("GET /api/v3/user", answer(user))
	mux.HandleFunc("GET /api/v3/user/emails", answer(emails))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestGitHubTellsWhoItIsByItsNumber(t *testing.T) {
	type email struct {
		Email             string `json:"email"`
		Primary, Verified bool
	}
	for _, tt := range []struct {
		name         string
		user, emails any
		want         Assertion
		err          error
	}{
		{"somebody", map[string]any{"id": 583231, "login": "octocat", "name": "Octo Cat"}, []email{{"old@example.com", false, true}, {"octo@example.com", true, true}},
			Assertion{Subject: "583231", Name: "Octo Cat", Email: "octo@example.com", verified: true}, nil},
		{"without a name, and an unverified address", map[string]any{"id": 1, "login": "octocat"}, []email{{"octo@example.com", true, false}, {"old@example.com", false, true}},
			Assertion{Subject: "1", Name: "octocat", Email: "octo@example.com"}, nil},
		{"without addresses", map[string]any{"id": 1, "login": "octocat"}, []email{}, Assertion{Subject: "1", Name: "octocat"}, nil},
		{"nobody", map[string]any{"login": "octocat"}, []email{}, Assertion{}, ErrUntrue},
		{"a fraction of somebody", map[string]any{"id": 1.5}, []email{}, Assertion{}, ErrUntrue},
		{"no list of addresses", map[string]any{"id": 1}, map[string]any{}, Assertion{}, ErrUnreachable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.change(func(p *store.Provider) { p.Kind, p.Issuer = store.GitHub, gitHub(t, tt.user, tt.emails) })
			to, err := url.Parse(w.begin(Ask{}))
			if err != nil {
				t.Fatal(err)
			}
			back, err := w.come("idp", browser, url.Values{"code": {"c"}, "state": {to.Query().Get("state")}})
			w.wantErr(tt.err, err, "Finish()")
			if tt.err == nil {
				tt.want.kind, tt.want.Issuer = store.GitHub, w.record.Issuer
			}
			if back.Says != tt.want {
				t.Errorf("Finish() = %+v, want %+v", back.Says, tt.want)
			}
		})
	}
}

func TestGitHubsAPIIsWhereItsPagesSay(t *testing.T) {
	for pages, want := range map[string]string{
		"https://github.com":          "https://api.github.com",
		"https://acme.ghe.com":        "https://api.acme.ghe.com",
		"https://github.acme.example": "https://github.acme.example/api/v3",
		"https://evilghe.com":         "https://evilghe.com/api/v3",
	} {
		if got := apiOf(pages); got != want {
			t.Errorf("apiOf(%q) = %q, want %q", pages, got, want)
		}
	}
}
