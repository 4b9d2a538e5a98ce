// todo.go: a to-do list that agents can use for people, protected by Authwright.

// Package todo is an MCP server for consumers: everybody has a list of their own.
package todo

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/examples/internal/page"
	"github.com/authwright/authwright/mcpsdk"
)

// The scopes of the server. Reading is asked for at first; writing when a tool needs it.
const (
	ScopeRead  = "todo.read"
	ScopeWrite = "todo.write"
)

// Config says where the server is and who issues its tokens. Resource and Issuer are required.
type Config struct {
	Resource       string // the server's URL; its page is in the folder above
	Issuer         string
	AllowedOrigins []string
	Introspection  *authwright.Introspection
	Transport      http.RoundTripper
	Name           func(subject string) string // what the page calls a person; nil means by subject
	Log            *slog.Logger
}

// Server is the to-do server: its MCP endpoint and its page.
type Server struct {
	resource *authwright.Resource
	mcp      http.Handler
	page     *page.Page
	lists    lists
}

// New makes the server.
func New(cfg Config) (*Server, error) {
	write := []string{ScopeWrite}
	resource, err := authwright.New(authwright.Config{
		Resource:       cfg.Resource,
		Issuer:         cfg.Issuer,
		Name:           "To-do",
		Scopes:         []string{ScopeRead},
		Tools:          map[string][]string{"create_item": write, "complete_item": write, "delete_item": write},
		Implies:        map[string][]string{ScopeWrite: {ScopeRead}},
		AllowedOrigins: cfg.AllowedOrigins,
		Introspection:  cfg.Introspection,
		Transport:      cfg.Transport,
		Log:            cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	if cfg.Name == nil {
		cfg.Name = func(subject string) string { return subject }
	}
	s := &Server{resource: resource}
	s.mcp = mcpsdk.Handler(resource, s.tools(), nil)
	s.page = &page.Page{
		Title:    "To-do",
		Intro:    "What everybody has to do, as it is now. Agents read and change it through the MCP server, each for the person who allowed it.",
		Resource: cfg.Resource,
		Base:     pageBase(cfg.Resource),
		Empty:    "Nobody has anything to do yet. Connect an MCP client and ask it to add something.",
		Groups:   func() []page.Group { return s.groups(cfg.Name) },
	}
	return s, nil
}

// Mount registers the MCP endpoint, its metadata and the page.
func (s *Server) Mount(mux *http.ServeMux) {
	s.resource.Mount(mux, s.mcp)
	s.page.Mount(mux)
}

// pageBase is the folder of the MCP endpoint.
func pageBase(resource string) string {
	u, err := url.Parse(resource)
	if err != nil {
		return "/"
	}
	return strings.TrimSuffix(path.Dir(path.Join("/", u.Path)), "/") + "/"
}

// tools is the MCP server. It is stateless and shared: who calls is in the context of each call.
func (s *Server) tools() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "authwright-todo", Title: "To-do", Version: "1.0.0"}, &mcp.ServerOptions{
		Instructions: "The to-do list of the person who allowed you in.",
		Capabilities: &mcp.ServerCapabilities{},
		SetCacheable: mcpsdk.Private,
	})
	reads, writes := &mcp.ToolAnnotations{ReadOnlyHint: true}, &mcp.ToolAnnotations{DestructiveHint: new(bool)}
	mcp.AddTool(server, &mcp.Tool{Name: "whoami", Description: "Tell for whom you act, as which client, and what you may do.", Annotations: reads}, s.whoami)
	mcp.AddTool(server, &mcp.Tool{Name: "list_items", Description: "List what there is to do.", Annotations: reads}, s.list)
	mcp.AddTool(server, &mcp.Tool{Name: "create_item", Description: "Add something to do.", Annotations: writes}, s.create)
	mcp.AddTool(server, &mcp.Tool{Name: "complete_item", Description: "Mark an item as done.", Annotations: writes}, s.complete)
	mcp.AddTool(server, &mcp.Tool{Name: "delete_item", Description: "Delete an item for good."}, s.remove)
	server.AddResourceTemplate(&mcp.ResourceTemplate{
		Name: "item", Title: "To-do item", Description: "One item as JSON.", URITemplate: itemURI + "{id}", MIMEType: "application/json",
	}, s.read)
	return server
}

