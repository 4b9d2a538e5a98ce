// people.go: people, their sessions and their failures.

package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
)

var peopleTests = map[string]func(*house){
	"come back as they were filed":                        testPersonRoundTrip,
	"are let out of everything when disabled":             testDisable,
	"are let out of their sessions by a new password":     func(h *house) { testSetPassword(h, false) },
	"are let out of everything by a password reset":       func(h *house) { testSetPassword(h, true) },
	"get another hash of the same password, if it is old": testRenewPassword,
}

func testPersonRoundTrip(h *house) {
	ctx := h.Context()
	got, err := h.Person(ctx, h.person.ID)
	h.must(err, "Person")
	same(h, "a person", got, h.person)
	got, err = h.PersonByEmail(ctx, h.person.Email)
	h.must(err, "PersonByEmail")
	same(h, "a person by e-mail address", got, h.person)

	twin := h.person
	twin.Email = "other@example.com"
	h.want(store.ErrExists, h.CreatePerson(ctx, twin), "CreatePerson with the same id")
	twin.ID, twin.Email = store.PersonID(h.unique("per")), h.person.Email
	h.want(store.ErrExists, h.CreatePerson(ctx, twin), "CreatePerson with the same e-mail address")
	_, err = h.Person(ctx, twin.ID)
	h.want(store.ErrNotFound, err, "Person")
	_, err = h.PersonByEmail(ctx, "nobody@example.com")
	h.want(store.ErrNotFound, err, "PersonByEmail")

	for range 2 {
		h.must(h.CreatePerson(ctx, store.Person{ID: store.PersonID(h.unique("per")), Disabled: true}), "CreatePerson without an e-mail address")
	}
	_, err = h.PersonByEmail(ctx, "")
	h.want(store.ErrNotFound, err, "PersonByEmail of no address")
}

// left are the traces of a person in a project: a session, a request they are signed in to, a grant, and the same of another.
type left struct {
	session store.Session
	request store.Request
	grant   store.Grant
}

func (h *house) traces() left {
	h.Helper()
	return left{h.session(), h.signedIn(), h.spent()}
}

func (h *house) session() store.Session {
	h.Helper()
	s := h.someSession()
	h.must(h.OpenSession(h.Context(), s, store.Digest{}), "OpenSession")
	return s
}

// stands tells which of the traces are still good.
func (h *house) stands(l left) map[string]bool {
	h.Helper()
	_, _, err := h.Session(h.Context(), l.session.ID, time.Hour, h.now)
	return map[string]bool{
		"session": err == nil,
		"sign-in": h.request(l.request.ID).Auth.Person != "",
		"grant":   h.stored(l.grant.ID).EndedAt.IsZero(),
	}
}

// bystander is another person of the project, with traces that must stay.
func (h *house) bystander() (stays func()) {
	h.Helper()
	other := *h
	other.person = h.newPerson()
	l := other.traces()
	return func() {
		h.Helper()
		same(h, "what another person has", other.stands(l), map[string]bool{"session": true, "sign-in": true, "grant": true})
	}
}

func testDisable(h *house) {
	ctx := h.Context()
	stays := h.bystander()
	l := h.traces()
	h.must(h.SetPersonDisabled(ctx, h.person.ID, true, h.at(time.Minute)), "SetPersonDisabled")
	same(h, "what is left of a disabled person", h.stands(l), map[string]bool{"session": false, "sign-in": false, "grant": false})
	same(h, "why the grant ended", h.stored(l.grant.ID).EndReason, store.EndedByOperator)
	p, err := h.Person(ctx, h.person.ID)
	h.must(err, "Person")
	same(h, "whether the person is disabled", p.Disabled, true)
	s := h.someSession()
	s.Auth.At = h.at(time.Hour)
	h.want(store.ErrNotFound, h.OpenSession(ctx, s, store.Digest{}), "OpenSession of a person who is disabled")
	stays()

	h.must(h.SetPersonDisabled(ctx, h.person.ID, false, h.at(time.Hour)), "SetPersonDisabled")
	same(h, "what is left when the person is enabled again", h.stands(l), map[string]bool{"session": false, "sign-in": false, "grant": false})
	h.want(store.ErrNotFound, h.OpenSession(ctx, h.someSession(), store.Digest{}), "OpenSession of a log-in from before")
	late := h.grant()
	h.must(h.FileGrant(ctx, late), "FileGrant of a log-in from before")
	_, err = h.SpendCode(ctx, h.codeUse(late))
	h.want(store.ErrNotFound, err, "SpendCode of a grant of a log-in from before")
	fresh := h.someSession()
	fresh.Auth.At = h.at(time.Minute)
	h.must(h.OpenSession(ctx, fresh, store.Digest{}), "OpenSession of a new log-in")
	h.want(store.ErrNotFound, h.SetPersonDisabled(ctx, "per-none", true, h.now), "SetPersonDisabled of nobody")
}

