package clients

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// TestRealRegistrationsWork registers what real clients send, all redirect URIs of one client at once, and asks for
// the redirect URI that the client then uses.
func TestRealRegistrationsWork(t *testing.T) {
	for _, tt := range []struct {
		name     string
		register []string
		use      []string
	}{
		{"Claude on the web", []string{"https://claude.ai/api/mcp/auth_callback"}, []string{"https://claude.ai/api/mcp/auth_callback"}},
		{"Claude on its other host", []string{"https://claude.com/api/mcp/auth_callback"}, []string{"https://claude.com/api/mcp/auth_callback"}},
		{"Claude Code's document: portless, used with a port", []string{"http://localhost/callback", "http://127.0.0.1/callback"}, []string{"http://localhost:3118/callback", "http://127.0.0.1:61234/callback"}},
		{"Claude Code by registration", []string{"http://localhost:3118/callback"}, []string{"http://localhost:3118/callback", "http://localhost:55999/callback"}},
		{"Claude Code on the desktop", []string{"claude://claude.ai/mcp-auth-callback/sdk"}, []string{"claude://claude.ai/mcp-auth-callback/sdk"}},
		{"ChatGPT", []string{"https://chatgpt.com/connector_platform_oauth_redirect"}, []string{"https://chatgpt.com/connector_platform_oauth_redirect"}},
		{"ChatGPT, one per connection", []string{"https://chatgpt.com/connector/oauth/abc123"}, []string{"https://chatgpt.com/connector/oauth/abc123"}},
		{"Codex with a path of its own", []string{"http://127.0.0.1:49731/callback/0a1b2c3d4e5f"}, []string{"http://127.0.0.1:50000/callback/0a1b2c3d4e5f"}},
		{"Cursor's three at once", []string{"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"},
			[]string{"cursor://anysphere.cursor-mcp/oauth/callback", "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"}},
		{"Visual Studio Code", []string{"http://127.0.0.1:33418/", "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect", "http://127.0.0.1/"},
			[]string{"http://127.0.0.1:33418/", "http://127.0.0.1:41999/", "https://vscode.dev/redirect", "https://insiders.vscode.dev/redirect"}},
		{"Copilot CLI", []string{"http://127.0.0.1:41207/"}, []string{"http://127.0.0.1:41207/"}},
		{"Gemini CLI", []string{"http://localhost:37123/oauth/callback"}, []string{"http://localhost:37124/oauth/callback"}},
		{"mcp-remote", []string{"http://localhost:3335/oauth/callback"}, []string{"http://localhost:3336/oauth/callback"}},
		{"Inspector", []string{"http://localhost:6274/oauth/callback"}, []string{"http://localhost:6274/oauth/callback"}},
		{"Inspector in a terminal", []string{"http://127.0.0.1:6276/oauth/callback"}, []string{"http://127.0.0.1:6276/oauth/callback"}},
		{"OpenCode", []string{"http://127.0.0.1:19876/mcp/oauth/callback"}, []string{"http://127.0.0.1:19876/mcp/oauth/callback"}},
		{"Grok's trailing slash", []string{"https://grok.com/connectors-oauth-exchange-code/", "https://console.x.ai/connectors-oauth-exchange-code/"},
			[]string{"https://grok.com/connectors-oauth-exchange-code/", "https://console.x.ai/connectors-oauth-exchange-code/"}},
		{"Antigravity", []string{"https://antigravity.google/oauth-callback"}, []string{"https://antigravity.google/oauth-callback"}},
		{"Windsurf's scheme", []string{"windsurf://codeium.windsurf/oauth/callback"}, []string{"windsurf://codeium.windsurf/oauth/callback"}},
		{"Open WebUI on a host of its own", []string{"https://chat.company.example/oauth/clients/mcp:todo/callback"}, []string{"https://chat.company.example/oauth/clients/mcp:todo/callback"}},
	} {
		t.Run(tt.name, func(t *testing.T) { registerAndUse(t, tt.register, tt.use) })
	}
	for _, one := range WellKnown().clients {
		all := slices.Concat(one.Loopback, one.Private)
		for _, uri := range one.HTTPS {
			all = append(all, strings.Replace(uri, "*", "x1", 1))
		}
		if len(all) > 0 {
			t.Run("known.json: "+one.Name, func(t *testing.T) { registerAndUse(t, all, all) })
		}
	}
}

