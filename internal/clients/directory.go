// directory.go finds clients: the operator's, those that registered themselves, and those that a document describes.

package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
	"golang.org/x/sync/singleflight"
)

// Directory knows the clients of one project. Store and FoldKey must be set; the rest may be zero.
type Directory struct {
	Store     store.Clients
	Settings  store.Settings
	Documents *Documents       // reads client id metadata documents; nil for none
	FoldKey   []byte           // makes the ids of public clients that register themselves; the same at all replicas
	Room      int              // self-registered clients that never had a grant; 10,000 when zero
	Limits    *Limits          // of self-registration; nil for none
	Now       func() time.Time // time.Now when nil

	cache   cache
	fetches singleflight.Group // of documents, by client id
}

// freshness is what a caller needs of a document.
type freshness bool

const (
	mustBeFresh freshness = false // a new authorization
	mayBeStale  freshness = true  // a client at the token endpoint whose host is down
)

// Lookup finds the client of a new authorization. What is unknown or disabled is invalid_client; a document that
// cannot be read just now is temporarily_unavailable.
func (d *Directory) Lookup(ctx context.Context, id store.ClientID) (Client, error) {
	return d.find(ctx, id, mustBeFresh)
}

// Recall returns what is stored of a client that was let in before, as of a few seconds ago. It reads no document.
func (d *Directory) Recall(ctx context.Context, id store.ClientID) (store.Client, error) {
	now := d.now()
	if c, ok := d.cache.get(id, now); ok {
		return c, nil
	}
	c, err := d.Store.Client(ctx, id)
	if err != nil {
		return store.Client{}, fmt.Errorf("reading client %q: %w", id, err)
	}
	d.cache.put(c, now)
	return c, nil
}

// Forget drops a client from the cache of this process, after its version was seen to have changed.
func (d *Directory) Forget(id store.ClientID) { d.cache.drop(id) }

func (d *Directory) find(ctx context.Context, id store.ClientID, need freshness) (Client, error) {
	now := d.now()
	if c, ok := d.cache.get(id, now); ok && (c.Origin != store.Document || now.Before(c.FreshUntil)) {
		return d.admit(c)
	}
	c, err := d.load(ctx, id, need)
	if err != nil {
		return Client{}, err
	}
	d.cache.put(c, now)
	return d.admit(c)
}

// load reads a client from the store, or from its document when the store has none or an old one.
func (d *Directory) load(ctx context.Context, id store.ClientID, need freshness) (store.Client, error) {
	known, err := d.Store.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound):
		known = store.Client{}
	case err != nil:
		return store.Client{}, fmt.Errorf("reading client %q: %w", id, err)
	case known.Origin != store.Document || known.Disabled:
		return known, nil
	}
	if !IsDocumentID(id) {
		return store.Client{}, unknownClient()
	}
	if err := d.mayRead(id); err != nil {
		return store.Client{}, err
	}
	if d.now().Before(known.FreshUntil) {
		return known, nil
	}
	return d.refresh(ctx, id, known, need)
}

// admit refuses what is known but not welcome.
func (d *Directory) admit(c store.Client) (Client, error) {
	if c.Disabled {
		return Client{}, oauth.Errorf(oauth.InvalidClient, "this client is disabled")
	}
	if c.Origin == store.Document {
		if err := d.mayRead(c.ID); err != nil {
			return Client{}, err
		}
	}
	return Client{Client: c, noPrivateScheme: d.Settings.NoPrivateScheme}, nil
}

func unknownClient() error {
	return oauth.Errorf(oauth.InvalidClient, "there is no such client: register again")
}

func (d *Directory) now() time.Time {
	if d.Now != nil {
		return d.Now()
	}
	return time.Now()
}

// IsDocumentID tells whether a client id is the address of a document. Ids made here never are.
func IsDocumentID(id store.ClientID) bool {
	return strings.HasPrefix(string(id), "https://") || strings.HasPrefix(string(id), "http://")
}

// appendNew appends what is not there yet.
func appendNew(list []string, one string) []string {
	for _, have := range list {
		if have == one {
			return list
		}
	}
	return append(list, one)
}

// description is the sentence of a refusal, without its code.
func description(err error) string {
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		return refusal.Description
	}
	return "it is not valid"
}
