package otp

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"rsc.io/qr"
)

// TestCodesAreThoseOfTheRFC: RFC 6238 Appendix B has eight digits; a code of six is the end of one of eight.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for _, tt := range []struct {
		unix int64
		want string
	}{
		{59, "94287082"}, {1111111109, "07081804"}, {1111111111, "14050471"}, {1234567890, "89005924"}, {2000000000, "69279037"}, {20000000000, "65353130"},
	} {
		if got := Code(secret, Step(time.Unix(tt.unix, 0))); got != tt.want[2:] {
			t.Errorf("the code at %d = %s, want %s", tt.unix, got, tt.want[2:])
		}
	}
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} { // RFC 4226 Appendix D
		if got := Code(secret, int64(step)); got != want {
			t.Errorf("the code of step %d = %s, want %s", step, got, want)
		}
	}
}

func TestACodeCountsAroundItsTimeAndAfterTheLast(t *testing.T) {
	secret, now := NewSecret(), time.Unix(1_800_000_000, 0)
	here := Step(now)
	for _, tt := range []struct {
		name       string
		step, last int64
		want       bool
	}{
		{"the code of now", here, 0, true},
		{"the code of the step before", here - 1, 0, true},
		{"the code of the step after", here + 1, 0, true},
		{"an older code", here - 2, 0, false},
		{"a later code", here + 2, 0, false},
		{"a code that was used", here, here, false},
		{"a code before one that was used", here - 1, here, false},
		{"a code after one that was used", here + 1, here, true},
	} {
		step, ok := Match(secret, Code(secret, tt.step), now, tt.last)
		if ok != tt.want || ok && step != tt.step {
			t.Errorf("Match(%s) = %d, %v, want %d, %v", tt.name, step, ok, tt.step, tt.want)
		}
	}
	for _, code := range []string{"", "12345", "1234567", "abcdef"} {
		if _, ok := Match(secret, code, now, 0); ok {
			t.Errorf("Match(%q) = true, want false", code)
		}
	}
}

func TestURI(t *testing.T) {
	got := URI("Acme & Söhne", "ada+x@example.com", []byte("12345678901234567890"))
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/Acme & Söhne:ada+x@example.com" || strings.Contains(got, " ") {
		t.Errorf("URI = %s", got)
	}
	if q := u.Query(); q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || q.Get("issuer") != "Acme & Söhne" {
		t.Errorf("URI has the parameters %v", q)
	}
}

func TestRecoveryCodesAreTypedInManyWays(t *testing.T) {
	seen := make(map[string]bool)
	for _, code := range NewRecoveryCodes() {
		plain, ok := PlainRecoveryCode(" " + strings.ToUpper(strings.ReplaceAll(code, "-", " ")))
		if want := strings.ReplaceAll(code, "-", ""); !ok || plain != want || seen[plain] {
			t.Errorf("PlainRecoveryCode of %q = %q, %v, want %q, and no code twice", code, plain, ok, want)
		}
		seen[plain] = true
	}
	if len(seen) != RecoveryCodes {
		t.Errorf("NewRecoveryCodes made %d, want %d", len(seen), RecoveryCodes)
	}
	for _, typed := range []string{"", "123456", "abcd-efgh-234", "abcd-efgh-23456", "abcd-efgh-2340", "abcd-efgh-234é"} {
		if plain, ok := PlainRecoveryCode(typed); ok {
			t.Errorf("PlainRecoveryCode(%q) = %q, true, want false", typed, plain)
		}
	}
}

// TestTheImageIsTheCode paints the path and compares it with the code, module by module.
func TestTheImageIsTheCode(t *testing.T) {
	text := URI("Acme", "ada@example.com", NewSecret())
	image, err := QR(text, `a "label"`)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	painted := make(map[string]bool)
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(string(image), -1) {
		x, _ := strconv.Atoi(run[1])
		width, _ := strconv.Atoi(run[3])
		if run[3] != run[4] {
			t.Errorf("the run %s does not return to where it began", run[0])
		}
		for i := range width {
			painted[fmt.Sprint(x+i, " ", run[2])] = true
		}
	}
	for y := range code.Size {
		for x := range code.Size {
			if got := painted[fmt.Sprint(x+quiet, " ", y+quiet)]; got != code.Black(x, y) {
				t.Fatalf("module %d,%d is dark: %v, want %v", x, y, got, code.Black(x, y))
			}
		}
	}
	if !strings.Contains(string(image), `aria-label="a &#34;label&#34;"`) || strings.Contains(string(image), "style=") {
		t.Errorf("the image has no escaped label, or a style that the policy stops: %s", image)
	}
}
