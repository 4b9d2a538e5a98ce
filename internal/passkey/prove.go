// prove.go asks for a passkey and checks the answer (Web Authentication Level 3 §7.2).

package passkey

import (
	"bytes"
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/go-webauthn/webauthn/protocol"

	"github.com/authwright/authwright/internal/store"
)

// Question is what a proof is wanted for. It must be the same when the answer is checked.
type Question struct {
	Browser  store.Digest
	Person   store.PersonID // whose passkey it must be; "" for whoever holds one
	Verified bool           // the device must make sure who uses it, by a PIN, a finger or a face
}

func (q Question) kind() store.CeremonyKind {
	if q.Person == "" {
		return store.CeremonySignIn
	}
	return store.CeremonyConfirm
}

// Proof is an answer that was right.
type Proof struct {
	Person   store.PersonID
	Verified bool     // the device made sure who uses it: that is two factors in one
	Methods  []string // RFC 8176 §2
}

// proof says what a use of a passkey shows. A key that can be copied to other devices is not bound to hardware; that it
// was a PIN or a finger, nobody tells us.
func proof(k store.Passkey, flags protocol.AuthenticatorFlags) Proof {
	methods := []string{"hwk", "user"}
	if k.Syncable {
		methods[0] = "swk"
	}
	if flags.UserVerified() {
		methods = append(methods, "mfa")
	}
	return Proof{k.Person, flags.UserVerified(), methods}
}

// Ask files a question and returns what the browser's script hands to navigator.credentials.get. Where anybody may
// answer, everybody is asked the same.
func (p *Party) Ask(ctx context.Context, q Question) (protocol.PublicKeyCredentialRequestOptions, error) {
	challenge, digest := newChallenge()
	options := protocol.PublicKeyCredentialRequestOptions{
		Challenge: challenge, Timeout: int(life.Milliseconds()), RelyingPartyID: p.id, UserVerification: protocol.VerificationPreferred,
	}
	if q.Verified {
		options.UserVerification = protocol.VerificationRequired
	}
	if q.Person != "" {
		owned, err := p.store.PasskeysOf(ctx, q.Person)
		if err != nil {
			return options, fmt.Errorf("listing the passkeys of person %s: %w", q.Person, err)
		}
		options.AllowedCredentials = describe(owned)
	}
	ceremony := store.Ceremony{
		Challenge: digest, Kind: q.kind(), Browser: q.Browser, Person: q.Person, Verified: q.Verified, Expires: p.now().Add(life),
	}
	if err := p.store.OpenCeremony(ctx, ceremony); err != nil {
		return options, fmt.Errorf("asking for a passkey: %w", err)
	}
	return options, nil
}

// Check spends the question that an answer is to, checks the answer and records the use of the passkey.
func (p *Party) Check(ctx context.Context, q Question, answer string) (Proof, error) {
	got, err := protocol.ParseCredentialRequestResponseBytes([]byte(answer))
	if err != nil {
		return Proof{}, refused("reading the answer: %w", err)
	}
	client := got.Response.CollectedClientData
	asked, err := p.spend(ctx, store.Ceremony{Challenge: store.DigestOf(client.Challenge), Kind: q.kind(), Browser: q.Browser, Person: q.Person})
	if err != nil {
		return Proof{}, err
	}
	key, err := p.store.Passkey(ctx, store.CredentialID(got.ID))
	if errors.Is(err, store.ErrNotFound) {
		return Proof{}, refused("there is no such passkey")
	}
	if err != nil {
		return Proof{}, fmt.Errorf("reading a passkey: %w", err)
	}
	if err := p.owned(q, key, got.Response.UserHandle); err != nil {
		return Proof{}, err
	}
	if err := p.said(client); err != nil {
		return Proof{}, err
	}
	err = got.Verify(client.Challenge, p.id, "", []string{p.origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		asked.Verified, true, key.PublicKey, protocol.SignaturePolicy{})
	if err != nil {
		return Proof{}, refused("verifying the answer: %w", detailed(err))
	}
	flags := got.Response.AuthenticatorData.Flags
	if flags.HasBackupEligible() != key.Syncable || flags.HasBackupState() && !key.Syncable {
		return Proof{}, refused("the passkey %s says now that it can be copied, or no longer", key.ID) // §7.2 steps 18 and 19
	}
	if err := p.used(ctx, key, got.Response.AuthenticatorData); err != nil {
		return Proof{}, err
	}
	return proof(key, flags), nil
}

// spend ends the question of a challenge.
func (p *Party) spend(ctx context.Context, c store.Ceremony) (store.Ceremony, error) {
	asked, err := p.store.SpendCeremony(ctx, c, p.now())
	if errors.Is(err, store.ErrNotFound) {
		return asked, refused("the challenge was not asked of this browser for this, was answered, or is over")
	}
	if err != nil {
		return asked, fmt.Errorf("spending the challenge of a passkey: %w", err)
	}
	return asked, nil
}

// owned requires the passkey of the person who was asked for, and that the device knows them as its owner (§7.2 step 6).
// A device that was asked for certain passkeys may leave the owner out.
func (p *Party) owned(q Question, k store.Passkey, handle []byte) error {
	switch {
	case q.Person != "" && k.Person != q.Person:
		return refused("the passkey %s is not of person %s", k.ID, q.Person)
	case len(handle) == 0 && q.Person != "":
		return nil
	case subtle.ConstantTimeCompare(handle, p.handle(k.Person)) != 1:
		return refused("the device says that the passkey %s is of somebody else than person %s", k.ID, k.Person)
	}
	return nil
}

// used records the use. A counter that did not rise, or a passkey that was removed meanwhile, is refused there.
func (p *Party) used(ctx context.Context, k store.Passkey, data protocol.AuthenticatorData) error {
	err := p.store.UsePasskey(ctx, store.PasskeyUse{
		ID: k.ID, Person: k.Person, Counter: int64(data.Counter), BackedUp: data.Flags.HasBackupState(), Now: p.now(),
	})
	if errors.Is(err, store.ErrNotFound) {
		return refused("the passkey %s of person %s counts %d after %d, or is gone: there may be a copy of it", k.ID, k.Person, data.Counter, k.Counter)
	}
	if err != nil {
		return fmt.Errorf("recording the use of passkey %s: %w", k.ID, err)
	}
	return nil
}

// describe names passkeys to a browser.
func describe(keys []store.Passkey) []protocol.CredentialDescriptor {
	var list []protocol.CredentialDescriptor
	for _, k := range keys {
		one := protocol.CredentialDescriptor{Type: protocol.PublicKeyCredentialType, CredentialID: k.ID.Bytes()}
		for _, t := range k.Transports {
			one.Transport = append(one.Transport, protocol.AuthenticatorTransport(t))
		}
		list = append(list, one)
	}
	return list
}

// detailed is an error of the library with all it knows.
func detailed(err error) error {
	var known *protocol.Error
	if errors.As(err, &known) {
		return fmt.Errorf("%s %s", known.Details, bytes.TrimSpace([]byte(known.DevInfo)))
	}
	return err
}
