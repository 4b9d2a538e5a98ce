package authwright_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/oauth"
)

func TestKeysAreReadOnceForManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer)
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := r.Verify(t.Context(), issuer.Token(serverURL)); err != nil {
					t.Errorf("Verify: %v", err)
				}
			})
		}
		wg.Wait()
		if got := issuer.Asked("jwks"); got != 1 {
			t.Errorf("50 requests read the keys %d times, want once", got)
		}
	})
}

func TestANewKeyIsNoticedAtMostEveryHalfMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer)
		verify := func(raw string) string {
			_, err := r.Verify(t.Context(), raw)
			return refusal(err)
		}
		const unknown = "invalid_token: the token is signed with a key that the issuer does not have"
		if got := verify(issuer.Token(serverURL)); got != "" {
			t.Fatal(got)
		}
		issuer.Rotate(oauth.ES256)
		rotated := issuer.Token(serverURL)
		if got := verify(rotated); got != unknown {
			t.Errorf("a new key right after the keys were read: %q, want %q", got, unknown)
		}
		time.Sleep(30 * time.Second)
		if got := verify(rotated); got != "" {
			t.Errorf("a new key half a minute later: %q, want none", got)
		}
		for range 100 {
			verify(issuer.Token(serverURL, authwrighttest.Header("kid", rand.Text())))
		}
		if got := issuer.Asked("jwks"); got != 2 {
			t.Errorf("a hundred unknown keys had the keys read %d times in all, want 2", got)
		}
	})
}

func TestAWithdrawnKeyTakesItsTokensWithIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer)
		raw := issuer.Token(serverURL)
		if _, err := r.Verify(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
		issuer.Rotate(oauth.ES256)
		issuer.Withdraw()
		time.Sleep(5 * time.Minute)
		r.Verify(t.Context(), raw) // is served, and has the keys read again
		synctest.Wait()
		if _, err := r.Verify(t.Context(), raw); !strings.HasPrefix(refusal(err), "invalid_token") {
			t.Errorf("a known token of a withdrawn key: %q, want invalid_token", refusal(err))
		}
	})
}

func TestKnownKeysServeAnHourWhileTheIssuerIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer)
		long := authwrighttest.ExpiresIn(3 * time.Hour)
		known := issuer.Token(serverURL, long)
		if _, err := r.Verify(t.Context(), known); err != nil {
			t.Fatal(err)
		}
		issuer.SetDown(true)
		time.Sleep(59 * time.Minute)
		for name, raw := range map[string]string{"known": known, "new": issuer.Token(serverURL, long)} {
			if _, err := r.Verify(t.Context(), raw); err != nil {
				t.Errorf("a %s token after 59 minutes: %v, want no error", name, err)
			}
		}
		time.Sleep(time.Minute)
		for name, raw := range map[string]string{"known": known, "new": issuer.Token(serverURL, long)} {
			if _, err := r.Verify(t.Context(), raw); !strings.HasPrefix(refusal(err), "temporarily_unavailable") {
				t.Errorf("a %s token after an hour: %q, want temporarily_unavailable", name, refusal(err))
			}
		}
		issuer.SetDown(false)
		time.Sleep(2 * time.Second)
		if _, err := r.Verify(t.Context(), known); err != nil {
			t.Errorf("when the issuer is back: %v, want no error", err)
		}
	})
}

func TestAnUnknownKeyWhileTheIssuerIsDownIsNotTheTokensFault(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer)
		if _, err := r.Verify(t.Context(), issuer.Token(serverURL)); err != nil {
			t.Fatal(err)
		}
		issuer.Rotate(oauth.ES256)
		issuer.SetDown(true)
		time.Sleep(time.Minute)
		if _, err := r.Verify(t.Context(), issuer.Token(serverURL)); !strings.HasPrefix(refusal(err), "temporarily_unavailable") {
			t.Errorf("Verify = %q, want temporarily_unavailable", refusal(err))
		}
	})
}

// answers is an issuer that answers paths with fixed documents.
type answers map[string]string

func (a answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch body, ok := a[r.URL.Path]; {
	case !ok:
		http.NotFound(w, r)
	case strings.HasPrefix(body, "->"):
		http.Redirect(w, r, body[2:], http.StatusFound)
	default:
		fmt.Fprint(w, body)
	}
}

