// challenge.go answers a request that may not pass (RFC 6750 §3, RFC 9728 §5.1; MCP 2026-07-28, Scope Challenge Handling).

package authwright

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/authwright/authwright/oauth"
)

// errNoToken is a request without credentials. Its challenge has no error code (RFC 6750 §3.1).
var errNoToken = errors.New("send an access token in the Authorization header; WWW-Authenticate says where to get one")

// errScope is a token that is good but not for this.
type errScope struct {
	needed oauth.Scope
	held   oauth.Scope
}

func (e *errScope) Error() string { return "the token lacks a scope: needed are " + e.needed.String() }

// refuse writes an error to the client. It is the one place that knows how.
func (r *Resource) refuse(w http.ResponseWriter, req *http.Request, err error) {
	var scope *errScope
	var rpc *callError
	var coded *oauth.Error
	challenge := oauth.Challenge{Scope: r.scopes, ResourceMetadata: r.metaURL}
	w.Header().Set("Cache-Control", "no-store")
	switch {
	case errors.Is(err, errNoToken):
		r.door.notice()
		r.challenge(w, challenge)
		http.Error(w, err.Error(), http.StatusUnauthorized)
	case errors.As(err, &scope):
		challenge.Error, challenge.ErrorDescription = oauth.InsufficientScope, scope.Error()
		challenge.Scope = scope.needed.Union(scope.held)
		r.challenge(w, challenge)
		writeJSON(w, http.StatusForbidden, oauth.Errorf(oauth.InsufficientScope, "%s", scope.Error()))
	case errors.As(err, &rpc):
		writeJSON(w, rpc.status, rpcAnswer{Version: "2.0", ID: rpc.id, Error: rpcError{rpc.code, rpc.text}})
	case errors.As(err, &coded):
		r.refuseOAuth(w, challenge, coded)
		if coded.Code == oauth.TemporarilyUnavailable && req.Context().Err() == nil {
			r.log.WarnContext(req.Context(), "a token cannot be checked", "resource", r.resource, "error", err)
		}
	default:
		r.log.ErrorContext(req.Context(), "a request failed", "resource", r.resource, "error", err)
		writeJSON(w, http.StatusInternalServerError, oauth.Errorf(oauth.ServerError, "something went wrong"))
	}
}

// refuseOAuth writes the codes of RFC 6750 §3.1, and the one for an issuer that does not answer: not a 401, on
// which clients throw their tokens away.
func (r *Resource) refuseOAuth(w http.ResponseWriter, challenge oauth.Challenge, err *oauth.Error) {
	switch err.Code {
	case oauth.TemporarilyUnavailable:
		w.Header().Set("Retry-After", "5")
	case oauth.InvalidToken, oauth.InvalidRequest:
		challenge.Error, challenge.ErrorDescription = err.Code, err.Description
		r.challenge(w, challenge)
	}
	writeJSON(w, err.Status(), err)
}

func (r *Resource) challenge(w http.ResponseWriter, c oauth.Challenge) {
	// Clients exist that ask again for exactly what is named here; offline_access is none of a resource's business.
	c.Scope = slices.DeleteFunc(slices.Clone(c.Scope), func(s string) bool { return s == oauth.ScopeOfflineAccess })
	w.Header().Set("WWW-Authenticate", c.String())
}

// rpcAnswer is a JSON-RPC error response (JSON-RPC 2.0 §5). The id is left out when it is not known.
type rpcAnswer struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Error   rpcError        `json:"error"`
}

type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		status, body = http.StatusInternalServerError, []byte(`{"error":"server_error"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body) // whoever went away will not read it
}
