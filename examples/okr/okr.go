// okr.go: objectives and key results of organizations, protected by Authwright.

// Package okr is an MCP server for businesses: an organization has objectives, and its members have roles.
package okr

import (
	"context"
	"errors"
	"fmt"
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

// The scopes of the server.
const (
	ScopeRead  = "okr.read"
	ScopeWrite = "okr.write"
)

// The roles of members. A scope says what the person let the client do; the role says what the person may do.
const (
	RoleAdmin  = "admin"  // reads and writes
	RoleMember = "member" // reads
)

// Config says where the server is, who issues its tokens and what its people may do. Resource and Issuer are required.
type Config struct {
	Resource       string // the server's URL; its page is in the folder above
	Issuer         string
	AllowedOrigins []string
	Introspection  *authwright.Introspection
	Transport      http.RoundTripper

	// Roles tells a person's role in an organization; "" is none. Nil means that everyone is an admin.
	Roles func(organization, subject string) string
	// Organization tells for which organization a person acts whose token names none. Nil, or "", means for none.
	Organization func(subject string) string
	// Name is what the page calls an organization. Nil means by its id.
	Name func(organization string) string
	Log  *slog.Logger
}

// Server is the OKR server: its MCP endpoint and its page.
type Server struct {
	cfg      Config
	resource *authwright.Resource
	mcp      http.Handler
	page     *page.Page
	books    books
}

// New makes the server.
func New(cfg Config) (*Server, error) {
	write := []string{ScopeWrite}
	resource, err := authwright.New(authwright.Config{
		Resource: cfg.Resource,
		Issuer:   cfg.Issuer,
		Name:     "OKR",
		Scopes:   []string{ScopeRead},
		Tools: map[string][]string{
			"add_objective": write, "delete_objective": write,
			"add_key_result": write, "set_key_result_attainment": write, "delete_key_result": write,
		},
		Implies:        map[string][]string{ScopeWrite: {ScopeRead}},
		AllowedOrigins: cfg.AllowedOrigins,
		Introspection:  cfg.Introspection,
		Transport:      cfg.Transport,
		Log:            cfg.Log,
	})
	if err != nil {
		return nil, err
	}
	cfg.fillIn()
	s := &Server{cfg: cfg, resource: resource}
	s.mcp = mcpsdk.Handler(resource, s.tools(), nil)
	s.page = &page.Page{
		Title:    "Objectives and key results",
		Intro:    "What every organization wants to reach, as it is now. Agents read and change it through the MCP server, as far as the role of the person who allowed them goes.",
		Resource: cfg.Resource,
		Base:     pageBase(cfg.Resource),
		Empty:    "No organization has an objective yet. Connect an MCP client and ask it to add one.",
		Groups:   s.groups,
	}
	return s, nil
}

func (c *Config) fillIn() {
	if c.Roles == nil {
		c.Roles = func(string, string) string { return RoleAdmin }
	}
	if c.Organization == nil {
		c.Organization = func(string) string { return "" }
	}
	if c.Name == nil {
		c.Name = func(organization string) string { return organization }
	}
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

// organization is the one the caller acts for, if their role in it goes far enough.
func (s *Server) organization(ctx context.Context, roles ...string) (string, error) {
	token, ok := authwright.FromContext(ctx)
	if !ok {
		return "", errors.New("the call came without a token")
	}
	organization := token.OrgID
	if organization == "" {
		organization = s.cfg.Organization(token.Subject)
	}
	if organization == "" {
		return "", errors.New("the token is for no organization")
	}
	have := s.cfg.Roles(organization, token.Subject)
	for _, role := range roles {
		if role == have {
			return organization, nil
		}
	}
	if have == RoleMember {
		return "", fmt.Errorf("a member of %s may read objectives but not change them", s.cfg.Name(organization))
	}
	return "", fmt.Errorf("you have no role in %s", s.cfg.Name(organization))
}

// tools is the MCP server. It is stateless and shared: who calls is in the context of each call.
func (s *Server) tools() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "authwright-okr", Title: "OKR", Version: "1.0.0"}, &mcp.ServerOptions{
		Instructions: "The objectives and key results of the organization you act for.",
		Capabilities: &mcp.ServerCapabilities{},
		SetCacheable: mcpsdk.Private,
	})
	reads, writes := &mcp.ToolAnnotations{ReadOnlyHint: true}, &mcp.ToolAnnotations{DestructiveHint: new(bool)}
	mcp.AddTool(server, &mcp.Tool{Name: "list_objectives", Description: "List the organization's objectives with their key results.", Annotations: reads}, s.list)
	mcp.AddTool(server, &mcp.Tool{Name: "add_objective", Description: "Add an objective.", Annotations: writes}, s.addObjective)
	mcp.AddTool(server, &mcp.Tool{Name: "delete_objective", Description: "Delete an objective and its key results for good."}, s.deleteObjective)
	mcp.AddTool(server, &mcp.Tool{Name: "add_key_result", Description: "Add a key result to an objective.", Annotations: writes}, s.addKeyResult)
	mcp.AddTool(server, &mcp.Tool{Name: "set_key_result_attainment", Description: "Set how far a key result is reached, in percent.", Annotations: writes}, s.setAttainment)
	mcp.AddTool(server, &mcp.Tool{Name: "delete_key_result", Description: "Delete a key result for good."}, s.deleteKeyResult)
	return server
}

