// protect.go stands in front of an MCP server (MCP 2026-07-28, Authorization; RFC 6750 §2.1).

package authwright

import (
	"net/http"
	"slices"
	"strings"

	"github.com/authwright/authwright/oauth"
)

// Protect lets only those requests through to next that carry a token for this resource with the scopes the
// operation needs. next must speak MCP over HTTP; for other handlers there is Require. A handler that this
// resource protects already is returned as it is.
func (r *Resource) Protect(next http.Handler) http.Handler {
	if p, ok := next.(*protected); ok && p.resource == r {
		return p
	}
	return &protected{r.guard(next, r.admitCall), r}
}

// protected is a handler behind Protect.
type protected struct {
	http.Handler
	resource *Resource
}

// Require is Protect for a handler that does not speak MCP: the token must carry the scopes, and the body is not looked at.
func (r *Resource) Require(next http.Handler, scopes ...string) http.Handler {
	return r.guard(next, func(req *http.Request, known *verified) error {
		return r.checkScope(known.token, scopes)
	})
}

// guard is what every protected handler has in common. admit decides about a request whose token is good.
func (r *Resource) guard(next http.Handler, admit func(*http.Request, *verified) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if !r.originAllowed(req) {
			r.noteStranger(req)
			http.Error(w, "requests from this origin are not accepted", http.StatusForbidden)
			return
		}
		r.allowOrigin(w, req)
		if isPreflight(req) {
			r.answerPreflight(w)
			return
		}
		raw, err := bearerToken(req.Header)
		if err != nil {
			r.refuse(w, req, err)
			return
		}
		known, err := r.verify(req.Context(), raw)
		if err != nil {
			r.refuse(w, req, err)
			return
		}
		req = req.WithContext(NewContext(req.Context(), known.token.clone()))
		if err := admit(req, known); err != nil {
			r.refuse(w, req, err)
			return
		}
		r.serve(next, w, req, raw, known)
	})
}

// admitCall reads which operation an MCP request asks for and wants its scopes.
func (r *Resource) admitCall(req *http.Request, known *verified) error {
	c, err := r.readCall(req)
	if err != nil {
		return err
	}
	if err := r.checkScope(known.token, r.needs.of(c)); err != nil {
		return err
	}
	return r.openSession(req, known.token)
}

// checkScope wants the scopes that every request needs, and those of the operation. The refusal names all of
// them at once, so that the person is asked once.
func (r *Resource) checkScope(token *Token, more oauth.Scope) error {
	needed := r.scopes
	if len(more) > 0 {
		needed = needed.Union(more)
	}
	if token.granted.Covers(needed) {
		return nil
	}
	return &errScope{needed: needed, held: token.Scopes}
}

// bearerToken reads the one Authorization header (RFC 6750 §2.1). A token in the query or the body is not looked for.
func bearerToken(h http.Header) (string, error) {
	values := h["Authorization"]
	switch {
	case len(values) == 0:
		return "", errNoToken
	case len(values) > 1:
		return "", oauth.Errorf(oauth.InvalidRequest, "there is more than one Authorization header")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", errNoToken
	}
	token = strings.TrimLeft(token, " ")
	if !isToken68(token) {
		return "", oauth.Errorf(oauth.InvalidRequest, "the Authorization header is not Bearer and one token")
	}
	return token, nil
}

// isToken68 is the b64token of RFC 6750 §2.1.
func isToken68(s string) bool {
	body := strings.TrimRight(s, "=")
	for i := range len(body) {
		c := body[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~+/", c) >= 0) {
			return false
		}
	}
	return body != ""
}

// Mount registers the protected handler and its metadata on a mux: the resource's path, with and without a
// trailing slash, and MetadataPath.
func (r *Resource) Mount(mux *http.ServeMux, next http.Handler) {
	protected := r.Protect(next)
	patterns := []string{r.url.Path, r.url.Path + "/{$}"}
	if r.url.Path == "" {
		patterns = patterns[1:]
	}
	for _, pattern := range patterns {
		mux.Handle(pattern, protected)
	}
	mux.Handle(r.MetadataPath(), r.Metadata())
}

// CheckHost refuses requests whose Host is not the resource's: a page that had its own name point to this machine
// gets nowhere (DNS rebinding). Put it in front where no proxy rewrites the Host header. More hosts may be named.
func (r *Resource) CheckHost(next http.Handler, more ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		host := strings.ToLower(req.Host)
		if host != r.url.Host && !slices.Contains(more, host) {
			http.Error(w, "this server does not have that name", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, req)
	})
}
