package clients

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var somewhere = netip.MustParseAddr("198.51.100.7")

// register registers a body and returns the answer as the client reads it.
func register(t testing.TB, d *Directory, body string) (map[string]any, error) {
	t.Helper()
	answer, err := d.Register(t.Context(), []byte(body), somewhere)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members, nil
}

func TestRegisterAnswers(t *testing.T) {
	d, c := newDirectory(t)
	for _, tt := range []struct {
		name, body string
		want       map[string]any // nil for absent
	}{
		{"the least there is, native", `{"redirect_uris":["http://localhost:3118/callback"]}`, map[string]any{
			"token_endpoint_auth_method": "none", "application_type": "native", "client_secret": nil, "client_secret_expires_at": nil,
			"redirect_uris": []any{"http://localhost:3118/callback"}, "grant_types": []any{"authorization_code", "refresh_token"}, "response_types": []any{"code"},
			"client_name": nil, "scope": nil}},
		{"the least there is, web", `{"redirect_uris":["https://app.example/cb"]}`, map[string]any{
			"token_endpoint_auth_method": "client_secret_basic", "application_type": "web", "client_secret_expires_at": 0.0}},
		{"a private scheme is native", `{"redirect_uris":["cursor://a/cb"]}`, map[string]any{"token_endpoint_auth_method": "none", "application_type": "native"}},
		{"web with loopback is native", `{"redirect_uris":["http://127.0.0.1/cb"],"application_type":"web"}`, map[string]any{"application_type": "native"}},
		{"native with https stays", `{"redirect_uris":["https://app.example/cb"],"application_type":"native"}`, map[string]any{"application_type": "native", "token_endpoint_auth_method": "none"}},
		{"an unknown application type is inferred", `{"redirect_uris":["https://app.example/cb"],"application_type":"spa"}`, map[string]any{"application_type": "web"}},
		{"a public web client", `{"redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"none"}`, map[string]any{"token_endpoint_auth_method": "none", "client_secret": nil}},
		{"a secret in the body", `{"redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"client_secret_post"}`, map[string]any{
			"token_endpoint_auth_method": "client_secret_post", "client_secret_expires_at": 0.0}},
		{"unknown grant types are dropped", `{"redirect_uris":["http://127.0.0.1/cb"],"grant_types":["authorization_code","urn:ietf:params:oauth:grant-type:device_code","client_credentials","implicit"]}`,
			map[string]any{"grant_types": []any{"authorization_code"}}},
		{"unknown response types are dropped", `{"redirect_uris":["http://127.0.0.1/cb"],"response_types":["code","token"]}`, map[string]any{"response_types": []any{"code"}}},
		{"empty and null members are left out", `{"redirect_uris":["http://127.0.0.1/cb"],"client_uri":"","logo_uri":null,"contacts":[],"scope":"","client_name":" "}`, map[string]any{
			"client_uri": nil, "logo_uri": nil, "contacts": nil, "scope": nil, "client_name": nil}},
		{"http pages are left out", `{"redirect_uris":["http://127.0.0.1/cb"],"client_uri":"http://app.example"}`, map[string]any{"client_uri": nil}},
		{"https pages are kept", `{"redirect_uris":["http://127.0.0.1/cb"],"client_uri":"https://app.example","tos_uri":"https://app.example/tos"}`, map[string]any{"client_uri": "https://app.example", "tos_uri": "https://app.example/tos"}},
		{"a scope is said back", `{"redirect_uris":["http://127.0.0.1/cb"],"scope":"todo.read  todo.write"}`, map[string]any{"scope": "todo.read todo.write"}},
		{"a key set as an object", `{"redirect_uris":["http://127.0.0.1/cb"],"jwks":{"keys":[]}}`, map[string]any{"jwks": nil}},
		{"a key set as a string", `{"redirect_uris":["http://127.0.0.1/cb"],"jwks":"{}"}`, map[string]any{"jwks": nil}},
		{"the same redirect URI twice", `{"redirect_uris":["http://127.0.0.1/cb","http://127.0.0.1/cb"]}`, map[string]any{"redirect_uris": []any{"http://127.0.0.1/cb"}}},
		{"a name is put together and trimmed", `{"redirect_uris":["http://127.0.0.1/cb"],"client_name":" Cafe\u0301 \ud83e\udd16 "}`, map[string]any{"client_name": "Café 🤖"}},
		{"software", `{"redirect_uris":["http://127.0.0.1/cb"],"software_id":"2e8b6a","software_version":"0.15.1","contacts":["a@b.example"]}`, map[string]any{
			"software_id": "2e8b6a", "software_version": "0.15.1", "contacts": []any{"a@b.example"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := register(t, d, tt.body)
			if err != nil {
				t.Fatalf("Register(%s) = %v, want none", tt.body, err)
			}
			for name, want := range tt.want {
				if have, ok := got[name]; want == nil && ok || want != nil && fmt.Sprint(have) != fmt.Sprint(want) {
					t.Errorf("Register(%s): %s = %v, want %v", tt.body, name, have, want)
				}
			}
			if got["client_id_issued_at"] != float64(c.now.Unix()) {
				t.Errorf("client_id_issued_at = %v, want %d", got["client_id_issued_at"], c.now.Unix())
			}
			_, secret := got["client_secret"]
			if _, expires := got["client_secret_expires_at"]; secret != expires || secret == (got["token_endpoint_auth_method"] == "none") {
				t.Errorf("client_secret %v, client_secret_expires_at %v with method %v", secret, expires, got["token_endpoint_auth_method"])
			}
			wellFormed(t, got)
		})
	}
}

var urlSafe = regexp.MustCompile(`^[A-Za-z0-9._~-]+$`)

// wellFormed checks what every answer must be for real clients to read it.
func wellFormed(t *testing.T, answer map[string]any) {
	t.Helper()
	for name, value := range answer {
		if value == nil || value == "" {
			t.Errorf("%s is %v: members without a value are left out", name, value)
		}
	}
	for _, name := range []string{"client_id", "client_secret"} {
		if s, ok := answer[name].(string); ok && (!urlSafe.MatchString(s) || strings.HasPrefix(s, "http")) {
			t.Errorf("%s is %q, want characters that need no escaping, and no URL", name, s)
		}
	}
	if secret, ok := answer["client_secret"].(string); ok && len(strings.TrimPrefix(secret, secretPrefix)) < 43 {
		t.Errorf("client_secret has %d characters, want 256 bits", len(secret))
	}
}

func TestRegisterRefuses(t *testing.T) {
	d, _ := newDirectory(t)
	body := func(extra string) string { return `{"redirect_uris":["http://127.0.0.1/cb"],` + extra + `}` }
	many := make([]string, maxRedirectURIs+1)
	for i := range many {
		many[i] = fmt.Sprintf(`"https://app.example/%d"`, i)
	}
	for _, tt := range []struct {
		name, body string
		want       oauth.Code
		says       string
	}{
		{"no JSON", `x`, oauth.InvalidClientMetadata, ""},
		{"a list", `[]`, oauth.InvalidClientMetadata, ""},
		{"a member twice", `{"redirect_uris":["https://a.example/"],"redirect_uris":["https://b.example/"]}`, oauth.InvalidClientMetadata, "redirect_uris"},
		{"other letters", `{"Redirect_Uris":["https://a.example/"]}`, oauth.InvalidClientMetadata, "redirect_uris"},
		{"a wrong type", body(`"client_name":1`), oauth.InvalidClientMetadata, "client_name"},
		{"no redirect URI", `{}`, oauth.InvalidRedirectURI, "redirect_uris"},
		{"an empty list of redirect URIs", `{"redirect_uris":[]}`, oauth.InvalidRedirectURI, "redirect_uris"},
		{"null for redirect URIs", `{"redirect_uris":null}`, oauth.InvalidRedirectURI, "redirect_uris"},
		{"too many redirect URIs", `{"redirect_uris":[` + strings.Join(many, ",") + `]}`, oauth.InvalidRedirectURI, "20"},
		{"one bad redirect URI among good ones is named", `{"redirect_uris":["https://a.example/","http://b.example/","https://c.example/"]}`, oauth.InvalidRedirectURI, "http://b.example/"},
		{"a script as redirect URI", `{"redirect_uris":["javascript:alert(1)"]}`, oauth.InvalidRedirectURI, "javascript"},
		{"a script with a capital", `{"redirect_uris":["Javascript:alert(1)"]}`, oauth.InvalidRedirectURI, ""},
		{"data as redirect URI", `{"redirect_uris":["data:text/html,x"]}`, oauth.InvalidRedirectURI, ""},
		{"a wildcard", `{"redirect_uris":["https://*.example.com/cb"]}`, oauth.InvalidRedirectURI, "wildcard"},
		{"a fragment", `{"redirect_uris":["https://a.example/#"]}`, oauth.InvalidRedirectURI, "fragment"},
		{"an authentication method that is not supported", body(`"token_endpoint_auth_method":"private_key_jwt"`), oauth.InvalidClientMetadata, "client_secret_basic"},
		{"grant types without codes", body(`"grant_types":["client_credentials"]`), oauth.InvalidClientMetadata, "authorization_code"},
		{"only refresh tokens", body(`"grant_types":["refresh_token"]`), oauth.InvalidClientMetadata, "authorization_code"},
		{"response types without code", body(`"response_types":["token"]`), oauth.InvalidClientMetadata, "code"},
		{"a script as logo", body(`"logo_uri":"javascript:alert(1)"`), oauth.InvalidClientMetadata, "logo_uri"},
		{"a script as page, in another spelling", body(`"client_uri":"JaVaScRiPt:alert(1)"`), oauth.InvalidClientMetadata, "client_uri"},
		{"a script behind a space", body(`"client_uri":" javascript:alert(1)"`), oauth.InvalidClientMetadata, "client_uri"},
		{"data as terms", body(`"tos_uri":"data:text/html,x"`), oauth.InvalidClientMetadata, "tos_uri"},
		{"a page without host", body(`"policy_uri":"https:///x"`), oauth.InvalidClientMetadata, "policy_uri"},
		{"a page with a quote", body(`"policy_uri":"https://a.example/\"onload=x"`), oauth.InvalidClientMetadata, "policy_uri"},
		{"a page with user information", body(`"policy_uri":"https://bank.example@evil.example/"`), oauth.InvalidClientMetadata, "policy_uri"},
		{"a script in another language", body(`"client_uri#ja":"javascript:alert(1)"`), oauth.InvalidClientMetadata, "client_uri"},
		{"a script as key set", body(`"jwks_uri":"javascript:alert(1)"`), oauth.InvalidClientMetadata, "jwks_uri"},
		{"a name that runs backwards", body(`"client_name":"Claude\u202e"`), oauth.InvalidClientMetadata, "U+202E"},
		{"a name with a zero-width space", body(`"client_name":"Cl\u200baude"`), oauth.InvalidClientMetadata, "U+200B"},
		{"a name with a line break", body(`"client_name":"Claude\nby Anthropic"`), oauth.InvalidClientMetadata, "U+000A"},
		{"a name with a line separator", body(`"client_name":"Claude\u2028x"`), oauth.InvalidClientMetadata, "U+2028"},
		{"a name with an escape", body(`"client_name":"\u001b[31mClaude"`), oauth.InvalidClientMetadata, "U+001B"},
		{"a name with a private-use character", body(`"client_name":"\uf8ff"`), oauth.InvalidClientMetadata, "U+F8FF"},
		{"a name with an invisible filler", body(`"client_name":"Claude\u3164"`), oauth.InvalidClientMetadata, "U+3164"},
		{"a name with half a surrogate pair", body(`"client_name":"\ud800"`), oauth.InvalidClientMetadata, "U+FFFD"},
		{"a name with tag characters", body(`"client_name":"Claude\udb40\udc41"`), oauth.InvalidClientMetadata, "U+E0041"},
		{"a name of 101 characters", body(`"client_name":"` + strings.Repeat("a", 101) + `"`), oauth.InvalidClientMetadata, "100"},
		{"a name with a tower of accents", body(`"client_name":"a` + strings.Repeat("\u0316", 9) + `"`), oauth.InvalidClientMetadata, "marks"},
		{"a scope with a quote", body(`"scope":"a\"b"`), oauth.InvalidClientMetadata, "scope"},
		{"too many contacts", body(`"contacts":["1","2","3","4","5","6","7","8","9","10","11"]`), oauth.InvalidClientMetadata, "contacts"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := register(t, d, tt.body)
			if codeOf(err) != tt.want || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Register(%s) = %v, %v; want %s that says %q", tt.body, got, err, tt.want, tt.says)
			}
			if kept, _ := d.Store.Clients(t.Context(), "", 10); len(kept) != 0 {
				t.Errorf("Register(%s) was refused and left %v", tt.body, kept)
			}
		})
	}
}

