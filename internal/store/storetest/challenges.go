// challenges.go: what a person has to prove once.

package storetest

import (
	"errors"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var challengeTests = map[string]func(*house){
	"come back as they were filed, until they are over":            testChallengeRoundTrip,
	"are tried five times, in the browser that asked":              testTryChallenge,
	"are spent once, by their purpose and link":                    testSpendChallenge,
	"of a person end with the password and when they are disabled": testChallengesEnd,
	"prove an address that is still the person's":                  testVerifyEmail,
}

func (h *house) challenge() store.Challenge {
	id := h.unique("challenge")
	return store.Challenge{
		ID: store.ChallengeID(id), Purpose: store.ForSignIn, Link: store.DigestOf(id), Code: store.DigestOf("12345678"), Browser: browser,
		Request: "request", Email: h.person.Email, Person: h.person.ID, Name: "Zoë", Password: "$argon2id$1",
		CreatedAt: h.now, Expires: h.at(15 * time.Minute),
	}
}

func (h *house) asked() store.Challenge {
	h.Helper()
	c := h.challenge()
	h.must(h.OpenChallenge(h.Context(), c), "OpenChallenge(%s)", c.ID)
	return c
}

func testChallengeRoundTrip(h *house) {
	ctx, c := h.Context(), h.asked()
	got, err := h.Challenge(ctx, c.ID, c.Expires.Add(-time.Millisecond))
	h.must(err, "Challenge")
	same(h, "a challenge", got, c)
	_, err = h.Challenge(ctx, c.ID, c.Expires)
	h.want(store.ErrNotFound, err, "Challenge that is over")
	h.want(store.ErrExists, h.OpenChallenge(ctx, c), "OpenChallenge again")
}

func testTryChallenge(h *house) {
	ctx, c := h.Context(), h.asked()
	_, err := h.TryChallenge(ctx, c.ID, store.DigestOf("another"), h.now)
	h.want(store.ErrNotFound, err, "TryChallenge from another browser")
	_, err = h.TryChallenge(ctx, c.ID, browser, c.Expires)
	h.want(store.ErrNotFound, err, "TryChallenge when it is over")
	for i := range store.MaxTries {
		got, err := h.TryChallenge(ctx, c.ID, browser, h.now)
		h.must(err, "TryChallenge %d", i+1)
		same(h, "the tries", got.Tries, i+1)
		same(h, "the code", got.Code, c.Code)
	}
	_, err = h.TryChallenge(ctx, c.ID, browser, h.now)
	h.want(store.ErrNotFound, err, "TryChallenge after the last try")
	_, err = h.SpendChallenge(ctx, c.ID, c.Purpose, c.Link, h.now)
	h.must(err, "SpendChallenge by the link after the last try")
}

func testSpendChallenge(h *house) {
	ctx, c, other := h.Context(), h.asked(), h.asked()
	for name, spend := range map[string]func() (store.Challenge, error){
		"of another id":      func() (store.Challenge, error) { return h.SpendChallenge(ctx, "none", c.Purpose, c.Link, h.now) },
		"of another purpose": func() (store.Challenge, error) { return h.SpendChallenge(ctx, c.ID, store.ForReset, c.Link, h.now) },
		"of another link":    func() (store.Challenge, error) { return h.SpendChallenge(ctx, c.ID, c.Purpose, other.Link, h.now) },
		"that is over":       func() (store.Challenge, error) { return h.SpendChallenge(ctx, c.ID, c.Purpose, c.Link, c.Expires) },
	} {
		_, err := spend()
		h.want(store.ErrNotFound, err, "SpendChallenge %s", name)
	}
	got, err := h.SpendChallenge(ctx, c.ID, c.Purpose, c.Link, h.now)
	h.must(err, "SpendChallenge")
	same(h, "the challenge that was spent", got, c)
	_, err = h.SpendChallenge(ctx, c.ID, c.Purpose, c.Link, h.now)
	h.want(store.ErrNotFound, err, "SpendChallenge again")
	_, err = h.Challenge(ctx, c.ID, h.now)
	h.want(store.ErrNotFound, err, "Challenge that was spent")
	_, err = h.Challenge(ctx, other.ID, h.now)
	h.must(err, "Challenge that was not")
}

func testChallengesEnd(h *house) {
	ctx := h.Context()
	bystander := *h
	bystander.person = h.newPerson()
	theirs, nobodys := bystander.asked(), h.challenge()
	nobodys.Person = ""
	h.must(h.OpenChallenge(ctx, nobodys), "OpenChallenge of nobody")
	for what, end := range map[string]func() error{
		"a new password": func() error { return h.SetPassword(ctx, h.person.ID, "x", false, h.now) },
		"being disabled": func() error { return h.SetPersonDisabled(ctx, h.person.ID, true, h.now) },
	} {
		c := h.asked()
		h.must(end(), "the step of %s", what)
		_, err := h.Challenge(ctx, c.ID, h.now)
		h.want(store.ErrNotFound, err, "Challenge after %s", what)
	}
	for _, c := range []store.Challenge{theirs, nobodys} {
		_, err := h.Challenge(ctx, c.ID, h.now)
		h.must(err, "Challenge of somebody else")
	}
}

func testVerifyEmail(h *house) {
	ctx := h.Context()
	p := store.Person{ID: store.PersonID(h.unique("per")), Email: h.unique("new") + "@example.com"}
	h.must(h.CreatePerson(ctx, p), "CreatePerson")
	verified := func() bool {
		got, err := h.Person(ctx, p.ID)
		h.must(err, "Person")
		return got.EmailVerified
	}
	h.want(store.ErrNotFound, h.VerifyEmail(ctx, p.ID, h.person.Email, h.now), "VerifyEmail of another address")
	same(h, "whether the address is proven", verified(), false)
	h.must(h.VerifyEmail(ctx, p.ID, p.Email, h.now), "VerifyEmail")
	same(h, "whether the address is proven", verified(), true)
	h.want(store.ErrNotFound, h.VerifyEmail(ctx, "per-none", "", h.now), "VerifyEmail of nobody")
}

func raceSpendChallenge(h *house) {
	c := h.asked()
	h.oneWins("SpendChallenge", store.ErrNotFound, together(func(int) error {
		_, err := h.SpendChallenge(h.Context(), c.ID, c.Purpose, c.Link, h.now)
		return err
	}))
}

func raceTryChallenge(h *house) {
	c := h.asked()
	won := 0
	for i, err := range together(func(int) error { _, err := h.TryChallenge(h.Context(), c.ID, browser, h.now); return err }) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrNotFound):
			h.Errorf("TryChallenge by caller %d = %v, want %v", i, err, store.ErrNotFound)
		}
	}
	same(h, "the tries that were allowed", won, store.MaxTries)
}
