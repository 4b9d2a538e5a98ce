// Package storetest proves that a store.Database keeps its promises.
package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Run runs the suite. Open opens a fresh database and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) store.Database) {
	db := open(t)
	for _, chapter := range []struct {
		name  string
		tests map[string]func(*house)
	}{
		{"requests", requestTests},
		{"grants", grantTests},
		{"consents", consentTests},
		{"connections", connectionTests},
		{"clients", clientTests},
		{"terms", termTests},
		{"people", peopleTests},
		{"identities", identityTests},
		{"trust", trustTests},
		{"organizations", organizationTests},
		{"domains", domainTests},
		{"invitations", invitationTests},
		{"approvals", approvalTests},
		{"operators", operatorTests},
		{"sessions", sessionTests},
		{"challenges", challengeTests},
		{"passkeys", passkeyTests},
		{"providers", providerTests},
		{"second factors", factorTests},
		{"attempts", attemptTests},
		{"keys", keyTests},
		{"events", eventTests},
		{"one caller wins", raceTests},
		{"projects are apart", isolationTests},
	} {
		t.Run(chapter.name, func(t *testing.T) {
			for name, test := range chapter.tests {
				t.Run(name, func(t *testing.T) { test(newHouse(t, db)) })
			}
		})
	}
	for name, test := range sweepTests { // a sweep concerns every project, so each has a database of its own
		t.Run("sweep/"+name, func(t *testing.T) { test(newHouse(t, open(t))) })
	}
	t.Run("projects", func(t *testing.T) { testProjects(t, open(t)) })
	t.Run("a database that was closed refuses its steps", func(t *testing.T) { testClosed(t, open(t)) })
}

// house is a project with a person, a client and a resource, and a second project that must never be seen from it.
type house struct {
	*testing.T
	store.Store
	db      store.Database
	project store.ProjectID
	other   store.Store
	now     time.Time
	person  store.Person
	client  store.Client
	serial  *int // of the last unique name
}

// birth is when every house begins: any time will do, but not one that hides a lost millisecond.
var birth = time.Date(2026, 11, 22, 10, 0, 0, 123_000_000, time.UTC)

func newHouse(t *testing.T, db store.Database) *house {
	t.Helper()
	id := store.NewID(time.Now())
	h := &house{T: t, db: db, project: store.ProjectID(id), now: birth, serial: new(int),
		Store: db.For(store.ProjectID(id)), other: db.For(store.ProjectID(id + "-other"))}
	h.must(h.CreateOrganization(t.Context(), store.Organization{ID: "org", Slug: "org", Name: "Org", CreatedAt: birth}), "CreateOrganization")
	h.person = h.newPerson()
	h.client = h.newClient(store.Registered)
	return h
}

// in is the house, for a subtest.
func (h *house) in(t *testing.T) *house {
	room := *h
	room.T = t
	return &room
}

// at is the time d after the house began.
func (h *house) at(d time.Duration) time.Time { return h.now.Add(d) }

// unique makes names that no other test has.
func (h *house) unique(kind string) string {
	*h.serial++
	return fmt.Sprintf("%s-%d-%s", kind, *h.serial, h.project)
}

func (h *house) newPerson() store.Person {
	h.Helper()
	id := h.unique("per")
	p := store.Person{ID: store.PersonID(id), Email: id + "@example.com", EmailVerified: true, Name: "Zoë", Password: "$argon2id$1", CreatedAt: h.now}
	h.must(h.CreatePerson(h.Context(), p), "CreatePerson(%s)", id)
	h.must(h.PutMember(h.Context(), store.Membership{Org: "org", Person: p.ID, Roles: []string{"member"}, CreatedAt: h.now}), "PutMember(%s)", id)
	return p
}

func (h *house) someClient(origin store.Origin) store.Client {
	id := h.unique("client")
	return store.Client{
		ID: store.ClientID(id), Origin: origin, Version: 1, CreatedAt: h.now,
		Metadata:     oauth.ClientMetadata{ClientName: "Clien\x00t “1”", RedirectURIs: []string{"https://app.example/cb", "http://127.0.0.1/cb"}},
		MetadataHash: store.DigestOf(id),
	}
}

func (h *house) newClient(origin store.Origin) store.Client {
	h.Helper()
	c := h.someClient(origin)
	h.must(h.CreateClient(h.Context(), c), "CreateClient(%s)", c.ID)
	return c
}

