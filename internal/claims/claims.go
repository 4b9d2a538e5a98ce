// claims.go: the language of claims templates.
//
// A template is a JSON object. A text that is one "{{ path }}" becomes the value of that path, in its own type; inside a
// longer text a path becomes text. What has no value is left out: a member, an element, a text that a missing path is
// part of, and an object or a list that nothing is left of. There is nothing else: no conditions, no code.

// Package claims says what else an access token tells about whom it speaks for.
package claims

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Bounds of a template and of what comes of it, in bytes and in levels.
const (
	MaxTemplate = 4 << 10
	MaxOutput   = 2 << 10
	maxDepth    = 5
	maxName     = 128
)

// About is whom a token speaks for. Person and Facts are missing when a client speaks for itself.
type About struct {
	Person store.PersonID
	Org    store.OrgID
	Slug   string // of the organization
	Roles  []string
	Facts  *store.Facts
	Client store.Client
}

// paths are what a template can name. An empty value is none.
var paths = map[string]func(About) any{
	"person.id":             func(a About) any { return string(a.Person) },
	"person.email":          func(a About) any { return a.facts().Email },
	"person.email_verified": emailVerified,
	"person.name":           func(a About) any { return a.facts().Name },
	"member.roles":          func(a About) any { return a.Roles },
	"organization.id":       func(a About) any { return string(a.Org) },
	"organization.slug":     func(a About) any { return a.Slug },
	"organization.name":     func(a About) any { return a.facts().OrgName },
	"client.id":             func(a About) any { return string(a.Client.ID) },
	"client.name":           func(a About) any { return a.Client.Metadata.ClientName },
}

func (a About) facts() store.Facts {
	if a.Facts == nil {
		return store.Facts{}
	}
	return *a.Facts
}

func emailVerified(a About) any {
	if a.facts().Email == "" {
		return ""
	}
	return a.facts().EmailVerified
}

// reserved are the claims that say who may do what, where and until when, and those that other tokens and answers say it
// with. No template sets them (RFC 7519 §4.1, RFC 9068 §2.2, RFC 7662 §2.2, OpenID Connect Core §2, RFC 8693 §4).
var reserved = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "client_id", "scope", "org_id", "org_slug", "amr", "acr", "auth_time", "cnf", "act",
	"may_act", "sid", "azp", "nonce", "at_hash", "c_hash", "s_hash", "typ", "token_type", "active", "username", "events", "sub_id",
	"authorization_details", "error", "error_description",
}

// Reserved tells whether a claim is not for templates. Case does not count, because some readers do not count it.
func Reserved(name string) bool {
	return slices.ContainsFunc(reserved, func(one string) bool { return strings.EqualFold(one, name) })
}

// claimName is what a claim may be called: ASCII, so that no other spelling folds to a reserved one.
var claimName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.:/~@%?=&#+-]*$`)

// Template is a template that was checked.
type Template struct{ root object }

// Compile checks a template. All that could go wrong with one goes wrong here.
func Compile(text []byte) (*Template, error) {
	if len(text) > MaxTemplate {
		return nil, fmt.Errorf("a claims template has at most %d bytes, this one has %d", MaxTemplate, len(text))
	}
	var whole map[string]json.RawMessage
	if err := oauth.UnmarshalStrict(text, &whole); err != nil { // also: nothing twice, nothing after it
		var refusal *oauth.Error
		if errors.As(err, &refusal) {
			return nil, errors.New(refusal.Description)
		}
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	n, err := compile(dec, "", 1)
	if err != nil {
		return nil, err
	}
	root, ok := n.(object)
	if !ok {
		return nil, errors.New("a claims template is a JSON object")
	}
	for _, m := range root.members {
		switch {
		case Reserved(m.name):
			return nil, fmt.Errorf("claim %q is not for templates: it says who may do what, and until when", m.name)
		case !claimName.MatchString(m.name):
			return nil, fmt.Errorf("claim %q: use letters, digits and the signs of a URL", m.name)
		}
	}
	t := &Template{root}
	if _, err := t.Append(nil, About{}); err != nil {
		return nil, err // it is too long already with nothing filled in
	}
	return t, nil
}

// compile reads one value of a template.
func compile(dec *json.Decoder, at string, depth int) (node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("%s lies deeper than %d levels", at, maxDepth)
	}
	token, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("reading a claims template: %w", err)
	}
	switch v := token.(type) {
	case json.Delim:
		if v == '{' {
			return compileObject(dec, at, depth)
		}
		return compileList(dec, at, depth)
	case string:
		return compileText(v, at)
	case json.Number:
		if _, err := v.Float64(); err != nil {
			return nil, fmt.Errorf("%s is a number that readers cannot hold", at)
		}
	case nil:
		return nil, fmt.Errorf("%s is null: leave it out", at)
	}
	raw, err := json.Marshal(token)
	return literal(raw), err
}

func compileObject(dec *json.Decoder, at string, depth int) (node, error) {
	var o object
	for dec.More() {
		token, err := dec.Token()
		if err != nil {
			return nil, fmt.Errorf("reading a claims template: %w", err)
		}
		name, _ := token.(string)
		if len(name) > maxName {
			return nil, fmt.Errorf("a name in %s is longer than %d bytes", at, maxName)
		}
		n, err := compile(dec, strings.TrimPrefix(at+"."+name, "."), depth+1)
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, member{name, n})
	}
	return o, closeOf(dec)
}

func compileList(dec *json.Decoder, at string, depth int) (node, error) {
	var l list
	for dec.More() {
		n, err := compile(dec, fmt.Sprintf("%s[%d]", at, len(l)), depth+1)
		if err != nil {
			return nil, err
		}
		l = append(l, n)
	}
	return l, closeOf(dec)
}

// closeOf reads the bracket that ends what was read.
func closeOf(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading a claims template: %w", err)
	}
	return nil
}

// compileText parts a text at its paths.
func compileText(s, at string) (node, error) {
	var parts text
	for s != "" {
		before, rest, found := strings.Cut(s, "{{")
		if before != "" {
			parts = append(parts, part{words: before})
		}
		if !found {
			break
		}
		path, after, closed := strings.Cut(rest, "}}")
		path = strings.TrimSpace(path)
		value := paths[path]
		switch {
		case !closed:
			return nil, fmt.Errorf("%s has a {{ without }}", at)
		case value == nil:
			return nil, fmt.Errorf("%s: there is no %q: use %s", at, path, strings.Join(Paths(), ", "))
		}
		parts = append(parts, part{value: value})
		s = after
	}
	if len(parts) == 1 && parts[0].value != nil {
		return whole(parts[0].value), nil
	}
	return parts, nil
}

// Paths lists what a template can name.
func Paths() []string {
	names := make([]string, 0, len(paths))
	for name := range paths {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
