package sqldb

import (
	databasesql "database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/storetest"
)

// bothEngines runs a test on a fresh database of each engine.
func bothEngines(t *testing.T, test func(t *testing.T, db store.Database, raw *raw)) {
	t.Run("SQLite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "a.db")
		db := open(t, "sqlite:"+path)
		test(t, db, openRaw(t, "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		url := storetest.Postgres(t)
		db := open(t, url)
		test(t, db, openRaw(t, "pgx", url))
	})
}

// raw is a way into the database beside the store, as another program has it.
type raw struct {
	*databasesql.DB
	t      *testing.T
	driver string
}

func openRaw(t *testing.T, driver, dsn string) *raw {
	t.Helper()
	db, err := databasesql.Open(driver, dsn)
	must(t, err)
	t.Cleanup(func() { db.Close() })
	return &raw{db, t, driver}
}

func (r *raw) exec(text string) {
	r.t.Helper()
	if _, err := r.Exec(text); err != nil {
		r.t.Fatalf("%s: %v", text, err)
	}
}

// strings reads the rows of a query, each as one text.
func (r *raw) strings(text string) (lines []string) {
	r.t.Helper()
	rows, err := r.Query(text)
	must(r.t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	must(r.t, err)
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		must(r.t, rows.Scan(values...))
		var line []string
		for _, v := range values {
			line = append(line, fmt.Sprint(*v.(*any)))
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	must(r.t, rows.Err())
	return lines
}

// dump is every row of every table.
func (r *raw) dump() map[string][]string {
	r.t.Helper()
	list := `select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`
	if r.driver == "pgx" {
		list = `select table_name from information_schema.tables where table_schema = 'public'`
	}
	all := make(map[string][]string)
	for _, table := range r.strings(list) {
		all[table] = r.strings("select * from " + table)
		slices.Sort(all[table])
	}
	if len(all) < 12 {
		r.t.Fatalf("only %d tables were found", len(all))
	}
	return all
}

// sabotage makes every such change (insert, update or delete) of the table fail, until it is repaired.
func (r *raw) sabotage(change, table string) (repair func()) {
	r.t.Helper()
	if r.driver == "pgx" {
		r.exec(`create or replace function fail() returns trigger language plpgsql as $$ begin raise exception 'sabotage'; end $$`)
		r.exec(`create trigger sabotage before ` + change + ` on ` + table + ` for each row execute function fail()`)
		return func() { r.exec(`drop trigger sabotage on ` + table) }
	}
	r.exec(`create trigger sabotage before ` + change + ` on ` + table + ` begin select raise(abort, 'sabotage'); end`)
	return func() { r.exec(`drop trigger sabotage`) }
}
