// token.go: the token response (RFC 6749 §5.1) and token type hints (RFC 7009 §2.1).

package oauth

// TokenResponse is the answer of the token endpoint. Absent members are left out.
type TokenResponse struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	ExpiresIn    int64  `json:"expires_in"` // seconds
	RefreshToken string `json:"refresh_token,omitempty"`
	Scope        string `json:"scope"`
	IDToken      string `json:"id_token,omitempty"`
}

// TokenTypeBearer is the token_type of every access token, in the letters clients compare (RFC 6750 §6.1.1).
const TokenTypeBearer = "Bearer"
