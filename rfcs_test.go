package authwright_test

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/rfcs.md anew")

var citation = regexp.MustCompile(`RFC (\d{4})(?: (§[0-9A-Z](?:[0-9.]*[0-9])?))?`)

// TestTheRFCIndexIsTrue makes docs/rfcs.md from the citations in the code: where each section is answered.
func TestTheRFCIndexIsTrue(t *testing.T) {
	places := make(map[string]map[string]bool) // "RFC 6749 §5.2" → files
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case !isCode(filepath.ToSlash(path)):
			return nil
		}
		text, err := os.ReadFile(path)
		for _, m := range citation.FindAllStringSubmatch(string(text), -1) {
			key := strings.TrimSpace("RFC " + m[1] + " " + m[2])
			if places[key] == nil {
				places[key] = make(map[string]bool)
			}
			places[key][filepath.ToSlash(path)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := index(places)
	if *update {
		if err := os.WriteFile("docs/rfcs.md", []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("docs/rfcs.md")
	if err != nil || string(got) != want {
		t.Errorf("docs/rfcs.md is stale (%v): run make generate", err)
	}
}

// isCode tells whether a file is of a program or of a library, in whatever language, and no test.
func isCode(path string) bool {
	switch filepath.Ext(path) {
	case ".go":
		return !strings.HasSuffix(path, "_test.go")
	case ".ts":
		return strings.HasPrefix(path, "web/node/src/")
	case ".py":
		return strings.HasPrefix(path, "python/src/")
	}
	return false
}

func index(places map[string]map[string]bool) string {
	var b strings.Builder
	b.WriteString("# Where each RFC is answered\n\nMade from the citations in the code by `make generate`.\n\n| section | files |\n| --- | --- |\n")
	for _, key := range slices.SortedFunc(maps.Keys(places), bySection) {
		files := slices.Sorted(maps.Keys(places[key]))
		fmt.Fprintf(&b, "| %s | %s |\n", key, "`"+strings.Join(files, "`, `")+"`")
	}
	return b.String()
}

// bySection sorts RFC 6749 §5.10 after §5.9.
func bySection(a, b string) int {
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" .§", r) })
	}
	return slices.CompareFunc(split(a), split(b), func(x, y string) int {
		m, errM := strconv.Atoi(x)
		n, errN := strconv.Atoi(y)
		if errM == nil && errN == nil {
			return m - n
		}
		return strings.Compare(x, y)
	})
}
