// consents.go: what people agreed to.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const consentColumns = `person_id, client_id, redirect_host, resource, org_id, scope, metadata_hash, created_at, updated_at`

func scanConsent(r row) (c store.Consent, err error) {
	return c, r.scan(&c.Person, &c.Client, &c.RedirectHost, &c.Resource, &c.Org, &c.Scope, &c.MetadataHash, &c.CreatedAt, &c.UpdatedAt)
}

// What is agreed to now replaces what was: a person who takes a tick away has taken it away.
var upsertConsent = sql("remembering a consent", `
	insert into consents (project_id, `+consentColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
	on conflict (project_id, person_id, client_id, redirect_host, resource, org_id)
	do update set scope = excluded.scope, metadata_hash = excluded.metadata_hash, updated_at = excluded.updated_at`)

func (s *projectStore) upsertConsent(c store.Consent, now time.Time) call {
	return upsertConsent.with(s.project, c.Person, c.Client, c.RedirectHost, c.Resource, c.Org, c.Scope, c.MetadataHash, now)
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

// WithdrawConsent forgets a consent and ends the grants under it.
func (s *projectStore) WithdrawConsent(ctx context.Context, k store.ConsentKey, now time.Time) error {
	about := store.Event{Kind: store.ConsentWithdrawn, Actor: store.Actor{Kind: store.ByPerson},
		Person: k.Person, Client: k.Client, Org: k.Org, Resource: k.Resource}
	rows, err := s.together(ctx,
		deleteConsent.with(s.project, k.Person, k.Client, k.RedirectHost, k.Resource, k.Org).tells(ctx, about),
		endGrantsUnder.with(s.project, k.Person, k.Client, k.RedirectHost, k.Resource, k.Org, now, store.EndedByPerson).
			tells(ctx, grantEnded(store.EndedByPerson, about)))
	if err == nil && rows[0]+rows[1] == 0 {
		return fmt.Errorf("withdrawing a consent: %w", store.ErrNotFound)
	}
	return err
}
