// authorize.go answers GET and POST /authorize (RFC 6749 §4.1.1, OAuth 2.1 §4.1.1): who asks, where the answer
// may go, and the ordered list of what else must hold.

package authserver

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Limits on what is kept of a request, in bytes. A login_hint that is longer is no hint.
const (
	maxState  = 2048
	maxNonce  = 512
	maxPrompt = 64
	maxHint   = 320
)

// asked is an authorization request whose client and redirect target are proven.
type asked struct {
	client clients.Client
	params oauth.Params
	row    *store.Request // filled in by the checks
}

// authorizeChecks are made in this order. The first that fails is what the client is told, once the person is known.
var authorizeChecks = []func(context.Context, *Server, asked) error{
	checkRequestObject, // OpenID Connect Core §6: not supported, nothing is fetched
	checkResponseType,  // RFC 6749 §3.1.1
	checkResponseMode,  // only the query
	checkGrantType,     // RFC 7591 §2
	checkPKCE,          // RFC 7636 §4.4.1
	checkResource,      // RFC 8707 §2
	checkScope,         // RFC 6749 §3.3
	checkPrompt,        // OpenID Connect Core §3.1.2.1
	checkNonce,         // OpenID Connect Core §3.1.2.1
	checkACR,           // RFC 9470 §4
}

func checkRequestObject(_ context.Context, _ *Server, a asked) error {
	switch {
	case a.params.Has("request"):
		return oauth.Errorf(oauth.RequestNotSupported, "send the parameters themselves, not a request object")
	case a.params.Has("request_uri"):
		return oauth.Errorf(oauth.RequestURINotSupported, "send the parameters themselves, not a request_uri")
	}
	return nil
}

func checkResponseType(_ context.Context, _ *Server, a asked) error {
	switch a.params.Get("response_type") {
	case "code":
		return nil
	case "":
		return oauth.Errorf(oauth.InvalidRequest, "response_type is missing: it must be code")
	}
	return oauth.Errorf(oauth.UnsupportedResponseType, "response_type must be code")
}

func checkResponseMode(_ context.Context, _ *Server, a asked) error {
	if mode := a.params.Get("response_mode"); mode != "" && mode != "query" {
		return oauth.Errorf(oauth.InvalidRequest, "response_mode must be query")
	}
	return nil
}

func checkGrantType(_ context.Context, _ *Server, a asked) error {
	if !a.client.MayUse(oauth.GrantAuthorizationCode) {
		return oauth.Errorf(oauth.UnauthorizedClient, "this client is not registered for authorization_code")
	}
	return nil
}

func checkPKCE(_ context.Context, _ *Server, a asked) (err error) {
	a.row.Challenge, err = oauth.ParseCodeChallenge(a.params.Get("code_challenge"), a.params.Get("code_challenge_method"))
	return err
}

func checkResource(ctx context.Context, s *Server, a asked) error {
	resource, err := s.resource(ctx, a.params.Get("resource"))
	if err != nil {
		s.tellOfUnknown(ctx, a.client.ID, a.params.Get("resource"), err)
		return err
	}
	a.row.Resource = resource.URI
	return nil
}

// checkScope keeps what exists and the client may have. Unknown scopes are dropped, not refused: clients ask for
// whatever a document lists, and the response names what was granted.
func checkScope(ctx context.Context, s *Server, a asked) error {
	resource, err := s.resource(ctx, a.row.Resource)
	if err != nil {
		return err
	}
	wanted, err := oauth.ParseScope(a.params.Get("scope"))
	if err != nil {
		return err
	}
	known := wanted.Intersect(scopeNames(resource).Union(openIDScopes))
	if len(known) < len(wanted) {
		s.tellOfUnknownScopes(ctx, a.client.ID, resource.URI, slices.DeleteFunc(slices.Clone(wanted), known.Has))
	}
	scope := ceiling(a.client.Scope, known)
	if len(scope) == 0 {
		scope = ceiling(a.client.Scope, resource.Default)
	}
	if len(scope) == 0 {
		return oauth.Errorf(oauth.InvalidScope, "this client may have none of the scopes of %s", resource.URI)
	}
	a.row.Scope = scope
	return nil
}

// ceiling keeps what the operator lets the client have; an empty ceiling is none.
func ceiling(most, scope oauth.Scope) oauth.Scope {
	if len(most) == 0 {
		return scope
	}
	return scope.Intersect(most)
}

