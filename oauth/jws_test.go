package oauth

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

var b64 = base64.RawURLEncoding.EncodeToString

// testKey is one key of each kind.
type testKey struct {
	alg    Alg
	signer crypto.Signer
}

func testKeys(t testing.TB) []testKey {
	t.Helper()
	ec, err1 := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, ed, err2 := ed25519.GenerateKey(rand.Reader)
	rs, err3 := rsa.GenerateKey(rand.Reader, 2048)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	return []testKey{{ES256, ec}, {EdDSA, ed}, {RS256, rs}}
}

func signed(t testing.TB, key testKey, payload string) string {
	t.Helper()
	token, err := SignJWS(EncodeJWSHeader(key.alg, TypeAccessToken, "k1"), []byte(payload), key.signer)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestSignAndVerify(t *testing.T) {
	keys := testKeys(t)
	for _, key := range keys {
		token := signed(t, key, `{"sub":"per_1"}`)
		parsed, err := ParseJWS(token)
		if err != nil {
			t.Fatalf("ParseJWS(%s token) = %v", key.alg, err)
		}
		if parsed.Header != (JWSHeader{key.alg, "at+jwt", "k1"}) || string(parsed.Payload) != `{"sub":"per_1"}` {
			t.Errorf("%s token has header %v and payload %s", key.alg, parsed.Header, parsed.Payload)
		}
		if err := parsed.Verify(key.signer.Public(), key.alg); err != nil {
			t.Errorf("Verify(%s) = %v, want none", key.alg, err)
		}
		for _, other := range keys {
			if other.alg == key.alg {
				continue
			}
			for _, alg := range []Alg{key.alg, other.alg} {
				if parsed.Verify(other.signer.Public(), alg) == nil {
					t.Errorf("a %s token verifies with a %s key as %s", key.alg, other.alg, alg)
				}
			}
		}
		if parsed.Verify(testKeys(t)[int(slot(key.alg))].signer.Public(), key.alg) == nil {
			t.Errorf("a %s token verifies with another key", key.alg)
		}
		parsed.Payload = []byte(`{"sub":"per_2"}`) // what was signed is kept apart from what was decoded
		if err := parsed.Verify(key.signer.Public(), key.alg); err != nil {
			t.Errorf("Verify depends on the decoded payload: %v", err)
		}
	}
}

func slot(alg Alg) int { return map[Alg]int{ES256: 0, EdDSA: 1, RS256: 2}[alg] }

func TestVerifyRefusesWhatWasChanged(t *testing.T) {
	for _, key := range testKeys(t) {
		token := signed(t, key, `{"sub":"per_1"}`)
		parts := strings.Split(token, ".")
		signature, _ := base64.RawURLEncoding.DecodeString(parts[2])
		flipped := bytes.Clone(signature)
		flipped[3] ^= 1
		for _, tt := range []struct{ name, token string }{
			{"another payload", parts[0] + "." + b64([]byte(`{"sub":"per_2"}`)) + "." + parts[2]},
			{"another header", EncodeJWSHeader(key.alg, "JWT", "k1") + "." + parts[1] + "." + parts[2]},
			{"another alg", EncodeJWSHeader("none", TypeAccessToken, "k1") + "." + parts[1] + "." + parts[2]},
			{"one bit of the signature", parts[0] + "." + parts[1] + "." + b64(flipped)},
			{"a signature of zeros", parts[0] + "." + parts[1] + "." + b64(make([]byte, len(signature)))},
			{"a signature with a byte more", parts[0] + "." + parts[1] + "." + b64(append(bytes.Clone(signature), 0))},
			{"a signature with a byte less", parts[0] + "." + parts[1] + "." + b64(signature[1:])},
		} {
			parsed, err := ParseJWS(tt.token)
			if err != nil {
				t.Fatalf("ParseJWS(%s) = %v", tt.name, err)
			}
			if err := parsed.Verify(key.signer.Public(), key.alg); codeOf(err) != InvalidToken {
				t.Errorf("%s: Verify(%s) = %v, want %s", tt.name, key.alg, err, InvalidToken)
			}
		}
	}
}

func TestParseJWSRefuses(t *testing.T) {
	token := signed(t, testKeys(t)[0], `{"sub":"per_1"}`)
	parts := strings.Split(token, ".")
	header := func(json string) string { return b64([]byte(json)) + "." + parts[1] + "." + parts[2] }
	rows := []struct{ name, token string }{
		{"nothing", ""},
		{"two segments", parts[0] + "." + parts[1]},
		{"four segments", token + ".x"},
		{"five segments", token + "..x"},
		{"no signature", parts[0] + "." + parts[1] + "."},
		{"no payload", parts[0] + ".." + parts[2]},
		{"padding", token + "="},
		{"a newline after", token + "\n"},
		{"a newline in the signature", token[:len(token)-5] + "\n" + token[len(token)-5:]},
		{"a carriage return in the signature", token[:len(token)-5] + "\r" + token[len(token)-5:]},
		{"a space", token + " "},
		{"the other alphabet", parts[0] + "." + parts[1] + "." + strings.Repeat("+", 86)},
		{"bits set behind the end", parts[0] + "." + parts[1] + "." + strings.Repeat("A", 85) + "B"},
		{"too long", parts[0] + "." + b64(make([]byte, MaxToken)) + "." + parts[2]},
		{"a header that is no JSON", header("x")},
		{"a header that is a list", header("[]")},
		{"alg twice", header(`{"alg":"none","alg":"ES256"}`)},
		{"alg in capitals", header(`{"ALG":"ES256"}`)},
		{"alg that is a number", header(`{"alg":1}`)},
	}
	for _, member := range []string{"jwk", "jku", "x5u", "x5c", "crit", "zip", "b64", "enc"} {
		for _, value := range []string{`"x"`, `false`, `[]`, `null`} {
			rows = append(rows, struct{ name, token string }{"a header with " + member + " " + value, header(`{"alg":"ES256","` + member + `":` + value + `}`)})
		}
	}
	for _, tt := range rows {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := ParseJWS(tt.token); codeOf(err) != InvalidToken {
				t.Errorf("ParseJWS(%.80q) = %v, want %s", tt.token, err, InvalidToken)
			}
		})
	}
}

