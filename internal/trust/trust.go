// trust.go is the story of a check: what is looked at, in order.

// Package trust tells whether a token is from a login that the operator trusts.
package trust

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authwright/authwright/internal/store"
)

const (
	// MaxToken is the longest token that is looked at, in bytes. Tokens of others carry more than ours.
	MaxToken = 16 << 10
	// MaxKeySet is the largest set of keys that is read, in bytes.
	MaxKeySet = 256 << 10

	leeway = 30 * time.Second // between their clock and ours
)

// ErrKeys means that the issuer's keys cannot be read now: nothing can be said of the token.
var ErrKeys = errors.New("trust: the issuer’s keys cannot be read")

// Refusal says why a token does not count.
type Refusal struct {
	Code string // one word, for programs and for the page
	Why  string // for whoever makes the tokens; nothing of the token but names
}

// Error is the reason.
func (r *Refusal) Error() string { return r.Why }

func refuse(code, why string, args ...any) error { return &Refusal{code, fmt.Sprintf(why, args...)} }

// Verifier checks tokens. It may be shared by projects: it remembers nothing but public keys.
type Verifier struct {
	Keys *KeySets
	Now  func() time.Time // time.Now when nil
}

// Token is what a token that counts says.
type Token struct {
	store.Attested
	Digest store.Digest // of the token
	Once   store.Digest // of its jti, which counts once; zero when it has none
	Until  time.Time    // after that it counts no more
}

// Verify checks that a token is from the issuer, for us, and fresh (RFC 8725 §3), and reads what it says.
func (v *Verifier) Verify(ctx context.Context, t store.TrustedIssuer, token string) (Token, error) {
	if err := Check(t); err != nil { // what is not set is not skipped
		return Token{}, fmt.Errorf("trusted issuer %s: %w", t.Name, err)
	}
	head, err := readHeader(token)
	if err != nil {
		return Token{}, err
	}
	if !slices.Contains(t.Algorithms, head.Algorithm) {
		return Token{}, refuse("algorithm", "the token’s alg is not one of those that are accepted from this issuer")
	}
	keys, err := v.keysFor(ctx, t, head)
	if err != nil {
		return Token{}, err
	}
	payload, err := verify(token, head.Algorithm, keys)
	if err != nil {
		return Token{}, err
	}
	c, err := readClaims(payload)
	if err != nil {
		return Token{}, err
	}
	until, err := c.check(t, v.now())
	if err != nil {
		return Token{}, err
	}
	read := Token{Digest: store.DigestOf(token), Until: until, Attested: attested(t, c)}
	if c.ID != "" {
		read.Once = store.DigestOf("trusted token\n" + t.Issuer + "\n" + c.ID)
	}
	return read, nil
}

// keysFor are the keys that may have signed the token: of a set the one it names, of the operator's own all that fit.
func (v *Verifier) keysFor(ctx context.Context, t store.TrustedIssuer, head header) ([]any, error) {
	if t.KeysURL != "" {
		key, err := v.Keys.find(ctx, t.KeysURL, head)
		return []any{key}, err
	}
	all, err := ParseKeys(t.Keys)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(key any) bool { return !fits(key, head.Algorithm) })
	if len(all) == 0 {
		return nil, refuse("key", "no key of this issuer is for the token’s alg")
	}
	return all, nil
}

// verify checks the signature and returns the payload that was signed.
func verify(token, alg string, keys []any) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		return nil, refuse("malformed", "the token is not a signed token in compact form")
	}
	for _, key := range keys {
		if payload, err := signed.Verify(key); err == nil {
			return payload, nil
		}
	}
	return nil, refuse("signature", "the token’s signature is not valid")
}

func (v *Verifier) now() time.Time {
	if v.Now != nil {
		return v.Now()
	}
	return time.Now()
}
