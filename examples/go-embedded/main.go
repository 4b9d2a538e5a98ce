// Command go-embedded is one program that is everything: an app with people of its own, the MCP server that agents use for
// them, and the authorization server between the two.
//
//	go run ./examples/go-embedded
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/examples/todo"
	"github.com/authwright/authwright/server"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:8095", "where to listen")
	data := flag.String("data", "go-embedded-data", "folder of the database and its key")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *listen, *data); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, listen, data string) error {
	if err := os.MkdirAll(data, 0o700); err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	handler, closeAll, err := program(ctx, "http://"+l.Addr().String(), data)
	if err != nil {
		return err
	}
	defer func() { _ = closeAll() }()
	srv := server.NewHTTPServer(handler, slog.Default(), true)
	context.AfterFunc(ctx, func() { _ = srv.Close() })
	log.Printf("Add http://%s/todo/mcp to an MCP client; sign in as ada@example.com or bob@example.com, password %s", l.Addr(), password)
	if err := srv.Serve(l); ctx.Err() == nil {
		return err
	}
	return nil
}

// look is a colour of the app's own: one for the light theme, one for the dark.
const look = `:root {
	--accent: light-dark(#5b3fd6, #b7a6ff);
	--accent-strong: light-dark(#4a31b8, #cabdff);
	--on-accent: light-dark(#fff, #1a1038);
}`

// program puts the three on one mux. The order is the story: the app knows who is signed in, the authorization server
// asks the app, and the MCP server asks the authorization server, without leaving the program.
func program(ctx context.Context, base, data string) (http.Handler, func() error, error) {
	app := newApp()
	ask := &authwright.Introspection{ClientID: "todo-server", ClientSecret: rand.Text()} // of this run: one program, one secret
	auth, err := server.New(ctx, server.Config{
		Issuer:   base,
		Database: "sqlite:" + filepath.Join(data, "authwright.db"),
		KeyFile:  filepath.Join(data, "kek"),
		Login:    server.Login{SignedIn: app.signedIn, URL: "/app/sign-in"},
		Title:    "The app",
		Pages:    server.Pages{Style: []byte(look), Footer: "The embedded to-do app"},
		Resources: []server.Resource{{
			URL: base + "/todo/mcp", Name: "To-do list", Default: []string{todo.ScopeRead}, Introspection: ask,
			Scopes: []server.Scope{
				{Name: todo.ScopeRead, Description: "See your to-do items"},
				{Name: todo.ScopeWrite, Description: "Add, finish and delete to-do items", Implies: []string{todo.ScopeRead}},
			},
		}},
	})
	if err != nil {
		return nil, nil, err
	}
	list, err := todo.New(todo.Config{
		Resource: base + "/todo/mcp", Issuer: base, Transport: authwright.Direct(auth.Handler()), Introspection: ask,
	})
	if err != nil {
		_ = auth.Close()
		return nil, nil, err
	}
	mux := http.NewServeMux()
	auth.Mount(mux)
	list.Mount(mux)
	app.mount(mux, auth.ReturnTo)
	return mux, auth.Close, nil
}
