// resource.go: protected resource metadata, at all the places where clients look for it (RFC 9728 §3).

package check

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authwright/authwright/oauth"
)

// resource is what the metadata that clients use says.
type resource struct {
	uri    string
	scopes []string
}

// place is where a client looks for metadata, and how it came to look there.
type place struct {
	at   string
	kind string // "challenge", "path", "root"
}

// places are where clients look, in their order (MCP authorization: protected resource metadata discovery).
func (w *walk) places() (all []place) {
	if at := w.challenge.params["resource_metadata"]; at != "" {
		all = append(all, place{at, "challenge"})
	}
	if at, err := oauth.ProtectedResourceURL(w.URL); err == nil {
		all = append(all, place{at, "path"})
	}
	all = append(all, place{w.origin + oauth.ProtectedResourcePrefix, "root"})
	return slices.CompactFunc(all, func(a, b place) bool { return a.at == b.at })
}

// readResource reads the metadata wherever it is, and goes on with what clients would use.
func (w *walk) readResource(ctx context.Context) {
	pointed := w.challenge.params["resource_metadata"] != ""
	guessable := false
	for _, p := range w.places() {
		doc, ok := w.readMetadata(ctx, p, pointed)
		if !ok {
			continue
		}
		w.resources = append(w.resources, found{p.at, doc})
		guessable = guessable || p.kind == "path" || p.kind == "challenge" && p.at == w.guess()
	}
	if len(w.resources) == 0 {
		w.fallBack(ctx)
		return
	}
	if !pointed && !guessable {
		w.find("prm-not-at-path", w.guess(), "it is at "+w.resources[0].at)
	}
	first := w.resources[0]
	for _, other := range w.resources[1:] {
		if text(other.doc, "resource") != text(first.doc, "resource") || !slices.Equal(list(other.doc, "authorization_servers"), list(first.doc, "authorization_servers")) {
			w.find("prm-differs", other.at, "unlike "+first.at)
		}
	}
	w.readTarget(first)
	w.readIssuer(first)
}

func (w *walk) guess() string {
	at, _ := oauth.ProtectedResourceURL(w.URL)
	return at
}

// readMetadata reads the document at one place.
func (w *walk) readMetadata(ctx context.Context, p place, pointed bool) (map[string]any, bool) {
	a, err := w.call.get(ctx, p.at)
	switch {
	case err != nil && p.kind == "challenge":
		w.find("challenge-metadata-broken", p.at, why(err))
		return nil, false
	case err != nil:
		w.find("prm-status", p.at, why(err))
		return nil, false
	case a.status == http.StatusOK:
	case p.kind == "challenge":
		w.find("challenge-metadata-broken", p.at, a.says())
		return nil, false
	case a.redirects():
		w.find("prm-redirect", p.at, a.says())
		return nil, false
	case a.status >= 500 && !pointed:
		w.find("prm-status", p.at, a.says())
		return nil, false
	default:
		return nil, false
	}
	doc, err := a.object()
	if err != nil {
		if p.kind == "root" && len(w.resources) > 0 { // nobody gets there
			return nil, false
		}
		w.find("prm-not-json", p.at, mediaType(a.header))
		return nil, false
	}
	w.lookOver(p, a, doc)
	return doc, true
}

// lookOver checks what concerns the document rather than what it says.
func (w *walk) lookOver(p place, a answer, doc map[string]any) {
	w.saw("metadata at " + p.at)
	if !a.isJSON() {
		w.find("prm-type", p.at, mediaType(a.header))
	}
	if names := void(doc); len(names) > 0 {
		w.find("prm-null", p.at, strings.Join(names, ", "))
	}
	if !a.shared {
		w.find("prm-cors", p.at, "")
	}
	if p.kind == "challenge" && !strings.HasPrefix(p.at, w.origin+"/") {
		w.find("challenge-metadata-elsewhere", p.at, "")
	}
	if slices.Contains(list(doc, "scopes_supported"), "offline_access") {
		w.find("prm-offline", p.at, "")
	}
}

// readTarget compares the resource with what the person typed, as clients do (RFC 9728 §3.3).
func (w *walk) readTarget(f found) {
	w.resource = resource{text(f.doc, "resource"), list(f.doc, "scopes_supported")}
	typed, named := w.URL, w.resource.uri
	a, errTyped := url.Parse(typed)
	b, errNamed := url.Parse(named)
	switch {
	case named == "":
		w.find("prm-no-resource", f.at, "")
		w.resource.uri = typed
	case named == typed || errTyped == nil && errNamed == nil && a.Path == "/" && b.Path == "" && b.String()+"/" == typed:
		w.saw("resource: " + named)
	case named == typed+"/":
		w.find("prm-slash", f.at, named)
	case typed == named+"/":
		w.find("typed-slash", f.at, named)
	case errNamed == nil && b.Scheme == a.Scheme && strings.EqualFold(b.Host, a.Host) && strings.HasPrefix(a.Path+"/", strings.TrimSuffix(b.Path, "/")+"/"):
		w.find("prm-origin", f.at, named)
	default:
		w.find("prm-other", f.at, named)
	}
}

// readIssuer takes the first authorization server, as most clients do.
func (w *walk) readIssuer(f found) {
	servers := list(f.doc, "authorization_servers")
	if len(servers) == 0 {
		w.find("prm-no-server", f.at, "")
		return
	}
	if len(servers) > 1 {
		w.find("prm-many-servers", f.at, strings.Join(servers, ", "))
	}
	u, err := url.Parse(servers[0])
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Contains(servers[0], "#"),
		u.Scheme != "https" && (u.Scheme != "http" || !oauth.IsLoopbackHost(u.Hostname())):
		w.find("prm-bad-server", f.at, servers[0])
		return
	case w.call.strangers.Check(servers[0]) != nil:
		w.find("as-refused", f.at, servers[0])
		return
	}
	w.issuer = servers[0]
	w.saw("authorization server: " + w.issuer)
}

// fallBack does what clients do without metadata: they take the server's own origin for the authorization server
// (MCP 2025-03-26).
func (w *walk) fallBack(ctx context.Context) {
	for _, f := range w.step.Findings {
		if f.Level == Stops && f.Fault != "challenge-metadata-broken" {
			return // it is there, and broken
		}
	}
	w.resource.uri = w.URL
	for _, at := range []string{w.origin + oauth.ServerMetadataPrefix, w.origin + oauth.OpenIDConfigurationPrefix} {
		a, err := w.call.get(ctx, at)
		if err != nil || a.status != http.StatusOK {
			continue
		}
		if _, err := a.object(); err == nil {
			w.find("prm-old", w.guess(), "")
			w.issuer = w.origin
			return
		}
	}
	w.find("prm-missing", w.guess(), "")
}

func (w *walk) noIssuer() string {
	if w.issuer == "" {
		return "no authorization server is named"
	}
	return ""
}
