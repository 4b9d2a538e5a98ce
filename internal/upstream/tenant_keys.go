// tenant_keys.go: the keys of Microsoft Entra ID. One set serves many tenants, and a key of it may say in its member
// issuer for whom it signs: a token is believed by such a key only when it is of that issuer.

package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"

	"github.com/authwright/authwright/internal/outbound"
)

// signing are the algorithms that an ID token may be signed by: all are asymmetric.
var signing = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512, jose.ES256, jose.ES384, jose.ES512, jose.EdDSA}

// tenantKeys are the keys at an address, for go-oidc.
type tenantKeys struct {
	address string
	call    *outbound.Operator
	now     func() time.Time

	mu   sync.Mutex
	keys []tenantKey
	read time.Time
}

var _ oidc.KeySet = (*tenantKeys)(nil)

// tenantKey is a key and for whom it signs.
type tenantKey struct {
	jose.JSONWebKey
	issuer string // may hold {tenantid}; "" for everybody of the set
}

// signsFor tells whether the key is for tokens of an issuer, of a tenant.
func (k tenantKey) signsFor(issuer, tenant string) bool {
	return k.issuer == "" || strings.Replace(k.issuer, tenantMark, tenant, 1) == issuer
}

// VerifySignature returns what a token says when a key signed it that may. What it says of its issuer is read before that,
// to find the key, and compared with what we expect after it.
func (k *tenantKeys) VerifySignature(ctx context.Context, text string) ([]byte, error) {
	token, err := jose.ParseSignedCompact(text, signing)
	if err != nil || len(token.Signatures) != 1 {
		return nil, errors.New("it is no JWS")
	}
	var says struct {
		Issuer string `json:"iss"`
		Tenant string `json:"tid"`
	}
	if err := json.Unmarshal(token.UnsafePayloadWithoutVerification(), &says); err != nil {
		return nil, errors.New("its claims are malformed")
	}
	keys, err := k.named(ctx, token.Signatures[0].Header.KeyID)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if !key.signsFor(says.Issuer, says.Tenant) {
			continue
		}
		if payload, err := token.Verify(key.Key); err == nil {
			return payload, nil
		}
	}
	return nil, errors.New("no key that signs for its issuer signed it")
}

// named are the keys of that name. When there is none the set is read again, for it may be new.
func (k *tenantKeys) named(ctx context.Context, id string) ([]tenantKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	others := func(key tenantKey) bool { return key.KeyID != id }
	found := slices.DeleteFunc(slices.Clone(k.keys), others)
	if id == "" || len(found) > 0 || k.now().Sub(k.read) < retryIn {
		return found, nil
	}
	keys, err := k.fetch(ctx)
	if err != nil {
		return nil, err
	}
	k.keys, k.read = keys, k.now()
	return slices.DeleteFunc(slices.Clone(keys), others), nil
}

// fetch reads the set. A key of a kind that is not known here is left out.
func (k *tenantKeys) fetch(ctx context.Context) (keys []tenantKey, err error) {
	res, err := k.call.Get(ctx, k.address, "application/json")
	if err != nil {
		return nil, unreachable("reading its keys", err)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := decode(res, &set); err != nil {
		return nil, unreachable("reading its keys", err)
	}
	for _, raw := range set.Keys {
		var key tenantKey
		var says struct {
			Issuer string `json:"issuer"`
		}
		if json.Unmarshal(raw, &key.JSONWebKey) != nil || json.Unmarshal(raw, &says) != nil || !key.Valid() || !key.IsPublic() {
			continue
		}
		key.issuer = says.Issuer
		keys = append(keys, key)
	}
	return keys, nil
}
