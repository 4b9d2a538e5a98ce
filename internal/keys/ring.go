// Package keys lets others know it was us: it makes signing keys, rotates them, signs with them and publishes them.
package keys

import (
	"cmp"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// JWKSMaxAge is how long others may keep the published key set.
const JWKSMaxAge = 5 * time.Minute

// publishAhead is how long a new key is published before it signs, so that whoever kept the old set has
// fetched the new one: twice JWKSMaxAge (RFC 9700 has no figure; this is ours).
const publishAhead = 2 * JWKSMaxAge

// skew is how far clocks may differ.
const skew = time.Minute

// Config says whose keys a ring holds.
type Config struct {
	Store   store.Keys
	Sealer  *Sealer
	Project store.ProjectID
	Alg     oauth.Alg     // for new keys
	Longest time.Duration // the longest life of a token signed here
	Now     func() time.Time
}

// Ring holds the signing keys of one project, opened.
type Ring struct {
	config Config
	loaded atomic.Pointer[loaded]
	mu     sync.Mutex // one load at a time
}

// loaded is one reading of the keys; it never changes.
type loaded struct {
	at   time.Time
	keys []key // in the order in which they become active
	jwks []byte
}

type key struct {
	id      string
	signer  crypto.Signer
	public  crypto.PublicKey
	alg     oauth.Alg
	active  time.Time
	retired time.Time
	headers map[string]string // by typ
}

// reloadAfter bounds how long a replica goes on with keys that another has rotated. It is far shorter than
// publishAhead, so that every replica publishes a key before any signs with it. A token with a key that is unknown
// makes a replica look after unknownAfter already: a key that signs at once was published nowhere before.
const (
	reloadAfter  = time.Minute
	unknownAfter = 5 * time.Second
)

// Open reads the project's keys and makes the first when there is none. Of replicas that start at once on an empty
// database each may make one; those that see several agree on the first.
func Open(ctx context.Context, c Config) (*Ring, error) {
	r := &Ring{config: c}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	if len(r.loaded.Load().keys) > 0 {
		return r, nil
	}
	if _, err := r.add(ctx, c.Now()); err != nil {
		return nil, err
	}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	if keys := r.loaded.Load().keys; len(keys) > 1 {
		return r, r.retire(ctx, keys[0].id, c.Now())
	}
	return r, nil
}

// add makes a signing key that is active from the given time on.
func (r *Ring) add(ctx context.Context, active time.Time) (kid string, err error) {
	signer, err := generate(r.config.Alg)
	if err != nil {
		return "", err
	}
	public, err := oauth.NewJWK(signer.Public())
	if err != nil {
		return "", fmt.Errorf("describing a new signing key: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return "", fmt.Errorf("encoding a new signing key: %w", err)
	}
	err = r.config.Store.AddKey(ctx, store.SigningKey{
		ID: public.KeyID, Public: public, Sealed: r.config.Sealer.Seal(r.place(public.KeyID), private),
		CreatedAt: r.config.Now(), ActiveAt: active,
	})
	if err != nil {
		return "", fmt.Errorf("filing a new signing key: %w", err)
	}
	return public.KeyID, nil
}

// place binds a sealed key to its row: the project and the key id.
func (r *Ring) place(kid string) string { return "signing key " + string(r.config.Project) + " " + kid }

func generate(alg oauth.Alg) (crypto.Signer, error) {
	var signer crypto.Signer
	var err error
	switch alg {
	case oauth.ES256:
		signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case oauth.EdDSA:
		_, signer, err = ed25519.GenerateKey(rand.Reader)
	case oauth.RS256:
		signer, err = rsa.GenerateKey(rand.Reader, 2048)
	default:
		err = fmt.Errorf("no signing algorithm %q: use ES256, EdDSA or RS256", alg)
	}
	if err != nil {
		return nil, fmt.Errorf("making a signing key: %w", err)
	}
	return signer, nil
}

func (r *Ring) load(ctx context.Context) error {
	rows, err := r.config.Store.SigningKeys(ctx)
	if err != nil {
		return fmt.Errorf("reading the signing keys: %w", err)
	}
	now := r.config.Now()
	next := &loaded{at: now}
	set := oauth.JWKSet{Keys: []oauth.JWK{}}
	for _, row := range rows {
		if r.gone(row, now) {
			continue
		}
		k, err := r.open(row)
		if err != nil {
			return err
		}
		next.keys = append(next.keys, k)
		set.Keys = append(set.Keys, row.Public)
	}
	slices.SortFunc(next.keys, func(a, b key) int {
		return cmp.Or(a.active.Compare(b.active), cmp.Compare(a.id, b.id)) // whatever clock made them, all replicas agree
	})
	if next.jwks, err = json.Marshal(set); err != nil {
		return fmt.Errorf("encoding the key set: %w", err)
	}
	r.loaded.Store(next)
	return nil
}

// gone tells whether the last token signed with the key is over.
func (r *Ring) gone(k store.SigningKey, now time.Time) bool {
	return !k.RetiredAt.IsZero() && now.After(k.RetiredAt.Add(r.config.Longest+skew))
}

func (r *Ring) open(row store.SigningKey) (key, error) {
	private, err := r.config.Sealer.Open(r.place(row.ID), row.Sealed)
	if err != nil {
		return key{}, err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(private)
	if err != nil {
		return key{}, fmt.Errorf("decoding signing key %s: %w", row.ID, err)
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok || row.Public.Thumbprint() != row.ID {
		return key{}, fmt.Errorf("signing key %s is not a signing key", row.ID)
	}
	headers := make(map[string]string, 2)
	for _, typ := range []string{oauth.TypeAccessToken, oauth.TypeIDToken} {
		headers[typ] = oauth.EncodeJWSHeader(row.Public.Algorithm, typ, row.ID)
	}
	return key{
		id: row.ID, signer: signer, public: signer.Public(), alg: row.Public.Algorithm,
		active: row.ActiveAt, retired: row.RetiredAt, headers: headers,
	}, nil
}

// current is the reading in use, read anew when it is as old as that. A database that does not answer leaves the
// old one in use: signing needs nothing from it.
func (r *Ring) current(ctx context.Context, oldest time.Duration) *loaded {
	now := r.loaded.Load()
	if r.config.Now().Sub(now.at) < oldest || !r.mu.TryLock() {
		return now
	}
	defer r.mu.Unlock()
	if err := r.load(ctx); err != nil {
		return now
	}
	return r.loaded.Load()
}

// Sign signs claims as a token of the given type (oauth.TypeAccessToken, oauth.TypeIDToken) with the newest active key.
func (r *Ring) Sign(ctx context.Context, typ string, claims []byte) (string, error) {
	k, err := r.signing(ctx)
	if err != nil {
		return "", err
	}
	token, err := oauth.SignJWS(k.headers[typ], claims, k.signer)
	if err != nil {
		return "", fmt.Errorf("signing with key %s: %w", k.id, err)
	}
	return token, nil
}

// signing is the key that became active last and is not retired. Where rotations side by side left a moment without
// one, it is the one that became active last.
func (r *Ring) signing(ctx context.Context) (key, error) {
	now, keys := r.config.Now(), r.current(ctx, reloadAfter)
	for _, k := range slices.Backward(keys.keys) {
		if !now.Before(k.active) && (k.retired.IsZero() || now.Before(k.retired)) {
			return k, nil
		}
	}
	if k := keys.last(now.Add(time.Nanosecond), true); k.id != "" {
		return k, nil
	}
	return key{}, errors.New("no signing key is active: run authwright key rotate --now")
}

// Verify checks that a token was signed with one of the published keys and is of the given type.
func (r *Ring) Verify(ctx context.Context, t *oauth.JWS, typ string) error {
	if oauth.NormalizeType(t.Header.Type) != oauth.NormalizeType(typ) {
		return oauth.Errorf(oauth.InvalidToken, "the token is of another type")
	}
	for _, oldest := range []time.Duration{reloadAfter, unknownAfter} {
		for _, k := range r.current(ctx, oldest).keys {
			if k.id == t.Header.KeyID {
				return t.Verify(k.public, k.alg)
			}
		}
	}
	return oauth.Errorf(oauth.InvalidToken, "the token is signed with a key that is not ours")
}

// JWKS is the published key set (RFC 7517 §5), as bytes.
func (r *Ring) JWKS(ctx context.Context) []byte { return r.current(ctx, reloadAfter).jwks }

// Rotate makes a new key. It is published at once and signs after publishAhead; the old ones stop then and stay
// published until their last token is over. With atOnce it signs immediately: for a key that is known to
// others, where tokens of the old one must stop being made.
//
// Of several that rotate side by side each retires the others' keys. Whoever finds no key left to sign begins again.
func (r *Ring) Rotate(ctx context.Context, atOnce bool) error {
	for range rotateTries {
		until, err := r.rotate(ctx, atOnce)
		if err != nil || r.loaded.Load().last(until, false).id != "" {
			return err
		}
	}
	return errors.New("the signing keys are being rotated elsewhere: try again")
}

const rotateTries = 10

var distantFuture = time.Unix(1<<40, 0)

// rotate makes a key and retires all others. It returns the time before which a key must be active to have replaced
// them: at once, one that waits for its time goes with the others.
func (r *Ring) rotate(ctx context.Context, atOnce bool) (until time.Time, err error) {
	if err := r.load(ctx); err != nil {
		return until, err
	}
	active := r.config.Now()
	until = active.Add(publishAhead / 2)
	if !atOnce {
		active, until = active.Add(publishAhead), distantFuture
	}
	if last := r.loaded.Load().last(until, true); !active.After(last.active) { // the clock went back
		active = last.active.Add(time.Millisecond)
	}
	kid, err := r.add(ctx, active)
	if err != nil {
		return until, err
	}
	return until, r.retire(ctx, kid, active)
}

// retire keeps one key and retires the others.
func (r *Ring) retire(ctx context.Context, keep string, at time.Time) error {
	if err := r.config.Store.RetireKeys(ctx, keep, at); err != nil {
		return fmt.Errorf("retiring the other signing keys than %s: %w", keep, err)
	}
	return r.load(ctx)
}

// last is the key that becomes active last of those that do before until, the retired among them or not; the zero
// key when there is none.
func (l *loaded) last(until time.Time, alsoRetired bool) key {
	for _, k := range slices.Backward(l.keys) {
		if k.active.Before(until) && (alsoRetired || k.retired.IsZero()) {
			return k
		}
	}
	return key{}
}

// Secret returns a project secret of 32 bytes by name, made at first use and the same in every replica.
func Secret(ctx context.Context, c Config, name string) ([]byte, error) {
	place := "secret " + string(c.Project) + " " + name
	fresh := make([]byte, 32)
	rand.Read(fresh)
	sealed, err := c.Store.Secret(ctx, name, c.Sealer.Seal(place, fresh))
	if err != nil {
		return nil, fmt.Errorf("reading secret %s: %w", name, err)
	}
	return c.Sealer.Open(place, sealed)
}
