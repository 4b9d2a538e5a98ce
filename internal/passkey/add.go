// add.go asks a device to make a passkey and checks what it made (Web Authentication Level 3 §7.1).

package passkey

import (
	"context"
	"fmt"
	"slices"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/authwright/authwright/internal/store"
)

// MaxPasskeys is how many one person may have.
const MaxPasskeys = 20

// ErrTooMany says that a person has as many passkeys as one may have.
var ErrTooMany = fmt.Errorf("a person has at most %d passkeys", MaxPasskeys)

// algorithms are those a passkey may sign with, the best first.
var algorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgEdDSA},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

var transports = []string{"ble", "hybrid", "internal", "nfc", "smart-card", "usb"}

// Owner is whom a passkey is made for. It must be the same when what was made is checked.
type Owner struct {
	Browser store.Digest
	Person  store.PersonID // also of somebody who is about to have an account
	Email   string         // shown by the device when it asks which passkey to use
	Name    string
}

// Offer files the question and returns what the browser's script hands to navigator.credentials.create. The passkey can be
// found without a name being typed, so that nobody has to be told who has one. What model the device is, nobody proves:
// we trust no maker more than another.
func (p *Party) Offer(ctx context.Context, o Owner, site string) (protocol.PublicKeyCredentialCreationOptions, error) {
	var none protocol.PublicKeyCredentialCreationOptions
	owned, err := p.store.PasskeysOf(ctx, o.Person)
	if err != nil {
		return none, fmt.Errorf("listing the passkeys of person %s: %w", o.Person, err)
	}
	if len(owned) >= MaxPasskeys {
		return none, ErrTooMany
	}
	challenge, digest := newChallenge()
	err = p.store.OpenCeremony(ctx, store.Ceremony{
		Challenge: digest, Kind: store.CeremonyAdd, Browser: o.Browser, Person: o.Person, Expires: p.now().Add(life),
	})
	if err != nil {
		return none, fmt.Errorf("asking for a new passkey: %w", err)
	}
	return protocol.PublicKeyCredentialCreationOptions{
		RelyingParty: protocol.RelyingPartyEntity{ID: p.id, CredentialEntity: protocol.CredentialEntity{Name: site}},
		User: protocol.UserEntity{
			ID: protocol.URLEncodedBase64(p.handle(o.Person)), DisplayName: o.Name, CredentialEntity: protocol.CredentialEntity{Name: o.Email},
		},
		Challenge: challenge, Parameters: algorithms, Timeout: int(life.Milliseconds()), CredentialExcludeList: describe(owned),
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationPreferred,
		},
		Attestation: protocol.PreferNoAttestation,
	}, nil
}

// Accept spends the question, checks what a device made and returns it to be filed, with what making it proves.
func (p *Party) Accept(ctx context.Context, o Owner, answer string) (store.Passkey, Proof, error) {
	got, err := protocol.ParseCredentialCreationResponseBytes([]byte(answer))
	if err != nil {
		return store.Passkey{}, Proof{}, refused("reading the answer: %w", err)
	}
	client := got.Response.CollectedClientData
	asked, err := p.spend(ctx, store.Ceremony{Challenge: store.DigestOf(client.Challenge), Kind: store.CeremonyAdd, Browser: o.Browser, Person: o.Person})
	if err != nil {
		return store.Passkey{}, Proof{}, err
	}
	if err := p.said(client); err != nil {
		return store.Passkey{}, Proof{}, err
	}
	_, err = got.Verify(client.Challenge, p.id, []string{p.origin}, nil, nil, protocol.TopOriginExplicitVerificationMode, false,
		asked.Verified, true, nil, algorithms, protocol.AttestationPolicy{}, protocol.SignaturePolicy{})
	if err != nil {
		return store.Passkey{}, Proof{}, refused("verifying the new passkey: %w", detailed(err))
	}
	data := got.Response.AttestationObject.AuthData
	if _, err := webauthncose.ParsePublicKey(data.AttData.CredentialPublicKey); err != nil {
		return store.Passkey{}, Proof{}, refused("the new passkey’s key: %w", err)
	}
	if data.Flags.HasBackupState() && !data.Flags.HasBackupEligible() {
		return store.Passkey{}, Proof{}, refused("the new passkey says that it was copied and that it cannot be") // §7.1 step 16
	}
	key := p.key(o, got)
	return key, proof(key, data.Flags), nil
}

// key is what is remembered of a new passkey. Of what the browser says beside what was signed, only known words are kept.
func (p *Party) key(o Owner, got *protocol.ParsedCredentialCreationData) store.Passkey {
	data := got.Response.AttestationObject.AuthData
	model := data.AttData.AAGUID // 16 bytes
	key := store.Passkey{
		ID: store.CredentialID(got.ID), Person: o.Person, PublicKey: data.AttData.CredentialPublicKey, Counter: int64(data.Counter),
		Syncable: data.Flags.HasBackupEligible(), BackedUp: data.Flags.HasBackupState(),
		AAGUID: fmt.Sprintf("%x-%x-%x-%x-%x", model[:4], model[4:6], model[6:8], model[8:10], model[10:]), CreatedAt: p.now(),
	}
	key.Name = Model(key.AAGUID)
	for _, t := range got.Response.Transports {
		if slices.Contains(transports, string(t)) && !slices.Contains(key.Transports, string(t)) {
			key.Transports = append(key.Transports, string(t))
		}
	}
	return key
}

// Unknown is what a passkey is called whose maker we do not know.
const Unknown = "Passkey"

// Model is what people call the maker of a passkey, or Unknown. Nothing is decided by it: anybody can claim a model.
func Model(aaguid string) string {
	if name := models[aaguid]; name != "" {
		return name
	}
	return Unknown
}

// models are the password managers that most people have.
var models = map[string]string{
	"08987058-cadc-4b81-b6e1-30de50dcbe96": "Windows Hello",
	"0ea242b4-43c4-4a1b-8b17-dd6d0b6baec6": "Keeper",
	"531126d6-e717-415c-9320-3d9aa6981239": "Dashlane",
	"53414d53-554e-4700-0000-000000000000": "Samsung Pass",
	"6028b017-b1d4-4c02-b4b3-afcdafc96bb2": "Windows Hello",
	"9ddd1817-af5a-4672-a2b9-3e3dd95000a9": "Windows Hello",
	"adce0002-35bc-c60a-648b-0b25f1f05503": "Chrome on Mac",
	"bada5566-a7aa-401f-bd96-45619a55120d": "1Password",
	"d548826e-79b4-40a3-a3d8-11116f7e8349": "Bitwarden",
	"dd4ec289-e01d-41c9-bb89-70fa845d4bf2": "Apple Passwords",
	"ea9b8d66-4d01-1d21-3ce4-b6b48cb575d4": "Google Password Manager",
	"fbfc3007-154e-4ecc-8c0b-6e020557d7bd": "Apple Passwords",
}
