// identities.go: who people are elsewhere, where somebody else lets them in and tells us.

package store

import (
	"context"
	"time"
)

// Identity is a person as another issuer knows them. The issuer and its subject name them together: no e-mail address
// does, because addresses change hands (OpenID Connect Core §5.7).
type Identity struct {
	Issuer    string
	Subject   string
	Person    PersonID
	CreatedAt time.Time
	UsedAt    time.Time // when they last came in by it
}

// Identities tell who a subject of another issuer is here. One subject is one person; a person may have many.
type Identities interface {
	// AddIdentity gives a person an identity. ErrExists when somebody has it, be it the same person; ErrNotFound when
	// there is no such person.
	AddIdentity(ctx context.Context, i Identity) error
	// CreatePersonWithIdentity adds a person and the identity they came with, both or neither. ErrExists for the person's
	// id, the e-mail address or the identity. i.Person is p.ID.
	CreatePersonWithIdentity(ctx context.Context, p Person, i Identity) error
	// UseIdentity returns an identity and marks it used.
	UseIdentity(ctx context.Context, issuer, subject string, now time.Time) (Identity, error)
	// IdentitiesOf lists those of a person, by issuer and subject.
	IdentitiesOf(ctx context.Context, person PersonID) ([]Identity, error)
	// RemoveIdentity takes an identity from the person.
	RemoveIdentity(ctx context.Context, person PersonID, issuer, subject string) error
	// RemoveIdentityBeside takes an identity from its person while they have the other one, or answers ErrChanged. Of calls
	// at once that would take away each other's, one succeeds.
	RemoveIdentityBeside(ctx context.Context, gone, other Identity) error
}
