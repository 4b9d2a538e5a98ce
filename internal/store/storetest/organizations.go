// organizations.go: organizations, their members, and what a member is when a grant is read.

package storetest

import (
	"reflect"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var organizationTests = map[string]func(*house){
	"come back as they were filed":                   testOrganizationRoundTrip,
	"change once for each version":                   testOrganizationChange,
	"have members, with roles that can be replaced":  testMembers,
	"are not for strangers":                          testNoMember,
	"take a member's grants with the membership":     testRemoveMember,
	"tell with a grant what its person is there now": testStanding,
	"go with all that is theirs":                     testDeleteOrganization,
	"are chosen for a browser by their members":      testSessionOrg,
	"share the roles of the project":                 testRoles,
}

func (h *house) newOrganization(name string) store.Organization {
	h.Helper()
	id := h.unique("org")
	o := store.Organization{ID: store.OrgID(id), Slug: id, Name: name, Version: 1, CreatedAt: h.now, Policy: store.ClientPolicy{
		SelfMade:  store.ClientRule{Mode: store.RuleNone},
		Documents: store.ClientRule{Mode: store.RuleList, Hosts: []string{"app.example"}, Clients: []store.ClientID{"https://a.example/c"}},
	}}
	h.must(h.CreateOrganization(h.Context(), o), "CreateOrganization(%s)", id)
	return o
}

func testOrganizationRoundTrip(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Zürich “1”")
	got, err := h.Organization(ctx, o.ID)
	h.must(err, "Organization")
	same(h, "an organization", got, o)
	twin := o
	twin.ID += "-2"
	h.want(store.ErrExists, h.CreateOrganization(ctx, twin), "CreateOrganization with a slug that is taken")
	twin.ID, twin.Slug = o.ID, "another"
	h.want(store.ErrExists, h.CreateOrganization(ctx, twin), "CreateOrganization with an id that is taken")
	list, err := h.Organizations(ctx, "org", 1)
	h.must(err, "Organizations")
	same(h, "organizations after one", list, []store.Organization{o})
}

func testOrganizationChange(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Old")
	o.Name, o.Policy = "New", store.ClientPolicy{}
	h.must(h.UpdateOrganization(ctx, o), "UpdateOrganization")
	h.want(store.ErrChanged, h.UpdateOrganization(ctx, o), "UpdateOrganization from an old reading")
	o.Version++
	got, err := h.Organization(ctx, o.ID)
	h.must(err, "Organization")
	same(h, "a changed organization", got, o)
}

func testMembers(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Alpha")
	m := store.Membership{Org: o.ID, Person: h.person.ID, Roles: []string{"admin", "member"}, CreatedAt: h.now}
	h.must(h.PutMember(ctx, m), "PutMember")
	later := m
	later.Roles, later.CreatedAt = []string{"member"}, h.at(time.Hour)
	h.must(h.PutMember(ctx, later), "PutMember again")
	m.Roles = later.Roles
	got, err := h.Members(ctx, o.ID, "", 10)
	h.must(err, "Members")
	same(h, "members", got, []store.Membership{m})
	one, err := h.Member(ctx, o.ID, h.person.ID)
	h.must(err, "Member")
	same(h, "a membership", one, m)
	mine, err := h.OrganizationsOf(ctx, h.person.ID)
	h.must(err, "OrganizationsOf")
	if len(mine) != 2 || mine[0].Name != "Alpha" || mine[1].ID != "org" || len(mine[0].Roles) != 1 {
		h.Errorf("OrganizationsOf = %+v, want Alpha and org by name", mine)
	}
	h.must(h.PutMember(ctx, store.Membership{Person: h.person.ID, Roles: []string{"staff"}}), "PutMember of the project itself")
	if again, err := h.OrganizationsOf(ctx, h.person.ID); err != nil || len(again) != 2 {
		h.Errorf("OrganizationsOf = %v, %v: the project itself is no organization", again, err)
	}
}

func testNoMember(h *house) {
	ctx := h.Context()
	h.want(store.ErrNotFound, h.PutMember(ctx, store.Membership{Org: "org", Person: "nobody"}), "PutMember of nobody")
	h.want(store.ErrNotFound, h.PutMember(ctx, store.Membership{Org: "nothing", Person: h.person.ID}), "PutMember of nothing")
	h.want(store.ErrNotFound, h.RemoveMember(ctx, "org", "nobody", h.now), "RemoveMember of nobody")
}

func testRemoveMember(h *house) {
	ctx := h.Context()
	mine, unspent := h.spent(), h.filed()
	elsewhere := h.grant()
	elsewhere.Org = ""
	h.must(h.FileGrant(ctx, elsewhere), "FileGrant of no organization")
	agreed := h.key()
	h.agree(agreed, h.now)
	own := agreed
	own.Org = ""
	h.agree(own, h.now)
	h.must(h.RemoveMember(ctx, "org", h.person.ID, h.at(time.Minute)), "RemoveMember")
	_, err := h.Consent(ctx, agreed)
	h.want(store.ErrNotFound, err, "Consent for the organization")
	_, err = h.Consent(ctx, own)
	h.must(err, "Consent for no organization")
	for _, id := range []store.GrantID{mine.ID, unspent.ID} {
		got, err := h.Grant(ctx, id)
		h.must(err, "Grant")
		if got.EndReason != store.EndedByMembership || !got.EndedAt.Equal(h.at(time.Minute)) {
			h.Errorf("a grant for the organization ended %q at %v, want %q", got.EndReason, got.EndedAt, store.EndedByMembership)
		}
	}
	_, err = h.LiveGrant(ctx, elsewhere.ID, h.now)
	h.must(err, "LiveGrant of a grant for no organization")
	// One that is filed by a request that was under way finds nobody to belong to.
	late := h.filed()
	_, err = h.SpendCode(ctx, h.codeUse(late))
	h.want(store.ErrNotFound, err, "SpendCode of somebody who is no member")
	_, err = h.LiveGrant(ctx, late.ID, h.now)
	h.want(store.ErrNotFound, err, "LiveGrant of somebody who is no member")
}

func testStanding(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Beta")
	h.must(h.PutMember(ctx, store.Membership{Org: o.ID, Person: h.person.ID, Roles: []string{"admin"}}), "PutMember")
	g := h.grant()
	g.Org = o.ID
	h.must(h.FileGrant(ctx, g), "FileGrant")
	want := store.Standing{Roles: []string{"admin"}, Policy: o.Policy, Slug: o.Slug}
	spent, err := h.SpendCode(ctx, h.codeUse(g))
	h.must(err, "SpendCode")
	same(h, "the standing when a code is spent", spent.Standing, want)

	h.must(h.PutMember(ctx, store.Membership{Org: o.ID, Person: h.person.ID}), "PutMember without roles")
	o.Policy = store.ClientPolicy{}
	h.must(h.UpdateOrganization(ctx, o), "UpdateOrganization")
	live, err := h.LiveGrant(ctx, g.ID, h.now)
	h.must(err, "LiveGrant")
	same(h, "the standing afterwards", live.Standing, store.Standing{Slug: o.Slug})

	g = h.grant()
	g.Org = ""
	h.must(h.FileGrant(ctx, g), "FileGrant of no organization")
	h.must(h.PutMember(ctx, store.Membership{Person: h.person.ID, Roles: []string{"staff"}}), "PutMember of the project itself")
	live, err = h.LiveGrant(ctx, g.ID, h.now)
	h.must(err, "LiveGrant of no organization")
	same(h, "the standing in the project itself", live.Standing, store.Standing{Roles: []string{"staff"}})
}

func testRoles(h *house) {
	ctx := h.Context()
	h.must(h.PutRole(ctx, store.Role{Name: "member", Permissions: []string{"a.read"}}), "PutRole")
	admin := store.Role{Name: "admin", Description: "May do “everything”", Permissions: []string{"a.read", "a.write"}}
	h.must(h.PutRole(ctx, admin), "PutRole")
	member := store.Role{Name: "member", Description: "Reads", Permissions: nil}
	h.must(h.PutRole(ctx, member), "PutRole again")
	got, err := h.Roles(ctx)
	h.must(err, "Roles")
	same(h, "roles", got, []store.Role{admin, member})
	h.must(h.DeleteRole(ctx, "member"), "DeleteRole")
	h.want(store.ErrNotFound, h.DeleteRole(ctx, "member"), "DeleteRole again")
}

func testDeleteOrganization(h *house) {
	ctx := h.Context()
	o, other := h.newOrganization("Gone"), h.newOrganization("Stays")
	grants := make(map[store.OrgID]store.Grant)
	for _, id := range []store.OrgID{o.ID, other.ID} {
		h.must(h.PutMember(ctx, store.Membership{Org: id, Person: h.person.ID}), "PutMember")
		g := h.grant()
		g.Org = id
		h.must(h.FileGrant(ctx, g), "FileGrant")
		grants[id] = g
		agreed := h.key()
		agreed.Org = id
		h.agree(agreed, h.now)
		h.verified(id, string(id)+".example")
		p := h.newProvider()
		p.Org = id
		h.must(h.UpdateProvider(ctx, p), "UpdateProvider")
		h.invited(id, "new@example.com")
		h.asks(id, h.person.ID, h.client.ID)
		left := h.newPerson()
		h.must(h.PutMember(ctx, store.Membership{Org: id, Person: left.ID}), "PutMember")
		h.must(h.RemoveMember(ctx, id, left.ID, h.now), "RemoveMember")
	}
	session := h.session()
	h.must(h.SetSessionOrg(ctx, session.ID, o.ID), "SetSessionOrg")
	before := h.officesOf(other.ID)
	h.must(h.DeleteOrganization(ctx, o.ID, h.at(time.Minute)), "DeleteOrganization")
	h.want(store.ErrNotFound, h.DeleteOrganization(ctx, o.ID, h.now), "DeleteOrganization again")
	_, err := h.Organization(ctx, o.ID)
	h.want(store.ErrNotFound, err, "Organization")
	for i, left := range h.officesOf(o.ID) {
		if reflect.ValueOf(left).Len() != 0 {
			h.Errorf("after DeleteOrganization, list %d is %v, want nothing", i, left)
		}
	}
	same(h, "what another organization has", h.officesOf(other.ID), before)
	connections, err := h.Providers(ctx)
	if err != nil || len(connections) != 1 || connections[0].Org != other.ID {
		h.Errorf("after DeleteOrganization, Providers = %v, %v, want those of %s alone", connections, err, other.ID)
	}
	if got := h.stored(grants[o.ID].ID); got.EndReason != store.EndedByOrganization || !got.EndedAt.Equal(h.at(time.Minute)) {
		h.Errorf("a grant for the organization ended %q at %v, want %q", got.EndReason, got.EndedAt, store.EndedByOrganization)
	}
	_, err = h.LiveGrant(ctx, grants[other.ID].ID, h.now)
	h.must(err, "LiveGrant for another organization")
	if got, _, err := h.Session(ctx, session.ID, time.Hour, h.now); err != nil || got.Org != "" {
		h.Errorf("Session = %+v, %v, want it for no organization", got, err)
	}
}

// officesOf are the lists of what an organization has.
func (h *house) officesOf(org store.OrgID) []any {
	h.Helper()
	ctx := h.Context()
	var all []any
	keep := func(v any, err error) {
		h.Helper()
		h.must(err, "reading a %T", v)
		all = append(all, v)
	}
	keep(h.Members(ctx, org, "", 10))
	keep(h.DomainsOf(ctx, org))
	keep(h.InvitationsOf(ctx, org))
	keep(h.Approvals(ctx, org, ""))
	keep(h.Connections(ctx, store.ConnectionQuery{Org: org, Now: h.now, Limit: 10}))
	return all
}

func testSessionOrg(h *house) {
	ctx := h.Context()
	session, foreign := h.session(), h.newOrganization("Foreign")
	h.want(store.ErrNotFound, h.SetSessionOrg(ctx, session.ID, foreign.ID), "SetSessionOrg of an organization that is not theirs")
	h.want(store.ErrNotFound, h.SetSessionOrg(ctx, store.DigestOf("none"), "org"), "SetSessionOrg of no session")
	for _, org := range []store.OrgID{"org", ""} {
		h.must(h.SetSessionOrg(ctx, session.ID, org), "SetSessionOrg(%q)", org)
		got, _, err := h.Session(ctx, session.ID, time.Hour, h.now)
		if err != nil || got.Org != org {
			h.Errorf("Session after SetSessionOrg(%q) = %+v, %v", org, got, err)
		}
	}
}
