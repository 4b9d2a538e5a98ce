package clients

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// documentsOn is a directory that reads documents of public hosts.
func documentsOn(t testing.TB) *Directory {
	t.Helper()
	d, _ := newDirectory(t)
	d.Documents = &Documents{Fetch: &outbound.Strangers{}}
	return d
}

// publisher is a host of documents on loopback.
type publisher struct {
	*httptest.Server
	mu     sync.Mutex
	answer func(w http.ResponseWriter, id string) // nil for the plain document
	calls  atomic.Int32
}

const plainDocument = `{"client_id":%q,"client_name":"Plain","redirect_uris":["https://app.example/cb","http://127.0.0.1/cb"]}`

// publish starts a host and a directory that reads from it.
func publish(t testing.TB) (*Directory, *clock, *publisher) {
	t.Helper()
	d, c := newDirectory(t)
	p := &publisher{}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		w.Header().Set("Content-Type", "application/json")
		p.mu.Lock()
		answer := p.answer
		p.mu.Unlock()
		if answer == nil {
			answer = func(w http.ResponseWriter, id string) { fmt.Fprintf(w, plainDocument, id) }
		}
		answer(w, p.URL+r.URL.Path)
	}))
	t.Cleanup(p.Close)
	d.Documents = &Documents{Fetch: &outbound.Strangers{Loopback: true}}
	return d, c, p
}

func (p *publisher) id(path string) store.ClientID { return store.ClientID(p.URL + path) }

