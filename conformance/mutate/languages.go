// languages.go: what makes up the library of each language, and how its vectors are run.

package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// language is one of the libraries.
type language struct {
	name   string
	source string   // the folder of the library, to which the files of mutations belong
	files  []string // patterns of what is copied
	skip   string   // the ending of files that are not
	link   string   // a folder that is only read
	run    string   // the command that runs the vectors, in the copy; $ROOT is the tree
	failed *regexp.Regexp
	checks []mutation
}

var languages = []language{
	{
		name:   "go",
		source: ".",
		files:  []string{"go.mod", "go.sum", "*.go", "oauth/*.go"},
		skip:   "_test.go",
		run:    `cp "$ROOT"/vectors_test.go . && go test -vet=off -count=1 -run '^TestVectors$' .`,
		failed: regexp.MustCompile(`(?m)^    --- FAIL: TestVectors/(.*) \(`),
		checks: goChecks,
	},
	{
		name:   "typescript",
		source: "web/node/src",
		files:  []string{"web/node/*.json", "web/node/src/*.ts", "web/node/test/vectors*.ts"},
		link:   "web/node/node_modules",
		// The compiler may complain of what is now unused; it writes the modules all the same.
		run:    `cd web/node && { node_modules/.bin/tsc -p tsconfig.test.json || true; } && node --test --test-reporter=tap build/test/vectors.test.js`,
		failed: regexp.MustCompile(`(?m)^ +not ok \d+ - (.*)$`),
		checks: typescriptChecks,
	},
	{
		name:   "python",
		source: "python/src/authwright",
		files:  []string{"python/pyproject.toml", "python/src/authwright/*.py", "python/tests/test_vectors.py"},
		run:    `cd python && PYTHONPATH=$PWD/src "$ROOT"/python/.venv/bin/python -m pytest -p no:cacheprovider --quiet --tb=no -rf tests/test_vectors.py`,
		failed: regexp.MustCompile(`(?m)^FAILED tests/test_vectors\.py::test_vector\[(.*?)\](?: - .*)?$`),
		checks: pythonChecks,
	},
}

// copy makes the library anew in dir, with the vectors beside it.
func (l language) copy(root, dir string) error {
	for _, pattern := range append([]string{"conformance/vectors/*.json"}, l.files...) {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil || len(paths) == 0 {
			return fmt.Errorf("copying %s: %d files, %w", pattern, len(paths), err)
		}
		for _, path := range paths {
			if l.skip != "" && strings.HasSuffix(path, l.skip) {
				continue
			}
			if err := copyFile(root, dir, path); err != nil {
				return err
			}
		}
	}
	if l.link == "" {
		return nil
	}
	from := filepath.Join(root, l.link)
	if _, err := os.Stat(from); err != nil {
		return fmt.Errorf("run the tests of %s first, they install what is needed: %w", l.name, err)
	}
	if err := os.Symlink(from, filepath.Join(dir, l.link)); err != nil {
		return fmt.Errorf("linking %s: %w", l.link, err)
	}
	return nil
}

func copyFile(root, dir, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("copying %s: %w", path, err)
	}
	to := filepath.Join(dir, strings.TrimPrefix(path, root))
	if err := os.MkdirAll(filepath.Dir(to), fs.ModePerm); err != nil {
		return fmt.Errorf("copying %s: %w", path, err)
	}
	if err := os.WriteFile(to, text, 0o600); err != nil {
		return fmt.Errorf("copying %s: %w", path, err)
	}
	return nil
}

// vectors runs the vectors of a copy and names the cases that fail. An error with no such case is another failure.
func (l language) vectors(root, dir string) (failed []string, output []byte, err error) {
	cmd := exec.Command("sh", "-c", l.run)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ROOT="+root)
	output, err = cmd.CombinedOutput()
	for _, m := range l.failed.FindAllSubmatch(output, -1) {
		failed = append(failed, string(m[1]))
	}
	return failed, output, err
}

// mutation is one check taken out: the old text, which is in the file once, becomes the new one.
type mutation struct {
	name, file string
	old, new   string
}

// apply takes the check out.
func (m mutation) apply(source string) error {
	if m.file == "" {
		return nil
	}
	path := filepath.Join(source, m.file)
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading what is to be changed: %w", err)
	}
	if n := strings.Count(string(text), m.old); n != 1 {
		return fmt.Errorf("%s has %q %d times, want once: bring table.go up to date", m.file, m.old, n)
	}
	changed := strings.Replace(string(text), m.old, m.new, 1)
	if err := os.WriteFile(path, []byte(changed), 0o600); err != nil {
		return fmt.Errorf("changing %s: %w", m.file, err)
	}
	return nil
}
