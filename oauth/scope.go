// scope.go: the scope parameter (RFC 6749 §3.3).

package oauth

import (
	"slices"
	"strings"
)

// Scope is a list of scope tokens, each once, in the order they were asked for.
type Scope []string

// The scopes of OpenID Connect Core §5.4 and §11 that Authwright knows.
const (
	ScopeOpenID        = "openid"
	ScopeProfile       = "profile"
	ScopeEmail         = "email"
	ScopeOfflineAccess = "offline_access"
)

const maxScopeTokens = 256

// ParseScope reads a space-separated list of at most 256 tokens. A character outside RFC 6749 §3.3 is invalid_scope.
func ParseScope(s string) (Scope, error) {
	var scope Scope
	for token := range strings.SplitSeq(s, " ") {
		if token == "" || slices.Contains(scope, token) {
			continue
		}
		if len(scope) == maxScopeTokens {
			return nil, Errorf(InvalidScope, "more than %d scopes", maxScopeTokens)
		}
		if !validScopeToken(token) {
			return nil, Errorf(InvalidScope, "a scope may hold printable ASCII without space, quote and backslash only")
		}
		scope = append(scope, token)
	}
	return scope, nil
}

func validScopeToken(token string) bool {
	for i := range len(token) {
		if c := token[i]; c < 0x21 || c > 0x7e || c == '"' || c == '\\' {
			return false
		}
	}
	return token != ""
}

// String joins the tokens as the wire wants them.
func (s Scope) String() string { return strings.Join(s, " ") }

// Has tells whether the scope holds the token.
func (s Scope) Has(token string) bool { return slices.Contains(s, token) }

// Covers tells whether every token of want is in s.
func (s Scope) Covers(want Scope) bool {
	for _, token := range want {
		if !s.Has(token) {
			return false
		}
	}
	return true
}

// Intersect keeps the tokens of s that are also in other, in the order of s.
func (s Scope) Intersect(other Scope) Scope {
	var both Scope
	for _, token := range s {
		if other.Has(token) {
			both = append(both, token)
		}
	}
	return both
}

// Union adds to s the tokens of other that it lacks.
func (s Scope) Union(other Scope) Scope {
	all := slices.Clone(s)
	for _, token := range other {
		if !all.Has(token) {
			all = append(all, token)
		}
	}
	return all
}
