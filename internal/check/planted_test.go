package check

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/authwright/authwright/oauth"
)

// planted is a protected MCP server and its authorization server, healthy until a test plants a fault in it. Its
// issuer has a path, so the server's own origin is no issuer.
type planted struct {
	base     string
	resource string                      // that tokens are for
	pages    map[string]http.HandlerFunc // by path

	challenge []string                // of the 401
	accepts   func(token string) bool // tokens
	prm, as   map[string]any          // the documents
	jwks      map[string]any          //
	register  func(app map[string]any) (int, map[string]any)
	answer    func(q url.Values) url.Values // of /authorize, once the person is in
	issue     func(grant string) map[string]any
	refresh   func(token string) (int, map[string]any)
	browser   bool   // the person logs in
	slash     string // that people type behind the address

	mu      sync.Mutex
	clients map[string][]string // redirect URIs by client
	live    map[string]bool     // tokens
	last    string              // the refresh token that was handed out last
	turn    int
}

func plant(t *testing.T) *planted {
	p := &planted{pages: make(map[string]http.HandlerFunc), clients: make(map[string][]string), live: make(map[string]bool)}
	site := httptest.NewServer(p)
	t.Cleanup(site.Close)
	p.base, p.resource = site.URL, site.URL+"/mcp"
	p.challenge = []string{fmt.Sprintf(`Bearer scope="read", resource_metadata="%s/.well-known/oauth-protected-resource/mcp"`, p.base)}
	p.accepts = func(token string) bool { return p.live[token] }
	p.prm = map[string]any{"resource": p.base + "/mcp", "authorization_servers": []any{p.base + "/t"}, "scopes_supported": []any{"read", "write"}}
	p.as = map[string]any{
		"issuer": p.base + "/t", "authorization_endpoint": p.base + "/t/authorize", "token_endpoint": p.base + "/t/token",
		"registration_endpoint": p.base + "/t/register", "revocation_endpoint": p.base + "/t/revoke", "jwks_uri": p.base + "/t/jwks",
		"response_types_supported": []any{"code"}, "grant_types_supported": []any{"authorization_code", "refresh_token"},
		"code_challenge_methods_supported": []any{"S256"}, "token_endpoint_auth_methods_supported": []any{"none"},
		"authorization_response_iss_parameter_supported": true, "client_id_metadata_document_supported": true,
	}
	p.jwks = map[string]any{"keys": []any{map[string]any{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": strings.Repeat("A", 43)}}}
	p.register, p.answer, p.issue, p.refresh = p.registerWell, p.answerWell, p.issueWell, p.refreshWell
	p.pages["/mcp"] = p.mcp
	p.pages["403"] = status(http.StatusForbidden, "WWW-Authenticate", `Bearer error="insufficient_scope", scope="read write"`)
	p.pages["/.well-known/oauth-protected-resource/mcp"] = document(func() map[string]any { return p.prm })
	metadata := document(func() map[string]any { return p.as })
	p.pages["/.well-known/oauth-authorization-server/t"] = metadata
	p.pages["/.well-known/openid-configuration/t"] = metadata
	p.pages["/t/jwks"] = document(func() map[string]any { return p.jwks })
	p.pages["/t/register"], p.pages["/t/authorize"] = p.serveRegister, p.serveAuthorize
	p.pages["/t/token"], p.pages["/t/revoke"] = p.serveToken, p.serveRevoke
	return p
}

// ServeHTTP answers preflights everywhere, and nothing where nothing is.
func (p *planted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	page := p.pages[r.URL.EscapedPath()]
	if page == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Allow-Headers", "Authorization, Content-Type, MCP-Protocol-Version")
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	page(w, r)
}

func document(doc func() map[string]any) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, http.StatusOK, doc()) }
}

func answerJSON(w http.ResponseWriter, status int, doc map[string]any) {
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(doc)
}

func refusal(code oauth.Code) map[string]any { return map[string]any{"error": string(code)} }

// status answers with a status and nothing else.
func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

