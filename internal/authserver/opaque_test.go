package authserver

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func testCodec(project store.ProjectID, key byte) refreshCodec {
	return refreshCodec{project: project, key: bytes.Repeat([]byte{key}, 32)}
}

func wantCode(t *testing.T, err error, want oauth.Code) {
	t.Helper()
	var refusal *oauth.Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCodesAreWholeOrNothing(t *testing.T) {
	id := store.GrantID(store.NewID(time.Unix(1, 0)))
	code := newCode(id)
	if got, err := parseCode(code); err != nil || got != id {
		t.Errorf("parseCode(%q) = %q, %v, want %q", code, got, err, id)
	}
	if newCode(id) == code {
		t.Error("newCode() twice = the same code")
	}
	if secret := code[len(codePrefix)+grantIDLength : len(code)-6]; len(secret) != 43 {
		t.Errorf("a code has %d characters of secret, want 43: 256 bits", len(secret))
	}
	changed := []byte(code)
	changed[20]++
	for name, wrong := range map[string]string{
		"nothing":          "",
		"cut off":          code[:len(code)-1],
		"one letter more":  code + "A",
		"one letter other": string(changed),
		"no checksum":      code[:len(code)-6] + "AAAAAA",
		"another prefix":   "aw_cade_" + code[len(codePrefix):],
		"a refresh token":  testCodec("p", 1).encode(id, 1),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseCode(wrong)
			wantCode(t, err, oauth.InvalidGrant)
		})
	}
}

func TestRefreshTokensAreProvenByTheirMAC(t *testing.T) {
	c := testCodec("p", 1)
	id, other := store.GrantID(store.NewID(time.Unix(1, 0))), store.GrantID(store.NewID(time.Unix(2, 0)))
	token := c.encode(id, 7)
	got, generation, err := c.decode(token)
	if err != nil || got != id || generation != 7 {
		t.Errorf("decode(%q) = %q, %d, %v, want %q, 7", token, got, generation, err, id)
	}
	if c.encode(id, 7) != token {
		t.Error("encode() twice differs: a lost answer could not be repeated")
	}
	raw := func(n int) string { return base64.RawURLEncoding.EncodeToString(make([]byte, n)) }
	tail := token[len(refreshPrefix)+grantIDLength:]
	for name, wrong := range map[string]string{
		"nothing":                          "",
		"cut off":                          token[:len(token)-1],
		"one letter more":                  token + "A",
		"another grant's id":               refreshPrefix + string(other) + tail,
		"another generation, same MAC":     refreshPrefix + string(id) + c.encode(id, 8)[len(refreshPrefix)+grantIDLength:][:6] + tail[6:],
		"no MAC":                           refreshPrefix + string(id) + raw(36),
		"made with another key":            testCodec("p", 2).encode(id, 7),
		"made for another project":         testCodec("q", 1).encode(id, 7),
		"line breaks, which base64 skips":  refreshPrefix + string(id) + strings.Repeat("\n", 48),
		"a line break in the place of one": refreshPrefix + string(id) + tail[:47] + "\n",
		"a code":                           newCode(id),
		"padding":                          token[:len(token)-1] + "=",
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.decode(wrong)
			wantCode(t, err, oauth.InvalidGrant)
		})
	}
}

// TestAProjectsNameCannotRunIntoTheGrant builds two pairs that would be the same bytes without the separator.
func TestAProjectsNameCannotRunIntoTheGrant(t *testing.T) {
	id := store.GrantID(strings.Repeat("a", grantIDLength))
	one, two := testCodec("p", 1), testCodec("pa", 1)
	if string(one.sum(id, []byte{0, 0, 0, 1})) == string(two.sum(id[:grantIDLength-1], []byte{0, 0, 0, 1})) {
		t.Error("two projects share a MAC")
	}
}

func FuzzParseCode(f *testing.F) {
	id := store.GrantID(store.NewID(time.Unix(1, 0)))
	f.Add(newCode(id))
	f.Add(codePrefix + strings.Repeat("\x00", 75))
	f.Add("")
	f.Fuzz(func(t *testing.T, code string) {
		id, err := parseCode(code)
		if err != nil {
			wantCode(t, err, oauth.InvalidGrant)
			return
		}
		if len(id) != grantIDLength || !strings.HasPrefix(code, codePrefix+string(id)) || len(code) != codeLength {
			t.Errorf("parseCode(%q) = %q, want the id that is in it", code, id)
		}
	})
}

func FuzzDecodeRefreshToken(f *testing.F) {
	c := testCodec("p", 1)
	id := store.GrantID(store.NewID(time.Unix(1, 0)))
	f.Add(c.encode(id, 1))
	f.Add(refreshPrefix + strings.Repeat("\n", 74))
	f.Add(refreshPrefix + string(id) + strings.Repeat("\r\n", 24))
	f.Fuzz(func(t *testing.T, token string) {
		id, generation, err := c.decode(token)
		if err != nil {
			wantCode(t, err, oauth.InvalidGrant)
			return
		}
		if c.encode(id, generation) != token {
			t.Errorf("decode(%q) = %q, %d, which is spelled %q: a token has one spelling", token, id, generation, c.encode(id, generation))
		}
	})
}
