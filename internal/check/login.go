// login.go: the whole way with a person: login, code, token, refresh, more scopes, revocation.

package check

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authwright/authwright/oauth"
)

// Browse takes a person's browser to a login page and back.
type Browse interface {
	// Redirect is the address the browser comes back to.
	Redirect() string
	// Open takes the browser to the page and waits for the parameters it comes back with.
	Open(ctx context.Context, page string) (url.Values, error)
}

func (w *walk) noLogin() string {
	if w.Login == nil {
		return notAsked
	}
	return w.noClient()
}

func (w *walk) noToken() string {
	switch {
	case w.Login == nil || w.NoRegister:
		return notAsked
	case w.tokens.AccessToken == "":
		return "there is no token"
	}
	return ""
}

// logIn goes to the login page and exchanges the code that comes back.
func (w *walk) logIn(ctx context.Context) {
	if !w.granted(ctx, w.wanted()) || w.tokens.Scope == "" {
		return // without one it is what was asked for (OAuth 2.1 §3.2.3)
	}
	for _, scope := range w.wanted() {
		if !slices.Contains(strings.Fields(w.tokens.Scope), scope) {
			w.find("scope-missing", w.server.token, scope+", and not among: "+w.tokens.Scope)
		}
	}
}

// granted authorizes for the scopes and keeps the tokens.
func (w *walk) granted(ctx context.Context, scopes []string) bool {
	p := newPending()
	back, err := w.Login.Open(ctx, w.authorizeURL(w.params(p, scopes)))
	if err != nil {
		w.find("login-refused", w.server.authorize, why(err))
		return false
	}
	if !w.readAnswer(p, back) {
		return false
	}
	a, err := w.ask(ctx, url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {w.client.redirect},
		"code_verifier": {p.verifier}, "resource": {w.resource.uri},
	})
	switch {
	case err != nil:
		w.find("code-refused", w.server.token, why(err))
		return false
	case a.status != http.StatusOK:
		w.find("code-refused", w.server.token, a.says())
		return false
	}
	return w.keep(a)
}

// readAnswer checks what the browser came back with, as clients do (RFC 9207 §2.4, OAuth 2.1 §4.1.2).
func (w *walk) readAnswer(p pending, back url.Values) bool {
	at, iss := w.server.authorize, back.Get("iss")
	switch {
	case back.Has("iss") && iss != w.server.issuer:
		w.find("iss-other", at, iss)
	case back.Has("iss") && !w.server.promisesIss:
		w.find("iss-unpromised", at, iss)
	case !back.Has("iss") && w.server.promisesIss:
		w.find("iss-missing", at, "")
	}
	if back.Get("state") != p.state {
		w.find("state-changed", at, "")
		return false
	}
	if back.Get("code") == "" {
		w.find("login-refused", at, strings.TrimSpace(back.Get("error")+" "+back.Get("error_description")))
		return false
	}
	w.saw("the browser came back with a code")
	return true
}

// keep reads a token response (OAuth 2.1 §3.2.3).
func (w *walk) keep(a answer) bool {
	at := w.server.token
	doc, err := a.object()
	if err != nil || text(doc, "access_token") == "" {
		w.find("code-refused", at, "there is no access_token")
		return false
	}
	w.tokens = oauth.TokenResponse{AccessToken: text(doc, "access_token"), RefreshToken: text(doc, "refresh_token"), Scope: text(doc, "scope")}
	if text(doc, "token_type") == "" {
		w.find("token-type", at, "")
	}
	for _, name := range []string{"refresh_token", "scope"} {
		if has(doc, name) && text(doc, name) == "" {
			w.find("token-members", at, name)
		}
	}
	if !has(doc, "expires_in") {
		w.find("token-no-expiry", at, "")
	}
	if w.tokens.RefreshToken == "" && w.server.advertisesR {
		w.find("token-no-refresh", at, "")
	}
	w.readAudience()
	w.saw("a token for: " + w.tokens.Scope)
	return true
}

