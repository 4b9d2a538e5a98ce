// access_token.go: JWT access tokens (RFC 9068) and their registered claims (RFC 7519 §4.1).

package oauth

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

// Token types in the JWS header. Each kind of token has its own, so none is taken for another (RFC 8725 §3.11).
const (
	TypeAccessToken = "at+jwt" // RFC 9068 §2.1
	TypeIDToken     = "JWT"    // OpenID Connect Core §2
)

// Claims are the claims of a token that Authwright issues or verifies.
type Claims struct {
	Issuer    string      `json:"iss"`
	Subject   string      `json:"sub"`
	Audience  Audience    `json:"aud"`
	Expires   NumericDate `json:"exp"`
	IssuedAt  NumericDate `json:"iat"`
	NotBefore NumericDate `json:"nbf,omitempty"`
	JWTID     string      `json:"jti"`
	ClientID  string      `json:"client_id"`
	Scope     string      `json:"scope,omitempty"`
	AuthTime  NumericDate `json:"auth_time,omitempty"`
	ACR       ACR         `json:"acr,omitempty"` // RFC 9470 §6.1
	OrgID     string      `json:"org_id,omitempty"`
	OrgSlug   string      `json:"org_slug,omitempty"`
	More      []byte      `json:"-"` // further members as JSON, each after a comma
}

// Audience is one audience or several; on the wire a string or an array of strings (RFC 7519 §4.1.3).
type Audience []string

// Has tells whether aud is one of the audiences, compared byte for byte.
func (a Audience) Has(aud string) bool {
	for _, one := range a {
		if one == aud {
			return true
		}
	}
	return false
}

// UnmarshalJSON accepts a string or an array of strings.
func (a *Audience) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		var one string
		if err := json.Unmarshal(data, &one); err != nil {
			return err
		}
		*a = Audience{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(data, &many); err != nil {
		return err
	}
	*a = many
	return nil
}

// MarshalJSON writes one audience as a string.
func (a Audience) MarshalJSON() ([]byte, error) {
	if len(a) == 1 {
		return json.Marshal(a[0])
	}
	return json.Marshal(append([]string{}, a...)) // [] rather than null
}

// NumericDate is seconds since the epoch (RFC 7519 §2). Fractions are cut off; strings, negative numbers and
// numbers a float cannot hold exactly are refused.
type NumericDate int64

// Date is t as a NumericDate.
func Date(t time.Time) NumericDate { return NumericDate(t.Unix()) }

// Time is the date as a time.
func (d NumericDate) Time() time.Time { return time.Unix(int64(d), 0) }

// UnmarshalJSON accepts a non-negative JSON number up to 2^53.
func (d *NumericDate) UnmarshalJSON(data []byte) error {
	text := string(data)
	if len(text) == 0 || text[0] == '"' || text == "null" {
		return Errorf(InvalidToken, "a time in the token is not a number")
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < 0 || n > 1<<53 {
			return Errorf(InvalidToken, "a time in the token is out of range")
		}
		*d = NumericDate(n)
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || f < 0 || f > 1<<53 {
		return Errorf(InvalidToken, "a time in the token is out of range")
	}
	*d = NumericDate(f)
	return nil
}

// AppendAccessToken appends the JSON of an access token's claims, without reflection: it runs once per token issued.
func (c Claims) AppendAccessToken(b []byte) []byte {
	b = append(b, `{"iss":`...)
	b = appendString(b, c.Issuer)
	b = append(b, `,"sub":`...)
	b = appendString(b, c.Subject)
	b = append(b, `,"aud":`...)
	if len(c.Audience) == 1 {
		b = appendString(b, c.Audience[0])
	} else {
		b = append(b, '[')
		for i, aud := range c.Audience {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, aud)
		}
		b = append(b, ']')
	}
	b = append(b, `,"exp":`...)
	b = strconv.AppendInt(b, int64(c.Expires), 10)
	b = append(b, `,"iat":`...)
	b = strconv.AppendInt(b, int64(c.IssuedAt), 10)
	b = append(b, `,"jti":`...)
	b = appendString(b, c.JWTID)
	b = append(b, `,"client_id":`...)
	b = appendString(b, c.ClientID)
	if c.Scope != "" {
		b = append(b, `,"scope":`...)
		b = appendString(b, c.Scope)
	}
	if c.AuthTime != 0 {
		b = append(b, `,"auth_time":`...)
		b = strconv.AppendInt(b, int64(c.AuthTime), 10)
	}
	if c.ACR != "" {
		b = append(b, `,"acr":`...)
		b = appendString(b, string(c.ACR))
	}
	if c.OrgID != "" {
		b = append(b, `,"org_id":`...)
		b = appendString(b, c.OrgID)
	}
	if c.OrgSlug != "" {
		b = append(b, `,"org_slug":`...)
		b = appendString(b, c.OrgSlug)
	}
	b = append(b, c.More...)
	return append(b, '}')
}

// appendString appends a JSON string. Plain ASCII, which is nearly all there is, is copied.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				quoted = []byte(`""`) // a string always marshals
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// NormalizeType folds a typ header: the prefix application/ may be left out and case does not count (RFC 7515 §4.1.9).
func NormalizeType(typ string) string {
	return strings.TrimPrefix(strings.ToLower(typ), "application/")
}
