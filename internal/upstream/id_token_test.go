package upstream

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstreamtest"
)

func TestAnHonestProviderIsBelieved(t *testing.T) {
	w := newWorld(t)
	for name, lie := range map[string]func(upstreamtest.Token){
		"as it is": func(upstreamtest.Token) {},
		"for us among others, by azp": func(t upstreamtest.Token) {
			t.Claims["aud"], t.Claims["azp"] = []string{"x", upstreamtest.ClientID}, upstreamtest.ClientID
		},
		"without at_hash":             func(t upstreamtest.Token) { delete(t.Claims, "at_hash") },
		"with a string for a boolean": func(t upstreamtest.Token) { t.Claims["email_verified"] = "true" },
	} {
		t.Run(name, func(t *testing.T) {
			w.T, w.provider.Lie = t, lie
			got, err := w.travel(Ask{})
			want := Assertion{Issuer: w.provider.URL, Subject: "17", Email: "cleo@example.com", Name: "Cleo Park", kind: store.OpenID, verified: true}
			if err != nil || got != want {
				t.Errorf("Finish() = %+v, %v, want %+v", got, err, want)
			}
		})
	}
}

func TestATokenThatDoesNotHoldIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set := func(name string, value any) func(upstreamtest.Token) {
		return func(t upstreamtest.Token) { t.Claims[name] = value }
	}
	without := func(name string) func(upstreamtest.Token) {
		return func(t upstreamtest.Token) { delete(t.Claims, name) }
	}
	for _, tt := range []struct {
		name  string
		lie   func(upstreamtest.Token)
		forge func(upstreamtest.Token) string
	}{
		{"another nonce", set("nonce", random()), nil},
		{"no nonce", without("nonce"), nil},
		{"an empty nonce", set("nonce", ""), nil},
		{"another issuer", set("iss", "https://evil.example"), nil},
		{"no issuer", without("iss"), nil},
		{"another audience", set("aud", "another"), nil},
		{"no audience", without("aud"), nil},
		{"several audiences and no azp", set("aud", []string{upstreamtest.ClientID, "another"}), nil},
		{"another azp", set("azp", "another"), nil},
		{"expired", set("exp", w.now.Add(-time.Second).Unix()), nil},
		{"no expiry", without("exp"), nil},
		{"not valid yet", set("nbf", w.now.Add(time.Hour).Unix()), nil},
		{"of another access token", set("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), nil},
		{"nobody", without("sub"), nil},
		{"an empty subject", set("sub", ""), nil},
		{"an endless subject", set("sub", strings.Repeat("x", 256)), nil},
		{"a subject that cannot be stored", set("sub", "1\x007"), nil},
		{"signed by somebody else", nil, func(t upstreamtest.Token) string { return upstreamtest.Sign(t, stranger) }},
		{"a signature of other claims", nil, func(t upstreamtest.Token) string {
			parts := strings.Split(upstreamtest.Sign(t, stranger), ".")
			t.Claims["sub"] = "1"
			return t.Input() + "." + parts[2]
		}},
		{"alg none", nil, func(t upstreamtest.Token) string {
			t.Header["alg"] = "none"
			return t.Input() + "."
		}},
		{"HS256 by the client secret", nil, func(t upstreamtest.Token) string {
			t.Header["alg"] = "HS256"
			mac := hmac.New(sha256.New, []byte(upstreamtest.ClientSecret))
			mac.Write([]byte(t.Input()))
			return t.Input() + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
		}},
		{"no token", nil, func(upstreamtest.Token) string { return "" }},
		{"no JWS", nil, func(upstreamtest.Token) string { return "a.b.c" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.T, w.provider.Lie, w.provider.Forge = t, tt.lie, tt.forge
			_, err := w.travel(Ask{})
			w.wantErr(ErrUntrue, err, "Finish() with a token: "+tt.name)
		})
	}
}

// A tenant of Microsoft, and somebody there.
const tenant, oid = "72f988bf-86f1-41af-91ab-2d7cd011db47", "00000000-0000-0000-66f3-3332eca7ea81"

// TestWhoMustProveThemselvesDoesSoAtTheProvider asks a provider that remembers the person.
func TestWhoMustProveThemselvesDoesSoAtTheProvider(t *testing.T) {
	w := newWorld(t)
	base := w.provider.URL
	anHourAgo := func(t upstreamtest.Token) { t.Claims["auth_time"] = w.now.Add(-time.Hour).Unix() }
	never := func(t upstreamtest.Token) { delete(t.Claims, "auth_time") }
	for _, tt := range []struct {
		name  string
		kind  store.ProviderKind
		fresh bool
		lie   func(upstreamtest.Token)
		want  error
	}{
		{"anew", store.OpenID, true, nil, nil},
		{"an hour ago", store.OpenID, true, anHourAgo, ErrNotAnew},
		{"an hour ago is not true either", store.OpenID, true, anHourAgo, ErrUntrue},
		{"who knows when", store.OpenID, true, never, ErrUntrue},
		{"an hour ago, when that will do", store.OpenID, false, anHourAgo, nil},
		{"anew at Google, which says so", store.Google, true, nil, nil},
		{"an hour ago at Google, which says so", store.Google, true, anHourAgo, ErrNotAnew},
		{"who knows when at Google, which does not say", store.Google, true, never, nil},
		{"anew at Microsoft, which says so", store.Microsoft, true, nil, nil},
		{"an hour ago at Microsoft, which says so", store.Microsoft, true, anHourAgo, ErrNotAnew},
		{"who knows when at Microsoft, which does not say", store.Microsoft, true, never, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.T, w.provider.Issuer = t, base
			if tt.kind == store.Microsoft {
				w.provider.Issuer = base + "/" + tenant + "/v2.0"
			}
			w.change(func(p *store.Provider) { p.Kind, p.Issuer = tt.kind, w.provider.Issuer })
			w.provider.Lie = func(t upstreamtest.Token) {
				t.Claims["oid"] = oid
				if tt.lie != nil {
					tt.lie(t)
				}
			}
			_, err := w.travel(Ask{Fresh: tt.fresh})
			w.wantErr(tt.want, err, "Finish()")
		})
	}
}