// checkPrompt refuses what contradicts itself.
func checkPrompt(_ context.Context, _ *Server, a asked) error {
	prompt := a.params.Get("prompt")
	prompts := strings.Fields(prompt)
	switch {
	case len(prompt) > maxPrompt:
		return oauth.Errorf(oauth.InvalidRequest, "prompt is longer than %d bytes", maxPrompt)
	case slices.Contains(prompts, "none") && len(prompts) > 1:
		return oauth.Errorf(oauth.InvalidRequest, "prompt=none cannot be combined")
	}
	if age := a.params.Get("max_age"); age != "" {
		seconds, err := strconv.ParseInt(age, 10, 32)
		if err != nil || seconds < 0 {
			return oauth.Errorf(oauth.InvalidRequest, "max_age must be a number of seconds")
		}
		a.row.MaxAge = seconds
	}
	return nil
}

// checkNonce refuses a nonce that could not come back whole.
func checkNonce(_ context.Context, _ *Server, a asked) error {
	if len(a.params.Get("nonce")) > maxNonce {
		return oauth.Errorf(oauth.InvalidRequest, "nonce is longer than %d bytes", maxNonce)
	}
	return nil
}

// authorize proves the client and the redirect target, makes the checks and sends the person to the first step
// that is left. What fails before the redirect target is proven is shown to the person and goes nowhere else.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost {
		return s.asGet(w, r)
	}
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return notForClient(r, err)
	}
	client, err := s.Clients.Lookup(r.Context(), store.ClientID(params.Get("client_id")))
	if err != nil {
		return notForClient(r, err)
	}
	back, err := client.RedirectTarget(params.Get("redirect_uri"))
	if err != nil {
		return noWayBack(r, err)
	}
	row, err := s.newRequest(params, client, back)
	if err != nil {
		return notForClient(r, err)
	}
	a := asked{client: client, params: params, row: row}
	for _, check := range authorizeChecks {
		if err := check(r.Context(), s, a); err != nil {
			if !errors.As(err, &row.Refusal) {
				return err
			}
			break
		}
	}
	if row.Refusal != nil && wantsJSON(r) {
		return &jsonRefusal{row.Refusal} // a program asks what a browser would come to: nothing goes to the client's address
	}
	return s.begin(w, r, a)
}

const maxAuthorizeURL = 8 << 10 // bytes

// asGet sends a browser that posted the request to the same request as a GET (OpenID Connect Core §3.1.2.1 wants
// both). A form of another site comes without our cookies, and would begin as a browser that is not known.
func (s *Server) asGet(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseForm(r)
	if err != nil {
		return notForClient(r, err)
	}
	query := make(url.Values, len(params))
	for name, value := range params {
		query.Set(name, value)
	}
	to := s.issuer + "/authorize?" + query.Encode()
	if len(to) > maxAuthorizeURL {
		return notForClient(r, oauth.Errorf(oauth.InvalidRequest, "the request is longer than %d bytes", maxAuthorizeURL))
	}
	return pages.Redirect(w, to)
}

// newRequest is the row of an authorization that has just begun.
func (s *Server) newRequest(p oauth.Params, c clients.Client, back oauth.RedirectURI) (*store.Request, error) {
	state := p.Get("state")
	if len(state) > maxState || strings.ContainsFunc(state, func(r rune) bool { return r < 0x20 || r == 0x7f }) {
		return nil, oauth.Errorf(oauth.InvalidRequest, "state must be at most %d bytes without control characters", maxState)
	}
	now := s.Now()
	id := make([]byte, 16)
	rand.Read(id)
	return &store.Request{
		ID: store.RequestID(base64.RawURLEncoding.EncodeToString(id)), Client: c.ID, RedirectURI: back, State: state,
		Nonce: clip(p.Get("nonce"), maxNonce), Prompt: clip(p.Get("prompt"), maxPrompt), LoginHint: clip(p.Get("login_hint"), maxHint), MaxAge: -1,
		ACR: leastOf(s.settings), CreatedAt: now, Expires: now.Add(s.settings.RequestLife),
	}, nil
}

func clip(s string, most int) string {
	if len(s) > most {
		return ""
	}
	return s
}

