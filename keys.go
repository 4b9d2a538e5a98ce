// keys.go keeps the issuer's keys at hand (RFC 7517 §5) and notices when they change.

package authwright

import (
	"context"
	"crypto"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authwright/authwright/oauth"
)

const (
	keysFresh   = 5 * time.Minute  // then they are read again, while the old ones serve
	keysLife    = time.Hour        // how long they serve when they cannot be read again
	unknownWait = 30 * time.Second // between two readings because of an unknown kid
	failedWait  = 2 * time.Second  // between two readings when there are no keys to serve with
	maxKeys     = 64
)

// signingKey is a key with the one algorithm it may be used with.
type signingKey struct {
	jwk    oauth.JWK
	public crypto.PublicKey
	alg    oauth.Alg
}

// keySet is what the issuer said its keys were, and when.
type keySet struct {
	byID map[string]*signingKey
	read time.Time
}

// keyring finds keys by kid. Any number of requests cause one reading at a time.
type keyring struct {
	door *issuerDoor
	log  *slog.Logger
	set  atomic.Pointer[keySet]

	mu      sync.Mutex
	reading chan struct{} // closed when the reading that goes on is done
	tried   time.Time     // when the last reading began
	err     error         // how it ended
}

// key finds the key of exactly this kid (RFC 7515 §4.1.4).
func (k *keyring) key(ctx context.Context, kid string, now time.Time) (*signingKey, error) {
	unknown := oauth.Errorf(oauth.InvalidToken, "the token is signed with a key that the issuer does not have")
	if kid == "" {
		return nil, oauth.Errorf(oauth.InvalidToken, "the token does not name its key")
	}
	set := k.current(now)
	if set == nil {
		if err := k.refresh(ctx, now, failedWait); err != nil {
			return nil, unavailable(err)
		}
		if set = k.set.Load(); set == nil {
			return nil, unknown
		}
	}
	if key := set.byID[kid]; key != nil {
		return key, nil
	}
	if err := k.refresh(ctx, now, unknownWait); err != nil {
		return nil, unavailable(err) // it may be a new key: we cannot tell
	}
	if key := k.set.Load().byID[kid]; key != nil {
		return key, nil
	}
	return nil, unknown
}

// holds tells whether a key that proved a token is still the issuer's.
func (k *keyring) holds(key *signingKey, now time.Time) bool {
	set := k.current(now)
	return set != nil && set.byID[key.jwk.KeyID] == key
}

// current is the set to serve with, or nil if there is none. It has the set read again when that is due.
func (k *keyring) current(now time.Time) *keySet {
	set := k.set.Load()
	if set == nil || now.Sub(set.read) >= keysLife {
		return nil
	}
	if now.Sub(set.read) >= keysFresh {
		k.mu.Lock()
		k.begin(now, unknownWait)
		k.mu.Unlock()
	}
	return set
}

// refresh reads the keys again, unless that was tried less than wait ago, and returns how the last reading ended.
func (k *keyring) refresh(ctx context.Context, now time.Time, wait time.Duration) error {
	k.mu.Lock()
	reading := k.begin(now, wait)
	err := k.err
	k.mu.Unlock()
	if reading == nil {
		return err
	}
	select {
	case <-reading:
		k.mu.Lock()
		defer k.mu.Unlock()
		return k.err
	case <-ctx.Done():
		return fmt.Errorf("waiting for the keys of %s: %w", k.door.issuer, ctx.Err())
	}
}

// begin joins the reading that goes on or begins one, if the last began wait ago or more. The caller holds k.mu.
func (k *keyring) begin(now time.Time, wait time.Duration) <-chan struct{} {
	if k.reading != nil {
		return k.reading
	}
	if !k.tried.IsZero() && now.Sub(k.tried) < wait {
		return nil
	}
	done := make(chan struct{})
	k.reading, k.tried = done, now
	go k.read(done, now)
	return done
}

// read replaces the set. It belongs to no request, so no request that is given up takes others with it.
func (k *keyring) read(done chan struct{}, now time.Time) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	published, err := k.door.jwks(ctx)
	var set *keySet
	if err == nil {
		set, err = newKeySet(published, k.set.Load(), now)
	}
	if err != nil {
		k.log.Warn("the keys of the issuer cannot be read", "issuer", k.door.issuer, "error", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		k.set.Store(set)
	}
	k.err, k.reading = err, nil
	close(done)
}

// newKeySet takes the keys that can be used. Two of one kid are ambiguous: neither is taken. A key that was
// known before keeps its place in memory, so that holds can compare pointers.
func newKeySet(published oauth.JWKSet, before *keySet, now time.Time) (*keySet, error) {
	if len(published.Keys) > maxKeys {
		return nil, fmt.Errorf("the issuer publishes %d keys, more than %d", len(published.Keys), maxKeys)
	}
	set := &keySet{byID: make(map[string]*signingKey), read: now}
	ambiguous := make(map[string]bool)
	for _, jwk := range published.Keys {
		public, alg, err := jwk.Public()
		if err != nil || jwk.KeyID == "" {
			continue
		}
		if set.byID[jwk.KeyID] != nil {
			ambiguous[jwk.KeyID] = true
		}
		key := &signingKey{jwk: jwk, public: public, alg: alg}
		if before != nil {
			if old := before.byID[jwk.KeyID]; old != nil && old.jwk == jwk {
				key = old
			}
		}
		set.byID[jwk.KeyID] = key
	}
	for kid := range ambiguous {
		delete(set.byID, kid)
	}
	if len(set.byID) == 0 {
		return nil, fmt.Errorf("the issuer publishes no key that can be used")
	}
	return set, nil
}
