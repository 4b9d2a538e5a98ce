// breakable_test.go: the real database, with steps that fail when a test says so. A step that fails has done nothing.

package server

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var errBroken = errors.New("the disk is gone")

// breakable is a store.Database whose stores fail at the steps that are named.
type breakable struct {
	store.Database
	mu     sync.Mutex
	broken map[string]bool
}

// set breaks a step, or mends it.
func (b *breakable) set(step string, broken bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.broken[step] = broken
}

func (b *breakable) fails(step string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.broken[step] {
		return errBroken
	}
	return nil
}

// For wraps the store of a project.
func (b *breakable) For(p store.ProjectID) store.Store {
	return &breakableStore{b.Database.For(p), b}
}

type breakableStore struct {
	store.Store
	of *breakable
}

// breakableSteps are the steps that can be told to fail.
var breakableSteps = []string{
	"OpenRequest", "Request", "SignInRequest", "DecideRequest", "CloseRequest", "DropRequest", "FileGrant", "SpendCode", "MissCode",
	"RotateGrant", "Grant", "LiveGrant", "EndGrant", "RevokeToken", "TokenRevoked", "Consent", "Client", "RegisterClient", "Person", "Session", "Resources",
}

func (s *breakableStore) OpenRequest(ctx context.Context, r store.Request) error {
	if err := s.of.fails("OpenRequest"); err != nil {
		return err
	}
	return s.Store.OpenRequest(ctx, r)
}

func (s *breakableStore) Request(ctx context.Context, id store.RequestID, now time.Time) (store.Request, error) {
	if err := s.of.fails("Request"); err != nil {
		return store.Request{}, err
	}
	return s.Store.Request(ctx, id, now)
}

func (s *breakableStore) SignInRequest(ctx context.Context, id store.RequestID, browser store.Digest, who store.Authentication, now time.Time) error {
	if err := s.of.fails("SignInRequest"); err != nil {
		return err
	}
	return s.Store.SignInRequest(ctx, id, browser, who, now)
}

func (s *breakableStore) DecideRequest(ctx context.Context, id store.RequestID, browser store.Digest, d store.Decision, remember *store.Consent, now time.Time) error {
	if err := s.of.fails("DecideRequest"); err != nil {
		return err
	}
	return s.Store.DecideRequest(ctx, id, browser, d, remember, now)
}

func (s *breakableStore) CloseRequest(ctx context.Context, id store.RequestID, browser store.Digest, g store.Grant, now time.Time) error {
	if err := s.of.fails("CloseRequest"); err != nil {
		return err
	}
	return s.Store.CloseRequest(ctx, id, browser, g, now)
}

func (s *breakableStore) DropRequest(ctx context.Context, id store.RequestID, browser store.Digest) error {
	if err := s.of.fails("DropRequest"); err != nil {
		return err
	}
	return s.Store.DropRequest(ctx, id, browser)
}

func (s *breakableStore) FileGrant(ctx context.Context, g store.Grant) error {
	if err := s.of.fails("FileGrant"); err != nil {
		return err
	}
	return s.Store.FileGrant(ctx, g)
}

func (s *breakableStore) SpendCode(ctx context.Context, use store.CodeUse) (store.Grant, error) {
	if err := s.of.fails("SpendCode"); err != nil {
		return store.Grant{}, err
	}
	return s.Store.SpendCode(ctx, use)
}

func (s *breakableStore) MissCode(ctx context.Context, id store.GrantID, code store.Digest) error {
	if err := s.of.fails("MissCode"); err != nil {
		return err
	}
	return s.Store.MissCode(ctx, id, code)
}

func (s *breakableStore) RotateGrant(ctx context.Context, use store.GrantUse) (store.Grant, error) {
	if err := s.of.fails("RotateGrant"); err != nil {
		return store.Grant{}, err
	}
	return s.Store.RotateGrant(ctx, use)
}

func (s *breakableStore) Grant(ctx context.Context, id store.GrantID) (store.Grant, error) {
	if err := s.of.fails("Grant"); err != nil {
		return store.Grant{}, err
	}
	return s.Store.Grant(ctx, id)
}

func (s *breakableStore) LiveGrant(ctx context.Context, id store.GrantID, now time.Time) (store.Grant, error) {
	if err := s.of.fails("LiveGrant"); err != nil {
		return store.Grant{}, err
	}
	return s.Store.LiveGrant(ctx, id, now)
}

func (s *breakableStore) EndGrant(ctx context.Context, id store.GrantID, reason store.EndReason, now time.Time) error {
	if err := s.of.fails("EndGrant"); err != nil {
		return err
	}
	return s.Store.EndGrant(ctx, id, reason, now)
}

func (s *breakableStore) RevokeToken(ctx context.Context, token store.Digest, expires time.Time) error {
	if err := s.of.fails("RevokeToken"); err != nil {
		return err
	}
	return s.Store.RevokeToken(ctx, token, expires)
}

func (s *breakableStore) TokenRevoked(ctx context.Context, token store.Digest) (bool, error) {
	if err := s.of.fails("TokenRevoked"); err != nil {
		return false, err
	}
	return s.Store.TokenRevoked(ctx, token)
}

func (s *breakableStore) Consent(ctx context.Context, key store.ConsentKey) (store.Consent, error) {
	if err := s.of.fails("Consent"); err != nil {
		return store.Consent{}, err
	}
	return s.Store.Consent(ctx, key)
}

func (s *breakableStore) Client(ctx context.Context, id store.ClientID) (store.Client, error) {
	if err := s.of.fails("Client"); err != nil {
		return store.Client{}, err
	}
	return s.Store.Client(ctx, id)
}

func (s *breakableStore) RegisterClient(ctx context.Context, c store.Client, room int) (store.Client, error) {
	if err := s.of.fails("RegisterClient"); err != nil {
		return store.Client{}, err
	}
	return s.Store.RegisterClient(ctx, c, room)
}

func (s *breakableStore) Person(ctx context.Context, id store.PersonID) (store.Person, error) {
	if err := s.of.fails("Person"); err != nil {
		return store.Person{}, err
	}
	return s.Store.Person(ctx, id)
}

func (s *breakableStore) Session(ctx context.Context, id store.Digest, idle time.Duration, now time.Time) (store.Session, store.Person, error) {
	if err := s.of.fails("Session"); err != nil {
		return store.Session{}, store.Person{}, err
	}
	return s.Store.Session(ctx, id, idle, now)
}

func (s *breakableStore) Resources(ctx context.Context) ([]store.Resource, error) {
	if err := s.of.fails("Resources"); err != nil {
		return nil, err
	}
	return s.Store.Resources(ctx)
}
