package account

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const app oauth.RedirectURI = "https://app.example/cb"

// withOrganizations makes acme, which ada runs and bob is a member of, and globex, which bob runs.
func (w *world) withOrganizations() {
	w.Helper()
	ctx := w.Context()
	w.account.Office = &organizations.Office{Store: w.store, Site: "Acme", Issuer: issuer, Now: w.account.Now}
	w.must(w.store.PutRole(ctx, store.Role{Name: "admin", Permissions: []string{policy.RunOrganization}}))
	w.must(w.store.PutRole(ctx, store.Role{Name: "member"}))
	for _, id := range []store.OrgID{"acme", "globex"} {
		w.must(w.store.CreateOrganization(ctx, store.Organization{ID: id, Slug: string(id), Name: "The " + string(id), CreatedAt: now}))
	}
	for _, m := range []store.Membership{
		{Org: "acme", Person: "per_ada", Roles: []string{"admin"}}, {Org: "acme", Person: "per_bob", Roles: []string{"member"}},
		{Org: "globex", Person: "per_bob", Roles: []string{"admin"}},
	} {
		m.CreatedAt = now
		w.must(w.store.PutMember(ctx, m))
	}
}

// invited files an invitation.
func (w *world) invited(org store.OrgID, email string) store.Invitation {
	w.Helper()
	i := store.Invitation{ID: store.InvitationID("inv_" + store.NewID(now)), Link: store.DigestOf(email), Org: org, Email: email,
		Roles: []string{"member"}, CreatedAt: now, Expires: now.Add(time.Hour)}
	w.must(w.store.Invite(w.Context(), i))
	return i
}

func (w *world) waits(i store.Invitation) bool {
	_, err := w.store.Invitation(w.Context(), i.ID, now)
	return err == nil
}

func (w *world) belongs(org store.OrgID, p store.PersonID) bool {
	_, err := w.store.Member(w.Context(), org, p)
	return err == nil
}

// post sends a form that the page showed this person, with its token.
func (p *person) post(path, purpose string, form url.Values) (status int, location string) {
	p.Helper()
	r, err := http.NewRequest(http.MethodGet, "/", nil)
	p.must(err)
	for _, c := range p.cookies {
		r.AddCookie(c)
	}
	_, who, err := p.store.Session(p.Context(), store.DigestOf(p.cookies[0].Value), time.Hour, now)
	p.must(err)
	form.Set("token", p.account.Jar.Visitor(r).FormToken(purpose, string(who.ID)))
	rec := p.do(http.MethodPost, path, form)
	return rec.Code, strings.TrimPrefix(rec.Header().Get("Location"), issuer+path)
}

func TestWhoDoesNotRunAnOrganizationDoesNothingThere(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	ctx := t.Context()
	grant := w.connect("per_ada", "app", store.Registered, "App", app)
	key := store.ConsentKey{Person: "per_ada", Client: "app", Resource: resource, Org: "acme"}
	forAcme := w.allow(key, app)
	waiting := w.invited("acme", "cleo@example.com")
	w.must(w.store.AskApproval(ctx, store.Approval{Org: "acme", Client: "app", Person: "per_ada", AskedAt: now}))
	before, err := w.store.Organization(ctx, "acme")
	w.must(err)

	bob := w.signedIn("per_bob")
	none := bob.do(http.MethodGet, "/account/organizations/admin?org=initech", nil)
	if got := bob.do(http.MethodGet, "/account/organizations/admin?org=acme", nil); got.Code != http.StatusNotFound || got.Code != none.Code {
		t.Errorf("GET of the page of acme = %d, of none = %d, want 404 for both", got.Code, none.Code)
	}
	for act := range adminActs {
		form := url.Values{"act": {act}, "org": {"acme"}, "client": {"app"}, "email": {"eve@example.com"}, "role": {"admin"}, "invitation": {string(waiting.ID)}}
		if status, _ := bob.post("/account/organizations/admin", adminForm, form); status != http.StatusNotFound {
			t.Errorf("%s by a member of acme who runs globex = %d, want 404", act, status)
		}
	}
	after, err := w.store.Organization(ctx, "acme")
	w.must(err)
	approvals, err := w.store.Approvals(ctx, "acme", "")
	w.must(err)
	list, err := w.store.InvitationsOf(ctx, "acme")
	w.must(err)
	if after.Version != before.Version || len(approvals) != 1 || !approvals[0].RefusedAt.IsZero() || len(list) != 1 || !w.live(grant) || !w.live(forAcme) {
		t.Errorf("afterwards acme = %+v, approvals %v, invitations %v, grants live: %v %v; want nothing changed", after, approvals, list, w.live(grant), w.live(forAcme))
	}
}

