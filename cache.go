// cache.go remembers tokens that were verified, by their SHA-256, so that the next request costs a look-up.

package authwright

import (
	"crypto/sha256"
	"sync"
	"sync/atomic"
	"time"
)

// verified is a token that was proven, and what is known of it since.
type verified struct {
	token *Token
	key   *signingKey // that proved it; nil when the issuer was asked

	asked  atomic.Int64  // when the issuer last said that it is active, in Unix nanoseconds
	over   atomic.Bool   // the issuer said that it is not; that is final
	asking chan struct{} // held by the one caller that asks
}

const (
	cacheShards   = 16
	cachePerShard = 2048
)

// tokenCache holds at most cacheShards × cachePerShard tokens. Only proven ones get in, so nobody can fill it
// who has none.
type tokenCache struct {
	shards [cacheShards]cacheShard
}

type cacheShard struct {
	mu     sync.RWMutex
	tokens map[[sha256.Size]byte]*verified
}

func newTokenCache() *tokenCache {
	c := new(tokenCache)
	for i := range c.shards {
		c.shards[i].tokens = make(map[[sha256.Size]byte]*verified)
	}
	return c
}

func (c *tokenCache) shard(digest [sha256.Size]byte) *cacheShard {
	return &c.shards[digest[0]%cacheShards]
}

func (c *tokenCache) get(digest [sha256.Size]byte) *verified {
	s := c.shard(digest)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.tokens[digest]
}

// put files a token and returns what is filed: the entry that was there if the same key proved it, because it
// knows more.
func (c *tokenCache) put(digest [sha256.Size]byte, v *verified, now time.Time) *verified {
	s := c.shard(digest)
	s.mu.Lock()
	defer s.mu.Unlock()
	if old := s.tokens[digest]; old != nil && (old.key == v.key || old.over.Load()) {
		return old
	}
	if len(s.tokens) >= cachePerShard {
		s.makeRoom(now)
	}
	s.tokens[digest] = v
	return v
}

// makeRoom looks at a few tokens, in the random order of a map, and drops what has expired, or else the first.
func (s *cacheShard) makeRoom(now time.Time) {
	const look = 8
	dropped, seen := false, 0
	var first [sha256.Size]byte
	for digest, v := range s.tokens {
		if seen == 0 {
			first = digest
		}
		if now.After(v.token.Expires.Add(expirySkew)) {
			delete(s.tokens, digest)
			dropped = true
		}
		if seen++; seen == look {
			break
		}
	}
	if !dropped {
		delete(s.tokens, first)
	}
}
