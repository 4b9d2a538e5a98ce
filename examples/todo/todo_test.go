package todo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"golang.org/x/oauth2"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/examples/todo"
)

// start runs the server at base/mcp on a loopback address and returns its URL and its issuer.
func start(t *testing.T, base string) (resource string, issuer *authwrighttest.Issuer) {
	t.Helper()
	issuer = authwrighttest.New("https://issuer.example")
	mux := http.NewServeMux()
	listener := httptest.NewServer(mux)
	t.Cleanup(listener.Close)
	resource = listener.URL + base + "/mcp"
	server, err := todo.New(todo.Config{
		Resource: resource, Issuer: issuer.URL, Transport: authwright.Direct(issuer),
		Name: func(subject string) string { return subject + "@example.com" },
	})
	if err != nil {
		t.Fatalf("todo.New: %v", err)
	}
	server.Mount(mux)
	return resource, issuer
}

// bearer is an OAuth handler of the SDK's client that has a token and remembers the challenge when it is refused.
type bearer struct {
	token     string
	challenge string
}

func (b *bearer) TokenSource(context.Context) (oauth2.TokenSource, error) {
	return oauth2.StaticTokenSource(&oauth2.Token{AccessToken: b.token}), nil
}

func (b *bearer) Authorize(_ context.Context, _ *http.Request, resp *http.Response) error {
	defer resp.Body.Close()
	b.challenge = resp.Header.Get("WWW-Authenticate")
	return fmt.Errorf("refused with %s", resp.Status)
}

var _ auth.OAuthHandler = (*bearer)(nil)

func connect(t *testing.T, resource string, b *bearer) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: resource, OAuthHandler: b, MaxRetries: -1}, nil)
	if err != nil {
		t.Fatalf("connecting to %s: %v", resource, err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

// call calls a tool and returns its result as JSON, or the error.
func call(t *testing.T, session *mcp.ClientSession, tool string, args any) (string, error) {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	switch {
	case err != nil:
		return "", err
	case result.IsError:
		return "", fmt.Errorf("tool error: %s", result.Content[0].(*mcp.TextContent).Text)
	}
	text, err := json.Marshal(result.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), nil
}

type args map[string]any

func TestAPersonWorksOnTheirOwnList(t *testing.T) {
	for _, base := range []string{"/todo", "/p/north/todo", ""} {
		t.Run("at "+base+"/mcp", func(t *testing.T) {
			resource, issuer := start(t, base)
			ada := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Subject("ada"), authwrighttest.Scope("todo.write"))})
			bob := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Subject("bob"), authwrighttest.Scope("todo.read", "todo.write"))})
			for _, step := range []struct {
				who  *mcp.ClientSession
				tool string
				args args
				want string
			}{
				{ada, "whoami", nil, `{"client_id":"test-client","scopes":["todo.write"],"subject":"ada"}`},
				{ada, "list_items", nil, `{"items":[]}`},
				{ada, "create_item", args{"title": " Buy milk "}, `{"done":false,"id":"1","title":"Buy milk"}`},
				{ada, "create_item", args{"title": "Call <b>Bob</b>"}, `{"done":false,"id":"2","title":"Call \u003cb\u003eBob\u003c/b\u003e"}`},
				{bob, "list_items", nil, `{"items":[]}`},
				{bob, "complete_item", args{"id": "1"}, `tool error: you have no item "1"`},
				{bob, "delete_item", args{"id": "1"}, `tool error: you have no item "1"`},
				{ada, "complete_item", args{"id": "1"}, `{"done":true,"id":"1","title":"Buy milk"}`},
				{ada, "delete_item", args{"id": "2"}, `{"done":false,"id":"2","title":"Call \u003cb\u003eBob\u003c/b\u003e"}`},
				{ada, "create_item", args{"title": "Again"}, `{"done":false,"id":"3","title":"Again"}`},
				{ada, "list_items", nil, `{"items":[{"done":true,"id":"1","title":"Buy milk"},{"done":false,"id":"3","title":"Again"}]}`},
				{ada, "create_item", args{"title": "  "}, `tool error: title is empty`},
				{ada, "create_item", args{"title": strings.Repeat("x", 201)}, `tool error: title must be one line of at most 200 characters`},
				{ada, "create_item", args{"title": "two\nlines"}, `tool error: title must be one line of at most 200 characters`},
			} {
				got, err := call(t, step.who, step.tool, step.args)
				if err != nil {
					got = err.Error()
				}
				if got != step.want {
					t.Errorf("%s(%v) = %s, want %s", step.tool, step.args, got, step.want)
				}
			}
		})
	}
}

