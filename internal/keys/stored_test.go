package keys_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func TestAWrongKeyEncryptionKeyIsSaid(t *testing.T) {
	b := newBench(t)
	open(t, b.config(t, "p"))
	c := b.config(t, "p")
	c.Sealer = sealer(t, 2)
	_, err := keys.Open(t.Context(), c)
	if !errors.Is(err, keys.ErrSealed) || !strings.Contains(err.Error(), "is this the key-encryption key of this database?") {
		t.Errorf("Open() with another key-encryption key = %v, want %v", err, keys.ErrSealed)
	}
	if _, err := keys.Secret(t.Context(), b.config(t, "p"), "refresh tokens"); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Secret(t.Context(), c, "refresh tokens"); !errors.Is(err, keys.ErrSealed) {
		t.Errorf("Secret() with another key-encryption key = %v, want %v", err, keys.ErrSealed)
	}
}

// TestASealedKeyOpensInItsOwnRowOnly moves rows about, as somebody could who writes to the database but lacks the key.
func TestASealedKeyOpensInItsOwnRowOnly(t *testing.T) {
	b := newBench(t)
	open(t, b.config(t, "victim"))
	open(t, b.config(t, "attacker"))
	theirs, err := b.For("attacker").SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.For("victim").AddKey(t.Context(), theirs[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Open(t.Context(), b.config(t, "victim")); !errors.Is(err, keys.ErrSealed) {
		t.Errorf("Open() with the key of another project moved in = %v, want %v", err, keys.ErrSealed)
	}
}

// TestAPublicKeyThatIsNotItsOwnIsRefused swaps the public half of a key, so that others would trust somebody else's.
func TestAPublicKeyThatIsNotItsOwnIsRefused(t *testing.T) {
	b := newBench(t)
	open(t, b.config(t, "victim"))
	open(t, b.config(t, "attacker"))
	rows, err := b.For("victim").SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := b.For("attacker").SigningKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	swapped := rows[0]
	swapped.Public = theirs[0].Public
	c := b.config(t, "victim")
	c.Store = oneKey{c.Store, swapped}
	if _, err := keys.Open(t.Context(), c); err == nil {
		t.Error("Open() with a public half that is not the key's = nil, want an error")
	}
	swapped.Public.KeyID, swapped.Public.Algorithm = rows[0].ID, oauth.RS256
	if _, err := keys.Open(t.Context(), c); err == nil {
		t.Error("Open() with a public half that only has the right name = nil, want an error")
	}
}

// oneKey is a real store whose signing key somebody changed.
type oneKey struct {
	store.Keys
	key store.SigningKey
}

func (o oneKey) SigningKeys(context.Context) ([]store.SigningKey, error) {
	return []store.SigningKey{o.key}, nil
}

func TestASecretIsTheSameForAll(t *testing.T) {
	b := newBench(t)
	var all sync.WaitGroup
	got := make([][]byte, 8)
	for i := range got {
		c := b.config(t, "p")
		all.Go(func() {
			secret, err := keys.Secret(context.Background(), c, "refresh tokens")
			if err != nil {
				t.Errorf("Secret() = %v", err)
			}
			got[i] = secret
		})
	}
	all.Wait()
	for i := range got {
		if len(got[i]) != 32 || !bytes.Equal(got[i], got[0]) {
			t.Errorf("Secret() of caller %d = %d bytes, want the 32 that caller 0 got", i, len(got[i]))
		}
	}
	for _, c := range []struct {
		project store.ProjectID
		name    string
	}{{"p", "client ids"}, {"q", "refresh tokens"}} {
		other, err := keys.Secret(t.Context(), b.config(t, c.project), c.name)
		if err != nil || bytes.Equal(other, got[0]) {
			t.Errorf("Secret(%s, %q) is that of another project or name, or fails: %v", c.project, c.name, err)
		}
	}
}
