// grants.go: authorizations that were given; their codes (RFC 6749 §4.1.3) and their chains of refresh tokens (§6).

package sqldb

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const grantColumns = `id, person_id, client_id, org_id, resource, scope, redirect_uri, challenge, nonce, auth_at, auth_methods,
	refreshable, code, code_expires_at, code_spent_at, generation, rotated_at, created_at, used_at, idle_until, expires_at,
	ended_at, end_reason, presumed`

// standing is what the person of the grant is where the grant belongs, read with it.
const standing = `,
	coalesce((select m.roles from memberships m
		where m.project_id = $1 and m.org_id = grants.org_id and m.person_id = grants.person_id), ''),
	coalesce((select o.policy from organizations o where o.project_id = $1 and o.id = grants.org_id), '{}'),
	coalesce((select o.slug from organizations o where o.project_id = $1 and o.id = grants.org_id), '')`

// facts are what a token may say of the grant's person and organization, read with it when a token is to say something.
const facts = `,
	coalesce((select p.email from people p where p.project_id = $1 and p.id = grants.person_id), ''),
	coalesce((select p.email_verified from people p where p.project_id = $1 and p.id = grants.person_id), false),
	coalesce((select p.name from people p where p.project_id = $1 and p.id = grants.person_id), ''),
	coalesce((select o.name from organizations o where o.project_id = $1 and o.id = grants.org_id), '')`

func scanGrant(r row) (g store.Grant, err error) {
	return g, r.scan(grantMembers(&g)...)
}

func scanGrantWithFacts(r row) (g store.Grant, err error) {
	f := &store.Facts{}
	g.Standing.Facts = f
	return g, r.scan(append(grantMembers(&g), &f.Email, &f.EmailVerified, &f.Name, &f.OrgName)...)
}

func grantMembers(g *store.Grant) []any {
	return []any{&g.ID, &g.Person, &g.Client, &g.Org, &g.Resource, &g.Scope, &g.RedirectURI, &g.Challenge, (*opaque)(&g.Nonce),
		&g.AuthTime, &g.Methods, &g.Refreshable, &g.Code, &g.CodeExpires, &g.CodeSpent, &g.Generation, &g.RotatedAt,
		&g.CreatedAt, &g.UsedAt, &g.IdleUntil, &g.Expires, &g.EndedAt, &g.EndReason, &g.Presumed, &g.Standing.Roles, asJSON{&g.Standing.Policy}, &g.Standing.Slug}
}

var insertGrant = sql("filing a grant", `
	insert into grants (project_id, `+grantColumns+`, redirect_host, code_misses)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, 0)`)

func (s *projectStore) insertGrant(ctx context.Context, g store.Grant) call {
	return insertGrant.with(s.project,
		g.ID, g.Person, g.Client, g.Org, g.Resource, g.Scope, g.RedirectURI, g.Challenge, opaque(g.Nonce),
		g.AuthTime, g.Methods, g.Refreshable, g.Code, g.CodeExpires, g.CodeSpent, g.Generation, g.RotatedAt,
		g.CreatedAt, g.UsedAt, g.IdleUntil, g.Expires, g.EndedAt, g.EndReason, g.Presumed, g.RedirectURI.Host(),
	).tells(ctx, store.Event{Kind: store.Granted, Actor: byPerson, Person: g.Person, Client: g.Client, Org: g.Org,
		Grant: g.ID, Resource: g.Resource, Detail: store.Detail{Scope: g.Scope}})
}

// Once a day is enough for the sweep, and keeps a busy client's row from being everybody's bottleneck.
var useClient = sql("marking a client used", `
	update clients set used_at = $3 where project_id = $1 and id = $2 and used_at < $4`)

func (s *projectStore) useClient(g store.Grant) call {
	return useClient.with(s.project, g.Client, g.CreatedAt, g.CreatedAt.Add(-24*time.Hour))
}

// FileGrant files a grant with its code.
func (s *projectStore) FileGrant(ctx context.Context, g store.Grant) error {
	_, err := s.together(ctx, s.insertGrant(ctx, g), s.useClient(g))
	return err
}

