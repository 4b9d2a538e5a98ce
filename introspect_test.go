package authwright_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

func introspecting(alone bool) func(*authwright.Config) {
	return func(c *authwright.Config) {
		c.Introspection = &authwright.Introspection{ClientID: authwrighttest.IntrospectionClient, ClientSecret: authwrighttest.IntrospectionSecret, Alone: alone}
	}
}

const (
	notActive   = "invalid_token: the token is not active any more"
	unavailable = "temporarily_unavailable: the token cannot be checked right now, try again"
)

func TestARevokedTokenDiesWithinTenSeconds(t *testing.T) {
	for name, alone := range map[string]bool{"signature and introspection": false, "introspection alone": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				issuer := authwrighttest.New(issuerURL)
				r := protect(t, issuer, introspecting(alone))
				raw := issuer.Token(serverURL)
				for _, step := range []struct {
					what string
					do   func()
					want string
					asks int
				}{
					{"at first", func() {}, "", 1},
					{"right after", func() { issuer.Revoke(raw) }, "", 1},
					{"9.9 s after", func() { time.Sleep(9900 * time.Millisecond) }, "", 1},
					{"10 s after", func() { time.Sleep(100 * time.Millisecond) }, notActive, 2},
					{"later, without asking again", func() { time.Sleep(time.Minute) }, notActive, 2},
				} {
					step.do()
					if _, err := r.Verify(t.Context(), raw); refusal(err) != step.want {
						t.Errorf("%s: Verify = %q, want %q", step.what, refusal(err), step.want)
					}
					if got := issuer.Asked("introspect"); got != step.asks {
						t.Errorf("%s: the issuer was asked %d times, want %d", step.what, got, step.asks)
					}
				}
			})
		})
	}
}

func TestManyRequestsOfOneTokenAskOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer, introspecting(false))
		raw := issuer.Token(serverURL)
		for round := 1; round <= 3; round++ {
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					if _, err := r.Verify(t.Context(), raw); err != nil {
						t.Errorf("Verify: %v", err)
					}
				})
			}
			wg.Wait()
			if got := issuer.Asked("introspect"); got != round {
				t.Errorf("after round %d of 50 requests the issuer was asked %d times, want %d", round, got, round)
			}
			time.Sleep(10 * time.Second)
		}
	})
}

func TestWithoutAnAnswerNobodyGetsIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, alone := range map[string]bool{"signature and introspection": false, "introspection alone": true} {
			issuer := authwrighttest.New(issuerURL)
			r := protect(t, issuer, introspecting(alone))
			raw := issuer.Token(serverURL)
			if _, err := r.Verify(t.Context(), raw); err != nil {
				t.Fatal(err)
			}
			issuer.SetDown(true)
			time.Sleep(10 * time.Second)
			if _, err := r.Verify(t.Context(), raw); !strings.HasPrefix(refusal(err), unavailable) {
				t.Errorf("%s: Verify = %q, want %q", name, refusal(err), unavailable)
			}
			issuer.SetDown(false)
			if _, err := r.Verify(t.Context(), raw); err != nil {
				t.Errorf("%s: when the issuer is back: %v, want no error", name, err)
			}
		}
	})
}

func TestASignatureIsCheckedBeforeTheIssuerIsAsked(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer, introspecting(false))
	for name, raw := range map[string]string{
		"a forged token":             issuer.Token(serverURL, authwrighttest.Forged()),
		"a token for another server": issuer.Token("https://other.example"),
		"an opaque token":            issuer.Token(serverURL, authwrighttest.Opaque()),
	} {
		if _, err := r.Verify(t.Context(), raw); !strings.HasPrefix(refusal(err), "invalid_token") {
			t.Errorf("%s: Verify = %q, want invalid_token", name, refusal(err))
		}
	}
	if got := issuer.Asked("introspect"); got != 0 {
		t.Errorf("the issuer was asked %d times about bad tokens, want 0", got)
	}
}

