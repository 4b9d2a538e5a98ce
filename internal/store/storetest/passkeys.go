// passkeys.go: key pairs that people hold in their devices, and the questions put to them.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var passkeyTests = map[string]func(*house){
	"come back as they were filed, oldest first":                   testPasskeyRoundTrip,
	"are filed for people who are enabled and not signed out":      testAddPasskey,
	"come with the person, or neither comes":                       testCreatePersonWithPasskey,
	"count upwards, for their person, where they count":            testUsePasskey,
	"are renamed and removed by their person, who may keep one":    testChangePasskey,
	"are asked once, by the kind, browser, person and in its time": testCeremony,
}

func (h *house) somePasskey() store.Passkey {
	id := h.unique("key")
	return store.Passkey{
		ID: store.CredentialID(id), Person: h.person.ID, Name: "Zoë’s phone", PublicKey: []byte{0xa5, 0, 1}, Counter: 7, Syncable: true,
		Transports: []string{"internal", "hybrid"}, AAGUID: "fbfc3007-154e-4ecc-8c0b-6e020557d7bd", CreatedAt: h.now,
	}
}

func (h *house) passkey() store.Passkey {
	h.Helper()
	k := h.somePasskey()
	h.must(h.AddPasskey(h.Context(), k, h.now), "AddPasskey(%s)", k.ID)
	return k
}

func (h *house) ceremony() store.Ceremony {
	h.Helper()
	c := store.Ceremony{
		Challenge: store.DigestOf(h.unique("challenge")), Kind: store.CeremonyConfirm, Browser: browser, Person: h.person.ID,
		Verified: true, Expires: h.at(5 * time.Minute),
	}
	h.must(h.OpenCeremony(h.Context(), c), "OpenCeremony")
	return c
}

func testPasskeyRoundTrip(h *house) {
	ctx, older := h.Context(), h.passkey()
	newer := h.somePasskey()
	newer.CreatedAt, newer.BackedUp, newer.UsedAt = h.at(time.Second), true, h.at(time.Minute)
	h.must(h.AddPasskey(ctx, newer, h.now), "AddPasskey")
	got, err := h.Passkey(ctx, newer.ID)
	h.must(err, "Passkey")
	same(h, "a passkey", got, newer)
	list, err := h.PasskeysOf(ctx, h.person.ID)
	h.must(err, "PasskeysOf")
	same(h, "the passkeys of a person", list, []store.Passkey{older, newer})
	_, err = h.Passkey(ctx, "none")
	h.want(store.ErrNotFound, err, "Passkey")
	list, err = h.PasskeysOf(ctx, h.newPerson().ID)
	h.must(err, "PasskeysOf somebody else")
	same(h, "the passkeys of somebody else", len(list), 0)
}

func testAddPasskey(h *house) {
	ctx, k := h.Context(), h.passkey()
	h.want(store.ErrExists, h.AddPasskey(ctx, k, h.now), "AddPasskey again")
	other := *h
	other.person = h.newPerson()
	k.Person = other.person.ID
	h.want(store.ErrExists, h.AddPasskey(ctx, k, h.now), "AddPasskey of another person")
	nobodys := h.somePasskey()
	nobodys.Person = "per-none"
	h.want(store.ErrNotFound, h.AddPasskey(ctx, nobodys, h.now), "AddPasskey of nobody")
	h.must(h.SetPassword(ctx, h.person.ID, "x", false, h.at(time.Second)), "SetPassword")
	h.want(store.ErrNotFound, h.AddPasskey(ctx, h.somePasskey(), h.now), "AddPasskey of a person who was signed out since")
	h.must(h.AddPasskey(ctx, h.somePasskey(), h.at(time.Second)), "AddPasskey of a person who was signed out before")
	h.must(h.SetPersonDisabled(ctx, h.person.ID, true, h.now), "SetPersonDisabled")
	h.want(store.ErrNotFound, h.AddPasskey(ctx, h.somePasskey(), h.at(time.Hour)), "AddPasskey of a disabled person")
}

