// introspection.go: token introspection (RFC 7662 §2.2).

package oauth

// Introspection is the answer of the introspection endpoint. An inactive one has no other member (RFC 7662 §2.2).
type Introspection struct {
	Active    bool     `json:"active"`
	Scope     string   `json:"scope,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	Username  string   `json:"username,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	Expires   int64    `json:"exp,omitempty"` // Unix seconds
	IssuedAt  int64    `json:"iat,omitempty"` // Unix seconds
	NotBefore int64    `json:"nbf,omitempty"` // Unix seconds
	Subject   string   `json:"sub,omitempty"`
	Audience  Audience `json:"aud,omitempty"`
	Issuer    string   `json:"iss,omitempty"`
	JWTID     string   `json:"jti,omitempty"`
	OrgID     string   `json:"org_id,omitempty"`    // the organization the person acted for
	OrgSlug   string   `json:"org_slug,omitempty"`  // what people call it; it can change
	ACR       ACR      `json:"acr,omitempty"`       // what the login amounted to (RFC 9470 §6.2)
	AuthTime  int64    `json:"auth_time,omitempty"` // Unix seconds (RFC 9470 §6.2)
}
