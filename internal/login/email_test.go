package login

import (
	"strings"
	"testing"
)

func TestCanonicalEmail(t *testing.T) {
	for _, tt := range []struct {
		name, in, want string // want "" is refused
	}{
		{"plain", "ada@example.com", "ada@example.com"},
		{"space around it is left out", "  ada@example.com\n", "ada@example.com"},
		{"the domain is folded", "ada@EXAMPLE.Com", "ada@example.com"},
		{"ASCII letters before the @ are folded", "Ada@example.com", "ada@example.com"},
		{"tags are kept", "ada+mcp@example.com", "ada+mcp@example.com"},
		{"a domain of letters becomes A-labels", "ada@bücher.example", "ada@xn--bcher-kva.example"},
		{"A-labels stay", "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"},
		{"decomposed is composed", "jose\u0301@example.com", "jos\u00e9@example.com"},
		{"a Kelvin sign is a k", "\u212Aim@example.com", "kim@example.com"},
		{"letters compose once they are folded", "H\u0331@example.com", "\u1E96@example.com"},
		{"a wide domain dot is a dot", "ada@example\u3002com", "ada@example.com"},
		{"a name without dot", "root@localhost", "root@localhost"},
		{"empty", "", ""},
		{"no @", "ada.example.com", ""},
		{"two @", "ada@evil.example@example.com", ""},
		{"a wide @", "ada\uff20example.com", ""},
		{"a wide @ before the @", "ada\uff20evil.example@example.com", ""},
		{"a quoted local part", `"ada"@example.com`, ""},
		{"a quoted @", `"ada@corp.example"@evil.example`, ""},
		{"a display name", "Ada <ada@example.com>", ""},
		{"a comment", "ada(x)@example.com", ""},
		{"two addresses", "ada@example.com,bob@example.com", ""},
		{"a space inside", "a da@example.com", ""},
		{"a line inside", "ada\r\nBcc: x@example.com", ""},
		{"NUL", "ada\x00@example.com", ""},
		{"a zero-width space", "ada\u200b@example.com", ""},
		{"a right-to-left override", "ada\u202e@example.com", ""},
		{"a zero-width joiner in the domain", "ada@exam\u200dple.com", ""},
		{"not UTF-8", "ada\xff@example.com", ""},
		{"no local part", "@example.com", ""},
		{"no domain", "ada@", ""},
		{"a dot first", ".ada@example.com", ""},
		{"two dots", "a..da@example.com", ""},
		{"a dot at the end of the domain", "ada@example.com.", ""},
		{"an empty label", "ada@example..com", ""},
		{"an address in brackets", "ada@[127.0.0.1]", ""},
		{"an address", "ada@127.0.0.1", ""},
		{"an underscore in the domain", "ada@exa_mple.com", ""},
		{"a hyphen first in a label", "ada@-example.com", ""},
		{"a long local part", strings.Repeat("a", 65) + "@example.com", ""},
		{"a long address", "ada@" + strings.Repeat("a23456789.", 25) + "com", ""},
		{"a mixed-direction domain", "ada@\u05d0a.example", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := CanonicalEmail(tt.in)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("CanonicalEmail(%q) = %q, %v, want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func FuzzCanonicalEmail(f *testing.F) {
	for _, seed := range []string{"ada@example.com", "Ada@BÜCHER.example", "H\u0331\u0301@x", "a@xn--a", "\u212A@ß.de", "a@\u2168.com"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		once, err := CanonicalEmail(in)
		if err != nil {
			return
		}
		if twice, err := CanonicalEmail(once); twice != once || err != nil {
			t.Errorf("CanonicalEmail(CanonicalEmail(%q)) = %q, %v, want %q", in, twice, err, once)
		}
		if strings.Count(once, "@") != 1 || strings.ContainsAny(once, " \t\r\n\"<>(),:;[]\\\x00") || len(once) > maxEmail {
			t.Errorf("CanonicalEmail(%q) = %q, want one @ and no structure", in, once)
		}
	})
}
