// introspect.go answers POST /introspect (RFC 7662): a protected server asks whether a token counts, now.

package authserver

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/oauth"
)

var inactive = []byte(`{"active":false}`)

func (s *Server) introspect(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return err
	}
	caller, err := s.Clients.Authenticate(r.Context(), r.Header, form)
	switch {
	case err != nil:
		return err
	case caller.Public():
		return oauth.Errorf(oauth.InvalidClient, "introspection is for clients that authenticate") // RFC 7662 §2.1
	case !form.Has("token"):
		return oauth.Errorf(oauth.InvalidRequest, "token is missing")
	}
	answer, err := s.look(r.Context(), caller, form.Get("token"))
	var refusal *oauth.Error
	switch {
	case errors.As(err, &refusal) || err == nil && answer == nil:
		return writeBytes(w, http.StatusOK, inactive) // and no other member (RFC 7662 §2.2)
	case err != nil:
		return err
	}
	body, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	if len(answer.more) > 0 { // no member of it is one of the answer's: no template may set those
		body = append(append(body[:len(body)-1], answer.more...), '}')
	}
	return writeBytes(w, http.StatusOK, body)
}

// description is what an introspection answers, and what a template made the token say besides.
type description struct {
	oauth.Introspection
	more []byte
}

// look describes a token to a caller who may know of it, nil otherwise. The token_type_hint is not needed: the two
// kinds of token look different.
func (s *Server) look(ctx context.Context, caller clients.Client, token string) (*description, error) {
	if strings.HasPrefix(token, refreshPrefix) {
		return s.lookRefresh(ctx, caller, token)
	}
	claims, err := s.accessToken(ctx, token)
	if err != nil || !mayIntrospect(caller, claims.Audience) {
		return nil, err
	}
	scope, err := s.alive(ctx, token, claims)
	if err != nil || len(scope) == 0 {
		return nil, err
	}
	return &description{more: claims.More, Introspection: oauth.Introspection{
		Active: true, Scope: scope.String(), ClientID: claims.ClientID, TokenType: oauth.TokenTypeBearer,
		Expires: int64(claims.Expires), IssuedAt: int64(claims.IssuedAt), Subject: claims.Subject,
		Audience: claims.Audience, Issuer: claims.Issuer, JWTID: claims.JWTID, OrgID: claims.OrgID, OrgSlug: claims.OrgSlug,
		ACR: claims.ACR, AuthTime: int64(claims.AuthTime),
	}}, nil
}

// mayIntrospect tells whether the operator let the caller look at tokens for this audience.
func mayIntrospect(caller clients.Client, audience oauth.Audience) bool {
	return slices.ContainsFunc(caller.Introspects, func(resource string) bool {
		return resource == "*" || audience.Has(resource)
	})
}

// lookRefresh describes a refresh token to the client it was given to, and to nobody else.
func (s *Server) lookRefresh(ctx context.Context, caller clients.Client, token string) (*description, error) {
	id, generation, err := s.refresh.decode(token)
	if err != nil {
		return nil, err
	}
	grant, err := s.Store.LiveGrant(ctx, id, s.Now())
	if err != nil || grant.Client != caller.ID || generation != grant.Generation {
		return nil, unlessNotFound(err)
	}
	scope, err := s.entitled(ctx, &grant, caller.Client)
	expires := s.settings.LivesOf(caller.Client).EndOfRefresh(grant)
	if err != nil || len(scope) == 0 || !s.Now().Before(expires) {
		return nil, err
	}
	return &description{Introspection: oauth.Introspection{
		Active: true, Scope: scope.String(), ClientID: string(grant.Client), TokenType: "refresh_token",
		Expires: expires.Unix(), IssuedAt: grant.RotatedAt.Unix(), Subject: string(grant.Person),
		Audience: oauth.Audience{s.issuer}, Issuer: s.issuer,
	}}, nil
}
