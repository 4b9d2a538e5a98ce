// identities.go: who people are elsewhere.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const identityColumns = `issuer, subject, person_id, created_at, used_at`

func scanIdentity(r row) (i store.Identity, err error) {
	return i, r.scan(&i.Issuer, &i.Subject, &i.Person, &i.CreatedAt, &i.UsedAt)
}

// The person must be there.
var insertIdentity = sql("filing an identity", `
	insert into identities (project_id, issuer, subject, person_id, created_at, used_at)
	select p.project_id, $2, $3, p.id, $5, $6 from people p where p.project_id = $1 and p.id = $4`)

func (s *projectStore) newIdentity(ctx context.Context, i store.Identity) call {
	return insertIdentity.with(s.project, i.Issuer, i.Subject, i.Person, i.CreatedAt, i.UsedAt).
		tells(ctx, store.Event{Kind: store.IdentityAdded, Actor: byPerson, Person: i.Person, Detail: store.Detail{Name: i.Issuer}})
}

// AddIdentity gives a person an identity.
func (s *projectStore) AddIdentity(ctx context.Context, i store.Identity) error {
	return need(ctx, s.step, s.newIdentity(ctx, i))
}

// CreatePersonWithIdentity adds a person and the identity they came with.
func (s *projectStore) CreatePersonWithIdentity(ctx context.Context, p store.Person, i store.Identity) error {
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, s.newPerson(ctx, p)); err != nil {
			return err
		}
		return need(ctx, run, s.newIdentity(ctx, i))
	})
}

var useIdentity = sql("reading an identity", `
	update identities set used_at = $4 where project_id = $1 and issuer = $2 and subject = $3
	returning `+identityColumns)

// UseIdentity returns an identity and marks it used.
func (s *projectStore) UseIdentity(ctx context.Context, issuer, subject string, now time.Time) (store.Identity, error) {
	return first(ctx, s.step, scanIdentity, useIdentity.with(s.project, issuer, subject, now))
}

var selectIdentitiesOf = sql("listing the identities of a person", `
	select `+identityColumns+` from identities where project_id = $1 and person_id = $2 order by issuer, subject`)

// IdentitiesOf lists those of a person.
func (s *projectStore) IdentitiesOf(ctx context.Context, person store.PersonID) ([]store.Identity, error) {
	return all(ctx, s.look, scanIdentity, selectIdentitiesOf.with(s.project, person))
}

var deleteIdentity = sql("removing an identity", `
	delete from identities where project_id = $1 and person_id = $2 and issuer = $3 and subject = $4`)

// RemoveIdentity takes an identity from the person.
func (s *projectStore) RemoveIdentity(ctx context.Context, person store.PersonID, issuer, subject string) error {
	return need(ctx, s.step, s.oldIdentity(ctx, person, issuer, subject))
}

func (s *projectStore) oldIdentity(ctx context.Context, person store.PersonID, issuer, subject string) call {
	return deleteIdentity.with(s.project, person, issuer, subject).
		tells(ctx, store.Event{Kind: store.IdentityRemoved, Actor: byPerson, Person: person, Detail: store.Detail{Name: issuer}})
}

var selectIdentityOf = sql("looking for an identity of a person", `
	select `+identityColumns+` from identities where project_id = $1 and person_id = $2 and issuer = $3 and subject = $4`)

// RemoveIdentityBeside takes an identity from its person while they have the other one.
func (s *projectStore) RemoveIdentityBeside(ctx context.Context, gone, other store.Identity) error {
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, holdPerson.with(s.project, gone.Person)); err != nil {
			return err
		}
		found, err := may(ctx, run, selectIdentityOf.with(s.project, gone.Person, other.Issuer, other.Subject))
		if err != nil {
			return err
		}
		if found == 0 || gone.Issuer == other.Issuer && gone.Subject == other.Subject {
			return fmt.Errorf("%s: %w", selectIdentityOf.does, store.ErrChanged)
		}
		return need(ctx, run, s.oldIdentity(ctx, gone.Person, gone.Issuer, gone.Subject))
	})
}
