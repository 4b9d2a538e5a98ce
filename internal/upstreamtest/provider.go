// provider.go: an OpenID provider on this machine, with discovery, keys, a token endpoint and nobody who asks anything.

// Package upstreamtest is another provider that people sign in with: honest, unless a test makes it lie.
package upstreamtest

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"
)

// The client that the provider knows.
const (
	ClientID     = "authwright"
	ClientSecret = "a secret of the provider"
)

// Provider is an OpenID provider. Its fields may be changed between calls.
type Provider struct {
	URL      string
	Issuer   string             // of its documents and tokens; URL when New made it
	Now      func() time.Time   // time.Now when nil
	Person   map[string]any     // the claims about whoever signs in
	Lie      func(Token)        // changes a token before it is signed
	Forge    func(Token) string // signs it, in the place of the provider's key
	Document func(map[string]any)
	Wrong    http.HandlerFunc // answers the token endpoint in its place
	Thin     bool             // ID tokens say who somebody is by the subject alone; the rest is at the userinfo endpoint
	Told     func(map[string]any)
	KeyID    string // of its key; "1" when empty
	KeyFor   string // whose tokens the key says it signs; "" when it does not say, as most

	key   *ecdsa.PrivateKey
	mu    sync.Mutex
	given map[string]url.Values // the authorization request of each code
	calls map[string]int        // by path
}

// Token is an ID token before it is signed.
type Token struct{ Header, Claims map[string]any }

// New starts a provider that signs in one person.
func New(t testing.TB) *Provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &Provider{key: key, given: make(map[string]url.Values), calls: make(map[string]int), Person: map[string]any{
		"sub": "17", "name": "Cleo Park", "email": "cleo@example.com", "email_verified": true,
	}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", p.discovery)
	mux.HandleFunc("GET /jwks", p.jwks)
	mux.HandleFunc("POST /token", p.token)
	mux.HandleFunc("GET /userinfo", p.userInfo)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.calls[r.URL.Path]++
		p.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.URL, p.Issuer = server.URL, server.URL
	return p
}

// Calls tells how often a path was asked for.
func (p *Provider) Calls(path string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[path]
}

// SignIn is what a person does at the provider: it takes the address they were sent to, and returns the parameters
// they come back with.
func (p *Provider) SignIn(t testing.TB, to string) url.Values {
	t.Helper()
	u, err := url.Parse(to)
	if err != nil || u.Path != "/authorize" {
		t.Fatalf("the person was sent to %q, want %s/authorize", to, p.URL)
	}
	asked, code := u.Query(), rand.Text()
	p.mu.Lock()
	p.given[code] = asked
	p.mu.Unlock()
	return url.Values{"code": {code}, "state": {asked.Get("state")}, "iss": {p.Issuer}}
}

func (p *Provider) discovery(w http.ResponseWriter, _ *http.Request) {
	doc := map[string]any{
		"issuer": p.Issuer, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/jwks", "userinfo_endpoint": p.URL + "/userinfo",
		"id_token_signing_alg_values_supported": []string{"ES256"}, "authorization_response_iss_parameter_supported": true,
	}
	if p.Document != nil {
		p.Document(doc)
	}
	writeJSON(w, doc)
}

func (p *Provider) jwks(w http.ResponseWriter, _ *http.Request) {
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	b64 := base64.RawURLEncoding.EncodeToString
	key := map[string]any{
		"kty": "EC", "crv": "P-256", "kid": p.keyID(), "use": "sig", "alg": "ES256", "x": b64(point[1:33]), "y": b64(point[33:]),
	}
	if p.KeyFor != "" {
		key["issuer"] = p.KeyFor
	}
	writeJSON(w, map[string]any{"keys": []any{map[string]any{"kty": "of another age", "kid": p.keyID()}, key}})
}

func (p *Provider) keyID() string { return cmp.Or(p.KeyID, "1") }

// token redeems a code as a careful provider does: once, for the client, the address and the verifier it was made for.
func (p *Provider) token(w http.ResponseWriter, r *http.Request) {
	if p.Wrong != nil {
		p.Wrong(w, r)
		return
	}
	p.mu.Lock()
	asked, ok := p.given[r.PostFormValue("code")]
	delete(p.given, r.PostFormValue("code"))
	p.mu.Unlock()
	id, secret, basic := r.BasicAuth()
	if unescaped, err := url.QueryUnescape(secret); err == nil {
		secret = unescaped
	}
	challenge := sha256.Sum256([]byte(r.PostFormValue("code_verifier")))
	switch {
	case !basic || id != ClientID || secret != ClientSecret:
		w.WriteHeader(http.StatusUnauthorized)
		writeJSON(w, map[string]any{"error": "invalid_client"})
	case !ok || r.PostFormValue("redirect_uri") != asked.Get("redirect_uri") || asked.Get("code_challenge_method") != "S256" ||
		base64.RawURLEncoding.EncodeToString(challenge[:]) != asked.Get("code_challenge"):
		w.WriteHeader(http.StatusBadRequest)
		writeJSON(w, map[string]any{"error": "invalid_grant"})
	default:
		writeJSON(w, map[string]any{"access_token": "at", "token_type": "Bearer", "id_token": p.idToken(asked)})
	}
}

// userInfo tells who the only access token there is was made for.
func (p *Provider) userInfo(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer at" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	said := maps.Clone(p.Person)
	if p.Told != nil {
		p.Told(said)
	}
	writeJSON(w, said)
}

func (p *Provider) idToken(asked url.Values) string {
	now := time.Now()
	if p.Now != nil {
		now = p.Now()
	}
	hash := sha256.Sum256([]byte("at"))
	t := Token{map[string]any{"alg": "ES256", "kid": p.keyID()}, map[string]any{
		"iss": p.Issuer, "aud": asked.Get("client_id"), "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "auth_time": now.Unix(),
		"nonce": asked.Get("nonce"), "at_hash": base64.RawURLEncoding.EncodeToString(hash[:16]),
	}}
	if p.Thin {
		t.Claims["sub"] = p.Person["sub"]
	} else {
		maps.Copy(t.Claims, p.Person)
	}
	if p.Lie != nil {
		p.Lie(t)
	}
	if p.Forge != nil {
		return p.Forge(t)
	}
	return Sign(t, p.key)
}

// Sign makes a JWS of a token with a P-256 key (RFC 7518 §3.4).
func Sign(t Token, key *ecdsa.PrivateKey) string {
	input := t.Input()
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		panic(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return input + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// Input is what is signed of a token.
func (t Token) Input() string { return part(t.Header) + "." + part(t.Claims) }

func part(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // whoever has gone needs no answer
}
