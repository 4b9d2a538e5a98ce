package server

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	return append(ids, "F3", "F6", "F7", "F8", "F10", "F11", "G13")
}

// ofEveryLanguage are the threats that each library answers, with a test of its own.
var ofEveryLanguage = []string{"I6", "C1", "F3", "F6", "F7", "F8", "F10", "F11", "G13"}

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
		languages := make(map[string]bool)
		for _, name := range names {
			if known[name[1]] == "" {
				t.Errorf("threat %s names %s, which is neither a script nor a test", m[1], name[1])
			}
			languages[known[name[1]]] = true
		}
		if slices.Contains(ofEveryLanguage, m[1]) && (!languages[".go"] || !languages[".ts"] || !languages[".py"]) {
			t.Errorf("threat %s names no test of one of the languages", m[1])
		}
	}
	for _, id := range threats() {
		if answered[id] != 1 {
			t.Errorf("threat %s is answered %d times, want once", id, answered[id])
		}
	}
}

// Where the names of tests are, by the folder and the ending of their files. A file comes under the first that fits.
var declarations = []struct {
	in, ending string
	name       *regexp.Regexp
}{
	{"../web/node/test/", ".test.ts", regexp.MustCompile("(?m)^ *(?:test|describe)\\((?:'([^']+)'|\"([^\"]+)\")")},
	{"../python/tests/", ".py", regexp.MustCompile(`(?m)^(?:async )?def (test_[a-z0-9_]+)\(`)},
	{"../internal/store/storetest/", ".go", regexp.MustCompile(`(?m)^func ((?:test|race)[A-Za-z0-9_]+)\(`)},
	{"../", "_test.go", regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Za-z0-9_]+)\(`)},
}

// testNames are the scripts, the tests and fuzz targets of every room with those of the suite that stores must pass, and
// the tests in TypeScript and Python, each with the ending of its file.
func testNames(t *testing.T) map[string]string {
	t.Helper()
	names := make(map[string]string)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		path = filepath.ToSlash(path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == "build" || strings.HasPrefix(d.Name(), ".") && d.Name() != ".."):
			return filepath.SkipDir
		case strings.HasPrefix(path, "../server/testdata/flow/"):
			names[strings.TrimSuffix(d.Name(), ".txtar")] = ".txtar"
			return nil
		}
		for _, in := range declarations {
			if strings.HasPrefix(path, in.in) && strings.HasSuffix(path, in.ending) {
				return addNames(names, path, in.name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// addNames adds those of a file. A test in TypeScript is named with its file, which is a name too.
func addNames(names map[string]string, path string, declared *regexp.Regexp) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading the tests of %s: %w", path, err)
	}
	file, ending := filepath.Base(path), filepath.Ext(path)
	prefix := ""
	if ending == ".ts" {
		names[file], prefix = ending, file+": "
	}
	for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
		names[prefix+strings.Join(m[1:], "")] = ending
	}
	return nil
}