// TestRegisterCannotExpressPrivilege sends what an operator could set (threat B1) and finds nothing of it stored.
func TestRegisterCannotExpressPrivilege(t *testing.T) {
	d, _ := newDirectory(t)
	got, err := register(t, d, `{"redirect_uris":["https://app.example/cb"],"token_endpoint_auth_method":"client_secret_basic",
		"grant_types":["authorization_code","client_credentials"],"client_id":"mine","client_secret":"mine","client_secret_expires_at":9,
		"first_party":true,"FirstParty":true,"introspects":["*"],"Introspects":["*"],"skip_consent":true,"owner":"per_1","org_id":"org_1",
		"origin":"registered","Origin":"registered","disabled":false,"version":99,"access_token_ttl":9999999,"used_at":"2026-01-01T00:00:00Z"}`)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := d.Store.Clients(t.Context(), "", 10)
	if err != nil || len(kept) != 1 {
		t.Fatalf("the store holds %v, %v; want one client", kept, err)
	}
	c := kept[0]
	if c.ID == "mine" || c.FirstParty || len(c.Introspects) != 0 || c.Origin != store.SelfRegister || c.Version != 1 || !c.UsedAt.IsZero() ||
		(Client{Client: c}).MayUse(oauth.GrantClientCredentials) || len(c.Scope) != 0 {
		t.Errorf("a stranger registered %+v", c)
	}
	if len(c.Secrets) != 1 || c.Secrets[0] == store.DigestOf("mine") || c.Secrets[0] != store.DigestOf(got["client_secret"].(string)) {
		t.Errorf("the secret on file is not the digest of the one that was answered")
	}
	for name := range got {
		if slices.Contains([]string{"first_party", "introspects", "skip_consent", "owner", "org_id", "origin", "version", "access_token_ttl"}, name) {
			t.Errorf("the answer says %s", name)
		}
	}
	answered, err := d.Authenticate(t.Context(), header(basic(got["client_id"].(string), got["client_secret"].(string))), nil)
	if err != nil || answered.ID != c.ID {
		t.Errorf("Authenticate with what was answered = %q, %v; want %q", answered.ID, err, c.ID)
	}
}