// FuzzParseJWS: a token that parses has one spelling.
func FuzzParseJWS(f *testing.F) {
	f.Add(EncodeJWSHeader(ES256, TypeAccessToken, "k") + ".e30.AAAA")
	f.Add("e30.e30.AA\n")
	f.Fuzz(func(t *testing.T, token string) {
		parsed, err := ParseJWS(token)
		if err != nil {
			return
		}
		head, _, _ := strings.Cut(token, ".")
		if again := head + "." + b64(parsed.Payload) + "." + b64(parsed.signature); again != token {
			t.Fatalf("ParseJWS(%q) is the same token as %q", token, again)
		}
	})
}

func TestJWK(t *testing.T) {
	for _, key := range testKeys(t) {
		jwk, err := NewJWK(key.signer.Public())
		if err != nil {
			t.Fatalf("NewJWK(%s) = %v", key.alg, err)
		}
		public, alg, err := jwk.Public()
		if err != nil || alg != key.alg || !public.(interface{ Equal(crypto.PublicKey) bool }).Equal(key.signer.Public()) {
			t.Errorf("the %s key comes back as %T, %s, %v", key.alg, public, alg, err)
		}
		if jwk.KeyID != jwk.Thumbprint() {
			t.Errorf("the %s key has kid %q, want its thumbprint %q", key.alg, jwk.KeyID, jwk.Thumbprint())
		}
	}
}

