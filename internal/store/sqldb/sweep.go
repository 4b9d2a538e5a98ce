// sweep.go: what is over goes, a few rows at a time, so that the database stays as large as what is alive.

package sqldb

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const (
	keepEnded   = 7 * 24 * time.Hour  // an ended grant, so that its tokens are known for what they are
	keepUnused  = 24 * time.Hour      // a client that made itself known and never got a grant
	keepIdle    = 90 * 24 * time.Hour // a client that made itself known and got one once
	keepInvited = 30 * 24 * time.Hour // an invitation that nobody accepted, so that it can be sent again
	keepUnspent = time.Hour           // a grant after its code expired unspent
)

// sweeps are the statements that take now less keep as $1 and the limit as $2.
var sweeps = []struct {
	*statement
	keep time.Duration
}{
	{sql("sweeping requests", `
		delete from requests where (project_id, id) in (
			select project_id, id from requests where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping sessions", `
		delete from sessions where idle_until <= $1 and (project_id, id) in (
			select project_id, id from sessions where idle_until <= $1 order by idle_until limit $2)`), 0},
	{sql("sweeping challenges", `
		delete from challenges where (project_id, id) in (
			select project_id, id from challenges where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping ceremonies", `
		delete from ceremonies where (project_id, challenge) in (
			select project_id, challenge from ceremonies where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping invitations", `
		delete from invitations where (project_id, id) in (
			select project_id, id from invitations where expires_at <= $1 order by expires_at limit $2)`), keepInvited},
	{sql("sweeping journeys to providers", `
		delete from journeys where (project_id, state) in (
			select project_id, state from journeys where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping half logins", `
		delete from half_logins where (project_id, id) in (
			select project_id, id from half_logins where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping expired grants", `
		delete from grants where (project_id, id) in (
			select project_id, id from grants where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping ended grants", `
		delete from grants where (project_id, id) in (
			select project_id, id from grants where ended_at > 0 and ended_at <= $1 order by ended_at limit $2)`), keepEnded},
	{sql("sweeping grants whose code was not spent", `
		delete from grants where code_spent_at = 0 and (project_id, id) in (
			select project_id, id from grants where code_spent_at = 0 and code_expires_at <= $1 order by code_expires_at limit $2)`), keepUnspent},
	{sql("sweeping revoked tokens", `
		delete from revoked_tokens where expires_at <= $1 and (project_id, token) in (
			select project_id, token from revoked_tokens where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping handovers", `
		delete from handovers where (project_id, id) in (
			select project_id, id from handovers where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping spent tokens", `
		delete from spent_tokens where expires_at <= $1 and (project_id, token) in (
			select project_id, token from spent_tokens where expires_at <= $1 order by expires_at limit $2)`), 0},
	{sql("sweeping failures", `
		delete from attempts where last_at <= $1 and (project_id, digest) in (
			select project_id, digest from attempts where last_at <= $1 order by last_at limit $2)`), attemptMemory},
}

// sweepable: a client that nobody registered, on which the operator set nothing, and without a live grant. A disabled
// client stays, or it would come back enabled.
const sweepable = `origin <> 'registered' and not disabled and not first_party and scope = '' and introspects = '' and terms = '{}'
	and not exists (select 1 from grants g where g.project_id = clients.project_id and g.client_id = clients.id
		and g.ended_at = 0 and g.expires_at > $3)`

var sweepUnusedClients = sql("sweeping clients that were never used", `
	delete from clients where used_at = 0 and (project_id, id) in (
		select project_id, id from clients where used_at = 0 and created_at <= $1 and `+sweepable+` limit $2)
	returning project_id, id`)

var sweepIdleClients = sql("sweeping idle clients", `
	delete from clients where used_at <= $1 and (project_id, id) in (
		select project_id, id from clients where used_at > 0 and used_at <= $1 and `+sweepable+` limit $2)
	returning project_id, id`)

// Sweep deletes at most limit rows of each kind that ended before now.
func (db *database) Sweep(ctx context.Context, now time.Time, limit int) (swept int, err error) {
	for _, s := range sweeps {
		n, err := may(ctx, db.step, s.with(now.Add(-s.keep), limit))
		if err != nil {
			return swept, err
		}
		swept += n
	}
	n, err := db.sweepEvents(ctx, now, limit)
	if err != nil {
		return swept, err
	}
	swept += n
	for _, c := range []call{
		sweepUnusedClients.with(now.Add(-keepUnused), limit, now),
		sweepIdleClients.with(now.Add(-keepIdle), limit, now),
	} {
		n, err := db.sweepClients(ctx, c)
		if err != nil {
			return swept, err
		}
		swept += n
	}
	return swept, nil
}

var sweepEvents = sql("sweeping events", `
	delete from events where project_id = $1 and id in (
		select id from events where project_id = $1 and id < $2 order by id limit $3)`)

// sweepEvents deletes the events that a project keeps no longer.
func (db *database) sweepEvents(ctx context.Context, now time.Time, limit int) (swept int, err error) {
	projects, err := db.Projects(ctx)
	if err != nil {
		return 0, err
	}
	for _, p := range projects {
		oldest := store.FirstEventID(now.Add(-p.Settings.Defaults().EventLife))
		n, err := may(ctx, db.step, sweepEvents.with(p.ID, oldest, limit))
		if err != nil {
			return swept, err
		}
		swept += n
	}
	return swept, nil
}

// sweepClients deletes clients and the consents that nobody can use any more.
func (db *database) sweepClients(ctx context.Context, sweep call) (swept int, err error) {
	type name struct {
		project store.ProjectID
		client  store.ClientID
	}
	err = db.steps(ctx, func(run run) error {
		gone, err := all(ctx, run, func(r row) (n name, err error) {
			return n, r.scan(&n.project, &n.client)
		}, sweep)
		if err != nil {
			return err
		}
		for _, n := range gone {
			if _, err := may(ctx, run, deleteConsentsTo.with(n.project, n.client)); err != nil {
				return err
			}
		}
		swept = len(gone)
		return nil
	})
	return swept, err
}
