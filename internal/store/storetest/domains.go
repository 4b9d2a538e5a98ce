// domains.go: whose a domain is, and who becomes a member by it.

package storetest

import (
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var domainTests = map[string]func(*house){
	"come back as they were filed":                           testDomainRoundTrip,
	"are one organization's once they are verified":          testDomainOfOne,
	"keep when they were verified and since when they miss":  testDomainTimes,
	"are listed for checking, longest ago first":             testDomainsToCheck,
	"bring in whoever signs in with a proven address":        testDomainJoin,
	"bring in nobody else":                                   testDomainJoinRefusals,
	"bring in whoever proves their address":                  testDomainJoinByProof,
	"bring in whoever comes by the organization's own":       testDomainJoinByConnection,
	"do not bring back who left, until they are made member": testDomainDeparture,
}

// claimed is a domain that an organization added.
func (h *house) claimed(org store.OrgID, name string) store.Domain {
	h.Helper()
	d := store.Domain{Name: name, Org: org, Join: true, Roles: []string{"member", "guest"}, Token: "aw-1", CreatedAt: h.now}
	h.must(h.AddDomain(h.Context(), d), "AddDomain(%s)", name)
	return d
}

func (h *house) verified(org store.OrgID, name string) store.Domain {
	h.Helper()
	d := h.claimed(org, name)
	d.VerifiedAt, d.CheckedAt = h.now, h.now
	h.must(h.VerifyDomain(h.Context(), org, name, h.now), "VerifyDomain(%s)", name)
	return d
}

func testDomainRoundTrip(h *house) {
	ctx := h.Context()
	d := h.claimed("org", "xn--bcher-kva.example")
	h.want(store.ErrExists, h.AddDomain(ctx, d), "AddDomain again")
	stray := d
	stray.Org = "nothing"
	h.want(store.ErrNotFound, h.AddDomain(ctx, stray), "AddDomain of no organization")
	_, err := h.Domain(ctx, d.Name)
	h.want(store.ErrNotFound, err, "Domain before it is verified")
	h.must(h.SetDomainJoin(ctx, "org", d.Name, false, nil), "SetDomainJoin")
	h.must(h.VerifyDomain(ctx, "org", d.Name, h.at(time.Minute)), "VerifyDomain")
	d.Join, d.Roles, d.VerifiedAt, d.CheckedAt = false, nil, h.at(time.Minute), h.at(time.Minute)
	got, err := h.Domain(ctx, d.Name)
	h.must(err, "Domain")
	same(h, "a verified domain", got, d)
	earlier := h.claimed("org", "a.example")
	list, err := h.DomainsOf(ctx, "org")
	h.must(err, "DomainsOf")
	same(h, "an organization's domains", list, []store.Domain{earlier, d})
	h.must(h.RemoveDomain(ctx, "org", d.Name), "RemoveDomain")
	h.want(store.ErrNotFound, h.RemoveDomain(ctx, "org", d.Name), "RemoveDomain again")
	_, err = h.Domain(ctx, d.Name)
	h.want(store.ErrNotFound, err, "Domain after it was removed")
}

func testDomainOfOne(h *house) {
	ctx := h.Context()
	mine := h.verified("org", "acme.example")
	other := h.newOrganization("Other")
	h.claimed(other.ID, mine.Name)
	h.want(store.ErrExists, h.VerifyDomain(ctx, other.ID, mine.Name, h.now), "VerifyDomain of another's domain")
	h.want(store.ErrNotFound, h.VerifyDomain(ctx, other.ID, "never.example", h.now), "VerifyDomain of one that was never added")
	h.want(store.ErrNotFound, h.RemoveDomain(ctx, "nothing", mine.Name), "RemoveDomain by no organization")
	h.must(h.RemoveDomain(ctx, "org", mine.Name), "RemoveDomain")
	h.must(h.VerifyDomain(ctx, other.ID, mine.Name, h.now), "VerifyDomain once it is free")
	got, err := h.Domain(ctx, mine.Name)
	if err != nil || got.Org != other.ID {
		h.Errorf("Domain = %+v, %v, want %s's", got, err, other.ID)
	}
}

func testDomainTimes(h *house) {
	ctx := h.Context()
	d := h.claimed("org", "acme.example")
	h.want(store.ErrNotFound, h.NoteDomain(ctx, "org", d.Name, true, h.now), "NoteDomain before it is verified")
	h.must(h.VerifyDomain(ctx, "org", d.Name, h.now), "VerifyDomain")
	for _, step := range []struct {
		at      time.Duration
		found   bool
		missing time.Time
	}{
		{1 * time.Hour, false, h.at(time.Hour)},
		{2 * time.Hour, false, h.at(time.Hour)},
		{3 * time.Hour, true, time.Time{}},
		{4 * time.Hour, false, h.at(4 * time.Hour)},
	} {
		h.must(h.NoteDomain(ctx, "org", d.Name, step.found, h.at(step.at)), "NoteDomain")
		got, err := h.Domain(ctx, d.Name)
		h.must(err, "Domain")
		if !got.CheckedAt.Equal(h.at(step.at)) || !got.MissingSince.Equal(step.missing) {
			h.Errorf("after NoteDomain(%t) at %v the domain is %+v, want missing since %v", step.found, step.at, got, step.missing)
		}
	}
	h.must(h.VerifyDomain(ctx, "org", d.Name, h.at(5*time.Hour)), "VerifyDomain again")
	got, err := h.Domain(ctx, d.Name)
	h.must(err, "Domain")
	d.VerifiedAt, d.CheckedAt = h.now, h.at(5*time.Hour)
	same(h, "a domain that was verified again", got, d)
}

func testDomainsToCheck(h *house) {
	ctx := h.Context()
	first, second := h.verified("org", "b.example"), h.verified("org", "a.example")
	h.claimed("org", "c.example")
	h.must(h.NoteDomain(ctx, "org", second.Name, true, h.at(time.Minute)), "NoteDomain")
	second.CheckedAt = h.at(time.Minute)
	for _, tt := range []struct {
		before time.Duration
		limit  int
		want   []store.Domain
	}{
		{0, 10, nil},
		{time.Second, 10, []store.Domain{first}},
		{time.Hour, 10, []store.Domain{first, second}},
		{time.Hour, 1, []store.Domain{first}},
	} {
		got, err := h.DomainsToCheck(ctx, h.at(tt.before), tt.limit)
		h.must(err, "DomainsToCheck")
		same(h, fmt.Sprintf("domains to check since %v, at most %d", tt.before, tt.limit), got, tt.want)
	}
}

// stranger is a person who belongs to nothing.
func (h *house) stranger(email string, proven bool) store.Person {
	h.Helper()
	p := store.Person{ID: store.PersonID(h.unique("per")), Email: email, EmailVerified: proven, CreatedAt: h.now}
	h.must(h.CreatePerson(h.Context(), p), "CreatePerson(%s)", email)
	return p
}

// signsIn opens a session of a person, and tells the roles they then have in an organization.
func (h *house) signsIn(p store.Person, org store.OrgID, at time.Time) ([]string, error) {
	h.Helper()
	s := h.someSession()
	s.Auth.Person, s.Auth.At = p.ID, at
	h.must(h.OpenSession(h.Context(), s, store.Digest{}), "OpenSession(%s)", p.Email)
	m, err := h.Member(h.Context(), org, p.ID)
	return m.Roles, err
}

func testDomainJoin(h *house) {
	d := h.verified("org", "acme.example")
	zoe := h.stranger("zoë@acme.example", true)
	roles, err := h.signsIn(zoe, "org", h.at(time.Minute))
	h.must(err, "Member")
	same(h, "the roles of who joined", roles, d.Roles)
	h.must(h.PutMember(h.Context(), store.Membership{Org: "org", Person: zoe.ID, Roles: []string{"admin"}}), "PutMember")
	roles, err = h.signsIn(zoe, "org", h.at(time.Hour))
	h.must(err, "Member")
	same(h, "the roles of who was a member already", roles, []string{"admin"})
}

func testDomainJoinRefusals(h *house) {
	ctx := h.Context()
	h.verified("org", "acme.example")
	h.claimed("org", "unproven.example")
	h.verified("org", "closed.example")
	h.must(h.SetDomainJoin(ctx, "org", "closed.example", false, nil), "SetDomainJoin")
	h.verified("org", "gone.example")
	h.must(h.NoteDomain(ctx, "org", "gone.example", false, h.at(-store.DomainGrace)), "NoteDomain")
	for _, tt := range []struct {
		name, email string
		proven      bool
	}{
		{"an address that nobody proved", "eve@acme.example", false},
		{"a domain that ends like it", "eve@notacme.example", true},
		{"a domain below it", "eve@mail.acme.example", true},
		{"a domain above it", "eve@example", true},
		{"the domain in the local part", "acme.example@evil.example", true},
		{"a domain that was only claimed", "eve@unproven.example", true},
		{"a domain without join", "eve@closed.example", true},
		{"a domain whose record is long gone", "eve@gone.example", true},
		{"no address", "", false},
	} {
		_, err := h.signsIn(h.stranger(tt.email, tt.proven), "org", h.now)
		h.want(store.ErrNotFound, err, "%s: Member after the sign-in of %q", tt.name, tt.email)
	}
	_, err := h.signsIn(h.stranger("soon@gone.example", true), "org", h.at(-time.Millisecond))
	h.must(err, "Member by a domain whose record is gone for less long")

	disabled, out := h.stranger("off@acme.example", true), h.stranger("out@acme.example", true)
	h.must(h.SetPersonDisabled(ctx, disabled.ID, true, h.at(-time.Hour)), "SetPersonDisabled")
	h.must(h.SetPersonDisabled(ctx, out.ID, true, h.at(time.Minute)), "SetPersonDisabled")
	h.must(h.SetPersonDisabled(ctx, out.ID, false, h.at(time.Minute)), "SetPersonDisabled, enabling")
	for _, p := range []store.Person{disabled, out} {
		s := h.someSession()
		s.Auth.Person, s.Auth.At = p.ID, h.now
		h.want(store.ErrNotFound, h.OpenSession(ctx, s, store.Digest{}), "OpenSession(%s)", p.Email)
		_, err = h.Member(ctx, "org", p.ID)
		h.want(store.ErrNotFound, err, "Member after a sign-in of %s that came to nothing", p.Email)
	}
}

func testDomainJoinByProof(h *house) {
	ctx := h.Context()
	h.verified("org", "acme.example")
	p := h.stranger("new@acme.example", false)
	h.want(store.ErrNotFound, h.VerifyEmail(ctx, p.ID, "other@acme.example", h.now), "VerifyEmail of another address")
	_, err := h.Member(ctx, "org", p.ID)
	h.want(store.ErrNotFound, err, "Member whose address is not proven")
	h.must(h.VerifyEmail(ctx, p.ID, p.Email, h.now), "VerifyEmail")
	_, err = h.Member(ctx, "org", p.ID)
	h.must(err, "Member whose address is proven")
}

// testDomainJoinByConnection is about sessions that are opened for an organization.
func testDomainJoinByConnection(h *house) {
	ctx := h.Context()
	d := h.verified("org", "closed.example")
	h.must(h.SetDomainJoin(ctx, "org", d.Name, false, d.Roles), "SetDomainJoin")
	for _, tt := range []struct {
		name, email string
		proven      bool
		org         store.OrgID
		want        error
	}{
		{"another organization's", "ann@closed.example", true, "other", store.ErrNotFound},
		{"an address that nobody proved", "ben@closed.example", false, "org", store.ErrNotFound},
		{"another domain", "cem@open.example", true, "org", store.ErrNotFound},
		{"the organization's", "dee@closed.example", true, "org", nil},
	} {
		p, s := h.stranger(tt.email, tt.proven), h.someSession()
		s.Auth.Person, s.Org = p.ID, tt.org
		h.must(h.OpenSession(ctx, s, store.Digest{}), "OpenSession(%s)", p.Email)
		got, _, err := h.Session(ctx, s.ID, time.Hour, h.now)
		h.must(err, "Session")
		same(h, "the session of "+tt.email, got, s)
		m, err := h.Member(ctx, "org", p.ID)
		h.want(tt.want, err, "%s: Member after a sign-in of %s for %s", tt.name, tt.email, tt.org)
		if err == nil {
			same(h, "the roles of who joined", m.Roles, d.Roles)
		}
	}
}

func testDomainDeparture(h *house) {
	ctx := h.Context()
	h.verified("org", "acme.example")
	p := h.stranger("old@acme.example", true)
	_, err := h.signsIn(p, "org", h.now)
	h.must(err, "Member")
	h.must(h.RemoveMember(ctx, "org", p.ID, h.at(time.Minute)), "RemoveMember")
	_, err = h.signsIn(p, "org", h.at(time.Hour))
	h.want(store.ErrNotFound, err, "Member who was removed, after signing in again")
	h.must(h.PutMember(ctx, store.Membership{Org: "org", Person: p.ID, CreatedAt: h.now}), "PutMember")
	h.must(h.RemoveMember(ctx, "org", p.ID, h.at(2*time.Hour)), "RemoveMember again")
	h.want(store.ErrNotFound, h.RemoveMember(ctx, "o\x00rg", p.ID, h.now), "RemoveMember from what cannot be")
}

func raceVerifyDomain(h *house) {
	orgs := make([]store.OrgID, callers)
	for i := range orgs {
		orgs[i] = h.newOrganization("Racer").ID
		h.claimed(orgs[i], "acme.example")
	}
	winner := h.oneWins("VerifyDomain", store.ErrExists, together(func(i int) error {
		return h.VerifyDomain(h.Context(), orgs[i], "acme.example", h.now)
	}))
	got, err := h.Domain(h.Context(), "acme.example")
	if err != nil || got.Org != orgs[winner] {
		h.Errorf("Domain = %+v, %v, want it to be %s's", got, err, orgs[winner])
	}
}
