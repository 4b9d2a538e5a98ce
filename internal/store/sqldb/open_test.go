package sqldb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/storetest"
)

func TestOpenRefusesWhatIsNoDatabase(t *testing.T) {
	for _, tt := range []struct{ name, url, want string }{
		{"nothing", "", "must begin with"},
		{"another engine", "mysql://root:hunter2@localhost/x", "must begin with"},
		{"a path alone", "/var/lib/hunter2.db", "must begin with"},
		{"sqlite without a path", "sqlite:", "path of a file"},
		{"a database in memory, which readers could not see", "sqlite::memory:", "path of a file"},
		{"parameters, which would be ignored", "sqlite:/tmp/x.db?mode=ro", "path of a file"},
		{"a host", "sqlite://data/x.db", "without slashes"},
		{"a PostgreSQL URL with a bad port", "postgres://u:hunter2@localhost:port/x", "cannot be read"},
		{"a PostgreSQL URL with a bad option", "postgres://u:hunter2@localhost/x?pool_max_conns=many", "cannot be read"},
		{"a server that is not there", "postgres://u:hunter2@127.0.0.1:1/x", "connect"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Open(t.Context(), tt.url)
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Open(%q) = %v, want an error that says %q and no secret", tt.url, err, tt.want)
			}
		})
	}
}

func TestDataFilesAreTheirOwnersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new folder", "100% ? #.db")
	_, err := Open(t.Context(), "sqlite:"+path)
	if err == nil {
		t.Errorf("Open of a path with ? and # = nil, want an error")
	}
	path = filepath.Join(filepath.Dir(path), "100% é.db")
	check := func() {
		t.Helper()
		db := open(t, "sqlite:"+path)
		must(t, db.CreateProject(t.Context(), store.Project{ID: store.ProjectID(store.NewID(benchEpoch)), Issuer: store.NewID(benchEpoch)}))
		must(t, db.Ping(t.Context()))
		for _, name := range []string{path, path + "-wal", path + "-shm"} {
			info, err := os.Stat(name)
			must(t, err)
			if info.Mode().Perm() != 0o600 {
				t.Errorf("mode of %s = %o, want 600", filepath.Base(name), info.Mode().Perm())
			}
		}
		must(t, db.Close())
	}
	check()
	must(t, os.Chmod(path, 0o644))
	check()
	info, err := os.Stat(filepath.Dir(path))
	must(t, err)
	if info.Mode().Perm() != 0o700 {
		t.Errorf("mode of the folder = %o, want 700", info.Mode().Perm())
	}
}

func TestOldSQLiteIsRefused(t *testing.T) {
	for version, fine := range map[string]bool{"3.51.2": false, "3.40.1": false, "2.99.99": false, "3.51.3": true, "3.53.4": true, "4.0.0": true, "three": false} {
		if err := checkSQLiteVersion(version); (err == nil) != fine {
			t.Errorf("checkSQLiteVersion(%q) = %v, want it fine: %t", version, err, fine)
		}
	}
}

// TestSchema opens databases whose schema is older, newer and the same.
func TestSchema(t *testing.T) {
	for _, e := range []struct {
		name, driver string
		fresh        func(t *testing.T) (url, dsn string)
	}{
		{"SQLite", "sqlite", func(t *testing.T) (string, string) {
			path := filepath.Join(t.TempDir(), "a.db")
			return "sqlite:" + path, path
		}},
		{"PostgreSQL", "pgx", func(t *testing.T) (string, string) {
			url := storetest.Postgres(t)
			return url, url
		}},
	} {
		t.Run(e.name, func(t *testing.T) {
			ctx := t.Context()
			url, dsn := e.fresh(t)
			if _, err := Open(ctx, url, KeepSchema()); !errors.Is(err, ErrSchema) {
				t.Errorf("Open of an empty database, KeepSchema = %v, want %v", err, ErrSchema)
			}
			open(t, url)
			db, err := Open(ctx, url, KeepSchema())
			if err != nil {
				t.Fatalf("Open of a database that is up to date, KeepSchema = %v, want no error", err)
			}
			must(t, db.Close())
			openRaw(t, e.driver, dsn).exec(fmt.Sprintf("insert into goose_db_version (version_id, is_applied) values (%d, true)", schemaVersion+1))
			for _, opts := range [][]Option{nil, {KeepSchema()}} {
				if _, err := Open(ctx, url, opts...); !errors.Is(err, ErrSchema) || !strings.Contains(err.Error(), "newer") {
					t.Errorf("Open of a newer database with %d options = %v, want %v", len(opts), err, ErrSchema)
				}
			}

			url, _ = e.fresh(t)
			errs := make(chan error)
			for range 8 {
				go func() {
					db, err := Open(context.Background(), url)
					if err == nil {
						err = errors.Join(db.Ping(context.Background()), db.Close())
					}
					errs <- err
				}()
			}
			for range 8 {
				if err := <-errs; err != nil {
					t.Errorf("Open by eight programs at once = %v, want no error", err)
				}
			}
		})
	}
}

func TestSchemaVersionIsThatOfTheLastMigration(t *testing.T) {
	entries, err := migrationFiles.ReadDir("migrations")
	must(t, err)
	last := entries[len(entries)-1].Name()
	if !strings.HasPrefix(last, fmt.Sprintf("%05d_", schemaVersion)) || len(entries) != schemaVersion {
		t.Errorf("schemaVersion = %d, want that of %s, the last of %d", schemaVersion, last, len(entries))
	}
	must(t, fstest.TestFS(migrationFiles, "migrations/00001_start.sql"))
}

// TestTwoProgramsShareASecret: each file or server is opened twice, as two replicas do.
func TestTwoProgramsShareASecret(t *testing.T) {
	for name, url := range map[string]func() string{
		"SQLite":     func() string { return "sqlite:" + filepath.Join(t.TempDir(), "a.db") },
		"PostgreSQL": func() string { return storetest.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			u := url()
			stores := []store.Store{open(t, u).For("default"), open(t, u).For("default")}
			got := make(chan string)
			for i := range 50 {
				go func() {
					secret, err := stores[i%2].Secret(context.Background(), "mac", []byte{byte(i)})
					if err != nil {
						t.Errorf("Secret for caller %d = %v, want no error", i, err)
					}
					got <- string(secret)
				}()
			}
			first := <-got
			for range 49 {
				if secret := <-got; secret != first {
					t.Errorf("Secret = %q, want %q as for everybody", secret, first)
				}
			}
		})
	}
}
