package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// TestAPasskeyIsAskedOfWhoHasNone: an app asks for a proof that nobody can be tricked out of.
func TestAPasskeyIsAskedOfWhoHasNone(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("", "ada@example.com", password)
	id := w.request(b, func(r *store.Request) { r.ACR = oauth.PhishingResistant })
	page := "/login?request=" + string(id)
	rec := b.do(http.MethodGet, page, nil)
	if rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "/account/") || !strings.Contains(rec.Body.String(), "passkeys can’t be used here") {
		t.Errorf("GET /login where there are no passkeys = %d, want only the way back to the app\n%s", rec.Code, rec.Body)
	}
	w.withPasskeys()
	rec = b.do(http.MethodGet, page, nil)
	if want := `href="/account/login/passkey?request=` + string(id) + `"`; !strings.Contains(rec.Body.String(), want) {
		t.Fatalf("GET /login = %d, want a page that leads to %s\n%s", rec.Code, want, rec.Body)
	}
	device := w.device("ada") // made since
	b.secondByPasskey(device, b.stepUpPage(id))
	if who := b.has(id).Auth; who.Person != "per_ada" || oauth.ACROf(who.Methods) != oauth.PhishingResistant {
		t.Errorf("signed in by %+v, want ada by a passkey", who)
	}
}

// TestAPasskeyThatHasToBeBothFactorsMakesSureWhoUsesIt: a device that only notices a touch is refused for such a request.
func TestAPasskeyThatHasToBeBothFactorsMakesSureWhoUsesIt(t *testing.T) {
	for _, tt := range []struct {
		name  string
		acr   oauth.ACR
		flags byte
		want  int
	}{
		{"a touch where anything will do", "", passkeytest.Present, http.StatusSeeOther},
		{"a touch where both factors are needed", oauth.PhishingResistant, passkeytest.Present, http.StatusUnprocessableEntity},
		{"a finger where both factors are needed", oauth.PhishingResistant, passkeytest.Present | passkeytest.Verified, http.StatusSeeOther},
	} {
		w := newWorld(t)
		w.withPasskeys()
		device, b := w.device("ada"), w.browser()
		device.Flags = tt.flags
		id := w.request(b, func(r *store.Request) { r.ACR = tt.acr })
		if rec := b.withPasskey(device, id); rec.Code != tt.want || (b.has(id).Auth.Person != "") != (tt.want == http.StatusSeeOther) {
			t.Errorf("%s: POST /login/passkey = %d, signed in %q, want %d", tt.name, rec.Code, b.has(id).Auth.Person, tt.want)
		}
	}
}

// TestAnOldProofIsNoStepUp: what somebody proved long ago, by both factors, does not open a page of ours that asks for a
// fresh proof, and one factor anew does not either.
func TestAnOldProofIsNoStepUp(t *testing.T) {
	w := newWorld(t)
	secret, recovery := w.withSecond()
	b := w.browser()
	b.answer(b.half(""), codeOf(w.otp(secret)))
	w.now = w.now.Add(Fresh + time.Second)
	to := "/login?" + url.Values{"request": {string(ToSignIn)}}.Encode()
	rec := b.do(http.MethodGet, to, nil)
	if rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "Confirm it’s you") {
		t.Fatalf("GET %s = %d to %q, want to be asked anew", to, rec.Code, rec.Header().Get("Location"))
	}
	page, found := strings.CutPrefix(b.signIn(ToSignIn, "ada@example.com", password).Header().Get("Location"), issuer)
	if !found || !strings.HasPrefix(page, "/login/second?") {
		t.Fatalf("the password anew leads to %q, want the second factor", page)
	}
	if rec := b.do(http.MethodGet, to, nil); rec.Code != http.StatusOK {
		t.Errorf("GET %s between the factors = %d to %q, want to be asked anew still", to, rec.Code, rec.Header().Get("Location"))
	}
	rec = b.answer(page+"&with=recovery", url.Values{"recovery": {recovery[0]}})
	if rec.Header().Get("Location") != issuer+"/account/login" {
		t.Errorf("both factors anew lead to %d, %q, want the page", rec.Code, rec.Header().Get("Location"))
	}
}

// TestWhereASecondFactorIsRequired: nobody who has none gets past the sign-in, and is led to set one up.
func TestWhereASecondFactorIsRequired(t *testing.T) {
	w := newWorld(t)
	w.login.Settings.SecondFactor = true
	b := w.browser()
	if rec := b.signIn("", "ada@example.com", password); rec.Header().Get("Location") != issuer+"/account/login/authenticator" {
		t.Errorf("POST /login = %d to %q, want the page that sets an authenticator up", rec.Code, rec.Header().Get("Location"))
	}
	secret, _ := w.withSecond()
	if rec := b.answer(b.half(""), codeOf(w.otp(secret))); rec.Header().Get("Location") != issuer+"/account" {
		t.Errorf("both factors = %d to %q, want the account", rec.Code, rec.Header().Get("Location"))
	}
}
