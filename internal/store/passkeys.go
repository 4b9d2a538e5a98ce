// passkeys.go: key pairs that people hold in their devices (Web Authentication Level 3), and the questions put to them.

package store

import (
	"context"
	"encoding/base64"
	"time"
)

// CredentialID is what an authenticator calls a key pair, in base64url. It is no secret.
type CredentialID string

// Bytes is the id as it is on the wire.
func (id CredentialID) Bytes() []byte {
	raw, err := base64.RawURLEncoding.DecodeString(string(id))
	if err != nil {
		return nil
	}
	return raw
}

// Passkey is the public half of a key pair that a person holds.
type Passkey struct {
	ID         CredentialID
	Person     PersonID
	Name       string // what the person calls it
	PublicKey  []byte // COSE_Key (RFC 9052 §7)
	Counter    int64  // of its uses, as the authenticator counts; 0 where it does not
	Syncable   bool   // it can be copied to other devices: the flag BE
	BackedUp   bool   // it was: the flag BS
	Transports []string
	AAGUID     string // the model of the authenticator, as a UUID
	CreatedAt  time.Time
	UsedAt     time.Time // zero if never
}

// PasskeyUse is one use of a passkey, whose signature was right.
type PasskeyUse struct {
	ID       CredentialID
	Person   PersonID
	Counter  int64
	BackedUp bool
	Now      time.Time
}

// CeremonyKind says what an authenticator was asked for. What answers one kind is worth nothing for another.
type CeremonyKind string

// The kinds.
const (
	CeremonySignIn  CeremonyKind = "sign-in" // to log in, as whoever holds the passkey
	CeremonyConfirm CeremonyKind = "confirm" // to show a passkey of a certain person
	CeremonyAdd     CeremonyKind = "add"     // to make a passkey
)

// Ceremony is a question to the authenticators of a browser.
type Ceremony struct {
	Challenge Digest // of the random bytes that are to be signed
	Kind      CeremonyKind
	Browser   Digest   // of the cookie of the browser that was asked
	Person    PersonID // whose passkey is asked for or made; "" for anybody's
	Verified  bool     // the device has to make sure who uses it: the flag UV
	Expires   time.Time
}

// Passkeys are the key pairs of people.
type Passkeys interface {
	// OpenCeremony files a question.
	OpenCeremony(ctx context.Context, c Ceremony) error
	// SpendCeremony ends the question with that challenge when it is of the kind, browser and person and not over, and
	// returns it. Of any number of callers one succeeds; the rest get ErrNotFound.
	SpendCeremony(ctx context.Context, c Ceremony, now time.Time) (Ceremony, error)
	// AddPasskey files a passkey, or answers ErrExists. Its person must be enabled, and not signed out everywhere
	// after since; else ErrNotFound.
	AddPasskey(ctx context.Context, k Passkey, since time.Time) error
	// CreatePersonWithPasskey adds a person and their passkey, or answers ErrExists for one of them; both or neither.
	CreatePersonWithPasskey(ctx context.Context, p Person, k Passkey) error
	// Passkey returns a passkey.
	Passkey(ctx context.Context, id CredentialID) (Passkey, error)
	// PasskeysOf lists a person's passkeys, oldest first.
	PasskeysOf(ctx context.Context, person PersonID) ([]Passkey, error)
	// UsePasskey records a use of the person's passkey. The counter must have risen, or be and have been 0; else
	// ErrNotFound and nothing changes.
	UsePasskey(ctx context.Context, use PasskeyUse) error
	// RenamePasskey gives a person's passkey another name.
	RenamePasskey(ctx context.Context, person PersonID, id CredentialID, name string) error
	// RemovePasskey deletes a person's passkey. When keepOne it must not be their last: ErrChanged then, also for all
	// but the first of callers who would remove the last two at once.
	RemovePasskey(ctx context.Context, person PersonID, id CredentialID, keepOne bool) error
}
