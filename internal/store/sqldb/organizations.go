// organizations.go: the customers of a project, their members, and the project's roles.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const organizationColumns = `id, slug, name, policy, version, created_at`

func organizationMembers(o *store.Organization) []any {
	return []any{&o.ID, &o.Slug, &o.Name, asJSON{&o.Policy}, &o.Version, &o.CreatedAt}
}

func scanOrganization(r row) (o store.Organization, err error) {
	return o, r.scan(organizationMembers(&o)...)
}

var insertOrganization = sql("creating an organization", `
	insert into organizations (project_id, `+organizationColumns+`) values ($1, $2, $3, $4, $5, 1, $6)`)

func aboutOrganization(kind store.EventKind, o store.Organization) store.Event {
	return store.Event{Kind: kind, Org: o.ID, Detail: store.Detail{Name: o.Slug, Policy: &o.Policy}}
}

// CreateOrganization adds an organization.
func (s *projectStore) CreateOrganization(ctx context.Context, o store.Organization) error {
	return need(ctx, s.step, insertOrganization.with(s.project, o.ID, o.Slug, o.Name, asJSON{o.Policy}, o.CreatedAt).
		tells(ctx, aboutOrganization(store.OrgCreated, o)))
}

var updateOrganization = sql("changing an organization", `
	update organizations set slug = $3, name = $4, policy = $5, version = version + 1
	where project_id = $1 and id = $2 and version = $6`)

func (s *projectStore) updateOrganization(ctx context.Context, o store.Organization) call {
	return updateOrganization.with(s.project, o.ID, o.Slug, o.Name, asJSON{o.Policy}, o.Version).
		tells(ctx, aboutOrganization(store.OrgChanged, o))
}

// UpdateOrganization replaces an organization whose version is still o.Version, and raises the version.
func (s *projectStore) UpdateOrganization(ctx context.Context, o store.Organization) error {
	err := need(ctx, s.step, s.updateOrganization(ctx, o))
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s: %w", updateOrganization.does, store.ErrChanged)
	}
	return err
}

var selectOrganization = sql("reading an organization", `
	select `+organizationColumns+` from organizations where project_id = $1 and id = $2`)

// Organization returns one by id.
func (s *projectStore) Organization(ctx context.Context, id store.OrgID) (store.Organization, error) {
	return first(ctx, s.look, scanOrganization, selectOrganization.with(s.project, id))
}

var selectOrganizations = sql("listing organizations", `
	select `+organizationColumns+` from organizations where project_id = $1 and id > $2 order by id limit $3`)

// Organizations lists those after the given id.
func (s *projectStore) Organizations(ctx context.Context, after store.OrgID, limit int) ([]store.Organization, error) {
	return all(ctx, s.look, scanOrganization, selectOrganizations.with(s.project, after, limit))
}

// The person and the organization must be there; nobody is made a member of nothing.
var upsertMember = sql("making a member", `
	insert into memberships (project_id, org_id, person_id, roles, created_at)
	select p.project_id, $2, p.id, $4, $5 from people p
	where p.project_id = $1 and p.id = $3
		and ($2 = '' or exists (select 1 from organizations o where o.project_id = $1 and o.id = $2))
	on conflict (project_id, org_id, person_id) do update set roles = excluded.roles`)

var deleteDeparture = sql("forgetting that a member left", `
	delete from departures where project_id = $1 and org_id = $2 and person_id = $3`)

// PutMember makes a person a member with these roles, or replaces the roles.
func (s *projectStore) PutMember(ctx context.Context, m store.Membership) error {
	rows, err := s.together(ctx,
		upsertMember.with(s.project, m.Org, m.Person, m.Roles, m.CreatedAt).
			tells(ctx, store.Event{Kind: store.MemberSet, Org: m.Org, Person: m.Person, Detail: store.Detail{Roles: m.Roles}}),
		deleteDeparture.with(s.project, m.Org, m.Person))
	if err == nil && rows[0] == 0 {
		err = fmt.Errorf("%s: %w", upsertMember.does, store.ErrNotFound)
	}
	return err
}

// A domain does not bring back who left.
var insertDeparture = sql("remembering that a member left", `
	insert into departures (project_id, org_id, person_id, left_at)
	select m.project_id, m.org_id, m.person_id, $4 from memberships m
	where m.project_id = $1 and m.org_id = $2 and m.person_id = $3 and m.org_id <> ''
	on conflict (project_id, org_id, person_id) do nothing`)

var deleteMember = sql("ending a membership", `
	delete from memberships where project_id = $1 and org_id = $2 and person_id = $3`)

