// keys.go finds the key that signed a token: among the operator's own (PEM, RFC 7468), or in the issuer's set (RFC 7517 §5).

package trust

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/oauth"
)

// algorithms are the asymmetric ones of RFC 7518 §3.1 and RFC 8037 §3.1; the first six are for RSA.
var algorithms = []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}

const maxKeys = 8

// ParseKeys reads public keys, and certificates for the keys in them.
func ParseKeys(text string) (keys []any, err error) {
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		key, err := parseBlock(block)
		if err != nil {
			return nil, fmt.Errorf("keys: %w", err)
		}
		if !slices.ContainsFunc(algorithms, func(alg string) bool { return fits(key, alg) }) {
			return nil, errors.New("keys: use RSA of 2048 to 8192 bits, P-256, P-384, P-521 or Ed25519")
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 || len(keys) > maxKeys {
		return nil, fmt.Errorf("keys: give 1 to %d public keys in PEM", maxKeys)
	}
	return keys, nil
}

func parseBlock(block *pem.Block) (any, error) {
	switch block.Type {
	case "PUBLIC KEY":
		return x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		return x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		return cert.PublicKey, nil
	}
	if strings.Contains(block.Type, "PRIVATE") {
		return nil, errors.New("this is a private key: it stays with whoever signs; give the public one")
	}
	return nil, fmt.Errorf("a %s is no public key", block.Type)
}

// fits tells whether a key may be used with an algorithm. A key is never used with another kind's (RFC 8725 §3.1).
func fits(key any, alg string) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return slices.Contains(algorithms[:6], alg) && bits >= 2048 && bits <= 8192 && key.E >= 3 && key.E&1 == 1
	case *ecdsa.PublicKey:
		return alg == usual(key)
	case ed25519.PublicKey:
		return alg == "EdDSA" && len(key) == ed25519.PublicKeySize
	}
	return false
}

// usual is the algorithm that a key is for when nothing else is said.
func usual(key any) string {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		switch key.Curve {
		case elliptic.P256():
			return "ES256"
		case elliptic.P384():
			return "ES384"
		case elliptic.P521():
			return "ES512"
		}
	case *rsa.PublicKey:
		return "RS256"
	case ed25519.PublicKey:
		return "EdDSA"
	}
	return ""
}

// How long a reading of a set counts.
const (
	setFresh   = 10 * time.Minute
	setStale   = time.Hour        // when the issuer does not answer
	setRefetch = 30 * time.Second // for a key that is not in it
	setRetry   = 5 * time.Second  // after a failure
	maxSetKeys = 100
)

// KeySets reads the issuers' sets and keeps them for a while.
type KeySets struct {
	Fetch *outbound.Operator
	Now   func() time.Time // time.Now when nil

	mu       sync.Mutex
	readings map[string]*reading
	fetches  singleflight.Group
}

// reading is the last try to read a set, and what the last good one gave.
type reading struct {
	keys   []jose.JSONWebKey
	at     time.Time // of the keys
	failed time.Time // of a try since; zero when there was none
	why    error     // it failed
}

// find returns the key of the set that a token names. A key that is not there may be new: then the set is read again.
func (k *KeySets) find(ctx context.Context, url string, head header) (any, error) {
	keys, err := k.read(ctx, url, setFresh, setStale)
	if err != nil {
		return nil, err
	}
	key, err := pick(keys, head)
	if err == nil || head.KeyID == "" {
		return key, err
	}
	if keys, err = k.read(ctx, url, setRefetch, setRefetch); err != nil {
		return nil, err
	}
	return pick(keys, head)
}

// pick is the key with the token's kid and alg. A token without a kid can mean the only key that fits.
func pick(keys []jose.JSONWebKey, head header) (any, error) {
	var found []any
	for _, key := range keys {
		if (head.KeyID == "" || key.KeyID == head.KeyID) && (key.Algorithm == "" || key.Algorithm == head.Algorithm) && fits(key.Key, head.Algorithm) {
			found = append(found, key.Key)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, refuse("key", "the token’s header does not say which key signed it (kid), and the issuer has several")
	}
	return nil, refuse("key", "the issuer has no key for the token’s kid and alg")
}

// read returns a reading that is not older than fresh, or not older than stale when the issuer does not answer.
func (k *KeySets) read(ctx context.Context, url string, fresh, stale time.Duration) ([]jose.JSONWebKey, error) {
	now := k.now()
	k.mu.Lock()
	last := k.readings[url]
	k.mu.Unlock()
	if last != nil && !last.at.IsZero() && now.Sub(last.at) < fresh {
		return last.keys, nil
	}
	if last == nil || now.Sub(last.failed) >= setRetry {
		done := k.fetches.DoChan(url, func() (any, error) { return k.fetch(context.WithoutCancel(ctx), url) })
		select {
		case got := <-done:
			last = got.Val.(*reading)
			if got.Err == nil {
				return last.keys, nil
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrKeys, ctx.Err())
		}
	}
	if !last.at.IsZero() && now.Sub(last.at) < stale {
		return last.keys, nil
	}
	return nil, fmt.Errorf("%w: %w", ErrKeys, last.why)
}

// fetch reads the set and files what came of it.
func (k *KeySets) fetch(ctx context.Context, url string) (*reading, error) {
	keys, err := k.load(ctx, url)
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.readings == nil {
		k.readings = make(map[string]*reading)
	}
	fresh := &reading{keys: keys, at: k.now()}
	if err != nil {
		fresh = &reading{failed: k.now(), why: err}
		if last := k.readings[url]; last != nil {
			fresh.keys, fresh.at = last.keys, last.at
		}
	}
	k.readings[url] = fresh
	return fresh, err
}

func (k *KeySets) load(ctx context.Context, url string) ([]jose.JSONWebKey, error) {
	res, err := k.Fetch.Get(ctx, url, "application/jwk-set+json, application/json")
	if err != nil {
		return nil, err
	}
	if res.Status != http.StatusOK {
		return nil, fmt.Errorf("the issuer’s key set answers %d", res.Status)
	}
	return parseSet(res.Body)
}

// parseSet reads a set. Keys that are for something else, private, or of a kind that is not known here, are left out.
func parseSet(body []byte) (keys []jose.JSONWebKey, err error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := oauth.UnmarshalStrict(body, &set); err != nil {
		return nil, err
	}
	for _, raw := range set.Keys[:min(len(set.Keys), maxSetKeys)] {
		var key jose.JSONWebKey
		if json.Unmarshal(raw, &key) != nil || !key.Valid() || key.Use != "" && key.Use != "sig" {
			continue
		}
		if slices.ContainsFunc(algorithms, func(alg string) bool { return fits(key.Key, alg) }) {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return nil, errors.New("the set has no key that can sign")
	}
	return keys, nil
}

func (k *KeySets) now() time.Time {
	if k.Now != nil {
		return k.Now()
	}
	return time.Now()
}
