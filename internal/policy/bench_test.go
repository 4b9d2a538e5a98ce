package policy

import (
	"fmt"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// BenchmarkDecision is what every code, refresh and introspection asks of the policy, in a large project: 50 roles, of which
// the person has 5, 200 permissions and 100 scopes, every second one including another.
func BenchmarkDecision(b *testing.B) {
	var roles []store.Role
	for r := range 50 {
		role := store.Role{Name: fmt.Sprintf("role-%d", r)}
		for p := range 40 {
			role.Permissions = append(role.Permissions, fmt.Sprintf("things-%d:write", (r*17+p*7)%200))
		}
		roles = append(roles, role)
	}
	var resource store.Resource
	var wanted oauth.Scope
	for i := range 100 {
		scope := store.ResourceScope{Name: fmt.Sprintf("scope-%d", i), Permissions: []string{fmt.Sprintf("things-%d:write", i*2), fmt.Sprintf("things-%d:write", i*2+1)}}
		if i%2 == 1 {
			scope.Implies = []string{fmt.Sprintf("scope-%d", i-1)}
		}
		resource.Scopes, wanted = append(resource.Scopes, scope), append(wanted, scope.Name)
	}
	org := store.ClientPolicy{ThirdParty: store.ClientRule{Mode: store.RuleApprove, Clients: []store.ClientID{"a", "b", "app"}}}
	client := store.Client{ID: "app", Origin: store.Registered}
	mine := []string{"role-3", "role-11", "role-19", "role-27", "role-49"}
	b.ReportAllocs()
	for b.Loop() {
		if Admit(store.Settings{}, org, client) != Admitted {
			b.Fatal("the client is not admitted")
		}
		if may, mayNot := Split(wanted, resource, HeldBy(roles, mine)); len(may) == 0 || len(mayNot) == 0 {
			b.Fatalf("Split = %d and %d scopes, want some of both", len(may), len(mayNot))
		}
	}
}
