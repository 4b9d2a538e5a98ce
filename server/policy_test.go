// policy_test.go: through any order of changes to roles, members, organizations and clients, a client has what was
// asked for, agreed to, and still is the person's to give and the organization's and the operator's to let it have.

package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// bounds is what the model knows: all that may bound a grant, and whether it ended.
type bounds struct {
	requested, agreed oauth.Scope
	roles             []string
	definitions       []store.Role
	rules             store.ClientPolicy
	ceiling           oauth.Scope
	ended             bool
}

// holds is the scope that should be left now.
func (b *bounds) holds(client store.Client) oauth.Scope {
	if b.ended || policy.Admit(store.Settings{}, b.rules, client) != policy.Admitted {
		return nil
	}
	var left oauth.Scope
	for _, name := range b.agreed {
		need := map[string][]string{"okr.read": {"objectives:read"}, "okr.write": {"objectives:read", "objectives:write"}}[name]
		if policy.HeldBy(b.definitions, b.roles).Covers(need) && (len(b.ceiling) == 0 || b.ceiling.Has(name)) {
			left = append(left, name)
		}
	}
	return left
}

// TestWhatIsGrantedNeverGrows keeps one browser and changes everything around its grants, in every order.
func TestWhatIsGrantedNeverGrows(t *testing.T) {
	f := newFlow(t, t.Name())
	rapid.Check(t, func(t *rapid.T) {
		b := &bounds{requested: rapid.SampledFrom([]oauth.Scope{{"okr.read"}, {"okr.read", "okr.write"}, {"okr.write"}}).Draw(t, "requested")}
		f.settle(t, b)
		b.agreed = b.requested
		err := f.given(command{rest: "tokens", header: make(http.Header), pairs: [][2]string{{"resource", okr}, {"scope", b.requested.String()}}})
		if err != nil {
			t.Fatalf("the first grant: %v", err)
		}
		if got := f.vars["scope"]; got != b.agreed.String() {
			t.Fatalf("granted %q, want %q", got, b.agreed)
		}
		for range rapid.IntRange(1, 8).Draw(t, "changes") {
			f.alter(t, b)
			if f.inspect(t, b); rapid.Bool().Draw(t, "refresh") && !f.renew(t, b) {
				return // the client was told to authorize again
			}
		}
	})
}

// settle makes ada an admin of an acme without rules, and the app a client without ceiling.
func (f *flow) settle(t *rapid.T, b *bounds) {
	b.roles = []string{"admin"}
	b.definitions = []store.Role{
		{Name: "admin", Permissions: []string{"objectives:read", "objectives:write"}}, {Name: "member", Permissions: []string{"objectives:read"}},
	}
	for _, role := range b.definitions {
		f.must(t, f.store().PutRole(f.Context(), role))
	}
	f.must(t, f.store().PutMember(f.Context(), store.Membership{Org: "acme", Person: "per_ada", Roles: b.roles}))
	f.rule(t, b, store.ClientPolicy{})
	f.limit(t, b, nil)
	f.clock.Move(16 * time.Second) // until what a role means is read again
}

func (f *flow) must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

func (f *flow) rule(t *rapid.T, b *bounds, p store.ClientPolicy) {
	o, err := f.store().Organization(f.Context(), "acme")
	f.must(t, err)
	o.Policy, b.rules = p, p
	f.must(t, f.store().UpdateOrganization(f.Context(), o))
}

func (f *flow) limit(t *rapid.T, b *bounds, ceiling oauth.Scope) {
	b.ceiling = ceiling
	f.must(t, f.changeClient("app", func(c *store.Client) { c.Scope = ceiling }))
	f.clock.Move(6 * time.Second) // until no process remembers the client as it was
}