func TestThumbprint(t *testing.T) {
	rsaKey := JWK{KeyType: "RSA", E: "AQAB", N: "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}
	if got, want := rsaKey.Thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want { // RFC 7638 §3.1
		t.Errorf("Thumbprint of the key of RFC 7638 = %q, want %q", got, want)
	}
	ed := JWK{KeyType: "OKP", Curve: "Ed25519", X: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
	if got, want := ed.Thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"; got != want { // RFC 8037 appendix A.3
		t.Errorf("Thumbprint of the key of RFC 8037 = %q, want %q", got, want)
	}
}

func TestJWKPublicRefuses(t *testing.T) {
	keys := testKeys(t)
	of := func(i int) JWK {
		k, err := NewJWK(keys[i].signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	with := func(k JWK, change func(*JWK)) JWK { change(&k); return k }
	modulus := func(bits int) string { return b64(new(big.Int).SetBit(big.NewInt(1), bits-1, 1).Bytes()) }
	for _, tt := range []struct {
		name string
		key  JWK
	}{
		{"no type", JWK{}},
		{"a symmetric key", JWK{KeyType: "oct"}},
		{"another curve", with(of(0), func(k *JWK) { k.Curve = "P-384" })},
		{"a point that is not on the curve", with(of(0), func(k *JWK) { k.Y = k.X })},
		{"a coordinate too short", with(of(0), func(k *JWK) { k.X = k.X[:40] })},
		{"a coordinate with a newline", with(of(0), func(k *JWK) { k.X = k.X[:4] + "\n" + k.X[4:] })},
		{"an Ed25519 key too short", with(of(1), func(k *JWK) { k.X = k.X[:40] })},
		{"the type of another", with(of(1), func(k *JWK) { k.KeyType = "EC" })},
		{"an alg of another", with(of(0), func(k *JWK) { k.Algorithm = RS256 })},
		{"no alg but none", with(of(2), func(k *JWK) { k.Algorithm = "none" })},
		{"a shared-secret alg", with(of(2), func(k *JWK) { k.Algorithm = "HS256" })},
		{"a key for encryption", with(of(2), func(k *JWK) { k.Use = "enc" })},
		{"RSA of 1024 bits", with(of(2), func(k *JWK) { k.N = modulus(1024) })},
		{"RSA of 1024 bits with zeros before", with(of(2), func(k *JWK) {
			k.N = b64(append(make([]byte, 128), new(big.Int).SetBit(big.NewInt(1), 1023, 1).Bytes()...))
		})},
		{"RSA of 16384 bits", with(of(2), func(k *JWK) { k.N = modulus(16384) })},
		{"an RSA exponent of 1", with(of(2), func(k *JWK) { k.E = "AQ" })},
		{"an even RSA exponent", with(of(2), func(k *JWK) { k.E = "BA" })},
		{"an RSA exponent too large", with(of(2), func(k *JWK) { k.E = b64([]byte{1, 0, 0, 0, 1}) })},
		{"an RSA exponent with zeros before", with(of(2), func(k *JWK) { k.E = "AAEAAQ" })},
		{"no RSA modulus", with(of(2), func(k *JWK) { k.N = "" })},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if public, alg, err := tt.key.Public(); codeOf(err) != InvalidToken {
				t.Errorf("Public() = %T, %s, %v; want %s", public, alg, err, InvalidToken)
			}
		})
	}
	if _, err := NewJWK(&ecdsa.PublicKey{Curve: elliptic.P384(), X: big.NewInt(1), Y: big.NewInt(1)}); err == nil {
		t.Error("NewJWK describes a P-384 key")
	}
}

// FuzzJWKPublic: a key that is accepted is described again by the same members.
func FuzzJWKPublic(f *testing.F) {
	for _, key := range testKeys(f) {
		k, _ := NewJWK(key.signer.Public())
		text, _ := json.Marshal(k)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var k JWK
		if UnmarshalStrict(text, &k) != nil {
			return
		}
		public, alg, err := k.Public()
		if err != nil {
			return
		}
		again, err := NewJWK(public)
		if err != nil || again.Thumbprint() != k.Thumbprint() || again.Algorithm != alg {
			t.Fatalf("%s is described again as %+v, %v", text, again, err)
		}
	})
}

func TestNumericDate(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want NumericDate
		ok   bool
	}{
		{"0", 0, true}, {"1790000000", 1790000000, true}, {"1790000000.9", 1790000000, true}, {"1.79e9", 1790000000, true}, {"9007199254740992", 1 << 53, true},
		{"9007199254740993", 0, false}, {"-1", 0, false}, {"-0.5", 0, false}, {"1e300", 0, false}, {`"1790000000"`, 0, false}, {"null", 0, false}, {"true", 0, false}, {"[]", 0, false},
	} {
		var c struct {
			Exp NumericDate `json:"exp"`
		}
		err := UnmarshalStrict([]byte(`{"exp":`+tt.in+`}`), &c)
		if (err == nil) != tt.ok || c.Exp != tt.want {
			t.Errorf("a time of %s reads %d, %v; want %d, ok %v", tt.in, c.Exp, err, tt.want, tt.ok)
		}
	}
}

