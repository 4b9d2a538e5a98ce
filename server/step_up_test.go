package server

import (
	"net/url"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// TestAProgramsFirstFactorIsEnoughUntilAClientAsksForMore: who has an authenticator of ours is asked for it when the client
// asks, and not because they came by the program with one factor.
func TestAProgramsFirstFactorIsEnoughUntilAClientAsksForMore(t *testing.T) {
	w, p := withLogin(t)
	b := w.visitor()
	p.at(b, "user-7")
	authorize(t, b, url.Values{"acr_values": {string(oauth.TwoFactors)}})
	if !strings.Contains(b.last.words, "One more step is needed") || !strings.Contains(b.last.body, "/account/login/authenticator?request=") {
		t.Fatalf("without an authenticator the page is %s, want to be led to set one up", b.last)
	}
	secret := otp.NewSecret()
	err := w.db.For(DefaultProject).AddAuthenticator(t.Context(), store.Authenticator{
		Person: "user-7", Sealed: w.sealer.Seal("authenticator default user-7", secret), CreatedAt: w.clock.Now(),
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	authorize(t, b, nil)
	if !strings.Contains(b.last.words, "Allow") {
		t.Fatalf("for a client that asks for nothing the page is %s, want consent", b.last)
	}
	authorize(t, b, url.Values{"acr_values": {string(oauth.TwoFactors)}})
	if !strings.Contains(b.last.words, "Code from your app") {
		t.Fatalf("for a client that asks for two factors the page is %s, want to be asked for the code", b.last)
	}
	if err := b.press("Continue", url.Values{"code": {otp.Code(secret, otp.Step(w.clock.Now()))}}); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	if err := b.press("Allow", nil); err != nil {
		t.Fatal(err)
	}
	follow(t, b)
	if grant := redeem(t, w, b); oauth.ACROf(grant.Methods) != oauth.TwoFactors {
		t.Errorf("the grant is by %v, want two factors", grant.Methods)
	}
}
