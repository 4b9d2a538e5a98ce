// sessions.go: the browsers a person is signed in at, as they see and end them.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

func testSessionsOf(h *house) {
	ctx := h.Context()
	one := *h
	one.person = h.newPerson()
	first := one.someSession()
	first.Browser, first.Network = "Firefox on Linux", "192.0.2.0/24"
	h.must(h.OpenSession(ctx, first, store.Digest{}), "OpenSession")
	second := one.someSession()
	second.UsedAt, second.IdleUntil = h.at(time.Minute), h.at(2*time.Hour)
	h.must(h.OpenSession(ctx, second, store.Digest{}), "OpenSession")
	h.session() // somebody else's
	for _, tt := range []struct {
		name string
		now  time.Duration
		want []store.Session
	}{
		{"now, the last used first", 0, []store.Session{second, first}},
		{"when one was idle too long", time.Hour, []store.Session{second}},
		{"when both are over", 10 * time.Hour, nil},
	} {
		got, err := h.SessionsOf(ctx, one.person.ID, h.at(tt.now))
		h.must(err, "SessionsOf")
		same(h, "the sessions "+tt.name, got, tt.want)
	}
	h.must(h.SetPersonDisabled(ctx, one.person.ID, true, h.at(time.Minute)), "SetPersonDisabled")
	got, err := h.SessionsOf(ctx, one.person.ID, h.now)
	h.must(err, "SessionsOf somebody who is disabled")
	same(h, "the sessions of somebody who is disabled", len(got), 0)
}

func testCloseSessionOf(h *house) {
	ctx := h.Context()
	bystander := *h
	bystander.person = h.newPerson()
	theirs, mine, here := bystander.session(), h.session(), h.session()
	live := func() [3]bool {
		var all [3]bool
		for i, s := range []store.Session{theirs, mine, here} {
			_, _, err := h.Session(ctx, s.ID, time.Hour, h.now)
			all[i] = err == nil
		}
		return all
	}
	h.want(store.ErrNotFound, h.CloseSessionOf(ctx, h.person.ID, theirs.ID), "CloseSessionOf another person")
	same(h, "what lives after closing another person's", live(), [3]bool{true, true, true})
	h.must(h.CloseSessionOf(ctx, h.person.ID, mine.ID), "CloseSessionOf")
	same(h, "what lives after closing one", live(), [3]bool{true, false, true})
	h.want(store.ErrNotFound, h.CloseSessionOf(ctx, h.person.ID, mine.ID), "CloseSessionOf again")
	mine = h.session()
	n, err := h.CloseOtherSessions(ctx, h.person.ID, here.ID)
	h.must(err, "CloseOtherSessions")
	same(h, "what lives after closing the others", live(), [3]bool{true, false, true})
	same(h, "whether others were closed", n > 0, true)
}
