// isolation_offices.go: the same of what organizations have beside members.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

// offices are one row of every kind that belongs to an organization.
type offices struct {
	domain store.Domain
}

func (h *house) offices() offices {
	h.Helper()
	return offices{domain: h.verified("org", "example.com")}
}

// filedInOffices reads what offices filed.
func (h *house) filedInOffices(offices) []any {
	h.Helper()
	domains, err := h.DomainsOf(h.Context(), "org")
	h.must(err, "DomainsOf")
	return []any{domains}
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
		{"RemoveDomain", func(s store.Store) error { return s.RemoveDomain(ctx, "org", b.domain.Name) }, gone},
	}
}

func (h *house) creationsOfOffices(b offices) []trespass {
	ctx := h.Context()
	return []trespass{
		{"AddDomain", func(s store.Store) error { return s.AddDomain(ctx, b.domain) }, nil},
	}
}
