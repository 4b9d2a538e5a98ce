// consents.go: what people agreed to.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const consentColumns = `person_id, client_id, redirect_host, resource, org_id, scope, metadata_hash, created_at, updated_at, presumed`

func scanConsent(r row) (c store.Consent, err error) {
	return c, r.scan(&c.Person, &c.Client, &c.RedirectHost, &c.Resource, &c.Org, &c.Scope, &c.MetadataHash, &c.CreatedAt, &c.UpdatedAt, &c.Presumed)
}

// What is agreed to now replaces what was: a person who takes a tick away has taken it away.
var upsertConsent = sql("remembering a consent", `
	insert into consents (project_id, `+consentColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, '')
	on conflict (project_id, person_id, client_id, redirect_host, resource, org_id)
	do update set scope = excluded.scope, metadata_hash = excluded.metadata_hash, updated_at = excluded.updated_at`)

func (s *projectStore) upsertConsent(c store.Consent, now time.Time) call {
	return upsertConsent.with(s.project, c.Person, c.Client, c.RedirectHost, c.Resource, c.Org, c.Scope, c.MetadataHash, now)
}

// What was agreed to before stays as it is, and so does what description of the client it was for.
var presumeConsent = sql("presuming a consent", `
	insert into consents (project_id, `+consentColumns+`)
	select $1, $2, $3, $4, $5, $6, '', $7, $8, $8, $9
	where not exists (select 1 from withdrawals w where w.project_id = $1 and w.person_id = $2 and w.client_id = $3)
	on conflict (project_id, person_id, client_id, redirect_host, resource, org_id)
	do update set presumed = excluded.presumed, updated_at = excluded.updated_at`)

// PresumeConsent records what is given without asking, unless the person withdrew before.
func (s *projectStore) PresumeConsent(ctx context.Context, c store.Consent, now time.Time) error {
	return need(ctx, s.step, presumeConsent.with(s.project, c.Person, c.Client, c.RedirectHost, c.Resource, c.Org, c.MetadataHash, now, c.Presumed).
		tells(ctx, store.Event{Kind: store.ConsentPresumed, Person: c.Person, Client: c.Client, Org: c.Org, Resource: c.Resource,
			Detail: store.Detail{Scope: c.Presumed}}))
}

var selectConsent = sql("reading a consent", `
	select `+consentColumns+` from consents
	where project_id = $1 and person_id = $2 and client_id = $3 and redirect_host = $4 and resource = $5 and org_id = $6`)

// Consent returns what was agreed for the key.
func (s *projectStore) Consent(ctx context.Context, k store.ConsentKey) (store.Consent, error) {
	return first(ctx, s.look, scanConsent, selectConsent.with(s.project, k.Person, k.Client, k.RedirectHost, k.Resource, k.Org))
}

var selectConsentsOf = sql("listing consents", `
	select `+consentColumns+` from consents where project_id = $1 and person_id = $2
	order by updated_at desc, client_id, redirect_host, resource, org_id`)

// ConsentsOf lists what one person agreed to, newest first.
func (s *projectStore) ConsentsOf(ctx context.Context, person store.PersonID) ([]store.Consent, error) {
	return all(ctx, s.look, scanConsent, selectConsentsOf.with(s.project, person))
}

var deleteConsent = sql("forgetting a consent", `
	delete from consents
	where project_id = $1 and person_id = $2 and client_id = $3 and redirect_host = $4 and resource = $5 and org_id = $6`)

var endGrantsUnder = sql("ending the grants under a consent", `
	update grants set ended_at = $7, end_reason = $8
	where project_id = $1 and person_id = $2 and client_id = $3 and redirect_host = $4 and resource = $5 and org_id = $6
		and ended_at = 0 and expires_at > $7`)

// Only a client that the operator registered is ever given anything without asking.
var insertWithdrawal = sql("remembering who withdrew", `
	insert into withdrawals (project_id, person_id, client_id, at)
	select c.project_id, $2, c.id, $4 from clients c where c.project_id = $1 and c.id = $3 and c.origin = 'registered'
	on conflict (project_id, person_id, client_id) do update set at = excluded.at`)

// WithdrawConsent forgets a consent and ends the grants under it.
func (s *projectStore) WithdrawConsent(ctx context.Context, k store.ConsentKey, why store.EndReason, now time.Time) error {
	about := store.Event{Kind: store.ConsentWithdrawn, Actor: grantEnded(why, store.Event{}).Actor,
		Person: k.Person, Client: k.Client, Org: k.Org, Resource: k.Resource}
	rows, err := s.together(ctx,
		deleteConsent.with(s.project, k.Person, k.Client, k.RedirectHost, k.Resource, k.Org).tells(ctx, about),
		insertWithdrawal.with(s.project, k.Person, k.Client, now),
		endGrantsUnder.with(s.project, k.Person, k.Client, k.RedirectHost, k.Resource, k.Org, now, why).
			tells(ctx, grantEnded(why, about)))
	if err == nil && rows[0]+rows[2] == 0 {
		return fmt.Errorf("withdrawing a consent: %w", store.ErrNotFound)
	}
	return err
}
