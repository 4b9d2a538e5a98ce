// metadata.go answers the authorization server metadata (RFC 8414 §3, OpenID Connect Discovery §4) and GET /jwks (RFC 7517 §5).

package authserver

import (
	"net/http"
	"strconv"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/oauth"
)

var secretMethods = []string{oauth.AuthClientSecretBasic, oauth.AuthClientSecretPost}

// describe makes the metadata document. It names only what is switched on.
func (s *Server) describe(scopes oauth.Scope) oauth.ServerMetadata {
	methods := append([]string{oauth.AuthNone}, secretMethods...)
	doc := oauth.ServerMetadata{
		Issuer:                                     s.issuer,
		AuthorizationEndpoint:                      s.issuer + "/authorize",
		TokenEndpoint:                              s.issuer + "/token",
		RevocationEndpoint:                         s.issuer + "/revoke",
		IntrospectionEndpoint:                      s.issuer + "/introspect",
		UserinfoEndpoint:                           s.issuer + "/userinfo",
		JWKSURI:                                    s.issuer + "/jwks",
		ScopesSupported:                            scopes,
		ResponseTypesSupported:                     []string{"code"},
		ResponseModesSupported:                     []string{"query"},
		GrantTypesSupported:                        []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials},
		CodeChallengeMethodsSupported:              []string{oauth.S256},
		TokenEndpointAuthMethodsSupported:          methods,
		RevocationEndpointAuthMethodsSupported:     methods,
		IntrospectionEndpointAuthMethodsSupported:  secretMethods,
		AuthorizationResponseIssParameterSupported: true,
		ClientIDMetadataDocumentSupported:          !s.settings.NoDocuments,
		SubjectTypesSupported:                      []string{"public"},
		IDTokenSigningAlgValuesSupported:           []string{string(s.settings.SigningAlg)},
		ClaimsSupported:                            []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "name", "email", "email_verified"},
		ACRValuesSupported:                         oauth.ACRs, // RFC 9470 §7
		ClaimsParameterSupported:                   true,
		PromptValuesSupported:                      []string{"none", "login", "consent", "select_account"},
	}
	if !s.settings.NoRegistration {
		doc.RegistrationEndpoint = s.issuer + "/register"
	}
	return doc
}

// Metadata answers the well-known URLs of the issuer with the same bytes.
func (s *Server) Metadata() http.Handler {
	return s.forClient(func(w http.ResponseWriter, r *http.Request) error {
		c, err := s.readCatalog(r.Context())
		if err != nil {
			return err
		}
		return writeStatic(w, c.metadata, 60)
	})
}

func (s *Server) jwks(w http.ResponseWriter, r *http.Request) error {
	return writeStatic(w, s.Keys.JWKS(r.Context()), int(keys.JWKSMaxAge.Seconds()))
}

// writeStatic writes a public document that may be kept for maxAge seconds.
func writeStatic(w http.ResponseWriter, body []byte, maxAge int) error {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "public, max-age="+strconv.Itoa(maxAge))
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // the client has gone: nobody is left to tell
	return nil
}
