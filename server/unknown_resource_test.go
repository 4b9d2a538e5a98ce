package server

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// authorization is a request that is good but for what it asks for.
func authorization(resource, scope string) *http.Request {
	query := url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"http://127.0.0.1/callback"}, "state": {"s"},
		"code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"}, "resource": {resource}, "scope": {scope},
	}
	return httptest.NewRequest(http.MethodGet, issuer+"/authorize?"+query.Encode(), nil)
}

// TestAnUnknownServerIsToldOf: whoever protects a server and forgets to add it reads so in the log, and a program that
// asks where an authorization would lead is told at once, without a login.
func TestAnUnknownServerIsToldOf(t *testing.T) {
	w := newWorld(t)
	ask := func(resource string) *httptest.ResponseRecorder {
		r := authorization(resource, "")
		r.Header.Set("Accept", "application/json")
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		return answer
	}
	const unknown = "https://elsewhere.example/mcp"
	ask("https://user:swordfish@elsewhere.example/mcp?key=swordfish#swordfish")
	if got := w.log.String(); strings.Contains(got, "swordfish") {
		t.Errorf("the log holds more of the address than where it is:\n%s", got)
	}
	answer := ask(unknown + "?key=swordfish")
	if body := answer.Body.String(); answer.Code != http.StatusBadRequest || !strings.Contains(body, `"error":"invalid_target"`) {
		t.Errorf("GET /authorize for an unknown server by a program = %d %s, want 400 invalid_target", answer.Code, body)
	}
	if cookies := answer.Result().Cookies(); len(cookies) > 0 || answer.Header().Get("Location") != "" {
		t.Errorf("it sets %v and leads to %q, want neither", cookies, answer.Header().Get("Location"))
	}
	log := w.log.String()
	if !strings.Contains(log, "level=INFO") || !strings.Contains(log, "client=app address="+unknown+"\n") {
		t.Errorf("the log says %q, want a line at INFO that names client and address", log)
	}
	if strings.Contains(log, "swordfish") {
		t.Error("the log holds the query of the address")
	}
	ask("https://elsewhere.example/" + strings.Repeat("x", 4000))
	if log := w.log.String(); strings.Contains(log, strings.Repeat("x", maxAddress)) {
		t.Error("the log holds an address of 4,000 bytes")
	}
	if before := len(w.log.String()); ask(todo).Code != http.StatusSeeOther || strings.Contains(w.log.String()[before:], "not here") {
		t.Error("a server that is here is told of, or a program is not led to its login")
	}
}

// TestUnknownScopesAreToldOf: they are left out, and only the operator can put the two lists right.
func TestUnknownScopesAreToldOf(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name, scope, want string
	}{
		{"one that is misspelt", "todo.raed offline_access", "scopes=todo.raed\n"},
		{"two", "a todo.read b", "scopes=\"a b\"\n"},
		{"none", "todo.read openid", ""},
		{"too many to show", strings.Repeat("x", maxAddress+100), "scopes=" + strings.Repeat("x", maxAddress) + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(w.log.String())
			w.handler.ServeHTTP(httptest.NewRecorder(), authorization(todo, tt.scope))
			log := w.log.String()[before:]
			if told := strings.Contains(log, "scopes that the MCP server does not have"); told != (tt.want != "") || !strings.Contains(log, tt.want) {
				t.Errorf("after scope=%.40q… the log says %q, want %q", tt.scope, log, tt.want)
			}
		})
	}
}

const maxAddress = 200 // bytes that the log shows of one
