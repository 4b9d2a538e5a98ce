// brake.go keeps strangers from having us call other people's hosts all the time: a document that failed is left
// alone for a moment, and new documents of one host come at a pace. What a stranger does never stands in the way of
// a client that is known already, nor of another document on the same host that failed nothing.

package clients

import (
	"sync"
	"time"

	"github.com/authwright/authwright/oauth"
	"golang.org/x/time/rate"
)

const (
	minPause  = 2 * time.Second
	maxPause  = time.Minute
	brakeRoom = 4096 // documents and hosts that are remembered
)

var defaultHostRate = Rate{PerSecond: 0.5, Burst: 20}

// brake remembers failures and paces. The zero value works.
type brake struct {
	mu     sync.Mutex
	pauses map[string]pause         // by client id
	hosts  map[string]*rate.Limiter // by host
}

type pause struct {
	length time.Duration
	until  time.Time
}

// pass tells whether a document may be read now.
func (b *brake) pass(id, host string, exempt bool, pace Rate, now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.pauses[id].until) {
		return oauth.Errorf(oauth.TemporarilyUnavailable, "the document at client_id could not be read a moment ago: try again in a minute")
	}
	if exempt {
		return nil
	}
	limiter := b.hosts[host]
	if limiter == nil {
		if b.hosts == nil || len(b.hosts) >= brakeRoom {
			b.hosts = make(map[string]*rate.Limiter)
		}
		if pace == (Rate{}) {
			pace = defaultHostRate
		}
		limiter = rate.NewLimiter(rate.Limit(pace.PerSecond), pace.Burst)
		b.hosts[host] = limiter
	}
	if !limiter.AllowN(now, 1) {
		return oauth.Errorf(oauth.TemporarilyUnavailable, "too many new clients of this host: try again in a minute")
	}
	return nil
}

// failed leaves a document alone for a moment, longer each time.
func (b *brake) failed(id string, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pauses == nil || len(b.pauses) >= brakeRoom {
		b.pauses = make(map[string]pause)
	}
	length := min(max(2*b.pauses[id].length, minPause), maxPause)
	b.pauses[id] = pause{length, now.Add(length)}
}

// worked forgets the failures of a document.
func (b *brake) worked(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.pauses, id)
}
