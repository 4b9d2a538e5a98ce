// totp.go: time-based one-time codes (RFC 6238, RFC 4226 §5.3), as authenticator apps make them.

// Package otp tells whether a code is the one of this moment.
package otp

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 §1.2: the one that every app knows; HMAC does not need it to resist collisions
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const (
	secretSize = 20 // bytes; as long as the hash (RFC 4226 §4, R6)
	period     = 30 * time.Second
	digits     = 6
	window     = 1 // steps that a clock may be off (RFC 6238 §5.2)
)

// Digits is how long a code is.
const Digits = digits

// NewSecret makes what an app and we share.
func NewSecret() []byte {
	secret := make([]byte, secretSize)
	rand.Read(secret)
	return secret
}

// Text spells a secret for a person to type (RFC 4648 §6).
func Text(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// URI is what an app reads from a QR code: otpauth://totp/ISSUER:ACCOUNT?secret=…
func URI(issuer, account string, secret []byte) string {
	issuer = escape(strings.ReplaceAll(issuer, ":", " ")) // a colon ends it
	return "otpauth://totp/" + issuer + ":" + escape(account) + "?secret=" + Text(secret) + "&issuer=" + issuer
}

// escape writes a space as %20: apps show a plus as it stands.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Step is the number of the period that a time is in.
func Step(at time.Time) int64 { return at.Unix() / int64(period/time.Second) }

// Code is the code of a step.
func Code(secret []byte, step int64) string {
	mac := hmac.New(sha1.New, secret)
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	part := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff // RFC 4226 §5.3, dynamic truncation
	return fmt.Sprintf("%0*d", digits, part%1_000_000)
}

// Match finds the step, around now and after last, whose code it is. All steps are looked at, whatever is found.
func Match(secret []byte, code string, now time.Time, last int64) (step int64, ok bool) {
	for s := Step(now) - window; s <= Step(now)+window; s++ {
		if subtle.ConstantTimeCompare([]byte(code), []byte(Code(secret, s))) == 1 && s > last {
			step, ok = s, true
		}
	}
	return step, ok
}
