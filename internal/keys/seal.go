// seal.go encrypts what the database keeps with a key that is not in the database (NIST SP 800-38D, RFC 5869).

package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// KEKSize is the length of a key-encryption key in bytes.
const KEKSize = 32

// Sealer seals with a key-encryption key.
type Sealer struct{ aead cipher.AEAD }

// NewSealer takes a key-encryption key of KEKSize bytes.
func NewSealer(kek []byte) (*Sealer, error) {
	if len(kek) != KEKSize {
		return nil, fmt.Errorf("the key-encryption key has %d bytes, want %d", len(kek), KEKSize)
	}
	key, err := hkdf.Key(sha256.New, kek, nil, "authwright seal v1", KEKSize)
	if err != nil {
		return nil, fmt.Errorf("deriving the sealing key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("making the sealing cipher: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("making the sealing cipher: %w", err)
	}
	return &Sealer{aead: aead}, nil
}

// Seal encrypts secret for one place; it opens nowhere else.
func (s *Sealer) Seal(place string, secret []byte) []byte {
	return s.aead.Seal(nil, nil, secret, []byte(place))
}

// ErrSealed means that a secret does not open: the key-encryption key is not the one it was sealed with, or the row was moved or changed.
var ErrSealed = errors.New("a sealed secret does not open: is this the key-encryption key of this database?")

// Open decrypts what Seal made for the same place.
func (s *Sealer) Open(place string, sealed []byte) ([]byte, error) {
	secret, err := s.aead.Open(nil, nil, sealed, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", place, ErrSealed)
	}
	return secret, nil
}

// ParseKEK reads a key-encryption key: 32 bytes in base64 or base64url, white space around it ignored.
func ParseKEK(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	text = strings.NewReplacer("+", "-", "/", "_").Replace(text)
	kek, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(kek) != KEKSize {
		return nil, fmt.Errorf("the key-encryption key must be %d bytes in base64 (make one with: openssl rand -base64 %d)", KEKSize, KEKSize)
	}
	return kek, nil
}

// LoadKEK reads the key-encryption key from a file. When there is none and create is set, it makes one that only
// the owner may read. Of several processes that start at once, all end with the same key.
func LoadKEK(path string, create bool) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && create {
		if err := createKEK(path); err != nil {
			return nil, err
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the key-encryption key: %w", err)
	}
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key-encryption key %s can be read by others (mode %04o): run chmod 600 on it", path, info.Mode().Perm())
	}
	kek, err := ParseKEK(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return kek, nil
}

// createKEK writes a fresh key beside the path and links it in place, so that the file is whole or absent.
func createKEK(path string) error {
	kek := make([]byte, KEKSize)
	rand.Read(kek)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".kek-*")
	if err != nil {
		return fmt.Errorf("making the key-encryption key: %w", err)
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.WriteString(base64.StdEncoding.EncodeToString(kek) + "\n")
	err = errors.Join(err, tmp.Chmod(0o600), tmp.Sync(), tmp.Close())
	if err != nil {
		return fmt.Errorf("making the key-encryption key: %w", err)
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("making the key-encryption key: %w", err)
	}
	return nil
}