func testCreatePersonWithPasskey(h *house) {
	ctx, k := h.Context(), h.somePasskey()
	p := store.Person{ID: store.PersonID(h.unique("per")), Email: h.unique("new") + "@example.com", EmailVerified: true, Name: "Zoë", CreatedAt: h.now}
	taken := p
	taken.Email = h.person.Email
	h.want(store.ErrExists, h.CreatePersonWithPasskey(ctx, taken, k), "CreatePersonWithPasskey with an address that is taken")
	_, err := h.Passkey(ctx, k.ID)
	h.want(store.ErrNotFound, err, "Passkey of the person who was not made")
	h.want(store.ErrExists, h.CreatePersonWithPasskey(ctx, p, h.passkey()), "CreatePersonWithPasskey with a passkey that is there")
	_, err = h.Person(ctx, p.ID)
	h.want(store.ErrNotFound, err, "Person whose passkey was not filed")
	h.must(h.CreatePersonWithPasskey(ctx, p, k), "CreatePersonWithPasskey")
	got, err := h.Person(ctx, p.ID)
	h.must(err, "Person")
	same(h, "the person", got, p)
	list, err := h.PasskeysOf(ctx, p.ID)
	h.must(err, "PasskeysOf")
	k.Person = p.ID
	same(h, "their passkeys", list, []store.Passkey{k})
}

func testUsePasskey(h *house) {
	ctx, k := h.Context(), h.passkey()
	use := store.PasskeyUse{ID: k.ID, Person: k.Person, Counter: k.Counter + 1, BackedUp: true, Now: h.at(time.Minute)}
	another := use
	another.Person = h.newPerson().ID
	h.want(store.ErrNotFound, h.UsePasskey(ctx, another), "UsePasskey of another person")
	h.must(h.UsePasskey(ctx, use), "UsePasskey")
	k.Counter, k.BackedUp, k.UsedAt = use.Counter, true, use.Now
	got, err := h.Passkey(ctx, k.ID)
	h.must(err, "Passkey")
	same(h, "a passkey that was used", got, k)
	for _, count := range []int64{k.Counter, k.Counter - 1, 0} {
		use.Counter = count
		h.want(store.ErrNotFound, h.UsePasskey(ctx, use), "UsePasskey at %d with the count %d", k.Counter, count)
	}
	uncounted := h.somePasskey()
	uncounted.Counter = 0
	h.must(h.AddPasskey(ctx, uncounted, h.now), "AddPasskey")
	use = store.PasskeyUse{ID: uncounted.ID, Person: uncounted.Person}
	for range 2 {
		h.must(h.UsePasskey(ctx, use), "UsePasskey of a device that does not count")
	}
}

func testChangePasskey(h *house) {
	ctx, k := h.Context(), h.passkey()
	stranger := h.newPerson().ID
	h.want(store.ErrNotFound, h.RenamePasskey(ctx, stranger, k.ID, "mine"), "RenamePasskey of somebody else")
	h.must(h.RenamePasskey(ctx, k.Person, k.ID, "Desk"), "RenamePasskey")
	k.Name = "Desk"
	got, err := h.Passkey(ctx, k.ID)
	h.must(err, "Passkey")
	same(h, "a renamed passkey", got, k)
	for _, keepOne := range []bool{true, false} {
		h.want(store.ErrNotFound, h.RemovePasskey(ctx, stranger, k.ID, keepOne), "RemovePasskey of somebody else, keepOne %t", keepOne)
		h.want(store.ErrNotFound, h.RemovePasskey(ctx, k.Person, "none", keepOne), "RemovePasskey that is not there, keepOne %t", keepOne)
	}
	h.want(store.ErrChanged, h.RemovePasskey(ctx, k.Person, k.ID, true), "RemovePasskey of the last one")
	second := h.passkey()
	h.must(h.RemovePasskey(ctx, k.Person, k.ID, true), "RemovePasskey of one of two")
	h.must(h.RemovePasskey(ctx, k.Person, second.ID, false), "RemovePasskey of the last one, which may go")
	list, err := h.PasskeysOf(ctx, k.Person)
	h.must(err, "PasskeysOf")
	same(h, "the passkeys left", len(list), 0)
}