func testSetPassword(h *house, endGrants bool) {
	ctx := h.Context()
	stays := h.bystander()
	l := h.traces()
	h.must(h.SetPassword(ctx, h.person.ID, "$argon2id$2", endGrants, h.at(time.Minute)), "SetPassword")
	same(h, "what is left after a new password", h.stands(l), map[string]bool{"session": false, "sign-in": false, "grant": !endGrants})
	p, err := h.Person(ctx, h.person.ID)
	h.must(err, "Person")
	same(h, "the password", p.Password, "$argon2id$2")
	h.want(store.ErrNotFound, h.OpenSession(ctx, h.someSession(), store.Digest{}), "OpenSession of a log-in with the old password")
	_, err = h.RotateGrant(ctx, h.grantUse(l.grant))
	if endGrants {
		same(h, "why the grant ended", h.stored(l.grant.ID).EndReason, store.EndedByPassword)
		h.want(store.ErrNotFound, err, "RotateGrant")
	} else {
		h.must(err, "RotateGrant")
	}
	stays()
	h.want(store.ErrNotFound, h.SetPassword(ctx, "per-none", "x", endGrants, h.now), "SetPassword of nobody")
}

func testRenewPassword(h *house) {
	ctx := h.Context()
	l := h.traces()
	twin := h.newPerson() // with the same hash, as no two people have; but who knows
	h.must(h.RenewPassword(ctx, h.person.ID, h.person.Password, "$argon2id$2"), "RenewPassword")
	kept, err := h.Person(ctx, twin.ID)
	h.must(err, "Person")
	same(h, "another person", kept, twin)
	same(h, "what is left after a new hash", h.stands(l), map[string]bool{"session": true, "sign-in": true, "grant": true})
	h.want(store.ErrChanged, h.RenewPassword(ctx, h.person.ID, h.person.Password, "$argon2id$3"), "RenewPassword of an old hash")
	h.want(store.ErrChanged, h.RenewPassword(ctx, "per-none", "", "$argon2id$3"), "RenewPassword of nobody")
	p, err := h.Person(ctx, h.person.ID)
	h.must(err, "Person")
	same(h, "the password", p.Password, "$argon2id$2")
}

var sessionTests = map[string]func(*house){
	"come back as they were filed, with their person": testSessionRoundTrip,
	"live while they are used and not over":           testSessionLife,
	"are marked used once a minute":                   testSessionTouch,
	"end the one they replace":                        testSessionReplaces,
	"end when they are closed":                        testCloseSession,
	"of a person are listed while they live":          testSessionsOf,
	"of a person are closed, and nobody else's":       testCloseSessionOf,
}

func (h *house) someSession() store.Session {
	return store.Session{ID: store.DigestOf(h.unique("session")), Auth: h.login(), CreatedAt: h.now, UsedAt: h.now,
		IdleUntil: h.at(time.Hour), Expires: h.at(10 * time.Hour)}
}

func testSessionRoundTrip(h *house) {
	s := h.session()
	got, person, err := h.Session(h.Context(), s.ID, time.Hour, h.now)
	h.must(err, "Session")
	same(h, "the session", got, s)
	same(h, "its person", person, h.person)
	h.want(store.ErrExists, h.OpenSession(h.Context(), s, store.Digest{}), "OpenSession of the same id")
	s = h.someSession()
	s.Auth.Person = "per-none"
	h.want(store.ErrNotFound, h.OpenSession(h.Context(), s, store.Digest{}), "OpenSession of nobody")
}

func testSessionLife(h *house) {
	for _, tt := range []struct {
		name  string
		idle  time.Duration
		used  time.Duration
		now   time.Duration
		alive bool
	}{
		{"just before it was idle too long", time.Hour, 0, time.Hour - time.Millisecond, true},
		{"when it was idle too long", time.Hour, 0, time.Hour, false},
		{"when it was idle too long, though marked used", time.Hour, time.Hour, time.Hour, false},
		{"just before it is over", 20 * time.Hour, 0, 10*time.Hour - time.Millisecond, true},
		{"when it is over", 20 * time.Hour, 0, 10 * time.Hour, false},
		{"when it is over, though marked used", 20 * time.Hour, 10 * time.Hour, 10 * time.Hour, false},
	} {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			s := h.someSession()
			s.IdleUntil, s.UsedAt = h.at(tt.idle), h.at(tt.used)
			h.must(h.OpenSession(h.Context(), s, store.Digest{}), "OpenSession")
			got, _, err := h.Session(h.Context(), s.ID, 20*time.Hour, h.at(tt.now))
			if !tt.alive {
				h.want(store.ErrNotFound, err, "Session")
				return
			}
			h.must(err, "Session")
			same(h, "the idle life, never past the end", got.IdleUntil, s.Expires)
		})
	}
}

