// policy_test.go: through any order of changes to roles, members, organizations, clients, resources and consents, a client
// has what was asked for, agreed to, and still is the person's to give and the organization's and the operator's to let
// it have. The model below knows nothing of how that is done.

package server

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// given is a grant as the model knows it.
type given struct {
	scope    oauth.Scope // what was agreed to, or presumed
	presumed bool
	born     time.Time
	life     time.Duration // of the client, then
	ended    bool

	refresh string
	token   string
	has     oauth.Scope // the scope of the token
	until   time.Time   // its end
}

// model is what ada, acme, spa and the objectives are to each other.
type model struct {
	*flow
	roles     []string            // ada's in acme
	member    bool                // of acme
	means     map[string][]string // by role
	mode      store.RuleMode
	listed    bool
	ceiling   oauth.Scope
	life      time.Duration // of a grant; 0 for 180 days
	own, skip bool
	scopes    oauth.Scope // of the resource
	agreed    oauth.Scope // by ada, on the page
	withdrew  bool
	grants    []*given
}

// TestWhatIsGrantedNeverGrows keeps one browser and changes everything around its grants, in every order.
func TestWhatIsGrantedNeverGrows(t *testing.T) {
	f := newFlow(t, t.Name())
	rapid.Check(t, func(t *rapid.T) {
		m := &model{flow: f}
		m.settle(t)
		t.Repeat(map[string]func(*rapid.T){
			"connect": m.connect, "connect again": m.connect, "refresh": m.renew, "refresh again": m.renew, "time": m.pass,
			"roles": m.setRoles, "meaning": m.setMeaning, "rule": m.setRule, "scopes": m.setScopes,
			"ceiling": m.setCeiling, "life": m.setLife, "own": m.setOwn, "leave": m.leave, "end": m.end,
			"": m.look, // after each of them
		})
	})
}

func (m *model) must(t *rapid.T, err error) {
	if err != nil {
		t.Fatal(err)
	}
}

// known lets time pass until every process has read what was changed.
func (m *model) known() { m.clock.Move(16 * time.Second) }

// settle makes ada an admin of an acme without rules, and spa a client that nothing is set for.
func (m *model) settle(t *rapid.T) {
	ctx, st := m.Context(), m.flow.store()
	m.roles, m.member, m.scopes = []string{"admin"}, true, oauth.Scope{"okr.read", "okr.write"}
	m.means = map[string][]string{"admin": {"objectives:read", "objectives:write"}, "member": {"objectives:read"}}
	for name, permissions := range m.means {
		m.must(t, st.PutRole(ctx, store.Role{Name: name, Permissions: permissions}))
	}
	m.must(t, st.PutMember(ctx, store.Membership{Org: "acme", Person: "per_ada", Roles: m.roles}))
	m.must(t, st.PutResource(ctx, resource(okr)))
	m.rule(t)
	m.must(t, st.DeleteClient(ctx, "spa", m.clock.Now()))
	for _, c := range registeredClients([]string{todo}) {
		if c.ID == "spa" {
			c.CreatedAt = m.clock.Now()
			m.must(t, st.CreateClient(ctx, c))
		}
	}
	m.known()
}

func (m *model) rule(t *rapid.T) {
	o, err := m.flow.store().Organization(m.Context(), "acme")
	m.must(t, err)
	rule := store.ClientRule{Mode: m.mode}
	if m.listed {
		rule.Clients = []store.ClientID{"spa"}
	}
	o.Policy = store.ClientPolicy{ThirdParty: rule, FirstParty: rule}
	m.must(t, m.flow.store().UpdateOrganization(m.Context(), o))
}

// admits: what acme's rule says of spa.
func (m *model) admits() bool {
	switch m.mode {
	case "", store.RuleAll:
		return true
	case store.RuleList, store.RuleApprove:
		return m.listed
	}
	return false
}

