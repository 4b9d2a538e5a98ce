// organization_end.go: an organization goes, with all that is its.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var deleteOrganization = sql("deleting an organization", `
	delete from organizations where project_id = $1 and id = $2`)

var endGrantsIn = sql("ending the grants of an organization", `
	update grants set ended_at = $3, end_reason = $4
	where project_id = $1 and org_id = $2 and org_id <> '' and ended_at = 0 and expires_at > $3`)

// deletesIn are what an organization has.
var deletesIn = func() (all []*statement) {
	for _, table := range []string{"consents", "memberships", "departures", "domains", "invitations", "approvals", "providers"} {
		all = append(all, sql("deleting the "+table+" of an organization", `
			delete from `+table+` where project_id = $1 and org_id = $2 and org_id <> ''`))
	}
	return all
}()

var leaveDeleted = sql("leaving an organization that is deleted", `
	update sessions set org_id = '' where project_id = $1 and org_id = $2 and org_id <> ''`)

// DeleteOrganization removes an organization and ends its grants.
func (s *projectStore) DeleteOrganization(ctx context.Context, id store.OrgID, now time.Time) error {
	calls := []call{
		deleteOrganization.with(s.project, id).tells(ctx, store.Event{Kind: store.OrgDeleted, Org: id}),
		endGrantsIn.with(s.project, id, now, store.EndedByOrganization).
			tells(ctx, grantEnded(store.EndedByOrganization, store.Event{Org: id})),
		leaveDeleted.with(s.project, id),
	}
	for _, d := range deletesIn {
		calls = append(calls, d.with(s.project, id))
	}
	rows, err := s.together(ctx, calls...)
	if err == nil && rows[0] == 0 {
		err = fmt.Errorf("%s: %w", deleteOrganization.does, store.ErrNotFound)
	}
	return err
}

var setSessionOrg = sql("choosing an organization", `
	update sessions set org_id = $3 where project_id = $1 and id = $2
		and ($3 = '' or exists (select 1 from memberships m
			where m.project_id = $1 and m.org_id = $3 and m.person_id = sessions.person_id))`)

// SetSessionOrg says for which organization the person acts in this browser.
func (s *projectStore) SetSessionOrg(ctx context.Context, session store.Digest, org store.OrgID) error {
	return need(ctx, s.step, setSessionOrg.with(s.project, session, org))
}
