// token.go makes tokens, good ones (RFC 9068 §2) and every kind of bad one (RFC 8725 §2).

package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"
)

// member is one member of a JSON object; its value is text, so that it may be anything.
type member struct{ name, value string }

// object is members in their order, twice the same if somebody wants that.
type object []member

func (o object) String() string {
	parts := make([]string, len(o))
	for n, m := range o {
		parts[n] = `"` + m.name + `":` + m.value
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// set replaces a member or adds it at the end.
func (o *object) set(name, value string) {
	for n := range *o {
		if (*o)[n].name == name {
			(*o)[n].value = value
			return
		}
	}
	*o = append(*o, member{name, value})
}

func (o *object) drop(name string) {
	*o = slices.DeleteFunc(*o, func(m member) bool { return m.name == name })
}

// token is a token before it is signed.
type token struct {
	header, claims object
	sign           func(input string) []byte
	rawHeader      func(text string) string
	rawClaims      func(text string) string
	whole          func(text string) string
}

type edit func(*token)

// minted makes a token: a good one of the ES256 key, with edits in their order.
func minted(edits ...edit) token {
	t := token{
		header: object{{"alg", `"ES256"`}, {"typ", `"at+jwt"`}, {"kid", `"es"`}},
		claims: object{
			{"iss", `"` + issuer + `"`}, {"sub", `"per_ada"`}, {"aud", `"` + resource + `"`}, {"client_id", `"cli_1"`},
			{"iat", fmt.Sprint(now - 60)}, {"exp", fmt.Sprint(now + 1740)}, {"jti", `"jti_1"`}, {"scope", `"todo.read"`},
		},
		sign:      signES(es),
		rawHeader: same,
		rawClaims: same,
		whole:     same,
	}
	for _, change := range edits {
		change(&t)
	}
	return t
}

func same(text string) string { return text }

func (t token) String() string {
	input := b64([]byte(t.rawHeader(t.header.String()))) + "." + b64([]byte(t.rawClaims(t.claims.String())))
	return t.whole(input + "." + b64(t.sign(input)))
}

// vector makes a case of it, with what is in the token for who reads.
func (t token) vector(name string, w want) vector {
	v := vector{Name: name, Token: t.String(), Header: t.rawHeader(t.header.String()), Claims: t.rawClaims(t.claims.String()), Want: w}
	for _, shown := range []*string{&v.Header, &v.Claims} {
		if !utf8.ValidString(*shown) || len(*shown) > 2048 {
			*shown = ""
		}
	}
	return v
}

// Edits.

func claim(name, value string) edit  { return func(t *token) { t.claims.set(name, value) } }
func without(name string) edit       { return func(t *token) { t.claims.drop(name) } }
func header(name, value string) edit { return func(t *token) { t.header.set(name, value) } }
func headerless(name string) edit    { return func(t *token) { t.header.drop(name) } }

// first puts a claim before all others, whether or not there is one of that name.
func first(name, value string) edit {
	return func(t *token) { t.claims = append(object{{name, value}}, t.claims...) }
}

// firstHeader is first for the header.
func firstHeader(name, value string) edit {
	return func(t *token) { t.header = append(object{{name, value}}, t.header...) }
}

func text(of func(string) string) edit       { return func(t *token) { t.rawClaims = of } }
func headerText(of func(string) string) edit { return func(t *token) { t.rawHeader = of } }
func whole(of func(string) string) edit      { return func(t *token) { t.whole = of } }

// scoped is a token with these scopes.
func scoped(scope string) edit { return claim("scope", `"`+scope+`"`) }

// signed has another key sign, under its kid and algorithm.
func signed(kid, alg string, sign func(string) []byte) edit {
	return func(t *token) {
		t.sign = sign
		t.header.set("alg", `"`+alg+`"`)
		t.header.set("kid", `"`+kid+`"`)
	}
}

// signature replaces the signature only.
func signature(of func(input string) []byte) edit { return func(t *token) { t.sign = of } }

// Signatures that are the same each time.

func signES(key *ecdsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		r, s := numbers(derES(key)(input))
		size := (key.Curve.Params().BitSize + 7) / 8
		out := make([]byte, 2*size)
		r.FillBytes(out[:size])
		s.FillBytes(out[size:])
		return out
	}
}

// derES is the signature as ASN.1, which no JWS has; without a source of chance it follows RFC 6979.
func derES(key *ecdsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		hash := crypto.SHA256
		if key.Curve.Params().BitSize > 256 {
			hash = crypto.SHA384
		}
		h := hash.New()
		h.Write([]byte(input))
		der, err := key.Sign(nil, h.Sum(nil), hash)
		if err != nil {
			panic(fmt.Sprintf("signing: %v", err))
		}
		return der
	}
}

func numbers(der []byte) (r, s *big.Int) {
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		panic(fmt.Sprintf("reading a signature: %v", err))
	}
	return pair.R, pair.S
}

func signEd(key ed25519.PrivateKey) func(string) []byte {
	return func(input string) []byte { return ed25519.Sign(key, []byte(input)) }
}

func signRS(key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		digest := sha256.Sum256([]byte(input))
		out, err := rsa.SignPKCS1v15(nil, key, crypto.SHA256, digest[:])
		if err != nil {
			panic(fmt.Sprintf("signing: %v", err))
		}
		return out
	}
}

func signPS(key *rsa.PrivateKey) func(string) []byte {
	return func(input string) []byte {
		digest := sha256.Sum256([]byte(input))
		out, err := rsa.SignPSS(&stream{name: "salt"}, key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
		if err != nil {
			panic(fmt.Sprintf("signing: %v", err))
		}
		return out
	}
}

func signHS(secret []byte) func(string) []byte {
	return func(input string) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return mac.Sum(nil)
	}
}

func unsigned(string) []byte { return nil }

// publicPEM is a public key as text files hold it: what a confused verifier takes for a shared secret.
func publicPEM(key crypto.Signer) []byte {
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		panic(fmt.Sprintf("encoding a key: %v", err))
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// nested is an object within an object, depth deep.
func nested(depth int) string {
	return strings.Repeat(`{"x":`, depth) + "1" + strings.Repeat("}", depth)
}

// compact takes the spaces out of JSON that is written for people.
func compact(s string) json.RawMessage {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		panic(fmt.Sprintf("%s: %v", s, err))
	}
	return b.Bytes()
}
