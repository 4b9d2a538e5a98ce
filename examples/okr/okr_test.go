package okr_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/examples/okr"
)

// roles of the test: who is what, where.
var roles = map[[2]string]string{
	{"acme", "ada"}:   okr.RoleAdmin,
	{"acme", "bob"}:   okr.RoleMember,
	{"globex", "bob"}: okr.RoleAdmin,
}

func start(t *testing.T) (resource string, issuer *authwrighttest.Issuer) {
	t.Helper()
	issuer = authwrighttest.New("https://issuer.example")
	mux := http.NewServeMux()
	listener := httptest.NewServer(mux)
	t.Cleanup(listener.Close)
	resource = listener.URL + "/okr/mcp"
	server, err := okr.New(okr.Config{
		Resource: resource, Issuer: issuer.URL, Transport: authwright.Direct(issuer),
		Roles:        func(organization, subject string) string { return roles[[2]string{organization, subject}] },
		Organization: func(subject string) string { return map[string]string{"ada": "acme"}[subject] },
		Name:         func(organization string) string { return strings.ToUpper(organization[:1]) + organization[1:] },
	})
	if err != nil {
		t.Fatalf("okr.New: %v", err)
	}
	server.Mount(mux)
	return resource, issuer
}

// bearer sends a token with every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

func connect(t *testing.T, resource, token string) *mcp.ClientSession {
	t.Helper()
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	transport := &mcp.StreamableClientTransport{Endpoint: resource, HTTPClient: &http.Client{Transport: bearer(token)}, MaxRetries: -1}
	session, err := client.Connect(t.Context(), transport, nil)
	if err != nil {
		t.Fatalf("connecting to %s: %v", resource, err)
	}
	t.Cleanup(func() { session.Close() })
	return session
}

func call(t *testing.T, session *mcp.ClientSession, tool string, args any) string {
	t.Helper()
	result, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: tool, Arguments: args})
	switch {
	case err != nil:
		return err.Error()
	case result.IsError:
		return result.Content[0].(*mcp.TextContent).Text
	}
	text, err := json.Marshal(result.StructuredContent)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

type args map[string]any

func TestAnOrganizationsObjectivesFollowRoles(t *testing.T) {
	resource, issuer := start(t)
	as := func(subject, org string) *mcp.ClientSession {
		return connect(t, resource, issuer.Token(resource, authwrighttest.Subject(subject), authwrighttest.Org(org), authwrighttest.Scope(okr.ScopeWrite)))
	}
	ada, bob, bobAtGlobex, eve := as("ada", "acme"), as("bob", "acme"), as("bob", "globex"), as("eve", "acme")
	adaWithoutOrg := connect(t, resource, issuer.Token(resource, authwrighttest.Subject("ada"), authwrighttest.Scope(okr.ScopeWrite)))
	bobWithoutOrg := connect(t, resource, issuer.Token(resource, authwrighttest.Subject("bob"), authwrighttest.Scope(okr.ScopeWrite)))

	const all = `{"objectives":[{"id":"1","key_results":[{"attainment":40,"id":"2","title":"Three customers"}],"title":"Grow"}],"organization":"acme"}`
	const mayNot = "a member of Acme may read objectives but not change them"
	for _, step := range []struct {
		who  *mcp.ClientSession
		tool string
		args args
		want string
	}{
		{ada, "list_objectives", nil, `{"objectives":[],"organization":"acme"}`},
		{ada, "add_objective", args{"title": "Grow"}, `{"id":"1","key_results":[],"title":"Grow"}`},
		{ada, "add_key_result", args{"objective_id": "1", "title": "Three customers"}, `{"attainment":0,"id":"2","title":"Three customers"}`},
		{ada, "set_key_result_attainment", args{"id": "2", "attainment": 40}, `{"attainment":40,"id":"2","title":"Three customers"}`},
		{ada, "set_key_result_attainment", args{"id": "2", "attainment": 101}, "attainment is from 0 to 100 percent"},
		{ada, "set_key_result_attainment", args{"id": "9", "attainment": 1}, `there is no key result "9"`},
		{ada, "add_key_result", args{"objective_id": "9", "title": "x"}, `there is no objective "9"`},
		{ada, "add_objective", args{"title": " "}, "title is empty"},
		{adaWithoutOrg, "list_objectives", nil, all},
		{bobWithoutOrg, "list_objectives", nil, "the token is for no organization"},
		{bob, "list_objectives", nil, all},
		{bob, "add_objective", args{"title": "x"}, mayNot},
		{bob, "delete_objective", args{"id": "1"}, mayNot},
		{bob, "add_key_result", args{"objective_id": "1", "title": "x"}, mayNot},
		{bob, "set_key_result_attainment", args{"id": "2", "attainment": 1}, mayNot},
		{bob, "delete_key_result", args{"id": "2"}, mayNot},
		{bobAtGlobex, "list_objectives", nil, `{"objectives":[],"organization":"globex"}`},
		{bobAtGlobex, "delete_objective", args{"id": "1"}, `there is no objective "1"`},
		{eve, "list_objectives", nil, "you have no role in Acme"},
		{eve, "add_objective", args{"title": "x"}, "you have no role in Acme"},
		{ada, "list_objectives", nil, all},
		{ada, "delete_key_result", args{"id": "2"}, `{"attainment":40,"id":"2","title":"Three customers"}`},
		{ada, "delete_objective", args{"id": "1"}, `{"id":"1","key_results":[],"title":"Grow"}`},
		{ada, "list_objectives", nil, `{"objectives":[],"organization":"acme"}`},
	} {
		if got := call(t, step.who, step.tool, step.args); got != step.want {
			t.Errorf("%s(%v) = %s, want %s", step.tool, step.args, got, step.want)
		}
	}
}

func TestWritingNeedsOkrWrite(t *testing.T) {
	resource, issuer := start(t)
	token := issuer.Token(resource, authwrighttest.Subject("ada"), authwrighttest.Org("acme"), authwrighttest.Scope(okr.ScopeRead))
	for _, tool := range []string{"add_objective", "delete_objective", "add_key_result", "set_key_result_attainment", "delete_key_result"} {
		body := `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"` + tool + `","arguments":{}}}`
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, resource, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := bearer(token).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusForbidden || !strings.Contains(resp.Header.Get("WWW-Authenticate"), `scope="okr.read okr.write"`) {
			t.Errorf("%s with okr.read = %s, %q, want 403 that asks for okr.read okr.write", tool, resp.Status, resp.Header.Get("WWW-Authenticate"))
		}
	}
}

func TestThePageShowsAttainment(t *testing.T) {
	resource, issuer := start(t)
	ada := connect(t, resource, issuer.Token(resource, authwrighttest.Subject("ada"), authwrighttest.Org("acme"), authwrighttest.Scope(okr.ScopeWrite)))
	call(t, ada, "add_objective", args{"title": "Grow"})
	call(t, ada, "add_key_result", args{"objective_id": "1", "title": "Three customers"})
	call(t, ada, "add_key_result", args{"objective_id": "1", "title": "Ten demos"})
	call(t, ada, "set_key_result_attainment", args{"id": "2", "attainment": 40})
	call(t, ada, "set_key_result_attainment", args{"id": "3", "attainment": 80})
	resp, err := http.Get(strings.TrimSuffix(resource, "mcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h2>Acme</h2>", `<progress max="100" value="40"`, `<progress max="100" value="80"`, `<progress max="100" value="60" aria-label="Grow"`} {
		if !strings.Contains(string(body), want) {
			t.Errorf("the page lacks %s:\n%s", want, body)
		}
	}
}
