// pkce.go: proof key for code exchange, method S256 only (RFC 7636 §4; OAuth 2.1 §4.1.1).

package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
)

// S256 is the only code_challenge_method Authwright knows (RFC 7636 §4.3). A missing method would be "plain", which is refused.
const S256 = "S256"

// CodeChallenge is an S256 challenge: 43 characters of base64url (RFC 7636 §4.2).
type CodeChallenge string

// ParseCodeChallenge checks a challenge and its method (RFC 7636 §4.4.1).
func ParseCodeChallenge(challenge, method string) (CodeChallenge, error) {
	switch {
	case challenge == "":
		return "", Errorf(InvalidRequest, "code_challenge is missing: PKCE with S256 is required of every client")
	case method != S256:
		return "", Errorf(InvalidRequest, "code_challenge_method must be S256")
	}
	if _, err := decode(challenge, sha256.Size); err != nil {
		return "", Errorf(InvalidRequest, "code_challenge must be 43 characters of base64url, the SHA-256 of the verifier")
	}
	return CodeChallenge(challenge), nil
}

// Verify tells whether verifier is the one the challenge was made from (RFC 7636 §4.6).
func (c CodeChallenge) Verify(verifier string) bool {
	if !validVerifier(verifier) {
		return false
	}
	sum := sha256.Sum256([]byte(verifier))
	made := base64.RawURLEncoding.EncodeToString(sum[:])
	return subtle.ConstantTimeCompare([]byte(made), []byte(c)) == 1
}

// validVerifier: 43 to 128 unreserved characters (RFC 7636 §4.1).
func validVerifier(v string) bool {
	if len(v) < 43 || len(v) > 128 {
		return false
	}
	for i := range len(v) {
		if !unreserved(v[i]) {
			return false
		}
	}
	return true
}

// unreserved characters of RFC 3986 §2.3.
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}