func (p *publisher) answers(answer func(w http.ResponseWriter, id string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// says publishes a document with the given members after its client_id.
func (p *publisher) says(members string) {
	p.answers(func(w http.ResponseWriter, id string) { fmt.Fprintf(w, `{"client_id":%q,%s}`, id, members) })
}

// wait checks how often the host was asked.
func (p *publisher) asked(t *testing.T, when string, want int32) {
	t.Helper()
	if got := p.calls.Load(); got != want {
		t.Errorf("%s the host was asked %d times, want %d", when, got, want)
	}
}

func TestDocumentIDs(t *testing.T) {
	d := documentsOn(t)
	for _, tt := range []struct {
		name, id string
		ok       bool
	}{
		{"https with a path", "https://app.example/c.json", true},
		{"a deep path", "https://app.example/a/b/c", true},
		{"a query", "https://app.example/c?v=1", true},
		{"no path", "https://app.example", false},
		{"the root", "https://app.example/", false},
		{"http", "http://app.example/c.json", false},
		{"loopback where that is off", "http://127.0.0.1:8080/c.json", false},
		{"a fragment", "https://app.example/c.json#x", false},
		{"an empty fragment", "https://app.example/c.json#", false},
		{"user information", "https://a@app.example/c.json", false},
		{"a dot segment", "https://app.example/a/../c.json", false},
		{"an escaped dot segment", "https://app.example/%2e%2e/c.json", false},
		{"capitals in the host", "https://App.example/c.json", false},
		{"capitals in the scheme", "HTTPS://app.example/c.json", false},
		{"the default port said", "https://app.example:443/c.json", false},
		{"another port", "https://app.example:8443/c.json", false},
		{"an IPv4 address", "https://93.184.215.14/c.json", false},
		{"an IPv6 address", "https://[2606:2800::1]/c.json", false},
		{"a trailing dot", "https://app.example./c.json", false},
		{"a space", "https://app.example/c .json", false},
		{"a newline", "https://app.example/c.json\n", false},
		{"too long", "https://app.example/" + strings.Repeat("a", 512), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := d.Documents.checkID(store.ClientID(tt.id))
			if (err == nil) != tt.ok || err != nil && codeOf(err) != oauth.InvalidClient {
				t.Errorf("checkID(%q) = %v, want ok %v", tt.id, err, tt.ok)
			}
			if !tt.ok {
				if _, err := d.Lookup(t.Context(), store.ClientID(tt.id)); codeOf(err) != oauth.InvalidClient {
					t.Errorf("Lookup(%q) = %v, want invalid_client", tt.id, err)
				}
			}
		})
	}
}

func TestDocuments(t *testing.T) {
	const uris = `"redirect_uris":["https://app.example/cb"]`
	members := func(s string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, id string) { fmt.Fprintf(w, `{"client_id":%q,%s}`, id, s) }
	}
	typed := func(media string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, id string) {
			w.Header().Set("Content-Type", media)
			fmt.Fprintf(w, plainDocument, id)
		}
	}
	raw := func(status int, body string) func(http.ResponseWriter, string) {
		return func(w http.ResponseWriter, id string) {
			w.Header().Set("Location", id+"2")
			w.WriteHeader(status)
			fmt.Fprint(w, strings.ReplaceAll(body, "ID", id))
		}
	}
	plain := strings.ReplaceAll(plainDocument, "%q", `"ID"`)
	for _, tt := range []struct {
		name   string
		answer func(w http.ResponseWriter, id string)
		want   oauth.Code
		says   string
	}{
		{"the least there is", members(`"client_name":"A",` + uris), "", ""},
		{"public, said so", members(`"client_name":"A","token_endpoint_auth_method":"none",` + uris), "", ""},
		{"device codes among the grant types", members(`"client_name":"A","grant_types":["authorization_code","urn:ietf:params:oauth:grant-type:device_code"],` + uris), "", ""},
		{"unknown members", members(`"client_name":"A","x":{"y":[1]},"jwks":{"keys":[]},` + uris), "", ""},
		{"a more specific JSON", typed("application/client-id-metadata+json; charset=utf-8"), "", ""},
		{"keys and public both", members(`"client_name":"A","token_endpoint_auth_method":"private_key_jwt","token_endpoint_auth_methods_supported":["private_key_jwt","none"],` + uris), "", ""},
		{"a list of methods with none", members(`"client_name":"A","token_endpoint_auth_methods_supported":["none"],` + uris), "", ""},
		{"keys only", members(`"client_name":"A","token_endpoint_auth_method":"private_key_jwt",` + uris), oauth.InvalidClient, "none"},
		{"keys only, in a list", members(`"client_name":"A","token_endpoint_auth_methods_supported":["private_key_jwt"],` + uris), oauth.InvalidClient, "none"},
		{"public, but the list says otherwise", members(`"client_name":"A","token_endpoint_auth_method":"none","token_endpoint_auth_methods_supported":["private_key_jwt"],` + uris), oauth.InvalidClient, "none"},
		{"a shared secret as method", members(`"client_name":"A","token_endpoint_auth_method":"client_secret_basic",` + uris), oauth.InvalidClient, "shared secret"},
		{"a shared secret as method, and a list with none", members(`"client_name":"A","token_endpoint_auth_method":"client_secret_jwt","token_endpoint_auth_methods_supported":["none"],` + uris), oauth.InvalidClient, "shared secret"},
		{"a secret", members(`"client_name":"A","client_secret":"x",` + uris), oauth.InvalidClient, "secret"},
		{"an empty secret", members(`"client_name":"A","client_secret":null,` + uris), oauth.InvalidClient, "secret"},
		{"a secret's expiry", members(`"client_name":"A","client_secret_expires_at":0,` + uris), oauth.InvalidClient, "secret"},
		{"no name", members(uris), oauth.InvalidClient, "client_name"},
		{"an invisible name", members(`"client_name":"\u200b",` + uris), oauth.InvalidClient, "client_name"},
		{"no redirect URIs", members(`"client_name":"A"`), oauth.InvalidClient, "redirect_uris"},
		{"a bad redirect URI", members(`"client_name":"A","redirect_uris":["https://app.example/cb","javascript:x"]`), oauth.InvalidClient, "javascript:x"},
		{"a script as logo", members(`"client_name":"A","logo_uri":"javascript:x",` + uris), oauth.InvalidClient, "logo_uri"},
		{"another's id", raw(200, strings.Replace(plain, "ID", "IDx", 1)), oauth.InvalidClient, "client_id"},
		{"no id", raw(200, `{"client_name":"A",`+uris+`}`), oauth.InvalidClient, "client_id"},
		{"a member twice", raw(200, strings.Replace(plain, `"client_name"`, `"client_id":"ID","client_name"`, 1)), oauth.InvalidClient, "client_id"},
		{"a member in other letters", raw(200, strings.Replace(plain, `"client_name"`, `"Client_Id":"x","client_name"`, 1)), oauth.InvalidClient, "client_id"},
		{"data after it", raw(200, plain+`{}`), oauth.InvalidClient, "after"},
		{"a byte order mark", raw(200, "\xef\xbb\xbf"+plain), oauth.InvalidClient, "UTF-8"},
		{"a page", typed("text/html"), oauth.InvalidClient, "Content-Type"},
		{"no type", typed(""), oauth.InvalidClient, "Content-Type"},
		{"JSON of another family", typed("text/json"), oauth.InvalidClient, "Content-Type"},
		{"a document of 6 KiB", raw(200, plain+strings.Repeat(" ", 6<<10)), oauth.InvalidClient, "5 KiB"},
		{"a redirect", raw(302, plain), oauth.InvalidClient, "302"},
		{"created", raw(201, plain), oauth.InvalidClient, "201"},
		{"gone", raw(404, plain), oauth.InvalidClient, "404"},
		{"a failure of the host", raw(500, plain), oauth.TemporarilyUnavailable, "500"},
		{"a host that has enough", raw(429, plain), oauth.TemporarilyUnavailable, "429"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d, _, p := publish(t)
			p.answers(tt.answer)
			c, err := d.Lookup(t.Context(), p.id("/c.json"))
			if codeOf(err) != tt.want || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("Lookup = %v, want %q that says %q", err, tt.want, tt.says)
			}
			p.asked(t, "after one look", 1) // no redirect was followed, no logo or key set fetched
			if err != nil {
				if kept, _ := d.Store.Clients(t.Context(), "", 1); len(kept) != 0 {
					t.Errorf("an invalid document was filed: %+v", kept[0])
				}
				return
			}
			if c.Origin != store.Document || !c.Public() || c.VerifiedHost() != strings.TrimPrefix(p.URL, "http://") {
				t.Errorf("Lookup = %+v, want a public client of %s", c, p.URL)
			}
			if _, err := c.RedirectTarget("https://app.example/cb"); err != nil {
				t.Errorf("RedirectTarget = %v, want none", err)
			}
			if _, err := d.Authenticate(t.Context(), nil, oauth.Params{"client_id": string(c.ID)}); err != nil {
				t.Errorf("Authenticate = %v, want none", err)
			}
		})
	}
}