// may is the part of a scope that ada may give, there is, and spa may have.
func (m *model) may(scope oauth.Scope) (left oauth.Scope) {
	held := ""
	for _, role := range m.roles {
		held += " " + strings.Join(m.means[role], " ") + " "
	}
	for _, name := range scope {
		need := map[string]string{"okr.read": "read", "okr.write": "read write"}[name]
		fits := slices.Contains(m.scopes, name) && (len(m.ceiling) == 0 || slices.Contains(m.ceiling, name))
		for _, permission := range strings.Fields(need) {
			fits = fits && strings.Contains(held, " objectives:"+permission+" ")
		}
		if fits {
			left = append(left, name)
		}
	}
	return left
}

// fits tells whether a grant would be given at all today.
func (m *model) fits(g *given) bool {
	return m.member && m.admits() && m.clock.Now().Before(m.endOf(g)) && (!g.presumed || m.own && m.skip)
}

// endOf: a life that is made shorter ends what was given before; one that is made longer gives nothing back.
func (m *model) endOf(g *given) time.Time {
	life := 180 * 24 * time.Hour
	for _, shorter := range []time.Duration{g.life, m.life} {
		if shorter > 0 {
			life = min(life, shorter)
		}
	}
	return g.born.Add(life)
}

// holds is what is left of a grant.
func (m *model) holds(g *given) oauth.Scope {
	if g.ended || !m.fits(g) {
		return nil
	}
	return m.may(g.scope)
}

// connect sends ada through an authorization, and knows whether she has to be asked.
func (m *model) connect(t *rapid.T) {
	requested := rapid.SampledFrom([]oauth.Scope{{"okr.read"}, {"okr.read", "okr.write"}, {"okr.write"}}).Draw(t, "requested")
	prompt := rapid.SampledFrom([]string{"", "", "", "consent"}).Draw(t, "prompt")
	c := command{header: make(http.Header), pairs: [][2]string{
		{"client_id", "spa"}, {"redirect_uri", "https://spa.example/callback"}, {"resource", okr}, {"scope", requested.String()}, {"prompt", prompt},
	}}
	if len(m.scopes) == 0 || !slices.ContainsFunc(requested, func(s string) bool {
		return slices.Contains(m.scopes, s) && (len(m.ceiling) == 0 || slices.Contains(m.ceiling, s))
	}) {
		return // the server's default would be asked for instead
	}
	m.must(t, m.authorize(c))
	asked, code := m.answer(t)
	may := m.may(requested)
	possible := m.member && m.admits() && len(may) > 0
	covered := m.agreed.Covers(may) && prompt == ""
	presumed := !covered && prompt == "" && m.own && m.skip && !m.withdrew
	switch {
	case (code != "") != possible:
		t.Fatalf("an authorization for %q came to the code %q, want one: %v", requested, code, possible)
	case code == "":
		return
	case asked == (covered || presumed):
		t.Fatalf("ada was asked about %q: %v; she agreed to %q, and it is presumed: %v", may, asked, m.agreed, presumed)
	case asked:
		m.agreed = m.agreed.Union(may)
	}
	m.redeemed(t, &given{scope: may, presumed: presumed && !asked, born: m.clock.Now(), life: m.life}, code)
}

// answer goes through the pages and allows what can be allowed.
func (m *model) answer(t *rapid.T) (asked bool, code string) {
	for range 6 {
		m.must(t, m.browser.follow())
		switch page := m.browser.last; {
		case page.status == http.StatusSeeOther:
			to, err := url.Parse(page.header.Get("Location"))
			m.must(t, err)
			return asked, to.Query().Get("code")
		case strings.Contains(page.body, `name="password"`):
			m.must(t, m.browser.signIn("ada", password))
		case m.browser.press("Allow", nil) == nil:
			asked = true
		default:
			return true, "" // nothing can be allowed
		}
	}
	t.Fatal("six pages, and no end")
	return false, ""
}

