package policy

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var server = store.Resource{Scopes: []store.ResourceScope{
	{Name: "read", Permissions: []string{"r"}},
	{Name: "write", Permissions: []string{"r", "w"}},
	{Name: "open"},
}}

func TestAScopeIsGrantableWhenEveryPermissionIsHeld(t *testing.T) {
	roles := []store.Role{{Name: "member", Permissions: []string{"r"}}, {Name: "writer", Permissions: []string{"w"}}}
	for _, tt := range []struct {
		name  string
		roles []string
		want  string
	}{
		{"nobody grants what needs no permission", nil, "open openid"},
		{"one of two permissions is not enough", []string{"writer"}, "open openid"},
		{"a member grants what the role covers", []string{"member"}, "read open openid"},
		{"roles add up", []string{"member", "writer"}, "read write open openid"},
		{"a role that is gone holds nothing", []string{"ghost"}, "open openid"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			may, mayNot := Split(oauth.Scope{"read", "write", "open", "openid"}, server, HeldBy(roles, tt.roles))
			if may.String() != tt.want || len(may)+len(mayNot) != 4 {
				t.Errorf("Split with roles %v = %q and %q, want %q", tt.roles, may, mayNot, tt.want)
			}
		})
	}
}

func TestAnOrganizationAdmits(t *testing.T) {
	dcr := store.Client{ID: "dcr_1", Origin: store.SelfRegister}
	doc := store.Client{ID: "https://app.example/client", Origin: store.Document}
	own := store.Client{ID: "own", Origin: store.Registered, FirstParty: true}
	third := store.Client{ID: "third", Origin: store.Registered}
	list := func(clients ...store.ClientID) store.ClientRule {
		return store.ClientRule{Mode: store.RuleList, Clients: clients}
	}
	for _, tt := range []struct {
		name   string
		policy store.ClientPolicy
		client store.Client
		want   Admission
	}{
		{"everything when it says nothing", store.ClientPolicy{}, dcr, Admitted},
		{"no client that registered itself", store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleNone}}, dcr, Refused},
		{"documents all the same", store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleNone}}, doc, Admitted},
		{"a listed client", store.ClientPolicy{ThirdParty: list("third")}, third, Admitted},
		{"no client that is not listed", store.ClientPolicy{ThirdParty: list("other")}, third, Refused},
		{"its own clients by their own rule", store.ClientPolicy{ThirdParty: list()}, own, Admitted},
		{"a document by its host", store.ClientPolicy{Documents: store.ClientRule{Mode: store.RuleList, Hosts: []string{"app.example"}}}, doc, Admitted},
		{"no document of a longer host", store.ClientPolicy{Documents: store.ClientRule{Mode: store.RuleList, Hosts: []string{"example"}}}, doc, Refused},
		{"no self-registered client by a host", store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleList, Hosts: []string{""}}}, dcr, Refused},
		{"once approved, not before", store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleApprove}}, dcr, NeedsApproval},
		{"what was approved", store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleApprove, Clients: []store.ClientID{"dcr_1"}}}, dcr, Admitted},
		{"nothing by a rule from the future", store.ClientPolicy{SelfMade: store.ClientRule{Mode: "sometimes"}}, dcr, Refused},
		{"nothing listed under none", store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleNone, Clients: []store.ClientID{"dcr_1"}}}, dcr, Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Admit(store.Settings{}, tt.policy, tt.client); got != tt.want {
				t.Errorf("Admit({}, %+v, %s) = %v, want %v", tt.policy, tt.client.ID, got, tt.want)
			}
		})
	}
}

