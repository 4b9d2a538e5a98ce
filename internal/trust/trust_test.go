package trust

import (
	"context"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
)

// code is the one word of a refusal, "" when there is none.
func code(err error) string {
	var refusal *Refusal
	switch {
	case errors.As(err, &refusal):
		return refusal.Code
	case err != nil:
		return err.Error()
	}
	return ""
}

func TestATokenThatCounts(t *testing.T) {
	v, _ := verifier()
	got, err := v.Verify(t.Context(), app(t, nil), token(t, p256, "ES256", nil, good(map[string]any{"jti": "1", "auth_time": now.Unix() - 5})))
	if err != nil {
		t.Fatalf("Verify(a good token) = %v, want no error", err)
	}
	want := store.Attested{Issuer: issuer, Subject: "user-1", Email: "ada@example.com", EmailVerified: true, Name: "Ada", LoggedIn: now.Add(-5 * time.Second)}
	if diff := cmp.Diff(want, got.Attested); diff != "" {
		t.Errorf("Verify(a good token): -want +got\n%s", diff)
	}
	if until := now.Add(DefaultMaxAge + leeway); !got.Until.Equal(until) || got.Once == (store.Digest{}) {
		t.Errorf("Verify(a good token) = until %v, once %x, want until %v, once", got.Until, got.Once, until)
	}
}

