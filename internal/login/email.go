// email.go brings an e-mail address to the one form in which it is stored and compared (RFC 5321 §4.1.2, RFC 6531 §3.3).

package login

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/authwright/authwright/internal/domains"
)

const (
	maxEmail = 254 // RFC 5321 §4.5.3.1.3, less the angle brackets
	maxLocal = 64  // RFC 5321 §4.5.3.1.1
)

var errEmail = errors.New("not an e-mail address like name@example.com")

// CanonicalEmail normalises first and validates then, so that what was checked is what is kept: NFC, the domain in
// lower-case ASCII, exactly one @, no quoted local part. ASCII letters of the local part are folded too: no mail
// service tells them apart, and two accounts that differ in nothing else would be a trap.
func CanonicalEmail(s string) (string, error) {
	if len(s) > 4*maxEmail || !utf8.ValidString(s) {
		return "", errEmail
	}
	s = norm.NFC.String(lowerASCII(norm.NFC.String(strings.TrimSpace(s))))
	local, domain, ok := strings.Cut(s, "@")
	if !ok || strings.Contains(domain, "@") || !validLocal(local) {
		return "", errEmail
	}
	domain, err := domains.Canonical(domain)
	if err != nil || len(local)+1+len(domain) > maxEmail {
		return "", errEmail
	}
	return local + "@" + domain, nil
}

// validLocal wants the dot-atom of RFC 5321 §4.1.2, with letters and digits of any script (RFC 6531 §3.3).
func validLocal(local string) bool {
	if local == "" || len(local) > maxLocal || strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return false
	}
	for _, r := range local {
		switch {
		case r < utf8.RuneSelf && !atext(byte(r)):
			return false
		case r >= utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r):
			return false
		}
	}
	return true
}

func atext(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.IndexByte("!#$%&'*+-/=?^_`{|}~.", c) >= 0
}

func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, s)
}
