// mapping.go reads the little language in which an operator says where in a token an attribute stands:
//
//	email                      a claim
//	app_metadata.org.id        a claim inside a claim
//	"https://app.example/org"  a claim with dots in its name
//	groups.0                   the first of a list
//	name | nickname            the first that is there
//	org | =acme                a constant, when nothing else is there

package trust

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/authwright/authwright/internal/store"
)

// DefaultMapping is that of the claims of OpenID Connect Core §5.1. Organization, roles and methods are the operator's to say.
func DefaultMapping() store.ClaimMapping {
	return store.ClaimMapping{Email: "email", EmailVerified: "email_verified", Name: "name"}
}

const (
	maxExpression = 512
	maxSteps      = 8
	maxText       = 1024
	maxRoles      = 64
	maxMethods    = 8
)

// source is one place to look: a path, or a constant.
type source struct {
	path     []string
	constant string
	fixed    bool
}

var errExpression = errors.New(`use a claim like email, a path like app.org.id, "a claim in quotes", alternatives a | b, or a constant like =acme`)

// parse reads an expression. An empty one has no source.
func parse(text string) (sources []source, err error) {
	if len(text) > maxExpression || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return nil, errExpression
	}
	for rest := strings.TrimSpace(text); rest != ""; {
		if constant, ok := strings.CutPrefix(rest, "="); ok {
			if strings.TrimSpace(constant) == "" {
				return nil, errExpression
			}
			return append(sources, source{constant: strings.TrimSpace(constant), fixed: true}), nil
		}
		var path []string
		if path, rest, err = readPath(rest); err != nil {
			return nil, err
		}
		sources = append(sources, source{path: path})
		rest = strings.TrimSpace(rest)
		if rest == "" {
			break
		}
		after, ok := strings.CutPrefix(rest, "|")
		if rest = strings.TrimSpace(after); !ok || rest == "" {
			return nil, errExpression
		}
	}
	return sources, nil
}

// readPath reads steps joined by dots, up to what is no part of a path.
func readPath(text string) (path []string, rest string, err error) {
	for {
		var step string
		if strings.HasPrefix(text, `"`) {
			quoted, err := strconv.QuotedPrefix(text)
			if err != nil {
				return nil, "", errExpression
			}
			if step, err = strconv.Unquote(quoted); err != nil {
				return nil, "", errExpression
			}
			text = text[len(quoted):]
		} else {
			end := strings.IndexAny(text, ".| =\"")
			if end < 0 {
				end = len(text)
			}
			step, text = text[:end], text[end:]
		}
		if path = append(path, step); step == "" || len(path) > maxSteps {
			return nil, "", errExpression
		}
		after, more := strings.CutPrefix(text, ".")
		if !more {
			return path, text, nil
		}
		text = after
	}
}

// look finds the first source that has something.
func look(text string, claims map[string]any) any {
	sources, err := parse(text)
	if err != nil {
		return nil // Check refused it before
	}
	for _, s := range sources {
		if s.fixed {
			return s.constant
		}
		if v := walk(s.path, claims); v != nil && v != "" {
			return v
		}
	}
	return nil
}

func walk(path []string, from any) any {
	for _, step := range path {
		switch v := from.(type) {
		case map[string]any:
			from = v[step]
		case []any:
			i, err := strconv.ParseUint(step, 10, 16)
			if err != nil || int(i) >= len(v) {
				return nil
			}
			from = v[i]
		default:
			return nil
		}
	}
	return from
}

// oneText is a text or a number, as text.
func oneText(v any) string {
	switch v := v.(type) {
	case string:
		if len(v) <= maxText {
			return v
		}
	case json.Number:
		return v.String()
	}
	return ""
}

// truth is true or "true": providers write both.
func truth(v any) bool { return v == true || v == "true" }

// words are the texts of a list, or those of one text, parted by spaces or commas.
func words(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return strings.FieldsFunc(v, func(r rune) bool { return r == ' ' || r == ',' })
	case []any:
		for _, one := range v {
			if s := oneText(one); s != "" {
				list = append(list, s)
			}
		}
	}
	return list
}

// holds tells whether a claim is, or has among its members, a value: "path=value".
func holds(requirement string, claims map[string]any) (bool, error) {
	path, rest, err := readPath(requirement)
	want, ok := strings.CutPrefix(rest, "=")
	if err != nil || !ok {
		return false, fmt.Errorf("%q: write a claim and what it must be, like token_use=id", requirement)
	}
	switch v := walk(path, claims).(type) {
	case bool:
		return strconv.FormatBool(v) == want, nil
	case []any:
		return slices.ContainsFunc(v, func(one any) bool { return oneText(one) == want }), nil
	case nil:
		return false, nil
	default:
		return oneText(v) == want && want != "", nil
	}
}

var method = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,31}$`)

// attested reads the attributes. What cannot be used is left out: nobody stays outside for a name with a line break.
func attested(t store.TrustedIssuer, c claims) store.Attested {
	a := store.Attested{
		Issuer: c.Issuer, Subject: c.Subject, Email: oneText(look(t.Mapping.Email, c.all)), EmailVerified: truth(look(t.Mapping.EmailVerified, c.all)),
		Name: oneText(look(t.Mapping.Name, c.all)), Organization: oneText(look(t.Mapping.Organization, c.all)),
	}
	if t.Org != "" {
		a.Organization = string(t.Org)
	}
	a.LoggedIn, _ = date(c.AuthTime)
	a.Roles = words(look(t.Mapping.Roles, c.all))
	a.Methods = slices.DeleteFunc(words(look(t.Mapping.Methods, c.all)), func(s string) bool { return !method.MatchString(s) })
	a.Roles, a.Methods = a.Roles[:min(len(a.Roles), maxRoles)], a.Methods[:min(len(a.Methods), maxMethods)]
	return a
}
