package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/storetest"
)

// TestPostgresWithOneConnection would hang wherever a step waits for a second connection while it holds the only one.
func TestPostgresWithOneConnection(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Database { return open(t, storetest.Postgres(t)+"&pool_max_conns=1") })
}

// TestPostgresThroughAPooler speaks as it must to a pooler of transactions, which keeps no prepared statements.
func TestPostgresThroughAPooler(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Database {
		return open(t, storetest.Postgres(t)+"&default_query_exec_mode=exec")
	})
}

// collide makes changes of attempts fail with the state, so many times. A sequence counts, because it is not rolled back.
func (r *raw) collide(state string, times int) {
	r.exec(`create sequence if not exists collisions`)
	r.exec(fmt.Sprintf(`create or replace function collide() returns trigger language plpgsql as $$ begin
		if nextval('collisions') <= %d then raise exception 'collision' using errcode = '%s'; end if;
		return new; end $$`, times, state))
	r.exec(`alter sequence collisions restart`)
	r.exec(`drop trigger if exists collide on secrets`)
	r.exec(`create trigger collide before insert or update on secrets for each row execute function collide()`)
}

func TestPostgresTriesAgainAfterACollision(t *testing.T) {
	url := storetest.Postgres(t)
	e := open(t, url).(*database).engine
	raw := openRaw(t, "pgx", url)
	ctx := t.Context()
	shapes := map[string]func(c call) error{
		"a step": func(c call) error { _, err := e.step(ctx, c, nil); return err },
		"steps": func(c call) error {
			return e.steps(ctx, func(run run) error { _, err := run(ctx, c, nil); return err })
		},
		"statements together": func(c call) error { _, err := e.together(ctx, c, selectSecret.with("p", "n")); return err },
	}
	for _, tt := range []struct {
		state string
		times int
		want  string
	}{
		{"40001", postgresTries - 1, ""},
		{"40P01", postgresTries - 1, ""},
		{"40001", postgresTries, "40001"},
		{"22012", 1, "22012"}, // division by zero: no collision
	} {
		for name, shape := range shapes {
			t.Run(fmt.Sprintf("%s meets %d × %s", name, tt.times, tt.state), func(t *testing.T) {
				raw.collide(tt.state, tt.times)
				err := shape(insertSecret.with("p", store.NewID(time.Now()), []byte("s")))
				if sqlState(err) != tt.want || (err == nil) != (tt.want == "") {
					t.Errorf("%s = %v, want SQLSTATE %q", name, err, tt.want)
				}
			})
		}
	}
}

