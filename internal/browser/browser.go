// Package browser tells which browser is asking.
//
// A browser holds at most three cookies: one that binds an authorization in progress to it, one that says who is
// logged in, and one that proves that somebody logged in there before. All are random or a MAC; none can be read
// by a script or sent from another site's form.
package browser

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const (
	tokenBytes = 32 // 256 bits
	maxDevice  = 1024
	deviceLife = 180 * 24 * time.Hour
)

// Jar knows the cookies of one issuer. Two issuers on one host never share a cookie.
type Jar struct {
	browser, session, device string
	secure                   bool

	// Still tells whether the person of a session is signed in for the program around the server as well, which has the
	// last word where it is set.
	Still func(*http.Request, store.Person) (bool, error)
}

// NewJar makes the jar of an issuer. For https the names have the prefix __Host- (RFC 6265bis §4.1.3.2), so that no
// other host and no plain http answer can set them. An http issuer exists on loopback only; ports share cookies
// there, so the port is part of the name.
func NewJar(issuer string) Jar {
	u, err := url.Parse(issuer)
	if err != nil {
		u = &url.URL{Scheme: "https"} // the strictest cookies; the configuration refuses such an issuer before
	}
	prefix, suffix := "__Host-aw-", ""
	if u.Scheme == "http" {
		prefix, suffix = "aw-", "-"+portOf(u)
	}
	if path := strings.Trim(u.Path, "/"); path != "" {
		sum := sha256.Sum256([]byte(issuer))
		suffix += "-" + base64.RawURLEncoding.EncodeToString(sum[:6])
	}
	return Jar{
		browser: prefix + "browser" + suffix,
		session: prefix + "session" + suffix,
		device:  prefix + "device" + suffix,
		secure:  u.Scheme != "http",
	}
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return "80"
}

// NewToken makes a secret of 256 random bits.
func NewToken() string {
	raw := make([]byte, tokenBytes)
	rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Visitor is one browser, known by the secret in its cookie. The zero Visitor is no browser.
type Visitor struct{ secret string }

// Known tells whether there is a browser at all.
func (v Visitor) Known() bool { return v.secret != "" }

// Digest is what the store remembers of the browser.
func (v Visitor) Digest() store.Digest { return store.DigestOf(v.secret) }

// FormToken is the secret that a form of this browser carries, so that no other site can post it. It holds for one
// purpose: the form's name and whatever else the form is bound to.
func (v Visitor) FormToken(purpose ...string) string {
	mac := hmac.New(sha256.New, []byte(v.secret))
	for _, part := range purpose {
		sum := sha256.Sum256([]byte(part)) // fixed length, so that ("ab","c") is not ("a","bc")
		mac.Write(sum[:])
	}
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// CheckForm tells whether token is what FormToken made for the same browser and purpose.
func (v Visitor) CheckForm(token string, purpose ...string) bool {
	return v.Known() && hmac.Equal([]byte(token), []byte(v.FormToken(purpose...)))
}

// Visitor reads which browser asks. It is the zero Visitor when there is no cookie.
func (j Jar) Visitor(r *http.Request) Visitor {
	secret, _ := j.token(r, j.browser)
	return Visitor{secret}
}

// EnsureVisitor is Visitor, and gives a browser that has no cookie a fresh one.
func (j Jar) EnsureVisitor(w http.ResponseWriter, r *http.Request) Visitor {
	if v := j.Visitor(r); v.Known() {
		return v
	}
	v := Visitor{NewToken()}
	j.set(w, j.browser, v.secret, 0)
	return v
}

// Browser reads the digest of the browser's cookie.
func (j Jar) Browser(r *http.Request) (store.Digest, bool) {
	v := j.Visitor(r)
	return v.Digest(), v.Known()
}

// EnsureBrowser is the digest of the browser's cookie, which it sets when there is none. Call it once per answer.
func (j Jar) EnsureBrowser(w http.ResponseWriter, r *http.Request) store.Digest {
	return j.EnsureVisitor(w, r).Digest()
}

// Session reads the digest of the session cookie.
func (j Jar) Session(r *http.Request) (store.Digest, bool) {
	token, ok := j.token(r, j.session)
	return store.DigestOf(token), ok
}

// SetSession gives the browser a session for at most life.
func (j Jar) SetSession(w http.ResponseWriter, token string, life time.Duration) {
	j.set(w, j.session, token, life)
}

// ClearSession takes the session cookie away.
func (j Jar) ClearSession(w http.ResponseWriter) { j.set(w, j.session, "", -1) }

// Device reads what SetDevice wrote: proofs that people logged in in this browser before.
func (j Jar) Device(r *http.Request) (string, bool) { return j.only(r, j.device, maxDevice) }

// SetDevice remembers proofs of earlier logins. The value holds base64url letters, dots and nothing else.
func (j Jar) SetDevice(w http.ResponseWriter, value string) { j.set(w, j.device, value, deviceLife) }

// token reads a cookie that holds what NewToken made.
func (j Jar) token(r *http.Request, name string) (string, bool) {
	value, ok := j.only(r, name, base64.RawURLEncoding.EncodedLen(tokenBytes))
	if !ok || len(value) != base64.RawURLEncoding.EncodedLen(tokenBytes) {
		return "", false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(value); err != nil {
		return "", false
	}
	return value, true
}

// only reads a cookie that is there once. Two of one name mean that somebody else wrote one of them, and nobody can
// tell which (RFC 6265 §8.6), so neither counts.
func (j Jar) only(r *http.Request, name string, limit int) (string, bool) {
	cookies := r.CookiesNamed(name)
	if len(cookies) != 1 || cookies[0].Value == "" || len(cookies[0].Value) > limit {
		return "", false
	}
	return cookies[0].Value, true
}

// set writes a cookie: to the end of the browser's session when life is zero, away with it when negative.
func (j Jar) set(w http.ResponseWriter, name, value string, life time.Duration) {
	age := int(life / time.Second)
	if life < 0 {
		age = -1
	}
	http.SetCookie(w, &http.Cookie{
		Name:     name,
		Value:    value,
		Path:     "/",
		MaxAge:   age,
		Secure:   j.secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}
