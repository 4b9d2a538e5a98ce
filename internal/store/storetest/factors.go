// factors.go: second factors, and logins that wait for one.

package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var factorTests = map[string]func(*house){
	"come back as they were filed":                            testFactorsRoundTrip,
	"are an authenticator whose codes count once, newer ones": testUseAuthenticator,
	"are recovery codes that count once":                      testRecoveryCodes,
	"finish a half login in the browser that began":           testHalfLogin,
	"half logins end with the password and when disabled":     testHalfLoginsEnd,
}

var recoveryCode = store.DigestOf("abcde-fghij")

func (h *house) authenticator() store.Authenticator {
	return store.Authenticator{Person: h.person.ID, Sealed: []byte("sealed"), LastStep: 100, CreatedAt: h.now}
}

func (h *house) someHalf() store.HalfLogin {
	return store.HalfLogin{
		ID: store.HalfLoginID(h.unique("half")), Browser: browser, Auth: h.login(), Org: "org", Request: "request", CreatedAt: h.now, Expires: h.at(10 * time.Minute),
	}
}

func (h *house) half() store.HalfLogin {
	h.Helper()
	l := h.someHalf()
	h.must(h.OpenHalfLogin(h.Context(), l), "OpenHalfLogin(%s)", l.ID)
	return l
}

func (h *house) factors(want store.FactorsOf) {
	h.Helper()
	got, err := h.FactorsOf(h.Context(), h.person.ID)
	h.must(err, "FactorsOf")
	same(h, "the second factors", got, want)
}

func testFactorsRoundTrip(h *house) {
	ctx, a := h.Context(), h.authenticator()
	h.factors(store.FactorsOf{})
	_, err := h.Authenticator(ctx, a.Person)
	h.want(store.ErrNotFound, err, "Authenticator of somebody without")
	h.want(store.ErrNotFound, h.RemoveAuthenticator(ctx, a.Person), "RemoveAuthenticator of somebody without")
	h.must(h.ReplaceRecoveryCodes(ctx, a.Person, []store.Digest{store.DigestOf("old")}), "ReplaceRecoveryCodes")
	h.must(h.AddAuthenticator(ctx, a, []store.Digest{recoveryCode, store.DigestOf("another")}), "AddAuthenticator")
	got, err := h.Authenticator(ctx, a.Person)
	h.must(err, "Authenticator")
	same(h, "the authenticator", got, a)
	h.factors(store.FactorsOf{Authenticator: true, RecoveryCodes: 2})
	again := a
	again.Sealed = []byte("another")
	h.want(store.ErrExists, h.AddAuthenticator(ctx, again, nil), "AddAuthenticator again")
	h.factors(store.FactorsOf{Authenticator: true, RecoveryCodes: 2})
	bystander := *h
	bystander.person = h.newPerson()
	h.must(h.AddAuthenticator(ctx, bystander.authenticator(), []store.Digest{recoveryCode}), "AddAuthenticator of another person")
	h.must(h.RemoveAuthenticator(ctx, a.Person), "RemoveAuthenticator")
	h.factors(store.FactorsOf{})
	bystander.factors(store.FactorsOf{Authenticator: true, RecoveryCodes: 1})
}

func testUseAuthenticator(h *house) {
	ctx, a := h.Context(), h.authenticator()
	h.want(store.ErrNotFound, h.UseAuthenticator(ctx, a.Person, 101), "UseAuthenticator of somebody without")
	h.must(h.AddAuthenticator(ctx, a, nil), "AddAuthenticator")
	for _, tt := range []struct {
		name string
		step int64
		want error
	}{
		{"the step it was added with", 100, store.ErrNotFound},
		{"an older step", 99, store.ErrNotFound},
		{"a newer step", 102, nil},
		{"that step again", 102, store.ErrNotFound},
		{"a step between", 101, store.ErrNotFound},
		{"the step after", 103, nil},
	} {
		if err := h.UseAuthenticator(ctx, a.Person, tt.step); !errors.Is(err, tt.want) {
			h.Errorf("UseAuthenticator(%s) = %v, want %v", tt.name, err, tt.want)
		}
	}
}

