// domains.go: the domains of organizations, and who becomes a member by them.

package sqldb

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const domainColumns = `name, org_id, joins, roles, token, created_at, verified_at, checked_at, missing_since`

func scanDomain(r row) (d store.Domain, err error) {
	return d, r.scan(&d.Name, &d.Org, &d.Join, &d.Roles, &d.Token, &d.CreatedAt, &d.VerifiedAt, &d.CheckedAt, &d.MissingSince)
}

var insertDomain = sql("adding a domain", `
	insert into domains (project_id, `+domainColumns+`)
	select o.project_id, $2, o.id, $4, $5, $6, $7, 0, 0, 0 from organizations o where o.project_id = $1 and o.id = $3`)

// AddDomain files what an organization says, unverified.
func (s *projectStore) AddDomain(ctx context.Context, d store.Domain) error {
	return need(ctx, s.step, insertDomain.with(s.project, d.Name, d.Org, d.Join, d.Roles, d.Token, d.CreatedAt).tells(ctx, aboutDomain(store.DomainAdded, d.Org, d.Name, d.Roles)))
}

var setDomainJoin = sql("changing who joins by a domain", `
	update domains set joins = $4, roles = $5 where project_id = $1 and org_id = $2 and name = $3`)

// SetDomainJoin changes who joins by a domain and as what.
func (s *projectStore) SetDomainJoin(ctx context.Context, org store.OrgID, name string, join bool, roles []string) error {
	return need(ctx, s.step, setDomainJoin.with(s.project, org, name, join, roles).tells(ctx, aboutDomain(store.DomainChanged, org, name, roles)))
}

// The index of verified domains decides between organizations.
var verifyDomain = sql("verifying a domain", `
	update domains set verified_at = case when verified_at = 0 then $4 else verified_at end, checked_at = $4, missing_since = 0
	where project_id = $1 and org_id = $2 and name = $3`)

// VerifyDomain records that DNS has the record.
func (s *projectStore) VerifyDomain(ctx context.Context, org store.OrgID, name string, now time.Time) error {
	return need(ctx, s.step, verifyDomain.with(s.project, org, name, now).tells(ctx, aboutDomain(store.DomainVerified, org, name, nil)))
}

var noteDomain = sql("noting what DNS says of a domain", `
	update domains set checked_at = $5,
		missing_since = case when $4 then 0 when missing_since = 0 then $5 else missing_since end
	where project_id = $1 and org_id = $2 and name = $3 and verified_at > 0`)

// NoteDomain records what DNS answered about a verified domain.
func (s *projectStore) NoteDomain(ctx context.Context, org store.OrgID, name string, found bool, now time.Time) error {
	return need(ctx, s.step, noteDomain.with(s.project, org, name, found, now))
}

var selectDomain = sql("reading a domain", `
	select `+domainColumns+` from domains where project_id = $1 and name = $2 and verified_at > 0`)

// Domain returns the verified domain of that name.
func (s *projectStore) Domain(ctx context.Context, name string) (store.Domain, error) {
	return first(ctx, s.look, scanDomain, selectDomain.with(s.project, name))
}

var selectDomainsOf = sql("listing the domains of an organization", `
	select `+domainColumns+` from domains where project_id = $1 and org_id = $2 order by name`)

// DomainsOf lists what an organization says is theirs.
func (s *projectStore) DomainsOf(ctx context.Context, org store.OrgID) ([]store.Domain, error) {
	return all(ctx, s.look, scanDomain, selectDomainsOf.with(s.project, org))
}

var selectDomainsToCheck = sql("listing domains to check", `
	select `+domainColumns+` from domains where project_id = $1 and verified_at > 0 and checked_at < $2
	order by checked_at, name limit $3`)

// DomainsToCheck lists verified domains that were not checked since before.
func (s *projectStore) DomainsToCheck(ctx context.Context, before time.Time, limit int) ([]store.Domain, error) {
	return all(ctx, s.look, scanDomain, selectDomainsToCheck.with(s.project, before, limit))
}

var deleteDomain = sql("removing a domain", `
	delete from domains where project_id = $1 and org_id = $2 and name = $3`)

// RemoveDomain forgets a domain of an organization.
func (s *projectStore) RemoveDomain(ctx context.Context, org store.OrgID, name string) error {
	return need(ctx, s.step, deleteDomain.with(s.project, org, name).tells(ctx, aboutDomain(store.DomainRemoved, org, name, nil)))
}

// The whole of what follows the one @ is compared, and both are canonical: so it is the same domain label by label, and
// no other that ends like it. Whoever was signed out everywhere since $3 is not signing in. $5 is the organization whose
// own connection they came by.
var joinByDomain = sql("joining organizations by the domain of an address", `
	insert into memberships (project_id, org_id, person_id, roles, created_at)
	select p.project_id, d.org_id, p.id, d.roles, $3
	from people p join domains d on d.project_id = p.project_id and '@' || d.name = substr(p.email, length(p.email) - length(d.name))
	where p.project_id = $1 and p.id = $2 and p.email_verified and not p.disabled and p.signed_out_at <= $3
		and d.verified_at > 0 and (d.joins or d.org_id = $5) and (d.missing_since = 0 or d.missing_since > $4)
		and not exists (select 1 from departures l where l.project_id = p.project_id and l.org_id = d.org_id and l.person_id = p.id)
	on conflict (project_id, org_id, person_id) do nothing
	returning org_id`)

func (s *projectStore) joinByDomain(ctx context.Context, person store.PersonID, by store.OrgID, at time.Time) call {
	return joinByDomain.with(s.project, person, at, at.Add(-store.DomainGrace), by).
		tells(ctx, store.Event{Kind: store.MemberSet, Actor: byPerson, Person: person})
}

func aboutDomain(kind store.EventKind, org store.OrgID, name string, roles []string) store.Event {
	return store.Event{Kind: kind, Org: org, Detail: store.Detail{Name: name, Roles: roles}}
}
