// keys.go: signing keys and secrets, and the projects that have them.

package storetest

import (
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var keyTests = map[string]func(*house){
	"come back oldest first":             testKeys,
	"retire when another one is kept":    testRetireKeys,
	"stand beside secrets, filed once":   testSecret,
	"do not retire for one nobody knows": testRetireUnknown,
}

func (h *house) signingKey(id string, at time.Time) store.SigningKey {
	h.Helper()
	k := store.SigningKey{ID: id, Public: oauth.JWK{KeyType: "EC", KeyID: id, X: "x", Y: "y"}, Sealed: []byte{0, 255, 1}, CreatedAt: at, ActiveAt: at.Add(time.Hour)}
	h.must(h.AddKey(h.Context(), k), "AddKey(%s)", id)
	return k
}

func (h *house) keys() []store.SigningKey {
	h.Helper()
	keys, err := h.SigningKeys(h.Context())
	h.must(err, "SigningKeys")
	return keys
}

func testKeys(h *house) {
	same(h, "no keys", len(h.keys()), 0)
	young, old := h.signingKey("a", h.at(time.Minute)), h.signingKey("b", h.now)
	same(h, "the keys", h.keys(), []store.SigningKey{old, young})
	h.want(store.ErrExists, h.AddKey(h.Context(), young), "AddKey of the same id")
}

func testRetireKeys(h *house) {
	one, two, three := h.signingKey("1", h.now), h.signingKey("2", h.now), h.signingKey("3", h.now)
	h.must(h.RetireKeys(h.Context(), "2", h.at(time.Hour)), "RetireKeys")
	h.must(h.RetireKeys(h.Context(), "3", h.at(2*time.Hour)), "RetireKeys")
	one.RetiredAt, two.RetiredAt = h.at(time.Hour), h.at(2*time.Hour)
	three.RetiredAt = h.at(time.Hour)
	same(h, "the keys", h.keys(), []store.SigningKey{one, two, three})
	h.must(h.RetireKeys(h.Context(), "3", h.at(time.Minute)), "RetireKeys earlier")
	one.RetiredAt, two.RetiredAt = h.at(time.Minute), h.at(time.Minute)
	same(h, "the keys after a rotation that could not wait", h.keys(), []store.SigningKey{one, two, three})
}

func testRetireUnknown(h *house) {
	one := h.signingKey("1", h.now)
	h.want(store.ErrNotFound, h.RetireKeys(h.Context(), "2", h.now), "RetireKeys")
	same(h, "the keys", h.keys(), []store.SigningKey{one})
}

func testSecret(h *house) {
	for _, fresh := range []string{"first", "second"} {
		got, err := h.Secret(h.Context(), "mac", []byte(fresh))
		h.must(err, "Secret")
		same(h, "the secret", string(got), "first")
	}
	got, err := h.Secret(h.Context(), "another", []byte{0, 255})
	h.must(err, "Secret")
	same(h, "another secret", got, []byte{0, 255})
}

func testProjects(t *testing.T, db store.Database) {
	h := newHouse(t, db)
	ctx := t.Context()
	projects := func(want ...store.Project) {
		h.Helper()
		got, err := db.Projects(ctx)
		h.must(err, "Projects")
		same(h, "the projects", got, want)
	}
	projects()
	b := store.Project{ID: "b", Issuer: "https://b.example", Name: "B", CreatedAt: h.now,
		Settings: store.Settings{DefaultResource: "https://mcp.example", SigningAlg: oauth.EdDSA, NoRegistration: true, RefreshGrace: -1}}
	a := store.Project{ID: "a", Issuer: "https://a.example", Name: "A", CreatedAt: h.now}
	h.must(db.CreateProject(ctx, b), "CreateProject")
	h.must(db.CreateProject(ctx, a), "CreateProject")
	projects(a, b)

	h.want(store.ErrExists, db.CreateProject(ctx, store.Project{ID: "a", Issuer: "https://c.example"}), "CreateProject of an id that is there")
	h.want(store.ErrExists, db.CreateProject(ctx, store.Project{ID: "c", Issuer: a.Issuer}), "CreateProject of an issuer that is there")
	a.Issuer, a.Name, a.Settings = "https://a2.example", "A2", store.Settings{AccessLife: time.Minute}
	h.must(db.UpdateProject(ctx, a), "UpdateProject")
	projects(a, b)
	h.want(store.ErrExists, db.UpdateProject(ctx, store.Project{ID: "a", Issuer: b.Issuer}), "UpdateProject to an issuer that is there")
	h.want(store.ErrNotFound, db.UpdateProject(ctx, store.Project{ID: "c", Issuer: "https://c.example"}), "UpdateProject of none")
	projects(a, b)
	h.must(db.Ping(ctx), "Ping")
}
