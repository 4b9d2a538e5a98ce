// token.go makes and checks the secret of a link: a time and a MAC of it. It needs no row, so nothing that could be
// stolen from a copy of the database is in it; every replica knows the links of every other, and so does the next start.

package setup

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"
)

// linkLife is how long a link is good, if it is not used before.
const linkLife = time.Hour

const expirySize = 8

// token is good until expires.
func (s *Setup) token(expires time.Time) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(expires.UnixMilli()))
	return base64.RawURLEncoding.EncodeToString(append(raw, s.mac(raw)...))
}

// valid tells whether a token was made here and is not over.
func (s *Setup) valid(token string) bool {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != expirySize+sha256.Size || !hmac.Equal(raw[expirySize:], s.mac(raw[:expirySize])) {
		return false
	}
	expires := time.UnixMilli(int64(binary.BigEndian.Uint64(raw)))
	return s.now().Before(expires)
}

func (s *Setup) mac(expiry []byte) []byte {
	mac := hmac.New(sha256.New, s.Key)
	mac.Write([]byte("authwright first operator\n" + s.Issuer + "\n"))
	mac.Write(expiry)
	return mac.Sum(nil)
}
