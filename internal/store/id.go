// id.go makes identifiers that sort by time, so that rows are written side by side (RFC 9562 §5.7 layout).

package store

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"time"
)

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID returns 26 characters: 48 bits of now in milliseconds, then 80 random bits.
func NewID(now time.Time) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(now.UnixMilli())<<16)
	rand.Read(raw[6:])
	return idEncoding.EncodeToString(raw[:])
}
