// Package keys lets others know it was us: it makes signing keys, rotates them, signs with them and publishes them.
package keys

import (
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
	keys []key
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
// publishAhead, so that every replica publishes a key before any signs with it.
const reloadAfter = time.Minute

// Open reads the project's keys and makes the first when there is none.
func Open(ctx context.Context, c Config) (*Ring, error) {
	r := &Ring{config: c}
	if err := r.load(ctx); err != nil {
		return nil, err
	}
	if len(r.loaded.Load().keys) > 0 {
		return r, nil
	}
	if err := r.add(ctx, c.Now()); err != nil {
		return nil, err
	}
	return r, r.load(ctx)
}

// add makes a signing key that is active from the given time on.
func (r *Ring) add(ctx context.Context, active time.Time) error {
	signer, err := generate(r.config.Alg)
	if err != nil {
		return err
	}
	public, err := oauth.NewJWK(signer.Public())
	if err != nil {
		return fmt.Errorf("describing a new signing key: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(signer)
	if err != nil {
		return fmt.Errorf("encoding a new signing key: %w", err)
	}
	err = r.config.Store.AddKey(ctx, store.SigningKey{
		ID: public.KeyID, Public: public, Sealed: r.config.Sealer.Seal(r.place(public.KeyID), private),
		CreatedAt: r.config.Now(), ActiveAt: active,
	})
	if err != nil {
		return fmt.Errorf("filing a new signing key: %w", err)
	}
	return nil
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

// current is the reading in use, read anew when it is older than reloadAfter. A database that does not answer
// leaves the old one in use: signing needs nothing from it.
func (r *Ring) current(ctx context.Context) *loaded {
	now := r.loaded.Load()
	if r.config.Now().Sub(now.at) < reloadAfter || !r.mu.TryLock() {
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

func (r *Ring) signing(ctx context.Context) (key, error) {
	now := r.config.Now()
	keys := r.current(ctx).keys
	for i := len(keys) - 1; i >= 0; i-- {
		if k := keys[i]; !now.Before(k.active) && (k.retired.IsZero() || now.Before(k.retired)) {
			return k, nil
		}
	}
	return key{}, errors.New("no signing key is active: run authwright key rotate --now")
}

// Verify checks that a token was signed with one of the published keys and is of the given type.
func (r *Ring) Verify(ctx context.Context, t *oauth.JWS, typ string) error {
	if oauth.NormalizeType(t.Header.Type) != oauth.NormalizeType(typ) {
		return oauth.Errorf(oauth.InvalidToken, "the token is of another type")
	}
	for _, k := range r.current(ctx).keys {
		if k.id == t.Header.KeyID {
			return t.Verify(k.public, k.alg)
		}
	}
	return oauth.Errorf(oauth.InvalidToken, "the token is signed with a key that is not ours")
}

// JWKS is the published key set (RFC 7517 §5), as bytes.
func (r *Ring) JWKS(ctx context.Context) []byte { return r.current(ctx).jwks }

// Rotate makes a new key. It is published at once and signs after publishAhead; the old ones stop then and stay
// published until their last token is over. With atOnce it signs immediately: for a key that is known to
// others, where tokens of the old one must stop being made.
func (r *Ring) Rotate(ctx context.Context, atOnce bool) error {
	active := r.config.Now()
	if !atOnce {
		active = active.Add(publishAhead)
	}
	if err := r.add(ctx, active); err != nil {
		return err
	}
	if err := r.load(ctx); err != nil {
		return err
	}
	keys := r.loaded.Load().keys
	newest := keys[len(keys)-1].id
	if err := r.config.Store.RetireKeys(ctx, newest, active); err != nil {
		return fmt.Errorf("retiring the old signing keys: %w", err)
	}
	return r.load(ctx)
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
