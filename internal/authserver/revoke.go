// revoke.go answers POST /revoke (RFC 7009): a client gives a token back. Either kind ends the whole grant. A token
// that is unknown, over or another client's is no error and changes nothing; a storage that fails is one.

package authserver

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func (s *Server) revoke(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return err
	}
	client, err := s.Clients.Authenticate(r.Context(), r.Header, form)
	switch {
	case err != nil:
		return err
	case !form.Has("token"):
		return oauth.Errorf(oauth.InvalidRequest, "token is missing")
	}
	var refusal *oauth.Error
	ctx := store.As(r.Context(), store.Actor{Kind: store.ByClient, ID: string(client.ID)})
	if err := s.giveBack(ctx, client, form.Get("token")); err != nil && !errors.As(err, &refusal) {
		return err
	}
	return writeBytes(w, http.StatusOK, nil)
}

func (s *Server) giveBack(ctx context.Context, client clients.Client, token string) error {
	if strings.HasPrefix(token, refreshPrefix) {
		id, _, err := s.refresh.decode(token)
		if err != nil {
			return err
		}
		return s.endOwn(ctx, client, id)
	}
	claims, err := s.accessToken(ctx, token)
	if err != nil || claims.ClientID != string(client.ID) {
		return err
	}
	if id := grantOf(claims); id != "" {
		return s.endOwn(ctx, client, id)
	}
	return s.Store.RevokeToken(ctx, store.DigestOf(token), claims.Expires.Time())
}

// endOwn ends a grant of this client.
func (s *Server) endOwn(ctx context.Context, client clients.Client, id store.GrantID) error {
	grant, err := s.Store.Grant(ctx, id)
	if err != nil || grant.Client != client.ID {
		return unlessNotFound(err)
	}
	return s.end(ctx, id, store.EndedByClient)
}
