// passkey.go: which name and which origin the passkeys of a project are bound to (Web Authentication Level 3 §5.1.2, §13.4.9).

// Package passkey tells whether a device holds a person's passkey.
//
// What is asked is filed before it is asked, and what a browser answers is compared with what was filed: nothing that
// a script was told to want is taken for granted.
package passkey

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"golang.org/x/net/publicsuffix"

	"github.com/authwright/authwright/internal/store"
)

const (
	life           = 5 * time.Minute
	challengeBytes = 32
)

// ErrRefused says that an answer proves nothing. What it wraps is for the log.
var ErrRefused = errors.New("the passkey was refused")

// refused says why an answer proves nothing.
func refused(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrRefused, fmt.Errorf(format, args...))
}

// Party is a project, as devices know it: the relying party.
type Party struct {
	store  store.Passkeys
	id     string // the RP ID: passkeys are found under it, and under no other
	issuer string
	origin string // the only one that answers may come from
	now    func() time.Time
}

// New makes the party of an issuer. Domain is the host's own name when empty, or the registrable domain above it that the
// issuer shares passkeys with.
func New(st store.Passkeys, issuer, domain string, now func() time.Time) (*Party, error) {
	id, err := Domain(issuer, domain)
	if err != nil {
		return nil, err
	}
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, fmt.Errorf("issuer %q: %w", issuer, err)
	}
	if now == nil {
		now = time.Now
	}
	return &Party{store: st, id: id, issuer: issuer, origin: u.Scheme + "://" + u.Host, now: now}, nil
}

// Domain is the name that the passkeys of an issuer are bound to. Browsers refuse addresses, and names that anybody can
// register under.
func Domain(issuer, domain string) (string, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return "", fmt.Errorf("issuer %q: %w", issuer, err)
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return "", fmt.Errorf("passkeys are bound to a name and the issuer's host %s is an address: give the issuer a name, or localhost", host)
	}
	if domain == "" || domain == host {
		return host, nil
	}
	if !strings.HasSuffix(host, "."+domain) {
		return "", fmt.Errorf("passkey_domain %q: use %s or a domain above it", domain, host)
	}
	if _, err := publicsuffix.EffectiveTLDPlusOne(domain); err != nil {
		return "", fmt.Errorf("passkey_domain %q: anybody may have a name under it", domain)
	}
	return domain, nil
}

// handle is what a device knows a person by: no address, and for no two projects the same, or a passkey of the one would
// take the place of a passkey of the other (§5.4.3).
func (p *Party) handle(person store.PersonID) []byte {
	sum := sha256.Sum256([]byte(p.issuer + "\n" + string(person)))
	return sum[:]
}

// newChallenge is 256 random bits, and what the store remembers of them.
func newChallenge() (protocol.URLEncodedBase64, store.Digest) {
	raw := make([]byte, challengeBytes)
	rand.Read(raw)
	return raw, store.DigestOf(base64.RawURLEncoding.EncodeToString(raw))
}

// said checks what the browser says of where and how it was asked, beside what the library compares: the origin byte for
// byte, and no frame of another site.
func (p *Party) said(c protocol.CollectedClientData) error {
	switch {
	case c.Origin != p.origin:
		return refused("the origin is %q, not %s", c.Origin, p.origin)
	case c.CrossOrigin || c.TopOrigin != "":
		return refused("the page was in a frame of %q", c.TopOrigin)
	}
	return nil
}
