package sqldb

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
)

// What the steps below are about; furnish files what has to be there before.
var (
	now      = benchEpoch
	browser  = store.DigestOf("browser")
	login    = store.Authentication{Person: "per", At: now}
	key      = store.ConsentKey{Person: "per", Client: "client", RedirectHost: "127.0.0.1", Resource: "https://mcp.example/mcp"}
	decision = store.Decision{Verdict: store.Allowed, Person: "per"}
	session  = store.Session{ID: store.DigestOf("new"), Auth: login, IdleUntil: now.Add(time.Hour), Expires: now.Add(time.Hour)}
	newcomer = store.Client{ID: "newcomer", CreatedAt: now}
)

// halves are steps of several statements, each with one of them to fail.
var halves = []struct {
	name          string
	change, table string // what fails
	step          func(ctx context.Context, db store.Database, s store.Store) error
}{
	{"CloseRequest cannot file its grant", "insert", "grants", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CloseRequest(ctx, "request", browser, benchGrant(), now)
	}},
	{"CloseRequest cannot mark the client used", "update", "clients", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CloseRequest(ctx, "request", browser, benchGrant(), now)
	}},
	{"FileGrant cannot mark the client used", "update", "clients", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.FileGrant(ctx, benchGrant())
	}},
	{"DecideRequest cannot remember the consent", "insert", "consents", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.DecideRequest(ctx, "request", browser, decision, &store.Consent{ConsentKey: store.ConsentKey{Person: "per", Client: "client"}}, now)
	}},
	{"WithdrawConsent cannot end the grants", "update", "grants", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.WithdrawConsent(ctx, key, store.EndedByPerson, now)
	}},
	{"DeleteClient cannot end the grants", "update", "grants", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.DeleteClient(ctx, "client", now)
	}},
	{"DeleteClient cannot forget the consents", "delete", "consents", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.DeleteClient(ctx, "client", now)
	}},
	{"RegisterClient cannot make room", "delete", "clients", func(ctx context.Context, _ store.Database, s store.Store) error {
		_, err := s.RegisterClient(ctx, newcomer, 1)
		return err
	}},
	{"SetPassword cannot end the sessions", "delete", "sessions", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.SetPassword(ctx, "per", "x", false, now)
	}},
	{"SetPassword cannot sign out of requests", "update", "requests", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.SetPassword(ctx, "per", "x", false, now)
	}},
	{"SetPassword cannot end the grants", "update", "grants", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.SetPassword(ctx, "per", "x", true, now)
	}},
	{"SetPersonDisabled cannot end the grants", "update", "grants", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.SetPersonDisabled(ctx, "per", true, now)
	}},
	{"CreateFirstOperator cannot create the person", "insert", "people", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CreateFirstOperator(ctx, store.Person{ID: "op"})
	}},
	{"OpenSession cannot file the session", "insert", "sessions", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.OpenSession(ctx, session, store.DigestOf("session"))
	}},
	{"OpenSession cannot end the one it replaces", "delete", "sessions", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.OpenSession(ctx, session, store.DigestOf("session"))
	}},
	{"CountFailure cannot change the key that is there", "update", "attempts", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CountFailure(ctx, "", now, time.Hour, store.DigestOf("attempt"), store.DigestOf("a"), store.DigestOf("b"), store.DigestOf("c"), store.DigestOf("d"))
	}},
	{"FileGrant cannot tell of it", "insert", "events", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.FileGrant(ctx, benchGrant())
	}},
	{"CloseRequest cannot tell of it", "insert", "events", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CloseRequest(ctx, "request", browser, benchGrant(), now)
	}},
	{"CreatePerson, of one statement, cannot tell of it", "insert", "events", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CreatePerson(ctx, store.Person{ID: "someone"})
	}},
	{"CountFailure cannot tell of it", "insert", "events", func(ctx context.Context, _ store.Database, s store.Store) error {
		return s.CountFailure(ctx, "per", now, time.Hour, store.DigestOf("a"))
	}},
	{"Sweep cannot forget the consents to a client", "delete", "consents", func(ctx context.Context, db store.Database, _ store.Store) error {
		_, err := db.Sweep(ctx, now.Add(-time.Hour), 100)
		return err
	}},
}

