// mcpsdk.go: an authwright.Resource in the terms of the SDK's auth package.

// Package mcpsdk puts Authwright before a server written with the official Go SDK for MCP.
//
// [Handler] is all that most servers need. Tools read the caller's token with authwright.FromContext, or the SDK's
// own way from the request's Extra.TokenInfo.
package mcpsdk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/oauth"
)

// extraToken is where a TokenInfo keeps the token it was made of.
const extraToken = "authwright.token"

// clockSkew is more than the resource allows a token after its expiry: the resource decides, not the SDK.
const clockSkew = time.Minute

// Handler serves an MCP server over streamable HTTP, protected by the resource. Nil options mean Stateless, which
// serves every revision of MCP including 2026-07-28.
//
// It adds Middleware to the server, so call it once per server. When the tools are first listed, it has those rules of
// Config.Tools said in the log that name none of them.
func Handler(resource *authwright.Resource, server *mcp.Server, opts *mcp.StreamableHTTPOptions) http.Handler {
	if opts == nil {
		// The SDK refuses a public Host on a loopback connection, which is what a proxy on this machine sends.
		// Against DNS rebinding the resource has the Origin and the token.
		opts = &mcp.StreamableHTTPOptions{Stateless: true, DisableLocalhostProtection: true}
	}
	server.AddReceivingMiddleware(Middleware, checkTools(resource))
	return Protect(resource, mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, opts))
}

// Protect is Handler for a handler that is already made, such as one that chooses among servers. Add Middleware
// to those servers, or read the token with Token.
func Protect(resource *authwright.Resource, handler http.Handler) http.Handler {
	bridge := auth.RequireBearerToken(TokenVerifier(resource), &auth.RequireBearerTokenOptions{ClockSkew: clockSkew})
	return resource.Protect(bridge(handler))
}

// TokenVerifier is for code that wants the SDK's own middleware, auth.RequireBearerToken. Behind Resource.Protect
// it hands on the token that was verified there; elsewhere it verifies.
func TokenVerifier(resource *authwright.Resource) auth.TokenVerifier {
	return func(ctx context.Context, raw string, _ *http.Request) (*auth.TokenInfo, error) {
		token, ok := authwright.FromContext(ctx)
		if !ok {
			var err error
			if token, err = resource.Verify(ctx, raw); err != nil {
				return nil, asSDKError(err)
			}
		}
		return tokenInfo(token), nil
	}
}

// asSDKError says in the SDK's terms whether the token is to blame.
func asSDKError(err error) error {
	var coded *oauth.Error
	if errors.As(err, &coded) && coded.Code == oauth.InvalidToken {
		return fmt.Errorf("%w: %s", auth.ErrInvalidToken, coded.Description)
	}
	return errors.New("the token cannot be checked right now") // the SDK sends the text to the client
}

func tokenInfo(token *authwright.Token) *auth.TokenInfo {
	return &auth.TokenInfo{
		Scopes:     token.Scopes,
		Expiration: token.Expires,
		UserID:     token.Subject,
		Extra:      map[string]any{extraToken: token},
	}
}

// Middleware gives every method of a server the token of the request it answers. The SDK runs the methods of a
// session in the context of the request that began the session, whose token may be another.
func Middleware(next mcp.MethodHandler) mcp.MethodHandler {
	return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
		if token, ok := Token(req); ok {
			ctx = authwright.NewContext(ctx, token)
		}
		return next(ctx, method, req)
	}
}

// checkTools looks at the first list of all tools that a server gives: more may be added at any time until then.
func checkTools(resource *authwright.Resource) mcp.Middleware {
	var once sync.Once
	return func(next mcp.MethodHandler) mcp.MethodHandler {
		return func(ctx context.Context, method string, req mcp.Request) (mcp.Result, error) {
			res, err := next(ctx, method, req)
			if list, ok := res.(*mcp.ListToolsResult); ok && err == nil && whole(req, list) {
				once.Do(func() {
					names := make([]string, len(list.Tools))
					for i, tool := range list.Tools {
						names[i] = tool.Name
					}
					resource.CheckTools(names)
				})
			}
			return res, err
		}
	}
}

// whole tells whether a list is the only page there is.
func whole(req mcp.Request, list *mcp.ListToolsResult) bool {
	params, ok := req.GetParams().(*mcp.ListToolsParams)
	return ok && (params == nil || params.Cursor == "") && list.NextCursor == ""
}

// Token is the token of the HTTP request that brought an MCP request.
func Token(req mcp.Request) (*authwright.Token, bool) {
	extra := req.GetExtra()
	if extra == nil || extra.TokenInfo == nil {
		return nil, false
	}
	token, ok := extra.TokenInfo.Extra[extraToken].(*authwright.Token)
	return token, ok
}

// Private is a ServerOptions.SetCacheable for servers whose answers depend on who asks: no cache between may keep
// them (MCP 2026-07-28, Caching). The SDK's default is public.
func Private(_ context.Context, _ mcp.Request, c *mcp.Cacheable) { c.CacheScope = "private" }