func TestRegisterFoldsPublicClients(t *testing.T) {
	d, c := newDirectory(t)
	const claude = `{"redirect_uris":["http://localhost:3118/callback"],"client_name":"Claude Code","token_endpoint_auth_method":"none"}`
	first, err := register(t, d, claude)
	if err != nil {
		t.Fatal(err)
	}
	id := first["client_id"].(string)
	for _, tt := range []struct {
		name, body string
		same       bool
	}{
		{"the same", claude, true},
		{"in another order and with members that are dropped", `{"token_endpoint_auth_method":"none","x":1,"client_name":"Claude Code","redirect_uris":["http://localhost:3118/callback"]}`, true},
		{"on another loopback port", strings.Replace(claude, "3118", "54321", 1), true},
		{"without a port", strings.Replace(claude, ":3118", "", 1), true},
		{"another name", strings.Replace(claude, "Claude Code", "Claude", 1), false},
		{"another path", strings.Replace(claude, "callback", "cb", 1), false},
		{"another loopback host", strings.Replace(claude, "localhost", "127.0.0.1", 1), false},
		{"another port that is no loopback", strings.Replace(claude, "http://localhost:3118", "https://localhost:3118", 1), false},
		{"one redirect URI more", strings.Replace(claude, `"],"cl`, `","https://evil.example/"],"cl`, 1), false},
		{"a confidential one", strings.Replace(claude, "none", "client_secret_basic", 1), false},
	} {
		c.pass(time.Hour)
		got, err := register(t, d, tt.body)
		if err != nil {
			t.Fatal(err)
		}
		if (got["client_id"] == id) != tt.same {
			t.Errorf("%s: client_id %v, the first was %v; want the same: %v", tt.name, got["client_id"], id, tt.same)
		}
		if tt.same && got["client_id_issued_at"] != first["client_id_issued_at"] {
			t.Errorf("%s: client_id_issued_at %v, want when it was issued first: %v", tt.name, got["client_id_issued_at"], first["client_id_issued_at"])
		}
		var asked struct {
			URIs []any `json:"redirect_uris"`
		}
		if err := json.Unmarshal([]byte(tt.body), &asked); err != nil || fmt.Sprint(got["redirect_uris"]) != fmt.Sprint(asked.URIs) {
			t.Errorf("%s: redirect_uris %v, want those that were asked: %v", tt.name, got["redirect_uris"], asked.URIs)
		}
	}
	other := &Directory{Store: d.Store, FoldKey: []byte("another key"), Now: d.Now}
	if got, err := register(t, other, claude); err != nil || got["client_id"] == id {
		t.Errorf("under another key client_id is %v, %v; want another: ids must not be foreseeable", got["client_id"], err)
	}
}

