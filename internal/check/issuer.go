// issuer.go: the authorization server's metadata and keys (RFC 8414 §3, OpenID Connect Discovery §4).

package check

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/oauth"
)

// oauthServer is what a client needs to know of an authorization server.
type oauthServer struct {
	issuer                                      string
	authorize, token, register, revoke, keys    string
	documents, public, promisesIss, advertisesR bool
}

// issuerPlaces are where clients look for the metadata, in their order.
func issuerPlaces(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	origin, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	places := []string{origin + oauth.ServerMetadataPrefix + path, origin + oauth.OpenIDConfigurationPrefix + path}
	if path != "" {
		places = append(places, origin+path+oauth.OpenIDConfigurationPrefix)
	}
	return places
}

// readServer reads the metadata at all places. Clients use the first; the rest must not contradict it.
func (w *walk) readServer(ctx context.Context) {
	var first *found
	for _, at := range issuerPlaces(w.issuer) {
		doc, ok := w.readServerAt(ctx, at, first != nil)
		switch {
		case !ok && w.server.issuer == failed:
			return
		case !ok:
		case first == nil:
			first = &found{at, doc}
		case !sameServer(first.doc, doc):
			w.find("as-differs", at, "unlike "+first.at)
		}
	}
	if first == nil {
		w.guessServer()
		return
	}
	w.metadata = first.doc
	w.compareIssuer(first.at)
	w.readEndpoints(first.at)
	w.readOffers(first.at)
}

// failed stands for the issuer of a server whose metadata no client gets to.
const failed = "\x00"

// readServerAt reads one place. What fails there stops clients only while they have nothing yet.
func (w *walk) readServerAt(ctx context.Context, at string, have bool) (map[string]any, bool) {
	a, err := w.call.get(ctx, at)
	switch {
	case errors.Is(err, outbound.ErrRefused):
		w.find("as-refused", at, "")
		w.server.issuer = failed
		return nil, false
	case err != nil && !have:
		w.find("as-unreachable", at, why(err))
		w.server.issuer = failed
		return nil, false
	case err != nil:
		return nil, false
	case a.status == http.StatusOK:
	case have || a.status == http.StatusNotFound:
		return nil, false
	case a.redirects():
		w.find("as-redirect", at, a.says())
		return nil, false
	case a.status == http.StatusMisdirectedRequest:
		w.find("as-misdirected", at, a.says())
		w.server.issuer = failed
		return nil, false
	case a.status >= 500:
		w.find("as-status", at, a.says())
		w.server.issuer = failed
		return nil, false
	default:
		return nil, false
	}
	doc, err := a.object()
	if err != nil {
		if !have {
			w.find("as-not-json", at, mediaType(a.header))
			w.server.issuer = failed
		}
		return nil, false
	}
	w.saw("metadata at " + at)
	if !have {
		w.lookOverServer(ctx, at, a, doc)
	}
	return doc, true
}

func (w *walk) lookOverServer(ctx context.Context, at string, a answer, doc map[string]any) {
	if !a.isJSON() {
		w.find("as-type", at, mediaType(a.header))
	}
	if names := void(doc); len(names) > 0 {
		w.find("as-null", at, strings.Join(names, ", "))
	}
	if !a.shared || !w.call.preflight(ctx, at, http.MethodGet, "mcp-protocol-version") {
		w.find("as-cors", at, "")
	}
}

// sameServer tells whether two documents describe the same server. Documents of OpenID Connect may say more.
func sameServer(a, b map[string]any) bool {
	for _, name := range []string{
		"issuer", "authorization_endpoint", "token_endpoint", "registration_endpoint", "jwks_uri", "code_challenge_methods_supported",
	} {
		if has(a, name) && has(b, name) && !reflect.DeepEqual(a[name], b[name]) {
			return false
		}
	}
	return true
}

// guessServer goes on with the endpoints that clients assume where there is no metadata (MCP 2025-03-26).
func (w *walk) guessServer() {
	for _, f := range w.step.Findings {
		if f.Fault == "as-redirect" {
			return
		}
	}
	w.find("as-missing", issuerPlaces(w.issuer)[0], "")
	u, err := url.Parse(w.issuer)
	if err != nil {
		return
	}
	origin := u.Scheme + "://" + u.Host
	w.server = oauthServer{
		issuer: w.issuer, authorize: origin + "/authorize", token: origin + "/token", register: origin + "/register", public: true, advertisesR: true,
	}
}

// compareIssuer wants the issuer byte for byte as it was asked for (RFC 8414 §3.3).
func (w *walk) compareIssuer(at string) {
	issuer := text(w.metadata, "issuer")
	w.server.issuer = issuer
	switch {
	case issuer == w.issuer:
		w.saw("issuer: " + issuer)
	case issuer == "":
		w.find("as-no-issuer", at, "")
		w.server.issuer = w.issuer
	case issuer+"/" == w.issuer:
		w.find("prm-as-slash", at, issuer)
	case issuer == w.issuer+"/":
		w.find("as-slash", at, issuer)
	default:
		w.find("as-issuer", at, issuer)
	}
}

