package authwright_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

// todoServer stands for an MCP server of any making. It tells who calls.
var todoServer = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	token, _ := authwright.FromContext(r.Context())
	fmt.Fprintf(w, "%s acts for %s, may write: %v", token.ClientID, token.Subject, token.Has("todo.write"))
})

// example makes a resource whose issuer is in this program, so that the examples run anywhere.
func example() (*authwright.Resource, *authwrighttest.Issuer) {
	issuer := authwrighttest.New("https://issuer.example")
	resource, err := authwright.New(authwright.Config{
		Resource:  "https://mcp.example.com/mcp",
		Issuer:    issuer.URL,
		Scopes:    []string{"todo.read"},
		Tools:     map[string][]string{"create_item": {"todo.write"}},
		Implies:   map[string][]string{"todo.write": {"todo.read"}},
		Transport: authwright.Direct(issuer),
	})
	if err != nil {
		log.Fatal(err)
	}
	return resource, issuer
}

// post sends a tool call and prints the answer.
func post(h http.Handler, tool, token string) {
	r := httptest.NewRequest("POST", "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"`+tool+`"}}`))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Body)
	fmt.Println(strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Header().Get("WWW-Authenticate"))))
	fmt.Println(strings.TrimSpace(string(body)))
}

// Protect an MCP server, and serve the metadata that leads clients to the issuer.
func Example() {
	resource, err := authwright.New(authwright.Config{
		Resource: "https://mcp.example.com/mcp",
		Issuer:   "https://issuer.example",
		Scopes:   []string{"todo.read"},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	resource.Mount(mux, todoServer)

	post(mux, "list_items", "")
	// Output:
	// 401 Bearer scope="todo.read", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
	// send an access token in the Authorization header; WWW-Authenticate says where to get one
}

// All that is wrong with a configuration is told at once.
func ExampleNew() {
	_, err := authwright.New(authwright.Config{Resource: "https://mcp.example.com/mcp/", Issuer: "issuer.example"})
	fmt.Println(err)
	// Output:
	// authwright: Resource "https://mcp.example.com/mcp/": must be written "https://mcp.example.com/mcp"
	// Issuer "issuer.example": must be an absolute URL with a host and without user information
}

// One handler may serve several protected servers: each has a path of its own, and its metadata before that.
func ExampleResource_Mount() {
	mux := http.NewServeMux()
	for _, path := range []string{"/todo/mcp", "/notes/mcp"} {
		resource, err := authwright.New(authwright.Config{Resource: "https://mcp.example.com" + path, Issuer: "https://issuer.example"})
		if err != nil {
			log.Fatal(err)
		}
		resource.Mount(mux, todoServer)
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/oauth-protected-resource/notes/mcp", nil))
	fmt.Println(w.Body)
	// Output:
	// {"resource":"https://mcp.example.com/notes/mcp","authorization_servers":["https://issuer.example"],"bearer_methods_supported":["header"]}
}

// Tokens for the server name its URL as their audience.
func ExampleResource_URL() {
	resource, issuer := example()
	token, err := resource.Verify(context.Background(), issuer.Token(resource.URL()))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Audience.Has(resource.URL()))
	// Output:
	// true
}

// A tool that needs more asks for all that it needs at once.
func ExampleResource_Protect() {
	resource, issuer := example()
	protected := resource.Protect(todoServer)
	token := issuer.Token(resource.URL(), authwrighttest.Scope("todo.read"))

	post(protected, "list_items", token)
	post(protected, "create_item", token)
	// Output:
	// 200
	// test-client acts for per_ada, may write: false
	// 403 Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are todo.read todo.write", scope="todo.read todo.write", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"
	// {"error":"insufficient_scope","error_description":"the token lacks a scope: needed are todo.read todo.write"}
}

// Require protects what is no MCP endpoint, such as a download beside it.
func ExampleResource_Require() {
	resource, issuer := example()
	export := resource.Require(todoServer, "todo.write")

	post(export, "", issuer.Token(resource.URL(), authwrighttest.Scope("todo.write")))
	// Output:
	// 200
	// test-client acts for per_ada, may write: true
}

// Verify is for programs that get tokens in another way than over HTTP.
func ExampleResource_Verify() {
	resource, issuer := example()

	token, err := resource.Verify(context.Background(), issuer.Token(resource.URL(), authwrighttest.Org("acme")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Subject, token.OrgID)

	_, err = resource.Verify(context.Background(), issuer.Token("https://another.example/mcp"))
	fmt.Println(err)
	// Output:
	// per_ada acme
	// invalid_token: the token is for another resource
}

// Where the metadata belongs, for a router that is no ServeMux.
func ExampleResource_MetadataPath() {
	resource, _ := example()
	fmt.Println(resource.MetadataPath())
	// Output:
	// /.well-known/oauth-protected-resource/mcp
}

// The metadata can be served by any router.
func ExampleResource_Metadata() {
	resource, _ := example()
	w := httptest.NewRecorder()
	resource.Metadata().ServeHTTP(w, httptest.NewRequest("GET", resource.MetadataPath(), nil))
	fmt.Println(w.Body)
	// Output:
	// {"resource":"https://mcp.example.com/mcp","authorization_servers":["https://issuer.example"],"scopes_supported":["todo.read"],"bearer_methods_supported":["header"]}
}

// A server that browsers reach on this machine checks under which name they do.
func ExampleResource_CheckHost() {
	resource, _ := example()
	h := resource.CheckHost(resource.Protect(todoServer))

	r := httptest.NewRequest("POST", "http://rebound.evil.example/mcp", nil)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Body)
	// Output:
	// 421 this server does not have that name
}

// A tool is tested with a context that has a token.
func ExampleNewContext() {
	ctx := authwright.NewContext(context.Background(), &authwright.Token{Subject: "per_ada", Scopes: []string{"todo.read"}})

	token, ok := authwright.FromContext(ctx)
	fmt.Println(token.Subject, token.Has("todo.read"), token.Has("todo.write"), ok)
	// Output:
	// per_ada true false true
}

func ExampleFromContext() {
	_, ok := authwright.FromContext(context.Background())
	fmt.Println(ok)
	// Output:
	// false
}

// A tool can do more for who may do more. A scope counts also when another one implies it.
func ExampleToken_Has() {
	resource, issuer := example()
	token, err := resource.Verify(context.Background(), issuer.Token(resource.URL(), authwrighttest.Scope("todo.write")))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(token.Scopes, token.Has("todo.read"))
	// Output:
	// todo.write true
}

// A claim of the issuer's own is read by name.
func ExampleToken_Claim() {
	resource, issuer := example()
	token, err := resource.Verify(context.Background(), issuer.Token(resource.URL(), authwrighttest.Claim("plan", "gold")))
	if err != nil {
		log.Fatal(err)
	}
	var plan string
	ok, err := token.Claim("plan", &plan)
	fmt.Println(plan, ok, err)
	// Output:
	// gold true <nil>
}

// Introspection makes a revoked token die within ten seconds, in addition to the check of its signature.
func ExampleIntrospection() {
	issuer := authwrighttest.New("https://issuer.example")
	resource, err := authwright.New(authwright.Config{
		Resource:  "https://mcp.example.com/mcp",
		Issuer:    issuer.URL,
		Transport: authwright.Direct(issuer),
		Introspection: &authwright.Introspection{
			ClientID:     authwrighttest.IntrospectionClient,
			ClientSecret: authwrighttest.IntrospectionSecret,
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	token := issuer.Token(resource.URL())
	issuer.Revoke(token)
	_, err = resource.Verify(context.Background(), token)
	fmt.Println(err)
	// Output:
	// invalid_token: the token is not active any more
}

// A rule that names no tool protects nothing, and the log says so.
func ExampleResource_CheckTools() {
	plain := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	resource, err := authwright.New(authwright.Config{
		Resource: "https://mcp.example.com/mcp",
		Issuer:   "https://issuer.example",
		Tools:    map[string][]string{"createitem": {"todo.write"}},
		Log:      slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: plain})),
	})
	if err != nil {
		log.Fatal(err)
	}
	resource.CheckTools([]string{"create_item"})
	// Output:
	// level=WARN msg="a rule of Config.Tools protects nothing, as the server has no tool of that name" resource=https://mcp.example.com/mcp rule=createitem nearest=[create_item]
}

// An issuer in the same program is asked without the network.
func ExampleDirect() {
	issuer := authwrighttest.New("https://issuer.example")
	client := http.Client{Transport: authwright.Direct(issuer)}
	resp, err := client.Get("https://issuer.example/.well-known/oauth-authorization-server")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Content-Type"))
	// Output:
	// 200 OK application/json
}
