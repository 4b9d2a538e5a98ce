// issue.go makes the tokens of a grant: access token (RFC 9068), refresh token, ID token (OpenID Connect Core §2).

package authserver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// issueTo makes the answer for a grant that a person gave: what still holds of what was granted, and of that what is
// wanted. It never grows.
func (s *Server) issueTo(ctx context.Context, client clients.Client, g *store.Grant, wanted oauth.Scope) (*oauth.TokenResponse, error) {
	scope, err := s.hold(ctx, g, client.Client)
	if err != nil {
		return nil, err
	}
	return s.issue(ctx, client.Client, g, narrow(scope, wanted))
}

// issue makes the answer of the token endpoint. A grant without a person is the client's own.
func (s *Server) issue(ctx context.Context, client store.Client, g *store.Grant, scope oauth.Scope) (*oauth.TokenResponse, error) {
	now, forPerson := s.Now(), g.Person != ""
	lives := s.settings.LivesOf(client)
	life := lives.Access
	if forPerson {
		life = min(life, lives.End(*g).Sub(now))
	}
	audience, err := s.audience(ctx, client, g.Resource)
	if err != nil {
		return nil, err
	}
	claims := oauth.Claims{
		Issuer: s.issuer, Subject: string(g.Person), Audience: audience,
		IssuedAt: oauth.Date(now), Expires: oauth.Date(now.Add(life)), JWTID: newTokenID(g.ID),
		ClientID: string(g.Client), Scope: scope.String(), OrgID: string(g.Org), OrgSlug: g.Standing.Slug,
	}
	if forPerson {
		claims.AuthTime, claims.ACR = oauth.Date(g.AuthTime), oauth.ACROf(g.Methods) // RFC 9470 §6.1
	} else {
		claims.Subject = string(g.Client) // RFC 9068 §2.2
	}
	if claims.More, err = s.furtherClaims(client, g); err != nil {
		return nil, err
	}
	token, err := s.Keys.Sign(ctx, oauth.TypeAccessToken, claims.AppendAccessToken(make([]byte, 0, 512)))
	if err != nil {
		return nil, err
	}
	response := &oauth.TokenResponse{
		AccessToken: token, TokenType: oauth.TokenTypeBearer, ExpiresIn: int64(life / time.Second), Scope: scope.String(),
	}
	if forPerson && g.Refreshable {
		response.RefreshToken = s.refresh.encode(g.ID, g.Generation)
	}
	if forPerson && scope.Has(oauth.ScopeOpenID) {
		response.IDToken, err = s.idToken(ctx, g, now, life)
	}
	return response, err
}

// newTokenID is the jti: it leads introspection and revocation to the grant. A token without a grant has none to lead to.
func newTokenID(id store.GrantID) string {
	random := make([]byte, 12)
	rand.Read(random)
	return string(id) + "." + base64.RawURLEncoding.EncodeToString(random)
}

// grantOf is the grant that a token of ours belongs to, "" for none.
func grantOf(c *oauth.Claims) store.GrantID {
	id, _, _ := strings.Cut(c.JWTID, ".")
	return store.GrantID(id)
}

type idClaims struct {
	Issuer   string            `json:"iss"`
	Subject  string            `json:"sub"`
	Audience string            `json:"aud"`
	Expires  oauth.NumericDate `json:"exp"`
	IssuedAt oauth.NumericDate `json:"iat"`
	AuthTime oauth.NumericDate `json:"auth_time"`
	Nonce    string            `json:"nonce,omitempty"`
	ACR      oauth.ACR         `json:"acr,omitempty"`
	Methods  []string          `json:"amr,omitempty"`
}

// idToken tells the client who logged in. The nonce is in the first one only (OpenID Connect Core §12.2).
func (s *Server) idToken(ctx context.Context, g *store.Grant, now time.Time, life time.Duration) (string, error) {
	claims := idClaims{
		Issuer: s.issuer, Subject: string(g.Person), Audience: string(g.Client), IssuedAt: oauth.Date(now),
		Expires: oauth.Date(now.Add(life)), AuthTime: oauth.Date(g.AuthTime), ACR: oauth.ACROf(g.Methods), Methods: g.Methods,
	}
	if g.Generation <= 1 {
		claims.Nonce = g.Nonce
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	return s.Keys.Sign(ctx, oauth.TypeIDToken, payload)
}

// appendTokenResponse writes the answer without reflection: every value in it is made here and plain ASCII, but the
// scope, which oauth.ParseScope keeps free of quotes and backslashes.
func appendTokenResponse(b []byte, t *oauth.TokenResponse) []byte {
	b = append(b, `{"access_token":"`...)
	b = append(b, t.AccessToken...)
	b = append(b, `","token_type":"`...)
	b = append(b, t.TokenType...)
	b = append(b, `","expires_in":`...)
	b = strconv.AppendInt(b, t.ExpiresIn, 10)
	if t.RefreshToken != "" {
		b = append(b, `,"refresh_token":"`...)
		b = append(b, t.RefreshToken...)
		b = append(b, '"')
	}
	b = append(b, `,"scope":"`...)
	b = append(b, t.Scope...)
	b = append(b, '"')
	if t.IDToken != "" {
		b = append(b, `,"id_token":"`...)
		b = append(b, t.IDToken...)
		b = append(b, '"')
	}
	return append(b, '}')
}