// readEndpoints takes the addresses that may be called.
func (w *walk) readEndpoints(at string) {
	s := &w.server
	for _, e := range []struct {
		member  string
		to      *string
		missing string
	}{
		{"authorization_endpoint", &s.authorize, "as-no-authorize"},
		{"token_endpoint", &s.token, "as-no-token"},
		{"registration_endpoint", &s.register, ""},
		{"revocation_endpoint", &s.revoke, ""},
		{"jwks_uri", &s.keys, ""},
	} {
		address := text(w.metadata, e.member)
		u, err := url.Parse(address)
		switch {
		case address == "" && e.missing != "":
			w.find(e.missing, at, "")
		case address == "":
		case err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || !oauth.IsLoopbackHost(u.Hostname())),
			w.call.strangers.Check(address) != nil:
			w.find("as-endpoint", at, e.member+": "+address)
		default:
			*e.to = address
		}
	}
}

// readOffers looks at what the server says it can do.
func (w *walk) readOffers(at string) {
	s, doc := &w.server, w.metadata
	s.documents, s.promisesIss = flag(doc, "client_id_metadata_document_supported"), flag(doc, "authorization_response_iss_parameter_supported")
	methods := list(doc, "token_endpoint_auth_methods_supported")
	s.public = !has(doc, "token_endpoint_auth_methods_supported") || slices.Contains(methods, oauth.AuthNone)
	grants := list(doc, "grant_types_supported")
	w.compareScopes(at, list(doc, "scopes_supported"))
	s.advertisesR = !has(doc, "grant_types_supported") || slices.Contains(grants, oauth.GrantRefreshToken)
	pkce := list(doc, "code_challenge_methods_supported")
	for _, c := range []struct {
		fault string
		wrong bool
		seen  string
	}{
		{"as-no-pkce", !slices.Contains(pkce, "S256"), strings.Join(pkce, ", ")},
		{"as-plain-pkce", slices.Contains(pkce, "plain"), strings.Join(pkce, ", ")},
		{"as-no-code", has(doc, "response_types_supported") && !slices.Contains(list(doc, "response_types_supported"), "code"), ""},
		{"as-no-way-in", s.register == "" && !s.documents, ""},
		{"as-no-dcr", s.register == "" && s.documents, ""},
		{"as-no-cimd", s.register != "" && !s.documents, ""},
		{"as-cimd-secret", s.documents && !s.public, strings.Join(methods, ", ")},
		{"as-no-none", !s.documents && !s.public, strings.Join(methods, ", ")},
		{"as-no-iss", !s.promisesIss, ""},
		{"as-no-refresh", !s.advertisesR, strings.Join(grants, ", ")},
	} {
		if c.wrong {
			w.find(c.fault, at, c.seen)
		}
	}
}

// compareScopes looks for scopes that the server asks for and the authorization server does not list, where it lists any.
func (w *walk) compareScopes(at string, listed []string) {
	if len(listed) == 0 {
		return
	}
	asked := slices.Concat(strings.Fields(w.challenge.params["scope"]), w.resource.scopes)
	slices.Sort(asked)
	for _, scope := range slices.Compact(asked) {
		if !slices.Contains(listed, scope) && scope != oauth.ScopeOfflineAccess {
			w.find("as-scope", at, scope+" is not among: "+strings.Join(listed, ", "))
		}
	}
}

func (w *walk) noServer() string {
	if w.server.token == "" {
		return "the authorization server is not known"
	}
	return ""
}

// readKeys sees that servers could verify a token. Who serves no keys answers by introspection; that is no fault.
func (w *walk) readKeys(ctx context.Context) {
	if w.server.keys == "" {
		w.saw("no jwks_uri: servers have to ask by introspection")
		return
	}
	a, err := w.call.get(ctx, w.server.keys)
	switch {
	case err != nil:
		w.find("keys-missing", w.server.keys, why(err))
		return
	case a.status != http.StatusOK:
		w.find("keys-missing", w.server.keys, a.says())
		return
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(a.body, &set); err != nil {
		w.find("keys-bad", w.server.keys, "it is no key set")
		return
	}
	usable := 0
	for _, raw := range set.Keys {
		var all map[string]any
		var key oauth.JWK
		if json.Unmarshal(raw, &all) != nil {
			continue
		}
		if has(all, "d") || has(all, "k") {
			w.find("keys-private", w.server.keys, "")
		}
		if json.Unmarshal(raw, &key) != nil {
			continue
		}
		if _, _, err := key.Public(); err == nil || asymmetric(text(all, "kty"), text(all, "use")) {
			usable++
		}
	}
	if usable == 0 {
		w.find("keys-bad", w.server.keys, "no key of a kind we know")
		return
	}
	w.saw("keys at " + w.server.keys)
}

// asymmetric takes kinds of keys that our own servers do not use, but others may.
func asymmetric(kty, use string) bool {
	return use != "enc" && slices.Contains([]string{"RSA", "EC", "OKP", "AKP"}, kty)
}
