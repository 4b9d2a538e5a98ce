// userinfo.go answers GET and POST /userinfo (OpenID Connect Core §5.3): who the person is, as far as the scope goes.

package authserver

import (
	"errors"
	"net/http"
	"strings"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

type userinfo struct {
	Subject       string `json:"sub"`
	Name          string `json:"name,omitempty"`
	Email         string `json:"email,omitempty"`
	EmailVerified *bool  `json:"email_verified,omitempty"`
}

func (s *Server) userinfo(w http.ResponseWriter, r *http.Request) error {
	info, err := s.readUserinfo(r)
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		challenge := oauth.Challenge{Error: refusal.Code, ErrorDescription: refusal.Description}
		if r.Header.Get("Authorization") == "" {
			challenge = oauth.Challenge{} // RFC 6750 §3.1: no error for a request without a token
		}
		w.Header().Set("WWW-Authenticate", challenge.String())
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, info)
}

func (s *Server) readUserinfo(r *http.Request) (*userinfo, error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(r.Header.Values("Authorization")) > 1 {
		return nil, oauth.Errorf(oauth.InvalidToken, "send one access token in the Authorization header")
	}
	claims, err := s.accessToken(r.Context(), token)
	if err != nil {
		return nil, err
	}
	scope, err := oauth.ParseScope(claims.Scope)
	if err != nil || !scope.Has(oauth.ScopeOpenID) {
		return nil, oauth.Errorf(oauth.InsufficientScope, "the token lacks the scope openid")
	}
	alive, err := s.alive(r.Context(), token, claims)
	switch {
	case err != nil:
		return nil, err
	case !alive.Has(oauth.ScopeOpenID):
		return nil, oauth.Errorf(oauth.InvalidToken, "the token is revoked")
	}
	person, err := s.Store.Person(r.Context(), store.PersonID(claims.Subject))
	if err != nil {
		return nil, err
	}
	info := &userinfo{Subject: claims.Subject}
	if scope.Has(oauth.ScopeProfile) {
		info.Name = person.Name
	}
	if scope.Has(oauth.ScopeEmail) {
		info.Email, info.EmailVerified = person.Email, &person.EmailVerified
	}
	return info, nil
}
