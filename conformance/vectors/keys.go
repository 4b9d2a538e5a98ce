// keys.go makes keys from their names, so that the vectors are the same wherever they are made. For tests only:
// whoever reads this has the private keys.

package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
)

// stream is an endless reader of bytes that follow from a name.
type stream struct {
	name  string
	block uint64
}

func (s *stream) Read(p []byte) (int, error) {
	for n := 0; n < len(p); {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("authwright vectors "+s.name), s.block))
		s.block++
		n += copy(p[n:], sum[:])
	}
	return len(p), nil
}

func (s *stream) bytes(n int) []byte {
	p := make([]byte, n)
	_, _ = s.Read(p) // never fails
	return p
}

func ecKey(name string, curve elliptic.Curve) *ecdsa.PrivateKey {
	size := (curve.Params().BitSize + 7) / 8
	key, err := ecdsa.ParseRawPrivateKey(curve, (&stream{name: name}).bytes(size))
	if err != nil {
		panic(fmt.Sprintf("key %s: %v", name, err))
	}
	return key
}

func edKey(name string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed((&stream{name: name}).bytes(ed25519.SeedSize))
}

// rsaKey takes for primes the first ones above two numbers that follow from the name.
func rsaKey(name string, bits int) *rsa.PrivateKey {
	source := &stream{name: name}
	one, e := big.NewInt(1), big.NewInt(65537)
	prime := func() *big.Int {
		raw := source.bytes(bits / 16)
		raw[0] |= 0xc0
		raw[len(raw)-1] |= 1
		for p := new(big.Int).SetBytes(raw); ; p.Add(p, big.NewInt(2)) {
			if p.ProbablyPrime(20) && new(big.Int).GCD(nil, nil, e, new(big.Int).Sub(p, one)).Cmp(one) == 0 {
				return p
			}
		}
	}
	p, q := prime(), prime()
	phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: int(e.Int64())},
		D:         new(big.Int).ModInverse(e, phi),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key
}

// The keys. Only the first three, and the one that may have any use, are good.
var (
	es      = ecKey("es", elliptic.P256())
	es2     = ecKey("es2", elliptic.P256())
	ed      = edKey("ed")
	rs      = rsaKey("rs", 2048)
	p384    = ecKey("p384", elliptic.P384())
	small   = rsaKey("small", 1024)
	strange = ecKey("strange", elliptic.P256()) // nobody publishes it
)

var b64 = base64.RawURLEncoding.EncodeToString

// jwk describes the public key in the member order of its text. more comes first: `"use":"sig"`.
func jwk(kid, more string, private crypto.Signer) string {
	name := func(kty, rest string) string {
		text := `{"kty":"` + kty + `"`
		if kid != "" {
			text += `,"kid":"` + kid + `"`
		}
		if more != "" {
			text += "," + more
		}
		return text + "," + rest + "}"
	}
	switch key := private.(type) {
	case *ecdsa.PrivateKey:
		point, err := key.PublicKey.Bytes()
		if err != nil {
			panic(fmt.Sprintf("key %s: %v", kid, err))
		}
		half := len(point) / 2
		return name("EC", fmt.Sprintf(`"crv":%q,"x":%q,"y":%q`, key.Curve.Params().Name, b64(point[1:1+half]), b64(point[1+half:])))
	case ed25519.PrivateKey:
		return name("OKP", fmt.Sprintf(`"crv":"Ed25519","x":%q`, b64(key.Public().(ed25519.PublicKey))))
	case *rsa.PrivateKey:
		return name("RSA", fmt.Sprintf(`"n":%q,"e":"AQAB"`, b64(key.N.Bytes())))
	}
	panic(fmt.Sprintf("no form for a %T", private))
}

// jwks is a key set of these keys.
func jwks(keys ...string) string {
	text := ""
	for n, key := range keys {
		if n > 0 {
			text += ","
		}
		text += key
	}
	text = `{"keys":[` + text + `]}`
	if !json.Valid([]byte(text)) {
		panic("not JSON: " + text)
	}
	return text
}

// published is what the issuer says its keys are: good ones beside all kinds that nothing may be verified with.
var published = jwks(
	jwk("es", `"use":"sig","alg":"ES256"`, es),
	jwk("ed", `"use":"sig","alg":"EdDSA"`, ed),
	jwk("rs", `"use":"sig","alg":"RS256"`, rs),
	jwk("plain", "", es2), // no use and no alg: the kind of key says which
	jwk("for-encryption", `"use":"enc"`, es),
	jwk("of-another-alg", `"use":"sig","alg":"RS256"`, es),
	jwk("p384", `"use":"sig","alg":"ES384"`, p384),
	jwk("small", `"use":"sig","alg":"RS256"`, small),
	jwk("pss", `"use":"sig","alg":"PS256"`, rs),
	jwk("twice", `"use":"sig","alg":"ES256"`, es),
	jwk("twice", `"use":"sig","alg":"EdDSA"`, ed),
	jwk("", `"use":"sig","alg":"ES256"`, strange),
	`{"kty":"oct","kid":"secret","use":"sig","alg":"HS256","k":"`+b64(sharedSecret)+`"}`,
)

var sharedSecret = (&stream{name: "secret"}).bytes(32)

// discovery is the issuer's metadata.
const discovery = `{"issuer":"` + issuer + `","authorization_endpoint":"` + issuer + `/authorize","token_endpoint":"` + issuer +
	`/token","jwks_uri":"` + jwksURL + `","introspection_endpoint":"` + askURL +
	`","response_types_supported":["code"],"code_challenge_methods_supported":["S256"]}`

// documents are what a healthy issuer answers.
func documents() map[string]document {
	return map[string]document{discoveryURL: {Body: discovery}, jwksURL: {Body: published}}
}
