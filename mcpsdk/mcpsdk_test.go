package mcpsdk_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/mcpsdk"
)

type none struct{}

// seen is what a tool sees of its caller, both ways.
type seen struct {
	FromContext, FromSDK, JTI string
	Scopes                    []string
}

// whois is a server whose one tool tells what it sees.
func whois() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "whois", Version: "1"}, nil)
	mcp.AddTool(server, &mcp.Tool{Name: "whois"}, func(ctx context.Context, req *mcp.CallToolRequest, _ none) (*mcp.CallToolResult, seen, error) {
		token, ok := authwright.FromContext(ctx)
		if !ok || req.Extra.TokenInfo == nil {
			return nil, seen{}, errors.New("no token")
		}
		return nil, seen{token.Subject, req.Extra.TokenInfo.UserID, token.ID, req.Extra.TokenInfo.Scopes}, nil
	})
	mcp.AddTool(server, &mcp.Tool{Name: "write"}, func(context.Context, *mcp.CallToolRequest, none) (*mcp.CallToolResult, none, error) {
		return nil, none{}, nil
	})
	return server
}

// start serves a server at a loopback address.
func start(t *testing.T, opts *mcp.StreamableHTTPOptions) (*authwright.Resource, *authwrighttest.Issuer) {
	t.Helper()
	issuer := authwrighttest.NewIssuer(t)
	mux := http.NewServeMux()
	listener := httptest.NewServer(mux)
	t.Cleanup(listener.Close)
	resource, err := authwright.New(authwright.Config{
		Resource: listener.URL + "/mcp", Issuer: issuer.URL, Scopes: []string{"read"},
		Tools: map[string][]string{"write": {"write"}}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	resource.Mount(mux, mcpsdk.Handler(resource, whois(), opts))
	return resource, issuer
}

// sender adds a token to every request. The token can be changed between them.
type sender struct{ token string }

func (s *sender) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+s.token)
	return http.DefaultTransport.RoundTrip(r)
}

