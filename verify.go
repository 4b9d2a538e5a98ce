// verify.go decides whether an access token is good for this resource (RFC 9068 §4, RFC 8725 §3, RFC 7662 §4).

package authwright

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Clocks differ. A token just made may seem to come from the future by this much, and one that expired may be
// used this much longer: streams end at the same instant.
const (
	startSkew  = 60 * time.Second
	expirySkew = 30 * time.Second
)

// claims are what is read of a token, signed or introspected.
type claims struct {
	oauth.Claims
	Confirmation json.RawMessage `json:"cnf"` // RFC 7800 §3.1
}

// Verify tells who a token speaks for. An error is or wraps an *oauth.Error: invalid_token when the token is no good,
// temporarily_unavailable when that cannot be known now.
func (r *Resource) Verify(ctx context.Context, token string) (*Token, error) {
	known, err := r.verify(ctx, token)
	if err != nil {
		return nil, err
	}
	return known.token.clone(), nil
}

// verify is the one way in: a token is proven, or was before and still is.
func (r *Resource) verify(ctx context.Context, token string) (*verified, error) {
	if len(token) > oauth.MaxToken {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token is malformed")
	}
	now := r.now()
	digest := digestOf(token)
	known := r.cache.get(digest)
	switch {
	case known == nil || !r.stillProven(known, now):
		fresh, err := r.prove(ctx, token, now)
		if err != nil {
			return nil, err
		}
		known = r.cache.put(digest, fresh, now)
	case now.After(known.token.Expires.Add(expirySkew)):
		return nil, oauth.Errorf(oauth.InvalidToken, "the token has expired")
	}
	if err := r.stillActive(ctx, token, known, now); err != nil {
		return nil, err
	}
	return known, nil
}

// digestOf hashes a token. One of usual length is copied to the stack, so that a known token costs no memory.
func digestOf(token string) [sha256.Size]byte {
	var stack [1536]byte
	return sha256.Sum256(append(stack[:0], token...))
}

// stillProven tells whether the key that proved a token is still one of the issuer's.
func (r *Resource) stillProven(known *verified, now time.Time) bool {
	return r.keys == nil || r.keys.holds(known.key, now)
}

// prove verifies a token that is not known: by its signature, or by the word of the issuer.
func (r *Resource) prove(ctx context.Context, token string, now time.Time) (*verified, error) {
	if r.keys == nil {
		return r.proveByIssuer(ctx, token, now)
	}
	jws, err := oauth.ParseJWS(token)
	if err != nil {
		return nil, err
	}
	if oauth.NormalizeType(jws.Header.Type) != oauth.TypeAccessToken {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token is not an access token") // RFC 8725 §3.11
	}
	key, err := r.keys.key(ctx, jws.Header.KeyID, now)
	if err != nil {
		return nil, err
	}
	if err := jws.Verify(key.public, key.alg); err != nil {
		return nil, err
	}
	proven, err := r.accept(jws.Payload, now)
	if err != nil {
		return nil, err
	}
	return &verified{token: proven, key: key, asking: make(chan struct{}, 1)}, nil
}

// accept reads claims that are proven to be the issuer's and wants every one of RFC 9068 §4. Nothing is optional
// because it was not configured.
func (r *Resource) accept(payload []byte, now time.Time) (*Token, error) {
	refuse := func(why string) (*Token, error) { return nil, oauth.Errorf(oauth.InvalidToken, "%s", why) }
	var c claims
	if err := oauth.UnmarshalStrict(payload, &c); err != nil {
		return refuse("the token's claims are malformed")
	}
	expires, issued := c.Expires.Time(), c.IssuedAt.Time()
	scope, scopeErr := oauth.ParseScope(c.Scope)
	switch {
	case c.Issuer != r.issuer:
		return refuse("the token is from another issuer")
	case !c.Audience.Has(r.resource):
		return refuse("the token is for another resource")
	case c.Expires == 0:
		return refuse("the token does not say when it expires")
	case now.After(expires.Add(expirySkew)):
		return refuse("the token has expired")
	case c.IssuedAt == 0 || issued.After(expires):
		return refuse("the token does not say when it was issued")
	case issued.After(now.Add(startSkew)) || c.NotBefore.Time().After(now.Add(startSkew)):
		return refuse("the token is not valid yet")
	case c.Subject == "" || c.ClientID == "":
		return refuse("the token does not say who acts")
	case scopeErr != nil:
		return refuse("the token's scope is malformed")
	case len(c.Confirmation) > 0:
		return refuse("the token is bound to a key, it is no bearer token") // RFC 9449 §7.2
	}
	return &Token{
		Subject:  c.Subject,
		ClientID: c.ClientID,
		Scopes:   scope,
		Issuer:   c.Issuer,
		Audience: c.Audience,
		OrgID:    c.OrgID,
		OrgSlug:  c.OrgSlug,
		ID:       c.JWTID,
		IssuedAt: issued,
		Expires:  expires,
		granted:  r.granted(scope),
		payload:  payload,
	}, nil
}

// unavailable is what a caller is told when the issuer cannot be asked. The cause goes to the log.
func unavailable(cause error) error {
	return errors.Join(oauth.Errorf(oauth.TemporarilyUnavailable, "the token cannot be checked right now, try again"), cause)
}
