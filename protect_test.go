package authwright_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

const metadataURL = "https://mcp.example.com/.well-known/oauth-protected-resource/todo/mcp"

// reached is a protected handler that tells what arrived.
var reached = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	token, ok := authwright.FromContext(r.Context())
	body, err := io.ReadAll(r.Body)
	if !ok || err != nil {
		http.Error(w, fmt.Sprint(ok, err), http.StatusInternalServerError)
		return
	}
	fmt.Fprintf(w, "%s %d %s", token.Subject, r.ContentLength, body)
})

// send runs one request through a handler. Headers are given as "Name: value".
func send(h http.Handler, method, target, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// toolCall is the body of a tools/call.
func toolCall(name string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"` + name + `","arguments":{"title":"x"}}}`
}

func TestTheChallengeByteForByte(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer).Protect(reached)
	read := issuer.Token(serverURL, authwrighttest.Scope("todo.read", "offline_access", "profile"))
	nothing := issuer.Token(serverURL)
	write := issuer.Token(serverURL, authwrighttest.Scope("todo.write"))
	expired := issuer.Token(serverURL, authwrighttest.ExpiresIn(-time.Hour))
	const where = `resource_metadata="` + metadataURL + `"`
	const tail = `scope="todo.read", ` + where
	for _, tt := range []struct {
		name, body string
		headers    []string
		status     int
		challenge  string
	}{
		{"no token", toolCall("list_items"), nil, 401, `Bearer ` + tail},
		{"no token for a tool that needs more", toolCall("create_item"), nil, 401, `Bearer ` + tail},
		{"another scheme", toolCall("list_items"), []string{"Authorization: Basic YTpi"}, 401, `Bearer ` + tail},
		{"garbage as a token", toolCall("list_items"), []string{"Authorization: Bearer abc"}, 401,
			`Bearer error="invalid_token", error_description="the token is malformed", ` + tail},
		{"an expired token", toolCall("list_items"), []string{"Authorization: Bearer " + expired}, 401,
			`Bearer error="invalid_token", error_description="the token has expired", ` + tail},
		{"a scheme in other letters", toolCall("list_items"), []string{"Authorization: bEARER " + expired}, 401,
			`Bearer error="invalid_token", error_description="the token has expired", ` + tail},
		{"two Authorization headers", toolCall("list_items"), []string{"Authorization: Bearer " + read, "Authorization: Bearer " + read}, 400,
			`Bearer error="invalid_request", error_description="there is more than one Authorization header", ` + tail},
		{"two tokens in one header", toolCall("list_items"), []string{"Authorization: Bearer " + read + " " + read}, 400,
			`Bearer error="invalid_request", error_description="the Authorization header is not Bearer and one token", ` + tail},
		{"a scheme without a token", toolCall("list_items"), []string{"Authorization: Bearer"}, 400,
			`Bearer error="invalid_request", error_description="the Authorization header is not Bearer and one token", ` + tail},
		{"a token with none of the scopes", toolCall("list_items"), []string{"Authorization: Bearer " + nothing}, 403,
			`Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are todo.read", ` + tail},
		{"a tool that needs more, with what is held", toolCall("create_item"), []string{"Authorization: Bearer " + read}, 403,
			`Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are todo.read todo.write", scope="todo.read todo.write profile", ` + where},
		{"all scopes of an operation at once", toolCall("purge"), []string{"Authorization: Bearer " + write}, 403,
			`Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are todo.read todo.write todo.purge", scope="todo.read todo.write todo.purge", ` + where},
	} {
		w := send(h, "POST", "/todo/mcp", tt.body, tt.headers...)
		got := w.Header()["Www-Authenticate"]
		if w.Code != tt.status || !slices.Equal(got, []string{tt.challenge}) {
			t.Errorf("%s: %d %q\nwant %d %q", tt.name, w.Code, got, tt.status, tt.challenge)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control = %q, want no-store", tt.name, w.Header().Get("Cache-Control"))
		}
		for _, secret := range []string{read, write, nothing, expired} {
			if strings.Contains(w.Body.String(), secret) {
				t.Errorf("%s: the answer repeats the token", tt.name)
			}
		}
	}
}