// Introspection alone wants the same of a token as a signature does: nothing is skipped because the issuer said "active".
func TestTheIssuersWordIsCheckedLikeASignature(t *testing.T) {
	claim, without := authwrighttest.Claim, authwrighttest.Without
	for _, tt := range []struct {
		name   string
		option authwrighttest.Option
		want   string
	}{
		{"all there", authwrighttest.Opaque(), ""},
		{"another audience", claim("aud", "https://other.example"), "invalid_token: the token is for another resource"},
		{"no audience", without("aud"), "invalid_token: the token is for another resource"},
		{"another issuer", claim("iss", "https://evil.example"), "invalid_token: the token is from another issuer"},
		{"no issuer", without("iss"), "invalid_token: the token is from another issuer"},
		{"no expiry", without("exp"), "invalid_token: the token does not say when it expires"},
		{"expired", authwrighttest.ExpiresIn(-time.Minute), "invalid_token: the token has expired"},
		{"no client", without("client_id"), "invalid_token: the token does not say who acts"},
		{"no subject", without("sub"), "invalid_token: the token does not say who acts"},
		{"bound to a key", claim("cnf", map[string]string{"jkt": "x"}), "invalid_token: the token is bound to a key, it is no bearer token"},
	} {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer, introspecting(true))
		if _, err := r.Verify(t.Context(), issuer.Token(serverURL, tt.option, authwrighttest.Opaque())); refusal(err) != tt.want {
			t.Errorf("%s: Verify = %q, want %q", tt.name, refusal(err), tt.want)
		}
	}
	issuer := authwrighttest.New(issuerURL)
	if _, err := protect(t, issuer, introspecting(true)).Verify(t.Context(), "opaque_unknown"); refusal(err) != notActive {
		t.Errorf("an unknown token: Verify = %q, want %q", refusal(err), notActive)
	}
}

func TestAWrongSecretIsNotTheTokensFault(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer, introspecting(false), func(c *authwright.Config) { c.Introspection.ClientSecret = "wrong" })
	_, err := r.Verify(t.Context(), issuer.Token(serverURL))
	if !strings.HasPrefix(refusal(err), unavailable) || !strings.Contains(err.Error(), "ClientSecret of Introspection") {
		t.Errorf("Verify = %q, want %q and, for the log, why", err, unavailable)
	}
}

func TestTheSecretGoesToTheIssuersOriginOnly(t *testing.T) {
	const where = "/.well-known/oauth-authorization-server/t1"
	for name, endpoint := range map[string]string{"another origin": "https://evil.example/introspect", "http": "http://issuer.example/introspect"} {
		asked := false
		documents := answers{where: `{"issuer":"` + issuerURL + `","introspection_endpoint":"` + endpoint + `"}`}
		spy := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = asked || r.Header.Get("Authorization") != ""
			documents.ServeHTTP(w, r)
		})
		_, err := protect(t, spy, introspecting(true)).Verify(t.Context(), "opaque")
		if !strings.HasPrefix(refusal(err), unavailable) || asked {
			t.Errorf("an endpoint on %s: Verify = %q, secret sent %v, want %q and false", name, refusal(err), asked, unavailable)
		}
	}
}

func TestAnAnswerAboutSomeoneElseDoesNotCount(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	raw := issuer.Token(serverURL)
	confused := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/t1/introspect" {
			w.Write([]byte(`{"active":true,"sub":"per_eve","client_id":"test-client"}`))
			return
		}
		issuer.ServeHTTP(w, r)
	})
	if _, err := protect(t, confused, introspecting(false)).Verify(t.Context(), raw); refusal(err) != notActive {
		t.Errorf("Verify = %q, want %q", refusal(err), notActive)
	}
}

func TestAStreamEndsWhenItsTokenIsRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		ended := make(chan error, 1)
		h := protect(t, issuer, introspecting(false)).Protect(stream(ended))
		raw := issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
		began := time.Now()
		time.AfterFunc(62*time.Second, func() { issuer.Revoke(raw) })
		send(h, "GET", "/todo/mcp", "", "Authorization: Bearer "+raw)
		if lasted := time.Since(began); lasted != 70*time.Second {
			t.Errorf("a stream whose token was revoked after 62 s lasted %v, want 1m10s", lasted)
		}
		<-ended
	})
}
