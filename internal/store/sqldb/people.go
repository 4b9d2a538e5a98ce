// people.go: the accounts of a project.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const personColumns = `id, email, email_verified, name, password, disabled, operator, created_at`

func scanPerson(r row) (p store.Person, err error) {
	return p, r.scan(personMembers(&p)...)
}

func personMembers(p *store.Person) []any {
	return []any{&p.ID, &p.Email, &p.EmailVerified, &p.Name, &p.Password, &p.Disabled, &p.Operator, &p.CreatedAt}
}

var insertPerson = sql("creating a person", `
	insert into people (project_id, `+personColumns+`, signed_out_at, grants_ended_at)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, 0)`)

// CreatePerson adds a person.
func (s *projectStore) CreatePerson(ctx context.Context, p store.Person) error {
	return need(ctx, s.step, s.newPerson(ctx, p))
}

func (s *projectStore) newPerson(ctx context.Context, p store.Person) call {
	return insertPerson.with(s.project, p.ID, p.Email, p.EmailVerified, p.Name, p.Password, p.Disabled, p.Operator, p.CreatedAt).
		tells(ctx, store.Event{Kind: store.PersonCreated, Actor: byPerson, Person: p.ID,
			Detail: store.Detail{Email: p.Email, Operator: p.Operator, Disabled: p.Disabled}})
}

var selectPerson = sql("reading a person", `
	select `+personColumns+` from people where project_id = $1 and id = $2`)

// Person returns a person, disabled or not.
func (s *projectStore) Person(ctx context.Context, id store.PersonID) (store.Person, error) {
	return first(ctx, s.look, scanPerson, selectPerson.with(s.project, id))
}

var selectPersonByEmail = sql("reading a person by e-mail address", `
	select `+personColumns+` from people where project_id = $1 and email = $2 and email <> ''`)

// PersonByEmail returns the person with the canonical e-mail address.
func (s *projectStore) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	return first(ctx, s.look, scanPerson, selectPersonByEmail.with(s.project, email))
}

// Beside ending what is there, a time is kept that outlives the step: a log-in or a grant that was on its way while
// the step was taken, and arrives after it, is refused for having begun before.
var (
	setPassword = sql("replacing a password", `
		update people set password = $3, signed_out_at = $4 where project_id = $1 and id = $2`)

	setPasswordEndGrants = sql("replacing a password", `
		update people set password = $3, signed_out_at = $4, grants_ended_at = $4 where project_id = $1 and id = $2`)

	// Enabling keeps the times, so what was refused when the person was disabled stays refused.
	setPersonDisabled = sql("disabling or enabling a person", `
		update people set disabled = $3,
			signed_out_at = case when $3 then $4 else signed_out_at end,
			grants_ended_at = case when $3 then $4 else grants_ended_at end
		where project_id = $1 and id = $2`)

	deleteSessionsOf = sql("ending the sessions of a person", `
		delete from sessions where project_id = $1 and person_id = $2`)

	signOutRequestsOf = sql("signing a person out of requests", `
		update requests set person_id = '', auth_at = 0, auth_methods = '',
			verdict = '', decided_scope = '', decided_org_id = '', decided_by = ''
		where project_id = $1 and person_id = $2 and person_id <> ''`)
)

// SetPassword replaces the password hash and ends what was opened with the old one.
func (s *projectStore) SetPassword(ctx context.Context, id store.PersonID, hash string, endGrants bool, now time.Time) error {
	set := setPassword
	if endGrants {
		set = setPasswordEndGrants
	}
	calls := []call{
		set.with(s.project, id, hash, now).tells(ctx, store.Event{Kind: store.PasswordChanged, Actor: byPerson, Person: id}),
		deleteSessionsOf.with(s.project, id), deleteChallengesOf.with(s.project, id), deleteHalfLoginsOf.with(s.project, id),
		signOutRequestsOf.with(s.project, id),
	}
	if endGrants {
		calls = append(calls, s.endGrants(ctx, store.GrantFilter{Person: id}, store.EndedByPassword, now))
	}
	return s.changePerson(ctx, calls)
}

var verifyEmail = sql("recording that an address is proven", `
	update people set email_verified = true where project_id = $1 and id = $2 and email = $3 and email <> ''`)

// VerifyEmail records that the person showed that the address is theirs.
func (s *projectStore) VerifyEmail(ctx context.Context, id store.PersonID, email string, now time.Time) error {
	return s.changePerson(ctx, []call{
		verifyEmail.with(s.project, id, email).tells(ctx, store.Event{Kind: store.EmailVerified, Actor: byPerson, Person: id,
			Detail: store.Detail{Email: email}}),
		s.joinByDomain(ctx, id, "", now),
	})
}

var renewPassword = sql("renewing a password hash", `
	update people set password = $4 where project_id = $1 and id = $2 and password = $3`)

// RenewPassword replaces a password hash with another one of the same password, if it is still old.
func (s *projectStore) RenewPassword(ctx context.Context, id store.PersonID, old, fresh string) error {
	err := need(ctx, s.step, renewPassword.with(s.project, id, old, fresh))
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s: %w", renewPassword.does, store.ErrChanged)
	}
	return err
}

// SetPersonDisabled disables or enables a person. Disabling ends their sessions and grants.
func (s *projectStore) SetPersonDisabled(ctx context.Context, id store.PersonID, disabled bool, now time.Time) error {
	about := store.Event{Kind: store.PersonEnabled, Person: id}
	if disabled {
		about.Kind = store.PersonDisabled
	}
	calls := []call{setPersonDisabled.with(s.project, id, disabled, now).tells(ctx, about)}
	if disabled {
		calls = append(calls, deleteSessionsOf.with(s.project, id), deleteChallengesOf.with(s.project, id),
			deleteHalfLoginsOf.with(s.project, id), signOutRequestsOf.with(s.project, id),
			s.endGrants(ctx, store.GrantFilter{Person: id}, store.EndedByOperator, now))
	}
	return s.changePerson(ctx, calls)
}

// changePerson runs calls of which the first changes the person's row.
func (s *projectStore) changePerson(ctx context.Context, calls []call) error {
	rows, err := s.together(ctx, calls...)
	if err == nil && rows[0] == 0 {
		return fmt.Errorf("%s: %w", calls[0].does, store.ErrNotFound)
	}
	return err
}