func connect(t *testing.T, endpoint string, s *sender) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	session, err := client.Connect(t.Context(), &mcp.StreamableClientTransport{Endpoint: endpoint, HTTPClient: &http.Client{Transport: s}, MaxRetries: -1}, nil)
	if err != nil {
		t.Fatalf("connecting: %v", err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

func whoisJSON(t *testing.T, session *mcp.ClientSession) string {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "whois"})
	if err != nil || result.IsError {
		t.Fatalf("whois = %+v, %v", result, err)
	}
	text, err := json.Marshal(result.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// In a session the SDK runs tools in the context of the first request; the token must be that of the present one.
func TestAToolSeesTheTokenOfItsRequest(t *testing.T) {
	for name, opts := range map[string]*mcp.StreamableHTTPOptions{"every revision, stateless": nil, "sessions": {}} {
		t.Run(name, func(t *testing.T) {
			resource, issuer := start(t, opts)
			mint := func(jti string) string {
				return issuer.Token(resource.URL(), authwrighttest.Subject("ada"), authwrighttest.Scope("read"), authwrighttest.Claim("jti", jti))
			}
			s := &sender{token: mint("first")}
			session := connect(t, resource.URL(), s)
			for _, jti := range []string{"first", "refreshed"} {
				s.token = mint(jti)
				want := `{"FromContext":"ada","FromSDK":"ada","JTI":"` + jti + `","Scopes":["read"]}`
				if got := whoisJSON(t, session); got != want {
					t.Errorf("whois with the %s token = %s, want %s", jti, got, want)
				}
			}
		})
	}
}

func TestASessionOfAnotherPersonDoesNotExist(t *testing.T) {
	resource, issuer := start(t, &mcp.StreamableHTTPOptions{})
	session := connect(t, resource.URL(), &sender{issuer.Token(resource.URL(), authwrighttest.Subject("ada"), authwrighttest.Scope("read"))})
	if session.ID() == "" {
		t.Fatal("the server gave no session id")
	}
	for name, tt := range map[string]struct {
		option authwrighttest.Option
		want   int
	}{
		"ada":                {authwrighttest.Subject("ada"), 200},
		"bob":                {authwrighttest.Subject("bob"), 404},
		"ada's other client": {authwrighttest.Client("other"), 404},
	} {
		for method, body := range map[string]string{"POST": `{"jsonrpc":"2.0","id":9,"method":"ping"}`, "DELETE": ""} {
			if method == "DELETE" && tt.want == 200 {
				continue // ada still needs it
			}
			req, err := http.NewRequestWithContext(t.Context(), method, resource.URL(), strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{
				"Authorization":  {"Bearer " + issuer.Token(resource.URL(), authwrighttest.Subject("ada"), authwrighttest.Scope("read"), tt.option)},
				"Content-Type":   {"application/json"},
				"Accept":         {"application/json, text/event-stream"},
				"Mcp-Session-Id": {session.ID()},
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != tt.want {
				t.Errorf("%s of the session by %s = %d, want %d", method, name, resp.StatusCode, tt.want)
			}
		}
	}
	whoisJSON(t, session)
}

// send posts a message and returns status, challenge and body.
func send(t *testing.T, resource *authwright.Resource, token, body string, headers http.Header) (int, string, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", resource.URL(), bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = headers.Clone()
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("WWW-Authenticate"), string(answer)
}

// Both eras reach the tool, and in both the body decides which scope it takes.
func TestBothErasAreAuthorizedByTheBody(t *testing.T) {
	resource, issuer := start(t, nil)
	token := issuer.Token(resource.URL(), authwrighttest.Scope("read"))
	message := func(tool, meta string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}` + meta + `}}`
	}
	const meta = `,"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"t","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}`
	newEra := func(name string) http.Header {
		return http.Header{"Mcp-Protocol-Version": {"2026-07-28"}, "Mcp-Method": {"tools/call"}, "Mcp-Name": {name}}
	}
	oldEra := http.Header{"Mcp-Protocol-Version": {"2025-11-25"}}
	for _, tt := range []struct {
		name, body string
		headers    http.Header
		status     int
		want       string // in the challenge or the body
	}{
		{"2026-07-28", message("whois", meta), newEra("whois"), 200, `per_ada`},
		{"2025-11-25", message("whois", ""), oldEra, 200, `per_ada`},
		{"2026-07-28, a tool that needs more", message("write", meta), newEra("write"), 403, `scope="read write"`},
		{"2025-11-25, a tool that needs more", message("write", ""), oldEra, 403, `scope="read write"`},
		{"2026-07-28, the header names a tool that needs less", message("write", meta), newEra("whois"), 400, `-32020`},
		{"2025-11-25, the header names a tool that needs less", message("write", ""), http.Header{"Mcp-Protocol-Version": {"2025-11-25"}, "Mcp-Name": {"whois"}}, 400, `-32020`},
	} {
		status, challenge, body := send(t, resource, token, tt.body, tt.headers)
		if status != tt.status || !strings.Contains(challenge+body, tt.want) {
			t.Errorf("%s: %d %s %s, want %d with %s", tt.name, status, challenge, body, tt.status, tt.want)
		}
	}
}

func TestTheSDKsOwnMiddlewareCanVerify(t *testing.T) {
	issuer := authwrighttest.New("https://issuer.example")
	resource, err := authwright.New(authwright.Config{
		Resource: "https://mcp.example.com/mcp", Issuer: issuer.URL, Transport: authwright.Direct(issuer), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	verifier := mcpsdk.TokenVerifier(resource)
	info, err := verifier(t.Context(), issuer.Token(resource.URL(), authwrighttest.Scope("a", "b")), nil)
	if err != nil || info.UserID != "per_ada" || len(info.Scopes) != 2 || time.Until(info.Expiration) < time.Minute {
		t.Errorf("verifier(good) = %+v, %v", info, err)
	}
	if _, err := verifier(t.Context(), issuer.Token("https://other.example"), nil); !errors.Is(err, auth.ErrInvalidToken) {
		t.Errorf("verifier(token of another server) = %v, want auth.ErrInvalidToken", err)
	}
	fresh, err := authwright.New(authwright.Config{
		Resource: "https://mcp.example.com/mcp", Issuer: issuer.URL, Transport: authwright.Direct(issuer), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	issuer.SetDown(true)
	_, err = mcpsdk.TokenVerifier(fresh)(t.Context(), issuer.Token(fresh.URL()), nil)
	if err == nil || errors.Is(err, auth.ErrInvalidToken) || strings.Contains(err.Error(), "issuer.example") {
		t.Errorf("verifier while the issuer is down = %v, want an error that is not the token's fault and tells nothing", err)
	}
}

// A stream that the SDK holds open for a session ends with the token that opened it.
func TestTheSDKsStreamEndsWithItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New("https://issuer.example")
		resource, err := authwright.New(authwright.Config{Resource: "https://mcp.example.com/mcp", Issuer: issuer.URL, Transport: authwright.Direct(issuer)})
		if err != nil {
			t.Fatal(err)
		}
		h := mcpsdk.Handler(resource, whois(), &mcp.StreamableHTTPOptions{})
		session := ""
		ask := func(method, body string) int {
			r := httptest.NewRequestWithContext(t.Context(), method, "/mcp", strings.NewReader(body))
			r.Header.Set("Authorization", "Bearer "+issuer.Token(resource.URL(), authwrighttest.ExpiresIn(time.Minute)))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Accept", "application/json, text/event-stream")
			if session != "" {
				r.Header.Set("Mcp-Session-Id", session)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			session = cmp.Or(w.Header().Get("Mcp-Session-Id"), session)
			return w.Code
		}
		if got := ask("POST", `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}`); got != http.StatusOK {
			t.Fatalf("initialize = %d, want 200", got)
		}
		began := time.Now()
		if got := ask("GET", ""); got != http.StatusOK {
			t.Errorf("GET = %d, want 200", got)
		}
		if lasted := time.Since(began); lasted != 90*time.Second {
			t.Errorf("the stream of a token of one minute lasted %v, want 1m30s", lasted)
		}
		if got := ask("DELETE", ""); got != http.StatusNoContent {
			t.Errorf("DELETE = %d, want 204", got)
		}
	})
}

func TestARuleThatNamesNoToolIsSaidWhenToolsAreFirstListed(t *testing.T) {
	var log bytes.Buffer
	issuer := authwrighttest.NewIssuer(t)
	mux := http.NewServeMux()
	listener := httptest.NewServer(mux)
	t.Cleanup(listener.Close)
	resource, err := authwright.New(authwright.Config{
		Resource: listener.URL + "/mcp", Issuer: issuer.URL, Log: slog.New(slog.NewTextHandler(&log, nil)),
		Tools: map[string][]string{"write": {"write"}, "wirte": {"write"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	resource.Mount(mux, mcpsdk.Handler(resource, whois(), nil))
	session := connect(t, resource.URL(), &sender{issuer.Token(resource.URL())})
	whoisJSON(t, session)
	if log.Len() > 0 {
		t.Errorf("before tools were listed the log has %q, want nothing", log.String())
	}
	for range 2 {
		if _, err := session.ListTools(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if got := log.String(); strings.Count(got, "protects nothing") != 1 || !strings.Contains(got, `rule=wirte nearest="[write whois]"`) {
		t.Errorf("listing the tools twice logs\n%s\nwant one line about wirte", got)
	}
}
