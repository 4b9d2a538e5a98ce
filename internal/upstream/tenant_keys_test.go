package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstreamtest"
)

// atMicrosoft makes the provider one of Microsoft's, for one tenant or many.
func (w *world) atMicrosoft(which string) {
	w.Helper()
	base := w.provider.URL
	w.provider.Issuer = base + "/" + which + "/v2.0"
	w.change(func(p *store.Provider) { p.Kind, p.Issuer = store.Microsoft, w.provider.Issuer })
	w.provider.Document = func(doc map[string]any) {
		doc["authorization_response_iss_parameter_supported"] = false
		if which == manyAll {
			doc["issuer"] = base + "/" + tenantMark + "/v2.0"
		}
	}
	w.provider.Lie = func(t upstreamtest.Token) {
		t.Claims["iss"], t.Claims["tid"], t.Claims["oid"] = base+"/"+tenant+"/v2.0", tenant, oid
	}
}

// arrive is a whole journey to Microsoft, which does not name itself in its answers.
func (w *world) arrive() error {
	w.Helper()
	answer := w.provider.SignIn(w, w.begin(Ask{}))
	answer.Del("iss")
	_, err := w.come("idp", browser, answer)
	return err
}

// TestAKeyOfMicrosoftSignsForItsIssuerOnly: one set serves every tenant, and a key of it is not everybody's.
func TestAKeyOfMicrosoftSignsForItsIssuerOnly(t *testing.T) {
	for _, tt := range []struct {
		name, which string
		key         func(base string) string
		want        error
	}{
		{"a key that says nothing", manyAll, func(string) string { return "" }, nil},
		{"a key of every tenant", manyAll, func(base string) string { return base + "/{tenantid}/v2.0" }, nil},
		{"a key of the tenant", manyAll, func(base string) string { return base + "/" + tenant + "/v2.0" }, nil},
		{"a key of private accounts", manyAll, func(base string) string { return base + "/" + personalTID + "/v2.0" }, ErrUntrue},
		{"a key of another cloud", manyAll, func(string) string { return "https://login.partner.microsoftonline.cn/{tenantid}/v2.0" }, ErrUntrue},
		{"a key of every tenant, for the one", tenant, func(base string) string { return base + "/{tenantid}/v2.0" }, nil},
		{"a key of another tenant, for the one", tenant, func(base string) string { return base + "/" + personalTID + "/v2.0" }, ErrUntrue},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.atMicrosoft(tt.which)
			w.provider.KeyFor = tt.key(w.provider.URL)
			w.wantErr(tt.want, w.arrive(), "Finish() by a key of "+w.provider.KeyFor)
		})
	}
}

// TestATenantsTokenIsSignedByAKeyOfTheSet is what go-oidc sees to for other providers.
func TestATenantsTokenIsSignedByAKeyOfTheSet(t *testing.T) {
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		forge func(upstreamtest.Token) string
	}{
		{"signed by somebody else", func(t upstreamtest.Token) string { return upstreamtest.Sign(t, stranger) }},
		{"by a key of no name", func(t upstreamtest.Token) string {
			delete(t.Header, "kid")
			return upstreamtest.Sign(t, stranger)
		}},
		{"alg none", func(t upstreamtest.Token) string {
			t.Header["alg"] = "none"
			return t.Input() + "."
		}},
		{"no JWS", func(upstreamtest.Token) string { return "a.b.c" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.atMicrosoft(manyAll)
			w.provider.Forge = tt.forge
			w.wantErr(ErrUntrue, w.arrive(), "Finish()")
		})
	}
}

// TestANewKeyOfMicrosoftIsFound, and the set is read no more often than that takes.
func TestANewKeyOfMicrosoftIsFound(t *testing.T) {
	w := newWorld(t)
	w.atMicrosoft(manyAll)
	for _, tt := range []struct {
		name, key string
		reads     int
		want      error
	}{
		{"the first time", "1", 1, nil},
		{"again", "1", 1, nil},
		{"a new key, right after the set was read", "2", 1, ErrUntrue},
	} {
		w.provider.KeyID = tt.key
		w.wantErr(tt.want, w.arrive(), "Finish() "+tt.name)
		if got := w.provider.Calls("/jwks"); got != tt.reads {
			t.Errorf("%s: the keys were read %d times, want %d", tt.name, got, tt.reads)
		}
	}
	w.now = w.now.Add(retryIn)
	w.wantErr(nil, w.arrive(), "Finish() with a new key")
	if got := w.provider.Calls("/jwks"); got != 2 {
		t.Errorf("the keys were read %d times, want 2", got)
	}
}
