// operator.go: the clients that the operator registers. The validators are those of clients that register themselves;
// what only an operator may give (client_credentials, a ceiling of scopes, introspection) is given here.

package clients

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const operatorPrefix = "cli_"

var operatorID = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// operatorGrants are the grant types there are.
var operatorGrants = []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials}

// NewRegistered checks a client that the operator wants, and completes it. c has what the operator chose: a name,
// redirect URIs, grant types, the method of authentication, scope, introspection, perhaps an id. The secret of a
// confidential client is returned once and kept as a digest.
func NewRegistered(c store.Client, noPrivateScheme bool, now time.Time) (store.Client, string, error) {
	c.Origin, c.Version, c.CreatedAt = store.Registered, 1, now
	if c.ID == "" {
		c.ID = operatorPrefix + store.ClientID(store.NewID(now))
	}
	if !operatorID.MatchString(string(c.ID)) || len(c.ID) > len(selfPrefix) && c.ID[:len(selfPrefix)] == selfPrefix {
		return c, "", fmt.Errorf("client id %q: use at most 64 of a-z, 0-9, dot, dash and underscore; %s… is for clients that register themselves", c.ID, selfPrefix)
	}
	if err := checkIdentity(&c.Metadata); err != nil {
		return c, "", err
	}
	// A protected server that introspects and asks for nothing itself needs no grant type and no redirect URI.
	onlyIntrospects := len(c.Introspects) > 0 && len(c.Metadata.GrantTypes) == 0 && len(c.Metadata.RedirectURIs) == 0
	if !onlyIntrospects {
		if err := checkGrants(&c.Metadata, c.Scope, noPrivateScheme); err != nil {
			return c, "", err
		}
	}
	public := c.Metadata.TokenEndpointAuthMethod == oauth.AuthNone
	if public && len(c.Introspects) > 0 {
		return c, "", fmt.Errorf("a public client cannot introspect: it could not prove who it is (RFC 7662 §2.1)")
	}
	c.MetadataHash = relyHash(c.Metadata)
	if public {
		return c, "", nil
	}
	secret := secretPrefix + random(32)
	c.Secrets = []store.Digest{store.DigestOf(secret)}
	return c, secret, nil
}

// checkIdentity validates the name and the method of authentication.
func checkIdentity(m *oauth.ClientMetadata) (err error) {
	if m.ClientName, err = acceptName(m.ClientName); err != nil {
		return err
	}
	if m.ClientName == "" {
		return oauth.Errorf(oauth.InvalidClientMetadata, "client_name is missing: people are shown it")
	}
	if !slices.Contains([]string{oauth.AuthNone, oauth.AuthClientSecretBasic, oauth.AuthClientSecretPost}, m.TokenEndpointAuthMethod) {
		return oauth.Errorf(oauth.InvalidClientMetadata, "token_endpoint_auth_method is not supported: %s", supportedMethods)
	}
	return nil
}

// checkGrants validates what the client may do, and completes it.
func checkGrants(m *oauth.ClientMetadata, scope oauth.Scope, noPrivateScheme bool) (err error) {
	if len(m.GrantTypes) == 0 {
		m.GrantTypes = []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
	}
	for _, grant := range m.GrantTypes {
		switch {
		case !slices.Contains(operatorGrants, grant):
			return oauth.Errorf(oauth.InvalidClientMetadata, "there is no grant type %q", grant)
		case grant == oauth.GrantClientCredentials && m.TokenEndpointAuthMethod == oauth.AuthNone:
			return oauth.Errorf(oauth.InvalidClientMetadata, "client_credentials needs a confidential client (RFC 6749 §4.4)")
		case grant == oauth.GrantClientCredentials && len(scope) == 0:
			return oauth.Errorf(oauth.InvalidClientMetadata, "client_credentials needs a scope: no person stands behind it who could say what it may do")
		}
	}
	if !slices.Contains(m.GrantTypes, oauth.GrantAuthorizationCode) {
		if len(m.RedirectURIs) > 0 || slices.Contains(m.GrantTypes, oauth.GrantRefreshToken) {
			return oauth.Errorf(oauth.InvalidClientMetadata, "redirect URIs and refresh_token are of no use without authorization_code")
		}
		return nil
	}
	m.ResponseTypes = []string{"code"}
	if m.RedirectURIs, err = parseRedirects(m.RedirectURIs, noPrivateScheme); err != nil {
		return err
	}
	m.ApplicationType = applicationType("", m.RedirectURIs)
	return nil
}

// RotateSecret gives a confidential client a new secret. The newest old one stays live beside it, so that it can be
// replaced everywhere in peace, unless only is set.
func RotateSecret(c store.Client, only bool) (store.Client, string, error) {
	switch {
	case c.Origin != store.Registered:
		return c, "", fmt.Errorf("client %s was not registered by an operator: it looks after its secret itself", c.ID)
	case Client{Client: c}.Public():
		return c, "", fmt.Errorf("client %s is public: it has no secret", c.ID)
	}
	secret := secretPrefix + random(32)
	live := []store.Digest{store.DigestOf(secret)}
	if !only && len(c.Secrets) > 0 {
		live = append(live, c.Secrets[0])
	}
	c.Secrets = live
	return c, secret, nil
}
