// challenge.go asks for a proof that somebody reads the mail of an address: by a code of 8 digits, typed in the browser
// that asked, or by a link with 256 random bits. Both are spent once and are over after a quarter of an hour.

package login

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

const (
	challengeLife = 15 * time.Minute
	codeDigits    = 8
	retryMail     = time.Minute
)

// The limits. Each mail that is asked for counts, and each code that is wrong.
var (
	mailLimit        = limit{free: 3, first: 30 * time.Second, longest: 15 * time.Minute} // to one address
	mailNetworkLimit = limit{free: 29, first: 2 * time.Second, longest: 5 * time.Minute}  // from one network
	codeLimit        = limit{free: 19, first: time.Hour, longest: time.Hour}              // one address, all its challenges
)

func mailCounters(email string, from netip.Addr) []counter {
	return []counter{
		{key: keyOf("mail", email), limit: mailLimit},
		{key: keyOf("mail network", browser.Network(from).String()), limit: mailNetworkLimit},
	}
}

func codeCounters(email string) []counter {
	return []counter{{key: keyOf("code", email), limit: codeLimit, forget: true}}
}

// secrets are what a challenge is answered with. They exist in the mail only.
type secrets struct{ code, link string }

// newChallenge fills in what makes a challenge one.
func (l *Login) newChallenge(c store.Challenge) (store.Challenge, secrets) {
	now := l.now()
	n, err := rand.Int(rand.Reader, new(big.Int).Exp(big.NewInt(10), big.NewInt(codeDigits), nil))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	s := secrets{code: fmt.Sprintf("%0*d", codeDigits, n), link: browser.NewToken()}
	c.ID = store.ChallengeID("cha_" + store.NewID(now))
	c.Link, c.Code = store.DigestOf(s.link), l.codeDigest(c.ID, s.code)
	c.CreatedAt, c.Expires = now, now.Add(challengeLife)
	return c, s
}

// codeDigest is keyed: there are few enough codes to try them all on a copy of the database.
func (l *Login) codeDigest(id store.ChallengeID, code string) (d store.Digest) {
	mac := hmac.New(sha256.New, l.CodeKey)
	mac.Write([]byte(string(id) + "\n" + code))
	copy(d[:], mac.Sum(nil))
	return d
}

// linkTo is the address of the page that a secret link leads to. It is made from the issuer.
func (l *Login) linkTo(page string, c store.Challenge, s secrets) string {
	return l.Issuer + page + "?" + url.Values{"t": {string(c.ID) + "." + s.link}}.Encode()
}

// tooMany says how long to wait before another mail may be asked for, and counts the one that is asked for now. It
// runs in a place among the hashes, so that what is sent all at once meets the counts of those before it.
func (l *Login) tooMany(ctx context.Context, counters []counter) (time.Duration, error) {
	leave, err := turns.enter(ctx)
	if err != nil {
		return 0, err
	}
	defer leave()
	left, err := wait(ctx, l.Store, counters, l.now())
	if err != nil || left > 0 {
		return left, err
	}
	return 0, countFailure(ctx, l.Store, "", counters, l.now())
}

// readLink finds the challenge of a link, without spending it. A link that is wrong, over, spent or for something else
// is the same refusal.
func (l *Login) readLink(ctx context.Context, token string, purposes ...store.Purpose) (store.Challenge, error) {
	id, secret, _ := strings.Cut(token, ".")
	c, err := l.Store.Challenge(ctx, store.ChallengeID(id), l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Challenge{}, fmt.Errorf("reading a challenge: %w", err)
	}
	digest := store.DigestOf(secret)
	if err != nil || subtle.ConstantTimeCompare(digest[:], c.Link[:]) != 1 {
		return store.Challenge{}, linkOver()
	}
	for _, p := range purposes {
		if c.Purpose == p {
			return c, nil
		}
	}
	return store.Challenge{}, linkOver()
}

// spend ends a challenge. Of any number of callers one goes on.
func (l *Login) spend(ctx context.Context, c store.Challenge) (store.Challenge, error) {
	spent, err := l.Store.SpendChallenge(ctx, c.ID, c.Purpose, c.Link, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return store.Challenge{}, linkOver()
	}
	if err != nil {
		return store.Challenge{}, fmt.Errorf("spending a challenge: %w", err)
	}
	return spent, nil
}

func linkOver() error {
	return &pages.Refusal{
		Status: http.StatusBadRequest,
		Title:  "This link can’t be used",
		Text:   "It was used already, is older than 15 minutes, or a part of it is missing.",
		Hint:   "Go back to where you began and ask for a new mail.",
	}
}

// asker is the browser that asked for the challenge.
func asker(v browser.Visitor, c store.Challenge) bool {
	mine := v.Digest()
	return v.Known() && subtle.ConstantTimeCompare(mine[:], c.Browser[:]) == 1
}