func TestAnAdminReachesOnlyTheirOwnOrganization(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	theirs := w.invited("globex", "cleo@example.com")
	own := w.connect("per_bob", "app", store.Registered, "App", app)
	key := store.ConsentKey{Person: "per_bob", Client: "app", Resource: resource}
	grants := make(map[store.OrgID]store.GrantID)
	for _, key.Org = range []store.OrgID{"acme", "globex"} {
		grants[key.Org] = w.allow(key, app)
	}
	adas := w.allow(store.ConsentKey{Person: "per_ada", Client: "app", Resource: resource, Org: "acme"}, app)
	ada := w.signedIn("per_ada")
	const page = "/account/organizations/admin"

	ada.post(page, adminForm, url.Values{"act": {"uninvite"}, "org": {"acme"}, "invitation": {string(theirs.ID)}})
	if !w.waits(theirs) {
		t.Error("acme's admin revoked an invitation of globex")
	}
	for _, form := range []url.Values{
		{"act": {"revoke"}, "org": {"acme"}, "person": {"per_bob"}}, // of which app?
		{"act": {"revoke"}, "org": {"acme"}, "client": {"another"}},
		{"act": {"revoke"}, "org": {"acme"}, "client": {"app"}, "person": {"per_eve"}},
	} {
		if status, to := ada.post(page, adminForm, form); status != http.StatusSeeOther || to != "?org=acme" || !w.live(grants["acme"]) || !w.live(adas) {
			t.Errorf("revoke %v = %d %q; live: bob's %v, ada's %v; want nothing done and nothing said", form, status, to, w.live(grants["acme"]), w.live(adas))
		}
	}
	for _, tt := range []struct {
		person     string
		bobs, adas bool // live afterwards
	}{{"per_bob", false, true}, {"", false, false}} {
		form := url.Values{"act": {"revoke"}, "org": {"acme"}, "client": {"app"}, "person": {tt.person}}
		if status, to := ada.post(page, adminForm, form); status != http.StatusSeeOther || to != "?done=revoke&org=acme" {
			t.Errorf("revoke of %q = %d %q, want it done", tt.person, status, to)
		}
		if w.live(grants["acme"]) != tt.bobs || w.live(adas) != tt.adas || !w.live(grants["globex"]) || !w.live(own) {
			t.Errorf("after revoke of %q live: bob's for acme %v, ada's %v, bob's for globex %v, his own %v; want %v, %v, true, true",
				tt.person, w.live(grants["acme"]), w.live(adas), w.live(grants["globex"]), w.live(own), tt.bobs, tt.adas)
		}
	}
}