func TestAnItemIsAResourceOfItsOwnerOnly(t *testing.T) {
	resource, issuer := start(t, "/todo")
	ada := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Subject("ada"), authwrighttest.Scope("todo.write"))})
	bob := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Subject("bob"), authwrighttest.Scope("todo.write"))})
	if _, err := call(t, ada, "create_item", args{"title": "Buy milk"}); err != nil {
		t.Fatal(err)
	}
	read, err := ada.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "todo://items/1"})
	if err != nil {
		t.Fatalf("ada reads todo://items/1: %v", err)
	}
	if got, want := read.Contents[0].Text, `{"id":"1","title":"Buy milk","done":false}`; got != want {
		t.Errorf("ada reads todo://items/1 = %s, want %s", got, want)
	}
	if got, want := read.CacheScope, "private"; got != want {
		t.Errorf("cacheScope of todo://items/1 = %q, want %q", got, want)
	}
	if _, err := bob.ReadResource(t.Context(), &mcp.ReadResourceParams{URI: "todo://items/1"}); err == nil {
		t.Errorf("bob reads todo://items/1 of ada, want an error")
	}
}

func TestWritingNeedsTodoWrite(t *testing.T) {
	resource, issuer := start(t, "/todo")
	for _, tool := range []string{"create_item", "complete_item", "delete_item"} {
		b := &bearer{token: issuer.Token(resource, authwrighttest.Scope("todo.read"))}
		session := connect(t, resource, b)
		if _, err := call(t, session, "list_items", nil); err != nil {
			t.Fatalf("list_items with todo.read: %v", err)
		}
		_, err := call(t, session, tool, args{"title": "x", "id": "1"})
		if err == nil {
			t.Errorf("%s with todo.read alone was carried out", tool)
		}
		origin, _, _ := strings.Cut(resource, "/todo/mcp")
		want := `Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are todo.read todo.write", ` +
			`scope="todo.read todo.write", resource_metadata="` + origin + `/.well-known/oauth-protected-resource/todo/mcp"`
		if b.challenge != want {
			t.Errorf("challenge of %s = %s\nwant %s", tool, b.challenge, want)
		}
	}
}

func TestAListIsBounded(t *testing.T) {
	resource, issuer := start(t, "/todo")
	ada := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Scope("todo.write"))})
	for n := range 100 {
		if _, err := call(t, ada, "create_item", args{"title": fmt.Sprint(n)}); err != nil {
			t.Fatalf("create_item number %d: %v", n+1, err)
		}
	}
	if _, err := call(t, ada, "create_item", args{"title": "one more"}); err == nil {
		t.Errorf("create_item number 101 was carried out, want an error")
	}
}

func TestThePageShowsEverybodysItems(t *testing.T) {
	resource, issuer := start(t, "/p/north/todo")
	ada := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Subject("ada"), authwrighttest.Scope("todo.write"))})
	page := strings.TrimSuffix(resource, "mcp")
	if body := get(t, page); !strings.Contains(body, "Nobody has anything to do yet") {
		t.Errorf("GET %s before there are items lacks the hint:\n%s", page, body)
	}
	if _, err := call(t, ada, "create_item", args{"title": "<script>alert(1)</script>"}); err != nil {
		t.Fatal(err)
	}
	body := get(t, page)
	for _, want := range []string{"ada@example.com", "&lt;script&gt;alert(1)&lt;/script&gt;", resource} {
		if !strings.Contains(body, want) {
			t.Errorf("GET %s lacks %q:\n%s", page, want, body)
		}
	}
}

func TestThePageFollowsChanges(t *testing.T) {
	resource, issuer := start(t, "/todo")
	ada := connect(t, resource, &bearer{token: issuer.Token(resource, authwrighttest.Scope("todo.write"))})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, strings.TrimSuffix(resource, "mcp")+"live", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	readEvent := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != want {
			t.Fatalf("event = %q, %v, want %q", got, err, want)
		}
	}
	readEvent("retry: 2000\nevent: changed\ndata:\n\n")
	if _, err := call(t, ada, "create_item", args{"title": "x"}); err != nil {
		t.Fatal(err)
	}
	readEvent("event: changed\ndata:\n\n")
}

func get(t *testing.T, address string) string {
	t.Helper()
	resp, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("GET %s = %s, %v", address, resp.Status, err)
	}
	if csp := resp.Header.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; style-src 'self'; script-src 'self';") {
		t.Errorf("GET %s: Content-Security-Policy = %q", address, csp)
	}
	return string(body)
}
