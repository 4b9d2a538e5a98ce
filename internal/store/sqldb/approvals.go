// approvals.go: which clients members ask their organization to let in.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const approvalColumns = `org_id, client_id, person_id, note, asked_at, refused_at, refused_by`

func scanApproval(r row) (a store.Approval, err error) {
	return a, r.scan(&a.Org, &a.Client, &a.Person, &a.Note, &a.AskedAt, &a.RefusedAt, &a.RefusedBy)
}

var insertApproval = sql("asking for an approval", `
	insert into approvals (project_id, `+approvalColumns+`)
	select m.project_id, m.org_id, $4, m.person_id, $5, $6, 0, '' from memberships m
	where m.project_id = $1 and m.org_id = $2 and m.person_id = $3 and m.org_id <> ''
		and not exists (select 1 from approvals a where a.project_id = $1 and a.org_id = $2 and a.client_id = $4 and a.refused_at > 0)`)

// AskApproval files a member's wish.
func (s *projectStore) AskApproval(ctx context.Context, a store.Approval) error {
	return need(ctx, s.step, insertApproval.with(s.project, a.Org, a.Person, a.Client, a.Note, a.AskedAt).
		tells(ctx, store.Event{Kind: store.ApprovalAsked, Actor: byPerson, Org: a.Org, Client: a.Client, Person: a.Person}))
}

var selectApprovals = sql("listing approvals", `
	select `+approvalColumns+` from approvals where project_id = $1 and org_id = $2 and ($3 = '' or client_id = $3)
	order by asked_at, client_id, person_id`)

// Approvals lists an organization's.
func (s *projectStore) Approvals(ctx context.Context, org store.OrgID, client store.ClientID) ([]store.Approval, error) {
	return all(ctx, s.look, scanApproval, selectApprovals.with(s.project, org, client))
}

var deleteApprovals = sql("ending the wishes for a client", `
	delete from approvals where project_id = $1 and org_id = $2 and client_id = $3
	returning `+approvalColumns)

// ApproveClient replaces the organization and ends the wishes for the client.
func (s *projectStore) ApproveClient(ctx context.Context, o store.Organization, client store.ClientID) (wishes []store.Approval, err error) {
	err = s.steps(ctx, func(run run) error {
		err := need(ctx, run, s.updateOrganization(ctx, o))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s: %w", updateOrganization.does, store.ErrChanged)
		}
		if err != nil {
			return err
		}
		wishes, err = all(ctx, run, scanApproval, deleteApprovals.with(s.project, o.ID, client).
			tells(ctx, store.Event{Kind: store.ApprovalGiven, Org: o.ID, Client: client}))
		return err
	})
	return wishes, err
}

var refuseApprovals = sql("refusing a client", `
	update approvals set refused_at = $4, refused_by = $5
	where project_id = $1 and org_id = $2 and client_id = $3 and refused_at = 0
	returning `+approvalColumns)

// RefuseClient refuses all wishes for the client that wait.
func (s *projectStore) RefuseClient(ctx context.Context, org store.OrgID, client store.ClientID, by store.PersonID, now time.Time) ([]store.Approval, error) {
	wishes, err := all(ctx, s.step, scanApproval, refuseApprovals.with(s.project, org, client, now, by).
		tells(ctx, store.Event{Kind: store.ApprovalRefused, Org: org, Client: client}))
	if err == nil && len(wishes) == 0 {
		err = fmt.Errorf("%s: %w", refuseApprovals.does, store.ErrNotFound)
	}
	return wishes, err
}

var deleteRefusal = sql("withdrawing a refusal", `
	delete from approvals where project_id = $1 and org_id = $2 and client_id = $3 and refused_at > 0`)

// WithdrawRefusal forgets that the client was refused.
func (s *projectStore) WithdrawRefusal(ctx context.Context, org store.OrgID, client store.ClientID) error {
	return need(ctx, s.step, deleteRefusal.with(s.project, org, client).
		tells(ctx, store.Event{Kind: store.RefusalWithdrawn, Org: org, Client: client}))
}
