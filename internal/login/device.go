// device.go remembers, in a cookie, who logged in in a browser before, so that a stranger's failures do not slow them down.

package login

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/authwright/authwright/internal/store"
)

const (
	deviceNonce = 16
	maxDevices  = 5 // people one browser is remembered for
)

// A device cookie is a list of proofs, newest first, joined by dots. A proof is a nonce and a MAC of it and the person
// under the person's password hash: it needs no row and no key, and ends when the password changes.

// knownDevice returns the nonce of the proof that p logged in here before, or "".
func knownDevice(cookie string, p store.Person) string {
	if p.Password == "" {
		return "" // no key to prove anything with
	}
	for proof := range strings.SplitSeq(cookie, ".") {
		raw, err := base64.RawURLEncoding.Strict().DecodeString(proof)
		if err == nil && len(raw) == deviceNonce+sha256.Size && hmac.Equal(raw[deviceNonce:], deviceMAC(raw[:deviceNonce], p)) {
			return string(raw[:deviceNonce])
		}
	}
	return ""
}

// addDevice puts a fresh proof for p at the head of the list, and takes out the one that p had.
func addDevice(cookie string, p store.Person) string {
	nonce := make([]byte, deviceNonce)
	rand.Read(nonce)
	proofs := []string{base64.RawURLEncoding.EncodeToString(append(nonce, deviceMAC(nonce, p)...))}
	for proof := range strings.SplitSeq(cookie, ".") {
		if proof != "" && len(proofs) < maxDevices && knownDevice(proof, p) == "" {
			proofs = append(proofs, proof)
		}
	}
	return strings.Join(proofs, ".")
}

func deviceMAC(nonce []byte, p store.Person) []byte {
	mac := hmac.New(sha256.New, []byte(p.Password))
	mac.Write([]byte("authwright device\n"))
	mac.Write(nonce)
	mac.Write([]byte(p.ID))
	return mac.Sum(nil)
}
