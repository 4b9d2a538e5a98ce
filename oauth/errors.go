// errors.go: the error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1, RFC 7009 §2.2.1,
// RFC 7591 §3.2.2, RFC 8707 §2 and OpenID Connect Core §3.1.2.6.

package oauth

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// Code is an OAuth error code. Clients act on it, so it is never invented here.
type Code string

// The codes that Authwright sends.
const (
	InvalidRequest          Code = "invalid_request"           // RFC 6749 §5.2
	InvalidClient           Code = "invalid_client"            // RFC 6749 §5.2
	InvalidGrant            Code = "invalid_grant"             // RFC 6749 §5.2
	UnauthorizedClient      Code = "unauthorized_client"       // RFC 6749 §5.2
	UnsupportedGrantType    Code = "unsupported_grant_type"    // RFC 6749 §5.2
	InvalidScope            Code = "invalid_scope"             // RFC 6749 §5.2
	AccessDenied            Code = "access_denied"             // RFC 6749 §4.1.2.1
	UnsupportedResponseType Code = "unsupported_response_type" // RFC 6749 §4.1.2.1
	ServerError             Code = "server_error"              // RFC 6749 §4.1.2.1
	TemporarilyUnavailable  Code = "temporarily_unavailable"   // RFC 6749 §4.1.2.1
	InvalidToken            Code = "invalid_token"             // RFC 6750 §3.1
	InsufficientScope       Code = "insufficient_scope"        // RFC 6750 §3.1
	UnsupportedTokenType    Code = "unsupported_token_type"    // RFC 7009 §2.2.1
	InvalidRedirectURI      Code = "invalid_redirect_uri"      // RFC 7591 §3.2.2
	InvalidClientMetadata   Code = "invalid_client_metadata"   // RFC 7591 §3.2.2
	InvalidTarget           Code = "invalid_target"            // RFC 8707 §2
	LoginRequired           Code = "login_required"            // OpenID Connect Core §3.1.2.6
	ConsentRequired         Code = "consent_required"          // OpenID Connect Core §3.1.2.6
	InteractionRequired     Code = "interaction_required"      // OpenID Connect Core §3.1.2.6
	RequestNotSupported     Code = "request_not_supported"     // OpenID Connect Core §6.1
	// OpenID Connect Core Error Code unmet_authentication_requirements 1.0 §2, RFC 9470 §5
	UnmetAuthenticationRequirements Code = "unmet_authentication_requirements"
	RequestURINotSupported          Code = "request_uri_not_supported" // OpenID Connect Core §6.2
)

// Error is a refusal meant for the client: a code it can act on and a sentence for the person reading its log.
type Error struct {
	Code        Code
	Description string
}

// Errorf makes an *Error. The description tells what to do about it and never repeats a secret.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Description: fmt.Sprintf(format, args...)}
}

// Error says the code and the description.
func (e *Error) Error() string { return string(e.Code) + ": " + e.Description }

// Status is the HTTP status that belongs to the code at a JSON endpoint (RFC 6749 §5.2).
func (e *Error) Status() int {
	switch e.Code {
	case InvalidClient, InvalidToken:
		return http.StatusUnauthorized
	case InsufficientScope:
		return http.StatusForbidden
	case TemporarilyUnavailable:
		return http.StatusServiceUnavailable
	case ServerError:
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// MarshalJSON writes the error response body of RFC 6749 §5.2.
func (e *Error) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Code        Code   `json:"error"`
		Description string `json:"error_description,omitempty"`
	}{e.Code, printable(e.Description)})
}

// UnmarshalJSON reads an error response body: a refusal can be kept and told later.
func (e *Error) UnmarshalJSON(data []byte) error {
	var body struct {
		Code        Code   `json:"error"`
		Description string `json:"error_description"`
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return err
	}
	e.Code, e.Description = body.Code, body.Description
	return nil
}

// printable keeps the characters that RFC 6749 §5.2 allows in error_description.
func printable(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		switch {
		case r == '"':
			out = append(out, '\'')
		case r == '\\' || r < 0x20 || r > 0x7e:
			out = append(out, '?')
		default:
			out = append(out, byte(r))
		}
	}
	return string(out)
}
