// connections.go: which apps are connected.

package sqldb

import (
	"context"

	"github.com/authwright/authwright/internal/store"
)

// under are the grants under a consent.
const under = `from grants g where g.project_id = consents.project_id and g.client_id = consents.client_id
	and g.person_id = consents.person_id and g.redirect_host = consents.redirect_host and g.resource = consents.resource
	and g.org_id = consents.org_id`

// One text for each choice of person, client and organization, so that each can use its index.
var selectConnections = func() (texts [2][2][2]*statement) {
	for person := range 2 {
		for client := range 2 {
			for org := range 2 {
				texts[person][client][org] = sql("listing connections", `
					select `+consentColumns+`, coalesce((select max(g.used_at) `+under+` and g.code_spent_at > 0), 0),
						(select count(*) `+under+` and g.code_spent_at > 0 and g.ended_at = 0 and g.idle_until > $10 and g.expires_at > $10)
					from consents
					where project_id = $1 and (person_id, client_id, redirect_host, resource, org_id) > ($2, $3, $4, $5, $6)`+
					[]string{` and $7 = ''`, ` and person_id = $7`}[person]+
					[]string{` and $8 = ''`, ` and client_id = $8`}[client]+
					[]string{` and $9 = ''`, ` and org_id = $9 and org_id <> ''`}[org]+`
					order by person_id, client_id, redirect_host, resource, org_id limit $11`)
			}
		}
	}
	return texts
}()

func scanConnection(r row) (c store.Connection, err error) {
	return c, r.scan(&c.Person, &c.Client, &c.RedirectHost, &c.Resource, &c.Org, &c.Scope, &c.MetadataHash, &c.CreatedAt, &c.UpdatedAt,
		&c.Presumed, &c.UsedAt, &c.Devices)
}

// Connections lists consents with the grants under them.
func (s *projectStore) Connections(ctx context.Context, q store.ConnectionQuery) ([]store.Connection, error) {
	text := selectConnections[min(len(q.Person), 1)][min(len(q.Client), 1)][min(len(q.Org), 1)]
	return all(ctx, s.look, scanConnection, text.with(s.project, q.After.Person, q.After.Client, q.After.RedirectHost,
		q.After.Resource, q.After.Org, q.Person, q.Client, q.Org, q.Now, q.Limit))
}
