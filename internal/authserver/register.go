// register.go answers POST /register (RFC 7591 §3): a client registers itself.

package authserver

import (
	"mime"
	"net/http"

	"github.com/authwright/authwright/oauth"
)

func (s *Server) register(w http.ResponseWriter, r *http.Request) error {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return oauth.Errorf(oauth.InvalidClientMetadata, "send the client metadata as application/json")
	}
	body, err := oauth.ReadBody(r.Body)
	if err != nil {
		return err
	}
	registration, err := s.Clients.Register(r.Context(), body, s.ClientAddr(r))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, registration)
}
