// token.go answers POST /token (RFC 6749 §3.2): parse, authenticate the client, pick the grant type.

package authserver

import (
	"context"
	"errors"
	"net/http"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/oauth"
)

// grantTypes are the ways to a token. Each proves its own grant and answers with what was given.
var grantTypes = map[string]func(*Server, context.Context, clients.Client, oauth.Params) (*oauth.TokenResponse, error){
	oauth.GrantAuthorizationCode: (*Server).redeemCode,
	oauth.GrantRefreshToken:      (*Server).refreshTokens,
	oauth.GrantClientCredentials: (*Server).clientCredentials,
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return err
	}
	grantType := form.Get("grant_type")
	grant, ok := grantTypes[grantType]
	switch {
	case grantType == "":
		return oauth.Errorf(oauth.InvalidRequest, "grant_type is missing")
	case !ok:
		return oauth.Errorf(oauth.UnsupportedGrantType, "grant_type must be authorization_code, refresh_token or client_credentials")
	}
	response, err := s.withClient(r, form, grantType, grant)
	if err != nil {
		return err
	}
	return writeBytes(w, http.StatusOK, appendTokenResponse(make([]byte, 0, 1536), response))
}

type grantFunc = func(*Server, context.Context, clients.Client, oauth.Params) (*oauth.TokenResponse, error)

// withClient authenticates the client and runs the grant. The client may come from this process's memory; the
// grant's own statement then says errStaleClient when it has changed since, and it is read again.
func (s *Server) withClient(r *http.Request, form oauth.Params, grantType string, grant grantFunc) (*oauth.TokenResponse, error) {
	ctx := r.Context()
	for attempt := 0; ; attempt++ {
		client, err := s.Clients.Authenticate(ctx, r.Header, form)
		if err != nil {
			return nil, err
		}
		if !client.MayUse(grantType) {
			return nil, oauth.Errorf(oauth.UnauthorizedClient, "this client is not registered for %s", grantType)
		}
		response, err := grant(s, ctx, client, form)
		if !errors.Is(err, errStaleClient) || attempt > 0 {
			return response, err
		}
		s.Clients.Forget(client.ID)
	}
}
