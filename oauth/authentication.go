// authentication.go: how somebody proved who they are: methods (RFC 8176 §2, claim amr) and what they amount to
// (OpenID Connect Core §2, claim acr; RFC 9470).

package oauth

import (
	"slices"
	"strings"
)

// Authentication methods (RFC 8176 §2). The registry has no name for the last two; others are allowed (§1).
const (
	MethodPassword    = "pwd"
	MethodOTP         = "otp" // a code of an authenticator app
	MethodHardwareKey = "hwk"
	MethodSoftwareKey = "swk"
	MethodMany        = "mfa" // more than one factor
	MethodEmail       = "email"
	MethodRecovery    = "recovery" // a code that was written down
)

// ACR is an authentication context class reference.
type ACR string

// The classes, from the weakest; each contains those before it. The last is named in OpenID Connect Extended
// Authentication Profile §2: a party that imitates us learns nothing that it could use here.
const (
	OneFactor         ACR = "urn:authwright:acr:1fa"
	TwoFactors        ACR = "urn:authwright:acr:2fa"
	PhishingResistant ACR = "phr"
)

// ACRs are all classes, from the weakest.
var ACRs = []ACR{OneFactor, TwoFactors, PhishingResistant}

// Level is the place of the class among ACRs, counted from 1; 0 for none and for one that is unknown.
func (a ACR) Level() int { return slices.Index(ACRs, a) + 1 }

// ACROf is the class that the methods amount to, "" when there are none.
func ACROf(methods []string) ACR {
	many := slices.Contains(methods, MethodMany)
	key := slices.Contains(methods, MethodHardwareKey) || slices.Contains(methods, MethodSoftwareKey)
	switch {
	case len(methods) == 0:
		return ""
	case many && key:
		return PhishingResistant
	case many:
		return TwoFactors
	}
	return OneFactor
}

// MetBy tells whether the methods amount to the class or more; "" asks for nothing.
func (a ACR) MetBy(methods []string) bool { return ACROf(methods).Level() >= a.Level() }

// ParseACRValues is what a client needs that sends these acr_values: any of them is enough, so the weakest that is
// known. A list without a known one asks for nothing: it is a wish (OpenID Connect Core §3.1.2.1).
func ParseACRValues(values string) (need ACR) {
	for one := range strings.FieldsSeq(values) {
		if a := ACR(one); a.Level() > 0 && (need == "" || a.Level() < need.Level()) {
			need = a
		}
	}
	return need
}
