package authserver

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authwright/authwright/oauth"
)

func TestNarrowNeverGrows(t *testing.T) {
	for _, tt := range []struct {
		name                  string
		granted, wanted, want string
	}{
		{"not said", "read write", "", "read write"},
		{"less", "read write", "write", "write"},
		{"more", "read", "read write", "read"},
		{"something else", "read", "admin", "read"},
		{"all", "read write", "write read", "read write"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			granted, _ := oauth.ParseScope(tt.granted)
			wanted, _ := oauth.ParseScope(tt.wanted)
			if got := narrow(granted, wanted).String(); got != tt.want {
				t.Errorf("narrow(%q, %q) = %q, want %q", tt.granted, tt.wanted, got, tt.want)
			}
		})
	}
}

func TestAMalformedVerifierAnswersNoChallenge(t *testing.T) {
	for _, verifier := range []string{"", "short", strings.Repeat("a", 42), strings.Repeat("a", 129), strings.Repeat("a", 42) + "+", strings.Repeat("a", 42) + "\x00"} {
		if got := challengeOf(verifier); got != "" {
			t.Errorf("challengeOf(%q) = %q, want none", verifier, got)
		}
	}
	// RFC 7636 appendix B.
	if got := challengeOf("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"); got != "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM" {
		t.Errorf("challengeOf(RFC 7636 appendix B) = %q", got)
	}
}

func TestJSONIsForProgramsOnly(t *testing.T) {
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8": false,
		"application/json": true, "application/json, text/plain, */*": true,
	} {
		r := httptest.NewRequest(http.MethodGet, "/authorize", nil)
		r.Header.Set("Accept", accept)
		if got := wantsJSON(r); got != want {
			t.Errorf("wantsJSON(Accept: %s) = %v, want %v", accept, got, want)
		}
	}
}