// furnish files what the steps are about.
func furnish(t *testing.T, s store.Store) {
	t.Helper()
	ctx := t.Context()
	must(t, s.CreatePerson(ctx, store.Person{ID: "per"}))
	must(t, s.CreateClient(ctx, store.Client{ID: "client", Origin: store.Registered}))
	must(t, s.CreateClient(ctx, store.Client{ID: "older", Origin: store.SelfRegister, CreatedAt: now.Add(-48 * time.Hour)}))
	for _, client := range []store.ClientID{"client", "older"} {
		must(t, s.OpenRequest(ctx, store.Request{ID: "request", Client: client, Browser: browser, Auth: login, Expires: now.Add(time.Hour)}))
		consent := store.Consent{ConsentKey: key}
		consent.Client = client
		must(t, s.DecideRequest(ctx, "request", browser, decision, &consent, now))
		must(t, s.DropRequest(ctx, "request", browser))
	}
	must(t, s.OpenRequest(ctx, store.Request{ID: "request", Client: "client", Browser: browser, Auth: login, Expires: now.Add(time.Hour)}))
	g := benchGrant()
	g.CreatedAt = now.Add(-48 * time.Hour)
	must(t, s.FileGrant(ctx, g))
	old := session
	old.ID = store.DigestOf("session")
	must(t, s.OpenSession(ctx, old, store.Digest{}))
	must(t, s.CountFailure(ctx, "", now, time.Hour, store.DigestOf("attempt")))
}

// TestAStepThatFailsHalfwayChangesNothing lets one statement of each step of several fail, and compares every row of
// every table.
func TestAStepThatFailsHalfwayChangesNothing(t *testing.T) {
	for _, tt := range halves {
		t.Run(tt.name, func(t *testing.T) {
			bothEngines(t, func(t *testing.T, db store.Database, raw *raw) {
				ctx, s := t.Context(), db.For("default")
				furnish(t, s)
				repair := raw.sabotage(tt.change, tt.table)
				before := raw.dump()
				err := tt.step(ctx, db, s)
				if err == nil || errors.Is(err, store.ErrNotFound) || !strings.Contains(err.Error(), "sabotage") {
					t.Errorf("the step = %v, want the failure of the storage", err)
				}
				if diff := cmp.Diff(before, raw.dump()); diff != "" {
					t.Errorf("the step changed: -before +after\n%s", diff)
				}
				repair()
				if err := tt.step(ctx, db, s); err != nil {
					t.Errorf("the step after the repair = %v, want no error", err)
				}
				if cmp.Equal(before, raw.dump()) {
					t.Errorf("the step after the repair changed nothing")
				}
			})
		})
	}
}

// TestUseDoesNotGrowTheDatabase: a refresh changes a row and adds none; asking for a grant adds none.
func TestUseDoesNotGrowTheDatabase(t *testing.T) {
	bothEngines(t, func(t *testing.T, db store.Database, raw *raw) {
		ctx, s := t.Context(), db.For("default")
		must(t, s.CreatePerson(ctx, store.Person{ID: "per"}))
		must(t, s.CreateClient(ctx, store.Client{ID: "client", Origin: store.Registered}))
		g := benchGrant()
		must(t, s.FileGrant(ctx, g))
		count := func() map[string]int {
			rows := make(map[string]int)
			for table, lines := range raw.dump() {
				rows[table] = len(lines)
			}
			return rows
		}
		before := count()
		g, err := s.SpendCode(ctx, codeUse(g))
		must(t, err)
		for range 1000 {
			g, err = s.RotateGrant(ctx, grantUse(g))
			must(t, err)
			_, err = s.LiveGrant(ctx, g.ID, benchEpoch)
			must(t, err)
		}
		if g.Generation != 1001 {
			t.Errorf("generation = %d, want 1001", g.Generation)
		}
		if diff := cmp.Diff(before, count()); diff != "" {
			t.Errorf("rows: -before +after\n%s", diff)
		}
	})
}
