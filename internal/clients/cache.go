// cache.go keeps clients in the process for seconds, because the token endpoint asks for the same few all the time.

package clients

import (
	"sync"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const (
	cacheLife = 5 * time.Second
	cacheRoom = 4096
)

// cache holds clients for at most cacheLife. The zero value works. Only what exists is kept, so a client that
// registers is known at once.
type cache struct {
	mu   sync.Mutex
	rows map[store.ClientID]cached
}

type cached struct {
	client store.Client
	since  time.Time
}

func (c *cache) get(id store.ClientID, now time.Time) (store.Client, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, ok := c.rows[id]
	age := now.Sub(row.since)
	return row.client, ok && age >= 0 && age < cacheLife
}

func (c *cache) put(client store.Client, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil || len(c.rows) >= cacheRoom {
		c.rows = make(map[store.ClientID]cached) // seconds later it would all be read again anyway
	}
	c.rows[client.ID] = cached{client, now}
}

func (c *cache) drop(id store.ClientID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.rows, id)
}
