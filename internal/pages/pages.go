// Package pages says what a page looks like.
//
// It holds the layout, the one stylesheet and the headers that every page is sent with. What a page says is in the
// room it belongs to.
package pages

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
)

//go:embed layout.html passkey.html account_fields.html error.html
var layouts embed.FS

var (
	layout    = template.Must(template.New("layout").ParseFS(layouts, "layout.html", "passkey.html", "account_fields.html"))
	errorPage = Parse(layouts, "error.html")
)

// Handler answers a request, or returns an error that WriteError shows to the person.
type Handler = func(http.ResponseWriter, *http.Request) error

// Site is what all pages of one issuer have in common.
type Site struct {
	Name string // what people call the place they sign in to
	Base string // path prefix of the issuer: "" or "/p/north"
	Look Look
	Log  *slog.Logger
}

// Page is one page to show.
type Page struct {
	Title    string
	Template *template.Template // made by Parse
	Data     any                // what its template "main" is given
	Wide     bool               // a list, not a form
	Script   bool               // send the page's one script along, and allow it
	Passkeys bool               // send the script that asks a device for a passkey, and let it ask us what to ask
}

// Parse reads a page's templates. One of them defines "main", which stands in the layout.
func Parse(files fs.FS, names ...string) *template.Template {
	return template.Must(template.Must(layout.Clone()).ParseFS(files, names...))
}

// frame is what the layout is given.
type frame struct {
	Page
	Site                    *Site
	Style, Icon, ScriptFile string
	PasskeyFile             string
	OwnStyle                string // "" for none
}

// Write sends a page. formAction are the CSP sources, besides this site, that a form on the page may end up at:
// Chromium holds a form's redirects to them as well.
func (s *Site) Write(w http.ResponseWriter, r *http.Request, status int, page Page, formAction ...string) error {
	f := frame{Page: page, Site: s, Style: s.asset(styleFile), Icon: s.asset(iconFile), ScriptFile: s.asset(scriptFile), PasskeyFile: s.asset(passkeyFile)}
	if len(s.Look.Style) > 0 {
		f.OwnStyle = s.asset(ownStyleFile)
	}
	var body bytes.Buffer
	if err := page.Template.ExecuteTemplate(&body, "layout.html", f); err != nil {
		return fmt.Errorf("rendering the page %q: %w", page.Title, err)
	}
	Protect(w.Header(), page.scripts(), formAction...)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		w.Write(body.Bytes()) // a reader who has gone needs no page
	}
	return nil
}

// Redirect sends the browser on with 303, so that a POST is not repeated there (RFC 9700 §4.12). to is made from the
// issuer or from a proven redirect target, never from the request.
func Redirect(w http.ResponseWriter, to string) error {
	Protect(w.Header(), "")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// Protect sets the headers of an answer that a browser shows: nothing from elsewhere is loaded, nobody may frame
// it, nothing is kept and no address leaks to the next site. Scripts are the directives for them; "" for none.
func Protect(h http.Header, scripts string, formAction ...string) {
	h.Set("Content-Security-Policy", policy(scripts, formAction))
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}

// scripts are the directives of the policy for the scripts that a page has.
func (p Page) scripts() string {
	switch {
	case p.Passkeys:
		return "script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; "
	case p.Script:
		return "script-src 'self'; require-trusted-types-for 'script'; "
	}
	return ""
}

// policy is the Content-Security-Policy (CSP Level 3). A source that could end the directive is left out.
func policy(scripts string, formAction []string) string {
	var b strings.Builder
	b.WriteString("default-src 'none'; style-src 'self'; img-src 'self'; ")
	b.WriteString(scripts)
	b.WriteString("base-uri 'none'; frame-ancestors 'none'; form-action 'self'")
	for _, source := range formAction {
		if source != "" && !strings.ContainsAny(source, " \t\r\n;,'\"") {
			b.WriteString(" " + source)
		}
	}
	return b.String()
}
