package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestASignInLeadsBackToAPageOfOursAndToNoOther(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	if rec := b.signIn(ToSignIn, "ada@example.com", password); rec.Header().Get("Location") != issuer+"/account/login" {
		t.Fatalf("signing in toward a page = %d to %q, want the page", rec.Code, rec.Header().Get("Location"))
	}
	to := "/login?" + url.Values{"request": {string(ToSignIn)}}.Encode()
	if rec := b.do(http.MethodGet, to, nil); rec.Header().Get("Location") != issuer+"/account/login" {
		t.Errorf("GET %s just after a login = %d to %q, want the page", to, rec.Code, rec.Header().Get("Location"))
	}
	w.now = w.now.Add(Fresh + time.Second)
	if rec := b.do(http.MethodGet, to, nil); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "Confirm it’s you") {
		t.Errorf("GET %s later = %d, want to be asked anew\n%s", to, rec.Code, rec.Body)
	}
	for _, id := range []string{"account/other", "account/login/", "/account/login", "//evil.example", "https://evil.example/", "account/login?x", "account/login?request=AAAAAAAAAAAAAAAAAAAAAA", "account/login/passkey?request=short", "account/login/passkey?request=AAAAAAAAAAAAAAAAAAAAAA&x=1"} {
		to := "/login?" + url.Values{"request": {id}}.Encode()
		if rec := b.do(http.MethodGet, to, nil); rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" {
			t.Errorf("GET %s = %d to %q, want 400 and nowhere", to, rec.Code, rec.Header().Get("Location"))
		}
	}
}
