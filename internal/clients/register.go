// register.go: dynamic client registration (RFC 7591 §3).

package clients

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Registration is the answer to a client that registered itself (RFC 7591 §3.2.1). It marshals without null and
// without empty members.
type Registration struct {
	ClientID     store.ClientID `json:"client_id"`
	IssuedAt     int64          `json:"client_id_issued_at"` // seconds since the epoch
	Secret       string         `json:"client_secret,omitempty"`
	SecretExpiry *int64         `json:"client_secret_expires_at,omitempty"` // 0, never, with a secret; absent without
	oauth.ClientMetadata
}

const (
	selfPrefix   = "dcr_"
	secretPrefix = "aw_cs_"
	defaultRoom  = 10_000
)

// Register takes a client in that nobody vouches for. Public clients that say the same get the same id, also after
// theirs was forgotten; a confidential one gets an id and a secret of its own. The body is of application/json.
func (d *Directory) Register(ctx context.Context, body []byte, from netip.Addr) (Registration, error) {
	if d.Settings.NoRegistration {
		return Registration{}, oauth.Errorf(oauth.AccessDenied, "clients cannot register themselves here: ask the operator for a client_id")
	}
	if err := d.Limits.take(from, d.now()); err != nil {
		return Registration{}, err
	}
	metadata, err := d.readRegistration(body)
	if err != nil {
		return Registration{}, err
	}
	now := d.now().Truncate(time.Second)
	client := store.Client{
		Origin: store.SelfRegister, Metadata: metadata, MetadataHash: relyHash(metadata), Version: 1, CreatedAt: now,
	}
	var secret string
	if metadata.TokenEndpointAuthMethod == oauth.AuthNone {
		client.ID = d.foldedID(metadata)
	} else {
		client.ID = selfPrefix + store.ClientID(random(16))
		secret = secretPrefix + random(32)
		client.Secrets = []store.Digest{store.DigestOf(secret)}
	}
	room := d.Room
	if room == 0 {
		room = defaultRoom
	}
	kept, err := d.Store.RegisterClient(ctx, client, room)
	if err != nil {
		return Registration{}, fmt.Errorf("registering client %q: %w", client.ID, err)
	}
	if kept.Disabled {
		return Registration{}, oauth.Errorf(oauth.AccessDenied, "the operator disabled this client")
	}
	return d.answer(kept, metadata, secret), nil
}

// readRegistration reads the body into the members that are known, and into nothing else.
func (d *Directory) readRegistration(body []byte) (oauth.ClientMetadata, error) {
	var sent oauth.ClientMetadata
	if err := oauth.UnmarshalStrict(body, &sent); err != nil {
		return sent, oauth.Errorf(oauth.InvalidClientMetadata, "%s", description(err))
	}
	if err := checkLanguages(body); err != nil {
		return sent, err
	}
	metadata, err := accept(sent, d.Settings.NoPrivateScheme)
	if err != nil {
		return sent, err
	}
	switch method := metadata.TokenEndpointAuthMethod; {
	case method == "" && metadata.ApplicationType == "native":
		metadata.TokenEndpointAuthMethod = oauth.AuthNone // a program on somebody's machine keeps no secret (RFC 8252 §8.5)
	case method == "":
		metadata.TokenEndpointAuthMethod = oauth.AuthClientSecretBasic // RFC 7591 §2
	case !slices.Contains([]string{oauth.AuthNone, oauth.AuthClientSecretBasic, oauth.AuthClientSecretPost}, method):
		return sent, oauth.Errorf(oauth.InvalidClientMetadata, "token_endpoint_auth_method is not supported: %s", supportedMethods)
	}
	return metadata, nil
}

// answer is what the client is told: what is stored. A folded client may have come with another port on loopback
// than the one that came first; it is told its own, because every port will do.
func (d *Directory) answer(kept store.Client, asked oauth.ClientMetadata, secret string) Registration {
	told := Registration{ClientID: kept.ID, IssuedAt: kept.CreatedAt.Unix(), ClientMetadata: kept.Metadata}
	client := Client{Client: kept, noPrivateScheme: d.Settings.NoPrivateScheme}
	if all(asked.RedirectURIs, func(uri string) bool { _, err := client.RedirectTarget(uri); return err == nil }) {
		told.RedirectURIs = asked.RedirectURIs
	}
	if secret != "" {
		told.Secret, told.SecretExpiry = secret, new(int64)
	}
	return told
}

func all(list []string, ok func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !ok(s) })
}

// foldedID is the id of a public client: a MAC of what it says, the free ports of loopback left out. Nobody can
// make a client for another's id, and one that was forgotten comes back under the id it had.
func (d *Directory) foldedID(m oauth.ClientMetadata) store.ClientID {
	m.RedirectURIs = slices.Clone(m.RedirectURIs)
	for i, uri := range m.RedirectURIs {
		m.RedirectURIs[i] = oauth.RedirectURI(uri).Portless()
	}
	canonical, err := json.Marshal(m)
	if err != nil {
		canonical = nil // strings always marshal
	}
	mac := hmac.New(sha256.New, d.FoldKey)
	mac.Write(canonical)
	return selfPrefix + store.ClientID(lowerBase32.EncodeToString(mac.Sum(nil)[:20]))
}

var lowerBase32 = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// random is n random bytes in characters that need no escaping anywhere.
func random(n int) string {
	raw := make([]byte, n)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}
