// fuzz_test.go: whatever a stranger sends, there is no failure of ours and no redirect to where nobody registered.

package server

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// proven are the addresses an answer to a fuzzed request may lead to: our own steps, and redirect URIs of the clients.
var proven = []*regexp.Regexp{
	regexp.MustCompile(`^` + regexp.QuoteMeta(issuer) + `(/p/north)?/(login|consent)\?request=[A-Za-z0-9_-]{22}$`),
	regexp.MustCompile(`^` + regexp.QuoteMeta(issuer) + `(/p/north)?/(login|account|logout)$`),
	regexp.MustCompile(`^http://127\.0\.0\.1(:[1-9][0-9]{0,4})?/callback\?`),
	regexp.MustCompile(`^com\.example\.app:/callback\?`),
	regexp.MustCompile(`^https://(spa|site)\.example/callback\?`),
}

// checkAnswer holds for every answer to a stranger.
func checkAnswer(t *testing.T, what string, rec *httptest.ResponseRecorder) {
	t.Helper()
	if rec.Code >= 500 {
		t.Errorf("%s = %d %s, want no failure of ours", what, rec.Code, rec.Body)
	}
	location := rec.Header().Get("Location")
	if (rec.Code >= 300 && rec.Code < 400) != (location != "") || rec.Code >= 300 && rec.Code < 400 && rec.Code != http.StatusSeeOther {
		t.Errorf("%s = %d with Location %q, want 303 with one or another status without", what, rec.Code, location)
	}
	if location == "" {
		return
	}
	for _, p := range proven {
		if p.MatchString(location) {
			return
		}
	}
	t.Errorf("%s leads to %q, which nobody proved", what, location)
}

// FuzzAuthorizeQuery sends queries, without a session and with ada's.
func FuzzAuthorizeQuery(f *testing.F) {
	w := newWorld(f)
	ada := &visitor{handler: w.handler, cookies: make(map[string]string)}
	ada.send(http.MethodGet, "/login", nil, "")
	if err := ada.signIn("ada", password); err != nil || ada.cookies["aw-session-8080"] == "" {
		f.Fatalf("ada cannot sign in: %v", err)
	}
	good := "response_type=code&client_id=app&redirect_uri=http%3A%2F%2F127.0.0.1%3A7777%2Fcallback&state=s&scope=todo.read&code_challenge=" +
		string(challenge(verifier)) + "&code_challenge_method=S256&resource=" + url.QueryEscape(todo)
	for _, seed := range []string{
		good, strings.Replace(good, "127.0.0.1", "127.0.0.1.evil.example", 1), strings.Replace(strings.Replace(good, "127.0.0.1", "127.0.0.1.evil.example", 1), "S256", "plain", 1), good + "&prompt=none", good + "&redirect_uri=https://evil.example/", good + "&max_age=9999999999",
		strings.Replace(good, "callback", "callback%0d%0aLocation:%20https://evil.example", 1), strings.Replace(good, "state=s", "state=%0d%0aX:1", 1),
		"client_id=spa&redirect_uri=https://spa.example/callback&response_type=token", "client_id=site&redirect_uri=https://site.example/callback&prompt=none&state=%E2%80%AE",
		"%", ";", "client_id[]=app", "client_id=https://10.0.0.1/x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if strings.Contains(query, "127.0.0.1") && strings.Contains(query, "client_id=http") {
			t.Skip() // it would call what listens on this machine
		}
		for _, cookie := range []string{"", ada.cookies["aw-session-8080"]} {
			r := newRequest(http.MethodGet, "/authorize", nil, "")
			r.URL.RawQuery = query
			if cookie != "" {
				r.AddCookie(&http.Cookie{Name: "aw-session-8080", Value: cookie})
			}
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, r)
			checkAnswer(t, "GET /authorize?"+query, rec)
			to, err := url.Parse(rec.Header().Get("Location"))
			if err != nil {
				t.Fatalf("GET /authorize?%s leads to %q: %v", query, rec.Header().Get("Location"), err)
			}
			answer := to.Query()
			if answer.Has("code") {
				t.Errorf("GET /authorize?%s gives a code, though ada allowed nothing", query)
			}
			if answer.Has("error") && (len(answer["iss"]) != 1 || answer.Get("iss") != issuer || len(answer["error"]) != 1 || len(answer["state"]) > 1) {
				t.Errorf("GET /authorize?%s answers %q, want error and iss once", query, to)
			}
		}
	})
}

// FuzzTokenForm sends bodies to the endpoints that read forms of programs.
func FuzzTokenForm(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{
		"grant_type=authorization_code&client_id=app&code=aw_code_x&redirect_uri=x&code_verifier=y",
		"grant_type=refresh_token&client_id=app&refresh_token=aw_rt_" + strings.Repeat("%0A", 74),
		"grant_type=client_credentials&client_id=backend&client_secret=x", "grant_type=refresh_token&client_id=app&refresh_token=x&resource=%00",
		"token=x&client_id=app", "token=eyJhbGciOiJub25lIn0.e30.&client_id=app", "grant_type=", "client_id=%FF", "%zz", "a=b;c=d",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if strings.Contains(body, "client_id=http") {
			t.Skip() // it would call what listens on this machine
		}
		for _, path := range []string{"/token", "/revoke", "/introspect"} {
			rec := httptest.NewRecorder()
			w.handler.ServeHTTP(rec, newRequest(http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, body))
			checkAnswer(t, "POST "+path+" "+body, rec)
			if rec.Code != http.StatusOK && !json.Valid(rec.Body.Bytes()) {
				t.Errorf("POST %s %q = %d %s, want JSON", path, body, rec.Code, rec.Body)
			}
			if path == "/token" && rec.Code == http.StatusOK {
				t.Errorf("POST /token %q = 200 %s, want no token for a stranger", body, rec.Body)
			}
		}
	})
}

// FuzzRoute sends any method to any path.
func FuzzRoute(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{
		"/", "//token", "/token/", "/p/north", "/p/north/token", "/p//token", "/p/%2e%2e/token", "/.well-known/openid-configuration", "/.well-known/../token",
		"/assets/../../etc/passwd", "/assets/authwright.css", "/authorize/continue?request=x", "/p/north/.well-known/openid-configuration", "*", "/%00", "/account?withdrawn",
		"/login?request=%22", "/consent", "http://127.0.0.1:8080/jwks",
	} {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			f.Add(method, seed)
		}
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || strings.Contains(target, "client_id=http") || len(method) > 20 {
			t.Skip()
		}
		r := newRequest(http.MethodGet, "/", nil, "")
		r.Method, r.URL, r.RequestURI = method, u, target
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		checkAnswer(t, method+" "+target, rec)
		if strings.Contains(u.EscapedPath(), "/.well-known/") && rec.Code != http.StatusOK && rec.Header().Get("Content-Type") != "application/json" && rec.Code != http.StatusNoContent {
			t.Errorf("%s %s = %d %s, want JSON", method, target, rec.Code, rec.Header().Get("Content-Type"))
		}
	})
}
