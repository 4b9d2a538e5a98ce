package authwright

import (
	"bytes"
	"testing"
)

// TestEveryLanguageSealsAlike fixes the seal, so that replicas in different languages can share sessions.
func TestEveryLanguageSealsAlike(t *testing.T) {
	r := &Resource{sessionKey: bytes.Repeat([]byte{7}, 32)}
	token := &Token{Issuer: "https://issuer.example/t1", Subject: "per_ada", ClientID: "cli_1", OrgID: "ümlaut"}
	if got, want := r.sealSession("a.b-1", token), "a.b-1.tqui3QyPb01-dl4i3jpvtQ"; got != want {
		t.Errorf("sealSession(a.b-1) = %q, want %q", got, want)
	}
}
