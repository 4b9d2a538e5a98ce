// register.go: registrations as clients send them (RFC 7591 §3). What registered is taken back at the end where the
// server lets it be (RFC 7592 §2.3).

package check

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The redirect URIs of well-known clients.
const (
	ourRedirect       = "http://127.0.0.1:33418/callback"
	localhostRedirect = "http://localhost:33418/oauth/callback"
	claudeRedirect    = "https://claude.ai/api/mcp/auth_callback"
	cursorRedirect    = "cursor://anysphere.cursor-mcp/oauth/callback"
	scriptRedirect    = "javascript:alert(1)//x"
	notAsked          = "\x00" // a step that was not wanted at all
)

// registered is a client that the server knows.
type registered struct {
	id, secret string
	method     string // of authentication
	redirect   string
	manage     []managed // what can be taken back
}

// managed is where a registration can be deleted, and with what.
type managed struct{ at, token string }

// application is what a client says of itself.
type application struct {
	Name      string   `json:"client_name"`
	Redirects []string `json:"redirect_uris"`
	Grants    []string `json:"grant_types"`
	Responses []string `json:"response_types"`
	Method    string   `json:"token_endpoint_auth_method"`
	Type      string   `json:"application_type,omitempty"`
	Scope     string   `json:"scope,omitempty"`
}

func anApplication(redirects ...string) application {
	return application{
		Name: "Authwright check", Redirects: redirects, Grants: []string{"authorization_code", "refresh_token"}, Responses: []string{"code"}, Method: "none",
	}
}

func (w *walk) noRegistration() string {
	switch {
	case w.NoRegister:
		return notAsked
	case w.server.token == "":
		return "the authorization server is not known"
	case w.server.register == "":
		return "there is no registration endpoint"
	}
	return ""
}

// send registers an application. Whatever came of it, the registration is noted to be taken back.
func (w *walk) send(ctx context.Context, app application) (answer, map[string]any, error) {
	body, err := json.Marshal(app)
	if err != nil {
		return answer{}, nil, err
	}
	a, err := w.call.doAsPage(ctx, ask{method: http.MethodPost, url: w.server.register, body: string(body), header: []string{
		"Accept", "application/json", "Content-Type", "application/json",
	}})
	if err != nil {
		return a, nil, err
	}
	doc, _ := a.object()
	if at, token := text(doc, "registration_client_uri"), text(doc, "registration_access_token"); at != "" && token != "" {
		w.client.manage = append(w.client.manage, managed{at, token})
	}
	return a, doc, nil
}

// register makes us a client, as a program on the person's machine.
func (w *walk) register(ctx context.Context) {
	redirect := w.redirect()
	app := anApplication(redirect)
	app.Scope = strings.Join(w.wanted(), " ")
	a, doc, err := w.send(ctx, app)
	at := w.server.register
	switch {
	case err != nil:
		w.find("dcr-refused", at, why(err))
		return
	case a.status == http.StatusUnauthorized || a.status == http.StatusForbidden:
		w.find("dcr-needs-token", at, a.says())
		return
	case a.status == http.StatusTooManyRequests:
		w.saw("too many registrations at the moment: try again later, or leave this out with --no-register")
		return
	case a.status/100 != 2:
		w.blame(ctx, a)
		return
	case text(doc, "client_id") == "":
		w.find("dcr-not-json", at, mediaType(a.header))
		return
	case a.status != http.StatusCreated:
		w.find("dcr-status", at, a.says())
	}
	if !a.shared || !w.call.preflight(ctx, at, http.MethodPost, "content-type") {
		w.find("dcr-cors", at, "")
	}
	w.readRegistration(doc, redirect)
	w.become(doc, redirect)
	w.saw("client_id " + w.client.id)
}

// redirect is where we are sent back to: to the one who logs in, or nowhere in particular.
func (w *walk) redirect() string {
	if w.Login != nil {
		return w.Login.Redirect()
	}
	return ourRedirect
}

// become is what the server calls us from now on.
func (w *walk) become(doc map[string]any, redirect string) {
	w.client.id, w.client.secret = text(doc, "client_id"), text(doc, "client_secret")
	w.client.method, w.client.redirect = text(doc, "token_endpoint_auth_method"), redirect
}

