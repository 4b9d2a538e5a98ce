package keys_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/oauth"
)

// bench is a database, and a clock that stands still until the test moves it.
type bench struct {
	store.Database
	mu  sync.Mutex
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	db := sqldbtest.Open(t)
	return &bench{Database: db, now: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)}
}

func (b *bench) Now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) move(by time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(by)
}

func sealer(t *testing.T, kek byte) *keys.Sealer {
	t.Helper()
	s, err := keys.NewSealer(bytes.Repeat([]byte{kek}, keys.KEKSize))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (b *bench) config(t *testing.T, project store.ProjectID) keys.Config {
	t.Helper()
	return keys.Config{Store: b.For(project), Sealer: sealer(t, 1), Project: project, Alg: oauth.ES256, Longest: 30 * time.Minute, Now: b.Now}
}

func open(t *testing.T, c keys.Config) *keys.Ring {
	t.Helper()
	r, err := keys.Open(t.Context(), c)
	if err != nil {
		t.Fatalf("Open() = %v", err)
	}
	return r
}

// sign makes a token and returns it with the id of the key that signed it.
func sign(t *testing.T, r *keys.Ring) (token, kid string) {
	t.Helper()
	token, err := r.Sign(t.Context(), oauth.TypeAccessToken, []byte(`{"iss":"x"}`))
	if err != nil {
		t.Fatalf("Sign() = %v", err)
	}
	jws, err := oauth.ParseJWS(token)
	if err != nil {
		t.Fatal(err)
	}
	return token, jws.Header.KeyID
}

func verify(t *testing.T, r *keys.Ring, token, typ string) error {
	t.Helper()
	jws, err := oauth.ParseJWS(token)
	if err != nil {
		t.Fatal(err)
	}
	return r.Verify(t.Context(), jws, typ)
}

// published lists the ids of the published keys.
func published(t *testing.T, r *keys.Ring) []string {
	t.Helper()
	var set oauth.JWKSet
	if err := json.Unmarshal(r.JWKS(t.Context()), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range set.Keys {
		ids = append(ids, k.KeyID)
	}
	return ids
}

func has(list []string, id string) bool {
	return strings.Contains(" "+strings.Join(list, " ")+" ", " "+id+" ")
}

func TestRotationPublishesBeforeItSigns(t *testing.T) {
	b := newBench(t)
	c := b.config(t, "p")
	c.Longest = 30 * time.Minute
	r := open(t, c)
	oldToken, oldKey := sign(t, r)
	if err := r.Rotate(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	if ids := published(t, r); len(ids) != 2 {
		t.Fatalf("after Rotate() published = %v, want two keys at once", ids)
	}
	b.move(2*keys.JWKSMaxAge - time.Millisecond)
	if _, kid := sign(t, r); kid != oldKey {
		t.Errorf("a moment before twice JWKSMaxAge the new key signs, want the old one")
	}
	b.move(time.Millisecond)
	newToken, newKey := sign(t, r)
	if newKey == oldKey {
		t.Errorf("at twice JWKSMaxAge the old key signs, want the new one")
	}
	for kid, token := range map[string]string{oldKey: oldToken, newKey: newToken} {
		if err := verify(t, r, token, oauth.TypeAccessToken); err != nil {
			t.Errorf("while both are published, Verify(a token of %s) = %v, want nil", kid, err)
		}
	}
	b.move(29 * time.Minute)
	if err := verify(t, r, oldToken, oauth.TypeAccessToken); err != nil {
		t.Errorf("while tokens of the old key live, Verify() = %v, want nil", err)
	}
	if ids := published(t, r); !has(ids, oldKey) {
		t.Errorf("while tokens of the old key live, published = %v, want %s too", ids, oldKey)
	}
	b.move(4 * time.Minute) // past the longest life, the skew and the next reading
	if ids := published(t, r); has(ids, oldKey) || !has(ids, newKey) {
		t.Errorf("when the last token is over, published = %v, want %s only", ids, newKey)
	}
	if err := verify(t, r, oldToken, oauth.TypeAccessToken); err == nil {
		t.Error("when the last token is over, Verify() = nil, want an error")
	}
}

func TestRotationAtOnce(t *testing.T) {
	b := newBench(t)
	r := open(t, b.config(t, "p"))
	_, leaked := sign(t, r)
	if err := r.Rotate(t.Context(), false); err != nil { // a key that waits for its time
		t.Fatal(err)
	}
	b.move(time.Minute)
	if err := r.Rotate(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	token, kid := sign(t, r)
	if kid == leaked {
		t.Error("after Rotate(at once) the leaked key signs")
	}
	b.move(keys.JWKSMaxAge * 4) // past the time of the key that waited
	if _, later := sign(t, r); later != kid {
		t.Errorf("later %s signs, want %s still: the key that waited went with the leaked one", later, kid)
	}
	if err := verify(t, r, token, oauth.TypeAccessToken); err != nil {
		t.Errorf("Verify() = %v, want nil", err)
	}
}

func TestAnotherReplicaKnowsAKeyThatSignsAtOnce(t *testing.T) {
	b := newBench(t)
	one, two := open(t, b.config(t, "p")), open(t, b.config(t, "p"))
	b.move(6 * time.Second)
	if err := one.Rotate(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	token, _ := sign(t, one)
	if err := verify(t, two, token, oauth.TypeAccessToken); err != nil {
		t.Errorf("Verify() at the other replica = %v, want nil", err)
	}
}

func TestAReplicaFollowsARotation(t *testing.T) {
	b := newBench(t)
	one, two := open(t, b.config(t, "p")), open(t, b.config(t, "p"))
	if err := one.Rotate(t.Context(), false); err != nil {
		t.Fatal(err)
	}
	b.move(time.Minute)
	if got, want := published(t, two), published(t, one); len(got) != 2 || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("a minute later the other replica publishes %v, want %v", got, want)
	}
}

func TestRotatingSideBySideLeavesASigner(t *testing.T) {
	for range 5 {
		b := newBench(t)
		r := open(t, b.config(t, "p"))
		rings := []*keys.Ring{open(t, b.config(t, "p")), open(t, b.config(t, "p")), open(t, b.config(t, "p"))}
		var all sync.WaitGroup
		for _, one := range rings {
			all.Go(func() {
				if err := one.Rotate(context.Background(), false); err != nil {
					t.Errorf("Rotate() = %v", err)
				}
			})
		}
		all.Wait()
		var signers []string
		for range 60 {
			b.move(time.Minute)
			_, kid := sign(t, r)
			signers = append(signers, kid)
		}
		if _, kid := sign(t, rings[0]); kid != signers[len(signers)-1] {
			t.Errorf("two replicas sign with %s and %s, want one key", kid, signers[len(signers)-1])
		}
	}
}

func TestReplicasThatStartAtOnceAgree(t *testing.T) {
	b := newBench(t)
	rings := make([]*keys.Ring, 8)
	var all sync.WaitGroup
	for i := range rings {
		c := b.config(t, "p")
		all.Go(func() {
			r, err := keys.Open(context.Background(), c)
			if err != nil {
				t.Errorf("Open() = %v", err)
			}
			rings[i] = r
		})
	}
	all.Wait()
	b.move(time.Minute)
	_, want := sign(t, rings[0])
	for i, r := range rings {
		if _, kid := sign(t, r); kid != want {
			t.Errorf("replica %d signs with %s, replica 0 with %s, want one key", i, kid, want)
		}
	}
}

func TestVerifyWantsTypeAndKey(t *testing.T) {
	b := newBench(t)
	r, other := open(t, b.config(t, "p")), open(t, b.config(t, "q"))
	access, _ := sign(t, r)
	id, err := r.Sign(t.Context(), oauth.TypeIDToken, []byte(`{}`))
	if err != nil {
		t.Fatal(err)
	}
	foreign, _ := sign(t, other)
	for _, tt := range []struct {
		name, token, typ string
		ok               bool
	}{
		{"an access token is one", access, oauth.TypeAccessToken, true},
		{"an ID token is one", id, oauth.TypeIDToken, true},
		{"an ID token is no access token", id, oauth.TypeAccessToken, false},
		{"an access token is no ID token", access, oauth.TypeIDToken, false},
		{"a token of another project's key is not ours", foreign, oauth.TypeAccessToken, false},
		{"a token with another payload under the same signature is not ours", swapPayload(access), oauth.TypeAccessToken, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := verify(t, r, tt.token, tt.typ); (err == nil) != tt.ok {
				t.Errorf("Verify(%q, %q) = %v, want ok %v", tt.token, tt.typ, err, tt.ok)
			}
		})
	}
}

func swapPayload(token string) string {
	parts := strings.Split(token, ".")
	parts[1] = "eyJpc3MiOiJ5In0" // {"iss":"y"}
	return strings.Join(parts, ".")
}

// TestSigningNeedsNoDatabase closes the database under a ring.
func TestSigningNeedsNoDatabase(t *testing.T) {
	b := newBench(t)
	r := open(t, b.config(t, "p"))
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	b.move(time.Hour)
	token, _ := sign(t, r)
	if err := verify(t, r, token, oauth.TypeAccessToken); err != nil {
		t.Errorf("Verify() without a database = %v, want nil", err)
	}
}

func TestEveryAlgorithmSigns(t *testing.T) {
	for _, alg := range []oauth.Alg{oauth.ES256, oauth.EdDSA, oauth.RS256} {
		t.Run(string(alg), func(t *testing.T) {
			b := newBench(t)
			c := b.config(t, "p")
			c.Alg = alg
			r := open(t, c)
			token, _ := sign(t, r)
			if err := verify(t, r, token, oauth.TypeAccessToken); err != nil {
				t.Errorf("Verify() = %v, want nil", err)
			}
			if body := string(r.JWKS(t.Context())); !strings.Contains(body, `"alg":"`+string(alg)+`"`) || strings.Contains(body, `"d":`) {
				t.Errorf("JWKS() = %s, want the public half of an %s key", body, alg)
			}
		})
	}
	b := newBench(t)
	c := b.config(t, "p")
	c.Alg = "HS256"
	if _, err := keys.Open(t.Context(), c); err == nil {
		t.Error("Open() with HS256 = nil, want an error")
	}
}
