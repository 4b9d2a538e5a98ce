// issuer.go: an issuer's metadata, keys and introspection (RFC 8414, RFC 7517, RFC 7662).

// Package authwrighttest is an issuer for the tests of protected servers.
//
// It has real keys and signs real tokens, good ones and bad ones, and needs no network: an [Issuer] is an
// http.Handler, so it is reached with authwright.Direct or, made by [NewIssuer], at a loopback address.
package authwrighttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/authwright/authwright/oauth"
)

// What a resource introspects with that has no client of its own. Every other client is taken with any secret, so that a
// server is tested as it is configured; this one only with its own.
const (
	IntrospectionClient = "resource"
	IntrospectionSecret = "secret of the resource, for tests only"
)

// Issuer issues access tokens.
type Issuer struct {
	// URL is the issuer identifier.
	URL string

	mu      sync.Mutex
	keys    []signer // the last one signs
	tokens  map[[sha256.Size]byte]json.RawMessage
	revoked map[[sha256.Size]byte]bool
	asked   map[string]int
	down    bool
}

type signer struct {
	private crypto.Signer
	public  oauth.JWK
}

// New makes an issuer of the given identifier, for authwright.Direct.
func New(identifier string) *Issuer {
	i := &Issuer{
		URL:     identifier,
		tokens:  make(map[[sha256.Size]byte]json.RawMessage),
		revoked: make(map[[sha256.Size]byte]bool),
		asked:   make(map[string]int),
	}
	i.Rotate(oauth.ES256)
	return i
}

// NewIssuer makes an issuer that listens on a loopback address until the test ends.
func NewIssuer(tb testing.TB) *Issuer {
	tb.Helper()
	i := New("")
	server := httptest.NewServer(i)
	tb.Cleanup(server.Close)
	i.URL = server.URL
	return i
}

// Rotate publishes a new key and signs with it from now on. The keys before stay published.
func (i *Issuer) Rotate(alg oauth.Alg) {
	var private crypto.Signer
	var err error
	switch alg {
	case oauth.EdDSA:
		_, private, err = ed25519.GenerateKey(rand.Reader)
	case oauth.RS256:
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		panic(fmt.Sprintf("authwrighttest: making a key: %v", err))
	}
	public, err := oauth.NewJWK(private.Public())
	if err != nil {
		panic(fmt.Sprintf("authwrighttest: describing a key: %v", err))
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = append(i.keys, signer{private, public})
}

// Withdraw takes every key but the newest out of the published set.
func (i *Issuer) Withdraw() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.keys = i.keys[len(i.keys)-1:]
}

// Revoke makes introspection call a token inactive.
func (i *Issuer) Revoke(token string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.revoked[sha256.Sum256([]byte(token))] = true
}

// SetDown has the issuer answer everything with 503, or work again.
func (i *Issuer) SetDown(down bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.down = down
}

// Asked tells how often an endpoint was asked: "metadata", "jwks" or "introspect".
func (i *Issuer) Asked(endpoint string) int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.asked[endpoint]
}

// ServeHTTP answers at the issuer's addresses.
func (i *Issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.down {
		http.Error(w, "down", http.StatusServiceUnavailable)
		return
	}
	path := ""
	if u, err := url.Parse(i.URL); err == nil {
		path = strings.TrimSuffix(u.Path, "/")
	}
	switch r.URL.Path {
	case oauth.ServerMetadataPrefix + path, oauth.OpenIDConfigurationPrefix + path, path + oauth.OpenIDConfigurationPrefix:
		i.asked["metadata"]++
		i.write(w, oauth.ServerMetadata{
			Issuer:                        i.URL,
			AuthorizationEndpoint:         i.URL + "/authorize",
			TokenEndpoint:                 i.URL + "/token",
			JWKSURI:                       i.URL + "/jwks",
			IntrospectionEndpoint:         i.URL + "/introspect",
			ResponseTypesSupported:        []string{"code"},
			CodeChallengeMethodsSupported: []string{oauth.S256},
			AuthorizationResponseIssParameterSupported: true,
		})
	case path + "/jwks":
		i.asked["jwks"]++
		var set oauth.JWKSet
		for _, key := range i.keys {
			set.Keys = append(set.Keys, key.public)
		}
		i.write(w, set)
	case path + "/introspect":
		i.asked["introspect"]++
		i.introspect(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (i *Issuer) introspect(w http.ResponseWriter, r *http.Request) {
	id, secret, _, err := oauth.BasicCredentials(r.Header)
	if err != nil || id == "" || id == IntrospectionClient && secret != IntrospectionSecret {
		w.WriteHeader(http.StatusUnauthorized)
		i.write(w, oauth.Errorf(oauth.InvalidClient, "authenticate as %s", IntrospectionClient))
		return
	}
	form, err := oauth.ParseForm(r)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		i.write(w, err)
		return
	}
	digest := sha256.Sum256([]byte(form["token"]))
	claims, known := i.tokens[digest]
	if !known || i.revoked[digest] {
		i.write(w, oauth.Introspection{})
		return
	}
	answer := make(map[string]any)
	if err := json.Unmarshal(claims, &answer); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	answer["active"], answer["token_type"] = true, oauth.TokenTypeBearer
	i.write(w, answer)
}

func (i *Issuer) write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // a recorder or a loopback connection
}
