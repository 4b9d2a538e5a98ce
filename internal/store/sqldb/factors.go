// factors.go: authenticator apps, recovery codes, and logins that wait for one of them.

package sqldb

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var selectFactors = sql("reading the second factors of a person", `
	select (select count(*) from authenticators where project_id = $1 and person_id = $2),
		(select count(*) from recovery_codes where project_id = $1 and person_id = $2),
		(select count(*) from passkeys where project_id = $1 and person_id = $2)`)

// FactorsOf tells what second factors a person has.
func (s *projectStore) FactorsOf(ctx context.Context, person store.PersonID) (store.FactorsOf, error) {
	return first(ctx, s.look, func(r row) (f store.FactorsOf, err error) {
		var authenticators int
		err = r.scan(&authenticators, &f.RecoveryCodes, &f.Passkeys)
		f.Authenticator = authenticators > 0
		return f, err
	}, selectFactors.with(s.project, person))
}

var (
	insertAuthenticator = sql("adding an authenticator", `
		insert into authenticators (project_id, person_id, sealed, last_step, created_at) values ($1, $2, $3, $4, $5)`)

	deleteRecoveryCodes = sql("ending the recovery codes of a person", `
		delete from recovery_codes where project_id = $1 and person_id = $2`)

	insertRecoveryCode = sql("filing a recovery code", `
		insert into recovery_codes (project_id, person_id, code) values ($1, $2, $3)`)
)

// AddAuthenticator gives a person an authenticator and new recovery codes.
func (s *projectStore) AddAuthenticator(ctx context.Context, a store.Authenticator, codes []store.Digest) error {
	calls := []call{insertAuthenticator.with(s.project, a.Person, a.Sealed, a.LastStep, a.CreatedAt).
		tells(ctx, store.Event{Kind: store.AuthenticatorAdded, Actor: byPerson, Person: a.Person})}
	_, err := s.together(ctx, append(calls, s.newRecoveryCodes(a.Person, codes)...)...)
	return err
}

func (s *projectStore) newRecoveryCodes(person store.PersonID, codes []store.Digest) []call {
	calls := []call{deleteRecoveryCodes.with(s.project, person)}
	for _, code := range codes {
		calls = append(calls, insertRecoveryCode.with(s.project, person, code))
	}
	return calls
}

var selectAuthenticator = sql("reading an authenticator", `
	select person_id, sealed, last_step, created_at from authenticators where project_id = $1 and person_id = $2`)

// Authenticator returns a person's authenticator.
func (s *projectStore) Authenticator(ctx context.Context, person store.PersonID) (store.Authenticator, error) {
	return first(ctx, s.look, func(r row) (a store.Authenticator, err error) {
		return a, r.scan(&a.Person, &a.Sealed, &a.LastStep, &a.CreatedAt)
	}, selectAuthenticator.with(s.project, person))
}

var (
	useAuthenticator = sql("using a code of an authenticator", `
		update authenticators set last_step = $3 where project_id = $1 and person_id = $2 and last_step < $3`)

	deleteAuthenticator = sql("removing an authenticator", `
		delete from authenticators where project_id = $1 and person_id = $2`)

	useRecoveryCode = sql("using a recovery code", `
		delete from recovery_codes where project_id = $1 and person_id = $2 and code = $3`)
)

// UseAuthenticator records that the code of a time step was used.
func (s *projectStore) UseAuthenticator(ctx context.Context, person store.PersonID, step int64) error {
	return need(ctx, s.step, useAuthenticator.with(s.project, person, step))
}

// RemoveAuthenticator takes the authenticator and the recovery codes away.
func (s *projectStore) RemoveAuthenticator(ctx context.Context, person store.PersonID) error {
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, deleteAuthenticator.with(s.project, person).
			tells(ctx, store.Event{Kind: store.AuthenticatorRemoved, Actor: byPerson, Person: person})); err != nil {
			return err
		}
		_, err := may(ctx, run, deleteRecoveryCodes.with(s.project, person))
		return err
	})
}

// ReplaceRecoveryCodes gives a person new recovery codes.
func (s *projectStore) ReplaceRecoveryCodes(ctx context.Context, person store.PersonID, codes []store.Digest) error {
	calls := s.newRecoveryCodes(person, codes)
	last := len(calls) - 1 // one event, whatever the number of codes
	calls[last] = calls[last].tells(ctx, store.Event{Kind: store.RecoveryCodesMade, Actor: byPerson, Person: person})
	_, err := s.together(ctx, calls...)
	return err
}

// UseRecoveryCode ends a recovery code.
func (s *projectStore) UseRecoveryCode(ctx context.Context, person store.PersonID, code store.Digest) error {
	return need(ctx, s.step, useRecoveryCode.with(s.project, person, code))
}

const halfLoginColumns = `id, browser, person_id, auth_at, auth_methods, org_id, request_id, tries, created_at, expires_at`

func scanHalfLogin(r row) (h store.HalfLogin, err error) {
	return h, r.scan(&h.ID, &h.Browser, &h.Auth.Person, &h.Auth.At, &h.Auth.Methods, &h.Org, &h.Request, &h.Tries, &h.CreatedAt, &h.Expires)
}

const thisHalfLogin = ` where project_id = $1 and id = $2 and browser = $3 and expires_at > $4`

var (
	insertHalfLogin = sql("opening a half login", `
		insert into half_logins (project_id, `+halfLoginColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`)

	selectHalfLogin = sql("reading a half login", `
		select `+halfLoginColumns+` from half_logins`+thisHalfLogin)

	tryHalfLogin = sql("trying to finish a half login", `
		update half_logins set tries = tries + 1`+thisHalfLogin+` and tries < $5
		returning `+halfLoginColumns)

	finishHalfLogin = sql("finishing a half login", `
		delete from half_logins`+thisHalfLogin)

	deleteHalfLoginsOf = sql("ending the half logins of a person", `
		delete from half_logins where project_id = $1 and person_id = $2`)
)

// OpenHalfLogin files a half login.
func (s *projectStore) OpenHalfLogin(ctx context.Context, h store.HalfLogin) error {
	return need(ctx, s.step, insertHalfLogin.with(s.project, h.ID, h.Browser, h.Auth.Person, h.Auth.At, h.Auth.Methods, h.Org, h.Request,
		h.Tries, h.CreatedAt, h.Expires))
}

// HalfLogin returns a half login of that browser.
func (s *projectStore) HalfLogin(ctx context.Context, id store.HalfLoginID, browser store.Digest, now time.Time) (store.HalfLogin, error) {
	return first(ctx, s.look, scanHalfLogin, selectHalfLogin.with(s.project, id, browser, now))
}

// TryHalfLogin counts a try of the second factor.
func (s *projectStore) TryHalfLogin(ctx context.Context, id store.HalfLoginID, browser store.Digest, now time.Time) (store.HalfLogin, error) {
	return first(ctx, s.step, scanHalfLogin, tryHalfLogin.with(s.project, id, browser, now, store.MaxTries))
}

// FinishHalfLogin ends a half login of that browser.
func (s *projectStore) FinishHalfLogin(ctx context.Context, id store.HalfLoginID, browser store.Digest, now time.Time) error {
	return need(ctx, s.step, finishHalfLogin.with(s.project, id, browser, now))
}