type (
	none      struct{}
	titleArgs struct {
		Title string `json:"title" jsonschema:"the objective, in one line"`
	}
	idArgs struct {
		ID string `json:"id" jsonschema:"the id, as list_objectives tells it"`
	}
	keyResultArgs struct {
		ObjectiveID string `json:"objective_id" jsonschema:"the id of the objective"`
		Title       string `json:"title" jsonschema:"the key result, in one line"`
	}
	attainmentArgs struct {
		ID         string `json:"id" jsonschema:"the id of the key result"`
		Attainment int    `json:"attainment" jsonschema:"from 0 to 100 percent"`
	}
	objectiveList struct {
		Organization string      `json:"organization"`
		Objectives   []Objective `json:"objectives"`
	}
)

func (s *Server) list(ctx context.Context, _ *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, objectiveList, error) {
	organization, err := s.organization(ctx, RoleAdmin, RoleMember)
	if err != nil {
		return nil, objectiveList{}, err
	}
	return nil, objectiveList{Organization: organization, Objectives: s.books.of(organization)}, nil
}

func (s *Server) addObjective(ctx context.Context, _ *mcp.CallToolRequest, args titleArgs) (*mcp.CallToolResult, Objective, error) {
	return write(ctx, s, func(b *book) (Objective, error) { return b.addObjective(args.Title) })
}

func (s *Server) deleteObjective(ctx context.Context, _ *mcp.CallToolRequest, args idArgs) (*mcp.CallToolResult, Objective, error) {
	return write(ctx, s, func(b *book) (Objective, error) { return b.deleteObjective(args.ID) })
}

func (s *Server) addKeyResult(ctx context.Context, _ *mcp.CallToolRequest, args keyResultArgs) (*mcp.CallToolResult, KeyResult, error) {
	return write(ctx, s, func(b *book) (KeyResult, error) { return b.addKeyResult(args.ObjectiveID, args.Title) })
}

func (s *Server) setAttainment(ctx context.Context, _ *mcp.CallToolRequest, args attainmentArgs) (*mcp.CallToolResult, KeyResult, error) {
	return write(ctx, s, func(b *book) (KeyResult, error) { return b.setAttainment(args.ID, args.Attainment) })
}

func (s *Server) deleteKeyResult(ctx context.Context, _ *mcp.CallToolRequest, args idArgs) (*mcp.CallToolResult, KeyResult, error) {
	return write(ctx, s, func(b *book) (KeyResult, error) { return b.deleteKeyResult(args.ID) })
}

// write changes the book of the caller's organization, if they are its admin.
func write[T any](ctx context.Context, s *Server, do func(*book) (T, error)) (_ *mcp.CallToolResult, changed T, err error) { //nolint:unparam // the results of a tool
	organization, err := s.organization(ctx, RoleAdmin)
	if err != nil {
		return nil, changed, err
	}
	err = s.books.edit(organization, func(b *book) error {
		changed, err = do(b)
		return err
	})
	if err == nil {
		s.page.Changed()
	}
	return nil, changed, err
}

func (s *Server) groups() []page.Group {
	var groups []page.Group
	for _, organization := range s.books.ids() {
		group := page.Group{Name: s.cfg.Name(organization)}
		for _, objective := range s.books.of(organization) {
			item := page.Item{Text: objective.Title, Progress: len(objective.KeyResults) > 0, Percent: objective.attainment()}
			for _, result := range objective.KeyResults {
				item.Items = append(item.Items, page.Item{Text: result.Title, Progress: true, Percent: result.Attainment})
			}
			group.Items = append(group.Items, item)
		}
		groups = append(groups, group)
	}
	return groups
}