const itemURI = "todo://items/"

type (
	none      struct{}
	titleArgs struct {
		Title string `json:"title" jsonschema:"what there is to do, in one line"`
	}
	idArgs struct {
		ID string `json:"id" jsonschema:"the id of the item, as list_items tells it"`
	}
	identity struct {
		Subject  string   `json:"subject"`
		ClientID string   `json:"client_id"`
		Scopes   []string `json:"scopes"`
	}
	itemList struct {
		Items []Item `json:"items"`
	}
)

// caller is who the token of this call speaks for.
func caller(ctx context.Context) (*authwright.Token, error) {
	token, ok := authwright.FromContext(ctx)
	if !ok {
		return nil, errors.New("the call came without a token")
	}
	return token, nil
}

func (s *Server) whoami(ctx context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, identity, error) {
	token, err := caller(ctx)
	if err != nil {
		return nil, identity{}, err
	}
	return nil, identity{Subject: token.Subject, ClientID: token.ClientID, Scopes: append([]string{}, token.Scopes...)}, nil
}

func (s *Server) list(ctx context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, itemList, error) {
	token, err := caller(ctx)
	if err != nil {
		return nil, itemList{}, err
	}
	return nil, itemList{Items: s.lists.of(token.Subject)}, nil
}

func (s *Server) create(ctx context.Context, _ *mcp.CallToolRequest, args titleArgs) (*mcp.CallToolResult, Item, error) {
	token, err := caller(ctx)
	if err != nil {
		return nil, Item{}, err
	}
	item, err := s.lists.add(token.Subject, args.Title)
	return s.changed(item, err)
}

func (s *Server) complete(ctx context.Context, _ *mcp.CallToolRequest, args idArgs) (*mcp.CallToolResult, Item, error) {
	return s.change(ctx, args.ID, func(item *Item) bool { item.Done = true; return false })
}

func (s *Server) remove(ctx context.Context, _ *mcp.CallToolRequest, args idArgs) (*mcp.CallToolResult, Item, error) {
	return s.change(ctx, args.ID, func(*Item) bool { return true })
}

func (s *Server) change(ctx context.Context, id string, do func(*Item) bool) (*mcp.CallToolResult, Item, error) {
	token, err := caller(ctx)
	if err != nil {
		return nil, Item{}, err
	}
	item, err := s.lists.change(token.Subject, id, do)
	return s.changed(item, err)
}

func (s *Server) changed(item Item, err error) (*mcp.CallToolResult, Item, error) {
	if err == nil {
		s.page.Changed()
	}
	return nil, item, err
}

// read answers resources/read for one of the caller's items.
func (s *Server) read(ctx context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	token, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	id := strings.TrimPrefix(req.Params.URI, itemURI)
	for _, item := range s.lists.of(token.Subject) {
		if item.ID != id {
			continue
		}
		text, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		return &mcp.ReadResourceResult{Contents: []*mcp.ResourceContents{{URI: req.Params.URI, MIMEType: "application/json", Text: string(text)}}}, nil
	}
	return nil, mcp.ResourceNotFoundError(req.Params.URI)
}

func (s *Server) groups(name func(string) string) []page.Group {
	var groups []page.Group
	for _, subject := range s.lists.subjects() {
		group := page.Group{Name: name(subject)}
		for _, item := range s.lists.of(subject) {
			group.Items = append(group.Items, page.Item{Text: item.Title, Done: item.Done})
		}
		groups = append(groups, group)
	}
	return groups
}
