// keys.go: signing keys and secrets, sealed by a key that is not in the database.

package sqldb

import (
	"context"
	"errors"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var insertKey = sql("filing a signing key", `
	insert into signing_keys (project_id, id, jwk, sealed, created_at, active_at, retired_at) values ($1, $2, $3, $4, $5, $6, $7)`)

// AddKey files a signing key.
func (s *projectStore) AddKey(ctx context.Context, k store.SigningKey) error {
	return need(ctx, s.step, insertKey.with(s.project, k.ID, asJSON{k.Public}, k.Sealed, k.CreatedAt, k.ActiveAt, k.RetiredAt).
		tells(ctx, store.Event{Kind: store.KeyAdded, Detail: store.Detail{Name: k.ID}}))
}

var selectKeys = sql("listing signing keys", `
	select id, jwk, sealed, created_at, active_at, retired_at from signing_keys where project_id = $1 order by created_at, id`)

// SigningKeys lists the keys, oldest first.
func (s *projectStore) SigningKeys(ctx context.Context) ([]store.SigningKey, error) {
	return all(ctx, s.look, scanKey, selectKeys.with(s.project))
}

func scanKey(r row) (k store.SigningKey, err error) {
	return k, r.scan(&k.ID, asJSON{&k.Public}, &k.Sealed, &k.CreatedAt, &k.ActiveAt, &k.RetiredAt)
}

var selectKey = sql("looking for the key to keep", `
	select id from signing_keys where project_id = $1 and id = $2`)

var retireKeys = sql("retiring signing keys", `
	update signing_keys set retired_at = $3 where project_id = $1 and id <> $2 and (retired_at = 0 or retired_at > $3)`)

// RetireKeys marks every other key than keep as retired at the given time, unless it is by then. ErrNotFound when there
// is no such key to keep.
func (s *projectStore) RetireKeys(ctx context.Context, keep string, at time.Time) error {
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, selectKey.with(s.project, keep)); err != nil {
			return err
		}
		_, err := may(ctx, run, retireKeys.with(s.project, keep, at).
			tells(ctx, store.Event{Kind: store.KeysRetired, Detail: store.Detail{Name: keep}}))
		return err
	})
}

var selectSecret = sql("reading a secret", `
	select sealed from secrets where project_id = $1 and name = $2`)

var insertSecret = sql("filing a secret", `
	insert into secrets (project_id, name, sealed) values ($1, $2, $3) on conflict (project_id, name) do nothing`)

// Secret returns a sealed secret, fresh when there was none. The first to file one is the one that counts.
func (s *projectStore) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	sealed, err := first(ctx, s.look, scanOne[[]byte], selectSecret.with(s.project, name))
	if !errors.Is(err, store.ErrNotFound) {
		return sealed, err
	}
	if _, err := may(ctx, s.step, insertSecret.with(s.project, name, fresh)); err != nil {
		return nil, err
	}
	return first(ctx, s.look, scanOne[[]byte], selectSecret.with(s.project, name))
}
