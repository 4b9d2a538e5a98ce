// Command mutate tells whether the vectors notice when a check is missing. It takes the checks of table.go out of each
// language's library, one at a time and in a copy, runs that language's vectors, and fails when they all still pass.
//
//	go run ./conformance/mutate [-quick] [LANGUAGE …]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// soundCase is a case that every mutation must leave as it is: one that breaks it has broken more than a check.
const soundCase = "an ES256 token"

func main() {
	quick := flag.Bool("quick", false, "one check of each language, and not the library as it is")
	flag.Parse()
	if err := run(*quick, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(quick bool, names []string) error {
	root, err := findRoot()
	if err != nil {
		return err
	}
	var wrong []error
	count := 0
	for _, l := range languages {
		if len(names) > 0 && !slices.Contains(names, l.name) {
			continue
		}
		checks := append([]mutation{{name: "nothing"}}, l.checks...)
		if quick {
			checks = l.checks[:1]
		}
		for _, m := range checks {
			said, err := l.try(root, m)
			if err != nil {
				wrong = append(wrong, fmt.Errorf("%s without %s: %w", l.name, m.name, err))
				said = err.Error()
			}
			count++
			fmt.Printf("%-10s  without %-45s  %s\n", l.name, m.name, said)
		}
	}
	if count == 0 {
		return fmt.Errorf("no language is called %s", strings.Join(names, " or "))
	}
	return errors.Join(wrong...)
}

// try takes a check out of a copy, and tells which cases caught that.
func (l language) try(root string, m mutation) (string, error) {
	dir, err := os.MkdirTemp("", "authwright-mutate-")
	if err != nil {
		return "", fmt.Errorf("making a folder for the copy: %w", err)
	}
	defer os.RemoveAll(dir)
	if err := l.copy(root, dir); err != nil {
		return "", err
	}
	if err := m.apply(filepath.Join(dir, l.source)); err != nil {
		return "", err
	}
	caught, output, err := l.vectors(root, dir)
	switch {
	case m.file == "" && err == nil:
		return "all pass", nil
	case m.file == "":
		return "", fmt.Errorf("the vectors fail with the library as it is: %w\n%s", err, output)
	case err == nil:
		return "", errors.New("SURVIVED: all vectors still pass")
	case len(caught) == 0:
		return "", fmt.Errorf("the vectors did not run: %w\n%s", err, output)
	case slices.ContainsFunc(caught, isSoundCase):
		return "", fmt.Errorf("more than the check is gone: %q fails too", soundCase)
	}
	if len(caught) == 1 {
		return "caught by " + caught[0], nil
	}
	return fmt.Sprintf("caught by %s and %d more", caught[0], len(caught)-1), nil
}

func isSoundCase(name string) bool {
	return strings.HasSuffix(strings.ReplaceAll(name, "_", " "), soundCase)
}

// findRoot goes up to the folder of go.mod.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("looking for go.mod: %w", err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("looking for go.mod: it is in no folder above")
}
