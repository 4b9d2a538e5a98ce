// races_test.go: many callers at once, over HTTP (threats A5, C5; reliability RL-03).

package server

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/authwright/authwright/oauth"
)

const callers = 50

// granted is a world in which ada allowed the app.
func granted(t *testing.T, what string) *flow {
	t.Helper()
	f := newFlow(t, t.Name())
	if err := f.given(command{verb: "GIVEN", rest: what, header: make(http.Header)}); err != nil {
		t.Fatal(err)
	}
	return f
}

// listen serves the world on a socket.
func (w *world) listen(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(w.handler)
	t.Cleanup(s.Close)
	return s.URL
}

// reply is what one of many callers got.
type reply struct {
	status int
	oauth.TokenResponse
	Error  string `json:"error"`
	Active bool   `json:"active"`
}

// post sends a form over the socket.
func post(t *testing.T, base, path string, form url.Values) (got reply) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+path, strings.NewReader(form.Encode()))
	if err != nil {
		t.Error(err)
		return reply{}
	}
	r.Host = host
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if path == "/introspect" {
		r.SetBasicAuth("watch", watchSecret)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Errorf("POST %s: %v", path, err)
		return reply{}
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Error(err)
	}
	if len(body) > 0 {
		if err := json.Unmarshal(body, &got); err != nil {
			t.Errorf("POST %s = %s, want JSON", path, body)
		}
	}
	got.status = res.StatusCode
	return got
}

// together sends the same form from many callers at once.
func together(t *testing.T, base, path string, form url.Values) []reply {
	t.Helper()
	replies := make([]reply, callers)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	for i := range replies {
		ready.Add(1)
		done.Go(func() {
			ready.Done()
			<-start
			replies[i] = post(t, base, path, form)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return replies
}

func (f *flow) codeForm() url.Values {
	return url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {f.vars["code"]}, "redirect_uri": {f.vars["callback"]}, "code_verifier": {verifier},
	}
}

func (f *flow) refreshForm() url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {f.vars["refresh"]}}
}

func TestOneOfManyRedemptionsOfACodeSucceeds(t *testing.T) {
	t.Parallel()
	f := granted(t, "code")
	base := f.listen(t)
	won := 0
	for _, got := range together(t, base, "/token", f.codeForm()) {
		switch {
		case got.status == http.StatusOK && got.AccessToken != "":
			won++
		case got.status != http.StatusBadRequest || got.Error != "invalid_grant":
			t.Errorf("POST /token = %d %s, want 200 or 400 invalid_grant", got.status, got.Error)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d redemptions of one code succeeded, want 1", won, callers)
	}
}

func TestManyRefreshesGetTheSameSuccessor(t *testing.T) {
	t.Parallel()
	f := granted(t, "tokens")
	base := f.listen(t)
	successors := make(map[string]int)
	for _, got := range together(t, base, "/token", f.refreshForm()) {
		if got.status != http.StatusOK {
			t.Errorf("POST /token = %d %s, want 200", got.status, got.Error)
		}
		successors[got.RefreshToken]++
	}
	if len(successors) != 1 || successors[f.vars["refresh"]] != 0 {
		t.Fatalf("%d parallel refreshes got %d different successors, want one new one", callers, len(successors))
	}
	for one := range successors {
		f.vars["refresh"] = one
	}
	if got := post(t, base, "/token", f.refreshForm()); got.status != http.StatusOK {
		t.Errorf("the successor = %d %s, want 200", got.status, got.Error)
	}
}

// TestARefreshThatRacesARevocationGivesNothingUsable lets both run at once, again and again. Whatever the refresh was
// answered, nothing it gave works when the revocation has been answered.
func TestARefreshThatRacesARevocationGivesNothingUsable(t *testing.T) {
	t.Parallel()
	f := newFlow(t, t.Name())
	base := f.listen(t)
	for range 20 {
		if err := f.given(command{rest: "tokens", header: make(http.Header)}); err != nil {
			t.Fatal(err)
		}
		revoke := url.Values{"token": {f.vars["refresh"]}, "client_id": {"app"}}
		var refreshed, revoked reply
		var both sync.WaitGroup
		start := make(chan struct{})
		both.Go(func() { <-start; refreshed = post(t, base, "/token", f.refreshForm()) })
		both.Go(func() { <-start; revoked = post(t, base, "/revoke", revoke) })
		close(start)
		both.Wait()
		if revoked.status != http.StatusOK {
			t.Fatalf("POST /revoke = %d, want 200", revoked.status)
		}
		for _, token := range []string{f.vars["token"], refreshed.AccessToken} {
			if got := post(t, base, "/introspect", url.Values{"token": {token}}); token != "" && (got.status != http.StatusOK || got.Active) {
				t.Errorf("after the revocation an access token is %d active=%v, want inactive", got.status, got.Active)
			}
		}
		for _, token := range []string{f.vars["refresh"], refreshed.RefreshToken} {
			f.vars["refresh"] = token
			if got := post(t, base, "/token", f.refreshForm()); token != "" && got.Error != "invalid_grant" {
				t.Errorf("after the revocation a refresh = %d %s, want invalid_grant", got.status, got.Error)
			}
		}
	}
}

// TestTheSameRequestInManyTabsGivesOneCode ends one allowed request many times at once.
func TestTheSameRequestInManyTabsGivesOneCode(t *testing.T) {
	t.Parallel()
	f := newFlow(t, t.Name())
	if err := f.authorize(command{header: make(http.Header)}); err != nil {
		t.Fatal(err)
	}
	for _, step := range []func() error{
		f.browser.follow, func() error { return f.browser.signIn("ada", password) }, f.browser.follow, func() error { return f.browser.press("Allow", nil) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	next := f.browser.last.header.Get("Location")
	codes := make([]string, callers)
	var done sync.WaitGroup
	for i := range codes {
		tab := &visitor{handler: f.handler, cookies: f.browser.cookies}
		done.Go(func() {
			r := newRequest(http.MethodGet, next, nil, "")
			for name, value := range tab.cookies {
				r.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			rec := httptest.NewRecorder()
			f.handler.ServeHTTP(rec, r)
			if to, err := url.Parse(rec.Header().Get("Location")); err == nil {
				codes[i] = to.Query().Get("code")
			}
			if rec.Code != http.StatusSeeOther && rec.Code != http.StatusBadRequest {
				t.Errorf("GET %s = %d, want 303 or 400", next, rec.Code)
			}
		})
	}
	done.Wait()
	given := 0
	for _, code := range codes {
		if code != "" {
			given++
		}
	}
	if given != 1 {
		t.Errorf("%d tabs got a code, want 1", given)
	}
}
