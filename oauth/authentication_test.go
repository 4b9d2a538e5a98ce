package oauth

import "testing"

func TestACROf(t *testing.T) {
	for _, tt := range []struct {
		name    string
		methods []string
		want    ACR
	}{
		{"nothing", nil, ""},
		{"a password", []string{"pwd"}, OneFactor},
		{"a mailed code", []string{"email"}, OneFactor},
		{"a password and a code", []string{"pwd", "otp", "mfa"}, TwoFactors},
		{"two methods that nobody called two factors", []string{"pwd", "email"}, OneFactor},
		{"a password and a key", []string{"pwd", "swk", "mfa"}, PhishingResistant},
		{"a key that was only touched", []string{"hwk"}, OneFactor},
		{"a key that knew its owner", []string{"hwk", "mfa"}, PhishingResistant},
	} {
		if got := ACROf(tt.methods); got != tt.want {
			t.Errorf("%s: ACROf(%q) = %q, want %q", tt.name, tt.methods, got, tt.want)
		}
	}
}

func TestParseACRValues(t *testing.T) {
	for _, tt := range []struct {
		values string
		want   ACR
	}{
		{"", ""},
		{"urn:mace:incommon:iap:silver", ""},
		{"phr", PhishingResistant},
		{"PHR", ""},
		{"phr urn:authwright:acr:2fa", TwoFactors},
		{"urn:authwright:acr:2fa phr", TwoFactors},
		{"urn:authwright:acr:1fa  phr", OneFactor},
		{"silver phr", PhishingResistant},
	} {
		if got := ParseACRValues(tt.values); got != tt.want {
			t.Errorf("ParseACRValues(%q) = %q, want %q", tt.values, got, tt.want)
		}
	}
}

func TestAClassIsMetByItselfAndWhatIsStronger(t *testing.T) {
	weakToStrong := [][]string{{"pwd"}, {"pwd", "otp", "mfa"}, {"pwd", "swk", "mfa"}}
	for need, class := range ACRs {
		for have, methods := range weakToStrong {
			if got := class.MetBy(methods); got != (have >= need) {
				t.Errorf("%s.MetBy(%q) = %v, want %v", class, methods, got, have >= need)
			}
		}
		if class.MetBy(nil) {
			t.Errorf("%s.MetBy(nothing) = true", class)
		}
	}
	if !ACR("").MetBy(nil) {
		t.Error("nothing asked for is not met by nothing")
	}
}
