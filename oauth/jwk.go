// jwk.go: public keys as JSON (RFC 7517, RFC 8037) and their thumbprints (RFC 7638).

package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"strings"
)

// Alg is a JWS signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
type Alg string

// The signature algorithms Authwright signs with and verifies. There is no "none" and no shared-secret algorithm.
const (
	ES256 Alg = "ES256"
	EdDSA Alg = "EdDSA"
	RS256 Alg = "RS256"
)

// JWK is a public signing key. It has no private members, so none can leak through it.
type JWK struct {
	KeyType   string `json:"kty"`
	KeyID     string `json:"kid,omitempty"`
	Use       string `json:"use,omitempty"`
	Algorithm Alg    `json:"alg,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
}

// JWKSet is a set of public keys (RFC 7517 §5).
type JWKSet struct {
	Keys []JWK `json:"keys"`
}

// NewJWK describes a public key; its kid is the RFC 7638 thumbprint.
func NewJWK(public crypto.PublicKey) (JWK, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	var k JWK
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil || key.Curve != elliptic.P256() {
			return JWK{}, Errorf(ServerError, "only P-256 keys can sign ES256")
		}
		k = JWK{KeyType: "EC", Algorithm: ES256, Curve: "P-256", X: b64(point[1:33]), Y: b64(point[33:])}
	case ed25519.PublicKey:
		k = JWK{KeyType: "OKP", Algorithm: EdDSA, Curve: "Ed25519", X: b64(key)}
	case *rsa.PublicKey:
		k = JWK{KeyType: "RSA", Algorithm: RS256, N: b64(key.N.Bytes()), E: b64(big.NewInt(int64(key.E)).Bytes())}
	default:
		return JWK{}, Errorf(ServerError, "no JWK form for a %T", public)
	}
	k.Use, k.KeyID = "sig", k.Thumbprint()
	return k, nil
}

// Thumbprint is the base64url SHA-256 of the key's required members in their canonical order (RFC 7638 §3).
func (k JWK) Thumbprint() string {
	var canonical string
	switch k.KeyType {
	case "EC":
		canonical = `{"crv":"` + k.Curve + `","kty":"EC","x":"` + k.X + `","y":"` + k.Y + `"}`
	case "OKP":
		canonical = `{"crv":"` + k.Curve + `","kty":"OKP","x":"` + k.X + `"}`
	case "RSA":
		canonical = `{"e":"` + k.E + `","kty":"RSA","n":"` + k.N + `"}`
	}
	sum := sha256.Sum256([]byte(canonical))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// Public rebuilds the key and the one algorithm it may be used with. An alg or use that contradicts the key type is an error.
func (k JWK) Public() (crypto.PublicKey, Alg, error) {
	unusable := Errorf(InvalidToken, "key %q is not a usable signing key", k.KeyID)
	if k.Use != "" && k.Use != "sig" {
		return nil, "", unusable
	}
	var public crypto.PublicKey
	var alg Alg
	switch {
	case k.KeyType == "EC" && k.Curve == "P-256":
		x, errX := decode(k.X, 32)
		y, errY := decode(k.Y, 32)
		if errX != nil || errY != nil {
			return nil, "", unusable
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, "", unusable
		}
		public, alg = key, ES256
	case k.KeyType == "OKP" && k.Curve == "Ed25519":
		x, err := decode(k.X, ed25519.PublicKeySize)
		if err != nil {
			return nil, "", unusable
		}
		public, alg = ed25519.PublicKey(x), EdDSA
	case k.KeyType == "RSA":
		n, errN := decode(k.N, 0)
		e, errE := decode(k.E, 0)
		exponent := new(big.Int).SetBytes(e)
		switch {
		case errN != nil || errE != nil || n[0] == 0 || e[0] == 0: // RFC 7518 §2: no leading zero octets
			return nil, "", unusable
		case len(n) < 256 || len(n) > 1024 || !exponent.IsInt64() || exponent.Int64() < 3 || exponent.Int64() > 1<<31-1 || exponent.Bit(0) == 0:
			return nil, "", unusable
		}
		public, alg = &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, RS256
	default:
		return nil, "", unusable
	}
	if k.Algorithm != "" && k.Algorithm != alg {
		return nil, "", unusable
	}
	return public, alg, nil
}

// decode reads canonical base64url of want bytes, or of any number when want is 0. Line breaks, which Go's decoder
// skips, are refused: a token has one spelling.
func decode(s string, want int) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || strings.ContainsAny(s, "\r\n") || want > 0 && len(raw) != want || len(raw) == 0 {
		return nil, Errorf(InvalidToken, "a member is not canonical base64url")
	}
	return raw, nil
}
