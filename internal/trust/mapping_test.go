package trust

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
)

func TestMapping(t *testing.T) {
	const payload = `{"email":"a@b.example","app":{"org":{"id":"acme"},"roles":["admin","editor"]},"https://app.example/org":"globex",
		"a.b":{"c d":"deep"},"cognito:groups":["one","two"],"empty":"","nothing":null,"n":12345678901234567890,"yes":true,"scope":"read write,admin"}`
	claims, err := readClaims([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, text, want string }{
		{"a claim", "email", "a@b.example"},
		{"a claim inside claims", "app.org.id", "acme"},
		{"a claim with dots in its name", `"https://app.example/org"`, "globex"},
		{"quotes on the way", `"a.b"."c d"`, "deep"},
		{"a colon needs no quotes", "cognito:groups.1", "two"},
		{"the list has no such member", "cognito:groups.2", ""},
		{"a list is no text", "cognito:groups", ""},
		{"the first that is there", "none | email", "a@b.example"},
		{"nothing is not there", "nothing | empty | email", "a@b.example"},
		{"a constant", "=acme", "acme"},
		{"a constant when nothing is there", "none|=ac|me", "ac|me"},
		{"no constant when something is there", "email | =x", "a@b.example"},
		{"a number keeps its digits", "n", "12345678901234567890"},
		{"a path through a text", "email.x", ""},
		{"nothing is asked", "", ""},
	} {
		if got := oneText(look(tt.text, claims.all)); got != tt.want {
			t.Errorf("%s: look(%q) = %q, want %q", tt.name, tt.text, got, tt.want)
		}
	}
	for text, want := range map[string][]string{
		"app.roles": {"admin", "editor"}, "scope": {"read", "write", "admin"}, "=member, editor": {"member", "editor"}, "yes": nil, "none": nil,
	} {
		if diff := cmp.Diff(want, words(look(text, claims.all))); diff != "" {
			t.Errorf("words(look(%q)): -want +got\n%s", text, diff)
		}
	}
	for text, want := range map[string]bool{"yes": true, "=true": true, "=false": false, "email": false, "none": false, "n": false} {
		if got := truth(look(text, claims.all)); got != want {
			t.Errorf("truth(look(%q)) = %v, want %v", text, got, want)
		}
	}
}

func TestAMappingThatCannotBeRead(t *testing.T) {
	for _, text := range []string{".", "a.", ".a", "a..b", "a|", "|a", "a b", `"a`, `"a"b`, `a"b"`, "=", "a|=", "a|=  ", "a\x00", "a.b.c.d.e.f.g.h.i", strings.Repeat("a", maxExpression+1), "a=b"} {
		if sources, err := parse(text); err == nil {
			t.Errorf("parse(%q) = %v, want an error", text, sources)
		}
	}
}

func TestAttributesThatCannotBeUsedAreLeftOut(t *testing.T) {
	many := make([]string, 100)
	for i := range many {
		many[i] = "role" + strings.Repeat("x", i)
	}
	raw, _ := json.Marshal(map[string]any{"sub": "1", "email": strings.Repeat("x", maxText+1), "roles": many, "amr": []any{"pwd", "a b", 7, "MFA", "otp"}, "org": "claimed"})
	c, err := readClaims(raw)
	if err != nil {
		t.Fatal(err)
	}
	got := attested(store.TrustedIssuer{Org: "acme", Mapping: store.ClaimMapping{Email: "email", Roles: "roles", Methods: "amr"}}, c)
	if got.Email != "" || len(got.Roles) != maxRoles || got.Organization != "acme" || !cmp.Equal(got.Methods, []string{"pwd", "7", "otp"}) {
		t.Errorf("attested(…) = %+v, want no e-mail, %d roles, acme, [pwd 7 otp]", got, maxRoles)
	}
	c.all["amr"] = slices.Repeat([]any{"otp"}, maxMethods+1)
	if got := attested(store.TrustedIssuer{Mapping: store.ClaimMapping{Methods: "amr"}}, c).Methods; len(got) != maxMethods {
		t.Errorf("attested(%d methods) = %d, want %d", maxMethods+1, len(got), maxMethods)
	}
}

func FuzzMapping(f *testing.F) {
	for _, seed := range []string{"email", "a.b.c", `"x.y"|z`, "=acme", "a|=b", "..", `"`} {
		f.Add(seed, `{"email":"x","a":{"b":["c"]}}`)
	}
	f.Fuzz(func(t *testing.T, text, payload string) {
		sources, err := parse(text)
		c, bad := readClaims([]byte(payload))
		if err != nil || bad != nil {
			return
		}
		for _, s := range sources {
			if !s.fixed && (len(s.path) == 0 || len(s.path) > maxSteps) || s.fixed && s.constant == "" {
				t.Errorf("parse(%q) has the source %+v, want a path or a constant", text, s)
			}
		}
		if got := attested(store.TrustedIssuer{Mapping: store.ClaimMapping{Email: text, EmailVerified: text, Roles: text, Methods: text}}, c); len(got.Email) > max(maxText, maxExpression) {
			t.Errorf("attested(%q) has an e-mail address of %d bytes", text, len(got.Email))
		}
	})
}

// FuzzToken: whatever a stranger sends is refused in words, and none of it counts.
func FuzzToken(f *testing.F) {
	i := app(f, nil)
	good := token(f, p256, "ES256", nil, good(nil))
	f.Add(good)
	f.Add(raw(`{"alg":"none"}`, `{}`, "x"))
	f.Add("..")
	v, _ := verifier()
	f.Fuzz(func(t *testing.T, text string) {
		_, err := v.Verify(t.Context(), i, text)
		switch {
		case text == good && err != nil:
			t.Errorf("Verify(the good token) = %v", err)
		case text != good && err == nil:
			t.Errorf("Verify(%q) = no error, want a refusal", text)
		case err != nil && code(err) == err.Error():
			t.Errorf("Verify(%q) = %v, want a refusal", text, err)
		}
	})
}
