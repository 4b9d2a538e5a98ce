// inspect.go verifies tokens that come back to us: one function, nothing skipped (RFC 9068 §4, RFC 8725 §3).

package authserver

import (
	"context"
	"errors"
	"sync"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// accessToken reads an access token of this issuer: signature, type, issuer and times. Whether it still counts,
// alive tells.
func (s *Server) accessToken(ctx context.Context, token string) (*oauth.Claims, error) {
	digest := store.DigestOf(token)
	claims := s.verified.get(digest)
	if claims == nil {
		var err error
		if claims, err = s.verifyAccessToken(ctx, token); err != nil {
			return nil, err
		}
		s.verified.put(digest, claims)
	}
	if !s.Now().Before(claims.Expires.Time()) {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token has expired")
	}
	return claims, nil
}

func (s *Server) verifyAccessToken(ctx context.Context, token string) (*oauth.Claims, error) {
	jws, err := oauth.ParseJWS(token)
	if err != nil {
		return nil, err
	}
	if err := s.Keys.Verify(ctx, jws, oauth.TypeAccessToken); err != nil {
		return nil, err
	}
	var claims oauth.Claims
	if err := oauth.UnmarshalStrict(jws.Payload, &claims); err != nil {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token's claims cannot be read")
	}
	if claims.Issuer != s.issuer || claims.Expires == 0 || claims.IssuedAt == 0 || claims.JWTID == "" || claims.ClientID == "" || len(claims.Audience) == 0 {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token is not an access token of this issuer")
	}
	if claims.More, err = further(jws.Payload, claims); err != nil {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token's claims cannot be read")
	}
	return &claims, nil
}

// alive is what a verified token still counts for, nothing when it is over: its grant is live, with its person and
// client enabled, and holds by the policy; a client's own token is not revoked and its client enabled.
func (s *Server) alive(ctx context.Context, token string, claims *oauth.Claims) (oauth.Scope, error) {
	scope, err := oauth.ParseScope(claims.Scope)
	if err != nil {
		return nil, nil
	}
	id := grantOf(claims)
	if id != "" {
		grant, err := s.Store.LiveGrant(ctx, id, s.Now())
		if err != nil || string(grant.Client) != claims.ClientID || string(grant.Person) != claims.Subject {
			return nil, unlessNotFound(err)
		}
		client, err := s.Clients.Recall(ctx, grant.Client)
		if err != nil || s.tooOld(claims, client) {
			return nil, unlessNotFound(err)
		}
		held, err := s.entitled(ctx, &grant, client)
		return scope.Intersect(held), err
	}
	revoked, err := s.Store.TokenRevoked(ctx, store.DigestOf(token))
	if revoked || err != nil {
		return nil, err
	}
	client, err := s.Store.Client(ctx, store.ClientID(claims.ClientID))
	if err != nil || client.Disabled || s.tooOld(claims, client) {
		return nil, unlessNotFound(err)
	}
	known, err := s.readCatalog(ctx)
	if err != nil {
		return nil, err
	}
	resource, _ := known.resourceOf(claims.Audience[0]) // none: the server was taken out of the project
	return scope.Intersect(client.Scope).Intersect(scopeNames(resource)), nil
}

// tooOld tells whether a token was issued longer ago than the client's tokens live now.
func (s *Server) tooOld(claims *oauth.Claims, client store.Client) bool {
	return !s.Now().Before(claims.IssuedAt.Time().Add(s.settings.LivesOf(client).Access))
}

// unlessNotFound is err, or nil when it only says that there is no such thing.
func unlessNotFound(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

// verifiedTokens remembers tokens whose signature was checked, so that it is checked once. Two generations of a
// map bound it: when the young one is full it becomes the old one.
type verifiedTokens struct {
	mu         sync.Mutex
	young, old map[store.Digest]*oauth.Claims
}

const verifiedTokensMax = 8192 // per generation

func (v *verifiedTokens) get(d store.Digest) *oauth.Claims {
	v.mu.Lock()
	defer v.mu.Unlock()
	if c := v.young[d]; c != nil {
		return c
	}
	return v.old[d]
}

func (v *verifiedTokens) put(d store.Digest, c *oauth.Claims) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.young == nil || len(v.young) >= verifiedTokensMax {
		v.old, v.young = v.young, make(map[store.Digest]*oauth.Claims)
	}
	v.young[d] = c
}
