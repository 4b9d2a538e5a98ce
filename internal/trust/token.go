// token.go takes a token apart (RFC 7515 §3.1) and checks what it claims (RFC 7519 §4.1).

package trust

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// header is what a token says of itself. Members by which it would bring its own key, or change how it is read, have a
// place only so that they are seen.
type header struct {
	Algorithm string `json:"alg"`
	Type      string `json:"typ"`
	KeyID     string `json:"kid"`

	JWK  json.RawMessage `json:"jwk"`
	JKU  json.RawMessage `json:"jku"`
	X5U  json.RawMessage `json:"x5u"`
	X5C  json.RawMessage `json:"x5c"`
	Crit json.RawMessage `json:"crit"`
	Zip  json.RawMessage `json:"zip"`
	B64  json.RawMessage `json:"b64"`
	Enc  json.RawMessage `json:"enc"`
}

// types are those of a token about a person; a logout token or a security event looks much alike (RFC 8725 §3.11).
var types = []string{"", "jwt", "at+jwt", "application/jwt", "application/at+jwt"}

const maxKeyID = 256

// readHeader takes the token apart: three segments of canonical base64url, the first of them an acceptable header.
func readHeader(token string) (header, error) {
	malformed := refuse("malformed", "the token is not a signed token in compact form of at most %d bytes", MaxToken)
	parts := strings.Split(token, ".")
	if len(token) > MaxToken || len(parts) != 3 {
		return header{}, malformed
	}
	for _, part := range parts {
		if _, err := decode(part); err != nil {
			return header{}, malformed
		}
	}
	raw, err := decode(parts[0])
	if err != nil {
		return header{}, malformed
	}
	var h header
	if err := oauth.UnmarshalStrict(raw, &h); err != nil {
		return header{}, refuse("malformed", "the token’s header: %s", said(err))
	}
	for _, member := range []json.RawMessage{h.JWK, h.JKU, h.X5U, h.X5C, h.Crit, h.Zip, h.B64, h.Enc} {
		if member != nil {
			return header{}, refuse("malformed", "the token’s header has a member that is not accepted: jwk, jku, x5u, x5c, crit, zip, b64 or enc")
		}
	}
	if !slices.Contains(types, strings.ToLower(h.Type)) {
		return header{}, refuse("type", "the token’s typ is not that of a token about a person: JWT, at+jwt, or none")
	}
	if len(h.KeyID) > maxKeyID {
		return header{}, malformed
	}
	return h, nil
}

// decode reads canonical base64url: a token has one spelling.
func decode(s string) ([]byte, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(raw) == 0 || strings.ContainsAny(s, "\r\n") {
		return nil, errEncoding
	}
	return raw, nil
}

var errEncoding = refuse("malformed", "the token is not canonical base64url")

// said is the sentence of an error of the parser, without its code.
func said(err error) string {
	_, sentence, _ := strings.Cut(err.Error(), ": ")
	return sentence
}

// claims are the members that every token must have, and all of them.
type claims struct {
	Issuer    string          `json:"iss"`
	Subject   string          `json:"sub"`
	Audience  json.RawMessage `json:"aud"`
	Expires   json.Number     `json:"exp"`
	NotBefore json.Number     `json:"nbf"`
	IssuedAt  json.Number     `json:"iat"`
	AuthTime  json.Number     `json:"auth_time"`
	ID        string          `json:"jti"`

	all map[string]any
}

// readClaims reads the payload of a token whose signature is valid. A member twice is refused at every level.
func readClaims(payload []byte) (c claims, err error) {
	if err := oauth.UnmarshalStrict(payload, &c); err != nil {
		return claims{}, refuse("malformed", "the token’s claims: %s", said(err))
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	dec.UseNumber() // an id of many digits stays what it is
	if err := dec.Decode(&c.all); err != nil {
		return claims{}, refuse("malformed", "the token’s claims are not a JSON object")
	}
	return c, nil
}

const (
	maxSubject = 255 // OpenID Connect Core §2
	maxID      = 512
)

// check compares the claims with what the operator expects, and says until when the token counts.
func (c claims) check(t store.TrustedIssuer, now time.Time) (until time.Time, err error) {
	switch {
	case c.Issuer != t.Issuer:
		return until, refuse("issuer", "the token’s iss is not %q", t.Issuer)
	case !names(c.Audience, t.Audience):
		return until, refuse("audience", "the token’s aud does not name %q", t.Audience)
	case c.Subject == "":
		return until, refuse("subject", "the token has no sub")
	case len(c.Subject) > maxSubject || strings.ContainsFunc(c.Subject, unicode.IsControl):
		return until, refuse("subject", "the token’s sub is not a text of at most %d bytes without control characters", maxSubject)
	case len(c.ID) > maxID:
		return until, refuse("malformed", "the token’s jti is longer than %d bytes", maxID)
	}
	if until, err = c.times(t.MaxAge, now); err != nil {
		return until, err
	}
	for _, one := range t.Require {
		if ok, err := holds(one, c.all); err != nil || !ok {
			path, _, _ := strings.Cut(one, "=")
			return until, refuse("claim", "the token’s %s is not what this issuer’s tokens must say", path)
		}
	}
	return until, nil
}

// names tells whether aud is, or has among its members, exactly the audience (RFC 7519 §4.1.3).
func names(aud json.RawMessage, want string) bool {
	var one string
	if json.Unmarshal(aud, &one) == nil {
		return one == want
	}
	var several []string
	return json.Unmarshal(aud, &several) == nil && slices.Contains(several, want)
}

// times checks exp, nbf, iat and the age. A token counts for as long as its issuer says, and no longer than the operator does.
func (c claims) times(maxAge time.Duration, now time.Time) (until time.Time, err error) {
	exp, okExp := date(c.Expires)
	iat, okIat := date(c.IssuedAt)
	nbf, okNbf := date(c.NotBefore)
	_, okAuth := date(c.AuthTime)
	switch {
	case !okExp:
		return until, refuse("malformed", "the token has no exp, or it is not a number of seconds")
	case !okIat:
		return until, refuse("malformed", "the token has no iat, or it is not a number of seconds")
	case c.NotBefore != "" && !okNbf || c.AuthTime != "" && !okAuth:
		return until, refuse("malformed", "the token’s nbf or auth_time is not a number of seconds")
	case !now.Before(exp.Add(leeway)):
		return until, refuse("expired", "the token is over: its exp was %s ago", now.Sub(exp).Round(time.Second))
	case iat.After(now.Add(leeway)) || okNbf && nbf.After(now.Add(leeway)):
		return until, refuse("early", "the token is from the future: its iat or nbf is ahead of our clock")
	case now.After(iat.Add(maxAge + leeway)):
		return until, refuse("age", "the token is too old: it was made %s ago and counts for %s", now.Sub(iat).Round(time.Second), maxAge)
	}
	until = iat.Add(maxAge + leeway)
	if over := exp.Add(leeway); over.Before(until) {
		until = over
	}
	return until, nil
}

// date reads a NumericDate (RFC 7519 §2): seconds since 1970, with or without a fraction.
func date(n json.Number) (time.Time, bool) {
	seconds, err := n.Float64()
	if err != nil || seconds <= 0 || seconds > 1<<37 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(seconds * 1000)).UTC(), true
}
