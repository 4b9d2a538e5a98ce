// basic.go: client credentials in the Authorization header (RFC 6749 §2.3.1).

package oauth

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
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
	if err != nil || !utf8.Valid(raw) {
		return "", "", true, Errorf(InvalidClient, "the Basic credentials are not base64 of UTF-8")
	}
	id, secret, ok := strings.Cut(string(raw), ":")
	if !ok {
		return "", "", true, Errorf(InvalidClient, "the Basic credentials have no colon")
	}
	return formDecode(id), formDecode(secret), true, nil
}

func formDecode(s string) string {
	if decoded, err := url.QueryUnescape(s); err == nil {
		return decoded
	}
	return s
}