// readAudience looks into the token if it is a JWT. That it is one is nobody's promise.
func (w *walk) readAudience() {
	parts := strings.Split(w.tokens.AccessToken, ".")
	if len(parts) != 3 {
		return
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		Audience oauth.Audience `json:"aud"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil {
		return
	}
	if !claims.Audience.Has(w.resource.uri) && !claims.Audience.Has(strings.TrimSuffix(w.URL, "/")) {
		w.find("token-audience", w.server.token, "aud: "+strings.Join(claims.Audience, ", "))
	}
}

// callWithToken connects, lists the tools and calls one that only reads.
func (w *walk) callWithToken(ctx context.Context) {
	a, err := w.enter(ctx, http.MethodPost, w.URL, w.tokens.AccessToken)
	switch {
	case err != nil:
		w.find("token-not-taken", w.URL, why(err))
		return
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden || a.status >= 500:
		w.find("token-not-taken", w.URL, a.says())
		return
	case a.redirects():
		w.find("token-redirected", w.URL, a.says())
		return
	}
	w.saw("the token is taken")
	w.session = a.header.Get("Mcp-Session-Id")
	_, _ = w.speak(ctx, `{"jsonrpc":"2.0","method":"notifications/initialized"}`)
	w.listTools(ctx)
	w.readOnly(ctx)
	address := w.URL + "?access_token=" + url.QueryEscape(w.tokens.AccessToken)
	if a, err := w.enter(ctx, http.MethodPost, address, ""); err == nil && a.status/100 == 2 {
		w.find("query-token", w.URL, a.says())
	}
}

// speak sends a message of a session.
func (w *walk) speak(ctx context.Context, message string) (answer, error) {
	header := []string{
		"Accept", "application/json, text/event-stream", "Content-Type", "application/json", "MCP-Protocol-Version", mcpLatest,
		"Authorization", "Bearer " + w.tokens.AccessToken,
	}
	if w.session != "" {
		header = append(header, "Mcp-Session-Id", w.session)
	}
	return w.call.do(ctx, ask{method: http.MethodPost, url: w.URL, body: message, header: header})
}

// tool is what a server says of one of its tools.
type tool struct {
	Name   string `json:"name"`
	Schema struct {
		Required []string `json:"required"`
	} `json:"inputSchema"`
	Hints struct {
		ReadOnly bool `json:"readOnlyHint"`
	} `json:"annotations"`
}

func (w *walk) listTools(ctx context.Context) {
	a, err := w.speak(ctx, `{"jsonrpc":"2.0","id":2,"method":"tools/list"}`)
	if err != nil || a.status != http.StatusOK {
		w.saw("its tools could not be listed")
		return
	}
	var res struct {
		Result struct {
			Tools []tool `json:"tools"`
		} `json:"result"`
	}
	if json.Unmarshal(a.body, &res) != nil {
		return
	}
	w.tools = res.Result.Tools[:min(len(res.Result.Tools), 50)]
	var names []string
	for _, t := range w.tools {
		names = append(names, t.Name)
	}
	w.saw("tools: " + strings.Join(names, ", "))
}

// readOnly calls one tool that says that it changes nothing and needs no arguments.
func (w *walk) readOnly(ctx context.Context) {
	for _, t := range w.tools {
		if !t.Hints.ReadOnly || len(t.Schema.Required) > 0 {
			continue
		}
		if a, err := w.use(ctx, t); err == nil && a.status == http.StatusOK {
			w.saw("called " + t.Name)
		} else if err == nil && a.status == http.StatusUnauthorized {
			w.find("token-not-taken", w.URL, t.Name+": "+a.says())
		}
		return
	}
}

// use calls a tool without arguments.
func (w *walk) use(ctx context.Context, t tool) (answer, error) {
	var message bytes.Buffer
	err := json.NewEncoder(&message).Encode(map[string]any{
		"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": map[string]any{"name": t.Name, "arguments": map[string]any{}},
	})
	if err != nil {
		return answer{}, err
	}
	return w.speak(ctx, message.String())
}

// refresh refreshes as the barest client does, and once more as one that lost the answer.
func (w *walk) refresh(ctx context.Context) {
	old := w.tokens.RefreshToken
	if old == "" {
		w.saw("there is no refresh token")
		return
	}
	form := func() url.Values { return url.Values{"grant_type": {"refresh_token"}, "refresh_token": {old}} }
	a, err := w.ask(ctx, form())
	switch {
	case err != nil:
		w.find("refresh-fails", w.server.token, why(err))
		return
	case a.status != http.StatusOK:
		w.find("refresh-fails", w.server.token, a.says())
		return
	}
	if doc, err := a.object(); err == nil && text(doc, "refresh_token") == "" {
		a.body = nil // it goes on with the one it has
	}
	if a.body != nil && !w.keep(a) {
		return
	}
	if b, err := w.enter(ctx, http.MethodPost, w.URL, w.tokens.AccessToken); err != nil || b.status == http.StatusUnauthorized {
		w.find("token-not-taken", w.URL, "after a refresh")
	}
	if w.tokens.RefreshToken == old {
		return
	}
	if again, err := w.ask(ctx, form()); err != nil || again.status != http.StatusOK {
		w.find("refresh-retry", w.server.token, again.says())
	}
}

// stepUp looks for a tool that needs more than was granted: it calls, without arguments, those that cannot run without.
// When one is refused for want of scopes, the person is asked for them.
func (w *walk) stepUp(ctx context.Context) {
	for _, t := range w.tools {
		if len(t.Schema.Required) == 0 {
			continue
		}
		a, err := w.use(ctx, t)
		if err != nil || a.status != http.StatusForbidden {
			continue
		}
		all, _ := parseChallenges(a.header.Values("WWW-Authenticate"))
		i := slices.IndexFunc(all, func(c challenge) bool { return c.scheme == "bearer" })
		if i < 0 || all[i].params["error"] != string(oauth.InsufficientScope) || all[i].params["scope"] == "" {
			w.find("step-up-mute", w.URL, t.Name+": "+a.says())
			return
		}
		w.saw(t.Name + " needs " + all[i].params["scope"])
		more := strings.Fields(w.tokens.Scope)
		for _, s := range strings.Fields(all[i].params["scope"]) {
			if !slices.Contains(more, s) {
				more = append(more, s)
			}
		}
		if w.granted(ctx, more) {
			if a, err = w.use(ctx, t); err == nil && a.status == http.StatusForbidden {
				w.saw(t.Name + " is still refused: the person may not grant what it needs")
			}
		}
		return
	}
	w.saw("no tool needs more than was granted")
}

// revoke ends what was granted, and sees that it ended (RFC 7009 §2.1).
func (w *walk) revoke(ctx context.Context) {
	if w.server.revoke == "" || w.tokens.RefreshToken == "" {
		w.saw("nothing to revoke, or nowhere to do it")
		return
	}
	a, err := w.authenticated(ctx, w.server.revoke, url.Values{"token": {w.tokens.RefreshToken}, "token_type_hint": {"refresh_token"}})
	if err != nil || a.status != http.StatusOK {
		w.find("revoke-fails", w.server.revoke, a.says())
		return
	}
	a, err = w.ask(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.tokens.RefreshToken}})
	if err == nil && a.status == http.StatusOK {
		w.find("revoke-fails", w.server.revoke, "the refresh token still works")
		return
	}
	w.saw("the grant is revoked")
}