// usable is what SpendCode, RotateGrant and LiveGrant ask of a grant's surroundings: its person is enabled and did not
// lose the grants of that log-in, they belong to the grant's organization, and its client is enabled.
const usable = `
	and (person_id = '' or exists (select 1 from people p where p.project_id = $1 and p.id = person_id
		and not p.disabled and p.grants_ended_at <= auth_at))
	and (org_id = '' or exists (select 1 from memberships m
		where m.project_id = $1 and m.org_id = grants.org_id and m.person_id = grants.person_id))
	and exists (select 1 from clients c where c.project_id = $1 and c.id = client_id and not c.disabled`

// theGrant is the row that SpendCode and RotateGrant change: the client that was authenticated is the grant's, as it is
// stored. The client is compared as an expression because PostgreSQL, until it has counted the rows of the table, would
// rather read all grants of a client by its index than one by the primary key (measured: 2 ms instead of 0.1).
const theGrant = `project_id = $1 and id = $2 and client_id || '' = $3` + usable + ` and c.version = $4)`

const spendCodeText = `
	update grants set code_spent_at = $5, generation = 1, rotated_at = $5, used_at = $5,
		idle_until = case when $6 < expires_at then $6 else expires_at end
	where ` + theGrant + `
		and code = $7 and redirect_uri = $8 and challenge = $9 and ($10 = '' or resource = $10)
		and code_spent_at = 0 and code_expires_at > $5 and expires_at > $5 and ended_at = 0
	returning ` + grantColumns + standing

var (
	spendCode          = sql("spending a code", spendCodeText)
	spendCodeWithFacts = sql("spending a code", spendCodeText+facts)
)

// SpendCode marks a code used. One of any number of callers changes the row from unspent to spent.
func (s *projectStore) SpendCode(ctx context.Context, u store.CodeUse) (store.Grant, error) {
	text, scan := spendCode, scanGrant
	if u.Facts {
		text, scan = spendCodeWithFacts, scanGrantWithFacts
	}
	return first(ctx, s.step, scan, text.with(s.project, u.Grant, u.Client, u.ClientVersion, u.Now, u.Now.Add(u.Idle),
		u.Code, u.RedirectURI, u.Challenge, u.Resource))
}

// At the fifth miss the code expires.
var missCode = sql("counting a failed attempt to spend a code", `
	update grants set code_misses = code_misses + 1,
		code_expires_at = case when code_misses >= 4 then 0 else code_expires_at end
	where project_id = $1 and id = $2 and code = $3 and code_spent_at = 0 and code_expires_at > 0 and ended_at = 0`)

// MissCode counts a failed attempt to spend a live code and kills the code at the fifth.
func (s *projectStore) MissCode(ctx context.Context, id store.GrantID, code store.Digest) error {
	return need(ctx, s.step, missCode.with(s.project, id, code))
}

// A row at the presented generation moves on; one that moved from there after $8 stays, and hands out the same successor.
const rotateGrantText = `
	update grants set used_at = $5,
		idle_until = case when $6 < expires_at then $6 else expires_at end,
		rotated_at = case when generation = $7 then $5 else rotated_at end,
		generation = case when generation = $7 then generation + 1 else generation end
	where ` + theGrant + `
		and refreshable and code_spent_at > 0 and ended_at = 0 and idle_until > $5 and expires_at > $5
		and used_at > $10 and created_at > $11
		and ($9 = '' or resource = $9)
		and $7 > 0 and (generation = $7 or (generation = $7 + 1 and rotated_at > $8))
	returning ` + grantColumns + standing

var (
	rotateGrant          = sql("rotating a grant", rotateGrantText)
	rotateGrantWithFacts = sql("rotating a grant", rotateGrantText+facts)
)

// RotateGrant moves a grant to the next generation, or repeats the step that was just taken.
func (s *projectStore) RotateGrant(ctx context.Context, u store.GrantUse) (store.Grant, error) {
	since := int64(math.MaxInt64) // without grace nothing is recent enough, even when another machine's clock is ahead
	if u.Grace > 0 {
		since = millis(u.Now.Add(-u.Grace))
	}
	text, scan := rotateGrant, scanGrant
	if u.Facts {
		text, scan = rotateGrantWithFacts, scanGrantWithFacts
	}
	return first(ctx, s.step, scan, text.with(s.project, u.Grant, u.Client, u.ClientVersion, u.Now, u.Now.Add(u.Idle),
		u.Generation, since, u.Resource, u.Now.Add(-u.Idle), u.Now.Add(-u.Life)))
}

var selectGrant = sql("reading a grant", `
	select `+grantColumns+standing+` from grants where project_id = $1 and id = $2`)

