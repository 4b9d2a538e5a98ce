// passkeys.go: key pairs that people hold in their devices, and the questions put to them.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const ceremonyColumns = `challenge, kind, browser, person_id, verified, expires_at`

func scanCeremony(r row) (c store.Ceremony, err error) {
	return c, r.scan(&c.Challenge, &c.Kind, &c.Browser, &c.Person, &c.Verified, &c.Expires)
}

var insertCeremony = sql("opening a ceremony", `
	insert into ceremonies (project_id, `+ceremonyColumns+`) values ($1, $2, $3, $4, $5, $6, $7)`)

// OpenCeremony files a question.
func (s *projectStore) OpenCeremony(ctx context.Context, c store.Ceremony) error {
	return need(ctx, s.step, insertCeremony.with(s.project, c.Challenge, c.Kind, c.Browser, c.Person, c.Verified, c.Expires))
}

var spendCeremony = sql("spending a ceremony", `
	delete from ceremonies
	where project_id = $1 and challenge = $2 and kind = $3 and browser = $4 and person_id = $5 and expires_at > $6
	returning `+ceremonyColumns)

// SpendCeremony ends a question and returns it.
func (s *projectStore) SpendCeremony(ctx context.Context, c store.Ceremony, now time.Time) (store.Ceremony, error) {
	return first(ctx, s.step, scanCeremony, spendCeremony.with(s.project, c.Challenge, c.Kind, c.Browser, c.Person, now))
}

const keyPairColumns = `id, person_id, name, public_key, counter, syncable, backed_up, transports, aaguid, created_at, used_at`

func scanPasskey(r row) (k store.Passkey, err error) {
	return k, r.scan(&k.ID, &k.Person, &k.Name, &k.PublicKey, &k.Counter, &k.Syncable, &k.BackedUp, &k.Transports, &k.AAGUID,
		&k.CreatedAt, &k.UsedAt)
}

// The person is enabled and was not signed out everywhere since they were asked.
var insertPasskey = sql("filing a passkey", `
	insert into passkeys (project_id, `+keyPairColumns+`)
	select $1, $2, p.id, $4, $5, $6, $7, $8, $9, $10, $11, $12 from people p
	where p.project_id = $1 and p.id = $3 and not p.disabled and p.signed_out_at <= $13`)

func aboutPasskey(kind store.EventKind, person store.PersonID, id store.CredentialID) store.Event {
	return store.Event{Kind: kind, Actor: byPerson, Person: person, Detail: store.Detail{Name: string(id)}}
}

func (s *projectStore) newPasskey(ctx context.Context, k store.Passkey, since time.Time) call {
	return insertPasskey.with(s.project, k.ID, k.Person, k.Name, k.PublicKey, k.Counter, k.Syncable, k.BackedUp, k.Transports,
		k.AAGUID, k.CreatedAt, k.UsedAt, since).tells(ctx, aboutPasskey(store.PasskeyAdded, k.Person, k.ID))
}

// AddPasskey files a passkey.
func (s *projectStore) AddPasskey(ctx context.Context, k store.Passkey, since time.Time) error {
	return need(ctx, s.step, s.newPasskey(ctx, k, since))
}

// CreatePersonWithPasskey adds a person and their passkey.
func (s *projectStore) CreatePersonWithPasskey(ctx context.Context, p store.Person, k store.Passkey) error {
	k.Person = p.ID
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, s.newPerson(ctx, p)); err != nil {
			return err
		}
		return need(ctx, run, s.newPasskey(ctx, k, p.CreatedAt))
	})
}

var selectPasskey = sql("reading a passkey", `
	select `+keyPairColumns+` from passkeys where project_id = $1 and id = $2`)

// Passkey returns a passkey.
func (s *projectStore) Passkey(ctx context.Context, id store.CredentialID) (store.Passkey, error) {
	return first(ctx, s.look, scanPasskey, selectPasskey.with(s.project, id))
}

var selectPasskeysOf = sql("listing the passkeys of a person", `
	select `+keyPairColumns+` from passkeys where project_id = $1 and person_id = $2 order by created_at, id`)

// PasskeysOf lists a person's passkeys, oldest first.
func (s *projectStore) PasskeysOf(ctx context.Context, person store.PersonID) ([]store.Passkey, error) {
	return all(ctx, s.look, scanPasskey, selectPasskeysOf.with(s.project, person))
}

// A counter that did not rise is one of two devices with the same key (WebAuthn §6.1.1).
var usePasskey = sql("recording the use of a passkey", `
	update passkeys set counter = $4, backed_up = $5, used_at = $6
	where project_id = $1 and id = $2 and person_id = $3 and (counter < $4 or counter = 0 and $4 = 0)`)

// UsePasskey records a use of the person's passkey.
func (s *projectStore) UsePasskey(ctx context.Context, use store.PasskeyUse) error {
	return need(ctx, s.step, usePasskey.with(s.project, use.ID, use.Person, use.Counter, use.BackedUp, use.Now))
}

var renamePasskey = sql("renaming a passkey", `
	update passkeys set name = $4 where project_id = $1 and id = $2 and person_id = $3`)

// RenamePasskey gives a person's passkey another name.
func (s *projectStore) RenamePasskey(ctx context.Context, person store.PersonID, id store.CredentialID, name string) error {
	return need(ctx, s.step, renamePasskey.with(s.project, id, person, name))
}

var (
	// Who removes a passkey holds the person's row, so that of two who would remove the last two the second sees it.
	holdPerson = sql("holding a person", `
		update people set id = id where project_id = $1 and id = $2`)

	selectOwnPasskey = sql("looking for a passkey to remove", `
		select id from passkeys where project_id = $1 and person_id = $2 and id = $3`)

	deletePasskey = sql("removing a passkey", `
		delete from passkeys where project_id = $1 and person_id = $2 and id = $3`)

	deletePasskeyButLast = sql("removing a passkey that is not the last", `
		delete from passkeys where project_id = $1 and person_id = $2 and id = $3 and exists (
			select 1 from passkeys other where other.project_id = $1 and other.person_id = $2 and other.id <> $3)`)
)

// RemovePasskey deletes a person's passkey.
func (s *projectStore) RemovePasskey(ctx context.Context, person store.PersonID, id store.CredentialID, keepOne bool) error {
	removed := aboutPasskey(store.PasskeyRemoved, person, id)
	if !keepOne {
		return need(ctx, s.step, deletePasskey.with(s.project, person, id).tells(ctx, removed))
	}
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, holdPerson.with(s.project, person)); err != nil {
			return err
		}
		if err := need(ctx, run, selectOwnPasskey.with(s.project, person, id)); err != nil {
			return err
		}
		err := need(ctx, run, deletePasskeyButLast.with(s.project, person, id).tells(ctx, removed))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s: %w", deletePasskeyButLast.does, store.ErrChanged)
		}
		return err
	})
}
