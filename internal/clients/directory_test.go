package clients

import (
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/oauth"
)

// clock is a time that tests move.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time       { return c.now }
func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }
func newClock() *clock                { return &clock{time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)} }
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}
func header(authorization string) http.Header {
	if authorization == "" {
		return http.Header{}
	}
	return http.Header{"Authorization": {authorization}}
}

// newDirectory is a directory over a real database.
func newDirectory(t testing.TB) (*Directory, *clock) {
	t.Helper()
	db := sqldbtest.Open(t)
	c := newClock()
	project := store.Project{ID: "default", Issuer: "https://as.example", Name: "Test", CreatedAt: c.now}
	if err := db.CreateProject(t.Context(), project); err != nil {
		t.Fatal(err)
	}
	return &Directory{Store: db.For("default"), FoldKey: []byte("0123456789abcdef0123456789abcdef"), Now: c.Now}, c
}

// codeOf is the code of a refusal; "" for none, and the error itself for what is no refusal.
func codeOf(err error) oauth.Code {
	var refusal *oauth.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return refusal.Code
	default:
		return oauth.Code("not a refusal: " + err.Error())
	}
}

// create files a client of the operator.
func create(t testing.TB, d *Directory, id store.ClientID, method string, secrets ...string) {
	t.Helper()
	c := store.Client{ID: id, Origin: store.Registered, CreatedAt: d.now(), Metadata: oauth.ClientMetadata{
		RedirectURIs: []string{"https://app.example/cb", "http://127.0.0.1/callback", "cursor://app/cb"}, TokenEndpointAuthMethod: method,
	}}
	for _, secret := range secrets {
		c.Secrets = append(c.Secrets, store.DigestOf(secret))
	}
	if err := d.Store.CreateClient(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}

func TestAuthenticate(t *testing.T) {
	d, _ := newDirectory(t)
	create(t, d, "public", oauth.AuthNone)
	create(t, d, "basic", oauth.AuthClientSecretBasic, "s1", "s2")
	create(t, d, "post", oauth.AuthClientSecretPost, "s1")
	create(t, d, "unsaid", "", "s1")
	create(t, d, "bare", oauth.AuthClientSecretBasic)
	create(t, d, "assertion", "private_key_jwt")
	create(t, d, "disabled", oauth.AuthClientSecretBasic, "s1")
	off, err := d.Store.Client(t.Context(), "disabled")
	if err != nil {
		t.Fatal(err)
	}
	off.Disabled = true
	if err := d.Store.UpdateClient(t.Context(), off); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, header string
		form         oauth.Params
		want         oauth.Code
	}{
		{"a public client says its id", "", oauth.Params{"client_id": "public"}, ""},
		{"Basic with the first secret", basic("basic", "s1"), nil, ""},
		{"Basic with the second secret", basic("basic", "s2"), nil, ""},
		{"Basic with the id in the body too", basic("basic", "s1"), oauth.Params{"client_id": "basic"}, ""},
		{"the body", "", oauth.Params{"client_id": "post", "client_secret": "s1"}, ""},
		{"no method said, and a secret, means Basic", basic("unsaid", "s1"), nil, ""},
		{"nothing", "", nil, oauth.InvalidClient},
		{"a wrong secret", basic("basic", "s3"), nil, oauth.InvalidClient},
		{"the digest of the secret", basic("basic", string(func() []byte { d := store.DigestOf("s1"); return d[:] }())), nil, oauth.InvalidClient},
		{"an empty secret", basic("basic", ""), nil, oauth.InvalidClient},
		{"an empty secret of a client without one", basic("bare", ""), nil, oauth.InvalidClient},
		{"a confidential client without its secret", "", oauth.Params{"client_id": "basic"}, oauth.InvalidClient},
		{"a confidential client of the body without its secret", "", oauth.Params{"client_id": "post"}, oauth.InvalidClient},
		{"the body for a client of Basic", "", oauth.Params{"client_id": "basic", "client_secret": "s1"}, oauth.InvalidClient},
		{"Basic for a client of the body", basic("post", "s1"), nil, oauth.InvalidClient},
		{"a public client with a secret", "", oauth.Params{"client_id": "public", "client_secret": "x"}, oauth.InvalidClient},
		{"a public client with Basic", basic("public", ""), nil, oauth.InvalidClient},
		{"both at once", basic("basic", "s1"), oauth.Params{"client_id": "basic", "client_secret": "s1"}, oauth.InvalidRequest},
		{"both at once for a client of the body", basic("post", "s1"), oauth.Params{"client_secret": "s1"}, oauth.InvalidRequest},
		{"another id in the body", basic("basic", "s1"), oauth.Params{"client_id": "public"}, oauth.InvalidRequest},
		{"a client assertion", "", oauth.Params{"client_id": "assertion", "client_assertion": "x", "client_assertion_type": "y"}, oauth.InvalidClient},
		{"a client of assertions without one", "", oauth.Params{"client_id": "assertion"}, oauth.InvalidClient},
		{"an unknown client", "", oauth.Params{"client_id": "nobody"}, oauth.InvalidClient},
		{"an unknown client with a secret", basic("nobody", "s1"), nil, oauth.InvalidClient},
		{"a disabled client", basic("disabled", "s1"), nil, oauth.InvalidClient},
		{"a document while they are off", "", oauth.Params{"client_id": "https://app.example/c.json"}, oauth.InvalidClient},
		{"a bearer token", "Bearer abc", oauth.Params{"client_id": "public"}, oauth.InvalidClient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := d.Authenticate(t.Context(), header(tt.header), tt.form)
			if codeOf(err) != tt.want || (err == nil) != (got.ID != "") {
				t.Errorf("Authenticate(%q, %v) = %q, %v; want %q", tt.header, tt.form, got.ID, err, tt.want)
			}
			if err != nil && (strings.Contains(err.Error(), "s1") || strings.Contains(err.Error(), "s3")) {
				t.Errorf("the error repeats a secret: %v", err)
			}
		})
	}
}

