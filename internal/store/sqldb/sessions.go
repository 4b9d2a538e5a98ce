// sessions.go: browsers in which a person is logged in.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const sessionColumns = `s.id, s.person_id, s.auth_at, s.auth_methods, s.browser, s.network, s.org_id, s.created_at, s.used_at, s.idle_until, s.expires_at`

func sessionMembers(v *store.Session) []any {
	return []any{&v.ID, &v.Auth.Person, &v.Auth.At, &v.Auth.Methods, &v.Browser, &v.Network, &v.Org, &v.CreatedAt, &v.UsedAt, &v.IdleUntil, &v.Expires}
}

// The person is enabled and was not signed out everywhere since the log-in began.
var insertSession = sql("opening a session", `
	insert into sessions (project_id, id, person_id, auth_at, auth_methods, browser, network, created_at, used_at, idle_until, expires_at, org_id)
	select $1, $2, p.id, $4, $5, $6, $7, $8, $9, $10, $11, $12 from people p
	where p.project_id = $1 and p.id = $3 and not p.disabled and p.signed_out_at <= $4`)

var deleteSession = sql("ending a session", `
	delete from sessions where project_id = $1 and id = $2
	returning person_id`)

// OpenSession files a session and ends the one it replaces. Its person joins the organizations of their domain.
func (s *projectStore) OpenSession(ctx context.Context, n store.Session, replaces store.Digest) error {
	rows, err := s.together(ctx,
		deleteSession.with(s.project, replaces),
		insertSession.with(s.project, n.ID, n.Auth.Person, n.Auth.At, n.Auth.Methods, n.Browser, n.Network,
			n.CreatedAt, n.UsedAt, earlier(n.IdleUntil, n.Expires), n.Expires, n.Org).
			tells(ctx, store.Event{Kind: store.LoggedIn, Actor: byPerson, Person: n.Auth.Person,
				Detail: store.Detail{Methods: n.Auth.Methods}}),
		s.joinByDomain(ctx, n.Auth.Person, n.Org, n.Auth.At))
	if err == nil && rows[1] == 0 {
		return fmt.Errorf("%s: %w", insertSession.does, store.ErrNotFound)
	}
	return err
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

var selectSession = sql("reading a session", `
	select `+sessionColumns+`,
		p.id, p.email, p.email_verified, p.name, p.password, p.disabled, p.operator, p.created_at
	from sessions s join people p on p.project_id = s.project_id and p.id = s.person_id
	where s.project_id = $1 and s.id = $2 and s.idle_until > $3 and s.expires_at > $3
		and not p.disabled and p.signed_out_at <= s.auth_at`)

var touchSession = sql("marking a session used", `
	update sessions set used_at = $3, idle_until = case when $4 < expires_at then $4 else expires_at end
	where project_id = $1 and id = $2
	returning used_at, idle_until`)

// Session returns a live session and its person; once a minute it is marked used.
func (s *projectStore) Session(ctx context.Context, id store.Digest, idle time.Duration, now time.Time) (store.Session, store.Person, error) {
	type pair struct {
		session store.Session
		person  store.Person
	}
	got, err := first(ctx, s.look, func(r row) (p pair, err error) {
		return p, r.scan(append(sessionMembers(&p.session), personMembers(&p.person)...)...)
	}, selectSession.with(s.project, id, now))
	if err != nil {
		return store.Session{}, store.Person{}, err
	}
	if now.Sub(got.session.UsedAt) > time.Minute {
		used, err := first(ctx, s.step, func(r row) (u store.Session, err error) {
			return u, r.scan(&u.UsedAt, &u.IdleUntil)
		}, touchSession.with(s.project, id, now, now.Add(idle)))
		if err != nil {
			return store.Session{}, store.Person{}, err
		}
		got.session.UsedAt, got.session.IdleUntil = used.UsedAt, used.IdleUntil
	}
	return got.session, got.person, nil
}

// CloseSession ends a session.
func (s *projectStore) CloseSession(ctx context.Context, id store.Digest) error {
	_, err := may(ctx, s.step, deleteSession.with(s.project, id).tells(ctx, loggedOut("")))
	return err
}

func loggedOut(person store.PersonID) store.Event {
	return store.Event{Kind: store.LoggedOut, Actor: byPerson, Person: person}
}

var selectSessionsOf = sql("listing the sessions of a person", `
	select `+sessionColumns+`
	from sessions s join people p on p.project_id = s.project_id and p.id = s.person_id
	where s.project_id = $1 and s.person_id = $2 and s.idle_until > $3 and s.expires_at > $3
		and not p.disabled and p.signed_out_at <= s.auth_at
	order by s.used_at desc, s.id`)

// SessionsOf lists the live sessions of a person, the last used first.
func (s *projectStore) SessionsOf(ctx context.Context, person store.PersonID, now time.Time) ([]store.Session, error) {
	return all(ctx, s.look, func(r row) (v store.Session, err error) {
		return v, r.scan(sessionMembers(&v)...)
	}, selectSessionsOf.with(s.project, person, now))
}

var (
	deleteSessionOf = sql("ending a session of a person", `
		delete from sessions where project_id = $1 and person_id = $2 and id = $3`)

	deleteOtherSessions = sql("ending the other sessions of a person", `
		delete from sessions where project_id = $1 and person_id = $2 and id <> $3`)
)

// CloseSessionOf ends a session, if it is the person's.
func (s *projectStore) CloseSessionOf(ctx context.Context, person store.PersonID, id store.Digest) error {
	return need(ctx, s.step, deleteSessionOf.with(s.project, person, id).tells(ctx, loggedOut(person)))
}

// CloseOtherSessions ends all sessions of a person but one, and tells how many.
func (s *projectStore) CloseOtherSessions(ctx context.Context, person store.PersonID, keep store.Digest) (int, error) {
	return may(ctx, s.step, deleteOtherSessions.with(s.project, person, keep).tells(ctx, loggedOut(person)))
}
