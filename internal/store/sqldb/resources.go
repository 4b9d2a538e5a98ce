// resources.go: the MCP servers that tokens are for.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var upsertResource = sql("filing a resource", `
	insert into resources (project_id, uri, name, scopes, default_scope, for_org) values ($1, $2, $3, $4, $5, $6)
	on conflict (project_id, uri) do update set name = excluded.name, scopes = excluded.scopes, default_scope = excluded.default_scope,
		for_org = excluded.for_org`)

// PutResource adds a resource or replaces it.
func (s *projectStore) PutResource(ctx context.Context, r store.Resource) error {
	return need(ctx, s.step, upsertResource.with(s.project, r.URI, r.Name, asJSON{r.Scopes}, r.Default, r.ForOrg).
		tells(ctx, store.Event{Kind: store.ResourceSet, Resource: r.URI, Detail: store.Detail{Name: r.Name, Scope: r.Default}}))
}

var deleteResource = sql("removing a resource", `
	delete from resources where project_id = $1 and uri = $2`)

var deleteConsentsAt = sql("forgetting what was agreed to at a resource", `
	delete from consents where project_id = $1 and resource = $2`)

// DeleteResource removes a resource, what people agreed to there and the grants for it.
func (s *projectStore) DeleteResource(ctx context.Context, uri string, now time.Time) error {
	rows, err := s.together(ctx,
		deleteResource.with(s.project, uri).tells(ctx, store.Event{Kind: store.ResourceDeleted, Resource: uri}),
		deleteConsentsAt.with(s.project, uri),
		s.endGrants(ctx, store.GrantFilter{Resource: uri}, store.EndedByOperator, now))
	if err == nil && rows[0] == 0 {
		return fmt.Errorf("%s: %w", deleteResource.does, store.ErrNotFound)
	}
	return err
}

var selectResources = sql("listing resources", `
	select uri, name, scopes, default_scope, for_org from resources where project_id = $1 order by uri`)

// Resources lists them by URI.
func (s *projectStore) Resources(ctx context.Context) ([]store.Resource, error) {
	return all(ctx, s.look, scanResource, selectResources.with(s.project))
}

func scanResource(r row) (res store.Resource, err error) {
	return res, r.scan(&res.URI, &res.Name, asJSON{&res.Scopes}, &res.Default, &res.ForOrg)
}
