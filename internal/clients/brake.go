// brake.go keeps strangers from having us call other people's hosts all the time: a document that failed is left
// alone for a moment, and new documents of one site come at a pace. What a stranger does never stands in the way of
// a client that is known already, nor of another document on the same host.

package clients

import (
	"strings"
	"sync"
	"time"

	"github.com/authwright/authwright/oauth"
	"golang.org/x/net/publicsuffix"
	"golang.org/x/time/rate"
)

const (
	minPause      = 2 * time.Second
	maxPause      = time.Minute
	brakeRoom     = 4096 // documents and sites that are remembered
	newAtOnce     = 16   // readings of new documents under way; the rest of the slots is for known ones
	tryAgainLater = "try again in a minute"
)

var defaultSiteRate = Rate{PerSecond: 0.5, Burst: 20}

// brake remembers failures and paces. The zero value works.
type brake struct {
	mu     sync.Mutex
	pauses map[string]pause         // by client id
	sites  map[string]*rate.Limiter // by registrable domain
	new    int                      // readings of new documents under way
}

type pause struct {
	length time.Duration
	until  time.Time
}

// pass tells whether a document may be read now. After a reading that passed, done must be called.
func (b *brake) pass(id, host string, exempt bool, pace Rate, now time.Time) (done func(), err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Before(b.pauses[id].until) {
		return nil, oauth.Errorf(oauth.TemporarilyUnavailable, "the document at client_id could not be read a moment ago: %s", tryAgainLater)
	}
	if exempt {
		return func() {}, nil
	}
	if b.new >= newAtOnce || !b.site(site(host), pace).AllowN(now, 1) {
		return nil, oauth.Errorf(oauth.TemporarilyUnavailable, "too many new clients of this host: %s", tryAgainLater)
	}
	b.new++
	return func() { b.mu.Lock(); b.new--; b.mu.Unlock() }, nil
}

// site is the domain that somebody registered: who has one has all the names below it.
func site(host string) string {
	name, _, _ := strings.Cut(host, ":") // the port counts for nothing
	if domain, err := publicsuffix.EffectiveTLDPlusOne(name); err == nil {
		return domain
	}
	return name
}

func (b *brake) site(name string, pace Rate) *rate.Limiter {
	if known := b.sites[name]; known != nil {
		return known
	}
	if b.sites == nil || len(b.sites) >= brakeRoom {
		b.sites = make(map[string]*rate.Limiter)
	}
	b.sites[name] = newLimiter(pace, defaultSiteRate)
	return b.sites[name]
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
