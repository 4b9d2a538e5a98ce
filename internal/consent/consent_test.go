package consent

import (
	"net/http"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"golang.org/x/net/html"
)

func TestThePageSaysWhoAsksAndWhereTheAnswerGoes(t *testing.T) {
	const document = "https://agent.example/client.json"
	for _, tt := range []struct {
		name          string
		id            store.ClientID
		origin        store.Origin
		calls, target string
		says, not     []string
		source        string
	}{
		{"a name is a claim, in quotes", "app", store.SelfRegister, "Notes", "https://app.example/cb",
			[]string{"“Notes” wants to use To-do", "Unverified app", "Your answer goes to app.example", "Allow only if you trust app.example"}, []string{"Known app"}, "https://app.example"},
		{"a program on this computer", "app", store.SelfRegister, "Notes", "http://127.0.0.1:5000/cb",
			[]string{"a program on this computer (127.0.0.1)", "We can’t tell which program"}, nil, "http://127.0.0.1:5000"},
		{"an app that claimed a scheme", "app", store.SelfRegister, "Notes", "notes.app://cb",
			[]string{"an app on this device that opens notes.app: links", "We can’t tell which app"}, nil, "notes.app:"},
		{"the host of a document is the label", document, store.Document, "Agent", "https://agent.example/cb",
			[]string{"agent.example wants to use To-do", "Verified website", "Calls itself “Agent” not checked"}, []string{"Unverified"}, "https://agent.example"},
		{"a document and a program on this computer", document, store.Document, "Agent", "http://localhost/cb",
			[]string{"agent.example wants", "a program on this computer (localhost)", "We can’t tell which program"}, nil, "http://localhost"},
		{"the operator's client", "app", store.Registered, "Notes", "https://app.example/cb",
			[]string{"Notes wants to use To-do", "Added by Acme"}, []string{"“Notes”", "Unverified", "Anyone can register"}, "https://app.example"},
		{"a well-known client", "app", store.SelfRegister, "Claude", "https://claude.ai/api/mcp/auth_callback",
			[]string{"Claude wants to use To-do", "Known app", "Your answer goes to claude.ai"}, []string{"Unverified", "may not be"}, "https://claude.ai"},
		{"one that borrows a name", "app", store.SelfRegister, "Claude", "https://collect.example/cb",
			[]string{"“Claude” wants", "This may not be Claude", "Your answer goes to collect.example"}, []string{"Known app"}, "https://collect.example"},
		{"one that borrows its look", "app", store.SelfRegister, "Сlaude Code", "http://localhost/cb",
			[]string{"This may not be Claude Code"}, []string{"Known app"}, "http://localhost"},
		{"a document that borrows a name", document, store.Document, "Claude Code", "http://localhost/cb",
			[]string{"agent.example wants", "This may not be Claude Code"}, []string{"Known app"}, "http://localhost"},
		{"a well-known program says its name and cannot prove it", "app", store.SelfRegister, "Claude Code (todo)", "http://localhost:3118/callback",
			[]string{"“Claude Code (todo)” wants", "Unverified app", "We can’t tell which program"}, []string{"may not be", "Known app"}, "http://localhost:3118"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			ada := w.signedIn("per_ada")
			rec := ada.page(ada.request(w.client(tt.id, tt.origin, tt.calls, tt.target), nil))
			page := text(t, rec)
			for _, want := range append(tt.says, resource, "Signed in as ada@example.com", "Use another account", "Read your items", "Change your items") {
				if !strings.Contains(page, want) {
					t.Errorf("the page reads %q, want %q in it", page, want)
				}
			}
			for _, bad := range tt.not {
				if strings.Contains(page, bad) {
					t.Errorf("the page reads %q, want no %q in it", page, bad)
				}
			}
			got := rec.Header().Get("Content-Security-Policy")
			if !strings.HasSuffix(got, "form-action 'self' "+tt.source) || !strings.Contains(got, "script-src 'self';") {
				t.Errorf("policy = %q, want the form let through to %s and our script", got, tt.source)
			}
		})
	}
}

