// clients.go: the programs that ask for tokens.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const clientColumns = `id, origin, first_party, metadata, metadata_hash, secrets, scope, introspects, disabled, version,
	created_at, used_at, fetched_at, fresh_until, terms`

func scanClient(r row) (c store.Client, err error) {
	return c, r.scan(&c.ID, &c.Origin, &c.FirstParty, asJSON{&c.Metadata}, &c.MetadataHash, &c.Secrets, &c.Scope, &c.Introspects,
		&c.Disabled, &c.Version, &c.CreatedAt, &c.UsedAt, &c.FetchedAt, &c.FreshUntil, asJSON{&c.Terms})
}

// clientArgs are $1 to $16. The first version is 1.
func (s *projectStore) clientArgs(c store.Client) []any {
	return []any{s.project, c.ID, c.Origin, c.FirstParty, asJSON{c.Metadata}, c.MetadataHash, c.Secrets, c.Scope, c.Introspects,
		c.Disabled, max(c.Version, 1), c.CreatedAt, c.UsedAt, c.FetchedAt, c.FreshUntil, asJSON{c.Terms}}
}

// aboutClient is an event about a client that an operator made or changed.
func aboutClient(kind store.EventKind, c store.Client) store.Event {
	return store.Event{Kind: kind, Client: c.ID,
		Detail: store.Detail{Name: c.Metadata.ClientName, Scope: c.Scope, Disabled: c.Disabled, Secrets: len(c.Secrets)}}
}

const insertClientText = `
	insert into clients (project_id, ` + clientColumns + `)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`

var selectClient = sql("reading a client", `
	select `+clientColumns+` from clients where project_id = $1 and id = $2`)

// Client returns a client, disabled or not.
func (s *projectStore) Client(ctx context.Context, id store.ClientID) (store.Client, error) {
	return first(ctx, s.look, scanClient, selectClient.with(s.project, id))
}

var selectClients = sql("listing clients", `
	select `+clientColumns+` from clients where project_id = $1 and id > $2 order by id limit $3`)

// Clients lists clients by id after the given one.
func (s *projectStore) Clients(ctx context.Context, after store.ClientID, limit int) ([]store.Client, error) {
	return all(ctx, s.look, scanClient, selectClients.with(s.project, after, limit))
}

var insertClient = sql("creating a client", insertClientText)

// CreateClient adds a client.
func (s *projectStore) CreateClient(ctx context.Context, c store.Client) error {
	return need(ctx, s.step, insertClient.with(s.clientArgs(c)...).
		tells(ctx, aboutClient(store.ClientCreated, c)))
}

var registerClient = sql("registering a client", insertClientText+` on conflict (project_id, id) do nothing`)

// The newcomer ($2) counts as one of the room, so the others may be one fewer. A disabled client stays, or it would
// come back enabled.
var evictClients = sql("making room for a client", `
	delete from clients where project_id = $1 and used_at = 0 and id in (
		select id from clients where project_id = $1 and origin <> 'registered' and used_at = 0
			and origin = 'dcr' and not disabled and id <> $2
		order by created_at desc, id desc limit 1000 offset $3)`)

// RegisterClient adds a client that registered itself, or returns the one that is there.
func (s *projectStore) RegisterClient(ctx context.Context, c store.Client, room int) (got store.Client, err error) {
	c.Origin = store.SelfRegister
	err = s.steps(ctx, func(run run) error {
		added, err := may(ctx, run, registerClient.with(s.clientArgs(c)...))
		if err != nil {
			return err
		}
		if added > 0 && s.roomDue(room) {
			if _, err := may(ctx, run, evictClients.with(s.project, c.ID, max(room-1, 0))); err != nil {
				return err
			}
		}
		got, err = first(ctx, run, scanClient, selectClient.with(s.project, c.ID))
		return err
	})
	return got, err
}

// roomDue tells whether to make room now: at the first newcomer, and then at every sixteenth part of the room. Finding
// who goes reads as many entries of an index as there is room.
func (s *projectStore) roomDue(room int) bool {
	n := s.newcomers.Add(1)
	return (n-1)%int64(max(room/16, 1)) == 0
}

// What the operator set stays. An answer that was fetched earlier than the one on file changes nothing, and a client
// that the operator registered under a URL is not for its document to change.
var putDocument = sql("filing a client's document", insertClientText+`
	on conflict (project_id, id) do update set
		version = case when clients.metadata = excluded.metadata and clients.metadata_hash = excluded.metadata_hash
			then clients.version else clients.version + 1 end,
		metadata = excluded.metadata, metadata_hash = excluded.metadata_hash,
		fetched_at = excluded.fetched_at, fresh_until = excluded.fresh_until
	where clients.origin = 'cimd' and clients.fetched_at <= excluded.fetched_at`)

// A changed document of a client that never got a grant is nobody's business yet, and strangers can make many of those.
var changeDocument = sql("changing a client's document", `
	update clients set version = version + 1, metadata = $3, metadata_hash = $4, fetched_at = $5, fresh_until = $6
	where project_id = $1 and id = $2 and origin = 'cimd' and used_at > 0 and fetched_at <= $5
		and (metadata <> $3 or metadata_hash <> $4)`)

// PutDocument files a client that is described by the document at its id, and returns it.
func (s *projectStore) PutDocument(ctx context.Context, c store.Client) (got store.Client, err error) {
	c.Origin = store.Document
	err = s.steps(ctx, func(run run) error {
		change := changeDocument.with(s.project, c.ID, asJSON{c.Metadata}, c.MetadataHash, c.FetchedAt, c.FreshUntil).
			tells(ctx, store.Event{Kind: store.ClientChanged, Actor: byClient, Client: c.ID, Detail: store.Detail{Name: c.Metadata.ClientName}})
		if _, err := may(ctx, run, change); err != nil {
			return err
		}
		if _, err := may(ctx, run, putDocument.with(s.clientArgs(c)...)); err != nil {
			return err
		}
		got, err = first(ctx, run, scanClient, selectClient.with(s.project, c.ID))
		if err == nil && got.Origin != store.Document {
			err = fmt.Errorf("%s: %w, of origin %s", putDocument.does, store.ErrExists, got.Origin)
		}
		return err
	})
	if err != nil {
		return store.Client{}, err
	}
	return got, nil
}

// When it was created and when it was used is for the store to know.
var updateClient = sql("changing a client", `
	update clients set origin = $3, first_party = $4, metadata = $5, metadata_hash = $6, secrets = $7, scope = $8, introspects = $9,
		disabled = $10, version = version + 1, fetched_at = $12, fresh_until = $13, terms = $14
	where project_id = $1 and id = $2 and version = $11`)

// UpdateClient replaces a client whose version is still c.Version, and raises the version.
func (s *projectStore) UpdateClient(ctx context.Context, c store.Client) error {
	err := need(ctx, s.step, updateClient.with(s.project, c.ID, c.Origin, c.FirstParty, asJSON{c.Metadata}, c.MetadataHash, c.Secrets,
		c.Scope, c.Introspects, c.Disabled, c.Version, c.FetchedAt, c.FreshUntil, asJSON{c.Terms}).
		tells(ctx, aboutClient(store.ClientChanged, c)))
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s: %w", updateClient.does, store.ErrChanged)
	}
	return err
}

var setClientDisabled = sql("disabling or enabling a client", `
	update clients set disabled = $3, version = version + 1 where project_id = $1 and id = $2`)

// SetClientDisabled disables or enables a client, and ends its grants when it disables.
func (s *projectStore) SetClientDisabled(ctx context.Context, id store.ClientID, disabled bool, now time.Time) error {
	if !disabled {
		return need(ctx, s.step, setClientDisabled.with(s.project, id, disabled).
			tells(ctx, store.Event{Kind: store.ClientEnabled, Client: id}))
	}
	set := setClientDisabled.with(s.project, id, disabled).tells(ctx, store.Event{Kind: store.ClientDisabled, Client: id})
	rows, err := s.together(ctx, set, s.endGrants(ctx, store.GrantFilter{Client: id}, store.EndedByOperator, now))
	if err == nil && rows[0] == 0 {
		return fmt.Errorf("%s: %w", set.does, store.ErrNotFound)
	}
	return err
}

var deleteClient = sql("deleting a client", `
	delete from clients where project_id = $1 and id = $2`)

var deleteConsentsTo = sql("forgetting the consents to a client", `
	delete from consents where project_id = $1 and client_id = $2`)

var deleteWishesFor = sql("ending the wishes for a client", `
	delete from approvals where project_id = $1 and client_id = $2`)

var deleteWithdrawalsFrom = sql("forgetting who withdrew from a client", `
	delete from withdrawals where project_id = $1 and client_id = $2`)

// DeleteClient removes a client and its consents, and ends its grants.
func (s *projectStore) DeleteClient(ctx context.Context, id store.ClientID, now time.Time) error {
	rows, err := s.together(ctx,
		deleteClient.with(s.project, id).tells(ctx, store.Event{Kind: store.ClientDeleted, Client: id}),
		deleteConsentsTo.with(s.project, id),
		deleteWishesFor.with(s.project, id),
		deleteWithdrawalsFrom.with(s.project, id),
		s.endGrants(ctx, store.GrantFilter{Client: id}, store.EndedByOperator, now))
	if err == nil && rows[0] == 0 {
		return fmt.Errorf("%s: %w", deleteClient.does, store.ErrNotFound)
	}
	return err
}
