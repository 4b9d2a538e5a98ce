// respond.go ends an authorization: the code or the error goes to the proven redirect target, always with iss
// (RFC 6749 §4.1.2, RFC 9207 §2).

package authserver

import (
	"errors"
	"net/http"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// redirectError tells the client what was refused.
func (s *Server) redirectError(w http.ResponseWriter, row *store.Request, refusal *oauth.Error) error {
	return pages.Redirect(w, row.RedirectURI.WithParams(
		"error", string(refusal.Code), "error_description", refusal.Description, "state", row.State, "iss", s.issuer))
}

func (s *Server) redirectCode(w http.ResponseWriter, row *store.Request, code string) error {
	return pages.Redirect(w, row.RedirectURI.WithParams("code", code, "state", row.State, "iss", s.issuer))
}

// turnDown ends a request that the person or the checks said no to.
func (s *Server) turnDown(w http.ResponseWriter, r *http.Request, row *store.Request) error {
	if err := s.Store.DropRequest(r.Context(), row.ID, row.Browser); err != nil {
		return err
	}
	refusal := row.Refusal
	if refusal == nil {
		refusal = oauth.Errorf(oauth.AccessDenied, "the person did not allow it")
	}
	return s.redirectError(w, row, refusal)
}

// close ends a request with a code. Of two tabs that get here one gives a code.
func (s *Server) close(w http.ResponseWriter, r *http.Request, row *store.Request, client clients.Client) error {
	grant, code := s.newGrant(row, client)
	err := s.Store.CloseRequest(r.Context(), row.ID, row.Browser, grant, s.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return pages.StartAgain()
	case err != nil:
		return err
	}
	return s.redirectCode(w, row, code)
}

// grantAtOnce gives a code when nothing was left to ask.
func (s *Server) grantAtOnce(w http.ResponseWriter, r *http.Request, a asked) error {
	grant, code := s.newGrant(a.row, a.client)
	if err := s.Store.FileGrant(r.Context(), grant); err != nil {
		return err
	}
	return s.redirectCode(w, a.row, code)
}

// newGrant is the grant of an answered request, and its code. Everything the code is bound to is in the row.
func (s *Server) newGrant(row *store.Request, client clients.Client) (store.Grant, string) {
	now, lives := s.Now(), s.settings.LivesOf(client.Client)
	id := store.GrantID(store.NewID(now))
	code := newCode(id)
	scope := row.Scope
	if row.Decision.Verdict == store.Allowed {
		scope = row.Scope.Intersect(row.Decision.Scope)
	}
	return store.Grant{
		ID: id, Person: row.Auth.Person, Client: row.Client, Org: row.Decision.Org, Resource: row.Resource, Scope: scope,
		RedirectURI: row.RedirectURI, Challenge: row.Challenge, Nonce: row.Nonce,
		AuthTime: row.Auth.At, Methods: row.Auth.Methods, Refreshable: client.MayUse(oauth.GrantRefreshToken), Presumed: row.Presumed,
		Code: store.DigestOf(code), CodeExpires: now.Add(s.settings.CodeLife),
		CreatedAt: now, IdleUntil: now.Add(lives.RefreshIdle), Expires: now.Add(lives.RefreshLife),
	}, code
}