// redeemed redeems a code and keeps the grant.
func (m *model) redeemed(t *rapid.T, g *given, code string) {
	m.vars["code"] = code
	m.must(t, m.redeem(command{header: make(http.Header), pairs: [][2]string{{"client_id", "spa"}, {"redirect_uri", "https://spa.example/callback"}}}))
	var got oauth.TokenResponse
	m.must(t, json.Unmarshal([]byte(m.last.body), &got))
	if got.Scope != g.scope.String() {
		t.Fatalf("a code for %q gave %s", g.scope, m.last)
	}
	m.keep(g, got)
	m.grants = append(m.grants, g)
}

func (m *model) keep(g *given, got oauth.TokenResponse) {
	g.token, g.refresh, g.has = got.AccessToken, got.RefreshToken, strings.Fields(got.Scope)
	g.until = m.clock.Now().Add(time.Duration(got.ExpiresIn) * time.Second)
}

// one picks a grant; there is none while nothing was connected.
func (m *model) one(t *rapid.T) *given {
	if len(m.grants) == 0 {
		return nil
	}
	return m.grants[rapid.IntRange(0, len(m.grants)-1).Draw(t, "grant")]
}

// renew refreshes one grant.
func (m *model) renew(t *rapid.T) {
	g := m.one(t)
	if g == nil {
		return
	}
	want := m.holds(g)
	if !g.scope.Covers(want) {
		t.Fatalf("the model grows: %q of %q", want, g.scope)
	}
	rec := m.form("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {g.refresh}, "client_id": {"spa"}})
	var got refreshAnswer
	m.must(t, json.Unmarshal([]byte(rec.body), &got))
	if got.Scope != want.String() || (rec.status == http.StatusOK) != (len(want) > 0) || len(want) == 0 && got.Error != oauth.InvalidGrant {
		t.Fatalf("a refresh of %+v = %d %s, want the scope %q", g, rec.status, rec.body, want)
	}
	if rec.status != http.StatusOK {
		g.ended = g.ended || !m.fits(g) // and nothing brings it back
		// What has no scope left rotated all the same, and its answer was lost: the token repeats it for a while.
		m.grants = slices.DeleteFunc(m.grants, func(one *given) bool { return one == g && !g.ended })
		return
	}
	m.keep(g, got.TokenResponse)
}

// look introspects the newest access tokens.
func (m *model) look(t *rapid.T) {
	for _, g := range m.grants[max(0, len(m.grants)-3):] {
		want := g.has.Intersect(m.holds(g))
		if !m.clock.Now().Before(g.until) {
			want = nil
		}
		if got := m.scopeOf(g.token); got != want.String() {
			t.Fatalf("the token of %+v counts for %q, want %q", g, got, want)
		}
	}
}

func (m *model) pass(t *rapid.T) {
	m.clock.Move(rapid.SampledFrom([]time.Duration{time.Minute, 9 * time.Minute, 40 * time.Minute}).Draw(t, "time"))
}

func (m *model) setRoles(t *rapid.T) {
	if !m.member {
		return
	}
	m.roles = rapid.SampledFrom([][]string{{"admin"}, {"admin"}, {"member"}, {"member", "admin"}, nil, {"ghost"}}).Draw(t, "roles")
	m.must(t, m.flow.store().PutMember(m.Context(), store.Membership{Org: "acme", Person: "per_ada", Roles: m.roles}))
}

func (m *model) setMeaning(t *rapid.T) {
	role := rapid.SampledFrom([]string{"admin", "member"}).Draw(t, "role")
	m.means[role] = rapid.SampledFrom([][]string{{"objectives:read", "objectives:write"}, {"objectives:read", "objectives:write"}, {"objectives:read"}, {"objectives:write"}, nil}).Draw(t, "permissions")
	m.must(t, m.flow.store().PutRole(m.Context(), store.Role{Name: role, Permissions: m.means[role]}))
	m.known()
}

func (m *model) setRule(t *rapid.T) {
	m.mode = rapid.SampledFrom([]store.RuleMode{"", "", store.RuleAll, store.RuleAll, store.RuleList, store.RuleApprove, store.RuleNone}).Draw(t, "mode")
	m.listed = rapid.Bool().Draw(t, "listed")
	m.rule(t)
}

func (m *model) setCeiling(t *rapid.T) {
	m.ceiling = rapid.SampledFrom([]oauth.Scope{nil, nil, {"okr.read"}, {"okr.write"}, {"okr.read", "okr.write"}, {"todo.read"}}).Draw(t, "ceiling")
	m.change(t)
}

func (m *model) setLife(t *rapid.T) {
	m.life = rapid.SampledFrom([]time.Duration{0, 10 * time.Minute, time.Hour}).Draw(t, "life")
	m.change(t)
}

func (m *model) setOwn(t *rapid.T) {
	both := rapid.SampledFrom([][2]bool{{true, true}, {true, true}, {true, false}, {false, true}}).Draw(t, "own and skip")
	m.own, m.skip = both[0], both[1]
	m.change(t)
}

// change makes spa what the model says.
func (m *model) change(t *rapid.T) {
	m.must(t, m.changeClient("spa", func(c *store.Client) {
		c.Scope, c.FirstParty, c.Terms = m.ceiling, m.own, store.Terms{SkipConsent: m.skip, Lives: store.Lives{RefreshLife: m.life}}
	}))
	m.known()
}

func (m *model) setScopes(t *rapid.T) {
	m.scopes = rapid.SampledFrom([]oauth.Scope{{"okr.read", "okr.write"}, {"okr.read", "okr.write"}, {"okr.read"}, {"okr.write"}}).Draw(t, "scopes")
	m.must(t, m.operate(command{rest: "resource-scopes " + okr + " " + m.scopes.String()}))
	m.known()
}

// leave ends the membership, and mostly brings ada back, which brings nothing back.
func (m *model) leave(t *rapid.T) {
	if m.member {
		m.must(t, m.flow.store().RemoveMember(m.Context(), "acme", "per_ada", m.clock.Now()))
		m.agreed = nil
		m.endAll()
	}
	if m.member = rapid.IntRange(0, 3).Draw(t, "back") > 0; m.member {
		m.must(t, m.flow.store().PutMember(m.Context(), store.Membership{Org: "acme", Person: "per_ada", Roles: m.roles}))
	}
}

func (m *model) endAll() {
	for _, g := range m.grants {
		g.ended = true
	}
}

// end does what ends every grant at once, and takes it back as far as it can be.
func (m *model) end(t *rapid.T) {
	ctx, st, now := m.Context(), m.flow.store(), m.clock.Now()
	switch rapid.SampledFrom([]string{"person", "password", "client", "resource", "consent"}).Draw(t, "end") {
	case "person":
		m.must(t, st.SetPersonDisabled(ctx, "per_ada", true, now))
		m.must(t, st.SetPersonDisabled(ctx, "per_ada", false, now))
	case "password":
		hash, err := passwordHash()
		m.must(t, err)
		m.must(t, st.SetPassword(ctx, "per_ada", hash, true, now))
	case "client":
		m.must(t, st.SetClientDisabled(ctx, "spa", true, now))
		m.must(t, st.SetClientDisabled(ctx, "spa", false, now))
	case "resource":
		m.must(t, st.DeleteResource(ctx, okr, now))
		m.must(t, m.operate(command{rest: "resource-scopes " + okr + " " + m.scopes.String()}))
		m.agreed = nil
	case "consent":
		list, err := store.EveryConnection(ctx, st, store.ConnectionQuery{Person: "per_ada", Client: "spa", Now: now})
		m.must(t, err)
		for _, one := range list {
			m.must(t, st.WithdrawConsent(ctx, one.ConsentKey, store.EndedByPerson, now))
			m.withdrew = true
		}
		m.agreed = nil
	}
	m.endAll()
	m.known()
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