func testCeremony(h *house) {
	ctx, c := h.Context(), h.ceremony()
	for name, change := range map[string]func(*store.Ceremony){
		"of another challenge": func(c *store.Ceremony) { c.Challenge = store.DigestOf("another") },
		"of another kind":      func(c *store.Ceremony) { c.Kind = store.CeremonyAdd },
		"of another browser":   func(c *store.Ceremony) { c.Browser = store.DigestOf("another") },
		"of another person":    func(c *store.Ceremony) { c.Person = "" },
	} {
		wrong := c
		change(&wrong)
		_, err := h.SpendCeremony(ctx, wrong, h.now)
		h.want(store.ErrNotFound, err, "SpendCeremony %s", name)
	}
	_, err := h.SpendCeremony(ctx, c, c.Expires)
	h.want(store.ErrNotFound, err, "SpendCeremony that is over")
	asked := c
	asked.Verified = false
	got, err := h.SpendCeremony(ctx, asked, h.now)
	h.must(err, "SpendCeremony")
	same(h, "the ceremony as it was filed", got, c)
	_, err = h.SpendCeremony(ctx, c, h.now)
	h.want(store.ErrNotFound, err, "SpendCeremony again")
}

func raceSpendCeremony(h *house) {
	c := h.ceremony()
	h.oneWins("SpendCeremony", store.ErrNotFound, together(func(int) error {
		_, err := h.SpendCeremony(h.Context(), c, h.now)
		return err
	}))
}

func raceUsePasskey(h *house) {
	k := h.passkey()
	h.oneWins("UsePasskey", store.ErrNotFound, together(func(int) error {
		return h.UsePasskey(h.Context(), store.PasskeyUse{ID: k.ID, Person: k.Person, Counter: k.Counter + 1, Now: h.now})
	}))
}

// raceRemovePasskey has two callers for each of many people, who would remove the one and the other of their two passkeys.
func raceRemovePasskey(h *house) {
	people := make([]house, callers/2)
	keys := make([]store.Passkey, callers)
	for i := range people {
		people[i] = *h
		people[i].person = h.newPerson()
		keys[2*i], keys[2*i+1] = people[i].passkey(), people[i].passkey()
	}
	errs := together(func(i int) error { return h.RemovePasskey(h.Context(), keys[i].Person, keys[i].ID, true) })
	for i := range people {
		h.oneWins("RemovePasskey", store.ErrChanged, errs[2*i:2*i+2])
		list, err := h.PasskeysOf(h.Context(), people[i].person.ID)
		h.must(err, "PasskeysOf")
		same(h, "the passkeys left of two", len(list), 1)
	}
}

// trespassesOnPasskeys are those on passkeys and the questions put to them.
func (h *house) trespassesOnPasskeys(b belongings) []trespass {
	ctx, k, gone := h.Context(), b.passkey, store.ErrNotFound
	use := store.PasskeyUse{ID: k.ID, Person: k.Person, Counter: k.Counter + 1, Now: h.now}
	another := h.somePasskey()
	return []trespass{
		{"SpendCeremony", func(s store.Store) error { _, err := s.SpendCeremony(ctx, b.ceremony, h.now); return err }, gone},
		{"AddPasskey", func(s store.Store) error { return s.AddPasskey(ctx, another, h.now) }, gone},
		{"Passkey", func(s store.Store) error { _, err := s.Passkey(ctx, k.ID); return err }, gone},
		{"PasskeysOf", func(s store.Store) error { v, err := s.PasskeysOf(ctx, k.Person); return nothing(v == nil, err) }, nil},
		{"UsePasskey", func(s store.Store) error { return s.UsePasskey(ctx, use) }, gone},
		{"RenamePasskey", func(s store.Store) error { return s.RenamePasskey(ctx, k.Person, k.ID, "theirs") }, gone},
		{"RemovePasskey", func(s store.Store) error { return s.RemovePasskey(ctx, k.Person, k.ID, false) }, gone},
		{"RemovePasskey", func(s store.Store) error { return s.RemovePasskey(ctx, k.Person, k.ID, true) }, gone},
	}
}
