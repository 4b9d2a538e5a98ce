package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/authwright/authwright/oauth"
)

const verifier = "a-verifier-of-forty-three-characters-or-more"

// browser keeps cookies and follows redirects until they leave for the client.
type browser struct {
	*testing.T
	base   string
	client *http.Client
}

const callback = "http://127.0.0.1:1/callback"

func newBrowser(t *testing.T, base string) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, base, &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), callback) {
			return http.ErrUseLastResponse
		}
		return nil
	}}}
}

// get and post return the answer with its body.
func (b *browser) get(address string) (*http.Response, string) {
	b.Helper()
	return b.read(b.client.Get(address))
}

func (b *browser) post(address string, form url.Values) (*http.Response, string) {
	b.Helper()
	return b.read(b.client.PostForm(address, form))
}

func (b *browser) read(resp *http.Response, err error) (*http.Response, string) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return resp, string(body)
}

// submit sends the form of a page that has a button of this name and value, with its hidden fields.
func (b *browser) submit(page, button string) (*http.Response, string) {
	b.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		b.Fatal(err)
	}
	for form := range root.Descendants() {
		if form.Data != "form" {
			continue
		}
		fields, found := url.Values{}, false
		for n := range form.Descendants() {
			switch {
			case n.Data == "input" && attr(n, "name") != "":
				fields.Add(attr(n, "name"), attr(n, "value"))
			case n.Data == "button" && n.FirstChild != nil && strings.TrimSpace(n.FirstChild.Data) == button:
				found = true
				if attr(n, "name") != "" {
					fields.Set(attr(n, "name"), attr(n, "value"))
				}
			}
		}
		if found {
			return b.post(b.base+attr(form, "action"), fields)
		}
	}
	b.Fatalf("no form with the button %q:\n%s", button, page)
	return nil, ""
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// start runs the program on a loopback address.
func start(t *testing.T) string {
	t.Helper()
	var handler http.Handler
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	t.Cleanup(srv.Close)
	built, closeAll, err := program(t.Context(), srv.URL, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		srv.Close()
		if err := closeAll(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	handler = built
	return srv.URL
}

// call calls a tool, with a token if there is one.
func call(t *testing.T, base, tool, arguments, token string) (*http.Response, string) {
	t.Helper()
	body := fmt.Sprintf(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":%q,"arguments":%s}}`, tool, arguments)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/todo/mcp", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return (&browser{T: t}).read(http.DefaultClient.Do(r))
}

// register makes a client, as MCP clients do for themselves (RFC 7591).
func (b *browser) register() string {
	b.Helper()
	resp, body := b.read(b.client.Post(b.base+"/register", "application/json",
		strings.NewReader(`{"client_name":"Test","redirect_uris":["`+callback+`"],"token_endpoint_auth_method":"none"}`)))
	var made struct {
		ID string `json:"client_id"`
	}
	if err := json.Unmarshal([]byte(body), &made); err != nil || resp.StatusCode != http.StatusCreated {
		b.Fatalf("POST /register = %s %s", resp.Status, body)
	}
	return made.ID
}

// authorize goes through the app's sign-in, if it is shown, and consent, and returns a token.
func (b *browser) authorize(client, scope string) string {
	b.Helper()
	challenge := sha256.Sum256([]byte(verifier)) // RFC 7636 §4.2
	resp, page := b.get(b.base + "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {callback}, "scope": {scope}, "resource": {b.base + "/todo/mcp"},
		"state": {"s"}, "code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
	}.Encode())
	if resp.Request.URL.Path == "/app/sign-in" {
		resp, page = b.post(resp.Request.URL.String(), url.Values{"email": {"ada@example.com"}, "password": {password}})
	}
	if resp.Request.URL.Path != "/consent" || !strings.Contains(page, "ada@example.com") || !strings.Contains(page, "The embedded to-do app") {
		b.Fatalf("the browser is at %s, want consent for ada in the app's look:\n%s", resp.Request.URL, page)
	}
	resp, page = b.submit(page, "Allow")
	back, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || back.Query().Get("code") == "" {
		b.Fatalf("after Allow: %s %s, want a code", resp.Status, page)
	}
	resp, body := b.post(b.base+"/token", url.Values{
		"grant_type": {"authorization_code"}, "client_id": {client}, "code": {back.Query().Get("code")},
		"redirect_uri": {callback}, "code_verifier": {verifier},
	})
	var tokens oauth.TokenResponse
	if err := json.Unmarshal([]byte(body), &tokens); err != nil || tokens.AccessToken == "" {
		b.Fatalf("POST /token = %s %s", resp.Status, body)
	}
	return tokens.AccessToken
}

func TestOneProgramIsAllOfIt(t *testing.T) {
	base := start(t)
	resp, _ := call(t, base, "whoami", "{}", "")
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(got, base+"/.well-known/oauth-protected-resource/todo/mcp") {
		t.Fatalf("without a token: %s %q, want 401 and where the metadata is", resp.Status, got)
	}
	b := newBrowser(t, base)
	client := b.register()
	token := b.authorize(client, "todo.read")
	if resp, body := call(t, base, "whoami", "{}", token); resp.StatusCode != http.StatusOK || !strings.Contains(body, "user-1") {
		t.Errorf("whoami = %s %s, want the app's own id of ada", resp.Status, body)
	}
	resp, _ = call(t, base, "create_item", `{"title":"milk"}`, token)
	if got := resp.Header.Get("WWW-Authenticate"); resp.StatusCode != http.StatusForbidden || !strings.Contains(got, `scope="todo.read todo.write"`) {
		t.Errorf("create_item with todo.read = %s %q, want 403 that asks for both scopes", resp.Status, got)
	}
	more := b.authorize(client, "todo.read todo.write") // the app's session goes on: no sign-in
	if resp, body := call(t, base, "create_item", `{"title":"milk"}`, more); resp.StatusCode != http.StatusOK || !strings.Contains(body, "milk") {
		t.Errorf("create_item with both = %s %s", resp.Status, body)
	}
}

func TestWhoSignsOutAtTheAppIsSignedOut(t *testing.T) {
	base := start(t)
	b := newBrowser(t, base)
	b.post(base+"/app/sign-in?return_to="+url.QueryEscape("https://evil.example/"), url.Values{"email": {"ada@example.com"}, "password": {password}})
	if resp, page := b.get(base + "/account"); resp.Request.URL.Path != "/account" || !strings.Contains(page, "ada@example.com") {
		t.Fatalf("signed in: %s\n%s, want the account page", resp.Request.URL, page)
	}
	b.post(base+"/app/sign-out", nil)
	if resp, _ := b.get(base + "/account"); resp.Request.URL.Path != "/app/sign-in" {
		t.Errorf("signed out: %s, want the app's page to sign in", resp.Request.URL)
	}
	resp, page := b.post(base+"/app/sign-in", url.Values{"email": {"ada@example.com"}, "password": {"wrong"}})
	if resp.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, "don’t match") {
		t.Errorf("a wrong password = %s %s", resp.Status, page)
	}
}
