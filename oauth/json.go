// json.go reads JSON from strangers so that no two readers can understand it differently (RFC 8259 §4, §8.1).

package oauth

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"sync"
	"unicode/utf8"
)

const maxJSONDepth = 16

// UnmarshalStrict decodes one JSON object into v, a pointer to a struct. It refuses what encoding/json lets
// pass: a key twice, a key in other letters than v's (at every level that v describes), data after the object,
// bytes that are not UTF-8, and nesting deeper than 16. Unknown members are ignored.
func UnmarshalStrict(data []byte, v any) error {
	if !utf8.Valid(data) || bytes.HasPrefix(data, []byte("\xef\xbb\xbf")) {
		return Errorf(InvalidRequest, "the JSON is not plain UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	first, err := dec.Token()
	if err != nil || first != json.Delim('{') {
		return Errorf(InvalidRequest, "the body is not a JSON object")
	}
	if err := scanObject(dec, reflect.TypeOf(v), 1); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Errorf(InvalidRequest, "there is data after the JSON object")
	}
	if err := json.Unmarshal(data, v); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return Errorf(InvalidRequest, "member %q has the wrong JSON type", wrong.Field)
		}
		return Errorf(InvalidRequest, "the JSON is malformed")
	}
	return nil
}

// scanObject walks an object whose '{' has been read. t is what it will be decoded into; nil when nothing is.
func scanObject(dec *json.Decoder, t reflect.Type, depth int) error {
	known := members(t)
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return Errorf(InvalidRequest, "the JSON is malformed")
		}
		key, _ := tok.(string)
		field := known[fold(key)]
		if field.name != "" && field.name != key {
			return Errorf(InvalidRequest, "member %q must be spelled %q", shorten(key), field.name)
		}
		if seen[key] {
			return Errorf(InvalidRequest, "member %q is there more than once", shorten(key))
		}
		seen[key] = true
		if err := scanValue(dec, field.kind, depth); err != nil {
			return err
		}
	}
	return closeDelim(dec)
}

func scanValue(dec *json.Decoder, t reflect.Type, depth int) error {
	tok, err := dec.Token()
	if err != nil {
		return Errorf(InvalidRequest, "the JSON is malformed")
	}
	delim, ok := tok.(json.Delim)
	if !ok {
		return nil
	}
	if depth >= maxJSONDepth {
		return Errorf(InvalidRequest, "the JSON is nested deeper than %d", maxJSONDepth)
	}
	if delim == '{' {
		return scanObject(dec, t, depth+1)
	}
	for dec.More() {
		if err := scanValue(dec, element(t), depth+1); err != nil {
			return err
		}
	}
	return closeDelim(dec)
}

// element is what the elements of an array are decoded into.
func element(t reflect.Type) reflect.Type {
	if t = pointee(t); t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
		return t.Elem()
	}
	return nil
}

func pointee(t reflect.Type) reflect.Type {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

func closeDelim(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return Errorf(InvalidRequest, "the JSON is malformed")
	}
	return nil
}

// member is a member that encoding/json would fill in.
type member struct {
	name string
	kind reflect.Type
}

// members lists the members of a struct by their folded names; what is no struct has none.
func members(t reflect.Type) map[string]member {
	if t = pointee(t); t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if known, ok := membersSeen.Load(t); ok {
		return known.(map[string]member)
	}
	known := make(map[string]member)
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			for folded, inner := range members(field.Type) {
				known[folded] = inner
			}
		case name == "-" || !field.IsExported():
		case name == "":
			known[fold(field.Name)] = member{field.Name, field.Type}
		default:
			known[fold(name)] = member{name, field.Type}
		}
	}
	membersSeen.Store(t, known)
	return known
}

// membersSeen keeps what members found; the types are few.
var membersSeen sync.Map

// shorten keeps a stranger's word short enough to be said back.
func shorten(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}

var folding = strings.NewReplacer("\u017f", "s", "\u212a", "k")

// fold maps a name to what encoding/json considers equal to it, the two Unicode letters that fold into ASCII included.
func fold(name string) string {
	return folding.Replace(strings.ToLower(name))
}
