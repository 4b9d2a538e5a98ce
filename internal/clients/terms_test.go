package clients

import (
	"fmt"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
)

func TestAnAudienceIsNothingElseHere(t *testing.T) {
	db := sqldbtest.Open(t)
	p, st := store.Project{ID: "default", Issuer: "https://auth.example"}, db.For("default")
	const document store.ClientID = "https://app.example/client.json"
	for _, err := range []error{
		db.CreateProject(t.Context(), p),
		st.PutResource(t.Context(), store.Resource{URI: "https://mcp.example/mcp"}),
		st.CreateClient(t.Context(), store.Client{ID: document, Origin: store.Document}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var nine []string
	for n := range maxAudiences + 1 {
		nine = append(nine, fmt.Sprintf("urn:example:%d", n))
	}
	for _, tt := range []struct {
		name  string
		terms store.Terms
		wrong string // "" for nothing
	}{
		{"somebody else", store.Terms{Audience: []string{"urn:example:bus", "https://api.example"}}, ""},
		{"a resource, by intention", store.Terms{AlsoFor: []string{"https://mcp.example/mcp"}}, ""},
		{"eight", store.Terms{Audience: nine[:maxAudiences]}, ""},
		{"nine", store.Terms{Audience: nine}, "use at most 8"},
		{"nine of both kinds", store.Terms{Audience: nine[:maxAudiences], AlsoFor: []string{"https://mcp.example/mcp"}}, "use at most 8"},
		{"the issuer", store.Terms{Audience: []string{"https://auth.example/"}}, "is the issuer itself"},
		{"a resource", store.Terms{Audience: []string{"https://MCP.example/mcp/"}}, "is a resource"},
		{"a client", store.Terms{Audience: []string{string(document)}}, "is a client"},
		{"another resource that there is not", store.Terms{AlsoFor: []string{"https://other.example/mcp"}}, "is no resource"},
		{"no URI", store.Terms{Audience: []string{"bus"}}, "write an absolute URI"},
		{"two words", store.Terms{Audience: []string{"urn:example: bus"}}, "write an absolute URI"},
		{"too long", store.Terms{Audience: []string{"urn:" + strings.Repeat("a", maxAudience)}}, "write an absolute URI"},
	} {
		err := CheckTerms(t.Context(), p, st, store.Client{ID: "c", Origin: store.Registered, Terms: tt.terms})
		if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) {
			t.Errorf("%s: CheckTerms(%v, %v) = %v, want %q", tt.name, tt.terms.Audience, tt.terms.AlsoFor, err, tt.wrong)
		}
	}
}
