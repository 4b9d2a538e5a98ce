// Package sqldbtest gives a test a database of its own.
//
// The schema is made once for a test program and copied: to make it takes a quarter of a second under the race detector,
// which a program with hundreds of databases has no use for. The migrations have tests of their own.
package sqldbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
)

// Open opens a new database on SQLite, and closes it with the test.
func Open(t testing.TB) store.Database {
	t.Helper()
	db, err := sqldb.Open(t.Context(), "sqlite:"+File(t), sqldb.KeepSchema())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing the database: %v", err)
		}
	})
	return db
}

// File makes a new database on SQLite with nothing in it, and says where.
func File(t testing.TB) string {
	t.Helper()
	empty, err := schema()
	path := filepath.Join(t.TempDir(), "test.db")
	if err == nil {
		err = os.WriteFile(path, empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// schema is the file of a database with nothing in it.
var schema = sync.OnceValues(func() (file []byte, err error) {
	dir, err := os.MkdirTemp("", "sqldbtest")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	path := filepath.Join(dir, "empty.db")
	db, err := sqldb.Open(context.Background(), "sqlite:"+path)
	if err != nil {
		return nil, err
	}
	if err := db.Close(); err != nil {
		return nil, err
	}
	if left, err := os.Stat(path + "-wal"); err == nil && left.Size() > 0 {
		return nil, fmt.Errorf("%d bytes of the new database are outside of its file", left.Size())
	}
	return os.ReadFile(path)
})
