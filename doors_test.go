package authwright_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTheLibraryStaysSmall counts what somebody who protects a server has to choose from.
func TestTheLibraryStaysSmall(t *testing.T) {
	found := doors(t, ".")
	if len(found) > 20 {
		t.Errorf("the root package exports %d names, want at most 20: %q", len(found), slices.Sorted(maps.Keys(found)))
	}
}

// TestEveryDoorHasAnExample: of the library, every function; of the server, every hook of a program around it.
func TestEveryDoorHasAnExample(t *testing.T) {
	hooks := []string{
		"New", "Login", "People", "Pages", "Mail", "Config.Check", "Server.Mount", "Server.ReturnTo", "Server.EndPerson", "Server.SetupLink",
	}
	for _, dir := range []string{".", "mcpsdk", "server"} {
		found := doors(t, dir)
		wanted := hooks
		if dir != "server" {
			wanted = nil
			for name, door := range found {
				if door.function {
					wanted = append(wanted, name)
				}
			}
		}
		for _, name := range wanted {
			if found[name].examples == 0 {
				t.Errorf("%s: %s has no Example", dir, name)
			}
		}
	}
}

type door struct {
	function bool
	examples int
}

// doors are the exported functions, types and methods of a package.
func doors(t *testing.T, dir string) map[string]door {
	t.Helper()
	set := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") && filepath.Base(path) != "example_test.go" {
			continue
		}
		file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(set, files, module+"/"+dir)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]door)
	for _, f := range pkg.Funcs {
		found[f.Name] = door{true, len(f.Examples)}
	}
	for _, typ := range pkg.Types {
		found[typ.Name] = door{false, len(typ.Examples)}
		for _, f := range typ.Funcs {
			found[f.Name] = door{true, len(f.Examples)}
		}
		for _, m := range typ.Methods {
			found[typ.Name+"."+m.Name] = door{true, len(m.Examples)}
		}
	}
	return found
}
