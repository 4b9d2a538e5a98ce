// check_login.go: the browser of authwright check --login, and the address on this machine it comes back to (RFC 8252 §7.3).

package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"runtime"
	"time"

	"github.com/authwright/authwright/internal/pages"
)

// browse opens a person's browser and waits for it to come back.
type browse struct {
	err    io.Writer
	print  bool // the address, instead of opening a browser
	listen net.Listener
	server *http.Server
	back   chan url.Values
}

// comeBackWithin is how long a person may take to log in.
const comeBackWithin = 5 * time.Minute

func startBrowse(w io.Writer, print bool) (*browse, error) {
	listen, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("waiting for the browser to come back: %w", err)
	}
	b := &browse{err: w, print: print, listen: listen, back: make(chan url.Values, 1)}
	b.server = &http.Server{Handler: http.HandlerFunc(b.comeBack), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = b.server.Serve(listen) }()
	return b, nil
}

func (b *browse) close() { _ = b.server.Close() }

// Redirect is the address the browser comes back to.
func (b *browse) Redirect() string { return "http://" + b.listen.Addr().String() + "/callback" }

// Open shows the login page and waits.
func (b *browse) Open(ctx context.Context, page string) (url.Values, error) {
	ctx, cancel := context.WithTimeout(ctx, comeBackWithin)
	defer cancel()
	select { // what an earlier page sent is not an answer to this one
	case <-b.back:
	default:
	}
	if b.print || openBrowser(ctx, page) != nil {
		fmt.Fprintf(b.err, "\nVisit this address and log in:\n\n  %s\n\n", page)
	} else {
		fmt.Fprintln(b.err, "\nA browser was opened. Log in there.")
	}
	select {
	case back := <-b.back:
		return back, nil
	case <-ctx.Done():
		return nil, errNoBrowser
	}
}

// comeBack takes the answer. It shows nothing of it.
func (b *browse) comeBack(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/callback" || r.Method != http.MethodGet || r.Host != b.listen.Addr().String() {
		http.NotFound(w, r)
		return
	}
	select {
	case b.back <- r.URL.Query():
	default:
	}
	site := &pages.Site{Name: "Authwright"}
	site.WriteError(w, r, &pages.Refusal{
		Status: http.StatusOK, Title: "Back to the terminal", Text: "The check goes on there.", Hint: "You can close this page.",
	})
}

// openBrowser hands the address to the system's own opener. No shell reads it.
func openBrowser(ctx context.Context, page string) error {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return errNoBrowser
	}
	name, args := "xdg-open", []string{u.String()}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", u.String()}
	}
	return exec.CommandContext(ctx, name, args...).Run()
}