func testSessionTouch(h *house) {
	s, other := h.session(), h.session()
	defer func() {
		got, _, err := h.Session(h.Context(), other.ID, time.Hour, h.now)
		h.must(err, "Session of another browser")
		same(h, "a session that was not used", got, other)
	}()
	look := func(now time.Duration, used, idle time.Time) {
		h.Helper()
		got, _, err := h.Session(h.Context(), s.ID, 2*time.Hour, h.at(now))
		h.must(err, "Session")
		same(h, "when it was used", got.UsedAt, used)
		same(h, "its idle life", got.IdleUntil, idle)
	}
	look(time.Minute, s.UsedAt, s.IdleUntil)
	later := time.Minute + time.Millisecond
	look(later, h.at(later), h.at(later+2*time.Hour))
	look(later+time.Minute, h.at(later), h.at(later+2*time.Hour))
}

func testSessionReplaces(h *house) {
	old, other := h.session(), h.session()
	s := h.someSession()
	h.must(h.OpenSession(h.Context(), s, old.ID), "OpenSession")
	_, _, err := h.Session(h.Context(), old.ID, time.Hour, h.now)
	h.want(store.ErrNotFound, err, "Session that was replaced")
	_, _, err = h.Session(h.Context(), other.ID, time.Hour, h.now)
	h.must(err, "Session of another browser")
	_, _, err = h.Session(h.Context(), s.ID, time.Hour, h.now)
	h.must(err, "Session that replaced it")

	h.want(store.ErrExists, h.OpenSession(h.Context(), other, s.ID), "OpenSession of an id that is there")
	_, _, err = h.Session(h.Context(), s.ID, time.Hour, h.now)
	h.must(err, "Session that was to be replaced by a step that failed")
}

func testCloseSession(h *house) {
	s := h.session()
	h.must(h.CloseSession(h.Context(), s.ID), "CloseSession")
	_, _, err := h.Session(h.Context(), s.ID, time.Hour, h.now)
	h.want(store.ErrNotFound, err, "Session")
	h.must(h.CloseSession(h.Context(), s.ID), "CloseSession again")
}

var attemptTests = map[string]func(*house){
	"are counted under every key, and forgotten": testAttempts,
	"start again when they are old":              testAttemptMemory,
}

func testAttempts(h *house) {
	ctx := h.Context()
	var keys []store.Digest
	for range 6 {
		keys = append(keys, store.DigestOf(h.unique("key")))
	}
	counts := func(want map[store.Digest]store.Attempt) {
		h.Helper()
		got, err := h.Attempts(ctx, h.at(time.Minute), keys...)
		h.must(err, "Attempts")
		same(h, "the failures", got, want)
	}
	counts(map[store.Digest]store.Attempt{})
	h.must(h.CountFailure(ctx, "", h.now, time.Hour, keys[0], keys[5], keys[0]), "CountFailure")
	h.must(h.CountFailure(ctx, "", h.at(time.Second), time.Hour, keys[5]), "CountFailure")
	counts(map[store.Digest]store.Attempt{keys[0]: {Failures: 1, Last: h.now}, keys[5]: {Failures: 2, Last: h.at(time.Second)}})
	one, err := h.Attempts(ctx, h.now, keys[0])
	h.must(err, "Attempts of one key")
	same(h, "the failures under one key", one, map[store.Digest]store.Attempt{keys[0]: {Failures: 1, Last: h.now}})
	h.must(h.ForgetFailures(ctx, keys[5], keys[1]), "ForgetFailures")
	counts(map[store.Digest]store.Attempt{keys[0]: {Failures: 1, Last: h.now}})
	h.must(h.CountFailure(ctx, "", h.now, time.Hour), "CountFailure without a key")
	h.must(h.ForgetFailures(ctx), "ForgetFailures without a key")
	none, err := h.Attempts(ctx, h.now)
	h.must(err, "Attempts without a key")
	same(h, "the failures under no key", none, map[store.Digest]store.Attempt{})
}

func testAttemptMemory(h *house) {
	ctx, key := h.Context(), store.DigestOf(h.unique("key"))
	var got []int
	for _, now := range []time.Duration{0, 0, 59 * time.Minute, 119 * time.Minute, 120 * time.Minute} {
		h.must(h.CountFailure(ctx, "", h.at(now), time.Hour, key), "CountFailure")
		counts, err := h.Attempts(ctx, h.at(now), key)
		h.must(err, "Attempts")
		got = append(got, counts[key].Failures)
	}
	if diff := cmp.Diff([]int{1, 2, 3, 1, 2}, got); diff != "" {
		h.Errorf("the failures: -want +got\n%s", diff)
	}
	counts, err := h.Attempts(ctx, h.at(120*time.Minute+24*time.Hour), key)
	h.must(err, "Attempts a day later")
	same(h, "the failures a day later", counts, map[store.Digest]store.Attempt{})
}
