// json.go reads JSON from strangers so that no two readers can understand it differently (RFC 8259 §4, §8.1).

package oauth

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

const maxJSONDepth = 16

// UnmarshalStrict decodes one JSON object into v, a pointer to a struct. It refuses what encoding/json lets
// pass: a key twice, a key in other letters than v's, data after the object, bytes that are not UTF-8, and
// nesting deeper than 16. Unknown members are ignored.
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
	if err := scanObject(dec, jsonNames(reflect.TypeOf(v)), 1); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return Errorf(InvalidRequest, "there is data after the JSON object")
	}
	if err := json.Unmarshal(data, v); err != nil {
		if wrong, ok := err.(*json.UnmarshalTypeError); ok {
			return Errorf(InvalidRequest, "member %q has the wrong JSON type", wrong.Field)
		}
		return Errorf(InvalidRequest, "the JSON is malformed")
	}
	return nil
}

// scanObject walks an object whose '{' has been read. known maps folded names to the exact ones; nil knows none.
func scanObject(dec *json.Decoder, known map[string]string, depth int) error {
	seen := make(map[string]bool)
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return Errorf(InvalidRequest, "the JSON is malformed")
		}
		key, _ := tok.(string)
		folded := fold(key)
		if exact, ok := known[folded]; ok && exact != key {
			return Errorf(InvalidRequest, "member %q must be spelled %q", key, exact)
		}
		if seen[key] {
			return Errorf(InvalidRequest, "member %q is there more than once", key)
		}
		seen[key] = true
		if err := scanValue(dec, depth); err != nil {
			return err
		}
	}
	return closeDelim(dec)
}

func scanValue(dec *json.Decoder, depth int) error {
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
		return scanObject(dec, nil, depth+1)
	}
	for dec.More() {
		if err := scanValue(dec, depth+1); err != nil {
			return err
		}
	}
	return closeDelim(dec)
}

func closeDelim(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return Errorf(InvalidRequest, "the JSON is malformed")
	}
	return nil
}

// jsonNames lists the member names that encoding/json would fill in t, by their folded form.
func jsonNames(t reflect.Type) map[string]string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	names := make(map[string]string)
	if t.Kind() != reflect.Struct {
		return names
	}
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			for f, name := range jsonNames(field.Type) {
				names[f] = name
			}
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "" {
			name = field.Name
		}
		if name != "-" {
			names[fold(name)] = name
		}
	}
	return names
}

// fold maps a name to what encoding/json considers equal to it, the two Unicode letters that fold into ASCII included.
func fold(name string) string {
	return strings.NewReplacer("\u017f", "s", "\u212a", "k").Replace(strings.ToLower(name))
}
