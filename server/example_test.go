package server_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/server"
)

// config is what the examples have in common: a database and its key in a folder that goes away with them.
func config() (c server.Config, clean func()) {
	dir, err := os.MkdirTemp("", "authwright-example")
	if err != nil {
		log.Fatal(err)
	}
	return server.Config{
		Issuer:   "http://127.0.0.1:8095",
		Database: "sqlite:" + filepath.Join(dir, "authwright.db"),
		KeyFile:  filepath.Join(dir, "kek"),
		Log:      slog.New(slog.DiscardHandler),
	}, func() { _ = os.RemoveAll(dir) }
}

// get asks for a page of the server.
func get(h http.Handler, path string, cookies ...*http.Cookie) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8095"+path, nil)
	for _, c := range cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// The authorization server and the MCP server it protects, in one program.
func ExampleNew() {
	c, clean := config()
	defer clean()
	ask := &authwright.Introspection{ClientID: "notes", ClientSecret: rand.Text()} // replicas share one
	c.Resources = []server.Resource{{
		URL: "http://127.0.0.1:8095/mcp", Name: "Notes", Default: []string{"notes.read"}, Introspection: ask,
		Scopes: []server.Scope{{Name: "notes.read", Description: "See your notes"}},
	}}
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	resource, err := authwright.New(authwright.Config{
		Resource: "http://127.0.0.1:8095/mcp", Issuer: c.Issuer, Scopes: []string{"notes.read"},
		Transport: authwright.Direct(s.Handler()), Introspection: ask,
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	s.Mount(mux)
	resource.Mount(mux, http.NotFoundHandler()) // your MCP server

	fmt.Println(get(mux, "/mcp").Header().Get("WWW-Authenticate"))
	fmt.Println(get(mux, "/.well-known/oauth-authorization-server").Code)
	// Output:
	// Bearer scope="notes.read", resource_metadata="http://127.0.0.1:8095/.well-known/oauth-protected-resource/mcp"
	// 200
}

// A program whose people sign in on a page of its own: the server asks it who is at a browser.
func ExampleLogin() {
	c, clean := config()
	defer clean()
	c.Login = server.Login{
		URL: "/sign-in",
		SignedIn: func(r *http.Request) (server.Person, error) {
			if session, err := r.Cookie("session"); err != nil || session.Value != "of-ada" { // look it up in your own store
				return server.Person{}, server.ErrNobody
			}
			return server.Person{ID: "user-1", Email: "ada@example.com", SignedInAt: time.Now()}, nil
		},
	}
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	fmt.Println(get(s.Handler(), "/login").Header().Get("Location"))
	fmt.Println(get(s.Handler(), "/login", &http.Cookie{Name: "session", Value: "of-ada"}).Header().Get("Location"))
	// Output:
	// http://127.0.0.1:8095/sign-in?return_to=http%3A%2F%2F127.0.0.1%3A8095%2Flogin
	// http://127.0.0.1:8095/account
}

// A program that has a site of its own gives the authorization server a path.
func ExampleServer_Mount() {
	c, clean := config()
	defer clean()
	c.Issuer = "http://127.0.0.1:8095/auth"
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "your own ", r.URL.Path) })
	s.Mount(mux)

	fmt.Println(get(mux, "/login").Body)
	fmt.Println(get(mux, "/auth/login").Header().Get("Content-Type"))
	fmt.Println(get(mux, "/.well-known/oauth-authorization-server/auth").Code) // outside of the path (RFC 8414 §3.1)
	// Output:
	// your own /login
	// text/html; charset=utf-8
	// 200
}

// All that is wrong with a configuration is told at once.
func ExampleConfig_Check() {
	fmt.Println(server.Config{Issuer: "https://auth.example.com/", Database: "sqlite:authwright.db"}.Check())
	// Output:
	// issuer: "https://auth.example.com/" must have no query, fragment or trailing slash
	// key_file: is missing: name a file for the key-encryption key, or set key
}

// The page of your own sends people back where they came from, and nowhere else.
func ExampleServer_ReturnTo() {
	c, clean := config()
	defer clean()
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for _, from := range []string{"http://127.0.0.1:8095/login", "https://evil.example"} {
		fmt.Printf("%q\n", s.ReturnTo(httptest.NewRequest(http.MethodPost, "/sign-in?return_to="+from, nil)))
	}
	// Output:
	// "http://127.0.0.1:8095/login"
	// ""
}

// accounts are the people of a program, by e-mail address.
type accounts map[string]server.Person

func (a accounts) Authenticate(_ context.Context, email, password string) (server.Person, error) {
	person, ok := a[email]
	if !ok || password != "correct-horse-battery" { // compare with a hash, and for nobody with the hash of nothing
		return server.Person{}, server.ErrNobody
	}
	return person, nil
}

func (a accounts) Lookup(_ context.Context, id string) (server.Person, error) {
	for _, person := range a {
		if person.ID == id {
			return person, nil
		}
	}
	return server.Person{}, server.ErrNobody
}

// A program that has accounts and leaves the sign-in page, and the slowing down of who guesses, to the server.
func ExamplePeople() {
	c, clean := config()
	defer clean()
	c.People = accounts{"ada@example.com": {ID: "user-1", Name: "Ada", Email: "ada@example.com"}}
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	fmt.Println(strings.Contains(get(s.Handler(), "/login").Body.String(), `name="password"`))
	// Output:
	// true
}

// Who leaves, or loses a password to somebody else, is signed out, and what they allowed is taken back.
func ExampleServer_EndPerson() {
	c, clean := config()
	defer clean()
	people := accounts{"ada@example.com": {ID: "user-1", Email: "ada@example.com"}}
	c.People = people
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	delete(people, "ada@example.com") // first, so that they cannot sign in again
	fmt.Println(s.EndPerson(context.Background(), "user-1"))
	// Output:
	// <nil>
}

// A program with a mail service of its own delivers the letters; without any, the ways to sign in that need mail are off.
func ExampleMail() {
	c, clean := config()
	defer clean()
	c.DeliverMail = func(_ context.Context, m server.Mail) error {
		fmt.Println(m.To, m.Subject) // hand it to your service
		return nil
	}
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	fmt.Println(get(s.Handler(), "/login/reset").Code)
	// Output:
	// 200
}

// The first operator is made at an address that only who started the program should see.
func ExampleServer_SetupLink() {
	c, clean := config()
	defer clean()
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	link, err := s.SetupLink(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	address, _, _ := strings.Cut(link, "?")
	fmt.Println(address)
	// Output:
	// http://127.0.0.1:8095/setup
}

// A look of your own: colours are custom properties.
func ExamplePages() {
	c, clean := config()
	defer clean()
	c.Title = "Notes"
	c.Pages = server.Pages{
		// One colour for the light theme, one for the dark.
		Style:  []byte(":root { --accent: light-dark(#5b3fd6, #b7a6ff); --on-accent: light-dark(#fff, #1a1038) }"),
		Footer: "Notes, Inc.",
	}
	s, err := server.New(context.Background(), c)
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()

	fmt.Println(strings.Contains(get(s.Handler(), "/login").Body.String(), "Notes, Inc."))
	fmt.Println(get(s.Handler(), "/assets/own.css").Body)
	// Output:
	// true
	// :root { --accent: light-dark(#5b3fd6, #b7a6ff); --on-accent: light-dark(#fff, #1a1038) }
}
