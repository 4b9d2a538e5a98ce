// basic.go: client credentials in the Authorization header (RFC 6749 §2.3.1).

package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

// BasicCredentials reads HTTP Basic client credentials. sent tells whether there were any; an error means that
// they cannot be read. Id and secret are form-decoded, as RFC 6749 §2.3.1 says; what does not decode is taken as
// it stands, because widely used clients do not encode.
func BasicCredentials(h http.Header) (id, secret string, sent bool, err error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", "", false, nil
	}
	if len(values) > 1 {
		return "", "", true, Errorf(InvalidRequest, "there is more than one Authorization header")
	}
	scheme, encoded, _ := strings.Cut(values[0], " ")
	if !strings.EqualFold(scheme, "Basic") {
		return "", "", true, Errorf(InvalidClient, "authenticate with HTTP Basic, in the body, or not at all, as registered")
	}
	raw, err := base64.StdEncoding.DecodeString(strings.TrimLeft(encoded, " "))
	if err != nil {
		return "", "", true, Errorf(InvalidClient, "the Basic credentials are not base64")
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok {
		return "", "", true, Errorf(InvalidClient, "the Basic credentials have no colon")
	}
	id, secret = formDecode(id), formDecode(secret)
	if !visible(id) || !visible(secret) {
		return "", "", true, Errorf(InvalidClient, "the Basic credentials hold a character outside printable ASCII")
	}
	return id, secret, true, nil
}

// visible: *VSCHAR, what ids and secrets are made of (RFC 6749 appendix A.1 and A.2).
func visible(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func formDecode(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}
