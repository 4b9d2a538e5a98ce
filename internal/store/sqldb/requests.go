// requests.go: authorizations in progress.

package sqldb

import (
	"context"
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const requestColumns = `id, browser, client_id, redirect_uri, state, resource, scope, challenge, nonce, prompt, login_hint,
	max_age, acr, refusal_code, refusal_description, person_id, auth_at, auth_methods,
	verdict, decided_scope, decided_org_id, decided_by, created_at, expires_at`

var insertRequest = sql("opening a request", `
	insert into requests (project_id, `+requestColumns+`)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25)`)

// OpenRequest files a new request.
func (s *projectStore) OpenRequest(ctx context.Context, r store.Request) error {
	var refusal oauth.Error
	if r.Refusal != nil {
		refusal = *r.Refusal
	}
	return need(ctx, s.step, insertRequest.with(s.project,
		r.ID, r.Browser, r.Client, r.RedirectURI, opaque(r.State), r.Resource, r.Scope, r.Challenge, opaque(r.Nonce), opaque(r.Prompt),
		opaque(r.LoginHint), r.MaxAge, r.ACR, refusal.Code, opaque(refusal.Description), r.Auth.Person, r.Auth.At, r.Auth.Methods,
		r.Decision.Verdict, r.Decision.Scope, r.Decision.Org, r.Decision.Person, r.CreatedAt, r.Expires))
}

func scanRequest(r row) (q store.Request, err error) {
	var refusal oauth.Error
	err = r.scan(&q.ID, &q.Browser, &q.Client, &q.RedirectURI, (*opaque)(&q.State), &q.Resource, &q.Scope, &q.Challenge,
		(*opaque)(&q.Nonce), (*opaque)(&q.Prompt), (*opaque)(&q.LoginHint), &q.MaxAge, &q.ACR, &refusal.Code, (*opaque)(&refusal.Description),
		&q.Auth.Person, &q.Auth.At, &q.Auth.Methods,
		&q.Decision.Verdict, &q.Decision.Scope, &q.Decision.Org, &q.Decision.Person, &q.CreatedAt, &q.Expires)
	if refusal.Code != "" {
		q.Refusal = &refusal
	}
	return q, err
}

var selectRequest = sql("reading a request", `
	select `+requestColumns+` from requests where project_id = $1 and id = $2 and expires_at > $3`)

// Request returns a request that has not expired at now.
func (s *projectStore) Request(ctx context.Context, id store.RequestID, now time.Time) (store.Request, error) {
	return first(ctx, s.look, scanRequest, selectRequest.with(s.project, id, now))
}

// The person must not have been signed out everywhere since the log-in began: whoever was logging in with a password
// while it was replaced stays outside.
var signInRequest = sql("signing in to a request", `
	update requests set person_id = $5, auth_at = $6, auth_methods = $7,
		verdict = '', decided_scope = '', decided_org_id = '', decided_by = ''
	where project_id = $1 and id = $2 and browser = $3 and expires_at > $4
		and exists (select 1 from people p where p.project_id = $1 and p.id = $5 and not p.disabled and p.signed_out_at <= $6)`)

// SignInRequest records who logged in for the request and takes back any earlier decision.
func (s *projectStore) SignInRequest(ctx context.Context, id store.RequestID, browser store.Digest, who store.Authentication, now time.Time) error {
	return need(ctx, s.step, signInRequest.with(s.project, id, browser, now, who.Person, who.At, who.Methods))
}

var decideRequest = sql("deciding a request", `
	update requests set verdict = $5, decided_scope = $6, decided_org_id = $7, decided_by = $8
	where project_id = $1 and id = $2 and browser = $3 and expires_at > $4
		and verdict = '' and person_id = $8 and person_id <> ''
	returning client_id, resource`)

// DecideRequest records the decision, once, and the consent that came with it.
func (s *projectStore) DecideRequest(ctx context.Context, id store.RequestID, browser store.Digest, d store.Decision, remember *store.Consent, now time.Time) error {
	if d.Verdict == store.Undecided {
		return fmt.Errorf("%s: there is no verdict", decideRequest.does)
	}
	decide := decideRequest.with(s.project, id, browser, now, d.Verdict, d.Scope, d.Org, d.Person).tells(ctx, decided(d))
	if remember == nil {
		return need(ctx, s.step, decide)
	}
	return s.steps(ctx, func(run run) error {
		var client store.ClientID
		if _, err := first(ctx, run, func(r row) (resource string, err error) {
			return resource, r.scan(&client, &resource)
		}, decide); err != nil {
			return err
		}
		if remember.Person != d.Person || remember.Client != client {
			return fmt.Errorf("%s of %s for %s: the consent is of another person or for another client", decide.does, d.Person, client)
		}
		return need(ctx, run, s.upsertConsent(*remember, now))
	})
}

func decided(d store.Decision) store.Event {
	e := store.Event{Kind: store.ConsentDenied, Actor: byPerson, Person: d.Person}
	if d.Verdict == store.Allowed {
		e.Kind, e.Org, e.Detail.Scope = store.ConsentAllowed, d.Org, d.Scope
	}
	return e
}

// A request that was signed out of since, or that the person refused, gives no grant.
var closeRequest = sql("closing a request", `
	delete from requests
	where project_id = $1 and id = $2 and browser = $3 and expires_at > $4
		and person_id = $5 and client_id = $6 and verdict <> 'deny'
	returning id`)

// CloseRequest ends the request and files its grant.
func (s *projectStore) CloseRequest(ctx context.Context, id store.RequestID, browser store.Digest, g store.Grant, now time.Time) error {
	return s.steps(ctx, func(run run) error {
		if err := need(ctx, run, closeRequest.with(s.project, id, browser, now, g.Person, g.Client)); err != nil {
			return err
		}
		if err := need(ctx, run, s.insertGrant(ctx, g)); err != nil {
			return err
		}
		_, err := may(ctx, run, s.useClient(g))
		return err
	})
}

var refuseRequest = sql("refusing a request", `
	update requests set refusal_code = $5, refusal_description = $6
	where project_id = $1 and id = $2 and browser = $3 and expires_at > $4`)

// RefuseRequest records what the client will be told instead of a code.
func (s *projectStore) RefuseRequest(ctx context.Context, id store.RequestID, browser store.Digest, refusal *oauth.Error, now time.Time) error {
	return need(ctx, s.step, refuseRequest.with(s.project, id, browser, now, refusal.Code, opaque(refusal.Description)))
}

var dropRequest = sql("dropping a request", `
	delete from requests where project_id = $1 and id = $2 and browser = $3`)

// DropRequest ends a request that came to nothing.
func (s *projectStore) DropRequest(ctx context.Context, id store.RequestID, browser store.Digest) error {
	_, err := may(ctx, s.step, dropRequest.with(s.project, id, browser))
	return err
}