func TestEveryMethodIsChallenged(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer)
	mux := http.NewServeMux()
	r.Mount(mux, reached)
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"} {
		for _, target := range []string{"/todo/mcp", "/todo/mcp/", "/todo/mcp?access_token=" + issuer.Token(serverURL, authwrighttest.Scope("todo.read"))} {
			w := send(mux, method, target, "")
			if want := `Bearer scope="todo.read", resource_metadata="` + metadataURL + `"`; w.Code != 401 || w.Header().Get("WWW-Authenticate") != want {
				t.Errorf("%s %.20s = %d %q, want 401 %q", method, target, w.Code, w.Header().Get("WWW-Authenticate"), want)
			}
		}
	}
}

func TestATokenInTheBodyIsNotLookedFor(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer).Protect(reached)
	w := send(h, "POST", "/todo/mcp", "access_token="+issuer.Token(serverURL, authwrighttest.Scope("todo.read")), "Content-Type: application/x-www-form-urlencoded")
	if w.Code != http.StatusUnauthorized {
		t.Errorf("POST with the token in a form = %d, want 401", w.Code)
	}
}

func TestScopesOfOperations(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer).Protect(reached)
	message := func(method, params string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":` + params + `}`
	}
	for _, tt := range []struct {
		name, scope, body string
		status            int
	}{
		{"a tool that nobody listed needs the basic scope", "todo.read", toolCall("list_items"), 200},
		{"a listed tool with its scope", "todo.read todo.write", toolCall("create_item"), 200},
		{"a listed tool with a scope that implies the basic one", "todo.write", toolCall("create_item"), 200},
		{"a listed tool with a scope that implies it by way of another", "todo.all", toolCall("create_item"), 200},
		{"the basic scope by way of two implications", "todo.all", toolCall("list_items"), 200},
		{"a listed tool without", "todo.read", toolCall("create_item"), 403},
		{"a listed tool in other letters is not listed", "todo.read", toolCall("Create_item"), 200},
		{"a listed tool whose name is escaped", "todo.read", toolCall(`create\u005fitem`), 403},
		{"a scope whose name begins alike", "todo.read todo.writer", toolCall("create_item"), 403},
		{"a listed prompt without", "todo.read", message("prompts/get", `{"name":"review"}`), 403},
		{"a listed prompt with", "todo.write", message("prompts/get", `{"name":"review"}`), 200},
		{"a tool of a prompt's name", "todo.read", toolCall("review"), 200},
		{"a resource below a prefix", "todo.read", message("resources/read", `{"uri":"todo://private/1"}`), 403},
		{"a resource below a prefix, with", "todo.read todo.private", message("resources/read", `{"uri":"todo://private/1"}`), 200},
		{"an exact resource before the prefix", "todo.read", message("resources/read", `{"uri":"todo://private/open"}`), 200},
		{"another resource", "todo.read", message("resources/read", `{"uri":"todo://items/1"}`), 200},
		{"a subscription like a reading", "todo.read", message("resources/subscribe", `{"uri":"todo://private/1"}`), 403},
		{"initialize needs the basic scope", "", message("initialize", `{}`), 403},
		{"initialize with it", "todo.read", message("initialize", `{}`), 200},
		{"a notification needs the basic scope", "", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, 403},
		{"a response needs the basic scope", "", `{"jsonrpc":"2.0","id":1,"result":{}}`, 403},
		{"a response with it", "todo.read", `{"jsonrpc":"2.0","id":1,"result":{}}`, 200},
	} {
		raw := issuer.Token(serverURL, authwrighttest.Claim("scope", tt.scope))
		w := send(h, "POST", "/todo/mcp", tt.body, "Authorization: Bearer "+raw)
		if w.Code != tt.status {
			t.Errorf("%s: %s with %q = %d %s, want %d", tt.name, tt.body, tt.scope, w.Code, w.Body, tt.status)
		}
		if want := fmt.Sprintf("per_ada %d %s", len(tt.body), tt.body); w.Code == 200 && w.Body.String() != want {
			t.Errorf("%s: the next handler got %q, want %q", tt.name, w.Body, want)
		}
	}
}

func TestAStarStandsForAllThatIsNotListed(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer, func(c *authwright.Config) {
		c.Tools = map[string][]string{"*": {"todo.admin"}, "list_items": {}}
	}).Protect(reached)
	raw := "Authorization: Bearer " + issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	for tool, want := range map[string]int{"list_items": 200, "anything": 403, "*": 403} {
		if w := send(h, "POST", "/todo/mcp", toolCall(tool), raw); w.Code != want {
			t.Errorf("tools/call %s = %d, want %d", tool, w.Code, want)
		}
	}
}