func TestAuthenticateTellsWhatToDo(t *testing.T) {
	d, _ := newDirectory(t)
	create(t, d, "basic", oauth.AuthClientSecretBasic, "s1")
	for _, tt := range []struct{ id, says string }{{"basic", "HTTP Basic"}, {"nobody", "register again"}} {
		_, err := d.Authenticate(t.Context(), nil, oauth.Params{"client_id": tt.id})
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("Authenticate(%s) = %v, want it to say %q", tt.id, err, tt.says)
		}
	}
}

// TestStorageFailureIsNoRefusal: a client must not throw its registration away because our database is down.
func TestStorageFailureIsNoRefusal(t *testing.T) {
	db := sqldbtest.Open(t)
	d := &Directory{Store: db.For("default")}
	db.Close()
	_, err := d.Authenticate(t.Context(), nil, oauth.Params{"client_id": "public"})
	var refusal *oauth.Error
	if err == nil || errors.As(err, &refusal) {
		t.Errorf("Authenticate without a database = %v, want a failure that is no refusal", err)
	}
}

func TestCacheIsShortAndForgets(t *testing.T) {
	d, c := newDirectory(t)
	create(t, d, "basic", oauth.AuthClientSecretBasic, "old")
	ask := func(secret string) oauth.Code {
		_, err := d.Authenticate(t.Context(), header(basic("basic", secret)), nil)
		return codeOf(err)
	}
	change := func(secret string) {
		row, err := d.Store.Client(t.Context(), "basic")
		if err != nil {
			t.Fatal(err)
		}
		row.Secrets = []store.Digest{store.DigestOf(secret)}
		if err := d.Store.UpdateClient(t.Context(), row); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask("old"); got != "" {
		t.Fatalf("the first secret = %s, want none", got)
	}
	change("new")
	c.pass(4 * time.Second)
	if got := ask("old"); got != "" {
		t.Errorf("the old secret after 4 s = %s, want none: the client is cached", got)
	}
	c.pass(time.Second)
	if got := ask("old"); got != oauth.InvalidClient {
		t.Errorf("the old secret after 5 s = %q, want invalid_client", got)
	}
	change("newer")
	d.Forget("basic")
	if got := ask("newer"); got != "" {
		t.Errorf("the newer secret after Forget = %s, want none", got)
	}
	create(t, d, "late", oauth.AuthNone)
	if _, err := d.Lookup(t.Context(), "late"); err != nil {
		t.Errorf("Lookup of a client created a moment ago = %v, want none", err)
	}
	c.pass(-time.Hour) // the clock was set back
	change("newest")
	if got := ask("newest"); got != "" {
		t.Errorf("the newest secret after the clock was set back = %s, want none", got)
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	now := newClock().now
	for i := range 3 * cacheRoom {
		c.put(store.Client{ID: store.ClientID(rune(0x4e00+i%0x5000)) + store.ClientID(rune(0x61+i%26))}, now)
		if len(c.rows) > cacheRoom {
			t.Fatalf("the cache holds %d clients, want at most %d", len(c.rows), cacheRoom)
		}
	}
}

func TestClient(t *testing.T) {
	client := func(origin store.Origin, method string, grants ...string) Client {
		return Client{Client: store.Client{ID: "https://app.example:8443/c.json", Origin: origin,
			Metadata: oauth.ClientMetadata{TokenEndpointAuthMethod: method, GrantTypes: grants}}}
	}
	for _, tt := range []struct {
		name     string
		client   Client
		redirect oauth.RedirectURI
		want     bool
	}{
		{"a public client on https", client(store.SelfRegister, "none"), "https://app.example/cb", true},
		{"a public client on loopback", client(store.SelfRegister, "none"), "http://127.0.0.1:9/cb", false},
		{"the operator's public client on loopback", client(store.Registered, "none"), "http://127.0.0.1:9/cb", false},
		{"a public client with a private scheme", client(store.Registered, "none"), "cursor://app/cb", false},
		{"a document's client on loopback", client(store.Document, "none"), "http://localhost/cb", false},
		{"a document's client on https", client(store.Document, "none"), "https://app.example/cb", true},
		{"the operator's confidential client", client(store.Registered, "client_secret_basic"), "http://127.0.0.1:9/cb", true},
		{"a confidential client that registered itself, on loopback", client(store.SelfRegister, "client_secret_basic"), "http://127.0.0.1:9/cb", false},
		{"no redirect URI", client(store.SelfRegister, "none"), "", false},
	} {
		if got := tt.client.Proven(tt.redirect); got != tt.want {
			t.Errorf("%s: Proven(%q) = %v, want %v", tt.name, tt.redirect, got, tt.want)
		}
	}
	for _, tt := range []struct {
		name   string
		client Client
		grant  string
		want   bool
	}{
		{"who did not say uses codes", client(store.Registered, "none"), "authorization_code", true},
		{"who did not say refreshes", client(store.Registered, "none"), "refresh_token", true},
		{"who did not say acts for nobody", client(store.Registered, "client_secret_basic"), "client_credentials", false},
		{"who said so acts for itself", client(store.Registered, "client_secret_basic", "client_credentials"), "client_credentials", true},
		{"and does nothing else then", client(store.Registered, "client_secret_basic", "client_credentials"), "authorization_code", false},
		{"a public client never acts for itself", client(store.Registered, "none", "client_credentials"), "client_credentials", false},
		{"nor one that registered itself", client(store.SelfRegister, "client_secret_basic", "client_credentials"), "client_credentials", false},
		{"nor one of a document", client(store.Document, "client_secret_basic", "client_credentials"), "client_credentials", false},
	} {
		if got := tt.client.MayUse(tt.grant); got != tt.want {
			t.Errorf("%s: MayUse(%s) = %v, want %v", tt.name, tt.grant, got, tt.want)
		}
	}
	if got := client(store.Document, "none").VerifiedHost(); got != "app.example:8443" {
		t.Errorf("VerifiedHost of a document's client = %q, want app.example:8443", got)
	}
	if got := client(store.Registered, "none").VerifiedHost(); got != "" {
		t.Errorf("VerifiedHost of the operator's client = %q, want none", got)
	}
	if got := client(store.Document, "none").Name(); got != "app.example:8443" {
		t.Errorf("Name of a document's client without one = %q, want its host", got)
	}
}

func TestRedirectTarget(t *testing.T) {
	d, _ := newDirectory(t)
	create(t, d, "app", oauth.AuthNone)
	c, err := d.Lookup(t.Context(), "app")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, requested, want string }{
		{"https", "https://app.example/cb", "https://app.example/cb"},
		{"loopback on any port", "http://127.0.0.1:50123/callback", "http://127.0.0.1:50123/callback"},
		{"a private scheme", "cursor://app/cb", "cursor://app/cb"},
		{"none: there is no default", "", ""},
		{"one that is not registered", "https://evil.example/cb", ""},
		{"a longer one", "https://app.example/cb/x", ""},
		{"another loopback host", "http://localhost:50123/callback", ""},
	} {
		got, err := c.RedirectTarget(tt.requested)
		if string(got) != tt.want || (tt.want == "") != (codeOf(err) == oauth.InvalidRequest) {
			t.Errorf("%s: RedirectTarget(%q) = %q, %v; want %q", tt.name, tt.requested, got, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "evil") {
			t.Errorf("the error repeats the request: %v", err)
		}
	}
	d.Settings.NoPrivateScheme = true
	if c, err = d.Lookup(t.Context(), "app"); err != nil {
		t.Fatal(err)
	}
	if got, err := c.RedirectTarget("cursor://app/cb"); codeOf(err) != oauth.InvalidRequest {
		t.Errorf("RedirectTarget of a private scheme after they were forbidden = %q, %v; want invalid_request", got, err)
	}
}
