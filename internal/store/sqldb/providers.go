// providers.go: connections to other providers, and people on their way to one and back.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const providerColumns = `id, kind, name, issuer, client_id, secret, scopes, org_id, required, domains, creates, disabled, created_at`

func scanProvider(r row) (p store.Provider, err error) {
	return p, r.scan(&p.ID, &p.Kind, &p.Name, &p.Issuer, &p.ClientID, &p.Secret, &p.Scopes, &p.Org, &p.Required,
		&p.Domains, &p.Create, &p.Disabled, &p.CreatedAt)
}

// providerValues are the project and the columns of a connection, in the order of providerColumns.
func (s *projectStore) providerValues(p store.Provider) []any {
	return []any{s.project, p.ID, p.Kind, p.Name, p.Issuer, p.ClientID, p.Secret, p.Scopes, p.Org, p.Required,
		p.Domains, p.Create, p.Disabled, p.CreatedAt}
}

func aboutProvider(kind store.EventKind, p store.Provider) store.Event {
	return store.Event{Kind: kind, Org: p.Org, Detail: store.Detail{Name: string(p.ID), Disabled: p.Disabled}}
}

var insertProvider = sql("creating a connection", `
	insert into providers (project_id, `+providerColumns+`)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)

// CreateProvider adds a connection.
func (s *projectStore) CreateProvider(ctx context.Context, p store.Provider) error {
	return need(ctx, s.step, insertProvider.with(s.providerValues(p)...).tells(ctx, aboutProvider(store.ProviderAdded, p)))
}

var updateProvider = sql("changing a connection", `
	update providers set kind = $3, name = $4, issuer = $5, client_id = $6, secret = $7, scopes = $8, org_id = $9,
		required = $10, domains = $11, creates = $12, disabled = $13, created_at = $14
	where project_id = $1 and id = $2`)

// UpdateProvider replaces a connection.
func (s *projectStore) UpdateProvider(ctx context.Context, p store.Provider) error {
	return need(ctx, s.step, updateProvider.with(s.providerValues(p)...).tells(ctx, aboutProvider(store.ProviderChanged, p)))
}

var (
	deleteProvider = sql("deleting a connection", `
		delete from providers where project_id = $1 and id = $2`)

	deleteJourneysTo = sql("ending the journeys to a provider", `
		delete from journeys where project_id = $1 and provider_id = $2`)
)

// DeleteProvider removes a connection and whoever is on the way to it.
func (s *projectStore) DeleteProvider(ctx context.Context, id store.ProviderID) error {
	rows, err := s.together(ctx, deleteProvider.with(s.project, id).tells(ctx, aboutProvider(store.ProviderRemoved, store.Provider{ID: id})), deleteJourneysTo.with(s.project, id))
	if err == nil && rows[0] == 0 {
		err = fmt.Errorf("%s: %w", deleteProvider.does, store.ErrNotFound)
	}
	return err
}

var selectProvider = sql("reading a connection", `
	select `+providerColumns+` from providers where project_id = $1 and id = $2`)

// Provider returns a connection, disabled or not.
func (s *projectStore) Provider(ctx context.Context, id store.ProviderID) (store.Provider, error) {
	return first(ctx, s.look, scanProvider, selectProvider.with(s.project, id))
}

var selectProviders = sql("listing connections", `
	select `+providerColumns+` from providers where project_id = $1 order by id`)

// Providers lists the connections by id.
func (s *projectStore) Providers(ctx context.Context) ([]store.Provider, error) {
	return all(ctx, s.look, scanProvider, selectProviders.with(s.project))
}

var selectProvidersFor = sql("listing the connections for a domain", `
	select `+providerColumns+` from providers where project_id = $1 and not disabled and org_id <> ''
		and org_id = (select d.org_id from domains d where d.project_id = $1 and d.name = $2 and d.verified_at > 0)
	order by required desc, id`)

// ProvidersFor lists the connections in use of the organization that has a domain.
func (s *projectStore) ProvidersFor(ctx context.Context, domain string) ([]store.Provider, error) {
	return all(ctx, s.look, scanProvider, selectProvidersFor.with(s.project, domain))
}

const journeyColumns = `state, provider_id, browser, request_id, session, person_id, fresh, began_at, expires_at`

func scanJourney(r row) (j store.Journey, err error) {
	return j, r.scan(&j.State, &j.Provider, &j.Browser, &j.Request, &j.Session, &j.Person, &j.Fresh, &j.Began, &j.Expires)
}

var insertJourney = sql("beginning a journey to a provider", `
	insert into journeys (project_id, `+journeyColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)

// OpenJourney files a journey.
func (s *projectStore) OpenJourney(ctx context.Context, j store.Journey) error {
	return need(ctx, s.step, insertJourney.with(s.project, j.State, j.Provider, j.Browser, j.Request, j.Session, j.Person,
		j.Fresh, j.Began, j.Expires))
}

var spendJourney = sql("ending a journey to a provider", `
	delete from journeys where project_id = $1 and state = $2 and browser = $3 and expires_at > $4
	returning `+journeyColumns)

// SpendJourney ends a journey and returns it.
func (s *projectStore) SpendJourney(ctx context.Context, state, browser store.Digest, now time.Time) (store.Journey, error) {
	return first(ctx, s.step, scanJourney, spendJourney.with(s.project, state, browser, now))
}
