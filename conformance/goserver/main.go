// Command goserver is an MCP server protected with the official Go SDK's own parts and go-jose, nothing of ours.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("goserver: say ISSUER and PORT")
	}
	issuer, address := os.Args[1], "127.0.0.1:"+os.Args[2]
	resource, metadata := "http://"+address+"/mcp", "http://"+address+"/.well-known/oauth-protected-resource/mcp"
	v := &verifier{issuer: issuer, resource: resource}

	server := mcp.NewServer(&mcp.Implementation{Name: "own-parts-go", Version: "1.0.0"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whoami", Annotations: &mcp.ToolAnnotations{ReadOnlyHint: true}}, whoami)
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{Stateless: true})

	mux := http.NewServeMux()
	mux.Handle("/mcp", auth.RequireBearerToken(v.verify, &auth.RequireBearerTokenOptions{
		ResourceMetadataURL: metadata, Scopes: []string{"todo.read"},
	})(handler))
	mux.Handle("/.well-known/oauth-protected-resource/mcp", auth.ProtectedResourceMetadataHandler(&oauthex.ProtectedResourceMetadata{
		Resource: resource, AuthorizationServers: []string{issuer}, ScopesSupported: []string{"todo.read"},
	}))
	fmt.Println("ready at", resource)
	log.Fatal((&http.Server{Addr: address, Handler: mux, ReadHeaderTimeout: 5 * time.Second}).ListenAndServe())
}

func whoami(_ context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
	text := fmt.Sprintf("%s by %s", req.Extra.TokenInfo.UserID, req.Extra.TokenInfo.Extra["client"])
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: text}}}, nil, nil
}

// verifier checks an access token as RFC 9068 §4 says, with the issuer's keys as they were at the first token.
type verifier struct {
	issuer, resource string

	mu   sync.Mutex
	keys *jose.JSONWebKeySet
}

func (v *verifier) verify(ctx context.Context, raw string, _ *http.Request) (*auth.TokenInfo, error) {
	token, err := jwt.ParseSigned(raw, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrInvalidToken, err)
	}
	if typ, _ := token.Headers[0].ExtraHeaders[jose.HeaderType].(string); !strings.EqualFold(typ, "at+jwt") {
		return nil, fmt.Errorf("%w: typ is %q", auth.ErrInvalidToken, typ)
	}
	keys, err := v.load(ctx)
	if err != nil {
		return nil, err
	}
	var claims jwt.Claims
	var more struct {
		Scope    string `json:"scope"`
		ClientID string `json:"client_id"`
	}
	if err := token.Claims(keys, &claims, &more); err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrInvalidToken, err)
	}
	expected := jwt.Expected{Issuer: v.issuer, AnyAudience: jwt.Audience{v.resource}, Time: time.Now()}
	if err := claims.ValidateWithLeeway(expected, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", auth.ErrInvalidToken, err)
	}
	return &auth.TokenInfo{
		UserID: claims.Subject, Scopes: strings.Fields(more.Scope), Expiration: claims.Expiry.Time(),
		Extra: map[string]any{"client": more.ClientID},
	}, nil
}

// load reads the key set once.
func (v *verifier) load(ctx context.Context) (*jose.JSONWebKeySet, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.keys != nil {
		return v.keys, nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, v.issuer+"/jwks", nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	keys := &jose.JSONWebKeySet{}
	if err := json.NewDecoder(resp.Body).Decode(keys); err != nil {
		return nil, fmt.Errorf("reading the keys of %s: %w", v.issuer, err)
	}
	v.keys = keys
	return keys, nil
}