func TestNothingAStrangerWroteIsMarkup(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	c := w.client("app", store.SelfRegister, evil, "https://app.example/cb")
	w.must(w.store.PutResource(t.Context(), store.Resource{URI: resource, Name: evil, Scopes: []store.ResourceScope{{Name: "todo.read", Description: evil}}}))
	id := ada.request(c, func(r *store.Request) { r.State, r.Nonce, r.LoginHint, r.Prompt = evil, evil, evil, evil })
	rec := ada.page(id)
	scripts := 0
	for n := range parse(t, rec).Descendants() {
		if n.Type == html.ElementNode && n.Data == "script" {
			scripts++
		}
		if n.Type == html.ElementNode && attr(n, "onerror") != "" {
			t.Errorf("the page holds a handler: %v", n.Attr)
		}
		if n.Type == html.TextNode && strings.Contains(n.Data, "<script>") && n.Parent.Data != "bdi" {
			t.Errorf("a stranger's text stands in <%s>, want it isolated in <bdi>", n.Parent.Data)
		}
	}
	if scripts != 1 {
		t.Errorf("the page has %d scripts, want ours only\n%s", scripts, rec.Body)
	}
}

func TestTheButtonsHaveTheirNames(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	rec := ada.page(ada.request(w.client("app", store.SelfRegister, "Notes", "https://app.example/cb"), nil))
	var got []string
	for n := range parse(t, rec).Descendants() {
		if n.Type == html.ElementNode && n.Data == "button" {
			got = append(got, n.FirstChild.Data+"="+attr(n, "value"))
			if guarded := strings.Contains(rec.Body.String(), `value="allow" class="primary" data-guard`); !guarded {
				t.Error("the Allow button is not guarded against a click meant for another window")
			}
		}
	}
	if strings.Join(got, " ") != "Deny=deny Allow=allow" {
		t.Errorf("the buttons are %q, want Deny, which an empty answer falls on, and Allow", got)
	}
}

func TestScopesAreSaidInWordsAndEarlierOnesMarked(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	c := w.client("app", store.SelfRegister, "Notes", "https://app.example/cb")
	ada.do(http.MethodPost, "/consent", ada.form(ada.request(c, func(r *store.Request) { r.Scope = store.Scope{"todo.read"} }), "allow"))
	ask := func(r *store.Request) {
		r.Prompt, r.Scope = "consent", store.Scope{"todo.read", "todo.raw", "openid", "profile", "email", "offline_access"}
	}
	page := text(t, ada.page(ada.request(c, ask)))
	want := "If you allow, it can Read your items Allowed before Use todo.raw Recognise you when you come back See your name See your email address Stay connected while you are away Check"
	if !strings.Contains(page, want) || strings.Contains(page, "has changed how") {
		t.Errorf("the page reads %q, want %q in it", page, want)
	}
	changed, err := w.store.Client(t.Context(), c.ID)
	w.must(err)
	changed.MetadataHash = store.DigestOf("changed")
	w.must(w.store.UpdateClient(t.Context(), changed))
	page = text(t, ada.page(ada.request(c, ask)))
	if strings.Contains(page, "Allowed before") || !strings.Contains(page, "has changed how it describes itself") {
		t.Errorf("the page for a changed client reads %q, want the change said and nothing marked", page)
	}
}

func TestAResourceThatIsGoneIsSaid(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	id := ada.request(w.client("app", store.SelfRegister, "Notes", "https://app.example/cb"), func(r *store.Request) { r.Resource = "https://gone.example/mcp" })
	if rec := ada.page(id); rec.Code != http.StatusBadRequest || !strings.Contains(text(t, rec), "no longer here") {
		t.Errorf("GET /consent for a resource that is gone = %d, want 400 and a word about it", rec.Code)
	}
}

func TestADecidedRequestGoesOn(t *testing.T) {
	w := newWorld(t)
	ada := w.signedIn("per_ada")
	id := ada.request(w.client("app", store.SelfRegister, "Notes", "https://app.example/cb"), nil)
	ada.do(http.MethodPost, "/consent", ada.form(id, "allow"))
	if got := ada.page(id).Header().Get("Location"); got != issuer+"/authorize/continue?request="+string(id) {
		t.Errorf("GET /consent of a decided request went to %q, want back into the flow", got)
	}
}
