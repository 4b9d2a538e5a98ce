// userinfo.go asks a provider for what its ID token leaves out (OpenID Connect Core §5.3): where there is an access token
// too, a provider may tell the address there alone (§5.4).

package upstream

import (
	"context"
	"fmt"

	"github.com/authwright/authwright/internal/store"
)

// askMore fills in the address and the name of somebody whom an ID token names without an address. What is said there is
// theirs only if it names the same subject (§5.3.2). Of Google and Microsoft the token itself has all that counts.
func (u *Upstream) askMore(ctx context.Context, at endpoints, p store.Provider, token string, a Assertion) (Assertion, error) {
	if a.Email != "" || p.Kind != store.OpenID || at.userInfo == "" {
		return a, nil
	}
	var more struct {
		Subject       string `json:"sub"`
		Name          string `json:"name"`
		Email         string `json:"email"`
		EmailVerified truth  `json:"email_verified"`
	}
	if err := u.getJSON(ctx, at.userInfo, token, &more); err != nil {
		return Assertion{}, err
	}
	if more.Subject != a.Subject {
		return Assertion{}, fmt.Errorf("%w: its userinfo endpoint tells of somebody else", ErrUntrue)
	}
	a.Email, a.verified = more.Email, bool(more.EmailVerified)
	if a.Name == "" {
		a.Name = more.Name
	}
	return a, nil
}
