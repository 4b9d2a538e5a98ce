package check

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

// TestAServerOnTheGoSDKIsLeftInPeace: a server that is protected with the official SDK's own parts, nothing of ours.
func TestAServerOnTheGoSDKIsLeftInPeace(t *testing.T) {
	p := plant(t)
	p.browser = true
	server := mcp.NewServer(&mcp.Implementation{Name: "notes", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami", Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true}},
		func(context.Context, *mcp.CallToolRequest, struct{}) (*mcp.CallToolResult, any, error) {
			return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "you"}}}, nil, nil
		})
	verify := func(_ context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
		if !p.accepts(token) {
			return nil, auth.ErrInvalidToken
		}
		return &auth.TokenInfo{Scopes: []string{"read"}, Expiration: time.Now().Add(time.Hour)}, nil
	}
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	defer site.Close()
	p.resource = site.URL + "/mcp"
	metadata := site.URL + prmPath
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, nil)
	mux.Handle("/mcp", auth.RequireBearerToken(verify, &auth.RequireBearerTokenOptions{
		ResourceMetadataURL: metadata, Scopes: []string{"read"},
	})(handler))
	mux.Handle(prmPath, auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: site.URL + "/mcp", AuthorizationServers: []string{p.base + "/t"}, ScopesSupported: []string{"read"},
	}))
	r := p.checkAt(t, site.URL+"/mcp")
	if got := faultsIn(r); !r.OK || len(got) > 0 {
		t.Errorf("Check of a server on the Go SDK = %+v, want nothing", r.Findings())
	}
}
