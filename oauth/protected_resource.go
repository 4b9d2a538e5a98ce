// protected_resource.go: protected resource metadata (RFC 9728).

package oauth

import (
	"net/url"
	"strings"
)

// ProtectedResourcePrefix is the well-known path of RFC 9728 §3.
const ProtectedResourcePrefix = "/.well-known/oauth-protected-resource"

// ProtectedResource is the metadata document of an MCP server (RFC 9728 §2). Absent members are left out.
type ProtectedResource struct {
	Resource               string   `json:"resource"`
	AuthorizationServers   []string `json:"authorization_servers,omitempty"`
	ScopesSupported        Scope    `json:"scopes_supported,omitempty"`
	BearerMethodsSupported []string `json:"bearer_methods_supported,omitempty"`
	ResourceName           string   `json:"resource_name,omitempty"`
	ResourceDocumentation  string   `json:"resource_documentation,omitempty"`
}

// ProtectedResourceURL is where the metadata of a resource is: the well-known path put before the
// resource's own path (RFC 9728 §3.1).
func ProtectedResourceURL(resource string) (string, error) {
	u, err := url.Parse(resource)
	if err != nil || u.Host == "" {
		return "", Errorf(InvalidTarget, "resource must be an absolute URI")
	}
	u.Path, u.RawPath = ProtectedResourcePrefix+strings.TrimSuffix(u.Path, "/"), ProtectedResourcePrefix+strings.TrimSuffix(u.EscapedPath(), "/")
	return u.String(), nil
}
