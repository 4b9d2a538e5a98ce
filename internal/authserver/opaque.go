// opaque.go makes and reads authorization codes and refresh tokens. Both begin with a prefix that scanners know,
// and with the id of their grant, which is the row's key; neither is acted on before the whole of it is proven.

package authserver

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"strings"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	codePrefix    = "aw_code_"
	refreshPrefix = "aw_rt_"
	grantIDLength = 26
	codeLength    = len(codePrefix) + grantIDLength + 43 + 6
	refreshLength = len(refreshPrefix) + grantIDLength + 48
)

// newCode is a code of the grant: 256 random bits, and a checksum so that a mangled one never reaches the database.
func newCode(id store.GrantID) string {
	secret := make([]byte, 32)
	rand.Read(secret)
	code := codePrefix + string(id) + base64.RawURLEncoding.EncodeToString(secret)
	return code + checksum(code)
}

func checksum(s string) string {
	var sum [4]byte
	binary.BigEndian.PutUint32(sum[:], crc32.ChecksumIEEE([]byte(s)))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// parseCode finds the grant of a well-formed code. Whether the code is right, the store decides by its digest.
func parseCode(code string) (store.GrantID, error) {
	body, sum := "", ""
	if len(code) == codeLength && strings.HasPrefix(code, codePrefix) {
		body, sum = code[:codeLength-6], code[codeLength-6:]
	}
	if body == "" || checksum(body) != sum {
		return "", oauth.Errorf(oauth.InvalidGrant, "the code is not one of ours, or it was cut off")
	}
	return store.GrantID(body[len(codePrefix) : len(codePrefix)+grantIDLength]), nil
}

// refreshCodec makes refresh tokens: grant, generation and a MAC under a key that is not in the database. A
// successor can be made again from the row, so a lost answer loses nothing, and a copy of the database yields none.
type refreshCodec struct {
	project store.ProjectID
	key     []byte
}

func (c refreshCodec) encode(id store.GrantID, generation int64) string {
	raw := make([]byte, 4, 36)
	binary.BigEndian.PutUint32(raw, uint32(generation))
	raw = append(raw, c.sum(id, raw)...)
	return refreshPrefix + string(id) + base64.RawURLEncoding.EncodeToString(raw)
}

func (c refreshCodec) sum(id store.GrantID, generation []byte) []byte {
	message := make([]byte, 0, 64)
	message = append(message, "refresh token\x00"...)
	message = append(message, c.project...)
	message = append(message, 0)
	message = append(message, id...)
	mac := hmac.New(sha256.New, c.key)
	mac.Write(append(message, generation...))
	return mac.Sum(nil)
}

// decode proves that a refresh token was made here and says of which grant and generation.
func (c refreshCodec) decode(token string) (store.GrantID, int64, error) {
	bad := oauth.Errorf(oauth.InvalidGrant, "the refresh token is not one of ours, or it was cut off")
	if len(token) != refreshLength || !strings.HasPrefix(token, refreshPrefix) {
		return "", 0, bad
	}
	id := store.GrantID(token[len(refreshPrefix) : len(refreshPrefix)+grantIDLength])
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token[len(refreshPrefix)+grantIDLength:])
	if err != nil || len(raw) != 36 || !hmac.Equal(raw[4:], c.sum(id, raw[:4])) { // Go's decoder skips line breaks
		return "", 0, bad
	}
	return id, int64(binary.BigEndian.Uint32(raw)), nil
}
