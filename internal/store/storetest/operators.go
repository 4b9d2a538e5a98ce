// operators.go: the first operator, and lists of people.

package storetest

import "github.com/authwright/authwright/internal/store"

var operatorTests = map[string]func(*house){
	"CreateFirstOperator makes one of many":                      raceFirstOperator,
	"there is no first when somebody is an operator already":     testNoFirstOperator,
	"an address that is taken leaves the place of the first":     testFirstOperatorTaken,
	"of another project do not count":                            testOperatorElsewhere,
	"people are listed by id, a page at a time, with their rank": testPeople,
}

func (h *house) someOperator() store.Person {
	id := h.unique("op")
	return store.Person{ID: store.PersonID(id), Email: id + "@example.com", Name: "Op", Password: "$argon2id$1", Operator: true, CreatedAt: h.now}
}

func (h *house) hasOperator(want bool) {
	h.Helper()
	got, err := h.HasOperator(h.Context())
	h.must(err, "HasOperator")
	same(h, "whether there is an operator", got, want)
}

// raceFirstOperator has rounds, each in a project of its own: in the first the callers wait for their connections, and
// one could be done before the next begins.
func raceFirstOperator(h *house) {
	for range 5 {
		round := *h
		round.Store = h.db.For(store.ProjectID(h.unique("round")))
		oneFirstOperator(&round)
	}
}

func oneFirstOperator(h *house) {
	h.hasOperator(false)
	var people [callers]store.Person
	for i := range people {
		people[i] = h.someOperator()
	}
	winner := h.oneWins("CreateFirstOperator", store.ErrExists, together(func(i int) error {
		return h.CreateFirstOperator(h.Context(), people[i])
	}))
	h.hasOperator(true)
	for i, p := range people {
		got, err := h.Person(h.Context(), p.ID)
		if i == winner {
			h.must(err, "Person of the winner")
			same(h, "the first operator", got, p)
		} else {
			h.want(store.ErrNotFound, err, "Person of caller %d", i)
		}
	}
	h.must(h.SetPersonDisabled(h.Context(), people[winner].ID, true, h.now), "SetPersonDisabled")
	h.hasOperator(true)
	h.want(store.ErrExists, h.CreateFirstOperator(h.Context(), h.someOperator()), "CreateFirstOperator beside a disabled operator")
}

func testNoFirstOperator(h *house) {
	h.must(h.CreatePerson(h.Context(), h.someOperator()), "CreatePerson")
	h.hasOperator(true)
	h.want(store.ErrExists, h.CreateFirstOperator(h.Context(), h.someOperator()), "CreateFirstOperator")
}

func testFirstOperatorTaken(h *house) {
	p := h.someOperator()
	p.Email = h.person.Email
	h.want(store.ErrExists, h.CreateFirstOperator(h.Context(), p), "CreateFirstOperator with an address that is taken")
	h.hasOperator(false)
	h.must(h.CreateFirstOperator(h.Context(), h.someOperator()), "CreateFirstOperator")
	h.hasOperator(true)
}

func testOperatorElsewhere(h *house) {
	h.must(h.other.CreateFirstOperator(h.Context(), h.someOperator()), "CreateFirstOperator in another project")
	h.hasOperator(false)
	h.must(h.CreateFirstOperator(h.Context(), h.someOperator()), "CreateFirstOperator")
}

func testPeople(h *house) {
	op := h.someOperator() // "op-…" stands before "per-…"
	h.must(h.CreateFirstOperator(h.Context(), op), "CreateFirstOperator")
	last := h.newPerson()
	got, err := h.People(h.Context(), "", 2)
	h.must(err, "People")
	same(h, "the first page", got, []store.Person{op, h.person})
	got, err = h.People(h.Context(), h.person.ID, 2)
	h.must(err, "People")
	same(h, "the second page", got, []store.Person{last})
}
