// attempts.go: failures are counted, so that guessing gets slower.

package sqldb

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// attemptMemory is the longest a failure is remembered.
const attemptMemory = 24 * time.Hour

var selectAttempts = sql("reading failures", `
	select digest, failures, last_at from attempts
	where project_id = $1 and last_at > $2 and digest in ($3, $4, $5, $6)`)

// Attempts returns the counts kept under the keys.
func (s *projectStore) Attempts(ctx context.Context, now time.Time, keys ...store.Digest) (map[store.Digest]store.Attempt, error) {
	counts := make(map[store.Digest]store.Attempt)
	for four := range slices.Chunk(keys, 4) {
		at := func(i int) store.Digest { return four[min(i, len(four)-1)] }
		_, err := each(ctx, s.look, selectAttempts.with(s.project, now.Add(-attemptMemory), at(0), at(1), at(2), at(3)), func(r row) error {
			var key store.Digest
			var a store.Attempt
			err := r.scan(&key, &a.Failures, &a.Last)
			counts[key] = a
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return counts, nil
}

var countFailure = sql("counting a failure", `
	insert into attempts (project_id, digest, failures, last_at) values ($1, $2, 1, $3)
	on conflict (project_id, digest) do update set
		failures = case when attempts.last_at <= $4 then 1 else attempts.failures + 1 end,
		last_at = case when attempts.last_at > excluded.last_at then attempts.last_at else excluded.last_at end`)

// The statement runs for an address without an account too, and finds nothing to tell.
var tellFailures = sql("telling of failures", `
	insert into events (`+eventColumns+`)
	select $1, $4, $5, $6, $7, $8, $9, $10, failures, $3, '', '', '', '' from attempts
	where project_id = $1 and digest = $2 and $3 <> ''
		and failures in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384)`)

// CountFailure adds a failure under each key, and tells of those that doubled.
func (s *projectStore) CountFailure(ctx context.Context, as store.PersonID, now time.Time, memory time.Duration, keys ...store.Digest) error {
	calls := forKeys(keys, func(key store.Digest) call {
		return countFailure.with(s.project, key, now, now.Add(-min(memory, attemptMemory)))
	})
	if len(calls) == 0 {
		return nil
	}
	e := store.Tell(ctx, store.Event{Kind: store.LoginFailed})
	_, err := s.together(ctx, append(calls, tellFailures.with(append([]any{s.project, keys[0], as}, eventHead(e)...)...))...)
	return err
}

var forgetFailures = sql("forgetting failures", `
	delete from attempts where project_id = $1 and digest = $2`)

// ForgetFailures clears the keys.
func (s *projectStore) ForgetFailures(ctx context.Context, keys ...store.Digest) error {
	calls := forKeys(keys, func(key store.Digest) call { return forgetFailures.with(s.project, key) })
	if len(calls) == 0 {
		return nil
	}
	_, err := s.together(ctx, calls...)
	return err
}

// forKeys makes a call for every key, each once and in one order, so that two callers cannot wait for each other.
func forKeys(keys []store.Digest, do func(store.Digest) call) (calls []call) {
	keys = slices.Clone(keys)
	slices.SortFunc(keys, func(a, b store.Digest) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range slices.Compact(keys) {
		calls = append(calls, do(key))
	}
	return calls
}
