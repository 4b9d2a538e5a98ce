// Command goclient is a small application around the official Go MCP client.
//
// It is driven by lines of JSON on standard input and answers each with one line on standard output.
// When the client wants a person, it prints {"authorize": URL} in between and waits for the browser.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"slices"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
)

func main() {
	url := flag.String("url", "", "the MCP server")
	document := flag.String("document", "", "use this client id metadata document")
	clientID := flag.String("client-id", "", "use this pre-registered client")
	listen := flag.String("listen", "127.0.0.1:0", "where the browser is sent back to")
	flag.Parse()
	if err := run(*url, *document, *clientID, *listen); err != nil {
		fmt.Fprintln(os.Stderr, "goclient:", err)
		os.Exit(1)
	}
}

func run(url, document, clientID, listen string) error {
	back, err := newCallback(listen)
	if err != nil {
		return err
	}
	defer back.close()
	config := &auth.AuthorizationCodeHandlerConfig{
		RedirectURL:              back.uri,
		RequestRefreshToken:      true,
		AuthorizationCodeFetcher: back.fetch,
	}
	switch {
	case document != "":
		config.ClientIDMetadataDocumentConfig = &auth.ClientIDMetadataDocumentConfig{URL: document}
	case clientID != "":
		config.PreregisteredClient = &oauthex.ClientCredentials{ClientID: clientID}
	default:
		config.DynamicClientRegistrationConfig = &auth.DynamicClientRegistrationConfig{Metadata: &oauthex.ClientRegistrationMetadata{
			ClientName:              "Conformance Go host",
			RedirectURIs:            []string{back.uri},
			GrantTypes:              []string{"authorization_code", "refresh_token"},
			ResponseTypes:           []string{"code"},
			TokenEndpointAuthMethod: "none",
		}}
	}
	handler, err := auth.NewAuthorizationCodeHandler(config)
	if err != nil {
		return fmt.Errorf("configuring the OAuth handler: %w", err)
	}
	h := &host{url: url, handler: handler, client: mcp.NewClient(&mcp.Implementation{Name: "conformance-go", Version: "1"}, nil)}
	say(map[string]any{"ready": back.uri})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return fmt.Errorf("reading %q: %w", lines.Text(), err)
		}
		result, err := h.do(context.Background(), c)
		if err != nil {
			say(map[string]any{"error": err.Error()})
			continue
		}
		say(map[string]any{"result": result})
	}
	return lines.Err()
}

func say(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // everything said here is a string, or a list or map of them
	}
	fmt.Printf("%s\n", line)
}

// command is one line of input.
type command struct {
	Do   string         `json:"do"` // connect, tools, call or token
	Name string         `json:"name"`
	Args map[string]any `json:"args"`
}

// host is an application with one MCP session.
type host struct {
	url     string
	handler *auth.AuthorizationCodeHandler
	client  *mcp.Client
	session *mcp.ClientSession
}

func (h *host) do(ctx context.Context, c command) (any, error) {
	switch c.Do {
	case "connect":
		session, err := h.client.Connect(ctx, &mcp.StreamableClientTransport{
			Endpoint:             h.url,
			OAuthHandler:         h.handler,
			DisableStandaloneSSE: true,
			MaxRetries:           -1,
		}, nil)
		if err != nil {
			return nil, err
		}
		h.session = session
		return "connected", nil
	case "tools":
		list, err := h.session.ListTools(ctx, nil)
		if err != nil {
			return nil, err
		}
		names := make([]string, 0, len(list.Tools))
		for _, tool := range list.Tools {
			names = append(names, tool.Name)
		}
		slices.Sort(names)
		return names, nil
	case "call":
		return h.call(ctx, c)
	case "token":
		return h.token(ctx)
	}
	return nil, fmt.Errorf("there is no command %q", c.Do)
}

func (h *host) call(ctx context.Context, c command) (any, error) {
	if c.Args == nil {
		c.Args = map[string]any{} // a nil map would be null on the wire, which the TypeScript servers refuse
	}
	result, err := h.session.CallTool(ctx, &mcp.CallToolParams{Name: c.Name, Arguments: c.Args})
	if err != nil {
		return nil, err
	}
	text := ""
	for _, part := range result.Content {
		if t, ok := part.(*mcp.TextContent); ok {
			text += t.Text
		}
	}
	if result.IsError {
		return nil, fmt.Errorf("%s answered with an error: %s", c.Name, text)
	}
	return text, nil
}

func (h *host) token(ctx context.Context) (any, error) {
	source, err := h.handler.TokenSource(ctx)
	if err != nil || source == nil {
		return nil, errors.Join(err, errors.New("there is no token yet"))
	}
	token, err := source.Token()
	if err != nil {
		return nil, err
	}
	scope, _ := token.Extra("scope").(string)
	return map[string]string{"access_token": token.AccessToken, "refresh_token": token.RefreshToken, "scope": scope}, nil
}

// callback is where the browser comes back (RFC 8252 §7.3).
type callback struct {
	uri     string
	server  *http.Server
	arrived chan *auth.AuthorizationResult
}

func newCallback(listen string) (*callback, error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listening for the browser: %w", err)
	}
	c := &callback{uri: "http://" + listener.Addr().String() + "/callback", arrived: make(chan *auth.AuthorizationResult, 1)}
	c.server = &http.Server{Handler: http.HandlerFunc(c.serve)}
	go func() { _ = c.server.Serve(listener) }() // ends when the server is closed
	return c, nil
}

func (c *callback) serve(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/callback" {
		http.NotFound(w, r)
		return
	}
	q := r.URL.Query()
	c.arrived <- &auth.AuthorizationResult{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss")}
	fmt.Fprintln(w, "back at the client")
}

// fetch is the AuthorizationCodeFetcher: it has the test open the URL.
func (c *callback) fetch(ctx context.Context, args *auth.AuthorizationArgs) (*auth.AuthorizationResult, error) {
	say(map[string]any{"authorize": args.URL})
	select {
	case result := <-c.arrived:
		if result.Code == "" {
			return nil, errors.New("the person said no")
		}
		return result, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (c *callback) close() { _ = c.server.Close() }
