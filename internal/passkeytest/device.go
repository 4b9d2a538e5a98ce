// Package passkeytest is a device that holds passkeys, for tests.
//
// It answers what a page asks as a browser and its authenticator do (Web Authentication Level 3 §5.1, §6.3), and lies
// where a test tells it to.
package passkeytest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// The flags of an authenticator (§6.1).
const (
	Present   = 1 << 0
	Verified  = 1 << 2
	Syncable  = 1 << 3
	BackedUp  = 1 << 4
	attested  = 1 << 6
	COSEES256 = -7
	COSEEdDSA = -8
)

// Key is a passkey in the device.
type Key struct {
	ID, Handle []byte
	RPID       string
	Counter    uint32
	signer     crypto.Signer
}

// Device is a browser with an authenticator in it.
type Device struct {
	Origin string
	Flags  byte // of what it makes and signs
	Alg    int
	Keys   []*Key
}

// New is a device at a page of that origin. It verifies who uses it.
func New(origin string) *Device {
	return &Device{Origin: origin, Flags: Present | Verified, Alg: COSEES256}
}

// Answer is what the device is about to sign or send. A test changes it.
type Answer struct {
	Client                map[string]any // the client data
	RPID                  string
	Flags                 byte
	Counter               uint32
	ID, Handle, Signature []byte
	Format                string
	Transports            []string
	Public                []byte // the COSE_Key of a new passkey
}

// options is what a page hands to the device, as far as the device looks at it.
type options struct {
	Challenge string
	RPID      string `json:"rpId"`
	RP        struct{ ID string }
	User      struct{ ID string }
	Params    []struct{ Alg int }   `json:"pubKeyCredParams"`
	Allow     []struct{ ID string } `json:"allowCredentials"`
	Exclude   []struct{ ID string } `json:"excludeCredentials"`
}

func read(t testing.TB, text string) (o options) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("the page asked with %q: %v", text, err)
	}
	return o
}

// Create makes a passkey and returns the answer of navigator.credentials.create, or "" where the device has one already.
// The changes are made before it is signed.
func (d *Device) Create(t testing.TB, asked string, changes ...func(*Answer)) string {
	t.Helper()
	o := read(t, asked)
	for _, k := range d.Keys {
		for _, x := range o.Exclude {
			if encode(k.ID) == x.ID {
				return ""
			}
		}
	}
	signer, public := d.newKey(t)
	key := &Key{ID: random(16), Handle: decode(t, o.User.ID), RPID: o.RP.ID, signer: signer}
	a := d.answer("webauthn.create", o.Challenge, key)
	a.Flags |= attested
	a.Format, a.Transports, a.Public = "none", []string{"internal"}, public
	for _, change := range changes {
		change(&a)
	}
	data := a.data()
	data = append(data, make([]byte, 16)...) // AAGUID
	data = binary.BigEndian.AppendUint16(data, uint16(len(key.ID)))
	data = append(append(data, key.ID...), a.Public...)
	object := pack(t, map[string]any{"fmt": a.Format, "attStmt": map[string]any{}, "authData": data})
	d.Keys = append(d.Keys, key)
	return write(t, a.ID, map[string]any{"clientDataJSON": a.client(t), "attestationObject": encode(object), "transports": a.Transports})
}

// Get signs with the newest passkey that fits and returns the answer of navigator.credentials.get, or "" when none does.
func (d *Device) Get(t testing.TB, asked string, changes ...func(*Answer)) string {
	t.Helper()
	o := read(t, asked)
	key := d.find(o)
	if key == nil {
		return ""
	}
	if key.Counter > 0 {
		key.Counter++
	}
	a := d.answer("webauthn.get", o.Challenge, key)
	for _, change := range changes {
		change(&a)
	}
	data, client := a.data(), a.client(t)
	sum := sha256.Sum256(decode(t, client))
	signature := d.sign(t, key, append(data[:len(data):len(data)], sum[:]...))
	if a.Signature != nil {
		signature = a.Signature
	}
	response := map[string]any{"clientDataJSON": client, "authenticatorData": encode(data), "signature": encode(signature)}
	if a.Handle != nil {
		response["userHandle"] = encode(a.Handle)
	}
	return write(t, a.ID, response)
}

func (d *Device) find(o options) *Key {
	for i := len(d.Keys) - 1; i >= 0; i-- {
		fits := len(o.Allow) == 0
		for _, allowed := range o.Allow {
			fits = fits || allowed.ID == encode(d.Keys[i].ID)
		}
		if fits && d.Keys[i].RPID == o.RPID {
			return d.Keys[i]
		}
	}
	return nil
}

func (d *Device) answer(kind, challenge string, k *Key) Answer {
	return Answer{
		Client: map[string]any{"type": kind, "challenge": challenge, "origin": d.Origin, "crossOrigin": false},
		RPID:   k.RPID, Flags: d.Flags, Counter: k.Counter, ID: k.ID, Handle: k.Handle,
	}
}

func (a Answer) data() []byte {
	sum := sha256.Sum256([]byte(a.RPID))
	return binary.BigEndian.AppendUint32(append(sum[:], a.Flags), a.Counter)
}

func (a Answer) client(t testing.TB) string {
	t.Helper()
	text, err := json.Marshal(a.Client)
	if err != nil {
		t.Fatal(err)
	}
	return encode(text)
}

// newKey makes a key pair, and its public half as a COSE_Key (RFC 9053 §7).
func (d *Device) newKey(t testing.TB) (crypto.Signer, []byte) {
	t.Helper()
	if d.Alg == COSEEdDSA {
		public, private, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return private, pack(t, map[int]any{1: 1, 3: d.Alg, -1: 6, -2: []byte(public)})
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := private.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return private, pack(t, map[int]any{1: 2, 3: d.Alg, -1: 1, -2: point[1:33], -3: point[33:]})
}

func (d *Device) sign(t testing.TB, k *Key, message []byte) []byte {
	t.Helper()
	hash := crypto.Hash(0)
	if _, edwards := k.signer.(ed25519.PrivateKey); !edwards {
		sum := sha256.Sum256(message)
		message, hash = sum[:], crypto.SHA256
	}
	signature, err := k.signer.Sign(rand.Reader, message, hash)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func write(t testing.TB, id []byte, response map[string]any) string {
	t.Helper()
	text, err := json.Marshal(map[string]any{"id": encode(id), "rawId": encode(id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func pack(t testing.TB, v any) []byte {
	t.Helper()
	raw, err := cbor.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func random(n int) []byte {
	raw := make([]byte, n)
	rand.Read(raw)
	return raw
}

func encode(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }

func decode(t testing.TB, text string) []byte {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