func TestAnIssuerThatCannotBeTrustedIsNotAsked(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := oauth.NewJWK(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	keys := func(more string) string {
		return fmt.Sprintf(`{"keys":[{"kty":"EC","crv":"P-256","kid":"k","x":%q,"y":%q}%s]}`, jwk.X, jwk.Y, more)
	}
	raw, err := oauth.SignJWS(oauth.EncodeJWSHeader(oauth.ES256, "at+jwt", "k"), fmt.Appendf(nil,
		`{"iss":%q,"aud":%q,"sub":"s","client_id":"c","iat":%d,"exp":%d}`, issuerURL, serverURL, time.Now().Unix(), time.Now().Unix()+600), key)
	if err != nil {
		t.Fatal(err)
	}
	const where = "/.well-known/oauth-authorization-server/t1"
	document := func(issuer, jwksURI string) string {
		return fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, issuer, jwksURI)
	}
	good := document(issuerURL, "https://issuer.example/k")
	for _, tt := range []struct {
		name string
		answers
		trusted bool
	}{
		{"RFC 8414 location", answers{where: good, "/k": keys("")}, true},
		{"OpenID location, path put after", answers{"/.well-known/openid-configuration/t1": good, "/k": keys("")}, true},
		{"OpenID location, path put before", answers{"/t1/.well-known/openid-configuration": good, "/k": keys("")}, true},
		{"metadata of another issuer", answers{where: document("https://issuer.example", "https://issuer.example/k"), "/k": keys("")}, false},
		{"metadata with a trailing slash", answers{where: document(issuerURL+"/", "https://issuer.example/k"), "/k": keys("")}, false},
		{"keys on another origin", answers{where: document(issuerURL, "https://keys.example/k"), "/k": keys("")}, false},
		{"keys on another port", answers{where: document(issuerURL, "https://issuer.example:8443/k"), "/k": keys("")}, false},
		{"keys over http", answers{where: document(issuerURL, "http://issuer.example/k"), "/k": keys("")}, false},
		{"no keys in the metadata", answers{where: `{"issuer":"` + issuerURL + `"}`, "/k": keys("")}, false},
		{"metadata that redirects", answers{where: "->/m", "/m": good, "/k": keys("")}, false},
		{"keys that redirect", answers{where: good, "/k": "->/k2", "/k2": keys("")}, false},
		{"keys that are too large", answers{where: good, "/k": keys("") + strings.Repeat(" ", 256<<10)}, false},
		{"two keys of one kid", answers{where: good, "/k": strings.Replace(keys(""), `"keys":[`, `"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"`+
			base64.RawURLEncoding.EncodeToString(make([]byte, 32))+`"},{"kty":"EC","crv":"P-256","kid":"other","x":"`+jwk.X+`","y":"`+jwk.Y+`"},`, 1)}, false},
		{"a shared secret beside it", answers{where: good, "/k": keys(`,{"kty":"oct","kid":"s","k":"c2VjcmV0"}`)}, true},
		{"a member twice", answers{where: good, "/k": strings.Replace(keys(""), `"kid":"k"`, `"kid":"x","kid":"k"`, 1)}, false},
		{"a key for encryption", answers{where: good, "/k": strings.Replace(keys(""), `"kid":"k"`, `"kid":"k","use":"enc"`, 1)}, false},
		{"a key for another algorithm", answers{where: good, "/k": strings.Replace(keys(""), `"kid":"k"`, `"kid":"k","alg":"RS256"`, 1)}, false},
		{"nothing there", answers{}, false},
	} {
		r := protect(t, tt.answers)
		_, err := r.Verify(t.Context(), raw)
		if trusted := err == nil; trusted != tt.trusted {
			t.Errorf("%s: Verify = %v, want trusted %v", tt.name, err, tt.trusted)
		}
	}
	elsewhere := func(c *authwright.Config) { c.JWKSURI = "https://keys.example/k" }
	if _, err := protect(t, answers{"/k": keys("")}, elsewhere).Verify(t.Context(), raw); err != nil {
		t.Errorf("keys on another origin that the operator named: %v, want no error", err)
	}
}
