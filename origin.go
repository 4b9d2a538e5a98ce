// origin.go tells which web pages may call the server (MCP 2026-07-28, Streamable HTTP, Security Warning; Fetch §3.2).

package authwright

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
)

// Headers that browsers must be told about (Fetch §3.2.3).
const (
	corsMethods = "GET, POST, DELETE, OPTIONS"
	corsRequest = "Authorization, Content-Type, DPoP, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id"
	corsExpose  = "WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce, Retry-After"
)

// checkOrigin wants "*", or an origin as browsers send it, or one with "*" for its port.
func checkOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	u, err := url.Parse(strings.TrimSuffix(origin, ":*"))
	if err != nil || u.Host == "" || u.User != nil || origin != strings.ToLower(origin) ||
		u.Scheme+"://"+u.Host != strings.TrimSuffix(origin, ":*") || strings.Contains(u.Host, "*") {
		return errors.New("must be scheme://host or scheme://host:port in lower case, with * for any port, or * alone")
	}
	return nil
}

// originAllowed: a request without Origin does not come from a page of another site.
func (r *Resource) originAllowed(req *http.Request) bool {
	values := req.Header["Origin"]
	if len(values) == 0 {
		return true
	}
	if len(values) > 1 {
		return false
	}
	for _, allowed := range r.origins {
		if allowed == "*" || allowed == values[0] {
			return true
		}
		if host, ok := strings.CutSuffix(allowed, ":*"); ok && anyPort(host, values[0]) {
			return true
		}
	}
	return false
}

// anyPort tells whether origin is host, with or without a port.
func anyPort(host, origin string) bool {
	rest, ok := strings.CutPrefix(origin, host)
	if !ok || rest == "" {
		return ok
	}
	return rest[0] == ':' && len(rest) > 1 && len(rest) <= 6 && strings.Trim(rest[1:], "0123456789") == ""
}

// allowOrigin lets the page read the answer.
func (r *Resource) allowOrigin(w http.ResponseWriter, req *http.Request) {
	h := w.Header()
	h.Add("Vary", "Origin")
	if origin := req.Header.Get("Origin"); origin != "" {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", corsExpose)
	}
}

// isPreflight: a browser asks before it sends; it never sends the token with the question (Fetch §3.2.2).
func isPreflight(req *http.Request) bool {
	return req.Method == http.MethodOptions && req.Header.Get("Origin") != "" && req.Header.Get("Access-Control-Request-Method") != ""
}

func (r *Resource) answerPreflight(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", corsMethods)
	h.Set("Access-Control-Allow-Headers", corsRequest)
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
}
