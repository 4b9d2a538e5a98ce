package passkey

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
)

const issuer = "https://auth.example.com/p/north"

var (
	here  = store.DigestOf("this browser")
	there = store.DigestOf("another browser")
	born  = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

// world is a party with its real store and a clock that stands until it is moved.
type world struct {
	*testing.T
	*Party
	db  store.Store
	now time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, db: db.For("north"), now: born}
	for _, name := range []string{"ada", "bob"} {
		if err := w.db.CreatePerson(t.Context(), store.Person{ID: store.PersonID("per_" + name), Email: name + "@example.com", CreatedAt: born}); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if w.Party, err = New(w.db, issuer, "", func() time.Time { return w.now }); err != nil {
		t.Fatal(err)
	}
	return w
}

func owner(name string) Owner {
	return Owner{Browser: here, Person: store.PersonID("per_" + name), Email: name + "@example.com", Name: name}
}

func (w *world) offer(o Owner) string {
	w.Helper()
	options, err := w.Offer(w.Context(), o, "North")
	if err != nil {
		w.Fatal(err)
	}
	return text(w, options)
}

func (w *world) ask(q Question) string {
	w.Helper()
	options, err := w.Ask(w.Context(), q)
	if err != nil {
		w.Fatal(err)
	}
	return text(w, options)
}

func text(t testing.TB, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// device is one with a passkey of the person.
func (w *world) device(name string, changes ...func(*passkeytest.Answer)) *passkeytest.Device {
	w.Helper()
	d := passkeytest.New("https://auth.example.com")
	w.add(d, name, changes...)
	return d
}

func (w *world) add(d *passkeytest.Device, name string, changes ...func(*passkeytest.Answer)) store.Passkey {
	w.Helper()
	key, _, err := w.Accept(w.Context(), owner(name), d.Create(w, w.offer(owner(name)), changes...))
	if err == nil {
		err = w.db.AddPasskey(w.Context(), key, w.now)
	}
	if err != nil {
		w.Fatalf("making a passkey of %s: %v", name, err)
	}
	return key
}

func counted(a *passkeytest.Answer) { a.Counter = 5 }

func TestAPasskeyTellsWhoHoldsIt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		flags byte
		alg   int
		want  Proof
	}{
		{"a device that made sure who uses it", passkeytest.Present | passkeytest.Verified, passkeytest.COSEES256, Proof{"per_ada", true, []string{"hwk", "user", "mfa"}}},
		{"a device that only was touched", passkeytest.Present, passkeytest.COSEEdDSA, Proof{"per_ada", false, []string{"hwk", "user"}}},
		{"a passkey that is copied between devices", passkeytest.Present | passkeytest.Verified | passkeytest.Syncable | passkeytest.BackedUp, passkeytest.COSEES256,
			Proof{"per_ada", true, []string{"swk", "user", "mfa"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			d := passkeytest.New("https://auth.example.com")
			d.Flags, d.Alg = tt.flags, tt.alg
			w.add(d, "bob")
			w.add(d, "ada")
			for _, q := range []Question{{Browser: here}, {Browser: here, Person: "per_ada"}} {
				got, err := w.Check(t.Context(), q, d.Get(t, w.ask(q)))
				if err != nil || got.Person != tt.want.Person || got.Verified != tt.want.Verified || !slices.Equal(got.Methods, tt.want.Methods) {
					t.Errorf("Check(%+v) = %+v, %v, want %+v", q, got, err, tt.want)
				}
			}
		})
	}
}

// lie is one thing wrong with an answer that would be right without it.
type lie struct {
	name   string
	change func(*passkeytest.Answer)
	says   string // in the log
}

func client(member string, value any) func(*passkeytest.Answer) {
	return func(a *passkeytest.Answer) { a.Client[member] = value }
}

// lies are wrong in both ceremonies.
var lies = []lie{
	{"it is the answer to the other ceremony", func(a *passkeytest.Answer) {
		a.Client["type"] = map[any]string{"webauthn.get": "webauthn.create", "webauthn.create": "webauthn.get"}[a.Client["type"]]
	}, "ceremony type"},
	{"the challenge is another", client("challenge", strings.Repeat("A", 43)), "was not asked"},
	{"the origin is another site", client("origin", "https://evil.example"), "the origin is"},
	{"the origin is a name below ours", client("origin", "https://x.auth.example.com"), "the origin is"},
	{"the origin is another port", client("origin", "https://auth.example.com:8443"), "the origin is"},
	{"the origin is http", client("origin", "http://auth.example.com"), "the origin is"},
	{"the origin is ours but for a path", client("origin", "https://auth.example.com/p/north"), "the origin is"},
	{"the page was in a frame of another site", client("crossOrigin", true), "in a frame"},
	{"the page names a site above it", client("topOrigin", "https://evil.example"), "in a frame"},
	{"the name it is bound to is another", func(a *passkeytest.Answer) { a.RPID = "example.com" }, "RP Hash mismatch"},
	{"nobody touched the device", func(a *passkeytest.Answer) { a.Flags &^= passkeytest.Present }, "User presence required"},
	{"it was copied and cannot be", func(a *passkeytest.Answer) { a.Flags |= passkeytest.BackedUp }, "cop"},
}

func TestAnAnswerThatProvesNothingIsRefused(t *testing.T) {
	for _, tt := range append(lies[:len(lies):len(lies)], []lie{
		{"the signature is another", func(a *passkeytest.Answer) { a.Signature = bytes.Repeat([]byte{1}, 70) }, "assertion signature"},
		{"the passkey is one that nobody has", func(a *passkeytest.Answer) { a.ID = []byte("none") }, "no such passkey"},
		{"the owner is left out", func(a *passkeytest.Answer) { a.Handle = nil }, "somebody else"},
		{"the owner is another", func(a *passkeytest.Answer) { a.Handle = newParty(t).handle("per_bob") }, "somebody else"},
		{"the owner is that of another project", func(a *passkeytest.Answer) { a.Handle = []byte("per_ada") }, "somebody else"},
		{"the counter stood still", func(a *passkeytest.Answer) { a.Counter = 5 }, "counts 5 after 5"},
		{"the counter went back", func(a *passkeytest.Answer) { a.Counter = 4 }, "counts 4 after 5"},
		{"the counter is no more", func(a *passkeytest.Answer) { a.Counter = 0 }, "counts 0 after 5"},
		{"it can be copied all at once", func(a *passkeytest.Answer) { a.Flags |= passkeytest.Syncable }, "says now"},
	}...) {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			d := w.device("ada", counted)
			d.Keys[0].Counter = 5
			_, err := w.Check(t.Context(), Question{Browser: here}, d.Get(t, w.ask(Question{Browser: here}), tt.change))
			checkRefused(t, "Check when "+tt.name, err, tt.says)
			if _, err := w.Check(t.Context(), Question{Browser: here}, d.Get(t, w.ask(Question{Browser: here}))); err != nil {
				t.Errorf("Check of an honest answer after it = %v, want it taken", err)
			}
		})
	}
}