func TestPostgresSurvivesConnectionsThatWereCut(t *testing.T) {
	url := storetest.Postgres(t)
	db := open(t, url+"&pool_max_conns=3")
	s := db.For("default")
	must(t, s.CreatePerson(t.Context(), store.Person{ID: "per"}))
	must(t, s.CreateClient(t.Context(), store.Client{ID: "client", Origin: store.Registered}))
	g := benchGrant()
	must(t, s.FileGrant(t.Context(), g))
	raw := openRaw(t, "pgx", url)
	for range 3 {
		for range 6 { // so that every connection of the pool is likely open
			must(t, db.Ping(t.Context()))
		}
		raw.strings(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
		if _, err := s.LiveGrant(t.Context(), g.ID, benchEpoch); err != nil {
			t.Fatalf("LiveGrant over a connection that was cut = %v, want no error", err)
		}
	}
}

func TestPostgresLeavesAServerThatOnlyReads(t *testing.T) {
	url := storetest.Postgres(t)
	db := open(t, url+"&pool_max_conns=1").(*database)
	demote := &statement{text: "set default_transaction_read_only = on"}
	_, err := db.step(t.Context(), demote.with(), nil)
	must(t, err)
	if err := db.For("default").CreatePerson(t.Context(), store.Person{ID: "per"}); err != nil {
		t.Errorf("CreatePerson over a connection that became read-only = %v, want no error", err)
	}
	if db, err := Open(t.Context(), url+"&default_transaction_read_only=on"); err == nil {
		db.Close()
		t.Error("Open of a server that only reads = nil, want an error")
	}
}

func TestPostgresWaitsForNobodyLong(t *testing.T) {
	url := storetest.Postgres(t)
	settings := func(url string) map[string]string {
		db := open(t, url).(*database)
		got := make(map[string]string)
		for _, name := range []string{"statement_timeout", "application_name"} {
			shown := &statement{text: "show " + name, returns: true}
			v, err := first(t.Context(), db.look, scanOne[string], shown.with())
			must(t, err)
			got[name] = v
		}
		return got
	}
	if got := settings(url); got["statement_timeout"] != "2s" || got["application_name"] != "authwright" {
		t.Errorf("settings = %v, want a statement timeout of 2s and our name", got)
	}
	if got := settings(url + "&statement_timeout=50ms"); got["statement_timeout"] != "50ms" {
		t.Errorf("settings = %v, want the statement timeout of the URL", got)
	}

	s := open(t, url+"&statement_timeout=50ms").For("default")
	must(t, s.CreatePerson(t.Context(), store.Person{ID: "per"}))
	must(t, s.CreateClient(t.Context(), store.Client{ID: "client", Origin: store.Registered}))
	g := benchGrant()
	must(t, s.FileGrant(t.Context(), g))
	tx, err := openRaw(t, "pgx", url).Begin()
	must(t, err)
	defer tx.Rollback()
	_, err = tx.Exec(`select * from grants for update`)
	must(t, err)
	if _, err := s.SpendCode(t.Context(), codeUse(g)); sqlState(err) != "57014" || errors.Is(err, store.ErrNotFound) {
		t.Errorf("SpendCode of a grant that is locked = %v, want query_canceled", err)
	}
	must(t, tx.Rollback())
	if _, err := s.SpendCode(t.Context(), codeUse(g)); err != nil {
		t.Errorf("SpendCode after the lock is gone = %v, want no error", err)
	}
}

func TestOnlyWhatCannotHaveHappenedIsTriedAgain(t *testing.T) {
	cut := errors.New("unexpected EOF")
	ended := &pgconn.PgError{Code: "57P01"}
	broken := &pgconn.PgError{Code: "23505"}
	for _, tt := range []struct {
		name     string
		harmless func(error) bool
		err      error
		want     bool
	}{
		{"a change whose answer was lost", unsent, cut, false},
		{"a change during which the server was shut down", unsent, ended, false},
		{"a change that broke a rule", unsent, broken, false},
		{"a look whose answer was lost", brokenBefore, cut, true},
		{"a look during which the server was shut down", brokenBefore, fmt.Errorf("x: %w", ended), true},
		{"a look that broke a rule", brokenBefore, broken, false},
		{"a look whose caller left", brokenBefore, context.Canceled, false},
		{"a look that took too long", brokenBefore, fmt.Errorf("x: %w", context.DeadlineExceeded), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tries := 0
			err := new(postgresEngine).retry(t.Context(), tt.harmless, func(context.Context) (bool, error) { tries++; return true, tt.err })
			if (tries > 1) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("retry = %v after %d tries, want tried again: %t", err, tries, tt.want)
			}
		})
	}
	tries := 0
	new(postgresEngine).retry(t.Context(), brokenBefore, func(context.Context) (bool, error) { tries++; return false, cut })
	if tries != 1 {
		t.Errorf("a look that had handed over rows was tried %d times, want 1", tries)
	}
}

func TestPostgresURLKeepsItsSecret(t *testing.T) {
	_, err := Open(t.Context(), strings.Replace(storetest.Postgres(t), "user=postgres", "user=nobody-here&password=hunter2", 1))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("Open as somebody unknown = %v, want an error without the password", err)
	}
}
