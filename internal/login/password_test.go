package login

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
)

// house is what a hash costs outside of the tests. In them it costs little, but where the cost is what is tested.
var house = current

func init() { current = cost{memory: 64, passes: 1, threads: 1} }

func atFullCost(t *testing.T) {
	t.Helper()
	cheap := current
	current = house
	t.Cleanup(func() { current = cheap })
}

func TestAHashFitsItsPasswordOnly(t *testing.T) {
	atFullCost(t)
	hash, err := HashPassword(t.Context(), "correct-horse-battery")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := HashPassword(t.Context(), "correct-horse-battery")
	if hash == again || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("HashPassword twice = %q, %q, want two salts and the parameters of the house", hash, again)
	}
	// The last two rows are from the test vectors of the reference implementation of Argon2.
	const reference = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	for _, tt := range []struct {
		name, password, hash string
		fits, renew          bool
	}{
		{"right", "correct-horse-battery", hash, true, false},
		{"wrong", "correct-horse-batterz", hash, false, false},
		{"longer by a NUL", "correct-horse-battery\x00", hash, false, false},
		{"no hash", "correct-horse-battery", "", false, false},
		{"not a hash", "correct-horse-battery", "correct-horse-battery", false, false},
		{"made elsewhere", "password", reference, true, true},
		{"made elsewhere, wrong", "Password", reference, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			fits, renew := verifyPassword(tt.password, tt.hash)
			if fits != tt.fits || renew != tt.renew {
				t.Errorf("verifyPassword(%q, %q) = %v, %v, want %v, %v", tt.password, tt.hash, fits, renew, tt.fits, tt.renew)
			}
		})
	}
}

func TestTwoKeyboardsTypeTheSamePassword(t *testing.T) {
	if fits, _ := verifyPassword("cafe\u0301", hashPassword("caf\u00e9")); !fits {
		t.Error("a decomposed é does not fit a composed one, want NFC (RFC 8265 §4.2)")
	}
}

func TestAPasswordHasABound(t *testing.T) {
	for _, password := range []string{"", strings.Repeat("a", maxPassword+1)} {
		if _, err := HashPassword(t.Context(), password); err == nil {
			t.Errorf("HashPassword of %d bytes succeeded, want an error", len(password))
		}
	}
	long := strings.Repeat("a", maxPassword)
	hash, err := HashPassword(t.Context(), long)
	if err != nil {
		t.Fatalf("HashPassword of %d bytes = %v, want none", maxPassword, err)
	}
	if fits, _ := verifyPassword(long[:maxPassword-1]+"b", hash); fits {
		t.Error("the last byte of the longest password does not count, want it to")
	}
	if fits, _ := verifyPassword(long+"a", hashPassword(long+"a")); fits {
		t.Error("a password beyond the bound fits, want it refused")
	}
}

func TestAStoredHashIsReadStrictly(t *testing.T) {
	atFullCost(t)
	good := hashPassword("x")
	part := strings.Split(good, "$")
	with := func(i int, s string) string {
		changed := append([]string(nil), part...)
		changed[i] = s
		return strings.Join(changed, "$")
	}
	if p, err := parsePHC(good); err != nil || p.String() != good {
		t.Fatalf("parsePHC(%q) = %v, %v, want it back", good, p, err)
	}
	for name, bad := range map[string]string{
		"another algorithm":    with(1, "argon2i"),
		"another version":      with(2, "v=16"),
		"too much memory":      with(3, "m=4194304,t=2,p=1"),
		"no pass":              with(3, "m=19456,t=0,p=1"),
		"too many passes":      with(3, "m=19456,t=4000000,p=1"),
		"no thread":            with(3, "m=19456,t=2,p=0"),
		"parameters in a row":  with(3, "t=2,m=19456,p=1"),
		"a missing parameter":  with(3, "m=19456,t=2"),
		"a leading zero":       with(3, "m=019456,t=2,p=1"),
		"no salt":              with(4, ""),
		"padded salt":          with(4, part[4]+"=="),
		"a short hash":         with(5, "AAAA"),
		"one part more":        good + "$x",
		"something before it":  "x" + good,
		"a modular crypt hash": "$2b$12$abcdefghijklmnopqrstuv",
	} {
		if p, err := parsePHC(bad); err == nil {
			t.Errorf("%s: parsePHC(%q) = %v, want an error", name, bad, p)
		}
	}
}

func FuzzParsePHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parsePHC(s); err == nil && (p.String() != s || p.memory > largest.memory || p.passes > largest.passes || p.threads > largest.threads) {
			t.Errorf("parsePHC(%q) = %v, want the same spelling within bounds", s, p)
		}
	})
}

// A hash fills 19 MiB. That it was done shows in what was allocated, on any machine and however fast.
func TestWhereThereIsNoHashTheWorkIsDoneAllTheSame(t *testing.T) {
	atFullCost(t)
	for name, stored := range map[string]string{"no account": "", "unreadable": "x", "an account": hashPassword("x")} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		verifyPassword("guess", stored)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got < 19<<20 || got > 30<<20 {
			t.Errorf("%s: verifyPassword allocated %d bytes, want the 19 MiB of one hash", name, got)
		}
	}
}

func TestFewHashAtOnceAndFewWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurnstile(1, 1)
		leave, err := turns.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		entered := make(chan func())
		go func() {
			leave, err := turns.enter(t.Context())
			if err != nil {
				t.Error(err)
			}
			entered <- leave
		}()
		synctest.Wait() // the second waits
		if _, err := turns.enter(t.Context()); !errors.Is(err, errBusy) {
			t.Errorf("enter with a full queue = %v, want %v", err, errBusy)
		}
		leave()
		(<-entered)()

		leave, _ = turns.enter(t.Context())
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan error)
		go func() {
			_, err := turns.enter(ctx)
			gone <- err
		}()
		synctest.Wait()
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("enter by somebody who left = %v, want %v", err, context.Canceled)
		}
		leave()
		if leave, err = turns.enter(t.Context()); err != nil {
			t.Errorf("enter afterwards = %v, want a free place", err)
		} else {
			leave()
		}
	})
}