// Grant returns a grant whatever its state.
func (s *projectStore) Grant(ctx context.Context, id store.GrantID) (store.Grant, error) {
	return first(ctx, s.look, scanGrant, selectGrant.with(s.project, id))
}

var selectLiveGrant = sql("reading a live grant", `
	select `+grantColumns+standing+` from grants where project_id = $1 and id = $2 and ended_at = 0 and expires_at > $3`+usable+`)`)

// LiveGrant returns a grant that is not ended nor expired, and whose person and client are enabled.
func (s *projectStore) LiveGrant(ctx context.Context, id store.GrantID, now time.Time) (store.Grant, error) {
	return first(ctx, s.look, scanGrant, selectLiveGrant.with(s.project, id, now))
}

var (
	endGrant = sql("ending a grant", `
		update grants set end_reason = $3, ended_at = $4 where project_id = $1 and id = $2 and ended_at = 0
		returning person_id, client_id, org_id, resource`)

	findGrant = sql("ending a grant", `select id from grants where project_id = $1 and id = $2`)
)

// EndGrant ends a grant for a reason; the first reason stays.
func (s *projectStore) EndGrant(ctx context.Context, id store.GrantID, reason store.EndReason, now time.Time) error {
	rows, err := s.together(ctx,
		endGrant.with(s.project, id, reason, now).tells(ctx, grantEnded(reason, store.Event{Grant: id})),
		findGrant.with(s.project, id))
	if err == nil && rows[1] == 0 {
		err = fmt.Errorf("%s: %w", endGrant.does, store.ErrNotFound)
	}
	return err
}

// grantEnded is the event of one or several grants that end. Who acts follows from the reason.
func grantEnded(reason store.EndReason, e store.Event) store.Event {
	e.Kind, e.Detail.Reason = store.GrantEnded, reason
	switch reason {
	case store.EndedByClient, store.EndedByReplay, store.EndedByReuse:
		e.Actor.Kind = store.ByClient
	case store.EndedByPerson, store.EndedByPassword:
		e.Actor.Kind = store.ByPerson
	}
	return e
}

// One text for each choice of person and client, so that each can use its index.
var endGrants = func() (texts [2][2]*statement) {
	for person := range 2 {
		for client := range 2 {
			texts[person][client] = sql("ending grants", `
				update grants set ended_at = $3, end_reason = $2
				where project_id = $1 and ended_at = 0 and expires_at > $3 and ($4 = '' or resource = $4)`+
				[]string{` and $5 = ''`, ` and person_id = $5`}[person]+
				[]string{` and $6 = ''`, ` and client_id = $6`}[client])
		}
	}
	return texts
}()

func (s *projectStore) endGrants(ctx context.Context, f store.GrantFilter, reason store.EndReason, now time.Time) call {
	return endGrants[min(len(f.Person), 1)][min(len(f.Client), 1)].with(s.project, reason, now, f.Resource, f.Person, f.Client).
		tells(ctx, grantEnded(reason, store.Event{Person: f.Person, Client: f.Client, Resource: f.Resource}))
}

// EndGrants ends all live grants that fit the filter, and tells how many.
func (s *projectStore) EndGrants(ctx context.Context, f store.GrantFilter, reason store.EndReason, now time.Time) (int, error) {
	return may(ctx, s.step, s.endGrants(ctx, f, reason, now))
}

var insertRevokedToken = sql("revoking a token", `
	insert into revoked_tokens (project_id, token, expires_at) values ($1, $2, $3)
	on conflict (project_id, token) do update set expires_at = excluded.expires_at
	where excluded.expires_at > revoked_tokens.expires_at`)

// RevokeToken remembers until expires that an access token without a grant is revoked.
func (s *projectStore) RevokeToken(ctx context.Context, token store.Digest, expires time.Time) error {
	_, err := may(ctx, s.step, insertRevokedToken.with(s.project, token, expires).
		tells(ctx, store.Event{Kind: store.TokenRevoked, Actor: byClient}))
	return err
}

var countRevokedToken = sql("asking whether a token is revoked", `
	select count(*) from revoked_tokens where project_id = $1 and token = $2`)

// TokenRevoked tells whether RevokeToken was called for it.
func (s *projectStore) TokenRevoked(ctx context.Context, token store.Digest) (bool, error) {
	n, err := first(ctx, s.look, scanOne[int64], countRevokedToken.with(s.project, token))
	return n > 0, err
}
