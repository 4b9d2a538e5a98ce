// step_up.go: what a client asks of the login: acr_values, and acr as an essential claim (RFC 9470 §4, OpenID Connect
// Core §3.1.2.1, §5.5.1.1). max_age and prompt are in authorize.go.

package authserver

import (
	"context"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	maxACRValues = 512 // bytes
	maxClaims    = 2048
)

// wantedClaims is the part of the claims parameter (OpenID Connect Core §5.5) that concerns the login. Others name
// what the scope decides.
type wantedClaims struct {
	IDToken struct {
		ACR *struct {
			Essential bool     `json:"essential"`
			Value     string   `json:"value"`
			Values    []string `json:"values"`
		} `json:"acr"`
	} `json:"id_token"`
}

// checkACR records the least that the login has to amount to. acr_values is a wish as far as we do not know what it
// names; an essential acr that we cannot make is refused.
func checkACR(_ context.Context, s *Server, a asked) error {
	values, claims := a.params.Get("acr_values"), a.params.Get("claims")
	switch {
	case len(values) > maxACRValues:
		return oauth.Errorf(oauth.InvalidRequest, "acr_values is longer than %d bytes", maxACRValues)
	case len(claims) > maxClaims:
		return oauth.Errorf(oauth.InvalidRequest, "claims is longer than %d bytes", maxClaims)
	}
	need := oauth.ParseACRValues(values)
	if claims != "" {
		var wanted wantedClaims
		if err := oauth.UnmarshalStrict([]byte(claims), &wanted); err != nil {
			return oauth.Errorf(oauth.InvalidRequest, "claims must be a JSON object (OpenID Connect Core §5.5)")
		}
		if acr := wanted.IDToken.ACR; acr != nil {
			named := strings.Join(append(slices.Clone(acr.Values), acr.Value), " ")
			also := oauth.ParseACRValues(named)
			if acr.Essential && also == "" && strings.TrimSpace(named) != "" {
				return oauth.Errorf(oauth.UnmetAuthenticationRequirements, "no login here amounts to any of these: acr_values_supported in the metadata lists what does")
			}
			need = stronger(need, also)
		}
	}
	a.row.ACR = stronger(a.row.ACR, need)
	return nil
}

// leastOf is what a login has to amount to in this project, whatever the client asks.
func leastOf(s store.Settings) oauth.ACR {
	if s.SecondFactor {
		return oauth.TwoFactors
	}
	return ""
}

func stronger(a, b oauth.ACR) oauth.ACR {
	if b.Level() > a.Level() {
		return b
	}
	return a
}
