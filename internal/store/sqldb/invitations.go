// invitations.go: who was asked to belong to an organization.

package sqldb

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const invitationColumns = `id, link, org_id, email, roles, invited_by, created_at, expires_at`

func scanInvitation(r row) (i store.Invitation, err error) {
	return i, r.scan(&i.ID, &i.Link, &i.Org, &i.Email, &i.Roles, &i.By, &i.CreatedAt, &i.Expires)
}

var upsertInvitation = sql("inviting somebody", `
	insert into invitations (project_id, `+invitationColumns+`)
	select o.project_id, $2, $3, o.id, $5, $6, $7, $8, $9 from organizations o where o.project_id = $1 and o.id = $4
	on conflict (project_id, org_id, email) do update set id = excluded.id, link = excluded.link, roles = excluded.roles,
		invited_by = excluded.invited_by, created_at = excluded.created_at, expires_at = excluded.expires_at`)

// Invite files an invitation, in place of an earlier one to the same address.
func (s *projectStore) Invite(ctx context.Context, i store.Invitation) error {
	return need(ctx, s.step, upsertInvitation.with(s.project, i.ID, i.Link, i.Org, i.Email, i.Roles, i.By, i.CreatedAt, i.Expires).
		tells(ctx, store.Event{Kind: store.InvitationSent, Org: i.Org, Detail: store.Detail{Name: string(i.ID), Email: i.Email, Roles: i.Roles}}))
}

var selectInvitation = sql("reading an invitation", `
	select `+invitationColumns+` from invitations where project_id = $1 and id = $2 and expires_at > $3`)

// Invitation returns a live one.
func (s *projectStore) Invitation(ctx context.Context, id store.InvitationID, now time.Time) (store.Invitation, error) {
	return first(ctx, s.look, scanInvitation, selectInvitation.with(s.project, id, now))
}

var selectInvitationsOf = sql("listing invitations", `
	select `+invitationColumns+` from invitations where project_id = $1 and org_id = $2 order by email`)

// InvitationsOf lists an organization's.
func (s *projectStore) InvitationsOf(ctx context.Context, org store.OrgID) ([]store.Invitation, error) {
	return all(ctx, s.look, scanInvitation, selectInvitationsOf.with(s.project, org))
}

var selectInvitationsTo = sql("listing the invitations to an address", `
	select `+invitationColumns+` from invitations where project_id = $1 and email = $2 and expires_at > $3 order by created_at desc, id`)

// InvitationsTo lists the live ones to an address.
func (s *projectStore) InvitationsTo(ctx context.Context, email string, now time.Time) ([]store.Invitation, error) {
	return all(ctx, s.look, scanInvitation, selectInvitationsTo.with(s.project, email, now))
}

var deleteInvitation = sql("revoking an invitation", `
	delete from invitations where project_id = $1 and org_id = $2 and id = $3`)

// RevokeInvitation ends an organization's invitation.
func (s *projectStore) RevokeInvitation(ctx context.Context, org store.OrgID, id store.InvitationID) error {
	return need(ctx, s.step, deleteInvitation.with(s.project, org, id).
		tells(ctx, store.Event{Kind: store.InvitationRevoked, Org: org, Detail: store.Detail{Name: string(id)}}))
}

// spendInvitation decides between callers: the row goes to one of them.
var spendInvitation = sql("accepting an invitation", `
	delete from invitations where project_id = $1 and id = $2 and link = $3 and expires_at > $4
	returning `+invitationColumns)

var proveByInvitation = sql("proving an address by an invitation", `
	update people set email_verified = true where project_id = $1 and id = $2 and email = $3 and not disabled`)

func accepted(id store.InvitationID, person store.PersonID) store.Event {
	return store.Event{Kind: store.InvitationAccepted, Actor: byPerson, Person: person, Detail: store.Detail{Name: string(id)}}
}

// AcceptInvitation ends an invitation and makes the person a member.
func (s *projectStore) AcceptInvitation(ctx context.Context, id store.InvitationID, link store.Digest, person store.PersonID, now time.Time) error {
	return s.steps(ctx, func(run run) error {
		i, err := first(ctx, run, scanInvitation, spendInvitation.with(s.project, id, link, now).tells(ctx, accepted(id, person)))
		if err != nil {
			return err
		}
		if err := need(ctx, run, proveByInvitation.with(s.project, person, i.Email)); err != nil {
			return err
		}
		return s.enter(ctx, run, i, person, now)
	})
}

// AcceptAsNew ends an invitation and creates the person who becomes a member.
func (s *projectStore) AcceptAsNew(ctx context.Context, id store.InvitationID, link store.Digest, p store.Person, now time.Time) error {
	return s.steps(ctx, func(run run) error {
		i, err := first(ctx, run, scanInvitation, spendInvitation.with(s.project, id, link, now).tells(ctx, accepted(id, p.ID)))
		if err != nil {
			return err
		}
		p.Email, p.EmailVerified = i.Email, true
		if err := need(ctx, run, s.newPerson(ctx, p)); err != nil {
			return err
		}
		return s.enter(ctx, run, i, p.ID, now)
	})
}

var enterOrganization = sql("becoming a member", `
	insert into memberships (project_id, org_id, person_id, roles, created_at) values ($1, $2, $3, $4, $5)
	on conflict (project_id, org_id, person_id) do nothing`)

func (s *projectStore) enter(ctx context.Context, run run, i store.Invitation, person store.PersonID, now time.Time) error {
	if _, err := may(ctx, run, enterOrganization.with(s.project, i.Org, person, i.Roles, now).
		tells(ctx, store.Event{Kind: store.MemberSet, Actor: byPerson, Org: i.Org, Person: person, Detail: store.Detail{Roles: i.Roles}})); err != nil {
		return err
	}
	_, err := may(ctx, run, deleteDeparture.with(s.project, i.Org, person))
	return err
}
