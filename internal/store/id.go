// id.go makes identifiers that sort by time, so that rows are written side by side (RFC 9562 §5.7 layout).

package store

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"sync"
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

// eventTurn orders the events of one millisecond that one process writes.
var eventTurn struct {
	sync.Mutex
	at   int64
	turn uint16
}

// newEventID is NewID, but for a count within the millisecond in the place of the first random bits.
func newEventID(now time.Time) EventID {
	at := now.UnixMilli()
	eventTurn.Lock()
	if eventTurn.turn++; at != eventTurn.at {
		eventTurn.at, eventTurn.turn = at, 0
	}
	turn := eventTurn.turn
	eventTurn.Unlock()
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(at)<<16|uint64(turn))
	rand.Read(raw[8:])
	return EventID(idEncoding.EncodeToString(raw[:]))
}

// FirstEventID is before every event of that time or later.
func FirstEventID(at time.Time) EventID {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:8], uint64(at.UnixMilli())<<16)
	return EventID(idEncoding.EncodeToString(raw[:]))
}