func TestABodyWhereThereIsNoCallDoesNotGoThrough(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer).Protect(reached)
	raw := "Authorization: Bearer " + issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	for _, method := range []string{"GET", "DELETE", "OPTIONS"} {
		if w := send(h, method, "/todo/mcp", toolCall("create_item"), raw); w.Code != 200 || w.Body.String() != "per_ada 0 " {
			t.Errorf("%s with the body of a call = %d %q, want 200 and no body", method, w.Code, w.Body)
		}
	}
	for _, method := range []string{"PUT", "PATCH", "FOO"} {
		if w := send(h, method, "/todo/mcp", toolCall("create_item"), raw); w.Code != 403 {
			t.Errorf("%s with the body of a call = %d %q, want 403", method, w.Code, w.Body)
		}
	}
}

func TestRequireLooksAtScopesOnly(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer).Require(reached, "todo.write")
	for scope, want := range map[string]int{"todo.read": 403, "todo.write": 200} {
		w := send(h, "POST", "/export", "not JSON", "Authorization: Bearer "+issuer.Token(serverURL, authwrighttest.Scope(scope)))
		if w.Code != want {
			t.Errorf("POST with %s = %d, want %d", scope, w.Code, want)
		}
	}
	if w := send(h, "POST", "/export", ""); w.Code != 401 {
		t.Errorf("POST without a token = %d, want 401", w.Code)
	}
}

func TestAnIssuerThatIsDownIsNotTheClientsFault(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	h := protect(t, issuer).Protect(reached)
	issuer.SetDown(true)
	w := send(h, "POST", "/todo/mcp", toolCall("list_items"), "Authorization: Bearer "+issuer.Token(serverURL))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("POST = %d %v, want 503 with Retry-After and no challenge", w.Code, w.Header())
	}
	if got, want := w.Body.String(), `{"error":"temporarily_unavailable","error_description":"the token cannot be checked right now, try again"}`; got != want {
		t.Errorf("body = %s, want %s", got, want)
	}
}

func TestProtectingTwiceIsProtectingOnce(t *testing.T) {
	r := protect(t, authwrighttest.New(issuerURL))
	once := r.Protect(reached)
	if r.Protect(once) != once {
		t.Errorf("Protect(Protect(h)) is not Protect(h)")
	}
	other := protect(t, authwrighttest.New(issuerURL))
	if other.Protect(once) == once {
		t.Errorf("another resource took the protection for its own")
	}
}

func TestProtectedResourceMetadata(t *testing.T) {
	r := protect(t, authwrighttest.New(issuerURL))
	mux := http.NewServeMux()
	r.Mount(mux, reached)
	if got, want := r.MetadataPath(), "/.well-known/oauth-protected-resource/todo/mcp"; got != want {
		t.Errorf("MetadataPath() = %q, want %q", got, want)
	}
	w := send(mux, "GET", r.MetadataPath(), "")
	want := `{"resource":"https://mcp.example.com/todo/mcp","authorization_servers":["https://issuer.example/t1"],` +
		`"scopes_supported":["todo.read"],"bearer_methods_supported":["header"],"resource_name":"To-do"}`
	if w.Code != 200 || w.Body.String() != want || w.Header().Get("Content-Type") != "application/json" || w.Header().Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("GET metadata = %d %v %s\nwant 200 application/json for all origins %s", w.Code, w.Header(), w.Body, want)
	}
	for method, want := range map[string]int{"HEAD": 200, "OPTIONS": 204, "POST": 405, "DELETE": 405} {
		if w := send(mux, method, r.MetadataPath(), ""); w.Code != want || w.Header().Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s metadata = %d, want %d for all origins", method, w.Code, want)
		}
	}
	root := protect(t, authwrighttest.New(issuerURL), func(c *authwright.Config) {
		c.Resource, c.Scopes, c.Name = "https://mcp.example.com", nil, ""
	})
	mux = http.NewServeMux()
	root.Mount(mux, reached)
	if got := send(mux, "GET", "/.well-known/oauth-protected-resource", "").Body.String(); strings.Contains(got, "null") || strings.Contains(got, "scopes_supported") {
		t.Errorf("metadata without scopes and name = %s, want the members left out", got)
	}
	if w := send(mux, "POST", "/", ""); w.Header().Get("WWW-Authenticate") != `Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource"` {
		t.Errorf("challenge of a resource at the root = %q", w.Header().Get("WWW-Authenticate"))
	}
}
