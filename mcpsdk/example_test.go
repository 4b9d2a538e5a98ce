package mcpsdk_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/mcpsdk"
)

// example makes a resource whose issuer is in this program, so that the examples run anywhere.
func example() (*authwright.Resource, *authwrighttest.Issuer) {
	issuer := authwrighttest.New("https://issuer.example")
	resource, err := authwright.New(authwright.Config{
		Resource:  "https://mcp.example.com/mcp",
		Issuer:    issuer.URL,
		Scopes:    []string{"greet"},
		Transport: authwright.Direct(issuer),
	})
	if err != nil {
		log.Fatal(err)
	}
	return resource, issuer
}

// greeter has one tool, which greets its caller.
func greeter() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "greeter", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "greet"}, func(ctx context.Context, _ *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		token, ok := authwright.FromContext(ctx)
		if !ok {
			return nil, nil, errors.New("called around the check")
		}
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "hello " + token.Subject}}}, nil, nil
	})
	return server
}

// call calls the tool and prints the status and whether the caller was greeted.
func call(h http.Handler, token string) {
	r := httptest.NewRequest("POST", "/mcp", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"greet","arguments":{}}}`))
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json, text/event-stream")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, strings.Contains(w.Body.String(), "hello per_ada"))
}

// Protect a server of the official SDK and mount it with its metadata.
func ExampleHandler() {
	resource, issuer := example()
	mux := http.NewServeMux()
	resource.Mount(mux, mcpsdk.Handler(resource, greeter(), nil))

	call(mux, issuer.Token(resource.URL(), authwrighttest.Scope("greet")))
	call(mux, issuer.Token(resource.URL()))
	// Output:
	// 200 true
	// 403 false
}

// A handler that chooses among servers is protected as it is; the servers take the middleware.
func ExampleProtect() {
	resource, issuer := example()
	server := greeter()
	server.AddReceivingMiddleware(mcpsdk.Middleware)
	choose := func(*http.Request) *mcp.Server { return server }
	h := mcpsdk.Protect(resource, mcp.NewStreamableHTTPHandler(choose, &mcp.StreamableHTTPOptions{Stateless: true}))

	call(h, issuer.Token(resource.URL(), authwrighttest.Scope("greet")))
	// Output:
	// 200 true
}

// The SDK's own middleware works too, without per-tool scopes and with its simpler challenges.
func ExampleTokenVerifier() {
	resource, issuer := example()
	h := auth.RequireBearerToken(mcpsdk.TokenVerifier(resource), nil)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(auth.TokenInfoFromContext(r.Context()).UserID)
	}))

	r := httptest.NewRequest("POST", "/mcp", nil)
	r.Header.Set("Authorization", "Bearer "+issuer.Token(resource.URL()))
	h.ServeHTTP(httptest.NewRecorder(), r)
	// Output:
	// per_ada
}

// A server whose answers depend on who asks keeps them out of shared caches.
func ExamplePrivate() {
	mcp.NewServer(&mcp.Implementation{Name: "mine", Version: "1.0.0"}, &mcp.ServerOptions{SetCacheable: mcpsdk.Private})

	var c mcp.Cacheable
	mcpsdk.Private(context.Background(), nil, &c)
	fmt.Println(c.CacheScope)
	// Output:
	// private
}

// Middleware of the server's own sees the token when it runs after ours.
func ExampleMiddleware() {
	resource, issuer := example()
	server := greeter()
	server.AddReceivingMiddleware(mcpsdk.Middleware, func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			if token, ok := authwright.FromContext(ctx); ok {
				fmt.Println(method, "for", token.Subject)
			}
			return next(ctx, method, req)
		}
	})
	choose := func(*http.Request) *mcp.Server { return server }
	call(mcpsdk.Protect(resource, mcp.NewStreamableHTTPHandler(choose, &mcp.StreamableHTTPOptions{Stateless: true})),
		issuer.Token(resource.URL(), authwrighttest.Scope("greet")))
	// Output:
	// tools/call for per_ada
	// 200 true
}

// A tool may take the token from the request instead of the context.
func ExampleToken() {
	resource, issuer := example()
	server := mcp.NewServer(&mcp.Implementation{Name: "greeter", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "greet"}, func(_ context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
		token, _ := mcpsdk.Token(req)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "hello " + token.Subject}}}, nil, nil
	})

	call(mcpsdk.Handler(resource, server, nil), issuer.Token(resource.URL(), authwrighttest.Scope("greet")))
	// Output:
	// 200 true
}
