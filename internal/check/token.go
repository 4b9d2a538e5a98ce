// token.go: the token endpoint (OAuth 2.1 §3.2), first with what it has to refuse.

package check

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/oauth"
)

// tryTokens sees that refusals are such that clients recover.
func (w *walk) tryTokens(ctx context.Context) {
	at := w.server.token
	stranger := url.Values{
		"grant_type": {"authorization_code"}, "client_id": {"authwright-check-unknown"}, "code": {"none"}, "redirect_uri": {ourRedirect},
		"code_verifier": {random()},
	}
	a, err := w.call.post(ctx, at, stranger)
	switch {
	case err != nil:
		w.find("token-unreachable", at, why(err))
		return
	case a.redirects() || !a.isJSON():
		w.find("token-unreachable", at, a.says())
		return
	case a.status != http.StatusUnauthorized || a.code() != oauth.InvalidClient:
		w.find("token-client", at, a.says())
	default:
		w.saw("an unknown client: " + a.says())
	}
	if !a.shared || !w.call.preflight(ctx, at, http.MethodPost, "content-type") {
		w.find("token-cors", at, "")
	}
	if w.client.id == "" {
		return
	}
	a, err = w.ask(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"none"}})
	switch {
	case err != nil:
		w.find("token-refresh", at, why(err))
	case a.status != http.StatusBadRequest || a.code() != oauth.InvalidGrant:
		w.find("token-refresh", at, a.says())
	default:
		w.saw("a dead refresh token: " + a.says())
	}
}

// code is the error code of an answer in JSON.
func (a answer) code() oauth.Code {
	var e oauth.Error
	if !a.isJSON() || json.Unmarshal(a.body, &e) != nil {
		return ""
	}
	return e.Code
}

// ask sends a token request as the client that we registered, authenticated as the server wanted it.
func (w *walk) ask(ctx context.Context, form url.Values) (answer, error) {
	return w.authenticated(ctx, w.server.token, form)
}

// authenticated sends a form to an endpoint where clients authenticate (RFC 6749 §2.3.1).
func (w *walk) authenticated(ctx context.Context, to string, form url.Values) (answer, error) {
	header := []string{"Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded"}
	switch {
	case w.client.secret != "" && w.client.method != oauth.AuthClientSecretPost:
		pair := url.QueryEscape(w.client.id) + ":" + url.QueryEscape(w.client.secret)
		header = append(header, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
	case w.client.secret != "":
		form.Set("client_secret", w.client.secret)
		form.Set("client_id", w.client.id)
	default:
		form.Set("client_id", w.client.id)
	}
	return w.call.do(ctx, ask{method: http.MethodPost, url: to, body: form.Encode(), header: header})
}