// TestATokenIsRefused changes one thing at a time of a token that counts.
func TestATokenIsRefused(t *testing.T) {
	jwk, _ := json.Marshal(public("1", strangers))
	es256 := func(claims any) string { return token(t, p256, "ES256", nil, claims) }
	with := func(name string, value any) string { return es256(good(map[string]any{name: value})) }
	head := func(name string, value any) string {
		return token(t, p256, "ES256", map[string]any{name: value}, good(nil))
	}
	okay := es256(good(nil))
	for _, tt := range []struct{ name, token, want string }{
		{"it is as it should be", okay, ""},
		{"it is empty", "", "malformed"},
		{"it is no token", "a.b", "malformed"},
		{"it has a fourth segment", okay + ".", "malformed"},
		{"it ends in a line break", okay + "\n", "malformed"},
		{"it is padded", okay + "==", "malformed"},
		{"it is too large", with("extra", strings.Repeat("x", MaxToken)), "malformed"},
		{"it has another spelling", otherSpelling(okay), "malformed"},
		{"it has no signature", okay[:strings.LastIndexByte(okay, '.')+1], "malformed"},
		{"its header is no JSON", raw("{", "{}", "x"), "malformed"},
		{"its header says alg twice", raw(`{"alg":"ES256","alg":"none"}`, "{}", "x"), "malformed"},
		{"its header says ALG", raw(`{"ALG":"ES256"}`, "{}", "x"), "malformed"},
		{"its alg is none", raw(`{"alg":"none"}`, `{"sub":"user-1"}`, "x"), "algorithm"},
		{"its alg is that of a secret", signedWithThePublicKey(t), "algorithm"},
		{"its alg is not one of the issuer's", token(t, p384, "ES384", nil, good(nil)), "algorithm"},
		{"it brings a key", head("jwk", json.RawMessage(jwk)), "malformed"},
		{"it says where its keys are", head("jku", "https://evil.example/jwks"), "malformed"},
		{"it says where its certificate is", head("x5u", "https://evil.example/cert"), "malformed"},
		{"it brings a certificate", head("x5c", []string{"MIIB"}), "malformed"},
		{"it has an extension that must be understood", head("crit", []string{"exp"}), "malformed"},
		{"it is compressed", head("zip", "DEF"), "malformed"},
		{"its payload is not encoded", head("b64", false), "malformed"},
		{"it is a logout token", head("typ", "logout+jwt"), "type"},
		{"it is a security event", head("typ", "secevent+jwt"), "type"},
		{"it is a proof of possession", head("typ", "dpop+jwt"), "type"},
		{"its typ is in other letters", head("typ", "jwt"), ""},
		{"it is an access token", head("typ", "at+jwt"), ""},
		{"its key id is long", head("kid", strings.Repeat("k", maxKeyID+1)), "malformed"},
		{"somebody else signed it", token(t, strangers, "ES256", nil, good(nil)), "signature"},
		{"its payload was changed", okay[:strings.IndexByte(okay, '.')] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"sub":"user-2"}`)) + okay[strings.LastIndexByte(okay, '.'):], "signature"},
		{"its claims are no object", es256(`[]`), "malformed"},
		{"a claim is there twice", es256(strings.Replace(mustJSON(t, good(nil)), `{`, `{"sub":"user-2",`, 1)), "malformed"},
		{"a claim inside a claim is there twice", es256(strings.Replace(mustJSON(t, good(nil)), `{`, `{"org":{"id":"a","id":"b"},`, 1)), "malformed"},
		{"a claim is in other letters", with("Iss", "https://evil.example"), "malformed"},
		{"its issuer is another", with("iss", "https://login.example"), "issuer"},
		{"its issuer is missing", with("iss", nil), "issuer"},
		{"its audience is another", with("aud", "Authwright"), "audience"},
		{"its audience begins like ours", with("aud", "authwright2"), "audience"},
		{"its audience is a list without ours", with("aud", []string{"a", "b"}), "audience"},
		{"its audience is a list with ours", with("aud", []string{"a", audience}), ""},
		{"its audience is missing", with("aud", nil), "audience"},
		{"its audience is an object", with("aud", map[string]any{audience: true}), "audience"},
		{"its subject is missing", with("sub", nil), "subject"},
		{"its subject is empty", with("sub", ""), "subject"},
		{"its subject is a number", with("sub", 7), "malformed"},
		{"its subject is long", with("sub", strings.Repeat("s", maxSubject+1)), "subject"},
		{"its subject has a NUL", with("sub", "a\x00"), "subject"},
		{"its jti is long", with("jti", strings.Repeat("j", maxID+1)), "malformed"},
		{"its exp is missing", with("exp", nil), "malformed"},
		{"its exp is text", with("exp", "soon"), "malformed"},
		{"its exp is further than anybody lives", with("exp", 1e300), "malformed"},
		{"its exp is over", with("exp", now.Add(-leeway).Unix()), "expired"},
		{"its exp is over by less than clocks differ", with("exp", now.Add(-leeway).Unix()+1), ""},
		{"its iat is missing", with("iat", nil), "malformed"},
		{"its iat is in the future", with("iat", now.Add(leeway).Unix()+1), "early"},
		{"its iat is ahead by less than clocks differ", with("iat", now.Add(leeway).Unix()), ""},
		{"its nbf is in the future", with("nbf", now.Add(leeway).Unix()+1), "early"},
		{"its nbf is past", with("nbf", now.Unix()), ""},
		{"its nbf is no number", with("nbf", -1), "malformed"},
		{"its auth_time is no number", with("auth_time", -1), "malformed"},
		{"it is old", with("iat", now.Add(-DefaultMaxAge-leeway).Unix()-1), "age"},
		{"it is nearly old", with("iat", now.Add(-DefaultMaxAge-leeway).Unix()), ""},
		{"its times have fractions", es256(strings.Replace(mustJSON(t, good(map[string]any{"iat": nil})), `{`, `{"iat":1777636800.25,`, 1)), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifier()
			if _, err := v.Verify(t.Context(), app(t, nil), tt.token); code(err) != tt.want {
				t.Errorf("Verify(%.60s…) = %v (%s), want %q", tt.token, err, code(err), tt.want)
			}
		})
	}
}

// otherSpelling is the same token in base64url that is not canonical: 64 bytes leave four bits of the last letter free.
func otherSpelling(token string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(letters, token[len(token)-1])
	return token[:len(token)-1] + string(letters[last^1])
}

// TestAHeaderSaysNothingOfKeys: no member is accepted by which a token would bring its key or change how it is read.
func TestAHeaderSaysNothingOfKeys(t *testing.T) {
	for _, member := range []string{`"jwk":{}`, `"jku":""`, `"x5u":""`, `"x5c":[]`, `"crit":[]`, `"zip":""`, `"b64":true`, `"enc":""`} {
		if h, err := readHeader(raw(`{"alg":"ES256",`+member+`}`, "{}", "x")); code(err) != "malformed" {
			t.Errorf("readHeader(a header with %s) = %+v, %v, want malformed", member, h, err)
		}
	}
}

func TestATokenCountsNoLongerThanItsIssuerSays(t *testing.T) {
	v, _ := verifier()
	got, err := v.Verify(t.Context(), app(t, nil), token(t, p256, "ES256", nil, good(map[string]any{"exp": now.Unix() + 60})))
	if want := now.Add(time.Minute + leeway); err != nil || !got.Until.Equal(want) {
		t.Errorf("Verify(a token of a minute) = until %v, %v, want until %v", got.Until, err, want)
	}
}

func TestAKeyIsForItsOwnAlgorithms(t *testing.T) {
	large := &rsa.PublicKey{N: new(big.Int).Lsh(big.NewInt(1), 8192), E: 65537}
	for _, tt := range []struct {
		name string
		key  any
		alg  string
		want bool
	}{
		{"RSA of 2048 bits with PS512", rsaKey().Public(), "PS512", true}, {"RSA of 8193 bits", large, "RS256", false}, {"RSA with ES256", rsaKey().Public(), "ES256", false},
		{"P-256 with ES256", p256.Public(), "ES256", true}, {"P-256 with ES384", p256.Public(), "ES384", false}, {"Ed25519 with EdDSA", ed.Public(), "EdDSA", true},
		{"Ed25519 with ES256", ed.Public(), "ES256", false}, {"a private key", p256, "ES256", false}, {"a secret", []byte("secret"), "ES256", false},
	} {
		if got := fits(tt.key, tt.alg); got != tt.want {
			t.Errorf("fits(%s) = %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestASetIsReadUpToAHundredKeys(t *testing.T) {
	many := slices.Repeat([]jose.JSONWebKey{public("1", p256)}, maxSetKeys+1)
	if keys, err := parseSet([]byte(setOf(t, many...))); err != nil || len(keys) != maxSetKeys {
		t.Errorf("parseSet(%d keys) = %d keys, %v, want %d", len(many), len(keys), err, maxSetKeys)
	}
}

// signedWithThePublicKey is a token whose HMAC secret is the issuer's public key: everybody knows that.
func signedWithThePublicKey(t *testing.T) string {
	head := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString([]byte(mustJSON(t, good(nil))))
	mac := hmac.New(sha256.New, []byte(pemOf(t, p256)))
	mac.Write([]byte(head))
	return head + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryKindOfKeySigns(t *testing.T) {
	for _, tt := range []struct {
		alg string
		key any
		pem string
	}{
		{"ES256", p256, pemOf(t, p256)}, {"ES384", p384, pemOf(t, p256, p384)}, {"EdDSA", ed, pemOf(t, ed)},
		{"RS256", rsaKey(), pemOf(t, rsaKey())}, {"PS512", rsaKey(), pemOf(t, rsaKey())},
	} {
		v, _ := verifier()
		i := app(t, func(i *store.TrustedIssuer) { i.Keys, i.Algorithms = tt.pem, []string{tt.alg} })
		if _, err := v.Verify(t.Context(), i, token(t, tt.key, tt.alg, nil, good(nil))); err != nil {
			t.Errorf("Verify(a token by %s) = %v, want no error", tt.alg, err)
		}
	}
	v, _ := verifier()
	i := app(t, func(i *store.TrustedIssuer) { i.Algorithms = []string{"RS256", "ES256"} })
	if _, err := v.Verify(t.Context(), i, token(t, rsaKey(), "RS256", nil, good(nil))); code(err) != "key" {
		t.Errorf("Verify(a token by RS256, of an issuer with a P-256 key) = %v, want key", err)
	}
}

func TestWhatTokensMustSay(t *testing.T) {
	claims := good(map[string]any{"token_use": "id", "is_anonymous": false, "groups": []string{"a", "staff"}, "n": 12345678901234567, "app": map[string]any{"role": "user"}})
	for _, tt := range []struct{ require, want string }{
		{"token_use=id", ""}, {"token_use=access", "claim"}, {"app=", "claim"}, {"is_anonymous=false", ""}, {"is_anonymous=true", "claim"},
		{"groups=staff", ""}, {"groups=admin", "claim"}, {"n=12345678901234567", ""}, {"app.role=user", ""}, {"app=user", "claim"}, {"none=x", "claim"}, {"none=", "claim"},
	} {
		v, _ := verifier()
		i := app(t, func(i *store.TrustedIssuer) { i.Require = []string{tt.require} })
		if _, err := v.Verify(t.Context(), i, token(t, p256, "ES256", nil, claims)); code(err) != tt.want {
			t.Errorf("Verify(…) where %s = %v, want %q", tt.require, err, tt.want)
		}
	}
}

// TestWhatIsNotSetIsNotSkipped: an issuer without what a check compares with accepts nothing.
func TestWhatIsNotSetIsNotSkipped(t *testing.T) {
	for name, change := range map[string]func(*store.TrustedIssuer){
		"issuer":   func(i *store.TrustedIssuer) { i.Issuer = "" },
		"audience": func(i *store.TrustedIssuer) { i.Audience = "" },
		"keys":     func(i *store.TrustedIssuer) { i.Keys = "" },
		"alg":      func(i *store.TrustedIssuer) { i.Algorithms = nil },
		"max-age":  func(i *store.TrustedIssuer) { i.MaxAge = 0 },
	} {
		i := app(t, nil)
		change(&i)
		v, _ := verifier()
		claims := good(nil)
		if name == "issuer" || name == "audience" {
			claims[map[string]string{"issuer": "iss", "audience": "aud"}[name]] = ""
		}
		if _, err := v.Verify(t.Context(), i, token(t, p256, "ES256", nil, claims)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("Verify(…) of an issuer without %s = %v, want a complaint about it", name, err)
		}
	}
}

func fromSet(t *testing.T, url string) store.TrustedIssuer {
	return app(t, func(i *store.TrustedIssuer) { i.Keys, i.KeysURL = "", url })
}

func TestTheKeyIsTheOneTheTokenNames(t *testing.T) {
	enc, private, other := public("enc", p256), jose.JSONWebKey{Key: p256, KeyID: "private"}, public("alg", p256)
	enc.Use, other.Algorithm = "enc", "ES384"
	host := serveKeys(t, setOf(t, public("1", p256), public("2", strangers), enc, private, other, public("rsa", rsaKey()), jose.JSONWebKey{Key: []byte("secret"), KeyID: "oct"}))
	for _, tt := range []struct {
		name, kid string
		key       any
		alg       string
		want      string
	}{
		{"its own", "1", p256, "ES256", ""},
		{"another's", "2", p256, "ES256", "signature"},
		{"one for encryption", "enc", p256, "ES256", "key"},
		{"one that came with its private half", "private", p256, "ES256", "key"},
		{"one for another alg", "alg", p256, "ES256", "key"},
		{"one of another kind", "rsa", p256, "ES256", "key"},
		{"a secret", "oct", p256, "ES256", "key"},
		{"none that is there", "3", p256, "ES256", "key"},
		{"none, and several fit", "", p256, "ES256", "key"},
		{"none, and one fits", "", rsaKey(), "RS256", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, _ := verifier()
			head := map[string]any{"kid": tt.kid}
			if tt.kid == "" {
				head = nil
			}
			if _, err := v.Verify(t.Context(), fromSet(t, host.URL), token(t, tt.key, tt.alg, head, good(nil))); code(err) != tt.want {
				t.Errorf("Verify(a token with the kid %q) = %v, want %q", tt.kid, err, tt.want)
			} else if tt.name == "none, and several fit" && !strings.Contains(err.Error(), "does not say which key") {
				t.Errorf("Verify(a token without a kid) = %v, want that it needs one", err)
			}
		})
	}
}

// TestASetIsReadWhenItMustBe: once for many tokens, again for a new key but not for every unknown one, and an issuer that
// does not answer is no reason to believe or to refuse.
func TestASetIsReadWhenItMustBe(t *testing.T) {
	host := serveKeys(t, setOf(t, public("1", p256)))
	v, clock := verifier()
	verify := func(kid string, key any) error {
		claims := good(map[string]any{"iat": clock.now.Unix(), "exp": clock.now.Unix() + 60})
		_, err := v.Verify(t.Context(), fromSet(t, host.URL), token(t, key, "ES256", map[string]any{"kid": kid}, claims))
		return err
	}
	step := func(what string, err error, want string, reads int32) {
		t.Helper()
		if code(err) != want && !(want == "keys" && errors.Is(err, ErrKeys)) || host.reads.Load() != reads {
			t.Fatalf("Verify(%s) = %v after %d reads, want %q after %d", what, err, host.reads.Load(), want, reads)
		}
	}
	step("the first token", verify("1", p256), "", 1)
	step("the second", verify("1", p256), "", 1)
	step("an unknown key, at once", verify("2", strangers), "key", 1)
	clock.now = clock.now.Add(setRefetch)
	step("an unknown key, later", verify("2", strangers), "key", 2)
	step("an unknown key, again", verify("3", strangers), "key", 2)
	host.set.Store(setOf(t, public("1", p256), public("2", strangers)))
	clock.now = clock.now.Add(setRefetch)
	step("a new key", verify("2", strangers), "", 3)

	host.status.Store(http.StatusInternalServerError)
	clock.now = clock.now.Add(setFresh)
	step("a known key while the issuer is away", verify("2", strangers), "", 4)
	step("a known key, without asking again so soon", verify("2", strangers), "", 4)
	step("an unknown key while the issuer is away", verify("3", strangers), "keys", 4)
	clock.now = clock.now.Add(setRetry)
	step("an unknown key, asking again", verify("3", strangers), "keys", 5)
	clock.now = clock.now.Add(setStale)
	step("a known key when the reading is too old", verify("2", strangers), "keys", 6)
	host.status.Store(http.StatusOK)
	host.set.Store(setOf(t, public("1", p256)))
	clock.now = clock.now.Add(setRetry)
	step("a key that was withdrawn", verify("2", strangers), "key", 7)
}

func TestASetThatIsNone(t *testing.T) {
	good := setOf(t, public("1", p256))
	for name, set := range map[string]string{
		"nothing": "", "a page": "<html>", "no keys": `{"keys":[]}`, "keys twice": good[:len(good)-1] + `,"keys":[]}`, "large": good + strings.Repeat(" ", 64<<10),
	} {
		host := serveKeys(t, set)
		v, _ := verifier()
		if _, err := v.Verify(t.Context(), fromSet(t, host.URL), token(t, p256, "ES256", map[string]any{"kid": "1"}, goodClaims())); !errors.Is(err, ErrKeys) {
			t.Errorf("Verify(…) with a set of %s = %v, want %v", name, err, ErrKeys)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	v, _ := verifier()
	if _, err := v.Verify(gone, fromSet(t, "http://127.0.0.1:1/"), token(t, p256, "ES256", map[string]any{"kid": "1"}, goodClaims())); !errors.Is(err, ErrKeys) {
		t.Errorf("Verify(…) for somebody who went away = %v, want %v", err, ErrKeys)
	}
}

func goodClaims() map[string]any { return good(nil) }

func TestCheck(t *testing.T) {
	silent := app(t, nil)
	silent.Algorithms = nil
	if err := Check(silent); err == nil || !strings.Contains(err.Error(), "how its tokens are signed") {
		t.Errorf("Check(an issuer without algorithms) = %v, want a complaint about them", err)
	}
	small := &rsa.PublicKey{N: strangers.X, E: 65537}
	if fits(small, "RS256") {
		t.Errorf("fits(RSA of %d bits, RS256) = true, want false", small.N.BitLen())
	}
	for _, tt := range []struct {
		name   string
		change func(*store.TrustedIssuer)
		want   string // "" when nothing is wrong
	}{
		{"it is as it should be", func(*store.TrustedIssuer) {}, ""},
		{"its name has spaces", func(i *store.TrustedIssuer) { i.Name = "my app" }, "name"},
		{"it has no title", func(i *store.TrustedIssuer) { i.Title = "" }, "title"},
		{"its title has two lines", func(i *store.TrustedIssuer) { i.Title = "a\nb" }, "title"},
		{"its keys are elsewhere in clear", func(i *store.TrustedIssuer) { i.Keys, i.KeysURL = "", "http://login.example/jwks" }, "jwks-url"},
		{"its keys are on this machine in clear", func(i *store.TrustedIssuer) { i.Keys, i.KeysURL = "", "http://127.0.0.1:9/jwks" }, ""},
		{"its keys are in two places", func(i *store.TrustedIssuer) { i.KeysURL = "https://login.example/jwks" }, "not both"},
		{"its key is private", func(i *store.TrustedIssuer) {
			i.Keys = strings.ReplaceAll(i.Keys, "PUBLIC", "PRIVATE")
		}, "this is a private key"},
		{"its keys are no PEM", func(i *store.TrustedIssuer) { i.Keys = "abc" }, "keys"},
		{"it has no keys", func(i *store.TrustedIssuer) { i.Keys = "" }, "the address of its JWK set, or"},
		{"it has nine keys", func(i *store.TrustedIssuer) { i.Keys = strings.Repeat(i.Keys, maxKeys+1) }, "1 to 8"},
		{"its key is of a kind that is too short", func(i *store.TrustedIssuer) { i.Keys = pemOf(t, p224) }, "use RSA of"},
		{"its login has a fragment", func(i *store.TrustedIssuer) { i.LoginURL = "https://app.example/#/login" }, "login-url"},
		{"its alg is a secret's", func(i *store.TrustedIssuer) { i.Algorithms = []string{"HS256"} }, "alg"},
		{"its alg is none", func(i *store.TrustedIssuer) { i.Algorithms = []string{"none"} }, "alg"},
		{"its login is in clear", func(i *store.TrustedIssuer) { i.LoginURL = "http://app.example/" }, "login-url"},
		{"its login has a password", func(i *store.TrustedIssuer) { i.LoginURL = "https://a:b@app.example/" }, "login-url"},
		{"its login is a script", func(i *store.TrustedIssuer) { i.LoginURL = "javascript:alert(1)" }, "login-url"},
		{"its tokens count for days", func(i *store.TrustedIssuer) { i.MaxAge = 25 * time.Hour }, "max-age"},
		{"a mapping cannot be read", func(i *store.TrustedIssuer) { i.Mapping.Roles = "a..b" }, "map roles"},
		{"an organization comes from two places", func(i *store.TrustedIssuer) { i.Org, i.Mapping.Organization = "acme", "org" }, "org"},
		{"a requirement has no value", func(i *store.TrustedIssuer) { i.Require = []string{"role"} }, "require"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := Check(app(t, tt.change))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Check() = %v, want %q", err, tt.want)
			}
		})
	}
}