// grant is a grant that was not filed yet. Its code is its id.
func (h *house) grant() store.Grant {
	id := h.unique("grant")
	return store.Grant{
		ID: store.GrantID(id), Person: h.person.ID, Client: h.client.ID, Org: "org", Resource: "https://mcp.example",
		Scope: store.Scope{"read", "write"}, RedirectURI: "https://app.example/cb", Challenge: "challenge", Nonce: "n\x00\xff",
		AuthTime: h.now, Methods: []string{"pwd", "otp"}, Refreshable: true,
		Code: store.DigestOf(id), CodeExpires: h.at(time.Minute),
		CreatedAt: h.now, UsedAt: h.now, IdleUntil: h.at(time.Hour), Expires: h.at(10 * time.Hour),
		Standing: store.Standing{Roles: []string{"member"}, Slug: "org"}, // as it will be read
	}
}

func (h *house) filed() store.Grant {
	h.Helper()
	g := h.grant()
	h.must(h.FileGrant(h.Context(), g), "FileGrant(%s)", g.ID)
	return g
}

// codeUse fits the grant.
func (h *house) codeUse(g store.Grant) store.CodeUse {
	return store.CodeUse{Grant: g.ID, Code: g.Code, Client: g.Client, ClientVersion: 1, RedirectURI: string(g.RedirectURI),
		Challenge: g.Challenge, Idle: time.Hour, Now: h.at(time.Second)}
}

// spent is a grant whose code was spent a second after its birth.
func (h *house) spent() store.Grant {
	h.Helper()
	g, err := h.SpendCode(h.Context(), h.codeUse(h.filed()))
	h.must(err, "SpendCode")
	return g
}

// grantUse presents the grant's newest refresh token two seconds after its birth.
func (h *house) grantUse(g store.Grant) store.GrantUse {
	return store.GrantUse{Grant: g.ID, Client: g.Client, ClientVersion: 1, Generation: g.Generation,
		Grace: 30 * time.Second, Idle: time.Hour, Life: 10 * time.Hour, Now: h.at(2 * time.Second)}
}

func (h *house) stored(id store.GrantID) store.Grant {
	h.Helper()
	g, err := h.Grant(h.Context(), id)
	h.must(err, "Grant(%s)", id)
	return g
}

// must stops the test when a step failed.
func (h *house) must(err error, call string, args ...any) {
	h.Helper()
	if err != nil {
		h.Fatalf(call+" = %v, want no error", append(args, err)...)
	}
}

// want reports an error other than the wanted one.
func (h *house) want(want, err error, call string, args ...any) {
	h.Helper()
	if !errors.Is(err, want) {
		h.Errorf(call+" = %v, want %v", append(args, err, want)...)
	}
}

// same reports a difference between records.
func same[T any](h *house, what string, got, want T) {
	h.Helper()
	if diff := cmp.Diff(want, got, addresses); diff != "" {
		h.Errorf("%s: -want +got\n%s", what, diff)
	}
}

// callers is how many call at once wherever the suite says that one wins.
const callers = 50

// together calls f from many goroutines at once and returns what each answered.
func together(f func(i int) error) []error {
	errs := make([]error, callers)
	var ready, done sync.WaitGroup
	ready.Add(callers)
	for i := range callers {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			errs[i] = f(i)
		})
	}
	done.Wait()
	return errs
}

// oneWins reports unless exactly one call succeeded and all others met lost.
func (h *house) oneWins(call string, lost error, errs []error) (winner int) {
	h.Helper()
	won, winner := 0, -1
	for i, err := range errs {
		switch {
		case err == nil:
			won++
			winner = i
		case !errors.Is(err, lost):
			h.Errorf("%s by caller %d = %v, want %v", call, i, err, lost)
		}
	}
	if won != 1 {
		h.Fatalf("%d of %d callers of %s succeeded, want 1", won, len(errs), call)
	}
	return winner
}

func testClosed(t *testing.T, db store.Database) {
	h := newHouse(t, db)
	h.must(db.Ping(t.Context()), "Ping")
	h.must(db.Close(), "Close")
	h.must(db.Close(), "Close again")
	if err := h.FileGrant(t.Context(), h.grant()); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("FileGrant on a closed database = %v, want a failure of the storage", err)
	}
	if _, err := h.Person(t.Context(), h.person.ID); err == nil || errors.Is(err, store.ErrNotFound) {
		t.Errorf("Person on a closed database = %v, want a failure of the storage", err)
	}
}
