// check.go: what is wrong with a connection, before anybody comes by it.

package upstream

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/authwright/authwright/internal/store"
)

// The issuers of providers that there is one of.
const (
	GoogleIssuer    = "https://accounts.google.com"
	MicrosoftIssuer = "https://login.microsoftonline.com/common/v2.0"
	GitHubIssuer    = "https://github.com"
)

var (
	providerID = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	word       = regexp.MustCompile(`^[\x21-\x7e]{1,512}$`)
)

// DefaultIssuer is where a kind is, unless the operator says otherwise; "" where they have to.
func DefaultIssuer(kind store.ProviderKind) string {
	return map[store.ProviderKind]string{store.Google: GoogleIssuer, store.Microsoft: MicrosoftIssuer, store.GitHub: GitHubIssuer}[kind]
}

// Check tells all that is wrong with a connection, or nil.
func Check(p store.Provider) error {
	var wrong []error
	add := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	add(providerID.MatchString(string(p.ID)), "%q: use a-z, 0-9 and dashes, at most 63", p.ID)
	add(strings.TrimSpace(p.Name) != "" && len(p.Name) <= 100, "the name is missing or longer than 100 bytes: say what people are shown")
	add(word.MatchString(p.ClientID), "the client id is missing, or is not what a provider gives out")
	add(checkIssuer(p), "the issuer %q is no address of a provider: https (or http on this machine), no query", p.Issuer)
	add(p.Kind != store.Google || p.Issuer == GoogleIssuer || isLoopback(p.Issuer), "the issuer of Google is %s", GoogleIssuer)
	add(p.Kind != store.Microsoft || manyTenants(p) || OneTenant(p.Issuer),
		"the issuer of Microsoft is https://login.microsoftonline.com/TENANT/v2.0, where TENANT is the tenant's id, common or organizations")
	add(p.Org == "" || p.Kind != store.GitHub, "GitHub has no last word on anybody's address, so an organization cannot come by it")
	add(p.Org == "" || !manyTenants(p), "an organization comes by its own tenant: the issuer must name the tenant's id")
	add(p.Org == "" || len(p.Domains) == 0, "an organization's connection has the last word on the organization's verified domains, and on no others")
	add(p.Org != "" || !p.Required, "only an organization can be required to come by a connection")
	add(p.Kind != store.GitHub || len(p.Domains) == 0, "GitHub has no last word on anybody's address")
	add(!manyTenants(p) || len(p.Domains) == 0, "of many tenants none has the last word on a domain: name one tenant in the issuer")
	for _, scope := range p.Scopes {
		add(word.MatchString(scope) && !strings.ContainsAny(scope, `"\`), "the scope %q has a character that scopes do not have", scope)
	}
	return errors.Join(wrong...)
}

func checkIssuer(p store.Provider) bool {
	u, err := url.Parse(p.Issuer)
	return err == nil && CheckURL(p.Issuer) && u.RawQuery == "" && !u.ForceQuery && (p.Kind == store.OpenID || !strings.HasSuffix(p.Issuer, "/"))
}

func isLoopback(issuer string) bool { return strings.HasPrefix(issuer, "http:") } // which CheckURL allows on this machine only
