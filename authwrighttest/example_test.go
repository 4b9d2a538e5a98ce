package authwrighttest_test

import (
	"context"
	"fmt"
	"log"
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
