// id_token.go reads an ID token and believes it only when all of it holds (OpenID Connect Core §3.1.3.7).

package upstream

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/authwright/authwright/internal/store"
)

const (
	maxSubject = 255         // OpenID Connect Core §2
	skew       = time.Minute // how far clocks may differ
)

// expected is what an ID token has to answer to.
type expected struct {
	provider store.Provider
	nonce    string
	fresh    bool
	began    time.Time
}

// claims are the members of an ID token that we read ourselves.
type claims struct {
	AuthorizedParty string `json:"azp"`
	AuthTime        int64  `json:"auth_time"`
	Name            string `json:"name"`
	Email           string `json:"email"`
	EmailVerified   truth  `json:"email_verified"`
	HostedDomain    string `json:"hd"`       // Google
	TenantID        string `json:"tid"`      // Microsoft
	ObjectID        string `json:"oid"`      // Microsoft
	DomainVerified  truth  `json:"xms_edov"` // Microsoft: the owner of the e-mail domain verified it
}

// truth is true, or the same as some providers spell it.
type truth bool

// UnmarshalJSON takes anything that does not say true for false.
func (t *truth) UnmarshalJSON(text []byte) error {
	switch strings.ToLower(string(text)) {
	case `true`, `"true"`, `1`, `"1"`:
		*t = true
	}
	return nil
}

// tokenChecks are what an ID token must stand besides its signature, aud and exp, in order.
var tokenChecks = []func(*oidc.IDToken, claims, expected, tokens) error{
	checkNonce, checkAuthorizedParty, checkAccessTokenHash, checkSubject, checkTenant, checkFresh,
}

// verify reads an ID token that came from the token endpoint.
func (u *Upstream) verify(ctx context.Context, at endpoints, want expected, got tokens) (Assertion, error) {
	if got.IDToken == "" {
		return Assertion{}, fmt.Errorf("%w: there is no ID token", ErrUntrue)
	}
	verifier := at.verifier(&oidc.Config{ClientID: want.provider.ClientID, SkipIssuerCheck: manyTenants(want.provider), Now: u.Now})
	token, err := verifier.Verify(ctx, got.IDToken)
	if err != nil {
		return Assertion{}, fmt.Errorf("%w: %s", ErrUntrue, short(err))
	}
	var c claims
	if err := token.Claims(&c); err != nil {
		return Assertion{}, fmt.Errorf("%w: its claims are malformed", ErrUntrue)
	}
	for _, check := range tokenChecks {
		if err := check(token, c, want, got); err != nil {
			return Assertion{}, fmt.Errorf("%w: %w", ErrUntrue, err)
		}
	}
	return assertion(token, c, want.provider), nil
}

func short(err error) string {
	why := err.Error()
	return why[:min(len(why), 300)]
}

// assertion is what a token says that was believed.
func assertion(token *oidc.IDToken, c claims, p store.Provider) Assertion {
	a := Assertion{Issuer: p.Issuer, Subject: token.Subject, Email: c.Email, Name: c.Name, kind: p.Kind, verified: bool(c.EmailVerified)}
	switch p.Kind {
	case store.Google:
		a.hosted = strings.ToLower(c.HostedDomain)
	case store.Microsoft: // there email is whatever an administrator of any tenant wrote, and sub differs from app to app
		a.Issuer, a.Subject = token.Issuer, c.ObjectID
		a.verified, a.tenant = bool(c.DomainVerified), OneTenant(p.Issuer)
	}
	return a
}

// checkNonce wants the nonce of this journey: a token without one could have been made for anybody's (§3.1.2.1).
func checkNonce(token *oidc.IDToken, _ claims, want expected, _ tokens) error {
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(want.nonce)) != 1 {
		return errors.New("its nonce is not that of this journey")
	}
	return nil
}

// checkAuthorizedParty wants the token to be for us alone, or for us by name (§3.1.3.7, 3 to 5).
func checkAuthorizedParty(token *oidc.IDToken, c claims, want expected, _ tokens) error {
	if c.AuthorizedParty != "" && c.AuthorizedParty != want.provider.ClientID || c.AuthorizedParty == "" && len(token.Audience) > 1 {
		return errors.New("it was made for another client (azp)")
	}
	return nil
}

// checkAccessTokenHash wants the token to belong to the access token beside it, where it says (§3.1.3.8).
func checkAccessTokenHash(token *oidc.IDToken, _ claims, _ expected, got tokens) error {
	if token.AccessTokenHash == "" {
		return nil
	}
	if err := token.VerifyAccessToken(got.AccessToken); err != nil {
		return errors.New("it belongs to another access token (at_hash)")
	}
	return nil
}

// checkSubject wants a name for the person (§2).
func checkSubject(token *oidc.IDToken, c claims, want expected, _ tokens) error {
	if token.Subject == "" || len(token.Subject) > maxSubject || !utf8.ValidString(token.Subject) || strings.ContainsFunc(token.Subject, unicode.IsControl) {
		return errors.New("it does not say who it is about")
	}
	if want.provider.Kind == store.Microsoft && !tenantID.MatchString(c.ObjectID) {
		return errors.New("it has no oid: is the scope profile asked for?")
	}
	return nil
}

// checkTenant wants the issuer to be the tenant's that the token names. Where one tenant is connected, the issuer was
// compared already.
func checkTenant(token *oidc.IDToken, c claims, want expected, _ tokens) error {
	if !manyTenants(want.provider) {
		return nil
	}
	_, kind, _ := tenantOf(want.provider.Issuer)
	template := tenantTemplate(want.provider.Issuer)
	if !tenantID.MatchString(c.TenantID) || token.Issuer != strings.Replace(template, tenantMark, c.TenantID, 1) {
		return errors.New("its issuer is not that of its tenant")
	}
	if kind == manyWork && c.TenantID == personalTID {
		return errors.New("it is of a private account")
	}
	return nil
}

// checkFresh wants the person to have proven who they are since the journey began, where that was asked for (§3.1.2.1,
// max_age). Google and Microsoft say when that was only where the operator set it there.
func checkFresh(_ *oidc.IDToken, c claims, want expected, _ tokens) error {
	switch {
	case !want.fresh, c.AuthTime == 0 && want.provider.Kind != store.OpenID:
		return nil
	case c.AuthTime == 0:
		return errors.New("it does not say when they signed in (auth_time)")
	case time.Unix(c.AuthTime, 0).Before(want.began.Add(-skew)):
		return ErrNotAnew
	}
	return nil
}
