// authorize.go: does the authorization endpoint lead to a login page, and never to a stranger's address?

package check

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authwright/authwright/oauth"
)

const (
	strangersRedirect = "https://stranger.example/callback"
	otherPort         = "http://127.0.0.1:33419/callback"
)

// pending is an authorization request under way.
type pending struct{ verifier, state string }

func newPending() pending { return pending{random(), random()} }

// random is 256 random bits as text.
func random() string {
	var b [32]byte
	rand.Read(b[:])
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// params are those of an ordinary authorization request (OAuth 2.1 §4.1.1, RFC 8707 §2).
func (w *walk) params(p pending, scopes []string) url.Values {
	sum := sha256.Sum256([]byte(p.verifier))
	v := url.Values{
		"response_type": {"code"}, "client_id": {w.client.id}, "redirect_uri": {w.client.redirect}, "state": {p.state},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "resource": {w.resource.uri},
	}
	if len(scopes) > 0 {
		v.Set("scope", strings.Join(scopes, " "))
	}
	return v
}

// authorizeURL adds the parameters to the endpoint, which may have a query of its own (OAuth 2.1 §3.1).
func (w *walk) authorizeURL(v url.Values) string {
	if strings.Contains(w.server.authorize, "?") {
		return w.server.authorize + "&" + v.Encode()
	}
	return w.server.authorize + "?" + v.Encode()
}

func (w *walk) noClient() string {
	switch {
	case w.NoRegister:
		return notAsked
	case w.client.id == "" || w.server.authorize == "":
		return "no client could be registered"
	}
	return ""
}

// authorize asks as clients do, and as nobody should succeed to.
func (w *walk) authorize(ctx context.Context) {
	good := func() url.Values { return w.params(newPending(), w.wanted()) }
	if !w.leads(ctx, "authorize-fails", good()) {
		return
	}
	if !w.promises(ctx, good()) {
		return
	}
	w.saw("an authorization request leads to a login page")
	openid := good()
	openid.Set("scope", strings.Join(append(slices.Clone(w.wanted()), "openid", "email", "profile", "offline_access"), " "))
	w.leads(ctx, "authorize-openid", openid)
	unknown := good()
	unknown.Set("ui_locales", "en")
	unknown.Set("authwright_check", "1")
	w.leads(ctx, "authorize-unknown", unknown)
	if w.client.redirect == ourRedirect {
		moved := good()
		moved.Set("redirect_uri", otherPort)
		w.leads(ctx, "authorize-port", moved)
	}
	stray := good()
	stray.Set("redirect_uri", strangersRedirect)
	w.strays(ctx, stray)
	stray.Set("client_id", "authwright-check-unknown")
	w.strays(ctx, stray)
}

// leads files the fault when the request does not lead to a page for the person.
func (w *walk) leads(ctx context.Context, fault string, v url.Values) bool {
	a, err := w.visit(ctx, v)
	switch {
	case err != nil:
		w.find(fault, w.server.authorize, why(err))
	case a.status/100 == 2:
		return true
	case a.redirects() && !to(a, v.Get("redirect_uri")):
		return true
	default:
		w.find(refused(a, fault), w.server.authorize, a.says())
	}
	return false
}

// promises files the fault when the server would refuse the request, but only behind the login: some tell a program at once.
func (w *walk) promises(ctx context.Context, v url.Values) bool {
	a, err := w.call.do(ctx, ask{method: http.MethodGet, url: w.authorizeURL(v), header: []string{"Accept", "application/json"}})
	if err != nil {
		return true
	}
	fault := refused(a, "")
	if fault != "" {
		w.find(fault, w.server.authorize, a.says())
	}
	return fault == ""
}

// refused is the fault that an error code of an authorization endpoint means, or else another.
func refused(a answer, other string) string {
	code := a.code()
	if to, err := url.Parse(a.header.Get("Location")); err == nil && a.redirects() {
		code = oauth.Code(to.Query().Get("error"))
	}
	switch code {
	case oauth.InvalidTarget:
		return "authorize-target"
	case oauth.InvalidScope:
		return "authorize-scope"
	}
	return other
}

// strays files a fault when the request leads to an address that nobody registered.
func (w *walk) strays(ctx context.Context, v url.Values) {
	if a, err := w.visit(ctx, v); err == nil && a.redirects() && to(a, strangersRedirect) {
		w.find("authorize-anywhere", w.server.authorize, a.says())
	}
}

// visit asks for the page as a browser does.
func (w *walk) visit(ctx context.Context, v url.Values) (answer, error) {
	return w.call.do(ctx, ask{method: http.MethodGet, url: w.authorizeURL(v), header: []string{"Accept", "text/html,application/xhtml+xml"}})
}

// to tells whether an answer redirects to that address, with whatever parameters.
func to(a answer, address string) bool {
	location, _, _ := strings.Cut(a.header.Get("Location"), "?")
	location, _, _ = strings.Cut(location, "#")
	return location == address
}
