package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestTheCommittedVectorsAreThePrograms fails when somebody changed a file by hand, or the program without running it.
func TestTheCommittedVectorsAreThePrograms(t *testing.T) {
	files, err := makeFiles()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(name)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the program makes (%v): run go generate ./conformance/vectors", name, err)
		}
	}
	committed, err := filepath.Glob("*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range committed {
		if files[name] == nil {
			t.Errorf("the program does not make %s", name)
		}
	}
}
