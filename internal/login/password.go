// password.go hashes passwords with Argon2id (RFC 9106), kept as PHC strings.

package login

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

const (
	maxPassword = 1024 // bytes
	saltLength  = 16
	hashLength  = 32
)

// cost are Argon2id's parameters.
type cost struct {
	memory  uint32 // KiB
	passes  uint32
	threads uint8
}

// current is what a new hash costs. A hash that cost less is renewed at the next login.
var current = cost{memory: 19 << 10, passes: 2, threads: 1}

// largest is what a hash may cost that came from elsewhere, so that a row cannot exhaust the machine.
var largest = cost{memory: 256 << 10, passes: 16, threads: 16}

var (
	errBusy     = errors.New("too many passwords are being checked at once")
	errPassword = fmt.Errorf("a password has 1 to %d bytes", maxPassword)
)

// HashPassword makes the PHC string that is stored for a password. It waits its turn among the logins.
func HashPassword(ctx context.Context, password string) (string, error) {
	if password == "" || len(password) > maxPassword {
		return "", errPassword
	}
	leave, err := turns.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return hashPassword(password), nil
}

func hashPassword(password string) string {
	salt := make([]byte, saltLength)
	rand.Read(salt)
	return phc{current, salt, derive(password, salt, current, hashLength)}.String()
}

// derive runs Argon2id over the password in NFC, so that two keyboards type the same one (RFC 8265 §4.2).
func derive(password string, salt []byte, c cost, length uint32) []byte {
	return argon2.IDKey(norm.NFC.Bytes([]byte(password)), salt, c.passes, c.memory, c.threads, length)
}

// verifyPassword tells whether the password fits the stored hash, and whether the hash should be renewed. A hash
// that cannot be read, or is not there, fits nothing and costs as much: no more, the first time neither.
func verifyPassword(password, stored string) (fits, renew bool) {
	parsed, err := parsePHC(stored)
	if err != nil || len(password) > maxPassword {
		derive("", make([]byte, saltLength), current, hashLength)
		return false, false
	}
	got := derive(password, parsed.salt, parsed.cost, uint32(len(parsed.hash)))
	fits = subtle.ConstantTimeCompare(got, parsed.hash) == 1
	return fits, fits && (parsed.cost != current || len(parsed.hash) != hashLength)
}

// phc is a hash with all that is needed to check it: $argon2id$v=19$m=19456,t=2,p=1$salt$hash
type phc struct {
	cost
	salt, hash []byte
}

func (p phc) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.passes, p.threads,
		base64.RawStdEncoding.EncodeToString(p.salt), base64.RawStdEncoding.EncodeToString(p.hash))
}

// parsePHC reads the one spelling that String writes, within bounds.
func parsePHC(s string) (phc, error) {
	bad := errors.New("the stored password is not an Argon2id hash")
	part := strings.Split(s, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != "v="+strconv.Itoa(argon2.Version) {
		return phc{}, bad
	}
	var p phc
	option := strings.Split(part[3], ",")
	if len(option) != 3 {
		return phc{}, bad
	}
	memory, err1 := strconv.ParseUint(strings.TrimPrefix(option[0], "m="), 10, 32)
	passes, err2 := strconv.ParseUint(strings.TrimPrefix(option[1], "t="), 10, 32)
	threads, err3 := strconv.ParseUint(strings.TrimPrefix(option[2], "p="), 10, 8)
	salt, err4 := base64.RawStdEncoding.Strict().DecodeString(part[4])
	hash, err5 := base64.RawStdEncoding.Strict().DecodeString(part[5])
	if errors.Join(err1, err2, err3, err4, err5) != nil {
		return phc{}, bad
	}
	p = phc{cost{uint32(memory), uint32(passes), uint8(threads)}, salt, hash}
	switch {
	case p.memory < 8 || p.memory > largest.memory || p.passes < 1 || p.passes > largest.passes || p.threads < 1 || p.threads > largest.threads:
		return phc{}, bad
	case len(salt) < 8 || len(salt) > 64 || len(hash) < 16 || len(hash) > 64 || p.String() != s:
		return phc{}, bad
	}
	return p, nil
}

// turnstile lets few hash at once, because each needs 19 MiB, and a few more wait.
type turnstile struct {
	slots   chan struct{}
	waiting atomic.Int64
	queue   int64
}

// turns is one for the whole process: memory and processors are too.
var turns = newTurnstile(2*runtime.GOMAXPROCS(0), 32*runtime.GOMAXPROCS(0))

func newTurnstile(slots, queue int) *turnstile {
	return &turnstile{slots: make(chan struct{}, slots), queue: int64(queue)}
}

// enter waits for a slot, which the caller leaves. When the queue is full it answers errBusy at once.
func (t *turnstile) enter(ctx context.Context) (leave func(), err error) {
	leave = func() { <-t.slots }
	select {
	case t.slots <- struct{}{}:
		return leave, nil
	default:
	}
	if t.waiting.Add(1) > t.queue {
		t.waiting.Add(-1)
		return nil, errBusy
	}
	defer t.waiting.Add(-1)
	select {
	case t.slots <- struct{}{}:
		return leave, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
