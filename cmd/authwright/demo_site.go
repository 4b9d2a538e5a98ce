// demo_site.go puts the demo's MCP servers beside the authorization server and says how to connect to them.

package main

import (
	"embed"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/examples/okr"
	"github.com/authwright/authwright/examples/todo"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/server"
)

//go:embed demo.html demo_mail.html
var demoTemplates embed.FS

var (
	demoPage     = pages.Parse(demoTemplates, "demo.html")
	demoMailPage = pages.Parse(demoTemplates, "demo_mail.html")
)

// handler answers the demo's address: the MCP servers and their pages at their own paths, all else the
// authorization server.
func (d *demoCommand) handler(s *server.Server, mails *outbox, log *slog.Logger) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("/", s.Handler())
	for _, issuer := range []string{d.Issuer, d.north()} {
		list, err := todo.New(todo.Config{
			Resource: issuer + "/todo/mcp", Issuer: issuer, AllowedOrigins: demoOrigins, Introspection: demoRecheck, Name: nameOf, Log: log,
		})
		if err != nil {
			return nil, fmt.Errorf("the to-do server: %w", err)
		}
		list.Mount(mux)
	}
	objectives, err := okr.New(okr.Config{
		Resource: d.Issuer + "/okr/mcp", Issuer: d.Issuer, AllowedOrigins: demoOrigins, Introspection: demoRecheck,
		Name: organizationName, Log: log, // who may write, the scopes of the token say
	})
	if err != nil {
		return nil, fmt.Errorf("the OKR server: %w", err)
	}
	objectives.Mount(mux)
	site := &pages.Site{Name: "Authwright demo", Log: log}
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		page := pages.Page{Title: "Connect", Template: demoPage, Data: d.lines(), Wide: true}
		if err := site.Write(w, r, http.StatusOK, page); err != nil {
			site.WriteError(w, r, err)
		}
	})
	mux.HandleFunc("GET /demo/mail", func(w http.ResponseWriter, r *http.Request) {
		page := pages.Page{Title: "Mail", Template: demoMailPage, Data: mails.shown(d.Issuer), Wide: true}
		if err := site.Write(w, r, http.StatusOK, page); err != nil {
			site.WriteError(w, r, err)
		}
	})
	return mux, nil
}

func (d *demoCommand) north() string { return d.Issuer + "/p/" + string(northProject) }

// demoRecheck lets the demo's servers ask every few seconds whether a token still counts, beside the check of its
// signature at every call, so that a withdrawn consent is soon felt.
var demoRecheck = &authwright.Introspection{ClientID: "demo-confidential", ClientSecret: demoSecret, Every: 2 * time.Second}

// demoOrigins are the pages that may call the demo's servers: tools such as MCP Inspector on this machine.
var demoOrigins = []string{"http://localhost:*", "http://127.0.0.1:*"}

// nameOf tells the demo's pages whose data they show.
func nameOf(subject string) string {
	switch store.PersonID(subject) {
	case ada:
		return "ada@example.com"
	case bob:
		return "bob@example.com"
	}
	return subject
}

// organizationName is what the demo's page calls an organization.
func organizationName(id string) string {
	switch id {
	case "acme":
		return "Acme"
	case "globex":
		return "Globex"
	}
	return id
}

// connectLine is one way to connect.
type connectLine struct{ For, Line string }

type demoLines struct {
	Issuer, Todo, OKR, TodoPage, OKRPage, North, Password string
	Passkeys                                              bool
	Named                                                 string // an issuer that can have passkeys
	Connect                                               []connectLine
	Yours                                                 []string // addresses at which somebody's own server may take tokens
}

func (d *demoCommand) lines() demoLines {
	todo := d.Issuer + "/todo/mcp"
	return demoLines{
		Passkeys: d.named() == d.Issuer, Named: d.named(),
		Issuer: d.Issuer, Todo: todo, OKR: d.Issuer + "/okr/mcp", TodoPage: d.Issuer + "/todo/", OKRPage: d.Issuer + "/okr/",
		North: d.north() + "/todo/mcp", Password: demoPassword, Yours: d.yours(),
		Connect: []connectLine{
			{"Claude Code", "claude mcp add --transport http todo " + todo},
			{"Codex CLI", "codex mcp add todo --url " + todo},
			{"Gemini CLI", "gemini mcp add --transport http todo " + todo},
			{"VS Code", `code --add-mcp '{"name":"todo","type":"http","url":"` + todo + `"}'`},
			{"Cursor (.cursor/mcp.json)", `{"mcpServers":{"todo":{"url":"` + todo + `"}}}`},
			{"MCP Inspector", "npx @modelcontextprotocol/inspector --transport http --server-url " + todo},
			{"Any stdio client", "npx mcp-remote " + todo},
		},
	}
}

// named is the demo's issuer, or one like it that browsers bind passkeys to.
func (d *demoCommand) named() string {
	u, err := url.Parse(d.Issuer)
	if _, none := passkey.Domain(d.Issuer, ""); err != nil || none == nil {
		return d.Issuer
	}
	u.Host = "localhost:" + u.Port()
	return u.String()
}

// yours are the servers that --resource names, or else the one that the guides write.
func (d *demoCommand) yours() []string {
	if len(d.Resource) > 0 {
		return d.Resource
	}
	return []string{guidesResource}
}

// greet prints what a newcomer needs, and no more.
func (d *demoCommand) greet(w io.Writer) {
	l := d.lines()
	var b strings.Builder
	fmt.Fprintf(&b, "\nAuthwright demo: %s\n\n", l.Issuer)
	fmt.Fprintf(&b, "  To-do MCP server   %s   (page: %s)\n", l.Todo, l.TodoPage)
	fmt.Fprintf(&b, "  OKR MCP server     %s    (page: %s)\n", l.OKR, l.OKRPage)
	fmt.Fprintf(&b, "  Second project     %s\n", l.North)
	for _, address := range l.Yours {
		fmt.Fprintf(&b, "  Yours, protected   %s   (how: docs/guides)\n", address)
	}
	b.WriteString("\n")
	fmt.Fprintf(&b, "  Accounts           ada@example.com, bob@example.com   password: %s\n", l.Password)
	fmt.Fprintf(&b, "  Clients            demo-public; demo-confidential (secret: %s)\n\n", demoSecret)
	fmt.Fprintf(&b, "  Mail it sends      %s/demo/mail\n\n", l.Issuer)
	if !l.Passkeys {
		fmt.Fprintf(&b, "  Passkeys           need a name: start with --issuer %s\n\n", l.Named)
	}
	b.WriteString("Paste one of these to connect, or the same with the address of your own server:\n\n")
	for _, line := range l.Connect {
		fmt.Fprintf(&b, "  %-26s %s\n", line.For, line.Line)
	}
	b.WriteString("\nStop with Ctrl-C.\n")
	_, _ = io.WriteString(w, b.String())
}
