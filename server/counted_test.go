// counted_test.go: the real database, which remembers the names of the steps that a login takes.

package server

import (
	"context"
	"sync"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// counted is a store.Database that remembers.
type counted struct {
	store.Database
	mu    sync.Mutex
	steps []string
}

// count puts the database under the deployment.
func (w *world) count() *counted {
	c := &counted{Database: w.db.Database}
	w.db.Database = c
	w.reopen()
	return c
}

// take forgets what it returns.
func (c *counted) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	steps := c.steps
	c.steps = nil
	return steps
}

func (c *counted) For(p store.ProjectID) store.Store { return &countedStore{c.Database.For(p), c} }

type countedStore struct {
	store.Store
	by *counted
}

func (s *countedStore) step(name string) store.Store {
	s.by.mu.Lock()
	defer s.by.mu.Unlock()
	s.by.steps = append(s.by.steps, name)
	return s.Store
}

func (s *countedStore) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	return s.step("PersonByEmail").PersonByEmail(ctx, email)
}

func (s *countedStore) Person(ctx context.Context, id store.PersonID) (store.Person, error) {
	return s.step("Person").Person(ctx, id)
}

func (s *countedStore) Session(ctx context.Context, id store.Digest, idle time.Duration, now time.Time) (store.Session, store.Person, error) {
	return s.step("Session").Session(ctx, id, idle, now)
}

func (s *countedStore) OpenSession(ctx context.Context, n store.Session, replaces store.Digest) error {
	return s.step("OpenSession").OpenSession(ctx, n, replaces)
}

func (s *countedStore) Attempts(ctx context.Context, now time.Time, keys ...store.Digest) (map[store.Digest]store.Attempt, error) {
	return s.step("Attempts").Attempts(ctx, now, keys...)
}

func (s *countedStore) CountFailure(ctx context.Context, as store.PersonID, now time.Time, memory time.Duration, keys ...store.Digest) error {
	return s.step("CountFailure").CountFailure(ctx, as, now, memory, keys...)
}

func (s *countedStore) ForgetFailures(ctx context.Context, keys ...store.Digest) error {
	return s.step("ForgetFailures").ForgetFailures(ctx, keys...)
}

func (s *countedStore) OpenChallenge(ctx context.Context, c store.Challenge) error {
	return s.step("OpenChallenge").OpenChallenge(ctx, c)
}

func (s *countedStore) Challenge(ctx context.Context, id store.ChallengeID, now time.Time) (store.Challenge, error) {
	return s.step("Challenge").Challenge(ctx, id, now)
}

func (s *countedStore) TryChallenge(ctx context.Context, id store.ChallengeID, browser store.Digest, now time.Time) (store.Challenge, error) {
	return s.step("TryChallenge").TryChallenge(ctx, id, browser, now)
}

func (s *countedStore) FactorsOf(ctx context.Context, person store.PersonID) (store.FactorsOf, error) {
	return s.step("FactorsOf").FactorsOf(ctx, person)
}

func (s *countedStore) HalfLogin(ctx context.Context, id store.HalfLoginID, browser store.Digest, now time.Time) (store.HalfLogin, error) {
	return s.step("HalfLogin").HalfLogin(ctx, id, browser, now)
}

func (s *countedStore) Providers(ctx context.Context) ([]store.Provider, error) {
	return s.step("Providers").Providers(ctx)
}

func (s *countedStore) TrustedIssuers(ctx context.Context) ([]store.TrustedIssuer, error) {
	return s.step("TrustedIssuers").TrustedIssuers(ctx)
}

func (s *countedStore) TrustedIssuer(ctx context.Context, name string) (store.TrustedIssuer, error) {
	return s.step("TrustedIssuer").TrustedIssuer(ctx, name)
}

func (s *countedStore) Handover(ctx context.Context, id store.Digest, now time.Time) (store.Handover, error) {
	return s.step("Handover").Handover(ctx, id, now)
}

func (s *countedStore) AnswerHandover(ctx context.Context, h store.Handover, now time.Time) error {
	return s.step("AnswerHandover").AnswerHandover(ctx, h, now)
}

func (s *countedStore) SpendHandover(ctx context.Context, ticket, browser store.Digest, now time.Time) (store.Handover, error) {
	return s.step("SpendHandover").SpendHandover(ctx, ticket, browser, now)
}

func (s *countedStore) SpendToken(ctx context.Context, token store.Digest, expires time.Time) error {
	return s.step("SpendToken").SpendToken(ctx, token, expires)
}

func (s *countedStore) UseIdentity(ctx context.Context, issuer, subject string, now time.Time) (store.Identity, error) {
	return s.step("UseIdentity").UseIdentity(ctx, issuer, subject, now)
}

func (s *countedStore) CreatePersonWithIdentity(ctx context.Context, p store.Person, i store.Identity) error {
	return s.step("CreatePersonWithIdentity").CreatePersonWithIdentity(ctx, p, i)
}
