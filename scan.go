// scan.go reads a JSON-RPC message so that no other reader can understand it differently (RFC 8259 §4, §8.1).
// What passes has one meaning, so the bytes can be handed on as they came.

package authwright

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxDepth  = 256 // objects and arrays within each other
	fewKeys   = 16  // up to here a list is faster than a map
	byteOrder = "\xef\xbb\xbf"
)

// member is one member of an object: its name, and its value as it stands in the text.
type member struct {
	key   string
	value json.RawMessage
}

// scanner walks text that json.Valid has approved, so it need not look at the grammar again.
type scanner struct {
	text []byte
	pos  int
}

// scanDocument returns the members of the one object that text is. Objects at any depth must not have a key
// twice, nor a key with a NUL, which some readers cut off.
func scanDocument(text []byte) ([]member, error) {
	switch {
	case !utf8.Valid(text) || bytes.HasPrefix(text, []byte(byteOrder)):
		return nil, errors.New("the body is not plain UTF-8")
	case !json.Valid(text):
		return nil, errors.New("the body is not JSON")
	}
	s := &scanner{text: text}
	switch s.peek() {
	case '[':
		return nil, errors.New("batches are not accepted")
	case '{':
		return s.object(1)
	default:
		return nil, errors.New("the body is not a JSON object")
	}
}

// scanObject returns the members of an object within a document that was scanned.
func scanObject(text json.RawMessage) ([]member, error) {
	s := &scanner{text: text}
	if s.peek() != '{' {
		return nil, errors.New("not a JSON object")
	}
	return s.object(1)
}

func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// object reads an object from its '{' to its '}'.
func (s *scanner) object(depth int) ([]member, error) {
	if depth > maxDepth {
		return nil, errors.New("the JSON is nested too deeply")
	}
	var members []member
	var seen map[string]bool
	s.pos++
	for s.peek() != '}' {
		if s.peek() == ',' {
			s.pos++
			s.peek()
		}
		key, err := s.key()
		if err != nil {
			return nil, err
		}
		if isTwice(members, seen, key) {
			return nil, errors.New("a member is there more than once")
		}
		s.peek()
		s.pos++ // the colon
		s.peek()
		start := s.pos
		if err := s.value(depth); err != nil {
			return nil, err
		}
		members = append(members, member{key, s.text[start:s.pos]})
		seen = remember(members, seen)
	}
	s.pos++
	return members, nil
}

func isTwice(members []member, seen map[string]bool, key string) bool {
	if seen != nil {
		return seen[key]
	}
	return slices.ContainsFunc(members, func(m member) bool { return m.key == key })
}

// remember goes over to a map when there are more than a few members.
func remember(members []member, seen map[string]bool) map[string]bool {
	switch {
	case seen != nil:
		seen[members[len(members)-1].key] = true
	case len(members) > fewKeys:
		seen = make(map[string]bool, 4*fewKeys)
		for _, m := range members {
			seen[m.key] = true
		}
	}
	return seen
}

func (s *scanner) key() (string, error) {
	start := s.pos
	s.skipString()
	raw := s.text[start:s.pos]
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var key string
	if err := json.Unmarshal(raw, &key); err != nil || strings.ContainsRune(key, 0) || strings.ContainsRune(key, utf8.RuneError) {
		return "", errors.New("a member has a name that readers understand differently")
	}
	return key, nil
}

func (s *scanner) value(depth int) error {
	switch s.peek() {
	case '{':
		_, err := s.object(depth + 1)
		return err
	case '[':
		return s.array(depth + 1)
	case '"':
		s.skipString()
	default:
		for s.pos < len(s.text) && !strings.ContainsRune(",]} \t\r\n", rune(s.text[s.pos])) {
			s.pos++
		}
	}
	return nil
}

func (s *scanner) array(depth int) error {
	if depth > maxDepth {
		return errors.New("the JSON is nested too deeply")
	}
	s.pos++
	for s.peek() != ']' {
		if s.peek() == ',' {
			s.pos++
		}
		if err := s.value(depth); err != nil {
			return err
		}
	}
	s.pos++
	return nil
}

// skipString goes from an opening quote to behind the closing one.
func (s *scanner) skipString() {
	for s.pos++; s.text[s.pos] != '"'; s.pos++ {
		if s.text[s.pos] == '\\' {
			s.pos++
		}
	}
	s.pos++
}
