package store

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the kinds of events into docs/operate.md")

// TestTheKindsOfEventsAreDocumented holds docs/operate.md to the comments of the constants, and EventKinds to the constants.
func TestTheKindsOfEventsAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "events.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	table := "| kind | what happened |\n| --- | --- |\n"
	var kinds []EventKind
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || fmt.Sprint(spec.Type) != "EventKind" {
			return true
		}
		kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil || spec.Comment == nil {
			t.Fatalf("%s has no comment that says what happened", spec.Names[0])
		}
		kinds = append(kinds, EventKind(kind))
		table += fmt.Sprintf("| `%s` | %s |\n", kind, strings.TrimSpace(spec.Comment.Text()))
		return true
	})
	if fmt.Sprint(kinds) != fmt.Sprint(EventKinds) {
		t.Errorf("EventKinds = %v, want the constants in their order: %v", EventKinds, kinds)
	}
	const name = "../../docs/operate.md"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		old := regexp.MustCompile(`\| kind \| what happened \|\n(\|.*\n)+`)
		text = old.ReplaceAllLiteral(text, []byte(table))
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(string(text), table) {
		t.Errorf("docs/operate.md is stale: run make generate. It lacks\n%s", table)
	}
}

// TestEventIDsSortByTime makes ids faster than the clock ticks.
func TestEventIDsSortByTime(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	last := FirstEventID(at)
	for i := range 70_000 { // the count within a millisecond wraps at 65,536
		id := newEventID(at.Add(time.Duration(i/60_000) * time.Millisecond))
		if id <= last {
			t.Fatalf("event id %d = %s, want one after %s", i, id, last)
		}
		last = id
	}
	if after := FirstEventID(at.Add(2 * time.Millisecond)); after <= last {
		t.Errorf("FirstEventID of a later time = %s, want one after %s", after, last)
	}
}
