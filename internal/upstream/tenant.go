// tenant.go: issuers of Microsoft Entra ID. Each tenant has one; "common" and "organizations" stand for many.

package upstream

import (
	"regexp"
	"strings"

	"github.com/authwright/authwright/internal/store"
)

const (
	tenantMark  = "{tenantid}"
	manyWork    = "organizations"
	manyAll     = "common"
	personalTID = "9188040d-6c67-4c5b-b112-36a304b66dad" // of everybody's private accounts
)

var tenantID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// tenantOf is the tenant that an issuer names: BASE/TENANT/v2.0.
func tenantOf(issuer string) (before, tenant, after string) {
	after = "/v2.0"
	rest := strings.TrimSuffix(issuer, after)
	slash := strings.LastIndexByte(rest, '/')
	return rest[:slash+1], rest[slash+1:], after
}

// OneTenant tells whether a Microsoft issuer is that of one tenant, whose administrators give out its addresses.
func OneTenant(issuer string) bool {
	_, tenant, _ := tenantOf(issuer)
	return tenantID.MatchString(tenant) && tenant != personalTID
}

// manyTenants tells whether people of more than one tenant come by a connection.
func manyTenants(p store.Provider) bool {
	_, tenant, _ := tenantOf(p.Issuer)
	return p.Kind == store.Microsoft && (tenant == manyAll || tenant == manyWork)
}

func tenantTemplate(issuer string) string {
	before, _, after := tenantOf(issuer)
	return before + tenantMark + after
}

// fitsTemplate tells whether an issuer is the template's, of any tenant.
func fitsTemplate(template, issuer string) bool {
	_, tenant, _ := tenantOf(issuer)
	return tenantID.MatchString(tenant) && strings.Replace(template, tenantMark, tenant, 1) == issuer
}

// Speaks tells whether identities of an issuer come by a connection.
func Speaks(p store.Provider, issuer string) bool {
	return p.Issuer == issuer || manyTenants(p) && fitsTemplate(tenantTemplate(p.Issuer), issuer)
}
