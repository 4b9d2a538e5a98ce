// connections.go: which apps are connected.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var connectionTests = map[string]func(*house){
	"are consents with their devices and their last use":  testConnectionUse,
	"are listed by person, by client and by organization": testConnectionsBy,
	"are read a page at a time":                           testConnectionPages,
}

func testConnectionUse(h *house) {
	ctx := h.Context()
	consent := h.agree(h.key(), h.now)
	h.filed() // its code is not spent
	ended, _ := h.spent(), h.spent()
	used, err := h.RotateGrant(ctx, h.grantUse(h.spent()))
	h.must(err, "RotateGrant")
	h.must(h.EndGrant(ctx, ended.ID, store.EndedByClient, h.at(time.Minute)), "EndGrant")
	elsewhere := h.grant()
	elsewhere.Resource = "https://other.example"
	h.must(h.FileGrant(ctx, elsewhere), "FileGrant")
	_, err = h.SpendCode(ctx, h.codeUse(elsewhere))
	h.must(err, "SpendCode")
	for _, tt := range []struct {
		name    string
		now     time.Time
		devices int
	}{
		{"while two grants are live", h.at(time.Minute), 2},
		{"when one was idle too long", h.at(time.Hour + 1500*time.Millisecond), 1},
		{"when both were", h.at(2 * time.Hour), 0},
	} {
		got, err := h.Connections(ctx, store.ConnectionQuery{Person: h.person.ID, Limit: 10, Now: tt.now})
		h.must(err, "Connections")
		same(h, "the connections "+tt.name, got, []store.Connection{{Consent: consent, UsedAt: used.UsedAt, Devices: tt.devices}})
	}
}

func testConnectionsBy(h *house) {
	ctx := h.Context()
	mine, theirs, own, another := h.key(), h.key(), h.key(), h.key()
	theirs.Person = h.newPerson().ID
	own.Org = ""
	another.Client = h.newClient(store.Registered).ID
	for _, key := range []store.ConsentKey{mine, theirs, own, another} {
		h.agree(key, h.now)
	}
	for _, tt := range []struct {
		name string
		q    store.ConnectionQuery
		want []store.ConsentKey
	}{
		{"all", store.ConnectionQuery{}, []store.ConsentKey{own, mine, another, theirs}},
		{"of a person", store.ConnectionQuery{Person: mine.Person}, []store.ConsentKey{own, mine, another}},
		{"of a client", store.ConnectionQuery{Client: mine.Client}, []store.ConsentKey{own, mine, theirs}},
		{"of an organization", store.ConnectionQuery{Org: "org"}, []store.ConsentKey{mine, another, theirs}},
		{"of a person to a client", store.ConnectionQuery{Person: mine.Person, Client: mine.Client}, []store.ConsentKey{own, mine}},
		{"of a person in an organization", store.ConnectionQuery{Person: mine.Person, Org: "org"}, []store.ConsentKey{mine, another}},
		{"to a client in an organization", store.ConnectionQuery{Client: mine.Client, Org: "org"}, []store.ConsentKey{mine, theirs}},
		{"of all three", store.ConnectionQuery{Person: theirs.Person, Client: theirs.Client, Org: "org"}, []store.ConsentKey{theirs}},
		{"of nobody", store.ConnectionQuery{Person: "per-none"}, nil},
		{"of no organization there is", store.ConnectionQuery{Org: "org-none"}, nil},
	} {
		tt.q.Limit, tt.q.Now = 10, h.now
		got, err := h.Connections(ctx, tt.q)
		h.must(err, "Connections %s", tt.name)
		same(h, "connections "+tt.name, keysOf(got), tt.want)
	}
}

func keysOf(list []store.Connection) (keys []store.ConsentKey) {
	for _, one := range list {
		keys = append(keys, one.ConsentKey)
	}
	return keys
}

func testConnectionPages(h *house) {
	var want []store.ConsentKey
	for _, org := range []store.OrgID{"a", "b", "c", "d", "e"} {
		key := h.key()
		key.Org = org
		h.agree(key, h.now)
		want = append(want, key)
	}
	q := store.ConnectionQuery{Limit: 2, Now: h.now}
	for len(want) > 0 {
		got, err := h.Connections(h.Context(), q)
		h.must(err, "Connections after %v", q.After)
		n := min(2, len(want))
		same(h, "a page of connections", keysOf(got), want[:n])
		if len(got) == 0 {
			return
		}
		q.After, want = got[len(got)-1].ConsentKey, want[n:]
	}
	got, err := store.EveryConnection(h.Context(), h.Store, store.ConnectionQuery{Person: h.person.ID, Now: h.now})
	h.must(err, "EveryConnection")
	same(h, "how many connections there are in all", len(got), 5)
}
