package keys_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/authwright/authwright/internal/keys"
)

func TestSealOpensInItsPlaceOnly(t *testing.T) {
	s := sealer(t, 1)
	sealed := s.Seal("signing key p 1", []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) {
		t.Errorf("Seal() = %q, which shows the secret", sealed)
	}
	if again := s.Seal("signing key p 1", []byte("secret")); bytes.Equal(sealed, again) {
		t.Error("Seal() twice = the same bytes, want a fresh nonce each time")
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for _, tt := range []struct {
		name, place string
		sealer      *keys.Sealer
		sealed      []byte
		ok          bool
	}{
		{"its own place", "signing key p 1", s, sealed, true},
		{"another row", "signing key p 2", s, sealed, false},
		{"another project", "signing key q 1", s, sealed, false},
		{"another kind", "secret p 1", s, sealed, false},
		{"another key-encryption key", "signing key p 1", sealer(t, 2), sealed, false},
		{"one bit changed", "signing key p 1", s, changed, false},
		{"cut off", "signing key p 1", s, sealed[:5], false},
		{"nothing", "signing key p 1", s, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.sealer.Open(tt.place, tt.sealed)
			if (err == nil) != tt.ok || !tt.ok && !errors.Is(err, keys.ErrSealed) || tt.ok && string(got) != "secret" {
				t.Errorf("Open(%q) = %q, %v, want ok %v", tt.place, got, err, tt.ok)
			}
		})
	}
}

func TestNewSealerWantsAWholeKey(t *testing.T) {
	for _, size := range []int{0, 16, 31, 33} {
		if _, err := keys.NewSealer(make([]byte, size)); err == nil {
			t.Errorf("NewSealer(%d bytes) = nil, want an error", size)
		}
	}
}

func TestParseKEK(t *testing.T) {
	raw := bytes.Repeat([]byte{0xfb, 0xef}, 16) // + and / in the standard alphabet
	std, url := base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw)
	for _, tt := range []struct {
		name, text string
		ok         bool
	}{
		{"base64", std, true},
		{"base64url without padding", url, true},
		{"with a line break behind it, as files have", std + "\n", true},
		{"nothing", "", false},
		{"too short", std[:20], false},
		{"too long", std[:43] + std, false},
		{"hexadecimal", strings.Repeat("ab", 32), false},
		{"a sentence", "my secret key-encryption key, 32 bytes!!", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := keys.ParseKEK(tt.text)
			if (err == nil) != tt.ok || tt.ok && !bytes.Equal(got, raw) {
				t.Errorf("ParseKEK(%q) = %d bytes, %v, want ok %v", tt.text, len(got), err, tt.ok)
			}
			if err != nil && tt.text != "" && strings.Contains(err.Error(), tt.text) {
				t.Errorf("ParseKEK() = %v, which repeats what may be most of a key", err)
			}
		})
	}
}

func TestLoadKEK(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kek")
	if _, err := keys.LoadKEK(path, false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("LoadKEK(no file) = %v, want %v", err, fs.ErrNotExist)
	}
	var all sync.WaitGroup
	got := make([][]byte, 16)
	for i := range got {
		all.Go(func() {
			kek, err := keys.LoadKEK(path, true)
			if err != nil {
				t.Errorf("LoadKEK() = %v", err)
			}
			got[i] = kek
		})
	}
	all.Wait()
	for i := range got {
		if len(got[i]) != keys.KEKSize || !bytes.Equal(got[i], got[0]) {
			t.Errorf("of %d processes that start at once, %d got another key", len(got), i)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v, %v, want 0600", info.Mode(), err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".kek-*")); len(left) > 0 {
		t.Errorf("files with keys are left over: %v", left)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.LoadKEK(path, false); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("LoadKEK(a file that others can read) = %v, want a refusal that says chmod 600", err)
	}
}