func newParty(t *testing.T) *Party {
	t.Helper()
	p, err := New(nil, issuer, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func checkRefused(t *testing.T, call string, err error, says string) {
	t.Helper()
	if !errors.Is(err, ErrRefused) || !strings.Contains(fmt.Sprint(err), says) {
		t.Errorf("%s = %v, want %v with %q", call, err, ErrRefused, says)
	}
}

func TestAChallengeIsGoodOnceForWhatItWasAskedFor(t *testing.T) {
	anybody := Question{Browser: here}
	for _, tt := range []struct {
		name          string
		asked, answer Question
		between       func(w *world, answer string)
		ok            bool
	}{
		{"at once", anybody, anybody, nil, true},
		{"just in time", anybody, anybody, func(w *world, _ string) { w.now = w.now.Add(life - time.Millisecond) }, true},
		{"too late", anybody, anybody, func(w *world, _ string) { w.now = w.now.Add(life) }, false},
		{"a second time", anybody, anybody, func(w *world, answer string) {
			if _, err := w.Check(w.Context(), anybody, answer); err != nil {
				w.Fatal(err)
			}
		}, false},
		{"from another browser", anybody, Question{Browser: there}, nil, false},
		{"asked of anybody, for a certain person", anybody, Question{Browser: here, Person: "per_ada"}, nil, false},
		{"asked of a certain person, for anybody", Question{Browser: here, Person: "per_ada"}, anybody, nil, false},
		{"asked of one person, for another", Question{Browser: here, Person: "per_ada"}, Question{Browser: here, Person: "per_bob"}, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			answer := w.device("ada").Get(t, w.ask(tt.asked))
			if tt.between != nil {
				tt.between(w, answer)
			}
			if _, err := w.Check(t.Context(), tt.answer, answer); (err == nil) != tt.ok || err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("Check(%+v) of an answer to %+v, %s = %v, want it taken: %v", tt.answer, tt.asked, tt.name, err, tt.ok)
			}
		})
	}
	t.Run("asked for making a passkey", func(t *testing.T) {
		w := newWorld(t)
		d := w.device("ada")
		asked := strings.Replace(w.offer(owner("ada")), `"rp":{`, `"rpId":"auth.example.com","rp":{`, 1)
		answer := d.Get(t, strings.Replace(asked, "excludeCredentials", "x", 1))
		_, err := w.Check(t.Context(), Question{Browser: here, Person: "per_ada"}, answer)
		checkRefused(t, "Check of an answer to the other ceremony", err, "was not asked")
	})
}

