// identities.go: who people are elsewhere.

package storetest

import (
	"errors"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var identityTests = map[string]func(*house){
	"come back as they were filed":                testIdentityRoundTrip,
	"belong to one person, by issuer and subject": testIdentityOfOne,
	"are made with their person, or neither is":   testPersonWithIdentity,
	"are taken away beside another, or not":       testRemoveIdentityBeside,
}

const elsewhere = "https://login.example/"

func (h *house) identity() store.Identity {
	return store.Identity{Issuer: elsewhere, Subject: h.unique("google|"), Person: h.person.ID, CreatedAt: h.now, UsedAt: h.now}
}

func (h *house) known() store.Identity {
	h.Helper()
	i := h.identity()
	h.must(h.AddIdentity(h.Context(), i), "AddIdentity(%s)", i.Subject)
	return i
}

func testIdentityRoundTrip(h *house) {
	ctx, i := h.Context(), h.known()
	i.UsedAt = h.at(time.Hour)
	got, err := h.UseIdentity(ctx, i.Issuer, i.Subject, h.at(time.Hour))
	h.must(err, "UseIdentity")
	same(h, "an identity that was used", got, i)
	second := i
	second.Subject = "a" + i.Subject
	h.must(h.AddIdentity(ctx, second), "AddIdentity of another subject")
	list, err := h.IdentitiesOf(ctx, h.person.ID)
	h.must(err, "IdentitiesOf")
	same(h, "the identities of a person", list, []store.Identity{second, i})

	for what, args := range map[string][3]string{
		"of another person":  {string(h.newPerson().ID), i.Issuer, i.Subject},
		"of another issuer":  {string(i.Person), i.Issuer + "x", i.Subject},
		"of another subject": {string(i.Person), i.Issuer, i.Subject + "x"},
	} {
		h.want(store.ErrNotFound, h.RemoveIdentity(ctx, store.PersonID(args[0]), args[1], args[2]), "RemoveIdentity %s", what)
	}
	h.must(h.RemoveIdentity(ctx, i.Person, i.Issuer, i.Subject), "RemoveIdentity")
	_, err = h.UseIdentity(ctx, i.Issuer, i.Subject, h.now)
	h.want(store.ErrNotFound, err, "UseIdentity that was removed")
	_, err = h.UseIdentity(ctx, second.Issuer, second.Subject, h.now)
	h.must(err, "UseIdentity that was not")
}

func testIdentityOfOne(h *house) {
	ctx, i := h.Context(), h.known()
	h.want(store.ErrExists, h.AddIdentity(ctx, i), "AddIdentity again")
	theirs := i
	theirs.Person = h.newPerson().ID
	h.want(store.ErrExists, h.AddIdentity(ctx, theirs), "AddIdentity that somebody else has")
	theirs.Issuer = "https://login2.example/"
	h.must(h.AddIdentity(ctx, theirs), "AddIdentity of the same subject at another issuer")
	got, err := h.UseIdentity(ctx, i.Issuer, i.Subject, h.now)
	h.must(err, "UseIdentity")
	same(h, "whose identity it is", got.Person, h.person.ID)
	nobodys := h.identity()
	nobodys.Person = "per-none"
	h.want(store.ErrNotFound, h.AddIdentity(ctx, nobodys), "AddIdentity of nobody")
	_, err = h.UseIdentity(ctx, nobodys.Issuer, nobodys.Subject, h.now)
	h.want(store.ErrNotFound, err, "UseIdentity of nobody")
}

// comer is somebody who comes in for the first time.
func (h *house) comer() (store.Person, store.Identity) {
	p, i := store.Person{ID: store.PersonID(h.unique("per")), CreatedAt: h.now}, h.identity()
	p.Email, i.Person = string(p.ID)+"@example.com", p.ID
	return p, i
}

func testPersonWithIdentity(h *house) {
	ctx := h.Context()
	p, i := h.comer()
	h.must(h.CreatePersonWithIdentity(ctx, p, i), "CreatePersonWithIdentity")
	got, err := h.Person(ctx, p.ID)
	h.must(err, "Person")
	same(h, "the person", got, p)

	q, _ := h.comer()
	taken := i
	taken.Person = q.ID
	h.want(store.ErrExists, h.CreatePersonWithIdentity(ctx, q, taken), "CreatePersonWithIdentity of an identity that somebody has")
	_, err = h.Person(ctx, q.ID)
	h.want(store.ErrNotFound, err, "Person whose identity somebody has")

	r, fresh := h.comer()
	r.Email = p.Email
	h.want(store.ErrExists, h.CreatePersonWithIdentity(ctx, r, fresh), "CreatePersonWithIdentity of an address that somebody has")
	_, err = h.UseIdentity(ctx, fresh.Issuer, fresh.Subject, h.now)
	h.want(store.ErrNotFound, err, "UseIdentity of a person who was not made")
}

func raceCreatePersonWithIdentity(h *house) {
	_, i := h.comer()
	h.oneWins("CreatePersonWithIdentity", store.ErrExists, together(func(int) error {
		p := store.Person{ID: store.PersonID("per_" + store.NewID(h.now)), CreatedAt: h.now}
		mine := i
		mine.Person = p.ID
		return h.CreatePersonWithIdentity(h.Context(), p, mine)
	}))
	if _, err := h.UseIdentity(h.Context(), i.Issuer, i.Subject, h.now); errors.Is(err, store.ErrNotFound) {
		h.Errorf("UseIdentity after the race = %v, want the winner's", err)
	}
}

func testRemoveIdentityBeside(h *house) {
	ctx, a, b := h.Context(), h.known(), h.known()
	stranger := h.known()
	stranger.Person = h.newPerson().ID
	h.want(store.ErrChanged, h.RemoveIdentityBeside(ctx, stranger, a), "RemoveIdentityBeside an identity of somebody else")
	h.want(store.ErrChanged, h.RemoveIdentityBeside(ctx, a, a), "RemoveIdentityBeside itself")
	nobodys := a
	nobodys.Person = "per-none"
	h.want(store.ErrNotFound, h.RemoveIdentityBeside(ctx, nobodys, b), "RemoveIdentityBeside of nobody")
	h.must(h.RemoveIdentityBeside(ctx, a, b), "RemoveIdentityBeside")
	h.want(store.ErrNotFound, h.RemoveIdentityBeside(ctx, a, b), "RemoveIdentityBeside again")
	h.want(store.ErrChanged, h.RemoveIdentityBeside(ctx, b, a), "RemoveIdentityBeside the one that is gone")
	_, err := h.UseIdentity(ctx, b.Issuer, b.Subject, h.now)
	h.must(err, "UseIdentity of the one that stays")
}

// raceRemoveIdentityBeside lets a person take away either of their two identities from many places at once.
func raceRemoveIdentityBeside(h *house) {
	a, b := h.known(), h.known()
	won := 0
	for i, err := range together(func(i int) error {
		if i%2 == 0 {
			return h.RemoveIdentityBeside(h.Context(), a, b)
		}
		return h.RemoveIdentityBeside(h.Context(), b, a)
	}) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrChanged) && !errors.Is(err, store.ErrNotFound):
			h.Errorf("RemoveIdentityBeside by caller %d = %v, want %v or %v", i, err, store.ErrChanged, store.ErrNotFound)
		}
	}
	same(h, "how many identities were taken away", won, 1)
}