// blame finds out what about an ordinary registration is refused: a redirect to 127.0.0.1, the missing
// application_type, or everything.
func (w *walk) blame(ctx context.Context, refused answer) {
	for _, try := range []struct {
		fault    string
		redirect string
		kind     string
	}{
		{"dcr-untyped", w.redirect(), "native"},
		{"dcr-loopback", localhostRedirect, ""},
	} {
		app := anApplication(try.redirect)
		app.Type = try.kind
		a, doc, err := w.send(ctx, app)
		if err == nil && a.status/100 == 2 && text(doc, "client_id") != "" {
			w.find(try.fault, w.server.register, refused.says())
			w.become(doc, try.redirect)
			return
		}
	}
	w.find("dcr-refused", w.server.register, refused.says())
}

// readRegistration looks at the members that clients check (RFC 7591 §3.2.1).
func (w *walk) readRegistration(doc map[string]any, redirect string) {
	at := w.server.register
	if names := void(doc); len(names) > 0 {
		w.find("dcr-null", at, strings.Join(names, ", "))
	}
	switch echoed := list(doc, "redirect_uris"); {
	case len(echoed) == 0:
		w.find("dcr-no-redirect-uris", at, "")
	case !slices.Equal(echoed, []string{redirect}):
		w.find("dcr-other-redirect-uris", at, strings.Join(echoed, ", "))
	}
	if issued, ok := doc["client_id_issued_at"].(json.Number); has(doc, "client_id_issued_at") && (!ok || strings.ContainsAny(issued.String(), ".eE-")) {
		w.find("dcr-float", at, issued.String())
	}
	if text(doc, "client_secret") == "" {
		return
	}
	if !has(doc, "client_secret_expires_at") {
		w.find("dcr-no-expiry", at, "")
	}
	if w.server.public {
		w.find("dcr-secret", at, "")
	}
}

// registerOthers sends what other clients send. Each alone is an ordinary client of its kind.
func (w *walk) registerOthers(ctx context.Context) {
	native := anApplication(ourRedirect)
	native.Type = "native"
	for _, try := range []struct {
		who   string
		app   application
		fault string
	}{
		{"application_type native", native, "dcr-native"},
		{"a redirect to localhost", anApplication(localhostRedirect), "dcr-localhost"},
		{"a hosted client", anApplication(claudeRedirect), "dcr-https"},
		{"a private-use scheme, localhost and https together", anApplication(cursorRedirect, localhostRedirect, "https://www.cursor.com/agents/mcp/oauth/callback"), "dcr-private"},
	} {
		a, _, err := w.send(ctx, try.app)
		switch {
		case err != nil:
			w.find(try.fault, w.server.register, why(err))
		case a.status == http.StatusTooManyRequests:
			w.saw(try.who + ": too many registrations, not tried")
		case a.status/100 != 2:
			w.find(try.fault, w.server.register, a.says())
		default:
			w.saw(try.who + " registers")
		}
	}
	if a, _, err := w.send(ctx, anApplication(scriptRedirect)); err == nil && a.status/100 == 2 {
		w.find("dcr-script", w.server.register, a.says())
	}
}

// leave takes back what was registered.
func (w *walk) leave(ctx context.Context) {
	for _, m := range w.client.manage {
		if sameOrigin(m.at, w.server.register) {
			_, _ = w.call.do(ctx, ask{method: http.MethodDelete, url: m.at, header: []string{"Authorization", "Bearer " + m.token}})
		}
	}
}

// wanted are the scopes that a client asks for at first: the challenge's, else those of the metadata.
func (w *walk) wanted() []string {
	if scope := w.challenge.params["scope"]; scope != "" {
		return strings.Fields(scope)
	}
	return w.resource.scopes
}

func sameOrigin(a, b string) bool {
	x, errX := url.Parse(a)
	y, errY := url.Parse(b)
	return errX == nil && errY == nil && x.Scheme == y.Scheme && x.Host == y.Host
}
