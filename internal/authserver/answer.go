// answer.go writes what a handler returns: JSON and CORS for programs, a page for people. Handlers return errors; they never write them.

package authserver

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/oauth"
)

// forPerson wraps an endpoint that a browser visits.
func (s *Server) forPerson(h pages.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := h(w, r)
		var forProgram *jsonRefusal
		switch {
		case errors.As(err, &forProgram):
			_ = writeJSON(w, http.StatusBadRequest, forProgram.refusal)
		case err != nil:
			s.Site.WriteError(w, r, err)
		}
	})
}

// forClient wraps a JSON endpoint that a client may call from a page of its own. It needs no cookie, so any origin may.
func (s *Server) forClient(h pages.Handler) http.Handler {
	inner := s.forServer(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		AllowAnyOrigin(w.Header())
		inner.ServeHTTP(w, r)
	})
}

// forServer wraps a JSON endpoint for programs that are not in a browser.
func (s *Server) forServer(h pages.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.writeError(w, r, err)
		}
	})
}

// AllowAnyOrigin lets pages of any origin read the answer, without credentials.
func AllowAnyOrigin(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "WWW-Authenticate, DPoP-Nonce, Retry-After")
}

// Preflight answers OPTIONS at an endpoint that AllowAnyOrigin opens.
func Preflight(w http.ResponseWriter, methods string) {
	h := w.Header()
	AllowAnyOrigin(h)
	h.Set("Access-Control-Allow-Methods", methods)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept, MCP-Protocol-Version, DPoP")
	h.Set("Access-Control-Max-Age", "7200")
	w.WriteHeader(http.StatusNoContent)
}

// noStore marks an answer that no cache may keep (RFC 6749 §5.1).
func noStore(h http.Header) {
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}

// writeJSON writes an answer that carries a token or speaks of one.
func writeJSON(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return writeBytes(w, status, body)
}

func writeBytes(w http.ResponseWriter, status int, body []byte) error {
	h := w.Header()
	noStore(h)
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
	return nil
}

// writeError tells a client what was refused. What is not a refusal is a failure of ours: the operator gets the
// error, the client a 503 and the advice to try again.
func (s *Server) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var refusal *oauth.Error
	var limited *clients.RateLimited
	switch {
	case errors.As(err, &limited):
		w.Header().Set("Retry-After", strconv.Itoa(pages.Seconds(limited.RetryAfter)))
		refusal = oauth.Errorf(oauth.TemporarilyUnavailable, "too many requests: try again in %d s", pages.Seconds(limited.RetryAfter))
		_ = writeJSON(w, http.StatusTooManyRequests, refusal)
		return
	case errors.As(err, &refusal):
		s.Log.LogAttrs(r.Context(), levelRefused, "refused", refusedAttrs(r, refusal)...)
	default:
		// Also for a client that has gone: one that closed its half of the connection reads on, and an answer that was
		// not written would be a 200.
		level := slog.LevelError
		if errors.Is(r.Context().Err(), context.Canceled) {
			level = slog.LevelDebug
		}
		s.Log.Log(r.Context(), level, "cannot answer", "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "1")
		refusal = oauth.Errorf(oauth.TemporarilyUnavailable, "the server cannot answer now: try again in a moment")
	}
	if refusal.Code == oauth.InvalidClient && r.Header.Get("Authorization") != "" {
		w.Header().Set("WWW-Authenticate", `Basic realm="`+s.issuer+`", charset="UTF-8"`) // RFC 6749 §5.2
	}
	_ = writeJSON(w, refusal.Status(), refusal)
}
