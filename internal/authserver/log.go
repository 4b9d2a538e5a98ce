// log.go says what is logged of a refusal: never a parameter's value, but for the address of a server that is not here.

package authserver

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// levelRefused is below Info: refusals are the client's news, not the operator's.
const levelRefused = slog.LevelDebug

func refusedAttrs(r *http.Request, refusal *oauth.Error) []slog.Attr {
	return []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.String("code", string(refusal.Code)), slog.String("why", refusal.Description),
	}
}

const maxLogged = 200 // bytes of what a client wrote

// tellOfUnknown tells the operator of a client that asks for an MCP server that is not here: most often one that is
// protected already, and that nobody has added, or added by another address. A query may hold a secret and is left out.
func (s *Server) tellOfUnknown(ctx context.Context, client store.ClientID, resource string, err error) {
	var refusal *oauth.Error
	u, unparsable := url.Parse(resource)
	if !errors.As(err, &refusal) || refusal.Code != oauth.InvalidTarget || unparsable != nil || u.Host == "" {
		return
	}
	address := (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
	s.Log.InfoContext(ctx, "a client asks for an MCP server that is not here: authwright resource add ADDRESS makes it known",
		"client", client, "address", address[:min(len(address), maxLogged)])
}

// tellOfUnknownScopes tells the operator of scopes that are left out, because the MCP server has none of these names: when
// the server wants them all the same, its client asks again and again. Their characters are printable (RFC 6749 §3.3).
func (s *Server) tellOfUnknownScopes(ctx context.Context, client store.ClientID, resource string, unknown oauth.Scope) {
	names := unknown.String()
	s.Log.InfoContext(ctx, "a client asks for scopes that the MCP server does not have here", "client", client, "resource", resource,
		"scopes", names[:min(len(names), maxLogged)])
}
