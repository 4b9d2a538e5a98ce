package authwrighttest_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/oauth"
)

// An issuer without the network, and good and bad tokens of it.
func ExampleNew() {
	issuer := authwrighttest.New("https://issuer.example")
	resource, err := authwright.New(authwright.Config{
		Resource:  "https://mcp.example.com/mcp",
		Issuer:    issuer.URL,
		Transport: authwright.Direct(issuer),
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, token := range []string{
		issuer.Token(resource.URL(), authwrighttest.Subject("per_bob"), authwrighttest.Scope("todo.read")),
		issuer.Token(resource.URL(), authwrighttest.ExpiresIn(-time.Hour)),
		issuer.Token(resource.URL(), authwrighttest.Forged()),
		issuer.Token("https://another.example/mcp"),
	} {
		_, err := resource.Verify(context.Background(), token)
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// invalid_token: the token has expired
	// invalid_token: the token signature is not valid
	// invalid_token: the token is for another resource
}

// After a rotation the tokens of the old key hold until the key is withdrawn.
func ExampleIssuer_Rotate() {
	issuer := authwrighttest.New("https://issuer.example")
	old := issuer.Token("https://mcp.example.com/mcp")
	issuer.Rotate(oauth.EdDSA)

	_, err := protect(issuer, nil).Verify(context.Background(), old)
	fmt.Println("published beside the new one:", err)

	issuer.Withdraw()
	_, err = protect(issuer, nil).Verify(context.Background(), old)
	fmt.Println("withdrawn:", err)
	// Output:
	// published beside the new one: <nil>
	// withdrawn: invalid_token: the token is signed with a key that the issuer does not have
}

// Introspection lets opaque tokens in, and tells which were revoked.
func ExampleIssuer_Revoke() {
	issuer := authwrighttest.New("https://issuer.example")
	introspection := &authwright.Introspection{
		ClientID: authwrighttest.IntrospectionClient, ClientSecret: authwrighttest.IntrospectionSecret, Alone: true,
	}
	token := issuer.Token("https://mcp.example.com/mcp", authwrighttest.Opaque())

	known, err := protect(issuer, introspection).Verify(context.Background(), token)
	fmt.Println(known.Subject, err)

	issuer.Revoke(token)
	_, err = protect(issuer, introspection).Verify(context.Background(), token)
	fmt.Println(err)
	// Output:
	// per_ada <nil>
	// invalid_token: the token is not active any more
}

// An issuer that does not answer is no reason to throw a token away: the server says that it cannot tell now.
func ExampleIssuer_SetDown() {
	issuer := authwrighttest.New("https://issuer.example")
	issuer.SetDown(true)
	h := protect(issuer, nil).Protect(http.NotFoundHandler())

	r := httptest.NewRequest(http.MethodGet, "/mcp", nil)
	r.Header.Set("Authorization", "Bearer "+issuer.Token("https://mcp.example.com/mcp"))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("Retry-After"))
	// Output:
	// 503 5
}

// A server is called as its clients do; an MCP client takes the http.Client for its own.
func ExampleHTTPClient() {
	issuer := authwrighttest.New("https://issuer.example")
	server := protect(issuer, nil).Protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _ := authwright.FromContext(r.Context())
		fmt.Fprint(w, token.Subject)
	}))
	for _, token := range []string{"", issuer.Token("https://mcp.example.com/mcp")} {
		resp, err := authwrighttest.HTTPClient(server, token).Get("https://mcp.example.com/mcp")
		if err != nil {
			log.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		fmt.Println(resp.Status, strings.TrimSpace(string(body)))
	}
	// Output:
	// 401 Unauthorized send an access token in the Authorization header; WWW-Authenticate says where to get one
	// 200 OK per_ada
}

// protect makes the server under test, with an empty memory.
func protect(issuer *authwrighttest.Issuer, introspection *authwright.Introspection) *authwright.Resource {
	resource, err := authwright.New(authwright.Config{
		Resource:      "https://mcp.example.com/mcp",
		Issuer:        issuer.URL,
		Introspection: introspection,
		Transport:     authwright.Direct(issuer),
		Log:           slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	return resource
}

// TestOverTheNetwork is how a test looks that needs an address.
func TestOverTheNetwork(t *testing.T) {
	issuer := authwrighttest.NewIssuer(t)
	resource, err := authwright.New(authwright.Config{Resource: "https://mcp.example.com/mcp", Issuer: issuer.URL})
	if err != nil {
		t.Fatal(err)
	}
	issuer.Rotate(oauth.EdDSA)
	token, err := resource.Verify(t.Context(), issuer.Token(resource.URL(), authwrighttest.Org("acme")))
	if err != nil || token.OrgID != "acme" {
		t.Errorf("Verify = %+v, %v, want a token for acme", token, err)
	}
	if got := issuer.Asked("metadata") + issuer.Asked("jwks"); got != 2 {
		t.Errorf("the issuer was asked %d times, want 2", got)
	}
}
