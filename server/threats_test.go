package server

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// threats are the ids that docs/threats.md must answer.
func threats() []string {
	var ids []string
	for letter, last := range map[string]int{"I": 14, "A": 15, "B": 14, "C": 11, "D": 6, "E": 10} {
		for n := 1; n <= last; n++ {
			if letter != "B" || n != 13 { // client assertions do not exist yet
				ids = append(ids, fmt.Sprintf("%s%d", letter, n))
			}
		}
	}
	return ids
}

// TestTheThreatsNameRealTests holds docs/threats.md to the tests that are there.
func TestTheThreatsNameRealTests(t *testing.T) {
	text, err := os.ReadFile("../docs/threats.md")
	if err != nil {
		t.Fatal(err)
	}
	known := testNames(t)
	row := regexp.MustCompile(`(?m)^\| ([A-Z][0-9]+) \| (.+) \| (.+) \|$`)
	answered := make(map[string]int)
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		answered[m[1]]++
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[3], -1)
		if len(names) == 0 {
			t.Errorf("threat %s names no test", m[1])
		}
		for _, name := range names {
			if !known[name[1]] {
				t.Errorf("threat %s names %s, which is neither a script nor a test", m[1], name[1])
			}
		}
	}
	for _, id := range threats() {
		if answered[id] != 1 {
			t.Errorf("threat %s is answered %d times, want once", id, answered[id])
		}
	}
}

// testNames are the scripts, and the tests and fuzz targets of every room with those of the suite that stores must pass.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	names := make(map[string]bool)
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)
	suite := regexp.MustCompile(`(?m)^func ((?:test|race)[A-Za-z0-9_]+)\(`)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		find := declared
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case strings.HasPrefix(path, "../server/testdata/flow/"):
			names[strings.TrimSuffix(d.Name(), ".txtar")] = true
			return nil
		case strings.Contains(path, "/storetest/") && strings.HasSuffix(path, ".go"):
			find = suite
		case !strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range find.FindAllStringSubmatch(string(text), -1) {
			names[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
