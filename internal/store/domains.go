// domains.go: the domains of e-mail addresses that organizations have shown to be theirs.

package store

import (
	"context"
	"time"
)

// DomainGrace is how long the DNS record of a verified domain may be gone before nobody joins by it any more.
const DomainGrace = 7 * 24 * time.Hour

// Domain is a domain that an organization says is theirs. Until it is verified it is worth nothing.
type Domain struct {
	Name         string // canonical: A-labels in lower case
	Org          OrgID
	Join         bool     // whoever proves an address in it becomes a member at the next sign-in
	Roles        []string // of those who join so
	Token        string   // what its DNS record has to hold. It is no secret
	CreatedAt    time.Time
	VerifiedAt   time.Time // zero: not yet
	CheckedAt    time.Time // when DNS answered last
	MissingSince time.Time // since when the record of the verified domain is gone; zero while it is there
}

// Verified tells whether the organization showed that the domain is theirs.
func (d Domain) Verified() bool { return !d.VerifiedAt.IsZero() }

// Lapsed tells whether the record has been gone for so long that nobody joins by the domain. It still is nobody else's.
func (d Domain) Lapsed(now time.Time) bool {
	return !d.MissingSince.IsZero() && !now.Before(d.MissingSince.Add(DomainGrace))
}

// Domains are what organizations say is theirs. Many may say so; a domain is verified for at most one.
//
// OpenSession and VerifyEmail make a person with a proven address in a verified domain with Join a member, in the
// same step, unless the domain has lapsed or they have been a member and left. A session that is opened for an organization
// brings them in by its domains without Join too: its own connection or a trusted login said that they are of it.
type Domains interface {
	// AddDomain files what an organization says, unverified, or answers ErrExists when it said so before. ErrNotFound
	// when there is no such organization.
	AddDomain(ctx context.Context, d Domain) error
	// SetDomainJoin changes who joins by a domain and as what.
	SetDomainJoin(ctx context.Context, org OrgID, name string, join bool, roles []string) error
	// VerifyDomain records that DNS has the record. Of any number of organizations one succeeds; the rest get ErrExists
	// until it removes the domain. Verifying what is verified keeps the time.
	VerifyDomain(ctx context.Context, org OrgID, name string, now time.Time) error
	// NoteDomain records what DNS answered about a verified domain: whether the record is still there.
	NoteDomain(ctx context.Context, org OrgID, name string, found bool, now time.Time) error
	// Domain returns the verified domain of that canonical name, lapsed or not.
	Domain(ctx context.Context, name string) (Domain, error)
	// DomainsOf lists what an organization says is theirs, by name.
	DomainsOf(ctx context.Context, org OrgID) ([]Domain, error)
	// DomainsToCheck lists verified domains that were not checked since before, longest ago first, at most limit.
	DomainsToCheck(ctx context.Context, before time.Time, limit int) ([]Domain, error)
	// RemoveDomain forgets a domain of an organization, verified or not. Members stay.
	RemoveDomain(ctx context.Context, org OrgID, name string) error
}
