package authwright_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/oauth"
)

// BenchmarkVerifyKnown is a token that was seen before: nearly every request.
func BenchmarkVerifyKnown(b *testing.B) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(b, issuer)
	raw := issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Verify(ctx, raw); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyNew is a token that is seen for the first time.
func BenchmarkVerifyNew(b *testing.B) {
	for _, alg := range []oauth.Alg{oauth.ES256, oauth.EdDSA, oauth.RS256} {
		b.Run(string(alg), func(b *testing.B) {
			issuer := authwrighttest.New(issuerURL)
			issuer.Rotate(alg)
			r := protect(b, issuer)
			tokens := make([]string, 1<<12)
			for i := range tokens {
				tokens[i] = issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
			}
			if _, err := r.Verify(b.Context(), tokens[0]); err != nil { // reads the keys
				b.Fatal(err)
			}
			fresh := protect(b, issuer)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if i%len(tokens) == 0 {
					b.StopTimer()
					fresh = protect(b, issuer)
					if _, err := fresh.Verify(b.Context(), issuer.Token(serverURL)); err != nil {
						b.Fatal(err)
					}
					b.StartTimer()
				}
				if _, err := fresh.Verify(b.Context(), tokens[i%len(tokens)]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}

// BenchmarkProtect is a whole tool call with a known token: origin, token, body, scopes, session.
func BenchmarkProtect(b *testing.B) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(b, issuer).Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := authwright.FromContext(r.Context()); !ok {
			b.Error("no token")
		}
	}))
	raw := issuer.Token(serverURL, authwrighttest.Scope("todo.write"))
	body := toolCall("create_item")
	b.ReportAllocs()
	for b.Loop() {
		r := httptest.NewRequest("POST", "/todo/mcp", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+raw)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("POST = %d %s", w.Code, w.Body)
		}
	}
}

// FuzzVerify: whatever a stranger sends, only what the issuer signed gets in, and nothing panics.
func FuzzVerify(f *testing.F) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(f, issuer)
	good := issuer.Token(serverURL)
	f.Add(good)
	f.Add(good + ".")
	f.Add(strings.Replace(good, ".", "..", 1))
	f.Add("e30.e30.e30")
	f.Add(issuer.Token(serverURL, authwrighttest.Unsigned()))
	f.Fuzz(func(t *testing.T, raw string) {
		if _, err := r.Verify(t.Context(), raw); err == nil && raw != good {
			t.Fatalf("Verify(%q) lets in what the issuer did not sign", raw)
		}
	})
}

// TestAKnownTokenCostsOneAllocation guards what BenchmarkVerifyKnown measures.
func TestAKnownTokenCostsOneAllocation(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer)
	raw := issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	got := testing.AllocsPerRun(100, func() {
		if _, err := r.Verify(t.Context(), raw); err != nil {
			t.Fatal(err)
		}
	})
	if got > 1 {
		t.Errorf("verifying a known token allocates %v times, want at most once", got)
	}
}
