// page.go answers GET of an example's web page, and keeps it fresh (HTML §9.2, server-sent events).

// Package page shows people what an example server holds.
package page

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"net/http"
	"sync"
	"time"
)

// Page is a web page that follows its server's data. Zero but for Title, Base and Groups works.
type Page struct {
	Title    string
	Intro    string
	Resource string // the MCP server's URL, to be pasted into a client
	Base     string // the path of the page, with a slash at both ends
	Empty    string // what is said when there are no groups
	Groups   func() []Group

	mu      sync.Mutex
	changed chan struct{} // closed at the next change
	viewers int
}

// Group is what belongs to one account or one organization.
type Group struct {
	Name  string
	Items []Item
}

// Item is one line, with lines below it.
type Item struct {
	Text     string
	Note     string
	Done     bool
	Progress bool // Percent is shown
	Percent  int
	Items    []Item
}

const (
	maxViewers = 128
	viewLife   = 10 * time.Minute // then the browser comes again by itself
	heartbeat  = 20 * time.Second
)

//go:embed page.css
var css []byte

//go:embed page.js
var js []byte

//go:embed icon.svg
var icon []byte

//go:embed page.html
var html string

var layout = template.Must(template.New("page").Parse(html))

// Mount registers the page below its Base.
func (p *Page) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET "+p.Base+"{$}", p.show)
	mux.HandleFunc("GET "+p.Base+"live", p.follow)
	mux.HandleFunc("GET "+p.Base+"page.css", asset("text/css; charset=utf-8", css))
	mux.HandleFunc("GET "+p.Base+"page.js", asset("text/javascript; charset=utf-8", js))
	mux.HandleFunc("GET "+p.Base+"icon.svg", asset("image/svg+xml", icon))
}

// Changed has every open page look again.
func (p *Page) Changed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed != nil {
		close(p.changed)
		p.changed = nil
	}
}

func (p *Page) nextChange() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.changed == nil {
		p.changed = make(chan struct{})
	}
	return p.changed
}

func asset(mime string, body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		guard(w.Header())
		w.Header().Set("Content-Type", mime)
		w.Header().Set("Cache-Control", "no-cache")
		w.Write(body)
	}
}

// guard forbids the page whatever it does not do.
func guard(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; "+
		"base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

func (p *Page) show(w http.ResponseWriter, _ *http.Request) {
	var body bytes.Buffer
	err := layout.Execute(&body, map[string]any{
		"Title": p.Title, "Intro": p.Intro, "Resource": p.Resource, "Empty": p.Empty, "Groups": p.Groups(),
	})
	guard(w.Header())
	if err != nil {
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Write(body.Bytes())
}

// follow sends an event at each change until the browser goes or viewLife is over.
func (p *Page) follow(w http.ResponseWriter, r *http.Request) {
	guard(w.Header())
	if !p.enter() {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer p.leave()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	control := http.NewResponseController(w)
	end, beat := time.NewTimer(viewLife), time.NewTicker(heartbeat)
	defer end.Stop()
	defer beat.Stop()
	event := "retry: 2000\nevent: changed\ndata:\n\n" // something may have happened since the page was made
	for {
		change := p.nextChange()
		if _, err := fmt.Fprint(w, event); err != nil || control.Flush() != nil {
			return
		}
		select {
		case <-change:
			event = "event: changed\ndata:\n\n"
		case <-beat.C:
			event = ": still here\n\n"
		case <-end.C:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (p *Page) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.viewers >= maxViewers {
		return false
	}
	p.viewers++
	return true
}

func (p *Page) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.viewers--
}
