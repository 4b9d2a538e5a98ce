// words.go says scopes in plain words.

package pages

import (
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// sameEverywhere are the scopes whose meaning no resource decides (OpenID Connect Core §5.4, §11).
var sameEverywhere = map[string]string{
	oauth.ScopeOpenID:        "Recognise you when you come back",
	oauth.ScopeProfile:       "See your name",
	oauth.ScopeEmail:         "See your email address",
	oauth.ScopeOfflineAccess: "Stay connected while you are away",
}

// ScopeText says what a scope of the resource lets an app do, or "" when nobody described it.
func ScopeText(resource store.Resource, name string) string {
	if text, ok := sameEverywhere[name]; ok {
		return text
	}
	for _, scope := range resource.Scopes {
		if scope.Name == name {
			return scope.Description
		}
	}
	return ""
}
