package server

import (
	"bytes"
	"encoding/base64"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckTellsAllThatIsWrong(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	good := Config{Issuer: "https://auth.example.com", Database: "sqlite:x.db", Key: key}
	if err := good.Check(); err != nil {
		t.Errorf("Check(%+v) = %v, want nil", good, err)
	}
	for _, tt := range []struct {
		name   string
		config Config
		want   []string
	}{
		{"nothing is set", Config{}, []string{"issuer: is missing", "database: is missing", "key_file: is missing"}},
		{"two keys", Config{Issuer: good.Issuer, Database: good.Database, Key: key, KeyFile: "kek"}, []string{"key: is set beside key_file"}},
		{"half a key", Config{Issuer: good.Issuer, Database: good.Database, Key: key[:20]}, []string{"key: the key-encryption key must be 32 bytes"}},
		{"no file", Config{Issuer: good.Issuer, Database: "sqlite:", Key: key}, []string{"database: names no file"}},
		{"another engine", Config{Issuer: good.Issuer, Database: "mysql://x", Key: key}, []string{"database: must begin with sqlite: or postgres://"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.config.Check()
			for _, want := range tt.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("Check() = %v, want %q in it", err, want)
				}
			}
			if tt.config.Key != "" && strings.Contains(err.Error(), tt.config.Key) {
				t.Errorf("Check() = %v, which repeats the key", err)
			}
		})
	}
}

func TestAnIssuerHasOneSpelling(t *testing.T) {
	for issuer, ok := range map[string]bool{
		"https://auth.example.com":       true,
		"https://auth.example.com:8443":  true,
		"https://example.com/auth":       true,
		"http://127.0.0.1:8080":          true,
		"http://[::1]:8080":              true,
		"http://localhost:8080":          true,
		"":                               false,
		"auth.example.com":               false,
		"//auth.example.com":             false,
		"http://auth.example.com":        false,
		"http://127.0.0.1.example.com":   false,
		"ftp://auth.example.com":         false,
		"https://auth.example.com/":      false,
		"https://auth.example.com/auth/": false,
		"https://auth.example.com?x":     false,
		"https://auth.example.com#":      false,
		"https://user@auth.example.com":  false,
		"https://Auth.example.com":       false,
		"HTTPS://auth.example.com":       false,
		"https://auth.example.com:443":   false,
		"http://127.0.0.1:80":            false,
		"https://auth.example.com:":      false,
		"https://auth.example.com/%61":   false,
	} {
		if why := checkIssuer(issuer); (why == "") != ok {
			t.Errorf("checkIssuer(%q) = %q, want ok %v", issuer, why, ok)
		}
	}
}

// TestOnlyTrustedProxiesTellTheAddress is threat E1: who sends X-Forwarded-For must not choose whom failures count for.
func TestOnlyTrustedProxiesTellTheAddress(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		name      string
		trusted   []netip.Prefix
		remote    string
		forwarded []string
		want      string
	}{
		{"no proxy is trusted", nil, "203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		{"a stranger claims another address", trusted, "203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		{"a proxy tells whom it serves", trusted, "10.0.0.1:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"what the client put in front does not count", trusted, "10.0.0.1:1", []string{"192.0.2.66, 198.51.100.1"}, "198.51.100.1"},
		{"nor in a header of its own", trusted, "10.0.0.1:1", []string{"192.0.2.66", "198.51.100.1"}, "198.51.100.1"},
		{"two proxies in a row", trusted, "10.0.0.1:1", []string{"198.51.100.1, 10.0.0.2"}, "198.51.100.1"},
		{"what is no address ends it", trusted, "10.0.0.1:1", []string{"198.51.100.1, unknown"}, "10.0.0.1"},
		{"a proxy that says nothing", trusted, "10.0.0.1:1", nil, "10.0.0.1"},
		{"an IPv4 address in IPv6 spelling", trusted, "[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"IPv6", trusted, "[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := addrOf(tt.trusted, tt.remote, tt.forwarded); got.String() != tt.want {
				t.Errorf("addrOf(%s, %q) = %s, want %s", tt.remote, tt.forwarded, got, tt.want)
			}
		})
	}
}

// TestADatabaseOfAnotherIssuerIsRefused: tokens and clients are bound to the issuer, so it cannot change by accident.
func TestADatabaseOfAnotherIssuerIsRefused(t *testing.T) {
	c := Config{Issuer: issuer, Database: "sqlite:" + filepath.Join(t.TempDir(), "x.db"), Key: base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))}
	s, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	other := c
	other.Issuer = "http://127.0.0.1:9090"
	if s, err := New(t.Context(), other); err == nil || !strings.Contains(err.Error(), "belongs to the issuer "+issuer) {
		t.Errorf("New() with another issuer = %v, %v, want a refusal that names the first", s, err)
	}
	other = c
	other.Key = base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{8}, 32))
	if s, err := New(t.Context(), other); err == nil || !strings.Contains(err.Error(), "is this the key-encryption key of this database?") {
		t.Errorf("New() with another key-encryption key = %v, %v, want a refusal that says so", s, err)
	}
	if s, err = New(t.Context(), c); err != nil {
		t.Fatalf("New() with the first issuer = %v, want nil", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
