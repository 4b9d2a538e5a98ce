package authwright_test

import (
	"go/build"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/authwright/authwright"

// plan is the house plan: who may import whom. A room that is not here fails, and so does an import that is not.
// "…" stands for every room of ours.
var plan = map[string][]string{
	"":                         {"oauth"},
	"oauth":                    {},
	"mcpsdk":                   {"", "oauth"},
	"authwrighttest":           {"", "oauth"},
	"examples/internal/page":   {},
	"examples/todo":            {"", "examples/internal/page", "mcpsdk", "oauth"},
	"examples/todo/cmd/todo":   {"", "examples/todo"},
	"examples/go-embedded":     {"", "examples/todo", "server"},
	"examples/okr":             {"", "examples/internal/page", "mcpsdk", "oauth"},
	"examples/okr/cmd/okr":     {"", "examples/okr"},
	"internal/outbound":        {},
	"internal/store":           {"oauth"},
	"internal/store/sqldb":     {"internal/store", "oauth"},
	"internal/store/storetest": {"internal/store", "oauth"},
	"internal/store/sqldbtest": {"internal/store", "internal/store/sqldb"},
	"internal/keys":            {"internal/store", "oauth"},
	"internal/clients":         {"internal/browser", "internal/claims", "internal/outbound", "internal/store", "oauth"},
	"internal/browser":         {"internal/store", "oauth"},
	"internal/mail":            {},
	"internal/check":           {"internal/outbound", "oauth"},
	"internal/otp":             {},
	"internal/pages":           {"internal/store", "oauth"},
	"internal/upstream":        {"internal/outbound", "internal/store", "oauth"},
	"internal/upstreamtest":    {},
	"internal/passkey":         {"internal/store"},
	"internal/passkeytest":     {},
	"internal/policy":          {"internal/store", "oauth"},
	"internal/claims":          {"internal/store", "oauth"},
	"internal/authserver":      {"internal/browser", "internal/claims", "internal/clients", "internal/keys", "internal/pages", "internal/policy", "internal/store", "oauth"},
	"internal/organizations":   {"internal/browser", "internal/mail", "internal/policy", "internal/store"},
	"internal/domains":         {"internal/store"},
	"internal/trust":           {"internal/outbound", "internal/store", "oauth"},
	"internal/login":           {"internal/browser", "internal/domains", "internal/keys", "internal/mail", "internal/organizations", "internal/otp", "internal/pages", "internal/passkey", "internal/store", "internal/trust", "internal/upstream", "oauth"},
	"internal/consent":         {"internal/browser", "internal/clients", "internal/organizations", "internal/pages", "internal/policy", "internal/store", "oauth"},
	"internal/account":         {"internal/browser", "internal/clients", "internal/login", "internal/organizations", "internal/otp", "internal/pages", "internal/passkey", "internal/store", "oauth"},
	"internal/setup":           {"internal/browser", "internal/login", "internal/pages", "internal/store", "oauth"},
	"server":                   {"…"},
	"cmd/authwright":           {"…"},
	"conformance/goclient":     {},
	"conformance/goserver":     {},
	"conformance/mutate":       {},
	"conformance/vectors":      {},
	"bench":                    {"…"},
	"bench/load":               {},
	"bench/streams":            {"", "authwrighttest"},
}

// TestEveryRoomImportsOnlyWhatThePlanSays keeps the siblings (authserver, login, consent, account) apart and the store below them.
func TestEveryRoomImportsOnlyWhatThePlanSays(t *testing.T) {
	for _, dir := range goFolders(t) {
		room := filepath.ToSlash(dir)
		if room == "." {
			room = ""
		}
		allowed, ok := plan[room]
		if !ok {
			t.Errorf("room %q is not on the plan in imports_test.go: say whose question it answers", room)
			continue
		}
		pkg, err := build.ImportDir(dir, 0)
		if err != nil {
			t.Errorf("reading %s: %v", dir, err)
			continue
		}
		for _, path := range pkg.Imports {
			other, ours := strings.CutPrefix(path, module)
			other = strings.TrimPrefix(other, "/")
			switch {
			case !ours && room == "oauth" && strings.Contains(strings.Split(path, "/")[0], "."):
				t.Errorf("oauth imports %s, want the standard library only", path)
			case ours && !slices.Contains(allowed, other) && !slices.Contains(allowed, "…"):
				t.Errorf("%s imports %s, the plan allows %v", room, other, allowed)
			}
		}
	}
}

// goFolders lists the folders with Go code that is not only tests.
func goFolders(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules" || d.Name() == "testdata"):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go"):
			if dir := filepath.Dir(path); !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}
