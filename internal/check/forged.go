// forged.go: a token that looks right and that nobody signed. A server that verifies tokens refuses it; one that cannot
// get at the keys, or that knows the issuer by another name, fails on it as it would on a good one.

package check

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"
)

func (w *walk) noRefusal() string {
	if !w.refuses {
		return "it does not even refuse a token that is none"
	}
	return w.noServer()
}

// knockWithForged calls with tokens that only a check of the signature tells from good ones.
func (w *walk) knockWithForged(ctx context.Context) {
	for _, alg := range []string{"ES256", "none"} {
		a, err := w.enter(ctx, http.MethodPost, w.URL, w.forge(alg))
		switch {
		case err != nil:
			w.find("verify-fails", w.URL, why(err))
		case a.status/100 == 2:
			w.find("forged-let-in", w.URL, "alg "+alg+": "+a.says())
		case a.status >= 500:
			w.find("verify-fails", w.URL, a.says())
		case a.status != http.StatusUnauthorized:
			w.find("rubbish-not-401", w.URL, a.says())
		default:
			w.saw("alg " + alg + ": 401 Unauthorized")
		}
	}
}

// forge is an access token of the issuer for this server (RFC 9068 §2) in all but its signature. Its key is one that the
// issuer never had.
func (w *walk) forge(alg string) string {
	now := time.Now()
	signature := ""
	if alg != "none" {
		signature = base64.RawURLEncoding.EncodeToString([]byte(rand.Text() + rand.Text() + rand.Text())[:64]) // as long as those of ES256
	}
	return segment(map[string]any{"typ": "at+jwt", "alg": alg, "kid": random()}) + "." + segment(map[string]any{
		"iss": w.issuer, "aud": w.resource.uri, "sub": "authwright-check", "client_id": "authwright-check", "jti": random(),
		"iat": now.Unix(), "exp": now.Add(time.Minute).Unix(), "scope": w.challenge.params["scope"],
	}) + "." + signature
}

func segment(members map[string]any) string {
	text, err := json.Marshal(members)
	if err != nil {
		panic(err) // strings and numbers
	}
	return base64.RawURLEncoding.EncodeToString(text)
}