// alter changes one thing.
func (f *flow) alter(t *rapid.T, b *bounds) {
	ctx := f.Context()
	switch rapid.SampledFrom([]string{"roles", "meaning", "rule", "ceiling", "leave", "disable"}).Draw(t, "change") {
	case "roles":
		b.roles = rapid.SampledFrom([][]string{{"admin"}, {"member"}, {"member", "admin"}, nil, {"ghost"}}).Draw(t, "roles")
		if !b.ended {
			f.must(t, f.store().PutMember(ctx, store.Membership{Org: "acme", Person: "per_ada", Roles: b.roles}))
		}
	case "meaning":
		i := rapid.IntRange(0, 1).Draw(t, "role")
		b.definitions[i].Permissions = rapid.SampledFrom([][]string{{"objectives:read", "objectives:write"}, {"objectives:read"}, {"objectives:write"}, nil}).Draw(t, "permissions")
		f.must(t, f.store().PutRole(ctx, b.definitions[i]))
		f.clock.Move(16 * time.Second)
	case "rule":
		mode := rapid.SampledFrom([]store.RuleMode{"", store.RuleAll, store.RuleList, store.RuleApprove, store.RuleNone}).Draw(t, "mode")
		listed := rapid.SampledFrom([][]store.ClientID{nil, {"app"}, {"spa"}}).Draw(t, "listed")
		f.rule(t, b, store.ClientPolicy{ThirdParty: store.ClientRule{Mode: mode, Clients: listed}})
	case "ceiling":
		f.limit(t, b, rapid.SampledFrom([]oauth.Scope{nil, {"okr.read"}, {"okr.write"}, {"okr.read", "okr.write"}, {"todo.read"}}).Draw(t, "ceiling"))
	case "leave":
		if !b.ended {
			f.must(t, f.store().RemoveMember(ctx, "acme", "per_ada", f.clock.Now()))
			f.must(t, f.store().PutMember(ctx, store.Membership{Org: "acme", Person: "per_ada", Roles: b.roles})) // coming back brings nothing back
		}
		b.ended = true
	case "disable":
		f.must(t, f.store().SetPersonDisabled(ctx, "per_ada", true, f.clock.Now()))
		f.must(t, f.store().SetPersonDisabled(ctx, "per_ada", false, f.clock.Now()))
		b.ended = true
	}
}

// inspect asks what the access token counts for.
func (f *flow) inspect(t *rapid.T, b *bounds) {
	client, err := f.store().Client(f.Context(), "app")
	f.must(t, err)
	rec := f.form("/introspect", url.Values{"token": {f.vars["token"]}, "client_id": {"lookout"}, "client_secret": {watchSecret}})
	var got struct {
		Active bool   `json:"active"`
		Scope  string `json:"scope"`
	}
	f.must(t, json.Unmarshal([]byte(rec.body), &got))
	token, err := oauth.ParseScope(f.vars["scope"])
	f.must(t, err)
	want := token.Intersect(b.holds(client))
	if got.Scope != want.String() || got.Active != (len(want) > 0) {
		t.Fatalf("the token for %q is active: %v, for %q, want %q", token, got.Active, got.Scope, want)
	}
}

// renew refreshes, and tells whether the client goes on.
func (f *flow) renew(t *rapid.T, b *bounds) bool {
	client, err := f.store().Client(f.Context(), "app")
	f.must(t, err)
	want := b.holds(client)
	rec := f.form("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {f.vars["refresh"]}, "client_id": {"app"}})
	var got oauth.TokenResponse
	f.must(t, json.Unmarshal([]byte(rec.body), &got))
	if got.Scope != want.String() || (rec.status == http.StatusOK) != (len(want) > 0) {
		t.Fatalf("a refresh = %d %s, want the scope %q", rec.status, rec.body, want)
	}
	if rec.status != http.StatusOK {
		return false
	}
	if scope, _ := oauth.ParseScope(got.Scope); !b.requested.Covers(scope) {
		t.Fatalf("a refresh gives %q, more than the %q that was asked for", got.Scope, b.requested)
	}
	f.vars["token"], f.vars["refresh"], f.vars["scope"] = got.AccessToken, got.RefreshToken, got.Scope
	return true
}

// form posts a form as a program does.
func (f *flow) form(path string, form url.Values) *answer {
	program := &visitor{handler: f.handler, cookies: make(map[string]string)}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}
	if id := form.Get("client_id"); slices.Contains([]string{"lookout"}, id) {
		r, _ := http.NewRequest(http.MethodPost, issuer, nil)
		r.SetBasicAuth(id, form.Get("client_secret"))
		header.Set("Authorization", r.Header.Get("Authorization"))
		form.Del("client_id")
		form.Del("client_secret")
	}
	return program.send(http.MethodPost, path, header, form.Encode())
}
