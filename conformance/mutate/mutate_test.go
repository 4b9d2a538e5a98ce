package main

import (
	"path/filepath"
	"testing"
)

// TestTheTableFitsTheLibraries fails when a check was written anew and the table was not.
func TestTheTableFitsTheLibraries(t *testing.T) {
	root, err := findRoot()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range languages {
		if len(l.checks) < 20 {
			t.Errorf("%s has %d checks in the table, want 20 or more", l.name, len(l.checks))
		}
		for _, m := range l.checks {
			dir := t.TempDir()
			path := filepath.Join(root, l.source, m.file)
			if err := copyFile(filepath.Dir(path), dir, path); err != nil {
				t.Fatal(err)
			}
			m.file = filepath.Base(m.file)
			if err := m.apply(dir); err != nil || m.old == m.new {
				t.Errorf("%s without %s: %v", l.name, m.name, err)
			}
		}
	}
}