var endGrantsFor = sql("ending the grants a member gave", `
	update grants set ended_at = $4, end_reason = $5
	where project_id = $1 and org_id = $2 and person_id = $3 and org_id <> '' and ended_at = 0 and expires_at > $4`)

var deleteConsentsFor = sql("forgetting what a member agreed to", `
	delete from consents where project_id = $1 and org_id = $2 and person_id = $3 and org_id <> ''`)

var deleteWishesOf = sql("ending what a member asked for", `
	delete from approvals where project_id = $1 and org_id = $2 and person_id = $3 and refused_at = 0`)

// RemoveMember ends a membership, and what the person agreed to and gave for the organization.
func (s *projectStore) RemoveMember(ctx context.Context, org store.OrgID, person store.PersonID, now time.Time) error {
	rows, err := s.together(ctx,
		deleteConsentsFor.with(s.project, org, person),
		insertDeparture.with(s.project, org, person, now),
		deleteMember.with(s.project, org, person).
			tells(ctx, store.Event{Kind: store.MemberRemoved, Org: org, Person: person}),
		deleteWishesOf.with(s.project, org, person),
		endGrantsFor.with(s.project, org, person, now, store.EndedByMembership).
			tells(ctx, grantEnded(store.EndedByMembership, store.Event{Person: person, Org: org})))
	if err == nil && rows[2] == 0 {
		err = fmt.Errorf("%s: %w", deleteMember.does, store.ErrNotFound)
	}
	return err
}

var selectMembers = sql("listing members", `
	select org_id, person_id, roles, created_at from memberships
	where project_id = $1 and org_id = $2 and person_id > $3 order by person_id limit $4`)

// Members lists an organization's members by person after the given one.
func (s *projectStore) Members(ctx context.Context, org store.OrgID, after store.PersonID, limit int) ([]store.Membership, error) {
	return all(ctx, s.look, scanMembership, selectMembers.with(s.project, org, after, limit))
}

func scanMembership(r row) (m store.Membership, err error) {
	return m, r.scan(&m.Org, &m.Person, &m.Roles, &m.CreatedAt)
}

var selectMember = sql("reading a membership", `
	select org_id, person_id, roles, created_at from memberships where project_id = $1 and org_id = $2 and person_id = $3`)

// Member returns one membership.
func (s *projectStore) Member(ctx context.Context, org store.OrgID, person store.PersonID) (store.Membership, error) {
	return first(ctx, s.look, scanMembership, selectMember.with(s.project, org, person))
}

var selectOrganizationsOf = sql("listing a person's organizations", `
	select o.id, o.slug, o.name, o.policy, o.version, o.created_at, m.roles
	from memberships m join organizations o on o.project_id = m.project_id and o.id = m.org_id
	where m.project_id = $1 and m.person_id = $2 order by o.name, o.id`)

// OrganizationsOf lists the organizations a person belongs to, by name.
func (s *projectStore) OrganizationsOf(ctx context.Context, person store.PersonID) ([]store.MyOrganization, error) {
	read := func(r row) (o store.MyOrganization, err error) {
		return o, r.scan(append(organizationMembers(&o.Organization), &o.Roles)...)
	}
	return all(ctx, s.look, read, selectOrganizationsOf.with(s.project, person))
}

var upsertRole = sql("filing a role", `
	insert into roles (project_id, name, description, permissions) values ($1, $2, $3, $4)
	on conflict (project_id, name) do update set description = excluded.description, permissions = excluded.permissions`)

// PutRole adds a role or replaces it.
func (s *projectStore) PutRole(ctx context.Context, r store.Role) error {
	return need(ctx, s.step, upsertRole.with(s.project, r.Name, r.Description, r.Permissions).
		tells(ctx, store.Event{Kind: store.RoleSet, Detail: store.Detail{Name: r.Name, Permissions: r.Permissions}}))
}

var deleteRole = sql("deleting a role", `
	delete from roles where project_id = $1 and name = $2`)

// DeleteRole removes a role.
func (s *projectStore) DeleteRole(ctx context.Context, name string) error {
	return need(ctx, s.step, deleteRole.with(s.project, name).
		tells(ctx, store.Event{Kind: store.RoleDeleted, Detail: store.Detail{Name: name}}))
}

var selectRoles = sql("listing roles", `
	select name, description, permissions from roles where project_id = $1 order by name`)

// Roles lists the roles by name.
func (s *projectStore) Roles(ctx context.Context) ([]store.Role, error) {
	read := func(r row) (role store.Role, err error) {
		return role, r.scan(&role.Name, &role.Description, &role.Permissions)
	}
	return all(ctx, s.look, read, selectRoles.with(s.project))
}