func testRecoveryCodes(h *house) {
	ctx, other := h.Context(), h.newPerson()
	h.must(h.ReplaceRecoveryCodes(ctx, h.person.ID, []store.Digest{recoveryCode, store.DigestOf("two")}), "ReplaceRecoveryCodes")
	h.want(store.ErrNotFound, h.UseRecoveryCode(ctx, other.ID, recoveryCode), "UseRecoveryCode of another person")
	h.want(store.ErrNotFound, h.UseRecoveryCode(ctx, h.person.ID, store.DigestOf("wrong")), "UseRecoveryCode that is none")
	h.must(h.UseRecoveryCode(ctx, h.person.ID, recoveryCode), "UseRecoveryCode")
	h.want(store.ErrNotFound, h.UseRecoveryCode(ctx, h.person.ID, recoveryCode), "UseRecoveryCode again")
	h.factors(store.FactorsOf{RecoveryCodes: 1})
	h.must(h.ReplaceRecoveryCodes(ctx, h.person.ID, []store.Digest{recoveryCode}), "ReplaceRecoveryCodes")
	h.want(store.ErrNotFound, h.UseRecoveryCode(ctx, h.person.ID, store.DigestOf("two")), "UseRecoveryCode that was replaced")
	h.factors(store.FactorsOf{RecoveryCodes: 1})
}

func testHalfLogin(h *house) {
	ctx, l, elsewhere := h.Context(), h.half(), store.DigestOf("another browser")
	got, err := h.HalfLogin(ctx, l.ID, browser, h.now)
	h.must(err, "HalfLogin")
	same(h, "a half login", got, l)
	for _, tt := range []struct {
		name    string
		id      store.HalfLoginID
		browser store.Digest
		now     time.Time
	}{{"of another browser", l.ID, elsewhere, h.now}, {"that is over", l.ID, browser, l.Expires}, {"that never was", "none", browser, h.now}} {
		_, err := h.HalfLogin(ctx, tt.id, tt.browser, tt.now)
		h.want(store.ErrNotFound, err, "HalfLogin %s", tt.name)
		_, err = h.TryHalfLogin(ctx, tt.id, tt.browser, tt.now)
		h.want(store.ErrNotFound, err, "TryHalfLogin %s", tt.name)
		h.want(store.ErrNotFound, h.FinishHalfLogin(ctx, tt.id, tt.browser, tt.now), "FinishHalfLogin %s", tt.name)
	}
	for i := range store.MaxTries {
		got, err := h.TryHalfLogin(ctx, l.ID, browser, h.now)
		h.must(err, "TryHalfLogin %d", i+1)
		same(h, "the tries", got.Tries, i+1)
	}
	_, err = h.TryHalfLogin(ctx, l.ID, browser, h.now)
	h.want(store.ErrNotFound, err, "TryHalfLogin after the last try")
	h.must(h.FinishHalfLogin(ctx, l.ID, browser, h.now), "FinishHalfLogin")
	h.want(store.ErrNotFound, h.FinishHalfLogin(ctx, l.ID, browser, h.now), "FinishHalfLogin again")
}

func testHalfLoginsEnd(h *house) {
	ctx := h.Context()
	bystander := *h
	bystander.person = h.newPerson()
	theirs := bystander.half()
	for what, end := range map[string]func() error{
		"a new password": func() error { return h.SetPassword(ctx, h.person.ID, "x", false, h.now) },
		"being disabled": func() error { return h.SetPersonDisabled(ctx, h.person.ID, true, h.now) },
	} {
		l := h.half()
		h.must(end(), "the step of %s", what)
		_, err := h.HalfLogin(ctx, l.ID, browser, h.now)
		h.want(store.ErrNotFound, err, "HalfLogin after %s", what)
	}
	_, err := h.HalfLogin(ctx, theirs.ID, browser, h.now)
	h.must(err, "HalfLogin of somebody else")
}

func sweepHalfLogins(h *house) {
	l := h.half()
	_, err := h.db.Sweep(h.Context(), l.Expires.Add(-time.Millisecond), 10000)
	h.must(err, "Sweep")
	_, err = h.HalfLogin(h.Context(), l.ID, browser, h.now)
	h.must(err, "HalfLogin that is not over")
	_, err = h.db.Sweep(h.Context(), l.Expires, 10000)
	h.must(err, "Sweep")
	_, err = h.HalfLogin(h.Context(), l.ID, browser, h.now)
	h.want(store.ErrNotFound, err, "HalfLogin that was swept")
}

