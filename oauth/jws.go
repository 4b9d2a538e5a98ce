// jws.go: signed tokens in compact form (RFC 7515 §3.1), hardened as RFC 8725 §3 asks.

package oauth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
)

// MaxToken is the longest signed token that is looked at, in bytes.
const MaxToken = 8 << 10

// JWSHeader is the protected header (RFC 7515 §4.1). A member that would change how the token must be read
// (jwk, jku, x5u, x5c, crit, zip, b64) makes it unacceptable.
type JWSHeader struct {
	Algorithm Alg    `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`
}

// forbiddenHeader has a place for the members that must not be there, so that they are seen, null or not.
type forbiddenHeader struct {
	JWSHeader
	JWK  json.RawMessage `json:"jwk"`
	JKU  json.RawMessage `json:"jku"`
	X5U  json.RawMessage `json:"x5u"`
	X5C  json.RawMessage `json:"x5c"`
	Crit json.RawMessage `json:"crit"`
	Zip  json.RawMessage `json:"zip"`
	B64  json.RawMessage `json:"b64"`
	Enc  json.RawMessage `json:"enc"`
}

// JWS is a compact token taken apart. Nothing in it is proven until Verify says so.
type JWS struct {
	Header    JWSHeader
	Payload   []byte
	signed    string
	signature []byte
}

// ParseJWS takes a compact token apart: three segments of canonical base64url, at most MaxToken bytes.
func ParseJWS(token string) (*JWS, error) {
	malformed := Errorf(InvalidToken, "the token is malformed")
	if len(token) > MaxToken {
		return nil, malformed
	}
	head, rest, ok1 := strings.Cut(token, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	if !ok1 || !ok2 || strings.Contains(sig, ".") {
		return nil, malformed
	}
	rawHead, err1 := decode(head, 0)
	payload, err2 := decode(body, 0)
	signature, err3 := decode(sig, 0)
	if err1 != nil || err2 != nil || err3 != nil {
		return nil, malformed
	}
	var header forbiddenHeader
	if UnmarshalStrict(rawHead, &header) != nil {
		return nil, malformed
	}
	for _, member := range []json.RawMessage{header.JWK, header.JKU, header.X5U, header.X5C, header.Crit, header.Zip, header.B64, header.Enc} {
		if member != nil {
			return nil, Errorf(InvalidToken, "the token header has a member that is not accepted")
		}
	}
	return &JWS{Header: header.JWSHeader, Payload: payload, signed: token[:len(head)+1+len(body)], signature: signature}, nil
}

// Verify checks the signature with a key and the one algorithm that belongs to it. The token's own alg must name the same.
func (t *JWS) Verify(public crypto.PublicKey, alg Alg) error {
	bad := Errorf(InvalidToken, "the token signature is not valid")
	if t.Header.Algorithm != alg {
		return bad
	}
	digest := sha256.Sum256([]byte(t.signed))
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		if alg != ES256 || len(t.signature) != 64 {
			return bad
		}
		r, s := new(big.Int).SetBytes(t.signature[:32]), new(big.Int).SetBytes(t.signature[32:])
		if !ecdsa.Verify(key, digest[:], r, s) {
			return bad
		}
	case ed25519.PublicKey:
		if alg != EdDSA || !ed25519.Verify(key, []byte(t.signed), t.signature) {
			return bad
		}
	case *rsa.PublicKey:
		if alg != RS256 || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], t.signature) != nil {
			return bad
		}
	default:
		return bad
	}
	return nil
}

// SignJWS signs payload under the encoded protected header and returns the compact token.
// header is the base64url of the JSON header, made once per key by EncodeJWSHeader.
func SignJWS(header string, payload []byte, key crypto.Signer) (string, error) {
	enc := base64.RawURLEncoding
	token := make([]byte, 0, len(header)+2+enc.EncodedLen(len(payload))+enc.EncodedLen(rsaSignatureMax))
	token = append(token, header...)
	token = append(token, '.')
	token = enc.AppendEncode(token, payload)
	signature, err := sign(token, key)
	if err != nil {
		return "", err
	}
	token = append(token, '.')
	return string(enc.AppendEncode(token, signature)), nil
}

const rsaSignatureMax = 512

func sign(message []byte, key crypto.Signer) ([]byte, error) {
	switch key := key.(type) {
	case *ecdsa.PrivateKey:
		digest := sha256.Sum256(message)
		r, s, err := ecdsa.Sign(rand.Reader, key, digest[:])
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(key, message), nil
	case *rsa.PrivateKey:
		digest := sha256.Sum256(message)
		return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, digest[:])
	default:
		return nil, Errorf(ServerError, "cannot sign with a %T", key)
	}
}

// EncodeJWSHeader makes the protected header of tokens signed by one key.
func EncodeJWSHeader(alg Alg, typ, kid string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + string(alg) + `","typ":"` + typ + `","kid":"` + kid + `"}`))
}
