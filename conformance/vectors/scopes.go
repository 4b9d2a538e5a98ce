// scopes.go: what scopes imply, and what a step-up asks for (MCP 2026-07-28, Scope Challenge Handling).

package main

import "strings"

func scopesFile() file {
	f := file{
		About:     "Scope hierarchies: the needed scopes are covered by what the token's scopes imply, over any number of steps.",
		Kind:      "request",
		Now:       now,
		Config:    &config{Resource: resource, Issuer: issuer},
		Documents: documents(),
		Tokens:    map[string]string{},
	}
	type implies = map[string][]string
	for _, c := range []struct {
		name    string
		implies implies
		needed  []string
		held    string
		ask     string // the scopes of the step-up; "" when the token will do
	}{
		{"exactly what is needed", nil, []string{"a", "b"}, "b a", ""},
		{"nothing needed, nothing held", nil, []string{}, "", ""},
		{"nothing needed, something held", nil, []string{}, "a", ""},
		{"one of two is missing", nil, []string{"a", "b"}, "a", "a b"},
		{"one step", implies{"w": {"r"}}, []string{"r"}, "w", ""},
		{"two steps", implies{"admin": {"w"}, "w": {"r"}}, []string{"r"}, "admin", ""},
		{"three steps", implies{"owner": {"admin"}, "admin": {"w"}, "w": {"r"}}, []string{"r"}, "owner", ""},
		{"one scope implies several", implies{"all": {"a", "b", "c"}}, []string{"a", "b", "c"}, "all", ""},
		{"two scopes imply one each", implies{"x": {"a"}, "y": {"b"}}, []string{"a", "b"}, "x y", ""},
		{"not the other way round", implies{"w": {"r"}}, []string{"w"}, "r", "w r"},
		{"not a sibling", implies{"w": {"r"}, "p": {"r"}}, []string{"p"}, "w", "p w"},
		{"a cycle of two makes them equal", implies{"a": {"b"}, "b": {"a"}}, []string{"a"}, "b", ""},
		{"a cycle of three", implies{"a": {"b"}, "b": {"c"}, "c": {"a"}}, []string{"b"}, "c", ""},
		{"a scope that implies itself", implies{"a": {"a"}}, []string{"a"}, "a", ""},
		{"a cycle does not imply what is outside", implies{"a": {"b"}, "b": {"a"}}, []string{"c"}, "a", "c a"},
		{"a scope in other letters", nil, []string{"todo.read"}, "Todo.Read", "todo.read Todo.Read"},
		{"a scope that begins alike", nil, []string{"todo.read"}, "todo.read.all", "todo.read todo.read.all"},
		{"a part of a scope", nil, []string{"todo.read"}, "todo", "todo.read todo"},
		{"a star is no wildcard", nil, []string{"todo.read"}, "todo.*", "todo.read todo.*"},
		{"what is held comes after what is needed, once", implies{"w": {"r"}}, []string{"r", "x"}, "w x y", ""},
		{"the union keeps the order of each", nil, []string{"n2", "n1"}, "h2 n1 h1", "n2 n1 h2 h1"},
		{"offline_access is not asked for", nil, []string{"a"}, "offline_access b", "a b"},
		{"a scope named like an object's own member", implies{"w": {"r"}}, []string{"r"}, "constructor __proto__", "r constructor __proto__"},
	} {
		f.Tokens[c.name] = minted(scoped(c.held)).String()
		w := through
		if c.ask != "" {
			w = want{Status: 403, Error: "insufficient_scope", Challenge: `Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are ` +
				join(c.needed) + `", scope="` + c.ask + `", ` + where}
		}
		f.Cases = append(f.Cases, vector{
			Name:    c.name,
			Config:  &config{Tools: map[string][]string{"tool": c.needed}, Implies: c.implies},
			Request: post(call("tool"), bearer(c.name)),
			Want:    w,
		})
	}
	return f
}

func join(scopes []string) string { return strings.Join(scopes, " ") }
