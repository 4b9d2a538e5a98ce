// fill.go: what a template says of somebody.

package claims

import (
	"encoding/json"
	"fmt"
	"strconv"
)

// Append appends the members of the template, each after a comma, for whom a token speaks for. What is longer than
// MaxOutput is an error: half of what a server relies on is worse than nothing.
func (t *Template) Append(b []byte, a About) ([]byte, error) {
	start := len(b)
	for _, m := range t.root.members {
		b, _ = m.appendNamed(b, true, a)
	}
	if n := len(b) - start; n > MaxOutput {
		return nil, fmt.Errorf("the claims of client %s take %d bytes, more than %d", a.Client.ID, n, MaxOutput)
	}
	return b, nil
}

// node is one value of a template. append adds its JSON, or tells that there is none; the caller then cuts
// off what was added.
type node interface {
	append(b []byte, a About) (_ []byte, ok bool)
}

// literal is a number or a truth value.
type literal []byte

func (l literal) append(b []byte, _ About) ([]byte, bool) { return append(b, l...), true }

// whole is a path that stands alone: its value keeps its type.
type whole func(About) any

func (w whole) append(b []byte, a About) ([]byte, bool) {
	switch v := w(a).(type) {
	case string:
		return appendText(b, v), v != ""
	case bool:
		return strconv.AppendBool(b, v), true
	case []string:
		b = append(b, '[')
		for i, one := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendText(b, one)
		}
		return append(b, ']'), len(v) > 0
	}
	return b, false
}

// text is words with paths in between.
type text []part

type part struct {
	words string
	value func(About) any // nil for words
}

func (t text) append(b []byte, a About) ([]byte, bool) {
	var s []byte
	for _, p := range t {
		if p.value == nil {
			s = append(s, p.words...)
			continue
		}
		words, ok := inText(p.value(a))
		if !ok {
			return b, false
		}
		s = append(s, words...)
	}
	return appendText(b, string(s)), true
}

// inText is a value as a part of a text; several words have spaces between them.
func inText(v any) (words string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, v != ""
	case bool:
		return strconv.FormatBool(v), true
	case []string:
		for i, one := range v {
			if i > 0 {
				words += " "
			}
			words += one
		}
		return words, len(v) > 0
	}
	return "", false
}

type member struct {
	name string
	node
}

// appendNamed appends the member after a separator, or nothing.
func (m member) appendNamed(b []byte, separator bool, a About) ([]byte, bool) {
	start := len(b)
	if separator {
		b = append(b, ',')
	}
	b = append(appendText(b, m.name), ':')
	b, ok := m.node.append(b, a)
	if !ok {
		return b[:start], false
	}
	return b, true
}

type object struct{ members []member }

func (o object) append(b []byte, a About) ([]byte, bool) {
	start, some := len(b), false
	b = append(b, '{')
	for _, m := range o.members {
		var ok bool
		b, ok = m.appendNamed(b, some, a)
		some = some || ok
	}
	if !some && len(o.members) > 0 {
		return b[:start], false
	}
	return append(b, '}'), true
}

type list []node

func (l list) append(b []byte, a About) ([]byte, bool) {
	start, some := len(b), false
	b = append(b, '[')
	for _, n := range l {
		before := len(b)
		if some {
			b = append(b, ',')
		}
		var ok bool
		if b, ok = n.append(b, a); !ok {
			b = b[:before]
		}
		some = some || ok
	}
	if !some && len(l) > 0 {
		return b[:start], false
	}
	return append(b, ']'), true
}

// appendText appends a JSON text. What is not UTF-8 comes out as U+FFFD, so that there is always one.
func appendText(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		return append(b, `""`...) // a string always marshals
	}
	return append(b, quoted...)
}
