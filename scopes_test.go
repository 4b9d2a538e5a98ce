package authwright

import (
	"slices"
	"testing"
)

func TestTheLongestPrefixCounts(t *testing.T) {
	r := newRules(map[string][]string{
		"*": {"all"}, "todo://*": {"todo"}, "todo://private/*": {"private"}, "todo://private/open": {}, "todo://private/very/*": {"very"},
	})
	for name, want := range map[string][]string{
		"okr://1":               {"all"},
		"todo://1":              {"todo"},
		"todo://private":        {"todo"},
		"todo://private/":       {"private"},
		"todo://private/1":      {"private"},
		"todo://private/very/1": {"very"},
		"todo://private/open":   {},
		"todo://private/open/1": {"private"},
		"todo://private/*":      {"private"},
	} {
		for range 10 { // a map has no order
			if got := r.of(name); !slices.Equal(got, want) {
				t.Errorf("of(%q) = %q, want %q", name, got, want)
			}
		}
	}
}

func TestImplicationIsFollowedToItsEnd(t *testing.T) {
	all := closure(map[string][]string{"a": {"b"}, "b": {"c", "d"}, "d": {"a"}})
	for scope, want := range map[string][]string{"a": {"b", "c", "d"}, "b": {"c", "d", "a"}, "d": {"a", "b", "c"}, "c": nil} {
		if got := all[scope]; !slices.Equal(got, want) {
			t.Errorf("closure of %q = %q, want %q", scope, got, want)
		}
	}
}

func TestAnyPortIsAPortAndNothingElse(t *testing.T) {
	for origin, want := range map[string]bool{
		"http://localhost":         true,
		"http://localhost:1":       true,
		"http://localhost:65535":   true,
		"http://localhost1234":     false,
		"http://localhost.1234":    false,
		"http://localhost@1":       false,
		"http://localhost:":        false,
		"http://localhost:1a":      false,
		"http://localhost:1/":      false,
		"http://localhost:1:2":     false,
		"https://localhost:1":      false,
		"http://evil.example:1234": false,
	} {
		if got := anyPort("http://localhost", origin); got != want {
			t.Errorf("anyPort(http://localhost, %q) = %v, want %v", origin, got, want)
		}
	}
}
