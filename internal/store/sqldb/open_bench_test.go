package sqldb

import (
	"path/filepath"
	"testing"
)

// BenchmarkOpen measures the way from nothing to the first answer, on a file whose schema is up to date.
func BenchmarkOpen(b *testing.B) {
	url := "sqlite:" + filepath.Join(b.TempDir(), "a.db")
	first, err := Open(b.Context(), url)
	must(b, err)
	must(b, first.Close())
	for b.Loop() {
		db, err := Open(b.Context(), url)
		must(b, err)
		must(b, db.Ping(b.Context()))
		b.StopTimer()
		must(b, db.Close())
		b.StartTimer()
	}
}
