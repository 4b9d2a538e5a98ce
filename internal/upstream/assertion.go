// assertion.go: what a provider says about a person, and how much of it counts.

package upstream

import "github.com/authwright/authwright/internal/store"

// Assertion is what a provider says about a person.
type Assertion struct {
	Issuer, Subject string // who they are
	Email           string // as the provider spells it; "" for none
	Name            string

	kind     store.ProviderKind
	verified bool   // the provider says that the address is theirs
	hosted   string // the domain that a Google account belongs to
	tenant   bool   // the connection is with this one Microsoft tenant
}

// Proven tells whether an address in that domain may be believed to be the person's. authority says that the operator,
// or the organization that owns the domain, gives the connection the last word on it.
func (a Assertion) Proven(authority bool) bool {
	if a.kind == store.Microsoft && a.tenant && authority {
		return true // its administrators give out the addresses
	}
	return a.verified
}

// Final tells whether the provider has the last word on who has an address in that domain, so that it may open an
// account that is there. An address that was mailed to once, as GitHub does, was somebody's then and may be another's
// now; Google speaks for its customers' domains and not for every address somebody made an account with.
func (a Assertion) Final(domain string, authority bool) bool {
	switch a.kind {
	case store.GitHub:
		return false
	case store.Google:
		return authority && a.verified && a.hosted == domain
	default:
		return authority && a.Proven(authority)
	}
}
