// Package clients tells who a client is.
//
// A client is known by the operator's registration, by its own (RFC 7591), or by the document that its id points
// to (draft-ietf-oauth-client-id-metadata-document). However it is known, the same validator looks at its redirect
// URIs when it becomes known and when it asks.
package clients

import (
	"net/url"
	"slices"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Client is a client that is known and enabled.
type Client struct {
	store.Client
	noPrivateScheme bool // the project refuses private-use schemes, also those registered before it did
}

// AuthMethod is the one way in which the client authenticates.
func (c Client) AuthMethod() string {
	switch {
	case c.Metadata.TokenEndpointAuthMethod != "":
		return c.Metadata.TokenEndpointAuthMethod
	case len(c.Secrets) > 0:
		return oauth.AuthClientSecretBasic // RFC 7591 §2: the default
	default:
		return oauth.AuthNone
	}
}

// Public tells whether the client has no secret to prove itself with (OAuth 2.1 §2.1).
func (c Client) Public() bool { return c.AuthMethod() == oauth.AuthNone }

// Proven tells whether an answer at redirect reaches this client and nobody else, so that consent given before may
// stand without asking again: an https address belongs to one web site, and a confidential client that the operator
// registered needs its secret to use a code. Any program can listen on loopback or claim a scheme, and a secret that
// was handed to whoever asked proves nothing about it (OAuth 2.1 §8.6; RFC 8252 §8.6).
func (c Client) Proven(redirect oauth.RedirectURI) bool {
	return redirect.Kind() == oauth.RedirectHTTPS || !c.Public() && c.Origin == store.Registered
}

// MayUse tells whether the client may use a grant type. client_credentials is for confidential clients that the
// operator registered; who did not say uses codes and refresh tokens.
func (c Client) MayUse(grantType string) bool {
	if grantType == oauth.GrantClientCredentials && (c.Public() || c.Origin != store.Registered) {
		return false
	}
	if len(c.Metadata.GrantTypes) == 0 {
		return grantType == oauth.GrantAuthorizationCode || grantType == oauth.GrantRefreshToken
	}
	return slices.Contains(c.Metadata.GrantTypes, grantType)
}

// Name is what the client calls itself, or else the host of its document, or else its id. Nobody vouches for it.
func (c Client) Name() string {
	switch {
	case c.Metadata.ClientName != "":
		return c.Metadata.ClientName
	case c.VerifiedHost() != "":
		return c.VerifiedHost()
	default:
		return string(c.ID)
	}
}

// VerifiedHost is the host that serves the client's document, or "" when it has none. The host is proven by TLS;
// what the document says is not.
func (c Client) VerifiedHost() string {
	if c.Origin != store.Document {
		return ""
	}
	u, err := url.Parse(string(c.ID))
	if err != nil {
		return ""
	}
	return u.Host
}
