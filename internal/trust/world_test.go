package trust

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
)

const (
	issuer   = "https://login.example/"
	audience = "authwright"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// The keys are made once: RSA takes a while.
var (
	p256, _      = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	p224, _      = ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	p384, _      = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	_, ed, _     = ed25519.GenerateKey(rand.Reader)
	rsaKey       = sync.OnceValue(func() *rsa.PrivateKey { key, _ := rsa.GenerateKey(rand.Reader, 2048); return key })
	strangers, _ = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
)

func pemOf(t testing.TB, keys ...crypto.Signer) (text string) {
	t.Helper()
	for _, key := range keys {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		text += string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
	}
	return text
}

// app is an issuer with a P-256 key in PEM.
func app(t testing.TB, change func(*store.TrustedIssuer)) store.TrustedIssuer {
	t.Helper()
	i := store.TrustedIssuer{
		Name: "app", Title: "App", Issuer: issuer, Audience: audience, Keys: pemOf(t, p256), LoginURL: "https://app.example/login", Mapping: DefaultMapping(),
	}
	if change != nil {
		change(&i)
	}
	return Defaults(i)
}

// good are the claims of a token that counts, changed; a nil takes a claim away.
func good(change map[string]any) map[string]any {
	c := map[string]any{
		"iss": issuer, "aud": audience, "sub": "user-1", "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"email": "ada@example.com", "email_verified": true, "name": "Ada",
	}
	maps.Copy(c, change)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// token signs claims with go-jose; header members are added as they are.
func token(t testing.TB, key any, alg string, head map[string]any, claims any) string {
	t.Helper()
	opts := (&jose.SignerOptions{}).WithHeader("typ", "JWT")
	for name, value := range head {
		opts = opts.WithHeader(jose.HeaderKey(name), value)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.SignatureAlgorithm(alg), Key: key}, opts)
	if err != nil {
		t.Fatal(err)
	}
	payload, ok := claims.(string)
	if !ok {
		raw, err := json.Marshal(claims)
		if err != nil {
			t.Fatal(err)
		}
		payload = string(raw)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// raw is a token with a header as it stands and a signature by nobody.
func raw(header, payload, signature string) string {
	b64 := base64.RawURLEncoding.EncodeToString
	return b64([]byte(header)) + "." + b64([]byte(payload)) + "." + b64([]byte(signature))
}

// keyHost serves a key set.
type keyHost struct {
	*httptest.Server
	reads  atomic.Int32
	status atomic.Int32
	set    atomic.Value // string
}

func serveKeys(t testing.TB, set string) *keyHost {
	t.Helper()
	h := &keyHost{}
	h.set.Store(set)
	h.status.Store(http.StatusOK)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		h.reads.Add(1)
		w.WriteHeader(int(h.status.Load()))
		fmt.Fprint(w, h.set.Load())
	}))
	t.Cleanup(h.Close)
	return h
}

func setOf(t testing.TB, keys ...jose.JSONWebKey) string {
	t.Helper()
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: keys})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func public(kid string, key crypto.Signer) jose.JSONWebKey {
	return jose.JSONWebKey{Key: key.Public(), KeyID: kid}
}

// clock is moved by the test alone.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func verifier() (*Verifier, *clock) {
	c := &clock{now}
	return &Verifier{Now: c.Now, Keys: &KeySets{Now: c.Now, Fetch: &outbound.Operator{Timeout: 5 * time.Second, MaxBody: 64 << 10}}}, c
}