func (h *house) trespassesOnFactors(b belongings) []trespass {
	ctx, gone, person := h.Context(), store.ErrNotFound, h.person.ID
	return []trespass{
		{"FactorsOf", func(s store.Store) error {
			f, err := s.FactorsOf(ctx, person)
			return nothing(f == store.FactorsOf{}, err)
		}, nil},
		{"Authenticator", func(s store.Store) error { _, err := s.Authenticator(ctx, person); return err }, gone},
		{"UseAuthenticator", func(s store.Store) error { return s.UseAuthenticator(ctx, person, 1000) }, gone},
		{"RemoveAuthenticator", func(s store.Store) error { return s.RemoveAuthenticator(ctx, person) }, gone},
		{"ReplaceRecoveryCodes", func(s store.Store) error { return s.ReplaceRecoveryCodes(ctx, person, nil) }, nil},
		{"UseRecoveryCode", func(s store.Store) error { return s.UseRecoveryCode(ctx, person, recoveryCode) }, gone},
		{"HalfLogin", func(s store.Store) error { _, err := s.HalfLogin(ctx, b.half.ID, browser, h.now); return err }, gone},
		{"TryHalfLogin", func(s store.Store) error { _, err := s.TryHalfLogin(ctx, b.half.ID, browser, h.now); return err }, gone},
		{"FinishHalfLogin", func(s store.Store) error { return s.FinishHalfLogin(ctx, b.half.ID, browser, h.now) }, gone},
	}
}

func raceTryHalfLogin(h *house) {
	l := h.half()
	won := 0
	for i, err := range together(func(int) error { _, err := h.TryHalfLogin(h.Context(), l.ID, browser, h.now); return err }) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrNotFound):
			h.Errorf("TryHalfLogin by caller %d = %v, want %v", i, err, store.ErrNotFound)
		}
	}
	same(h, "the tries that were allowed", won, store.MaxTries)
}

func raceFinishHalfLogin(h *house) {
	l := h.half()
	h.oneWins("FinishHalfLogin", store.ErrNotFound, together(func(int) error {
		return h.FinishHalfLogin(h.Context(), l.ID, browser, h.now)
	}))
}

func raceUseAuthenticator(h *house) {
	h.must(h.AddAuthenticator(h.Context(), h.authenticator(), nil), "AddAuthenticator")
	h.oneWins("UseAuthenticator", store.ErrNotFound, together(func(int) error {
		return h.UseAuthenticator(h.Context(), h.person.ID, 101)
	}))
}

func raceUseRecoveryCode(h *house) {
	h.must(h.ReplaceRecoveryCodes(h.Context(), h.person.ID, []store.Digest{recoveryCode}), "ReplaceRecoveryCodes")
	h.oneWins("UseRecoveryCode", store.ErrNotFound, together(func(int) error {
		return h.UseRecoveryCode(h.Context(), h.person.ID, recoveryCode)
	}))
}

// factorDeeds are the steps that leave events about second factors.
var factorDeeds = []deed{
	{"AddAuthenticator", func(h *house, ctx context.Context) []store.Event {
		h.must(h.AddAuthenticator(ctx, h.authenticator(), []store.Digest{recoveryCode, store.DigestOf("two")}), "AddAuthenticator")
		return []store.Event{h.oneself(store.AuthenticatorAdded, store.Detail{})}
	}},
	{"RemoveAuthenticator", func(h *house, ctx context.Context) []store.Event {
		h.must(h.AddAuthenticator(h.Context(), h.authenticator(), []store.Digest{recoveryCode}), "AddAuthenticator")
		h.must(h.RemoveAuthenticator(ctx, h.person.ID), "RemoveAuthenticator")
		return []store.Event{h.oneself(store.AuthenticatorRemoved, store.Detail{})}
	}},
	{"ReplaceRecoveryCodes", func(h *house, ctx context.Context) []store.Event {
		h.must(h.ReplaceRecoveryCodes(ctx, h.person.ID, []store.Digest{recoveryCode, store.DigestOf("two")}), "ReplaceRecoveryCodes")
		return []store.Event{h.oneself(store.RecoveryCodesMade, store.Detail{})}
	}},
}
