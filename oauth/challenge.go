// challenge.go: the WWW-Authenticate header (RFC 9110 §11.6.1) with the bearer parameters of RFC 6750 §3 and RFC 9728 §5.1.

package oauth

import "strings"

// Challenge is what a resource server answers a request that may not pass.
type Challenge struct {
	Scheme           string // "Bearer" when empty
	Error            Code   // absent when no token was sent (RFC 6750 §3.1)
	ErrorDescription string
	Scope            Scope  // all that the operation needs
	ResourceMetadata string // URL of the protected resource metadata (RFC 9728 §5.1)
}

// String is the value of the WWW-Authenticate header.
func (c Challenge) String() string {
	var b strings.Builder
	if c.Scheme == "" {
		c.Scheme = "Bearer"
	}
	b.WriteString(c.Scheme)
	sep := " "
	param := func(name, value string) {
		if value == "" {
			return
		}
		b.WriteString(sep + name + `="` + printable(value) + `"`)
		sep = ", "
	}
	param("error", string(c.Error))
	param("error_description", c.ErrorDescription)
	param("scope", c.Scope.String())
	param("resource_metadata", c.ResourceMetadata)
	return b.String()
}
