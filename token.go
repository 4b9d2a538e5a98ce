// token.go: a verified access token, as a tool sees it (RFC 9068 §2.2).

package authwright

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Token is who calls and what they may do. It was verified; do not change what its slices hold.
type Token struct {
	Subject  string         // the person, or the client itself when it acts for nobody
	ClientID string         // the program that acts
	Scopes   oauth.Scope    // as granted; Has also knows what they imply
	Issuer   string         // who says so
	Audience oauth.Audience // the protected server, and perhaps others
	OrgID    string         // the organization the person acts for; empty if none
	OrgSlug  string         // what it is called in addresses, to show and never to decide by: it can change, OrgID cannot
	ID       string         // the jti claim
	IssuedAt time.Time
	Expires  time.Time

	granted oauth.Scope
	payload []byte
}

// Has tells whether the token carries the scope, itself or through one that implies it.
func (t *Token) Has(scope string) bool { return t.granted.Has(scope) || t.Scopes.Has(scope) }

// Claim decodes a claim into v, a pointer, and tells whether the token has it.
func (t *Token) Claim(name string, v any) (bool, error) {
	var claims map[string]json.RawMessage
	if len(t.payload) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(t.payload, &claims); err != nil {
		return false, fmt.Errorf("reading the claims: %w", err)
	}
	raw, ok := claims[name]
	if !ok {
		return false, nil
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return true, fmt.Errorf("claim %q: %w", name, err)
	}
	return true, nil
}

// clone gives each caller a Token of its own, so that setting a field or appending to a slice stays with that caller.
func (t *Token) clone() *Token {
	c := *t
	c.Scopes = c.Scopes[:len(c.Scopes):len(c.Scopes)]
	c.Audience = c.Audience[:len(c.Audience):len(c.Audience)]
	return &c
}

type tokenKey struct{}

// FromContext is the token of the request a handler is serving. It is nil and false for a request that came around the
// check: a handler that may be mounted elsewhere looks, since a panic in a tool ends the program with some SDKs.
func FromContext(ctx context.Context) (*Token, bool) {
	t, ok := ctx.Value(tokenKey{}).(*Token)
	return t, ok
}

// NewContext is ctx with a token in it. Protect does this; call it to hand a token on, or to test a tool.
func NewContext(ctx context.Context, t *Token) context.Context {
	return context.WithValue(ctx, tokenKey{}, t)
}