func registerAndUse(t *testing.T, uris, use []string) {
	t.Helper()
	d, _ := newDirectory(t)
	body, err := json.Marshal(map[string]any{"redirect_uris": uris, "client_name": "x", "token_endpoint_auth_method": "none"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Register(t.Context(), body, somewhere)
	if err != nil {
		t.Fatalf("Register(%s) = %v, want none", body, err)
	}
	if !slices.Equal(got.RedirectURIs, uris) {
		t.Errorf("Register(%s) answers %v", body, got.RedirectURIs)
	}
	c, err := d.Lookup(t.Context(), got.ClientID)
	if err != nil {
		t.Fatal(err)
	}
	for _, uri := range use {
		if target, err := c.RedirectTarget(uri); err != nil || string(target) != uri {
			t.Errorf("RedirectTarget(%q) = %q, %v; want it as it is", uri, target, err)
		}
	}
}

func TestKnownDocumentsAreValidIDs(t *testing.T) {
	d := documentsOn(t)
	for _, one := range WellKnown().clients {
		for _, id := range one.Documents {
			if _, err := d.Documents.checkID(store.ClientID(id)); err != nil {
				t.Errorf("%s: checkID(%q) = %v, want none", one.Name, id, err)
			}
		}
	}
}

func TestBadge(t *testing.T) {
	cimd := func(id string) Client {
		return Client{Client: store.Client{ID: store.ClientID(id), Origin: store.Document}}
	}
	dcr := Client{Client: store.Client{ID: "dcr_x", Origin: store.SelfRegister, Metadata: oauth.ClientMetadata{ClientName: "Claude"}}}
	for _, tt := range []struct {
		name     string
		client   Client
		redirect oauth.RedirectURI
		want     string
	}{
		{"Claude's document", cimd("https://claude.ai/oauth/mcp-oauth-client-metadata"), "https://claude.ai/api/mcp/auth_callback", "Claude"},
		{"Claude Code's document", cimd("https://claude.ai/oauth/claude-code-client-metadata"), "http://localhost:3118/callback", "Claude Code"},
		{"Codex' document, on the host of ChatGPT's", cimd("https://chatgpt.com/oauth/codex/client.json"), "http://127.0.0.1:9/callback/x", "Codex"},
		{"another document on a known host", cimd("https://chatgpt.com/oauth/other.json"), "https://other.example/", "ChatGPT"},
		{"a registration that is answered at Claude's address", dcr, "https://claude.ai/api/mcp/auth_callback", "Claude"},
		{"a registration that is answered at one of ChatGPT's", dcr, "https://chatgpt.com/connector/oauth/abc123", "ChatGPT"},
		{"nothing behind ChatGPT's stem", dcr, "https://chatgpt.com/connector/oauth/", ""},
		{"more than a segment behind it", dcr, "https://chatgpt.com/connector/oauth/a/b", ""},
		{"a registration by that name on loopback", dcr, "http://localhost:3118/callback", ""},
		{"a registration with a known private scheme", dcr, "cursor://anysphere.cursor-mcp/oauth/callback", ""},
		{"a longer address", dcr, "https://claude.ai/api/mcp/auth_callback/x", ""},
		{"a host that ends alike", cimd("https://notclaude.ai/oauth/mcp-oauth-client-metadata"), "https://notclaude.ai/", ""},
		{"a subdomain", cimd("https://x.claude.ai/c.json"), "https://x.claude.ai/", ""},
		{"a known host on another port", cimd("https://claude.ai:8443/c.json"), "https://claude.ai:8443/", ""},
		{"an id like a document's of a client that is none", Client{Client: store.Client{ID: "https://claude.ai/oauth/mcp-oauth-client-metadata", Origin: store.Registered}}, "https://a.example/", ""},
	} {
		if got, ok := WellKnown().Badge(tt.client, tt.redirect); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: Badge = %q, %v; want %q", tt.name, got, ok, tt.want)
		}
	}
	if got, ok := (*Known)(nil).Badge(dcr, "https://claude.ai/api/mcp/auth_callback"); ok {
		t.Errorf("Badge without a list = %q, want none", got)
	}
}

func TestLookalike(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"Claude", "Claude"}, {"claude", "Claude"}, {"Claude ", "Claude"}, {"CLAUDE", "Claude"}, {"CIaude", "Claude"}, {"C1aude", "Claude"},
		{"Cl4ude", "Claude"}, {"C|aude", "Claude"}, {"Сlaude", "Claude"}, {"Clаudе", "Claude"}, {"ⲤlaudΕ", "Claude"}, {"Ｃｌａｕｄｅ", "Claude"}, {"𝐂𝐥𝐚𝐮𝐝𝐞", "Claude"},
		{"Cláude", "Claude"}, {"C l a u d e", "Claude"}, {"C.l.a.u.d.e", "Claude"}, {"Claude-Code", "Claude Code"}, {"ClaudeCode", "Claude Code"},
		{"Claude Code (official)", "Claude Code"}, {"Claude Desktop", "Claude"}, {"The real Claude by Anthropic", "Claude"}, {"ClaudeOfficial", "Claude"},
		{"Claude\u00a0Code", "Claude Code"}, {"ChatGPT", "ChatGPT"}, {"Chat GPT", "ChatGPT"}, {"ChаtGРT", "ChatGPT"}, {"Cursоr", "Cursor"}, {"Curs0r", "Cursor"},
		{"VS Code", "Visual Studio Code"}, {"VSCode Insiders", "Visual Studio Code"}, {"Visual Studio Code - Insiders", "Visual Studio Code"},
		{"Gemini CLI", "Gemini CLI"}, {"Gernini CLI", "Gemini CLI"}, {"GEMINI-CLI-2", "Gemini CLI"}, {"mcp remote", "mcp-remote"}, {"Grok", "Grok"}, {"Gr0k", "Grok"},
		{"Zed", "Zed"}, {"vvindsurf", "Windsurf"},
		{"Todo", ""}, {"Claudia", ""}, {"Grokking Simplicity", ""}, {"Zedd", ""}, {"Include", ""}, {"My Agent", ""}, {"", ""}, {"日本語", ""}, {"Code", ""},
	} {
		if got, ok := WellKnown().Lookalike(tt.name); got != tt.want || ok != (tt.want != "") {
			t.Errorf("Lookalike(%q) = %q, %v; want %q", tt.name, got, ok, tt.want)
		}
	}
	if got, ok := (*Known)(nil).Lookalike("Claude"); ok {
		t.Errorf("Lookalike without a list = %q, want none", got)
	}
}