// TestDocumentOverTLS reads a document of a named https host, and not when the name leads somewhere private.
func TestDocumentOverTLS(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, plainDocument, "https://"+r.Host+r.URL.Path)
	}))
	defer server.Close()
	u, _ := url.Parse(server.URL)
	port, _ := strconv.ParseUint(u.Port(), 10, 16)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	d, _ := newDirectory(t)
	fetch := &outbound.Strangers{Roots: roots, Ports: []uint16{uint16(port)}, Resolver: resolver("127.0.0.1"), Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}}
	d.Documents = &Documents{Fetch: fetch}
	id := store.ClientID("https://example.com:" + u.Port() + "/c.json")
	if c, err := d.Lookup(t.Context(), id); err != nil || c.VerifiedHost() != "example.com:"+u.Port() {
		t.Errorf("Lookup = %v, %v; want a client of example.com", c.VerifiedHost(), err)
	}
	fetch.Networks = nil
	if _, err := d.Lookup(t.Context(), id+"2"); codeOf(err) != oauth.InvalidClient || !strings.Contains(err.Error(), "public Internet") {
		t.Errorf("Lookup of a name on loopback = %v, want invalid_client", err)
	}
}

type resolver string

func (r resolver) LookupNetIP(context.Context, string, string) ([]netip.Addr, error) {
	return []netip.Addr{netip.MustParseAddr(string(r))}, nil
}

func TestRelyHash(t *testing.T) {
	base := oauth.ClientMetadata{RedirectURIs: []string{"https://a.example/"}, ClientName: "A", TokenEndpointAuthMethod: "none", LogoURI: "https://a.example/l"}
	for _, tt := range []struct {
		name    string
		change  func(*oauth.ClientMetadata)
		changes bool
	}{
		{"a redirect URI", func(m *oauth.ClientMetadata) { m.RedirectURIs = []string{"https://b.example/"} }, true},
		{"the name", func(m *oauth.ClientMetadata) { m.ClientName = "B" }, true},
		{"the method", func(m *oauth.ClientMetadata) { m.TokenEndpointAuthMethod = "client_secret_basic" }, true},
		{"the logo", func(m *oauth.ClientMetadata) { m.LogoURI = "https://b.example/l" }, true},
		{"the scope", func(m *oauth.ClientMetadata) { m.Scope = "x" }, false},
		{"the version of the software", func(m *oauth.ClientMetadata) { m.SoftwareVersion = "2" }, false},
	} {
		m := base
		tt.change(&m)
		if got := relyHash(m) != relyHash(base); got != tt.changes {
			t.Errorf("%s: the hash changes: %v, want %v", tt.name, got, tt.changes)
		}
	}
}