// mcp is the protected server: it has a tool that everybody may call and one that needs the scope write.
func (p *planted) mcp(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !p.accepts(token) {
		for _, c := range p.challenge {
			w.Header().Add("WWW-Authenticate", c)
		}
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body)
	switch text := string(body); {
	case strings.Contains(text, `"initialize"`):
		answerJSON(w, http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": 1, "result": map[string]any{}})
	case strings.Contains(text, `"tools/list"`):
		answerJSON(w, http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": 2, "result": map[string]any{"tools": []any{
			map[string]any{"name": "whoami", "inputSchema": map[string]any{}, "annotations": map[string]any{"readOnlyHint": true}},
			map[string]any{"name": "add", "inputSchema": map[string]any{"required": []any{"title"}}},
		}}})
	case strings.Contains(text, `"add"`) && !strings.Contains(token, "write"):
		p.pages["403"](w, r)
	default:
		answerJSON(w, http.StatusOK, map[string]any{"jsonrpc": "2.0", "id": 3, "result": map[string]any{}})
	}
}

func (p *planted) serveRegister(w http.ResponseWriter, r *http.Request) {
	var app map[string]any
	_ = json.NewDecoder(r.Body).Decode(&app)
	status, doc := p.register(app)
	if id, _ := doc["client_id"].(string); id != "" {
		p.clients[id] = list(app, "redirect_uris")
	}
	answerJSON(w, status, doc)
}

func (p *planted) registerWell(app map[string]any) (int, map[string]any) {
	for _, uri := range list(app, "redirect_uris") {
		if strings.HasPrefix(uri, "javascript:") {
			return http.StatusBadRequest, refusal("invalid_redirect_uri")
		}
	}
	doc := maps.Clone(app)
	doc["client_id"], doc["client_id_issued_at"] = fmt.Sprint("c", len(p.clients)+1), 1
	return http.StatusCreated, doc
}

// serveAuthorize shows a login page, or goes on when the person's browser asks.
func (p *planted) serveAuthorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	moved := strings.Replace(q.Get("redirect_uri"), ":33419/", ":33418/", 1)
	if !slices.Contains(p.clients[q.Get("client_id")], moved) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if r.Header.Get("X-Person") == "" {
		w.WriteHeader(http.StatusOK)
		return
	}
	w.Header().Set("Location", q.Get("redirect_uri")+"?"+p.answer(q).Encode())
	w.WriteHeader(http.StatusFound)
}

func (p *planted) answerWell(q url.Values) url.Values {
	return url.Values{"code": {q.Get("scope")}, "state": {q.Get("state")}, "iss": {p.base + "/t"}}
}

func (p *planted) serveToken(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	switch {
	case p.clients[r.Form.Get("client_id")] == nil:
		answerJSON(w, http.StatusUnauthorized, refusal(oauth.InvalidClient))
	case r.Form.Get("grant_type") == oauth.GrantRefreshToken:
		status, doc := p.refresh(r.Form.Get("refresh_token"))
		answerJSON(w, status, doc)
	default:
		answerJSON(w, http.StatusOK, p.issue(r.Form.Get("code")))
	}
}

// issueWell makes tokens that tell their scope. The access token looks like a JWT.
func (p *planted) issueWell(scope string) map[string]any {
	p.turn++
	claims := fmt.Sprintf(`{"aud":%q,"n":%d}`, p.resource, p.turn)
	access := "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + "." + strings.ReplaceAll(scope, " ", "-")
	p.last = fmt.Sprint("refresh", p.turn)
	p.live[access], p.live[p.last] = true, true
	return map[string]any{"access_token": access, "token_type": "Bearer", "expires_in": 60, "refresh_token": p.last, "scope": scope}
}

func (p *planted) refreshWell(token string) (int, map[string]any) {
	if !p.live[token] {
		return http.StatusBadRequest, refusal(oauth.InvalidGrant)
	}
	return http.StatusOK, p.issue("read")
}

func (p *planted) serveRevoke(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	delete(p.live, r.Form.Get("token"))
	w.WriteHeader(http.StatusOK)
}

// Redirect and Open are a person's browser.
func (p *planted) Redirect() string { return ourRedirect }

func (p *planted) Open(ctx context.Context, page string) (url.Values, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("X-Person", "yes")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		return nil, err
	}
	return back.Query(), nil
}

// check walks the whole way.
func (p *planted) check(t *testing.T) Report {
	t.Helper()
	return p.checkAt(t, p.base+"/mcp"+p.slash)
}

func (p *planted) checkAt(t *testing.T, address string) Report {
	t.Helper()
	c := &Check{URL: address}
	if p.browser {
		c.Login = p
	}
	return c.Run(t.Context())
}

// faultsIn are the names of what was found, hints too.
func faultsIn(r Report) (names []string) {
	for _, f := range r.Findings() {
		names = append(names, f.Fault)
	}
	slices.Sort(names)
	return names
}
