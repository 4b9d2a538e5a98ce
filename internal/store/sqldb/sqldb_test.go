package sqldb

import (
	"path/filepath"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/storetest"
)

func TestSQLite(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Database { return open(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db")) })
}

func TestPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) store.Database { return open(t, storetest.Postgres(t)) })
}

func open(t testing.TB, url string) store.Database {
	t.Helper()
	db, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
	})
	return db
}
