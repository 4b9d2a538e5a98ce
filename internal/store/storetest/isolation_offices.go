// isolation_offices.go: the same of what organizations have beside members.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

// offices are one row of every kind that belongs to an organization.
type offices struct {
	domain     store.Domain
	invitation store.Invitation
	session    store.Digest
}

func (h *house) offices() offices {
	h.Helper()
	h.asks("org", h.person.ID, "asked")
	h.asks("org", h.person.ID, "refused")
	_, err := h.RefuseClient(h.Context(), "org", "refused", "", h.now)
	h.must(err, "RefuseClient")
	return offices{domain: h.verified("org", "example.com"), invitation: h.invited("org", "invited@example.com"), session: h.session().ID}
}

// filedInOffices reads what offices filed.
func (h *house) filedInOffices(offices) []any {
	h.Helper()
	return h.officesOf("org")
}

func (h *house) trespassesOnOffices(b offices) []trespass {
	ctx := h.Context()
	gone := store.ErrNotFound
	return []trespass{
		{"SetDomainJoin", func(s store.Store) error { return s.SetDomainJoin(ctx, "org", b.domain.Name, true, nil) }, gone},
		{"VerifyDomain", func(s store.Store) error { return s.VerifyDomain(ctx, "org", b.domain.Name, h.now) }, gone},
		{"NoteDomain", func(s store.Store) error { return s.NoteDomain(ctx, "org", b.domain.Name, false, h.now) }, gone},
		{"Domain", func(s store.Store) error { _, err := s.Domain(ctx, b.domain.Name); return err }, gone},
		{"DomainsOf", func(s store.Store) error { v, err := s.DomainsOf(ctx, "org"); return nothing(v == nil, err) }, nil},
		{"DomainsToCheck", func(s store.Store) error {
			v, err := s.DomainsToCheck(ctx, h.at(time.Hour), 10)
			return nothing(v == nil, err)
		}, nil},
		{"Invitation", func(s store.Store) error { _, err := s.Invitation(ctx, b.invitation.ID, h.now); return err }, gone},
		{"InvitationsOf", func(s store.Store) error { v, err := s.InvitationsOf(ctx, "org"); return nothing(v == nil, err) }, nil},
		{"InvitationsTo", func(s store.Store) error {
			v, err := s.InvitationsTo(ctx, b.invitation.Email, h.now)
			return nothing(v == nil, err)
		}, nil},
		{"RevokeInvitation", func(s store.Store) error { return s.RevokeInvitation(ctx, "org", b.invitation.ID) }, gone},
		{"AcceptInvitation", func(s store.Store) error {
			return s.AcceptInvitation(ctx, b.invitation.ID, b.invitation.Link, h.person.ID, h.now)
		}, gone},
		{"AcceptAsNew", func(s store.Store) error {
			return s.AcceptAsNew(ctx, b.invitation.ID, b.invitation.Link, store.Person{ID: "per-new"}, h.now)
		}, gone},
		{"AskApproval", func(s store.Store) error {
			return s.AskApproval(ctx, store.Approval{Org: "org", Client: "another", Person: h.person.ID})
		}, gone},
		{"Approvals", func(s store.Store) error { v, err := s.Approvals(ctx, "org", ""); return nothing(v == nil, err) }, nil},
		{"ApproveClient", func(s store.Store) error {
			_, err := s.ApproveClient(ctx, store.Organization{ID: "org", Slug: "theirs", Version: 1}, "asked")
			return err
		}, store.ErrChanged},
		{"RefuseClient", func(s store.Store) error { _, err := s.RefuseClient(ctx, "org", "asked", "", h.now); return err }, gone},
		{"WithdrawRefusal", func(s store.Store) error { return s.WithdrawRefusal(ctx, "org", "refused") }, gone},
		{"DeleteOrganization", func(s store.Store) error { return s.DeleteOrganization(ctx, "org", h.now) }, gone},
		{"SetSessionOrg", func(s store.Store) error { return s.SetSessionOrg(ctx, b.session, "org") }, gone},
		{"RemoveDomain", func(s store.Store) error { return s.RemoveDomain(ctx, "org", b.domain.Name) }, gone},
	}
}

func (h *house) creationsOfOffices(b offices) []trespass {
	ctx := h.Context()
	return []trespass{
		{"AddDomain", func(s store.Store) error { return s.AddDomain(ctx, b.domain) }, nil},
		{"Invite", func(s store.Store) error {
			i := b.invitation
			i.Roles = []string{"theirs"}
			return s.Invite(ctx, i)
		}, nil},
	}
}