// TestStaleDocument: while the host is down, who was let in stays in for an hour, and nobody new comes in.
// TestFailedDocumentIsLeftAloneForAMoment: nothing is kept of a failure but the moment of it.
// TestNewDocumentsComeAtAPace: who asks for thousands of documents of somebody's host does not make us ask for them,
// and does not keep its known clients out.
// TestNewReadingsLeaveRoomForKnownClients: slow hosts of strangers cannot take every slot.
// TestCallersShareOneReading: fifty authorizations at once ask the host once, and one that goes away takes nothing
// from the others.
func TestCallersShareOneReading(t *testing.T) {
	d, _, p := publish(t)
	id := p.id("/c.json")
	arrived, release := make(chan struct{}), make(chan struct{})
	p.answers(func(w http.ResponseWriter, id string) {
		close(arrived)
		<-release
		fmt.Fprintf(w, plainDocument, id)
	})
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() { _, err := d.Lookup(ctx, id); gone <- err }()
	<-arrived
	cancel()
	if err := <-gone; err == nil {
		t.Error("Lookup of a caller that went away = none, want an error")
	}
	results := make(chan error, 50)
	for range 50 {
		go func() { _, err := d.Lookup(t.Context(), id); results <- err }()
	}
	close(release)
	for range 50 {
		if err := <-results; err != nil {
			t.Errorf("Lookup = %v, want none", err)
		}
	}
	p.asked(t, "after 51 callers", 1)
}

func TestDocumentPolicy(t *testing.T) {
	d, c, p := publish(t)
	id := p.id("/c.json")
	if _, err := d.Lookup(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	d.Documents.Allow = func(host string) bool { return host == "app.example" }
	if _, err := d.Lookup(t.Context(), id); codeOf(err) != oauth.InvalidClient {
		t.Errorf("Lookup of a host that is not allowed any more = %v, want invalid_client", err)
	}
	if _, err := d.Lookup(t.Context(), p.id("/new.json")); codeOf(err) != oauth.InvalidClient {
		t.Errorf("Lookup of a new document of a host that is not allowed = %v, want invalid_client", err)
	}
	d.Documents.Allow = nil
	d.Settings.NoDocuments = true
	if _, err := d.Authenticate(t.Context(), nil, oauth.Params{"client_id": string(id)}); codeOf(err) != oauth.InvalidClient {
		t.Errorf("Authenticate after documents were turned off = %v, want invalid_client", err)
	}
	d.Settings.NoDocuments = false
	row, err := d.Store.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	row.Disabled = true
	if err := d.Store.UpdateClient(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	c.pass(24 * time.Hour)
	if _, err := d.Lookup(t.Context(), id); codeOf(err) != oauth.InvalidClient || !strings.Contains(err.Error(), "disabled") {
		t.Errorf("Lookup of a document's client that the operator disabled = %v, want invalid_client: disabled", err)
	}
	p.asked(t, "for all that", 1)
}

// TestOperatorsClientUnderAURL: what the operator registered under a URL is not for a document to describe.
func TestOperatorsClientUnderAURL(t *testing.T) {
	d, c, p := publish(t)
	create(t, d, p.id("/c.json"), oauth.AuthClientSecretBasic, "s1")
	c.pass(time.Hour)
	got, err := d.Lookup(t.Context(), p.id("/c.json"))
	if err != nil || got.Origin != store.Registered || got.Public() {
		t.Errorf("Lookup = %+v, %v; want the operator's client", got, err)
	}
	p.asked(t, "for it", 0)
}

// FuzzDocument: no document breaks the server, and what is accepted is public and about itself.
func FuzzDocument(f *testing.F) {
	const id = "https://app.example/c.json"
	f.Add(fmt.Sprintf(plainDocument, id))
	f.Add(`{"client_id":"` + id + `","client_name":"A","redirect_uris":["cursor://a/b"],"token_endpoint_auth_methods_supported":["none"]}`)
	f.Add(`{"client_id":"` + id + `","client_secret":null}`)
	f.Fuzz(func(t *testing.T, body string) {
		m, err := parseDocument(id, &outbound.Response{Status: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte(body)}, false)
		if err != nil {
			if codeOf(err) != oauth.InvalidClient {
				t.Fatalf("parseDocument(%q) = %v", body, err)
			}
			return
		}
		if m.TokenEndpointAuthMethod != oauth.AuthNone || m.ClientName == "" || len(m.RedirectURIs) == 0 || !strings.Contains(body, id) {
			t.Fatalf("parseDocument(%q) accepts %+v", body, m)
		}
	})
}
