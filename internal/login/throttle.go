// throttle.go makes guessing slow: failures are counted, and each makes the next attempt wait longer.

package login

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/store"
)

// memory is how long failures count.
const memory = 12 * time.Hour

// limit says how long to wait after so many failures: nothing before the free ones are used up, then first, then
// twice as long each time, at most longest.
type limit struct {
	free           int
	first, longest time.Duration
}

// The limits. A stranger meets all of the first three. The one of the account alone is short, because a stranger
// could hold it against the owner; the owner's own browser has a counter for itself and meets that one only.
var (
	nearLimit    = limit{free: 4, first: 5 * time.Second, longest: 15 * time.Minute} // one network, one account
	accountLimit = limit{free: 4, first: time.Second, longest: 30 * time.Second}     // one account, from everywhere
	networkLimit = limit{free: 99, first: time.Second, longest: 30 * time.Second}    // one network, all accounts
	deviceLimit  = limit{free: 4, first: 5 * time.Second, longest: 15 * time.Minute} // one browser that was here before
)

// delay is how long to wait after the given number of failures.
func (l limit) delay(failures int) time.Duration {
	over := failures - l.free
	if over <= 0 {
		return 0
	}
	if over > 30 {
		return l.longest
	}
	return min(l.first<<(over-1), l.longest)
}

// counter is one count of failures and the limit that goes with it.
type counter struct {
	key    store.Digest
	limit  limit
	forget bool // at a successful login
}

// countersFor names the counters an attempt meets. account is an e-mail address, whether there is an account or not.
func countersFor(account string, from netip.Addr, device string) []counter {
	if device != "" {
		return []counter{{keyOf("device", device, account), deviceLimit, true}}
	}
	near := browser.Network(from).String()
	return []counter{
		{keyOf("account", account), accountLimit, true}, // the first is the one that events tell of
		{keyOf("near", near, account), nearLimit, true},
		{keyOf("network", near), networkLimit, false}, // logging in to an account of one's own must not clear it
	}
}

func keyOf(parts ...string) store.Digest {
	return store.DigestOf("login\n" + strings.Join(parts, "\n"))
}

// wait tells how long the caller must wait before the next attempt is looked at.
func wait(ctx context.Context, attempts store.Attempts, counters []counter, now time.Time) (time.Duration, error) {
	keys := make([]store.Digest, len(counters))
	for i, c := range counters {
		keys[i] = c.key
	}
	counts, err := attempts.Attempts(ctx, now, keys...)
	if err != nil {
		return 0, fmt.Errorf("reading failed logins: %w", err)
	}
	var longest time.Duration
	for _, c := range counters {
		if seen, ok := counts[c.key]; ok && now.Sub(seen.Last) < memory {
			longest = max(longest, c.limit.delay(seen.Failures)-now.Sub(seen.Last))
		}
	}
	return longest, nil
}

// countFailure adds one to all counters. as is whom somebody failed to log in as: "" when there is no such account, or
// it was no attempt to log in.
func countFailure(ctx context.Context, attempts store.Attempts, as store.PersonID, counters []counter, now time.Time) error {
	keys := make([]store.Digest, len(counters))
	for i, c := range counters {
		keys[i] = c.key
	}
	if err := attempts.CountFailure(ctx, as, now, memory, keys...); err != nil {
		return fmt.Errorf("counting a failed login: %w", err)
	}
	return nil
}

// forgetFailures clears the counters that a successful login clears.
func forgetFailures(ctx context.Context, attempts store.Attempts, counters []counter) error {
	var keys []store.Digest
	for _, c := range counters {
		if c.forget {
			keys = append(keys, c.key)
		}
	}
	if err := attempts.ForgetFailures(ctx, keys...); err != nil {
		return fmt.Errorf("forgetting failed logins: %w", err)
	}
	return nil
}