// notForClient is for errors that no redirect target is proven for. Programs that ask for JSON get it: mcp-remote
// tries a saved registration this way and registers again only on this answer.
func notForClient(r *http.Request, err error) error {
	var refusal *oauth.Error
	if !errors.As(err, &refusal) {
		return err
	}
	if wantsJSON(r) {
		return &jsonRefusal{refusal}
	}
	page := &pages.Refusal{
		Status: http.StatusBadRequest, Cause: refusal,
		Title: "This app can’t connect",
		Text:  "The app sent you here with a request that can’t be used, so nothing was shared with it.",
		Hint:  "Go back to the app, remove this connection and connect again.",
	}
	switch refusal.Code {
	case oauth.TemporarilyUnavailable:
		page.RetryAfter = 5 * time.Second
		page.Title = "We can’t check this app right now"
		page.Text = "The app describes itself at an address that does not answer, so nothing was shared with it."
		page.Hint = "Go back to the app and try again in a moment."
	case oauth.InvalidClient:
		page.Title = "We don’t know this app"
		page.Text = "The app that sent you here is not registered, or its registration is gone. This happens when an app keeps an old connection."
	}
	return page
}

// noWayBack is notForClient for a redirect target that the client did not register.
func noWayBack(r *http.Request, err error) error {
	err = notForClient(r, err)
	var page *pages.Refusal
	if errors.As(err, &page) {
		page.Title = "This app’s return address isn’t registered"
		page.Text = "The app asked us to send the answer to an address it did not register. To keep your account safe, we don’t send anything there."
	}
	return err
}

func wantsJSON(r *http.Request) bool {
	accept := r.Header.Get("Accept")
	return strings.Contains(accept, "application/json") && !strings.Contains(accept, "text/html")
}

// jsonRefusal is shown as JSON on an endpoint that otherwise speaks to people.
type jsonRefusal struct{ refusal *oauth.Error }

func (j *jsonRefusal) Error() string { return j.refusal.Error() }

// begin sends the person to the first step that is left. An authorization that needs no step has no row.
func (s *Server) begin(w http.ResponseWriter, r *http.Request, a asked) error {
	row := a.row
	row.Browser = s.Jar.EnsureBrowser(w, r)
	auth, err := s.signedIn(r)
	if err != nil {
		return err
	}
	if auth.Person != "" && freshEnough(row, auth, s.Now()) {
		row.Auth = auth
	}
	step, err := s.next(r.Context(), row, a.client)
	if err != nil {
		return err
	}
	if slices.Contains(strings.Fields(row.Prompt), "none") {
		return s.silent(w, r, step, a)
	}
	switch step {
	case ready:
		return s.grantAtOnce(w, r, a)
	case refused:
		return s.redirectError(w, row, row.Refusal)
	}
	if err := s.Store.OpenRequest(r.Context(), *row); err != nil {
		return err
	}
	return pages.Redirect(w, s.stepURL(step, row.ID))
}

// freshEnough tells whether the session answers what the client asked of the login (OpenID Connect Core §3.1.2.1).
func freshEnough(row *store.Request, auth store.Authentication, now time.Time) bool {
	prompts := strings.Fields(row.Prompt)
	if slices.Contains(prompts, "login") || slices.Contains(prompts, "select_account") {
		return false
	}
	if row.Refusal == nil && !row.ACR.MetBy(auth.Methods) {
		return false
	}
	return row.MaxAge < 0 || now.Sub(auth.At) <= time.Duration(row.MaxAge)*time.Second
}

// silent answers prompt=none: nobody is shown anything (OpenID Connect Core §3.1.2.1). A client that registered
// itself gets no automatic redirect, because its redirect target may be anything.
func (s *Server) silent(w http.ResponseWriter, r *http.Request, step step, a asked) error {
	if a.client.Origin != store.Registered {
		return notForClient(r, oauth.Errorf(oauth.InteractionRequired, "prompt=none is for clients registered by the operator"))
	}
	switch step {
	case ready:
		return s.grantAtOnce(w, r, a)
	case refused:
		return s.redirectError(w, a.row, a.row.Refusal)
	case needsConsent:
		return s.redirectError(w, a.row, oauth.Errorf(oauth.ConsentRequired, "the person has not agreed to this yet"))
	}
	if a.row.Refusal != nil {
		return s.redirectError(w, a.row, a.row.Refusal)
	}
	return s.redirectError(w, a.row, oauth.Errorf(oauth.LoginRequired, "the person is not signed in"))
}
