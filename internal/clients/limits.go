// limits.go slows down who registers clients by the thousand. Whole platforms share a few addresses, so what one
// network may do is plenty; the global bucket bounds the rest.

package clients

import (
	"container/list"
	"net/netip"
	"sync"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/oauth"
	"golang.org/x/time/rate"
)

// Rate is a token bucket: so many per second in the long run, and so many at once.
type Rate struct {
	PerSecond float64
	Burst     int
}

// The rates of self-registration that a zero Limits has.
var (
	defaultPerNetwork = Rate{PerSecond: 5, Burst: 600}
	defaultOverall    = Rate{PerSecond: 50, Burst: 3000}
)

const networksKept = 10_000

// Limits bounds self-registration per /24 or /48 and overall. The zero value has ample rates; it may be shared.
type Limits struct {
	PerNetwork Rate
	Overall    Rate

	mu       sync.Mutex
	overall  *rate.Limiter
	networks map[netip.Prefix]*list.Element // of network
	recent   list.List                      // the network seen last at the front
}

type network struct {
	prefix  netip.Prefix
	limiter *rate.Limiter
}

// RateLimited says to come back later. The endpoint answers 429 with Retry-After; the body is that of the *oauth.Error inside.
type RateLimited struct {
	RetryAfter time.Duration // at least a second
}

// Error says so.
func (e *RateLimited) Error() string { return e.Unwrap().Error() }

// Unwrap is the OAuth error to put in the body.
func (e *RateLimited) Unwrap() error {
	return oauth.Errorf(oauth.TemporarilyUnavailable, "too many registrations: try again in %d seconds", int(e.RetryAfter.Seconds()))
}

// take spends one registration of the address's network, or tells when there is one to spend.
func (l *Limits) take(from netip.Addr, now time.Time) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.overall == nil {
		l.overall = newLimiter(l.Overall, defaultOverall)
		l.networks = make(map[netip.Prefix]*list.Element)
	}
	one := l.network(browser.Network(from)).ReserveN(now, 1)
	if wait := one.DelayFrom(now); wait > 0 {
		one.CancelAt(now)
		return limited(wait)
	}
	all := l.overall.ReserveN(now, 1)
	if wait := all.DelayFrom(now); wait > 0 {
		all.CancelAt(now)
		one.CancelAt(now)
		return limited(wait)
	}
	return nil
}

func limited(wait time.Duration) error {
	return &RateLimited{RetryAfter: max(time.Second, wait.Round(time.Second))}
}

// network is the bucket of a network. When there are too many, the one not seen for longest goes.
func (l *Limits) network(prefix netip.Prefix) *rate.Limiter {
	if seen, ok := l.networks[prefix]; ok {
		l.recent.MoveToFront(seen)
		return seen.Value.(network).limiter
	}
	if len(l.networks) >= networksKept {
		oldest := l.recent.Remove(l.recent.Back()).(network)
		delete(l.networks, oldest.prefix)
	}
	fresh := network{prefix, newLimiter(l.PerNetwork, defaultPerNetwork)}
	l.networks[prefix] = l.recent.PushFront(fresh)
	return fresh.limiter
}

func newLimiter(r, def Rate) *rate.Limiter {
	if r == (Rate{}) {
		r = def
	}
	return rate.NewLimiter(rate.Limit(r.PerSecond), r.Burst)
}