// TestNobodyIsWhoTheyAreNot has bob answer for ada, with a passkey of his own.
func TestNobodyIsWhoTheyAreNot(t *testing.T) {
	w := newWorld(t)
	bobs, ada := w.device("bob"), Question{Browser: here, Person: "per_ada"}
	w.device("ada")
	if answer := bobs.Get(t, w.ask(ada)); answer != "" {
		t.Errorf("asked for a passkey of ada, bob’s device answers %s, want that it is not asked for", answer)
	}
	asked := strings.Replace(w.ask(ada), "allowCredentials", "x", 1)
	for name, change := range map[string]func(*passkeytest.Answer){
		"as himself": func(*passkeytest.Answer) {},
		"as nobody":  func(a *passkeytest.Answer) { a.Handle = nil },
		"as ada":     func(a *passkeytest.Answer) { a.Handle = w.handle("per_ada") },
	} {
		_, err := w.Check(t.Context(), ada, bobs.Get(t, asked, change))
		checkRefused(t, "Check of bob’s answer for ada "+name, err, "passkey")
		asked = strings.Replace(w.ask(ada), "allowCredentials", "x", 1)
	}
	anybody := Question{Browser: here}
	_, err := w.Check(t.Context(), anybody, bobs.Get(t, w.ask(anybody), func(a *passkeytest.Answer) { a.Handle = w.handle("per_ada") }))
	checkRefused(t, "Check of bob’s passkey with ada’s handle", err, "somebody else")
}

// TestWhoMustVerifyIsOurChoice has a device without a PIN answer where one is asked for: the page's script was told so, and
// may have told the device otherwise.
func TestWhoMustVerifyIsOurChoice(t *testing.T) {
	w := newWorld(t)
	d, q := w.device("ada"), Question{Browser: here, Person: "per_ada", Verified: true}
	d.Flags = passkeytest.Present
	_, err := w.Check(t.Context(), q, d.Get(t, w.ask(q)))
	checkRefused(t, "Check of an answer without verification", err, "User verification required")
	asked := w.ask(q)
	forgot := q
	forgot.Verified = false // what was filed counts
	_, err = w.Check(t.Context(), forgot, d.Get(t, asked))
	checkRefused(t, "Check of an answer without verification, not asked for again", err, "User verification required")
	d.Flags |= passkeytest.Verified
	if got, err := w.Check(t.Context(), q, d.Get(t, w.ask(q))); err != nil || !got.Verified {
		t.Errorf("Check of an answer with verification = %+v, %v, want it taken", got, err)
	}
}

