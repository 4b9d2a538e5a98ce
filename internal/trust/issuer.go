// issuer.go says what a trusted issuer must be for its tokens to be believed.

package trust

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/authwright/authwright/internal/store"
)

// The bounds of a token's age.
const (
	DefaultMaxAge = 5 * time.Minute
	minMaxAge     = 10 * time.Second
	maxMaxAge     = 24 * time.Hour
)

var issuerName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Defaults fills in what the operator left open: the age, and the algorithms that the keys are for.
func Defaults(t store.TrustedIssuer) store.TrustedIssuer {
	if t.MaxAge == 0 {
		t.MaxAge = DefaultMaxAge
	}
	if len(t.Algorithms) == 0 && t.KeysURL != "" {
		t.Algorithms = []string{"RS256", "ES256", "EdDSA"}
	}
	if keys, err := ParseKeys(t.Keys); len(t.Algorithms) == 0 && err == nil {
		for _, key := range keys {
			if alg := usual(key); !slices.Contains(t.Algorithms, alg) {
				t.Algorithms = append(t.Algorithms, alg)
			}
		}
	}
	return t
}

// Check tells everything that is wrong with a trusted issuer, or nil.
func Check(t store.TrustedIssuer) error {
	var wrong []error
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if !issuerName.MatchString(t.Name) {
		say("name %q: use a-z, 0-9 and dashes, at most 63", t.Name)
	}
	if !line(t.Title, 100) {
		say("title: say in one line of at most 100 characters what people call it")
	}
	if !line(t.Issuer, 1024) {
		say("issuer: say what iss its tokens have, byte for byte")
	}
	if !line(t.Audience, 1024) {
		say("audience: say what aud its tokens have when they are for this place")
	}
	if t.MaxAge < minMaxAge || t.MaxAge > maxMaxAge {
		say("max-age is %s: use %s to %s", t.MaxAge, minMaxAge, maxMaxAge)
	}
	if err := checkURL(t.LoginURL); err != nil {
		say("login-url: %w", err)
	}
	wrong = append(wrong, checkKeys(t)...)
	wrong = append(wrong, checkMapping(t)...)
	return errors.Join(wrong...)
}

// line is one line of text that is not empty.
func line(s string, limit int) bool {
	return s != "" && utf8.RuneCountInString(s) <= limit && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

func checkKeys(t store.TrustedIssuer) (wrong []error) {
	switch {
	case t.KeysURL == "" && t.Keys == "":
		wrong = append(wrong, errors.New("keys: give the address of its JWK set, or its public keys in PEM"))
	case t.KeysURL != "" && t.Keys != "":
		wrong = append(wrong, errors.New("keys: give the address of its JWK set or its public keys, not both"))
	case t.KeysURL != "":
		if err := checkURL(t.KeysURL); err != nil {
			wrong = append(wrong, fmt.Errorf("jwks-url: %w", err))
		}
	default:
		if _, err := ParseKeys(t.Keys); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(t.Algorithms) == 0 {
		wrong = append(wrong, errors.New("alg: say how its tokens are signed"))
	}
	for _, alg := range t.Algorithms {
		if !slices.Contains(algorithms, alg) {
			wrong = append(wrong, fmt.Errorf("alg %q: use one of %s; a secret that is shared proves nothing", alg, strings.Join(algorithms, ", ")))
		}
	}
	return wrong
}

// checkURL wants https, or http on this machine.
func checkURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.Fragment != "" || len(text) > 2048:
		return fmt.Errorf("%q is no plain absolute URL", text)
	case u.Scheme == "https" || u.Scheme == "http" && loopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%q: use https", text)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

func checkMapping(t store.TrustedIssuer) (wrong []error) {
	for _, m := range []struct{ name, text string }{
		{"email", t.Mapping.Email}, {"email_verified", t.Mapping.EmailVerified}, {"name", t.Mapping.Name},
		{"organization", t.Mapping.Organization}, {"roles", t.Mapping.Roles}, {"amr", t.Mapping.Methods},
	} {
		if _, err := parse(m.text); err != nil {
			wrong = append(wrong, fmt.Errorf("map %s=%s: %w", m.name, m.text, err))
		}
	}
	if t.Org != "" && t.Mapping.Organization != "" {
		wrong = append(wrong, errors.New("org: all belong to one organization, or a claim says which; not both"))
	}
	for _, one := range t.Require {
		if _, err := holds(one, nil); err != nil || len(one) > maxExpression {
			wrong = append(wrong, fmt.Errorf("require %q: write a claim and what it must be, like token_use=id", one))
		}
	}
	return wrong
}