func TestTheProjectSaysWhatNoRuleMeans(t *testing.T) {
	dcr := store.Client{ID: "dcr_1", Origin: store.SelfRegister}
	doc := store.Client{ID: "https://app.example/client", Origin: store.Document}
	third := store.Client{ID: "third", Origin: store.Registered}
	own := store.Client{ID: "own", Origin: store.Document, FirstParty: true}
	approve, none := store.Settings{SelfMadeRule: store.RuleApprove, DocumentRule: store.RuleApprove}, store.Settings{SelfMadeRule: store.RuleNone, DocumentRule: store.RuleNone}
	for _, tt := range []struct {
		name     string
		settings store.Settings
		policy   store.ClientPolicy
		client   store.Client
		want     Admission
	}{
		{"a self-registered client needs approval", approve, store.ClientPolicy{}, dcr, NeedsApproval},
		{"one that was approved comes in", approve, store.ClientPolicy{SelfMade: store.ClientRule{Clients: []store.ClientID{"dcr_1"}}}, dcr, Admitted},
		{"no self-registered client comes in", none, store.ClientPolicy{SelfMade: store.ClientRule{Clients: []store.ClientID{"dcr_1"}}}, dcr, Refused},
		{"the organization's own word counts", none, store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleAll}}, dcr, Admitted},
		{"a document needs approval", approve, store.ClientPolicy{}, doc, NeedsApproval},
		{"one of an approved host comes in", approve, store.ClientPolicy{Documents: store.ClientRule{Hosts: []string{"app.example"}}}, doc, Admitted},
		{"no document comes in", none, store.ClientPolicy{}, doc, Refused},
		{"documents are not self-registered clients", store.Settings{SelfMadeRule: store.RuleNone}, store.ClientPolicy{}, doc, Admitted},
		{"self-registered clients are not documents", store.Settings{DocumentRule: store.RuleNone}, store.ClientPolicy{}, dcr, Admitted},
		{"what the operator registered comes in", none, store.ClientPolicy{}, third, Admitted},
		{"what is the operator's own comes in", none, store.ClientPolicy{}, own, Admitted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Admit(tt.settings, tt.policy, tt.client); got != tt.want {
				t.Errorf("Admit(%+v, %+v, %s) = %v, want %v", tt.settings, tt.policy, tt.client.ID, got, tt.want)
			}
		})
	}
}

func TestAScopeNeedsWhatItIncludesNeeds(t *testing.T) {
	chain := store.Resource{Scopes: []store.ResourceScope{
		{Name: "read", Permissions: []string{"r"}},
		{Name: "write", Permissions: []string{"w"}, Implies: []string{"read"}},
		{Name: "all", Implies: []string{"write"}},
		{Name: "loop", Implies: []string{"loop", "open"}},
		{Name: "open", Implies: []string{"loop"}},
	}}
	for _, tt := range []struct {
		name string
		held Held
		want string
	}{
		{"a writer who may not read cannot give writing that includes reading", Held{"w": true}, "loop open"},
		{"a reader gives reading, and nothing that includes writing", Held{"r": true}, "read loop open"},
		{"who holds both gives the whole chain", Held{"r": true, "w": true}, "read write all loop open"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if may, _ := Split(oauth.Scope{"read", "write", "all", "loop", "open"}, chain, tt.held); may.String() != tt.want {
				t.Errorf("Split holding %v = %q, want %q", tt.held, may, tt.want)
			}
		})
	}
}

// TestSplitPartsWhatIsWanted: nothing is added, nothing lost, and fewer roles never grant more.
func TestSplitPartsWhatIsWanted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		permission := rapid.SampledFrom([]string{"a", "b", "c", "d"})
		permissions := rapid.SliceOfN(permission, 0, 3)
		var r store.Resource
		var wanted oauth.Scope
		for i := range rapid.IntRange(0, 6).Draw(t, "scopes") {
			name := fmt.Sprintf("s%d", i)
			r.Scopes = append(r.Scopes, store.ResourceScope{Name: name, Permissions: permissions.Draw(t, name)})
			if rapid.Bool().Draw(t, "wanted "+name) {
				wanted = append(wanted, name)
			}
		}
		var roles []store.Role
		var names []string
		for i := range rapid.IntRange(0, 4).Draw(t, "roles") {
			name := fmt.Sprintf("r%d", i)
			roles = append(roles, store.Role{Name: name, Permissions: permissions.Draw(t, name)})
			names = append(names, name)
		}
		may, mayNot := Split(wanted, r, HeldBy(roles, names))
		if !wanted.Covers(may) || !wanted.Covers(mayNot) || len(may)+len(mayNot) != len(wanted) || len(may.Intersect(mayNot)) > 0 {
			t.Fatalf("Split(%v) = %v and %v, want a partition", wanted, may, mayNot)
		}
		if len(names) > 0 {
			fewer := slices.Delete(slices.Clone(names), 0, 1)
			if less, _ := Split(wanted, r, HeldBy(roles, fewer)); !may.Covers(less) {
				t.Fatalf("with roles %v it grants %v, with %v it grants %v", names, may, fewer, less)
			}
		}
	})
}