func TestMicrosoftsTenantsAreToldApart(t *testing.T) {
	w := newWorld(t)
	base := w.provider.URL
	of := func(tid string) func(upstreamtest.Token) {
		return func(t upstreamtest.Token) {
			t.Claims["iss"], t.Claims["tid"], t.Claims["oid"] = base+"/"+tid+"/v2.0", tid, oid
		}
	}
	also := func(tid, name string, value any) func(upstreamtest.Token) {
		return func(t upstreamtest.Token) { of(tid)(t); t.Claims[name] = value }
	}
	for _, tt := range []struct {
		name, kind string
		lie        func(upstreamtest.Token)
		want       error
		proven     bool // an address, without authority
		final      bool // with it
	}{
		{"somebody of a tenant", manyAll, of(tenant), nil, false, false},
		{"an address that the domain's owner verified", manyAll, also(tenant, "xms_edov", true), nil, true, true},
		{"a private account", manyAll, of(personalTID), nil, false, false},
		{"a private account where only work counts", manyWork, of(personalTID), ErrUntrue, false, false},
		{"an issuer that is not the tenant's", manyAll, also(tenant, "tid", personalTID), ErrUntrue, false, false},
		{"a tenant that is no id", manyAll, of("evil"), ErrUntrue, false, false},
		{"another issuer", manyAll, also(tenant, "iss", "https://evil.example/"+tenant+"/v2.0"), ErrUntrue, false, false},
		{"no object id", manyAll, also(tenant, "oid", ""), ErrUntrue, false, false},
		{"somebody of the one tenant", tenant, of(tenant), nil, false, true},
		{"somebody of another tenant", tenant, of("11111111-86f1-41af-91ab-2d7cd011db47"), ErrUntrue, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w.T = t
			w.provider.Issuer = base + "/" + tt.kind + "/v2.0"
			w.change(func(p *store.Provider) { p.Kind, p.Issuer = store.Microsoft, w.provider.Issuer })
			w.provider.Lie = func(t upstreamtest.Token) {
				tt.lie(t)
				delete(t.Claims, "email_verified")
				t.Claims["email_verified"] = true
			}
			w.provider.Document = func(doc map[string]any) {
				doc["authorization_response_iss_parameter_supported"] = false
				if tt.kind != tenant {
					doc["issuer"] = base + "/" + tenantMark + "/v2.0"
				}
			}
			to := w.begin(Ask{})
			answer := w.provider.SignIn(t, to)
			answer.Del("iss")
			back, err := w.come("idp", browser, answer)
			w.wantErr(tt.want, err, "Finish()")
			if err != nil {
				return
			}
			if got := back.Says; got.Subject != oid || got.Proven(false) != tt.proven || got.Final("example.com", true) != tt.final {
				t.Errorf("Finish() = %+v, proven %v, final %v, want subject %s, proven %v, final %v", got, got.Proven(false), got.Final("example.com", true), oid, tt.proven, tt.final)
			}
		})
	}
}

func TestGoogleSpeaksForTheDomainsItHosts(t *testing.T) {
	for _, tt := range []struct {
		name      string
		says      Assertion
		authority bool
		want      bool
	}{
		{"an account of the domain", Assertion{kind: store.Google, verified: true, hosted: "example.com"}, true, true},
		{"a private account with an address of the domain", Assertion{kind: store.Google, verified: true}, true, false},
		{"an account of another domain", Assertion{kind: store.Google, verified: true, hosted: "example.org"}, true, false},
		{"without authority", Assertion{kind: store.Google, verified: true, hosted: "example.com"}, false, false},
		{"unverified", Assertion{kind: store.Google, hosted: "example.com"}, true, false},
		{"GitHub never", Assertion{kind: store.GitHub, verified: true}, true, false},
		{"any provider with authority", Assertion{kind: store.OpenID, verified: true}, true, true},
		{"any provider without", Assertion{kind: store.OpenID, verified: true}, false, false},
		{"any provider, unverified", Assertion{kind: store.OpenID}, true, false},
	} {
		if got := tt.says.Final("example.com", tt.authority); got != tt.want {
			t.Errorf("%s: Final(%+v, authority %v) = %v, want %v", tt.name, tt.says, tt.authority, got, tt.want)
		}
	}
}
