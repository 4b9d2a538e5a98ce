package authwrighttest_test

import (
	"testing"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

func TestWhoMayIntrospect(t *testing.T) {
	const server = "https://mcp.example.com/mcp"
	for _, tt := range []struct {
		name, id, secret string
		may              bool
	}{
		{"the client of the tests", authwrighttest.IntrospectionClient, authwrighttest.IntrospectionSecret, true},
		{"the client of the tests with another secret", authwrighttest.IntrospectionClient, "wrong", false},
		{"a server's own client", "todo-server", "as configured", true},
	} {
		issuer := authwrighttest.New("https://issuer.example")
		resource := protect(issuer, &authwright.Introspection{ClientID: tt.id, ClientSecret: tt.secret})
		if _, err := resource.Verify(t.Context(), issuer.Token(server)); (err == nil) != tt.may {
			t.Errorf("%s: Verify = %v, want it to work: %v", tt.name, err, tt.may)
		}
	}
}
