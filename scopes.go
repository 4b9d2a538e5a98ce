// scopes.go: which scopes an operation needs and which a token covers (MCP 2026-07-28, Scope Minimization; RFC 6750 §3.1).

package authwright

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/authwright/authwright/oauth"
)

// needs are the scopes of operations, by kind.
type needs struct{ tools, prompts, resources rules }

// rules are the scopes of names. A prefix rule is one whose key ends in "*".
type rules struct {
	exact    map[string]oauth.Scope
	prefixes []string // longest first
}

func newRules(byName map[string][]string) rules {
	r := rules{exact: make(map[string]oauth.Scope, len(byName))}
	for name, scopes := range byName {
		r.exact[name] = slices.Clone(scopes)
		if strings.HasSuffix(name, "*") {
			r.prefixes = append(r.prefixes, name)
		}
	}
	slices.SortFunc(r.prefixes, func(a, b string) int { return len(b) - len(a) })
	return r
}

// of is the scope of the exact name, else of the longest prefix, else none.
func (r rules) of(name string) oauth.Scope {
	if scope, ok := r.exact[name]; ok {
		return scope
	}
	for _, prefix := range r.prefixes {
		if strings.HasPrefix(name, strings.TrimSuffix(prefix, "*")) {
			return r.exact[prefix]
		}
	}
	return nil
}

// namingNone are the rules, in order, whose name is none of names.
func (r rules) namingNone(names []string) (missed []string) {
	for _, rule := range slices.Sorted(maps.Keys(r.exact)) {
		if !strings.HasSuffix(rule, "*") && !slices.Contains(names, rule) {
			missed = append(missed, rule)
		}
	}
	return missed
}

// of is what a call needs beyond the scopes that every request needs. A name that nobody listed needs no more.
func (n needs) of(c call) oauth.Scope {
	switch c.method {
	case "tools/call":
		return n.tools.of(c.name)
	case "prompts/get":
		return n.prompts.of(c.name)
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		return n.resources.of(c.name)
	}
	return nil
}

// closure adds to each scope the scopes implied by what it implies.
func closure(implies map[string][]string) map[string]oauth.Scope {
	all := make(map[string]oauth.Scope, len(implies))
	for scope := range implies {
		reached := oauth.Scope{scope}
		for i := 0; i < len(reached); i++ {
			reached = reached.Union(implies[reached[i]])
		}
		all[scope] = reached[1:]
	}
	return all
}

// granted is scope with all that it implies.
func (r *Resource) granted(scope oauth.Scope) oauth.Scope {
	all := scope
	for _, token := range scope {
		all = all.Union(r.implies[token])
	}
	return all
}

// checkScopes wants every scope of the configuration to be one scope token (RFC 6749 §3.3), and keeps
// offline_access out: it is the issuer's business, not a resource's (MCP 2026-07-28, Refresh Tokens).
func checkScopes(cfg Config) (wrong []error) {
	check := func(where string, scopes []string) {
		for _, scope := range scopes {
			parsed, err := oauth.ParseScope(scope)
			if err != nil || len(parsed) != 1 || parsed[0] != scope {
				wrong = append(wrong, fmt.Errorf("%s: %q is not a scope", where, scope))
			}
			if scope == oauth.ScopeOfflineAccess {
				wrong = append(wrong, fmt.Errorf("%s: offline_access is not a scope of a resource", where))
			}
		}
	}
	check("Scopes", cfg.Scopes)
	for _, kind := range []struct {
		name  string
		rules map[string][]string
	}{{"Tools", cfg.Tools}, {"Prompts", cfg.Prompts}, {"Resources", cfg.Resources}, {"Implies", cfg.Implies}} {
		for _, key := range slices.Sorted(maps.Keys(kind.rules)) {
			check(fmt.Sprintf("%s[%q]", kind.name, key), kind.rules[key])
			switch star := strings.IndexByte(key, '*'); {
			case key == "":
				wrong = append(wrong, fmt.Errorf("%s has an empty key", kind.name))
			case kind.name == "Implies":
				check("Implies", []string{key})
			case kind.name != "Resources" && star >= 0 && key != "*", star >= 0 && star != len(key)-1:
				wrong = append(wrong, fmt.Errorf("%s[%q]: the star does not stand for a part of a name", kind.name, key))
			}
		}
	}
	return wrong
}