func TestAudience(t *testing.T) {
	for _, tt := range []struct{ in, has, out string }{
		{`"https://m.example/mcp"`, "https://m.example/mcp", `"https://m.example/mcp"`},
		{`["a","https://m.example/mcp"]`, "https://m.example/mcp", `["a","https://m.example/mcp"]`},
		{`[]`, "", `[]`},
	} {
		var a Audience
		if err := json.Unmarshal([]byte(tt.in), &a); err != nil {
			t.Fatalf("reading audience %s: %v", tt.in, err)
		}
		out, err := json.Marshal(a)
		if err != nil || string(out) != tt.out || tt.has != "" && !a.Has(tt.has) || a.Has("https://m.example/MCP") || a.Has("") {
			t.Errorf("audience %s = %v, written %s, %v; want %s", tt.in, a, out, err, tt.out)
		}
	}
	var a Audience
	if out, err := json.Marshal(a); err != nil || string(out) != "[]" {
		t.Errorf("no audience is written %s, %v; want []", out, err)
	}
	for _, wrong := range []string{`1`, `{"a":1}`, `[1]`} {
		if err := json.Unmarshal([]byte(wrong), &a); err == nil {
			t.Errorf("an audience of %s reads as %v", wrong, a)
		}
	}
}

// FuzzAccessToken: the claims written by hand read back as they were.
func FuzzAccessToken(f *testing.F) {
	f.Add("https://as.example", "per_1", "https://m.example/mcp", "a b", "org_1", int64(1790000000))
	f.Add("\"\\\x00", "<>&", "é\u2028", "", "", int64(0))
	f.Fuzz(func(t *testing.T, iss, sub, aud, scope, org string, at int64) {
		if at < 0 || at > 1<<53 {
			return
		}
		want := Claims{Issuer: iss, Subject: sub, Audience: Audience{aud}, Expires: NumericDate(at), IssuedAt: NumericDate(at), JWTID: sub,
			ClientID: iss, Scope: scope, AuthTime: NumericDate(at), OrgID: org, OrgSlug: org}
		text := want.AppendAccessToken(nil)
		var got, valid Claims
		if err := UnmarshalStrict(text, &got); err != nil {
			t.Fatalf("%q does not read back: %v", text, err)
		}
		reference, err := json.Marshal(want)
		if err != nil || json.Unmarshal(reference, &valid) != nil {
			t.Fatal(err)
		}
		if got.Issuer != valid.Issuer || got.Subject != valid.Subject || got.Audience[0] != valid.Audience[0] || got.Scope != valid.Scope ||
			got.OrgID != valid.OrgID || got.OrgSlug != valid.OrgSlug || got.Expires != valid.Expires || got.AuthTime != valid.AuthTime || got.ClientID != valid.ClientID {
			t.Fatalf("%q reads back as %+v, want %+v", text, got, valid)
		}
	})
}

func TestAccessTokenLeavesOutWhatIsEmpty(t *testing.T) {
	got := string(Claims{Issuer: "i", Subject: "s", Audience: Audience{"a"}, Expires: 2, IssuedAt: 1, JWTID: "j", ClientID: "c"}.AppendAccessToken(nil))
	want := `{"iss":"i","sub":"s","aud":"a","exp":2,"iat":1,"jti":"j","client_id":"c"}`
	if got != want {
		t.Errorf("AppendAccessToken = %s, want %s", got, want)
	}
}

func TestNormalizeType(t *testing.T) {
	for in, want := range map[string]string{"at+jwt": "at+jwt", "AT+JWT": "at+jwt", "application/at+jwt": "at+jwt", "Application/At+Jwt": "at+jwt", "JWT": "jwt", "": ""} {
		if got := NormalizeType(in); got != want {
			t.Errorf("NormalizeType(%q) = %q, want %q", in, got, want)
		}
	}
}
