// token.go mints access tokens, good ones (RFC 9068 §2) and every kind of bad one (RFC 8725 §2).

package authwrighttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Option changes the token that is minted.
type Option func(*mint)

// mint is a token before it is signed. Claims and header are JSON values by name.
type mint struct {
	header, claims map[string]any
	raw            string // the claims as text, instead of claims
	key            crypto.Signer
	hmac           bool
	none           bool
	opaque         bool
}

// Subject says whom the token speaks for; "per_ada" unless told.
func Subject(id string) Option { return Claim("sub", id) }

// Client says which client acts; "test-client" unless told.
func Client(id string) Option { return Claim("client_id", id) }

// Scope says what is granted; nothing unless told.
func Scope(tokens ...string) Option { return Claim("scope", strings.Join(tokens, " ")) }

// Org says for which organization the person acts.
func Org(id string) Option { return Claim("org_id", id) }

// ExpiresIn says how long the token holds, from now; half an hour unless told. Negative makes an expired one.
func ExpiresIn(d time.Duration) Option {
	return func(m *mint) {
		m.claims["exp"] = time.Now().Add(d).Unix()
		m.claims["iat"] = min(time.Now().Unix(), time.Now().Add(d).Unix())
	}
}

// Claim sets a claim to anything that JSON can hold.
func Claim(name string, value any) Option { return func(m *mint) { m.claims[name] = value } }

// Without leaves a claim out.
func Without(name string) Option { return func(m *mint) { delete(m.claims, name) } }

// RawClaims replaces the claims by a text that is signed as it is.
func RawClaims(edit func(claims string) string) Option {
	return func(m *mint) { m.raw = edit(string(encode(m.claims))) }
}

// Header sets a member of the protected header.
func Header(name string, value any) Option { return func(m *mint) { m.header[name] = value } }

// WithoutHeader leaves a member of the protected header out.
func WithoutHeader(name string) Option { return func(m *mint) { delete(m.header, name) } }

// Forged signs with a key that is not the issuer's, under the name of one that is.
func Forged() Option {
	return func(m *mint) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(fmt.Sprintf("authwrighttest: making a key: %v", err))
		}
		m.key = key
	}
}

// Unsigned makes a token of algorithm "none" (RFC 7519 §6).
func Unsigned() Option {
	return func(m *mint) { m.header["alg"], m.none = "none", true }
}

// SignedWithPublicKey makes an HS256 token whose secret is the issuer's public key (RFC 8725 §2.1).
func SignedWithPublicKey() Option {
	return func(m *mint) { m.header["alg"], m.hmac = "HS256", true }
}

// Opaque makes a token that only introspection understands.
func Opaque() Option { return func(m *mint) { m.opaque = true } }

// Token mints an access token for a resource. Options apply in their order.
func (i *Issuer) Token(resource string, options ...Option) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	now := time.Now()
	key := i.keys[len(i.keys)-1]
	m := &mint{
		header: map[string]any{"alg": key.public.Algorithm, "typ": oauth.TypeAccessToken, "kid": key.public.KeyID},
		claims: map[string]any{
			"iss": i.URL, "sub": "per_ada", "aud": resource, "client_id": "test-client", "jti": rand.Text(),
			"iat": now.Unix(), "exp": now.Add(30 * time.Minute).Unix(),
		},
		key: key.private,
	}
	for _, option := range options {
		option(m)
	}
	token := m.sign(key.private)
	if m.opaque {
		token = "opaque_" + rand.Text()
	}
	i.tokens[sha256.Sum256([]byte(token))] = encode(m.claims)
	return token
}

func (m *mint) sign(issuerKey crypto.Signer) string {
	header := base64.RawURLEncoding.EncodeToString(encode(m.header))
	payload := []byte(m.raw)
	if m.raw == "" {
		payload = encode(m.claims)
	}
	input := header + "." + base64.RawURLEncoding.EncodeToString(payload)
	switch {
	case m.none:
		return input + "."
	case m.hmac:
		der, err := x509.MarshalPKIXPublicKey(issuerKey.Public())
		if err != nil {
			panic(fmt.Sprintf("authwrighttest: encoding a key: %v", err))
		}
		mac := hmac.New(sha256.New, der)
		mac.Write([]byte(input))
		return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	}
	token, err := oauth.SignJWS(header, payload, m.key)
	if err != nil {
		panic(fmt.Sprintf("authwrighttest: signing: %v", err))
	}
	return token
}

// encode writes an object with its members in alphabetic order.
func encode(object map[string]any) json.RawMessage {
	var b strings.Builder
	b.WriteByte('{')
	for n, name := range slices.Sorted(maps.Keys(object)) {
		if n > 0 {
			b.WriteByte(',')
		}
		key, err1 := json.Marshal(name)
		value, err2 := json.Marshal(object[name])
		if err1 != nil || err2 != nil {
			panic(fmt.Sprintf("authwrighttest: claim %q cannot be JSON", name))
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return json.RawMessage(b.String())
}