func TestARemovedPasskeyIsRefused(t *testing.T) {
	w := newWorld(t)
	d, q := w.device("ada"), Question{Browser: here}
	answer := d.Get(t, w.ask(q))
	key, err := w.db.PasskeysOf(t.Context(), "per_ada")
	if err == nil {
		err = w.db.RemovePasskey(t.Context(), "per_ada", key[0].ID, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Check(t.Context(), q, answer)
	checkRefused(t, "Check of a passkey that was removed", err, "no such passkey")
}

func TestWhatADeviceMadeIsRefusedWhen(t *testing.T) {
	for _, tt := range append(lies[:len(lies):len(lies)], []lie{
		{"it calls the passkey another name", func(a *passkeytest.Answer) { a.ID = []byte("another") }, "credential id"},
		{"its key is none", func(a *passkeytest.Answer) { a.Public[len(a.Public)-1] ^= 1 }, "key"}, // a point beside the curve
		{"it vouches for itself in a way nobody knows", func(a *passkeytest.Answer) { a.Format = "trust-me" }, "trust-me"},
	}...) {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			d := passkeytest.New("https://auth.example.com")
			_, _, err := w.Accept(t.Context(), owner("ada"), d.Create(t, w.offer(owner("ada")), tt.change))
			checkRefused(t, "Accept when "+tt.name, err, tt.says)
		})
	}
	for _, alg := range []int{-47, -35, -65535, 0} { // ES256K, ES384, RS1, none
		w, d := newWorld(t), passkeytest.New("https://auth.example.com")
		d.Alg = alg
		_, _, err := w.Accept(t.Context(), owner("ada"), d.Create(t, w.offer(owner("ada"))))
		checkRefused(t, fmt.Sprintf("Accept of a key for the algorithm %d, which was not offered", alg), err, "algorithm not supported")
	}
	for name, answering := range map[string]Owner{
		"of another browser": {Browser: there, Person: "per_ada"},
		"for another person": {Browser: here, Person: "per_bob"},
	} {
		w, d := newWorld(t), passkeytest.New("https://auth.example.com")
		_, _, err := w.Accept(t.Context(), answering, d.Create(t, w.offer(owner("ada"))))
		checkRefused(t, "Accept of an answer "+name, err, "was not asked")
	}
	w, d := newWorld(t), passkeytest.New("https://auth.example.com")
	answer := d.Create(t, w.offer(owner("ada")))
	if _, _, err := w.Accept(t.Context(), owner("ada"), answer); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.Accept(t.Context(), owner("ada"), answer)
	checkRefused(t, "Accept of the same answer again", err, "was not asked")
}

func TestEverybodyIsAskedTheSame(t *testing.T) {
	w := newWorld(t)
	w.device("ada")
	var options map[string]any
	if err := json.Unmarshal([]byte(w.ask(Question{Browser: here})), &options); err != nil {
		t.Fatal(err)
	}
	delete(options, "challenge")
	if got, want := text(t, options), `{"rpId":"auth.example.com","timeout":300000,"userVerification":"preferred"}`; got != want {
		t.Errorf("Ask of anybody = %s, want %s beside the challenge", got, want)
	}
}

func TestOfferKeepsDevicesFromHavingTwo(t *testing.T) {
	w := newWorld(t)
	d := w.device("ada")
	if answer := d.Create(t, w.offer(owner("ada"))); answer != "" {
		t.Errorf("Create on a device that has one = %s, want none", answer)
	}
	if answer := d.Create(t, w.offer(owner("bob"))); answer == "" {
		t.Error("Create for another person on the same device made none, want one")
	}
	for range MaxPasskeys - 1 {
		w.device("ada")
	}
	if _, err := w.Offer(t.Context(), owner("ada"), "North"); !errors.Is(err, ErrTooMany) {
		t.Errorf("Offer to somebody with %d passkeys = %v, want %v", MaxPasskeys, err, ErrTooMany)
	}
}

