package claims

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var (
	ada = About{
		Person: "per_ada", Org: "org_acme", Slug: "acme", Roles: []string{"admin", "member"},
		Facts:  &store.Facts{Email: "ada@example.com", EmailVerified: true, Name: `Ada "The" Lovelace {{ person.id }}`, OrgName: "Acme"},
		Client: store.Client{ID: "app", Metadata: oauth.ClientMetadata{ClientName: "App"}},
	}
	alone   = About{Person: "per_bob", Facts: &store.Facts{Email: "bob@example.com"}, Client: ada.Client}
	program = About{Client: ada.Client}
)

func TestATemplateIsFilledIn(t *testing.T) {
	for _, tt := range []struct {
		name, template string
		about          About
		want           string
	}{
		{"a path alone keeps its type", `{"mail":"{{ person.email }}","ok":"{{person.email_verified}}","roles":"{{ member.roles }}"}`, ada,
			`{"mail":"ada@example.com","ok":true,"roles":["admin","member"]}`},
		{"a path in a text is text", `{"a":"<{{ person.id }}> {{ member.roles }} {{person.email_verified}}"}`, ada, `{"a":"<per_ada> admin member true"}`},
		{"literals stay what they are", `{"a":1,"b":-2.5e3,"c":true,"d":"x","e":{"f":[1,false,{}],"g":{}},"h":[]}`, ada,
			`{"a":1,"b":-2.5e3,"c":true,"d":"x","e":{"f":[1,false,{}],"g":{}},"h":[]}`},
		{"a URL can be a name", `{"https://example.com/org":{"id":"{{ organization.id }}","at":"{{organization.slug}}/{{organization.name}}"}}`, ada,
			`{"https://example.com/org":{"id":"org_acme","at":"acme/Acme"}}`},
		{"a value is not read as a template", `{"n":"{{ person.name }}"}`, ada, `{"n":"Ada \"The\" Lovelace {{ person.id }}"}`},
		{"the client", `{"c":["{{client.id}}","{{client.name}}"]}`, program, `{"c":["app","App"]}`},
		{"what is missing is left out", `{"a":"{{organization.id}}","b":"x {{ person.name }}","c":["{{person.name}}","{{person.id}}"],"d":{"e":"{{organization.name}}"},"f":["{{organization.slug}}"],"g":"{{member.roles}}","h":1}`, alone,
			`{"c":["per_bob"],"h":1}`},
		{"nobody's address is not unproven", `{"v":"{{ person.email_verified }}","w":"{{person.email_verified}}!"}`, program, `{}`},
		{"somebody's can be", `{"v":"{{ person.email_verified }}"}`, alone, `{"v":false}`},
		{"nothing", `{}`, ada, `{}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			template, err := Compile([]byte(tt.template))
			if err != nil {
				t.Fatalf("Compile(%s) = %v", tt.template, err)
			}
			got, err := template.Append([]byte(`{"first":0`), tt.about)
			var left, right any
			if err != nil || json.Unmarshal(append(got, '}'), &left) != nil {
				t.Fatalf("Append(%s) = %s, %v, want the members of an object", tt.template, got, err)
			}
			if err := json.Unmarshal([]byte(strings.Replace(`{"first":0,`+tt.want[1:], ",}", "}", 1)), &right); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(right, left); diff != "" {
				t.Errorf("Append(%s): -want +got\n%s", tt.template, diff)
			}
		})
	}
}

func TestABadTemplateIsRefusedWhenItIsSet(t *testing.T) {
	for _, tt := range []struct{ name, template, want string }{
		{"no object", `["a"]`, "not a JSON object"},
		{"no JSON", `{"a":}`, "malformed"},
		{"a name twice", `{"a":1,"a":2}`, "more than once"},
		{"a name twice further down", `{"a":{"b":1,"b":2}}`, "more than once"},
		{"data after it", `{} {}`, "after the JSON object"},
		{"null", `{"a":{"b":null}}`, "a.b is null"},
		{"an unknown path", `{"a":["{{ person.password }}"]}`, `a[0]: there is no "person.password": use client.id`},
		{"a path in another case", `{"a":"{{ Person.email }}"}`, `there is no "Person.email"`},
		{"code", `{"a":"{{ person.email | upper }}"}`, "there is no"},
		{"an empty path", `{"a":"{{}}"}`, `there is no ""`},
		{"an open path", `{"a":"x {{ person.email"}`, "without }}"},
		{"too deep", `{"a":{"b":{"c":{"d":{"e":1}}}}}`, "deeper than 5"},
		{"too long", `{"a":"` + strings.Repeat("x", MaxTemplate) + `"}`, "at most 4096 bytes"},
		{"too long when it is filled in with nothing", `{"a":"` + strings.Repeat("x", MaxOutput) + `"}`, "more than 2048"},
		{"a long name", `{"` + strings.Repeat("x", 129) + `":1}`, "longer than 128"},
		{"a number that nobody can hold", `{"a":1e999}`, "number"},
		{"a name with a space", `{"a b":1}`, "use letters"},
		{"an empty name", `{"":1}`, "use letters"},
		{"a letter that folds to a reserved name", `{"\u017fub":1}`, "is not for templates"},
		{"a letter outside ASCII", `{"n\u00e4me":1}`, "use letters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Compile([]byte(tt.template)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Compile(%.60s) = %v, want an error about %q", tt.template, err, tt.want)
			}
		})
	}
}

func TestNoTemplateSetsWhatTheIssuerSays(t *testing.T) {
	for _, name := range append(strings.Fields("iss sub aud exp nbf iat jti client_id scope org_id org_slug amr acr auth_time cnf act sid azp nonce at_hash typ active token_type username"),
		"SUB", "Scope", "Client_ID", "cNf") {
		if _, err := Compile([]byte(`{"` + name + `":"x"}`)); err == nil || !strings.Contains(err.Error(), "is not for templates") {
			t.Errorf("Compile of a template that sets %q = %v, want a refusal", name, err)
		}
	}
	for name := range strings.SplitSeq("roles email name https://example.com/sub x_scope", " ") {
		if _, err := Compile([]byte(`{"` + name + `":{"sub":"x"}}`)); err != nil {
			t.Errorf("Compile of a template that sets %q = %v, want no error", name, err)
		}
	}
}

func TestTooMuchIsAnErrorAndNotHalf(t *testing.T) {
	template, err := Compile([]byte(`{"n":"{{ person.name }}"}`))
	if err != nil {
		t.Fatal(err)
	}
	long := About{Facts: &store.Facts{Name: strings.Repeat("x", MaxOutput)}}
	if got, err := template.Append(nil, long); err == nil || got != nil {
		t.Errorf("Append of a name of %d bytes = %d bytes, %v, want an error", MaxOutput, len(got), err)
	}
}

// FuzzCompile: whatever a template is, what comes of it is JSON, within its bounds, and sets nothing of the issuer's.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`{"a":"{{person.email}}"}`, `{"a":["{{ member.roles }}",{"b":"x{{client.name}}"}]}`, `{"sub":1}`, `{"a":"{{"}`, `{"a":{"a":{"a":{}}}}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		template, err := Compile([]byte(text))
		if err != nil {
			return
		}
		for _, about := range []About{ada, alone, program} {
			b, err := template.Append([]byte(`{"sub":"s"`), about)
			if err != nil {
				continue
			}
			var got oauth.Claims
			if err := oauth.UnmarshalStrict(append(b, '}'), &got); err != nil || got.Subject != "s" || got.Scope != "" {
				t.Errorf("%q came to %s: %v", text, b, err)
			}
		}
	})
}
