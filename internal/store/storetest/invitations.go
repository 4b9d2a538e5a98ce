// invitations.go: who was invited, and who comes of it.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var invitationTests = map[string]func(*house){
	"come back as they were filed":                  testInvitationRoundTrip,
	"to one address replace each other":             testInviteAgain,
	"make a member of who has the address":          testAcceptInvitation,
	"make nobody else a member":                     testAcceptInvitationRefusals,
	"make an account for who has none":              testAcceptAsNew,
	"are accepted once":                             raceAcceptInvitation,
	"bring back who left, and raise nobody's roles": testInvitationOfMember,
}

// invited is an invitation whose link is its id.
func (h *house) invited(org store.OrgID, email string) store.Invitation {
	h.Helper()
	id := h.unique("inv")
	i := store.Invitation{ID: store.InvitationID(id), Link: store.DigestOf(id), Org: org, Email: email, Roles: []string{"member", "guest"},
		By: h.person.ID, CreatedAt: h.now, Expires: h.at(time.Hour)}
	h.must(h.Invite(h.Context(), i), "Invite(%s)", email)
	return i
}

func testInvitationRoundTrip(h *house) {
	ctx := h.Context()
	b, a := h.invited("org", "b@example.com"), h.invited("org", "a@example.com")
	got, err := h.Invitation(ctx, b.ID, h.at(time.Hour-1))
	h.must(err, "Invitation")
	same(h, "an invitation", got, b)
	_, err = h.Invitation(ctx, b.ID, b.Expires)
	h.want(store.ErrNotFound, err, "Invitation that is over")
	list, err := h.InvitationsOf(ctx, "org")
	h.must(err, "InvitationsOf")
	same(h, "an organization's invitations", list, []store.Invitation{a, b})
	for _, tt := range []struct {
		email string
		at    time.Duration
		want  []store.Invitation
	}{{b.Email, 0, []store.Invitation{b}}, {b.Email, time.Hour, nil}, {"none@example.com", 0, nil}} {
		got, err := h.InvitationsTo(ctx, tt.email, h.at(tt.at))
		h.must(err, "InvitationsTo")
		same(h, "the invitations to "+tt.email, got, tt.want)
	}
	h.want(store.ErrNotFound, h.RevokeInvitation(ctx, "another", a.ID), "RevokeInvitation of another organization")
	h.must(h.RevokeInvitation(ctx, "org", a.ID), "RevokeInvitation")
	h.want(store.ErrNotFound, h.AcceptAsNew(ctx, a.ID, a.Link, store.Person{ID: "per-late"}, h.now), "AcceptAsNew of a revoked one")
	stray := b
	stray.Org, stray.ID = "nothing", "inv-stray"
	h.want(store.ErrNotFound, h.Invite(ctx, stray), "Invite to no organization")
}

func testInviteAgain(h *house) {
	ctx := h.Context()
	old := h.invited("org", "new@example.com")
	fresh := h.invited("org", "new@example.com")
	list, err := h.InvitationsOf(ctx, "org")
	h.must(err, "InvitationsOf")
	same(h, "an organization's invitations", list, []store.Invitation{fresh})
	h.want(store.ErrNotFound, h.AcceptAsNew(ctx, old.ID, old.Link, store.Person{ID: "per-new"}, h.now), "AcceptAsNew of one that was replaced")
	h.must(h.AcceptAsNew(ctx, fresh.ID, fresh.Link, store.Person{ID: "per-new"}, h.now), "AcceptAsNew")
}

func testAcceptInvitation(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Asking")
	p := h.stranger("known@example.com", false)
	i := h.invited(o.ID, p.Email)
	h.must(h.AcceptInvitation(ctx, i.ID, i.Link, p.ID, h.at(time.Minute)), "AcceptInvitation")
	m, err := h.Member(ctx, o.ID, p.ID)
	h.must(err, "Member")
	same(h, "who accepted", m, store.Membership{Org: o.ID, Person: p.ID, Roles: i.Roles, CreatedAt: h.at(time.Minute)})
	if got, err := h.Person(ctx, p.ID); err != nil || !got.EmailVerified {
		h.Errorf("Person = %+v, %v, want their address proven", got, err)
	}
	h.want(store.ErrNotFound, h.AcceptInvitation(ctx, i.ID, i.Link, p.ID, h.at(time.Minute)), "AcceptInvitation again")
}

