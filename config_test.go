package authwright_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright"
)

func TestNewTellsAllThatIsWrong(t *testing.T) {
	_, err := authwright.New(authwright.Config{
		Resource:       "https://mcp.example.com/mcp/",
		Issuer:         "http://issuer.example",
		Scopes:         []string{"todo.read todo.write", "offline_access"},
		Tools:          map[string][]string{"create_*": {"w"}, "": {"w"}, "a": {""}},
		Resources:      map[string][]string{"a*b": {"w"}},
		Implies:        map[string][]string{"a b": {"c"}},
		AllowedOrigins: []string{"https://app.example/", "*.example", "HTTP://localhost:*"},
		JWKSURI:        "jwks.json",
		Introspection:  &authwright.Introspection{Every: time.Minute, Endpoint: "ftp://x"},
		SessionKey:     []byte("short"),
		MaxBody:        -1,
	})
	if err == nil {
		t.Fatal("New = nil, want all that is wrong")
	}
	for _, want := range []string{
		`Resource "https://mcp.example.com/mcp/": must be written "https://mcp.example.com/mcp"`,
		`Issuer "http://issuer.example": must be https; http is for 127.0.0.1, [::1] and localhost only`,
		`Scopes: "todo.read todo.write" is not a scope`,
		`Scopes: offline_access is not a scope of a resource`,
		`Tools["create_*"]: the star does not stand for a part of a name`,
		`Tools has an empty key`,
		`Tools["a"]: "" is not a scope`,
		`Resources["a*b"]: the star does not stand for a part of a name`,
		`Implies: "a b" is not a scope`,
		`AllowedOrigins "https://app.example/": must be scheme://host`,
		`AllowedOrigins "*.example": must be scheme://host`,
		`AllowedOrigins "HTTP://localhost:*": must be scheme://host`,
		`JWKSURI "jwks.json": must be an absolute URL`,
		`Introspection needs ClientID and ClientSecret`,
		`Introspection.Every is 1m0s, it must be from 0 to 30s`,
		`Introspection.Endpoint "ftp://x": must be https`,
		`SessionKey has 5 bytes, it needs 32 or more`,
		`MaxBody is negative`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("New = %v\nlacks %q", err, want)
		}
	}
}

func TestAResourceHasOneSpelling(t *testing.T) {
	for resource, good := range map[string]bool{
		"https://mcp.example.com":          true,
		"https://mcp.example.com/mcp":      true,
		"https://mcp.example.com:8443/a/b": true,
		"http://127.0.0.1:8080/mcp":        true,
		"http://localhost:8080/mcp":        true,
		"http://[::1]:8080/mcp":            true,
		"":                                 false,
		"mcp.example.com/mcp":              false,
		"https://mcp.example.com/":         false,
		"https://MCP.example.com/mcp":      false,
		"https://mcp.example.com/mcp#":     false,
		"https://mcp.example.com/mcp?":     false,
		"https://mcp.example.com/mcp?a=b":  false,
		"https://u@mcp.example.com/mcp":    false,
		"https://mcp.example.com/a%2fb":    false,
		"https://mcp.example.com/a//b":     false,
		"https://mcp.example.com/a/../b":   false,
		"https://mcp.example.com/{x}":      false,
		"http://mcp.example.com/mcp":       false,
		"http://192.168.1.1/mcp":           false,
		"http://127.0.0.1.evil.example/":   false,
		"urn:mcp":                          false,
	} {
		_, err := authwright.New(authwright.Config{Resource: resource, Issuer: "https://issuer.example"})
		if (err == nil) != good {
			t.Errorf("New with Resource %q = %v, want good %v", resource, err, good)
		}
	}
}

func TestAnIssuerIsTakenByteForByte(t *testing.T) {
	for issuer, good := range map[string]bool{
		"https://issuer.example":     true,
		"https://issuer.example/":    true, // some issuers have it, and then it counts
		"https://issuer.example/t1":  true,
		"http://127.0.0.1:8080":      true,
		"":                           false,
		"https://issuer.example?a":   false,
		"https://issuer.example#":    false,
		"http://issuer.example":      false,
		"https://u:p@issuer.example": false,
	} {
		_, err := authwright.New(authwright.Config{Resource: "https://mcp.example.com", Issuer: issuer})
		if (err == nil) != good {
			t.Errorf("New with Issuer %q = %v, want good %v", issuer, err, good)
		}
	}
}