// TestForgottenClientComesBackUnderItsID: Claude Code replays a stale registration for ever.
func TestForgottenClientComesBackUnderItsID(t *testing.T) {
	d, c := newDirectory(t)
	d.Room = 2
	body := func(i int) string { return fmt.Sprintf(`{"redirect_uris":["http://127.0.0.1/%d"]}`, i) }
	first, err := register(t, d, body(0))
	if err != nil {
		t.Fatal(err)
	}
	id := store.ClientID(first["client_id"].(string))
	for i := 1; i <= 3; i++ {
		c.pass(time.Minute)
		if _, err := register(t, d, body(i)); err != nil {
			t.Fatal(err)
		}
	}
	if kept, err := d.Store.Clients(t.Context(), "", 10); err != nil || len(kept) != 2 {
		t.Errorf("with room for 2 the store holds %d clients, %v", len(kept), err)
	}
	if _, err := d.Lookup(t.Context(), id); codeOf(err) != oauth.InvalidClient {
		t.Errorf("Lookup of the one that had to go = %v, want invalid_client", err)
	}
	again, err := register(t, d, body(0))
	if err != nil || again["client_id"] != string(id) {
		t.Errorf("it comes back as %v, %v; want %v", again["client_id"], err, id)
	}
}

func TestDisabledClientDoesNotComeBack(t *testing.T) {
	d, _ := newDirectory(t)
	const body = `{"redirect_uris":["http://127.0.0.1/cb"]}`
	got, err := register(t, d, body)
	if err != nil {
		t.Fatal(err)
	}
	row, err := d.Store.Client(t.Context(), store.ClientID(got["client_id"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	row.Disabled = true
	if err := d.Store.UpdateClient(t.Context(), row); err != nil {
		t.Fatal(err)
	}
	if _, err := register(t, d, body); codeOf(err) != oauth.AccessDenied {
		t.Errorf("registering a disabled client again = %v, want access_denied", err)
	}
}

func TestRegistrationPolicy(t *testing.T) {
	d, _ := newDirectory(t)
	d.Settings.NoPrivateScheme = true
	if _, err := register(t, d, `{"redirect_uris":["https://a.example/","cursor://a/cb"]}`); codeOf(err) != oauth.InvalidRedirectURI || !strings.Contains(err.Error(), "cursor://a/cb") {
		t.Errorf("a private scheme where they are forbidden = %v, want invalid_redirect_uri that names it", err)
	}
	d.Settings.NoRegistration = true
	if _, err := register(t, d, `{"redirect_uris":["https://a.example/"]}`); codeOf(err) != oauth.AccessDenied {
		t.Errorf("registering where that is off = %v, want access_denied", err)
	}
}

func TestLimits(t *testing.T) {
	d, c := newDirectory(t)
	d.Limits = &Limits{PerNetwork: Rate{PerSecond: 1, Burst: 2}, Overall: Rate{PerSecond: 2, Burst: 4}}
	from := func(addr string) error {
		_, err := d.Register(t.Context(), []byte(`{"redirect_uris":["http://127.0.0.1/cb"]}`), netip.MustParseAddr(addr))
		return err
	}
	for i, tt := range []struct {
		addr string
		ok   bool
	}{
		{"198.51.100.1", true}, {"198.51.100.250", true},
		{"198.51.100.9", false},        // the third of the /24
		{"::ffff:198.51.100.9", false}, // which is the same in IPv6 clothes
		{"2001:db8:1::1", true}, {"2001:db8:1:ffff::1", true},
		{"203.0.113.1", false}, // the fifth of all, from a network not seen before
	} {
		err := from(tt.addr)
		var limited *RateLimited
		if (err == nil) != tt.ok || err != nil && (!errors.As(err, &limited) || limited.RetryAfter < time.Second || codeOf(err) != oauth.TemporarilyUnavailable) {
			t.Errorf("registration %d from %s = %v, want ok %v", i, tt.addr, err, tt.ok)
		}
	}
	c.pass(time.Second)
	if err := from("198.51.100.9"); err != nil {
		t.Errorf("a second later from the first network = %v, want none: what was refused cost nothing", err)
	}
}

// TestOverallLimitCostsTheNetworkNothing: what was refused for everybody's sake is not held against one network.
func TestOverallLimitCostsTheNetworkNothing(t *testing.T) {
	l := &Limits{PerNetwork: Rate{PerSecond: 1e-9, Burst: 1}, Overall: Rate{PerSecond: 1, Burst: 1}}
	now := newClock().now
	if err := l.take(netip.MustParseAddr("198.51.100.1"), now); err != nil {
		t.Fatal(err)
	}
	other := netip.MustParseAddr("203.0.113.1")
	if err := l.take(other, now); err == nil {
		t.Error("the second of one registration overall = none, want a refusal")
	}
	if err := l.take(other, now.Add(time.Second)); err != nil {
		t.Errorf("a second later = %v, want none: the network has not used its own", err)
	}
}

func TestLimitsAreBounded(t *testing.T) {
	var l Limits
	l.Overall = Rate{PerSecond: 1e9, Burst: 1e9}
	now := newClock().now
	for i := range networksKept + 500 {
		addr := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		if err := l.take(addr, now); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.networks) != networksKept || l.recent.Len() != networksKept {
		t.Errorf("%d networks and %d in order are kept, want %d", len(l.networks), l.recent.Len(), networksKept)
	}
}

// FuzzRegister: no body breaks the server; what is accepted can be asked for, and reads back without empty members.
func FuzzRegister(f *testing.F) {
	f.Add(`{"redirect_uris":["http://localhost:3118/callback"],"client_name":"x","client_uri":"https://a.example"}`)
	f.Add(`{"redirect_uris":["https://a.example/"],"client_uri#ja":"x","scope":"a b","jwks":{}}`)
	f.Add(`{"redirect_uris":["cursor://a/b"],"grant_types":["authorization_code"],"contacts":["x"]}`)
	d := &Directory{FoldKey: []byte("k")}
	f.Fuzz(func(t *testing.T, body string) {
		m, err := d.readRegistration([]byte(body))
		if err != nil {
			if c := codeOf(err); c != oauth.InvalidClientMetadata && c != oauth.InvalidRedirectURI {
				t.Fatalf("readRegistration(%q) = %v", body, err)
			}
			return
		}
		c := store.Client{ID: d.foldedID(m), Metadata: m}
		for _, uri := range m.RedirectURIs {
			if _, err := (Client{Client: c}).RedirectTarget(uri); err != nil {
				t.Fatalf("readRegistration(%q) accepts %q, RedirectTarget does not: %v", body, uri, err)
			}
		}
		text, err := json.Marshal(d.answer(c, m, ""))
		var members map[string]any
		if err != nil || json.Unmarshal(text, &members) != nil {
			t.Fatal(err)
		}
		wellFormed(t, members)
		again, err := accept(m, false)
		if err != nil || d.foldedID(again) != c.ID {
			t.Fatalf("what was accepted of %q is not accepted again as it is: %v", body, err)
		}
	})
}