func TestWhatAnAdminDoesIsTheirDeed(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	w.account.Office.Mail = discarded(t)
	ctx := t.Context()
	w.connect("per_bob", "app", store.Registered, "App", app)
	w.allow(store.ConsentKey{Person: "per_bob", Client: "app", Resource: resource, Org: "acme"}, app)
	ask := func(id store.ClientID) {
		w.must(w.store.AskApproval(ctx, store.Approval{Org: "acme", Client: id, Person: "per_bob", AskedAt: now}))
	}
	ask("app")
	ask("another")
	waiting := w.invited("acme", "cleo@example.com")
	ada := w.signedIn("per_ada")
	for _, tt := range []struct {
		form  url.Values
		kinds []store.EventKind
	}{
		{url.Values{"act": {"approve"}, "client": {"app"}}, []store.EventKind{store.ApprovalGiven, store.OrgChanged}},
		{url.Values{"act": {"refuse"}, "client": {"another"}}, []store.EventKind{store.ApprovalRefused}},
		{url.Values{"act": {"reconsider"}, "client": {"another"}}, []store.EventKind{store.RefusalWithdrawn}},
		{url.Values{"act": {"uninvite"}, "invitation": {string(waiting.ID)}}, []store.EventKind{store.InvitationRevoked}},
		{url.Values{"act": {"invite"}, "email": {"dora@example.com"}}, []store.EventKind{store.InvitationSent}},
		{url.Values{"act": {"revoke"}, "client": {"app"}, "person": {"per_bob"}}, []store.EventKind{store.GrantEnded, store.ConsentWithdrawn}},
	} {
		tt.form.Set("org", "acme")
		if status, to := ada.post("/account/organizations/admin", adminForm, tt.form); status != http.StatusSeeOther || !strings.HasPrefix(to, "?done=") {
			t.Errorf("%v = %d %q, want it done", tt.form, status, to)
		}
		for _, kind := range tt.kinds {
			got, err := w.store.Events(ctx, store.EventFilter{Kind: kind}, 1)
			if err != nil || len(got) != 1 || got[0].Actor != (store.Actor{Kind: store.ByPerson, ID: "per_ada"}) || got[0].Org != "acme" {
				t.Errorf("%v left %s: %+v, %v, want it by ada, for acme", tt.form, kind, got, err)
				continue
			}
			if kind == store.GrantEnded && (got[0].Person != "per_bob" || got[0].Detail.Reason != store.EndedByAdmin) {
				t.Errorf("the grant ended of %q because of %q, want bob's and %q", got[0].Person, got[0].Detail.Reason, store.EndedByAdmin)
			}
		}
	}
}

func TestTheAdminsFormIsTheirs(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	i := w.invited("acme", "cleo@example.com")
	ada := w.signedIn("per_ada")
	form := url.Values{"act": {"uninvite"}, "org": {"acme"}, "invitation": {string(i.ID)}}
	if status, _ := ada.post("/account/organizations/admin", organizationsForm, form); status != http.StatusForbidden || !w.waits(i) {
		t.Errorf("the page's act with the token of another page = %d, the invitation waits: %v, want 403", status, w.waits(i))
	}
	form.Set("act", "conquer")
	if status, _ := ada.post("/account/organizations/admin", adminForm, form); status != http.StatusForbidden {
		t.Errorf("an act that there is not = %d, want 403", status)
	}
}

func TestWhatAnAdminEntersIsLookedAt(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	ada := w.signedIn("per_ada")
	form := func(email, role string) url.Values {
		return url.Values{"act": {"invite"}, "org": {"acme"}, "email": {email}, "role": {role}}
	}
	if status, _ := ada.post("/account/organizations/admin", adminForm, form("cleo@example.com", "")); status != http.StatusUnprocessableEntity {
		t.Errorf("an invitation where no mail can be sent = %d, want 422", status)
	}
	w.account.Office.Mail = discarded(t)
	for _, tt := range []struct {
		name, email, role string
		want              int
	}{
		{"no address", "cleo", "member", http.StatusUnprocessableEntity},
		{"a role that there is not", "cleo@example.com", "emperor", http.StatusUnprocessableEntity},
		{"without a role", "dora@example.com", "", http.StatusSeeOther},
		{"an address in another spelling", "Cleo@EXAMPLE.com", "member", http.StatusSeeOther},
	} {
		if status, _ := ada.post("/account/organizations/admin", adminForm, form(tt.email, tt.role)); status != tt.want {
			t.Errorf("%s: invite %q as %q = %d, want %d", tt.name, tt.email, tt.role, status, tt.want)
		}
	}
	list, err := w.store.InvitationsOf(t.Context(), "acme")
	if err != nil || len(list) != 2 || list[0].Email != "cleo@example.com" || list[0].By != "per_ada" || strings.Join(list[0].Roles, " ") != "member" || len(list[1].Roles) != 0 {
		t.Errorf("InvitationsOf = %+v, %v, want cleo's as member and dora's", list, err)
	}
}
