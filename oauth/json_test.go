package oauth

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestUnmarshalStrict(t *testing.T) {
	type inner struct {
		Kty string `json:"kty"`
	}
	type embedded struct {
		Name string `json:"name"`
	}
	type target struct {
		embedded
		URIs  []string `json:"redirect_uris"`
		Keys  []inner  `json:"keys"`
		One   *inner   `json:"one"`
		Plain string
		Any   any `json:"any"`
		Count int `json:"count"`
	}
	nested := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for _, tt := range []struct {
		name, in string
		ok       bool
	}{
		{"an object", `{"name":"a","redirect_uris":["b"],"keys":[{"kty":"EC"}],"one":{"kty":"EC"}}`, true},
		{"unknown members", `{"x":1,"y":{"z":[{"q":null}]}}`, true},
		{"unknown members in any letters", `{"Foo":1,"foo":2}`, true},
		{"space around", " {} \n", true},
		{"null for a member", `{"redirect_uris":null}`, true},
		{"nesting of 16", `{"any":` + nested(15) + `}`, true},
		{"nesting of 17", `{"any":` + nested(16) + `}`, false},
		{"nesting without end", `{"any":` + strings.Repeat("[", 100000), false},
		{"a member twice", `{"name":"a","name":"b"}`, false},
		{"a member twice, once escaped", `{"name":"a","n\u0061me":"b"}`, false},
		{"an unknown member twice", `{"x":1,"x":1}`, false},
		{"a member twice inside an unknown one", `{"x":{"y":1,"y":2}}`, false},
		{"a member twice inside a list", `{"keys":[{"kty":"a","kty":"b"}]}`, false},
		{"other letters", `{"Name":"a"}`, false},
		{"other letters beside the right ones", `{"name":"a","NAME":"b"}`, false},
		{"a long s", `{"redirect_uri` + "\u017f" + `":["b"]}`, false},
		{"a long s, escaped", `{"redirect_uri\u017f":["b"]}`, false},
		{"a Kelvin sign", `{"` + "\u212a" + `eys":[]}`, false},
		{"other letters inside a list", `{"keys":[{"KTY":"EC"}]}`, false},
		{"other letters behind a pointer", `{"one":{"Kty":"EC"}}`, false},
		{"other letters of a member without a tag", `{"plain":"a"}`, false},
		{"another value after", `{} {}`, false},
		{"a comma after", `{},`, false},
		{"text after", `{}x`, false},
		{"a byte order mark", "\xef\xbb\xbf{}", false},
		{"bytes that are not UTF-8", "{\"name\":\"\xff\"}", false},
		{"a comment", `{/*x*/}`, false},
		{"an array", `[]`, false},
		{"a string", `"a"`, false},
		{"null", `null`, false},
		{"nothing", ``, false},
		{"half an object", `{"name":"a"`, false},
		{"a string for a list", `{"redirect_uris":"a"}`, false},
		{"a number for a string", `{"name":1}`, false},
		{"a fraction for a number", `{"count":1.5}`, false},
		{"a number too large", `{"count":1e400}`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var v target
			err := UnmarshalStrict([]byte(tt.in), &v)
			if (err == nil) != tt.ok || !tt.ok && codeOf(err) != InvalidRequest {
				t.Errorf("UnmarshalStrict(%.60q) = %v, want ok %v", tt.in, err, tt.ok)
			}
		})
	}
}

func TestUnmarshalStrictNamesTheMember(t *testing.T) {
	var m ClientMetadata
	err := UnmarshalStrict([]byte(`{"contacts":"me@example.com"}`), &m)
	if err == nil || !strings.Contains(err.Error(), `"contacts"`) {
		t.Errorf("UnmarshalStrict(contacts as a string) = %v, want an error that names contacts", err)
	}
	var outer struct{ ClientMetadata }
	err = UnmarshalStrict([]byte(`{"contacts":"me@example.com"}`), &outer)
	if err == nil || !strings.Contains(err.Error(), `contacts"`) {
		t.Errorf("UnmarshalStrict(contacts as a string, embedded) = %v, want an error that names contacts", err)
	}
}

// FuzzUnmarshalStrict: what is accepted means the same to a reader that takes the first of two members and one that
// takes the last, because there are no two, and no member was filled under another name.
func FuzzUnmarshalStrict(f *testing.F) {
	f.Add(`{"client_name":"a","redirect_uris":["https://a.example/"]}`)
	f.Add(`{"Client_Name":"a"}`)
	f.Add(`{"a":1,"a":2}`)
	f.Fuzz(func(t *testing.T, s string) {
		var m ClientMetadata
		if err := UnmarshalStrict([]byte(s), &m); err != nil {
			if codeOf(err) != InvalidRequest {
				t.Fatalf("UnmarshalStrict(%q) fails with %v", s, err)
			}
			return
		}
		var plain map[string]json.RawMessage
		if err := json.Unmarshal([]byte(s), &plain); err != nil {
			t.Fatalf("UnmarshalStrict accepts %q, encoding/json does not: %v", s, err)
		}
		if _, said := plain["client_name"]; m.ClientName != "" && !said {
			t.Fatalf("UnmarshalStrict(%q) fills client_name from another member", s)
		}
		if _, said := plain["redirect_uris"]; m.RedirectURIs != nil && !said {
			t.Fatalf("UnmarshalStrict(%q) fills redirect_uris from another member", s)
		}
	})
}
