// routes.go is the route table: exact paths only, no redirect on any of them, and the same answer for all that is not there.

package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/authserver"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
	"github.com/authwright/authwright/oauth"
)

// endpoint is what answers at one path.
type endpoint struct {
	methods map[string]http.Handler
	shared  bool // pages of any origin may call it
	ends    bool // GET ends a request, so that looking is not enough to ask for
}

// sharedPaths are the endpoints that a client may call from a page of its own (CORS).
var sharedPaths = map[string]bool{"/token": true, "/revoke": true, "/register": true, "/jwks": true, "/userinfo": true}

// endingPaths are those where GET spends what it names.
var endingPaths = map[string]bool{"/authorize/continue": true, "/login/trusted/done": true, upstream.BackPath: true}

const (
	requestDeadline = 10 * time.Second
	wellKnown       = "/.well-known/"
)

// Handler answers everything under the deployment's base URL.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recover(w, r)
		if s.probe(w, r) {
			return
		}
		if r.Host != s.base.Host {
			// Also for an absolute request target, whose host net/http puts here (RFC 9112 §3.2.2).
			writeProblem(w, http.StatusMisdirectedRequest, "this server answers for "+s.base.Host+" only")
			return
		}
		if s.base.Scheme == "https" {
			w.Header().Set("Strict-Transport-Security", "max-age=31536000")
		}
		ctx, cancel := context.WithTimeout(r.Context(), requestDeadline)
		defer cancel()
		ctx = store.By(ctx, store.Act{From: s.clientAddr(r), Now: s.config.Now})
		s.route(w, r.WithContext(ctx))
	})
}

// probe answers whether the process is up and can serve, under any host: whoever probes often knows an address only.
func (s *Server) probe(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.EscapedPath() {
	case s.base.Path + "/healthz":
		writeText(w, http.StatusOK, "ok")
	case s.base.Path + "/readyz":
		s.ready(w, r)
	default:
		return false
	}
	return true
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	if strings.Contains(path, wellKnown) {
		s.wellKnown(w, r, path)
		return
	}
	p, rest, err := s.projectOf(r.Context(), path)
	switch {
	case err != nil:
		s.unavailable(w, r, err)
		return
	case p == nil:
		writeProblem(w, http.StatusNotFound, "there is nothing at this address")
		return
	}
	if strings.HasPrefix(rest, "/assets/") && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		p.site.Assets().ServeHTTP(w, r)
		return
	}
	e := p.endpoint(rest)
	if e == nil {
		p.notFound(w, r)
		return
	}
	e.serve(w, r)
}

// endpoint finds what answers at a path. A path in the table that ends in a slash answers for every name right below it.
func (p *project) endpoint(path string) *endpoint {
	if e := p.routes[path]; e != nil && !strings.HasSuffix(path, "/") {
		return e
	}
	slash := strings.LastIndexByte(path, '/') + 1
	if slash == len(path) {
		return nil
	}
	return p.routes[path[:slash]]
}

// wellKnown answers the three places where clients look for metadata: the well-known path before the issuer's
// path (RFC 8414 §3.1), and after it for OpenID Connect. Every other is not found, in JSON: clients then try the next.
func (s *Server) wellKnown(w http.ResponseWriter, r *http.Request, path string) {
	var issuerPath string
	switch {
	case strings.HasPrefix(path, oauth.ServerMetadataPrefix):
		issuerPath = strings.TrimPrefix(path, oauth.ServerMetadataPrefix)
	case strings.HasPrefix(path, oauth.OpenIDConfigurationPrefix):
		issuerPath = strings.TrimPrefix(path, oauth.OpenIDConfigurationPrefix)
	case strings.HasSuffix(path, oauth.OpenIDConfigurationPrefix):
		issuerPath = strings.TrimSuffix(path, oauth.OpenIDConfigurationPrefix)
	default:
		issuerPath = "/none"
	}
	p, rest, err := s.projectOf(r.Context(), issuerPath)
	switch {
	case err != nil:
		authserver.AllowAnyOrigin(w.Header())
		s.unavailable(w, r, err)
	case p != nil && rest == "":
		p.metadata.serve(w, r)
	case r.Method == http.MethodOptions: // a page that asks here first must be able to read that there is nothing
		authserver.Preflight(w, http.MethodGet)
	default:
		authserver.AllowAnyOrigin(w.Header())
		writeProblem(w, http.StatusNotFound, "there is no such document here")
	}
}

// serve picks the handler of the method. HEAD is GET without the body, but where GET ends something.
func (e *endpoint) serve(w http.ResponseWriter, r *http.Request) {
	method := r.Method
	if method == http.MethodHead && !e.ends {
		method = http.MethodGet
	}
	h := e.methods[method]
	switch {
	case h != nil:
		h.ServeHTTP(w, r)
	case r.Method == http.MethodOptions && e.shared:
		authserver.Preflight(w, e.allow())
	default:
		if e.shared {
			authserver.AllowAnyOrigin(w.Header())
		}
		w.Header().Set("Allow", e.allow())
		writeProblem(w, http.StatusMethodNotAllowed, "use "+e.allow()+" here")
	}
}

func (e *endpoint) allow() string {
	methods := make([]string, 0, len(e.methods)+1)
	for method := range e.methods {
		methods = append(methods, method)
	}
	if e.shared {
		methods = append(methods, http.MethodOptions)
	}
	slices.Sort(methods)
	return strings.Join(methods, ", ")
}

func (p *project) notFound(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		writeProblem(w, http.StatusNotFound, "there is nothing at this address")
		return
	}
	p.site.WriteError(w, r, &pages.Refusal{
		Status: http.StatusNotFound, Title: "Nothing is here", Text: "There is no page at this address.",
		Hint: "Check the address, or go back to where you came from.",
	})
}

func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	err := s.Ready(r.Context())
	switch {
	case errors.Is(err, errDraining):
		writeText(w, http.StatusServiceUnavailable, err.Error())
		return
	case err != nil:
		s.config.Log.WarnContext(r.Context(), "not ready", "error", err)
		writeText(w, http.StatusServiceUnavailable, "the database does not answer")
		return
	}
	writeText(w, http.StatusOK, "ok")
}

// unavailable says that the database did not tell whether there is such a project: not that there is none.
func (s *Server) unavailable(w http.ResponseWriter, r *http.Request, err error) {
	s.config.Log.ErrorContext(r.Context(), "cannot answer", "path", r.URL.Path, "error", err)
	w.Header().Set("Retry-After", "1")
	writeProblem(w, http.StatusServiceUnavailable, "the server cannot answer now: try again in a moment")
}

// recover keeps a defect in one request from the others. The person learns nothing of it; the operator all.
func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	s.config.Log.ErrorContext(r.Context(), "a request failed", "method", r.Method, "path", r.URL.Path,
		"panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
	writeProblem(w, http.StatusInternalServerError, "something went wrong")
}

// writeProblem says what is wrong at an address, where no endpoint speaks for itself.
func writeProblem(w http.ResponseWriter, status int, why string) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	code := "not_found"
	switch status {
	case http.StatusMethodNotAllowed:
		code = "method_not_allowed"
	case http.StatusMisdirectedRequest:
		code = "misdirected_request"
	case http.StatusInternalServerError:
		code = string(oauth.ServerError)
	case http.StatusServiceUnavailable:
		code = string(oauth.TemporarilyUnavailable)
	}
	fmt.Fprintf(w, `{"error":%q,"error_description":%q}`+"\n", code, why)
}

func writeText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
