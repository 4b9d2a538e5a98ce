package browser

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

func TestCookiesAreBoundToOneIssuer(t *testing.T) {
	for _, tt := range []struct {
		name, issuer, cookie string
		secure               bool
	}{
		{"https gets the __Host- prefix", "https://auth.example", "__Host-aw-session", true},
		{"loopback http has no prefix and names its port", "http://127.0.0.1:8080", "aw-session-8080", false},
		{"the default port is named too", "http://localhost", "aw-session-80", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			NewJar(tt.issuer).SetSession(rec, NewToken(), time.Hour)
			c := rec.Result().Cookies()[0]
			if c.Name != tt.cookie || c.Secure != tt.secure || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 3600 {
				t.Errorf("NewJar(%q).SetSession wrote %q, want name %q, secure %v, HttpOnly, SameSite=Lax, Path=/, no Domain, Max-Age=3600", tt.issuer, c.Raw, tt.cookie, tt.secure)
			}
		})
	}
	names := make(map[string]string)
	for _, issuer := range []string{
		"https://auth.example", "https://auth.example/p/north", "https://auth.example/p/south",
		"http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:1/p/north",
	} {
		jar := NewJar(issuer)
		for _, name := range []string{jar.browser, jar.session, jar.device} {
			if other, taken := names[name]; taken {
				t.Errorf("the cookie %q belongs to %s and to %s, want one issuer each", name, other, issuer)
			}
			names[name] = issuer
		}
	}
}

func TestACookieCountsOnlyWhenItIsThereOnce(t *testing.T) {
	jar := NewJar("https://auth.example")
	token, other := NewToken(), NewToken()
	for _, tt := range []struct {
		name   string
		header []string
		known  bool
	}{
		{"one cookie", []string{jar.session + "=" + token}, true},
		{"one among strangers", []string{"a=b; " + jar.session + "=" + token + "; c=d"}, true},
		{"none", nil, false},
		{"two of one name", []string{jar.session + "=" + token + "; " + jar.session + "=" + other}, false},
		{"the same one twice", []string{jar.session + "=" + token + "; " + jar.session + "=" + token}, false},
		{"two headers", []string{jar.session + "=" + token, jar.session + "=" + other}, false},
		{"empty", []string{jar.session + "="}, false},
		{"too short", []string{jar.session + "=" + token[:42]}, false},
		{"too long", []string{jar.session + "=" + token + "A"}, false},
		{"not base64url", []string{jar.session + "=" + strings.Repeat("!", 43)}, false},
		{"another spelling of the same bytes", []string{jar.session + "=" + strings.Repeat("A", 42) + "B"}, false},
		{"the cookie of another issuer", []string{NewJar("https://auth.example/p/north").session + "=" + token}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			for _, h := range tt.header {
				r.Header.Add("Cookie", h)
			}
			got, known := jar.Session(r)
			if known != tt.known || known && got != store.DigestOf(token) {
				t.Errorf("Session(Cookie: %q) = %x, %v, want known %v", tt.header, got, known, tt.known)
			}
		})
	}
}

func TestEnsureBrowserKeepsTheCookieThatIsThere(t *testing.T) {
	jar := NewJar("https://auth.example")
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	first := httptest.NewRecorder()
	digest := jar.EnsureBrowser(first, r)
	cookies := first.Result().Cookies()
	if len(cookies) != 1 || store.DigestOf(cookies[0].Value) != digest {
		t.Fatalf("EnsureBrowser wrote %v and returned %x, want one cookie with that digest", cookies, digest)
	}
	r.AddCookie(cookies[0])
	second := httptest.NewRecorder()
	if again := jar.EnsureBrowser(second, r); again != digest || len(second.Result().Cookies()) != 0 {
		t.Errorf("EnsureBrowser with the cookie = %x, wrote %v, want %x and no cookie", again, second.Result().Cookies(), digest)
	}
}

func TestAFormTokenHoldsForOneBrowserAndPurpose(t *testing.T) {
	v, w := Visitor{NewToken()}, Visitor{NewToken()}
	token := v.FormToken("consent", "ab", "c")
	for _, tt := range []struct {
		name    string
		visitor Visitor
		token   string
		purpose []string
		want    bool
	}{
		{"its own", v, token, []string{"consent", "ab", "c"}, true},
		{"another browser", w, token, []string{"consent", "ab", "c"}, false},
		{"no browser", Visitor{}, Visitor{}.FormToken("consent", "ab", "c"), []string{"consent", "ab", "c"}, false},
		{"another form", v, token, []string{"login", "ab", "c"}, false},
		{"another split of the same letters", v, token, []string{"consent", "a", "bc"}, false},
		{"less", v, token, []string{"consent", "ab"}, false},
		{"no token", v, "", []string{"consent", "ab", "c"}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.visitor.CheckForm(tt.token, tt.purpose...); got != tt.want {
				t.Errorf("CheckForm(%q, %q) = %v, want %v", tt.token, tt.purpose, got, tt.want)
			}
		})
	}
}