func testAcceptInvitationRefusals(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Asking")
	mine, other, disabled := h.stranger("mine@example.com", true), h.stranger("other@example.com", true), h.stranger("off@example.com", true)
	h.must(h.SetPersonDisabled(ctx, disabled.ID, true, h.now), "SetPersonDisabled")
	i, off := h.invited(o.ID, mine.Email), h.invited(o.ID, disabled.Email)
	for _, tt := range []struct {
		name   string
		i      store.Invitation
		link   string
		person store.PersonID
		at     time.Duration
	}{
		{"another person", i, string(i.ID), other.ID, 0},
		{"a person who is disabled", off, string(off.ID), disabled.ID, 0},
		{"nobody", i, string(i.ID), "per-none", 0},
		{"a wrong link", i, string(off.ID), mine.ID, 0},
		{"one that is over", i, string(i.ID), mine.ID, time.Hour},
	} {
		err := h.AcceptInvitation(ctx, tt.i.ID, store.DigestOf(tt.link), tt.person, h.at(tt.at))
		h.want(store.ErrNotFound, err, "%s: AcceptInvitation", tt.name)
		if list, err := h.InvitationsOf(ctx, o.ID); err != nil || len(list) != 2 {
			h.Errorf("%s: InvitationsOf = %v, %v, want both still there", tt.name, list, err)
		}
	}
	members, err := h.Members(ctx, o.ID, "", 10)
	h.must(err, "Members")
	same(h, "members", members, nil)
}

func testAcceptAsNew(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Asking")
	i := h.invited(o.ID, "new@example.com")
	p := store.Person{ID: "per-new", Email: "evil@example.com", Name: "New", Password: "$argon2id$2", CreatedAt: h.now}
	h.must(h.AcceptAsNew(ctx, i.ID, i.Link, p, h.now), "AcceptAsNew")
	p.Email, p.EmailVerified = i.Email, true
	got, err := h.Person(ctx, p.ID)
	h.must(err, "Person")
	same(h, "who accepted", got, p)
	m, err := h.Member(ctx, o.ID, p.ID)
	h.must(err, "Member")
	same(h, "their roles", m.Roles, i.Roles)

	taken := h.invited(o.ID, h.person.Email)
	h.want(store.ErrExists, h.AcceptAsNew(ctx, taken.ID, taken.Link, store.Person{ID: "per-twin"}, h.now), "AcceptAsNew with an address that is taken")
	_, err = h.Invitation(ctx, taken.ID, h.now)
	h.must(err, "Invitation that could not be accepted")
}

func raceAcceptInvitation(h *house) {
	o := h.newOrganization("Asking")
	i := h.invited(o.ID, h.person.Email)
	h.oneWins("AcceptInvitation", store.ErrNotFound, together(func(int) error {
		return h.AcceptInvitation(h.Context(), i.ID, i.Link, h.person.ID, h.now)
	}))
}

func testInvitationOfMember(h *house) {
	ctx := h.Context()
	h.must(h.RemoveMember(ctx, "org", h.person.ID, h.now), "RemoveMember")
	i := h.invited("org", h.person.Email)
	h.must(h.AcceptInvitation(ctx, i.ID, i.Link, h.person.ID, h.now), "AcceptInvitation of who left")
	i = h.invited("org", h.person.Email)
	h.must(h.PutMember(ctx, store.Membership{Org: "org", Person: h.person.ID, Roles: []string{"reader"}}), "PutMember")
	h.must(h.AcceptInvitation(ctx, i.ID, i.Link, h.person.ID, h.now), "AcceptInvitation of a member")
	m, err := h.Member(ctx, "org", h.person.ID)
	h.must(err, "Member")
	same(h, "the roles of who was a member already", m.Roles, []string{"reader"})
}

func testSweepInvitations(h *house) {
	ctx := h.Context()
	i := h.invited("org", "late@example.com")
	for _, tt := range []struct {
		at   time.Time
		left int
	}{{i.Expires.Add(29 * 24 * time.Hour), 1}, {i.Expires.Add(30 * 24 * time.Hour), 0}} {
		_, err := h.db.Sweep(ctx, tt.at, 1000)
		h.must(err, "Sweep")
		if list, err := h.InvitationsOf(ctx, "org"); err != nil || len(list) != tt.left {
			h.Errorf("InvitationsOf after Sweep at %v = %v, %v, want %d", tt.at, list, err, tt.left)
		}
	}
}