func TestAcceptKeepsWhatWasSignedAndKnownWords(t *testing.T) {
	w := newWorld(t)
	d := passkeytest.New("https://auth.example.com")
	d.Flags |= passkeytest.Syncable | passkeytest.BackedUp
	key := w.add(d, "ada", counted, func(a *passkeytest.Answer) { a.Transports = []string{"usb", "nfc", "usb", "tele pathy"} })
	key.PublicKey = nil
	want := store.Passkey{
		ID: key.ID, Person: "per_ada", Name: "Passkey", Counter: 5, Syncable: true, BackedUp: true, Transports: []string{"usb", "nfc"},
		AAGUID: "00000000-0000-0000-0000-000000000000", CreatedAt: born,
	}
	if got, want := text(t, key), text(t, want); got != want {
		t.Errorf("Accept = %s, want %s", got, want)
	}
}

func TestPasskeysAreBoundToTheIssuersName(t *testing.T) {
	for _, tt := range []struct{ name, issuer, domain, want string }{
		{"the host", "https://auth.example.com", "", "auth.example.com"},
		{"the host, named", "https://auth.example.com:8443/p/north", "auth.example.com", "auth.example.com"},
		{"a domain above it", "https://auth.example.com", "example.com", "example.com"},
		{"localhost", "http://localhost:8080", "", "localhost"},
		{"an address", "http://127.0.0.1:8080", "", ""},
		{"another address", "http://[::1]:8080", "", ""},
		{"another domain", "https://auth.example.com", "example.org", ""},
		{"a domain that only ends alike", "https://auth.example.com", "ample.com", ""},
		{"a domain below it", "https://auth.example.com", "x.auth.example.com", ""},
		{"a suffix that anybody can register under", "https://auth.example.com", "com", ""},
		{"a suffix of a hosting service", "https://acme.github.io", "github.io", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Domain(tt.issuer, tt.domain)
			if got != tt.want || (err == nil) != (tt.want != "") {
				t.Errorf("Domain(%q, %q) = %q, %v, want %q", tt.issuer, tt.domain, got, err, tt.want)
			}
		})
	}
}

// TestAPasskeyOfOneProjectTakesTheRoomOfNoOther compares what a device knows one person by in two projects under one name:
// it keeps one passkey for each.
func TestAPasskeyOfOneProjectTakesTheRoomOfNoOther(t *testing.T) {
	other, err := New(nil, "https://auth.example.com", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if mine, theirs := newParty(t).handle("per_ada"), other.handle("per_ada"); bytes.Equal(mine, theirs) || len(mine) > 64 {
		t.Errorf("handle in two projects = %x and %x, want two, of at most 64 bytes", mine, theirs)
	}
}

// FuzzAnswers sends what a browser could never have: nothing may be taken, and nothing may fall over.
func FuzzAnswers(f *testing.F) {
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","authenticatorData":"AA","signature":"AA"}}`)
	f.Add(`{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"e30","attestationObject":"o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA"}}`)
	db := sqldbtest.Open(f)
	p, err := New(db.For("default"), issuer, "", nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, answer string) {
		if got, err := p.Check(t.Context(), Question{Browser: here}, answer); !errors.Is(err, ErrRefused) {
			t.Errorf("Check(%q) = %+v, %v, want %v", answer, got, err, ErrRefused)
		}
		if got, _, err := p.Accept(t.Context(), owner("ada"), answer); !errors.Is(err, ErrRefused) {
			t.Errorf("Accept(%q) = %+v, %v, want %v", answer, got, err, ErrRefused)
		}
	})
}
