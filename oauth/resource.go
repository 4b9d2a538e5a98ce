// resource.go: resource indicators (RFC 8707 §2) and the canonical URI of an MCP server.

package oauth

import (
	"net/url"
	"strings"
)

// ParseResource checks a resource parameter and returns the form in which resources are compared: scheme and
// host in lower case, one trailing slash left out. RFC 8707 §2 wants an absolute URI without a fragment.
func ParseResource(s string) (string, error) {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || strings.Contains(s, "#") {
		return "", Errorf(InvalidTarget, "resource must be an absolute URI with a host and without a fragment")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	if u.RawQuery == "" && !u.ForceQuery {
		return strings.TrimSuffix(u.String(), "/"), nil
	}
	return u.String(), nil
}
