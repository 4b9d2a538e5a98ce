// form.go reads parameters as RFC 6749 §3.1 and §3.2 want them: none twice, empty is absent, unknown is ignored.

package oauth

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Limits on what a stranger may send to an OAuth endpoint.
const (
	MaxBody       = 32 << 10 // bytes of a request body
	maxParameters = 100      // parameters of one request
)

// Params are the parameters of one request. Each is there once; an empty one is absent.
type Params map[string]string

// Get returns the parameter, or "" when it is absent.
func (p Params) Get(name string) string { return p[name] }

// Has tells whether the parameter is there and not empty.
func (p Params) Has(name string) bool { return p[name] != "" }

// ParseQuery reads the parameters of a query string (RFC 6749 §3.1).
func ParseQuery(raw string) (Params, error) { return parseParams(raw) }

// ParseForm reads the parameters of a POST body (RFC 6749 §3.2). A query is refused, because
// secrets in a URL end in logs.
func ParseForm(r *http.Request) (Params, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, Errorf(InvalidRequest, "send the parameters as application/x-www-form-urlencoded")
	}
	if r.URL.RawQuery != "" {
		return nil, Errorf(InvalidRequest, "send the parameters in the body, not in the URL")
	}
	body, err := ReadBody(r.Body)
	if err != nil {
		return nil, err
	}
	return parseParams(string(body))
}

// ReadBody reads a request body of at most MaxBody bytes.
func ReadBody(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, MaxBody+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || len(body) > MaxBody:
		return nil, Errorf(InvalidRequest, "the body is larger than %d bytes", MaxBody)
	case err != nil:
		return nil, Errorf(InvalidRequest, "the body did not arrive whole")
	}
	return body, nil
}

func parseParams(raw string) (Params, error) {
	if strings.Count(raw, "&") >= maxParameters {
		return nil, Errorf(InvalidRequest, "more than %d parameters", maxParameters)
	}
	params := make(Params, 8)
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, err := decodePair(pair)
		if err != nil {
			return nil, err
		}
		if _, twice := params[name]; twice {
			return nil, repeated(name)
		}
		params[name] = value
	}
	for name, value := range params {
		if value == "" {
			delete(params, name) // RFC 6749 §3.1: treated as omitted
		}
	}
	return params, nil
}

// repeated refuses a parameter that is there twice (RFC 6749 §3.1). Several resources would be legal, and a server
// may refuse them (RFC 8707 §2): a token here is for one.
func repeated(name string) error {
	switch {
	case name == "resource":
		return Errorf(InvalidTarget, "ask for one resource at a time")
	case len(name) > 64:
		return Errorf(InvalidRequest, "a parameter is there more than once")
	default:
		return Errorf(InvalidRequest, "parameter %q is there more than once", name)
	}
}

func decodePair(pair string) (name, value string, err error) {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err1 := url.QueryUnescape(rawName)
	value, err2 := url.QueryUnescape(rawValue)
	if err1 != nil || err2 != nil || !utf8.ValidString(name) || !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		return "", "", Errorf(InvalidRequest, "the parameters are not well-formed UTF-8 form encoding")
	}
	return name, value, nil
}
