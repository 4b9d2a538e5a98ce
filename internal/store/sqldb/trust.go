// trust.go: other people's logins whose signed tokens let people in, and people on their way through one.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const trustedColumns = `name, title, issuer, audience, keys_url, keys, algorithms, login_url, mapping, requires, creates,
	authoritative, org_id, max_age, disabled, created_at`

func scanTrusted(r row) (t store.TrustedIssuer, err error) {
	var age int64
	err = r.scan(&t.Name, &t.Title, &t.Issuer, &t.Audience, &t.KeysURL, &t.Keys, &t.Algorithms, &t.LoginURL, asJSON{&t.Mapping},
		asJSON{&t.Require}, &t.Create, &t.Authoritative, &t.Org, &age, &t.Disabled, &t.CreatedAt)
	t.MaxAge = time.Duration(age) * time.Millisecond
	return t, err
}

func (s *projectStore) trusted(of *statement, t store.TrustedIssuer) call {
	return of.with(s.project, t.Name, t.Title, t.Issuer, t.Audience, t.KeysURL, t.Keys, t.Algorithms, t.LoginURL, asJSON{t.Mapping},
		asJSON{t.Require}, t.Create, t.Authoritative, t.Org, t.MaxAge.Milliseconds(), t.Disabled, t.CreatedAt)
}

func aboutTrusted(kind store.EventKind, name string) store.Event {
	return store.Event{Kind: kind, Detail: store.Detail{Name: name}}
}

var insertTrusted = sql("adding a trusted issuer", `
	insert into trusted_issuers (project_id, `+trustedColumns+`)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`)

// CreateTrustedIssuer adds one.
func (s *projectStore) CreateTrustedIssuer(ctx context.Context, t store.TrustedIssuer) error {
	return need(ctx, s.step, s.trusted(insertTrusted, t).tells(ctx, aboutTrusted(store.IssuerAdded, t.Name)))
}

var updateTrusted = sql("changing a trusted issuer", `
	update trusted_issuers set title = $3, issuer = $4, audience = $5, keys_url = $6, keys = $7, algorithms = $8, login_url = $9,
		mapping = $10, requires = $11, creates = $12, authoritative = $13, org_id = $14, max_age = $15, disabled = $16, created_at = $17
	where project_id = $1 and name = $2`)

// UpdateTrustedIssuer replaces one.
func (s *projectStore) UpdateTrustedIssuer(ctx context.Context, t store.TrustedIssuer) error {
	return need(ctx, s.step, s.trusted(updateTrusted, t).tells(ctx, aboutTrusted(store.IssuerChanged, t.Name)))
}

var selectTrusted = sql("reading a trusted issuer", `
	select `+trustedColumns+` from trusted_issuers where project_id = $1 and name = $2`)

// TrustedIssuer returns one by name.
func (s *projectStore) TrustedIssuer(ctx context.Context, name string) (store.TrustedIssuer, error) {
	return first(ctx, s.look, scanTrusted, selectTrusted.with(s.project, name))
}

var selectAllTrusted = sql("listing the trusted issuers", `
	select `+trustedColumns+` from trusted_issuers where project_id = $1 order by name`)

// TrustedIssuers lists them by name.
func (s *projectStore) TrustedIssuers(ctx context.Context) ([]store.TrustedIssuer, error) {
	return all(ctx, s.look, scanTrusted, selectAllTrusted.with(s.project))
}

var (
	deleteTrusted = sql("deleting a trusted issuer", `
		delete from trusted_issuers where project_id = $1 and name = $2`)

	deleteHandoversBy = sql("ending the handovers through a trusted issuer", `
		delete from handovers where project_id = $1 and trusted = $2`)
)

// DeleteTrustedIssuer removes one and whoever is on the way through it.
func (s *projectStore) DeleteTrustedIssuer(ctx context.Context, name string) error {
	rows, err := s.together(ctx,
		deleteTrusted.with(s.project, name).tells(ctx, aboutTrusted(store.IssuerRemoved, name)),
		deleteHandoversBy.with(s.project, name))
	if err == nil && rows[0] == 0 {
		err = fmt.Errorf("%s: %w", deleteTrusted.does, store.ErrNotFound)
	}
	return err
}

const handoverColumns = `id, trusted, browser, request_id, token, ticket, attested, created_at, expires_at`

func scanHandover(r row) (h store.Handover, err error) {
	return h, r.scan(&h.ID, &h.Trusted, &h.Browser, &h.Request, &h.Token, &h.Ticket, asJSON{&h.Attested}, &h.CreatedAt, &h.Expires)
}

var insertHandover = sql("opening a handover", `
	insert into handovers (project_id, `+handoverColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)

// OpenHandover files a handover.
func (s *projectStore) OpenHandover(ctx context.Context, h store.Handover) error {
	return need(ctx, s.step, insertHandover.with(s.project, h.ID, h.Trusted, h.Browser, h.Request, h.Token, h.Ticket, asJSON{h.Attested},
		h.CreatedAt, h.Expires))
}

var selectHandover = sql("reading a handover", `
	select `+handoverColumns+` from handovers where project_id = $1 and id = $2 and expires_at > $3`)

// Handover returns a live one.
func (s *projectStore) Handover(ctx context.Context, id store.Digest, now time.Time) (store.Handover, error) {
	return first(ctx, s.look, scanHandover, selectHandover.with(s.project, id, now))
}

var answerHandover = sql("answering a handover", `
	update handovers set token = $4, ticket = $5, attested = $6
	where project_id = $1 and id = $2 and trusted = $3 and expires_at > $7`)

// AnswerHandover records the answer.
func (s *projectStore) AnswerHandover(ctx context.Context, h store.Handover, now time.Time) error {
	return need(ctx, s.step, answerHandover.with(s.project, h.ID, h.Trusted, h.Token, h.Ticket, asJSON{h.Attested}, now))
}

// The ticket of a handover that was not answered is that of no secret.
var spendHandover = sql("spending a handover", `
	delete from handovers where project_id = $1 and ticket = $2 and browser = $3 and expires_at > $4 and ticket <> $5
	returning `+handoverColumns)

// SpendHandover ends the handover with that ticket that this browser began.
func (s *projectStore) SpendHandover(ctx context.Context, ticket, browser store.Digest, now time.Time) (store.Handover, error) {
	return first(ctx, s.step, scanHandover, spendHandover.with(s.project, ticket, browser, now, store.Digest{}))
}

var insertSpentToken = sql("spending a token", `
	insert into spent_tokens (project_id, token, expires_at) values ($1, $2, $3)`)

// SpendToken remembers that a token of another issuer was used.
func (s *projectStore) SpendToken(ctx context.Context, token store.Digest, expires time.Time) error {
	return need(ctx, s.step, insertSpentToken.with(s.project, token, expires))
}
