// tokens.go: which access tokens are good (RFC 9068 §4, RFC 8725 §3).

package main

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
)

func tokensFile() file {
	return file{
		About:     "Access tokens, good and bad. Every bad one is invalid_token: 401.",
		Kind:      "token",
		Now:       now,
		Config:    &config{Resource: resource, Issuer: issuer},
		Documents: documents(),
		Cases:     slices.Concat(goodTokens(), badHeaders(), badShapes(), badClaims(), badTimes(), badTexts()),
	}
}

// good is what the tokens of most cases say.
func good() want {
	return want{Subject: "per_ada", ClientID: "cli_1", Scopes: []string{"todo.read"}}
}

// bad is how every bad token is refused.
var bad = want{Error: "invalid_token"}

func goodTokens() []vector {
	scopes := func(scopes ...string) want {
		w := good()
		w.Scopes = scopes
		return w
	}
	org := good()
	org.OrgID = "acme"
	at := func(name string, offset int) edit { return claim(name, fmt.Sprint(now+offset)) }
	var cases []vector
	accept := func(name string, w want, edits ...edit) { cases = append(cases, minted(edits...).vector(name, w)) }

	accept("an ES256 token", good())
	accept("an EdDSA token", good(), signed("ed", "EdDSA", signEd(ed)))
	accept("an RS256 token", good(), signed("rs", "RS256", signRS(rs)))
	accept("a key without use and alg", good(), signed("plain", "ES256", signES(es2)))
	accept("typ at+jwt in other letters", good(), header("typ", `"AT+JWT"`))
	accept("typ as the whole media type", good(), header("typ", `"application/at+jwt"`))
	accept("a header member that means nothing to us", good(), header("x", `{"a":[1]}`))
	accept("our audience in an array of one", good(), claim("aud", `["`+resource+`"]`))
	accept("our audience among others", good(), claim("aud", `["https://other.example","`+resource+`"]`))
	accept("our audience twice in an array", good(), claim("aud", `["`+resource+`","`+resource+`"]`))
	accept("an organization", org, claim("org_id", `"acme"`))
	accept("no scope", scopes(), without("scope"))
	accept("an empty scope", scopes(), scoped(""))
	accept("a scope that is null", scopes(), claim("scope", "null"))
	accept("two scopes", scopes("todo.read", "todo.write"), scoped("todo.read todo.write"))
	accept("a scope twice counts once", scopes("a", "b"), scoped("a b a"))
	accept("spaces around and between scopes", scopes("a", "b"), scoped(" a  b "))
	accept("a scope of all characters that scopes may have", scopes("!#[]^_~", "https://x.example/y:z"), scoped("!#[]^_~ https://x.example/y:z"))
	accept("expired thirty seconds ago, within the difference of clocks", good(), at("exp", -30))
	accept("issued in a minute, within the difference of clocks", good(), at("iat", 60))
	accept("not before a minute from now, within the difference of clocks", good(), at("nbf", 60))
	accept("an expiry with a fraction", good(), claim("exp", fmt.Sprint(now+600)+".9"))
	accept("an expiry with an exponent", good(), claim("exp", "1.8000009e9"))
	accept("an expiry far away", good(), claim("exp", "9007199254740992"))
	accept("no jti", good(), without("jti"))
	accept("claims that nobody knows", good(), claim("https://example.com/x", `[1,"a",null,{"b":true}]`))
	accept("a claim nobody knows, nested in bounds", good(), claim("x", nested(14)))
	accept("a claim nobody knows, a number of more digits than some read", good(), claim("x", strings.Repeat("9", 4301)))
	accept("claims with spaces between", good(), text(func(s string) string { return " " + strings.ReplaceAll(s, ",", " ,\n") + " " }))
	accept("a claim that is escaped", good(), text(func(s string) string { return strings.Replace(s, `"sub"`, `"s\u0075b"`, 1) }))
	return cases
}

func badHeaders() []vector {
	var cases []vector
	refuse := func(name string, edits ...edit) { cases = append(cases, minted(edits...).vector(name, bad)) }

	refuse("alg none", header("alg", `"none"`), signature(unsigned))
	refuse("alg none in other letters", header("alg", `"nOnE"`), signature(unsigned))
	refuse("alg none before a real signature", header("alg", `"none"`))
	refuse("alg none without kid", header("alg", `"none"`), headerless("kid"), signature(unsigned))
	refuse("HS256 with the public key as the secret", header("alg", `"HS256"`), signature(signHS(publicPEM(es))))
	refuse("HS256 with the RSA public key as the secret", signed("rs", "HS256", signHS(publicPEM(rs))))
	refuse("HS256 with a shared secret that the issuer publishes", signed("secret", "HS256", signHS(sharedSecret)))
	refuse("RS256 in the header, ES256 under it", header("alg", `"RS256"`))
	refuse("ES256 in the header, RS256 under it", signed("rs", "ES256", signRS(rs)))
	refuse("PS256 of an RS256 key", signed("rs", "PS256", signPS(rs)))
	refuse("RS256 in the header, PS256 under it", signed("rs", "RS256", signPS(rs)))
	refuse("PS256 of a PS256 key", signed("pss", "PS256", signPS(rs)))
	refuse("RS256 of a PS256 key", signed("pss", "RS256", signRS(rs)))
	refuse("ES384", signed("p384", "ES384", signES(p384)))
	refuse("alg in other letters", header("alg", `"es256"`))
	refuse("no alg", headerless("alg"))
	refuse("alg null", header("alg", "null"))
	refuse("alg that is an array", header("alg", `["ES256"]`))

	refuse("a kid the issuer does not have", header("kid", `"other"`))
	refuse("the kid of another key", header("kid", `"plain"`))
	refuse("a kid in other letters", header("kid", `"ES"`))
	refuse("a kid that is a path", header("kid", `"../../dev/null"`))
	refuse("a kid of a language's own objects", header("kid", `"__proto__"`))
	refuse("an empty kid", header("kid", `""`), signature(signES(strange)))
	refuse("no kid", headerless("kid"))
	refuse("no kid, signed with a key that has none", headerless("kid"), signature(signES(strange)))
	refuse("a kid that is a number", header("kid", "1"))
	refuse("a key of someone else under the issuer's kid", signature(signES(strange)))
	refuse("a key for encryption", signed("for-encryption", "ES256", signES(es)))
	refuse("a key whose alg contradicts its kind", signed("of-another-alg", "ES256", signES(es)))
	refuse("an RSA key of 1024 bits", signed("small", "RS256", signRS(small)))
	refuse("a kid that two keys have, by the first", signed("twice", "ES256", signES(es)))
	refuse("a kid that two keys have, by the last", signed("twice", "EdDSA", signEd(ed)))

	refuse("a key in the header", header("jwk", jwk("es", "", strange)), signature(signES(strange)))
	refuse("a key in the header that is null", header("jwk", "null"))
	refuse("an address of keys in the header", header("jku", `"https://evil.example/jwks"`))
	refuse("a certificate in the header", header("x5c", `["MII"]`))
	refuse("an address of certificates in the header", header("x5u", `"https://evil.example/cert"`))
	refuse("a critical extension", header("crit", `["exp"]`), header("exp", "1"))
	refuse("an empty list of critical extensions", header("crit", "[]"))
	refuse("a payload that says it is not encoded", header("b64", "false"))
	refuse("a payload that says it is encoded", header("b64", "true"))
	refuse("a compressed payload", header("zip", `"DEF"`))
	refuse("an encryption", header("enc", `"A256GCM"`))

	refuse("typ JWT, as ID tokens have", header("typ", `"JWT"`))
	refuse("typ of a logout token", header("typ", `"logout+jwt"`))
	refuse("typ of an identity assertion", header("typ", `"oauth-id-jag+jwt"`))
	refuse("typ of a DPoP proof", header("typ", `"dpop+jwt"`))
	refuse("no typ", headerless("typ"))
	refuse("an empty typ", header("typ", `""`))
	refuse("typ with a space after it", header("typ", `"at+jwt "`))
	refuse("typ of another tree of media types", header("typ", `"text/at+jwt"`))
	refuse("typ that is an array", header("typ", `["at+jwt"]`))

	refuse("alg twice in the header", firstHeader("alg", `"none"`))
	refuse("kid twice in the header", firstHeader("kid", `"other"`))
	refuse("alg in the header in other letters too", firstHeader("Alg", `"none"`))
	refuse("a header that is an array", headerText(func(s string) string { return "[" + s + "]" }))
	refuse("a header that is not JSON", headerText(func(string) string { return "ES256" }))
	refuse("a header with data after it", headerText(func(s string) string { return s + "{}" }))
	refuse("a header that is not UTF-8", header("x", "\"\xff\""))
	return cases
}

// badShapes are tokens that are not three segments of canonical base64url (RFC 7515 §2, §7.1).
func badShapes() []vector {
	var cases []vector
	refuse := func(name string, of func(string) string) {
		v := minted(whole(of)).vector(name, bad)
		v.Header, v.Claims = "", ""
		cases = append(cases, v)
	}
	segment := func(n int, of func(string) string) func(string) string {
		return func(s string) string {
			parts := strings.Split(s, ".")
			parts[n] = of(parts[n])
			return strings.Join(parts, ".")
		}
	}
	add := func(after string) func(string) string { return func(s string) string { return s + after } }
	fixed := func(s string) func(string) string { return func(string) string { return s } }

	refuse("two segments", func(s string) string { return s[:strings.LastIndexByte(s, '.')] })
	refuse("no signature", segment(2, fixed("")))
	refuse("no header", segment(0, fixed("")))
	refuse("no claims", segment(1, fixed("")))
	refuse("four segments", add(".x"))
	refuse("five segments, an encrypted token", add(".AAAA.AAAA"))
	refuse("a dot at the end", add("."))
	refuse("only dots", fixed(".."))
	refuse("a word", fixed("token"))
	refuse("padding at the end", add("=="))
	refuse("padding within", segment(1, add("=")))
	refuse("a signature in base64 that is not canonical", segment(2, otherSpelling))
	refuse("claims in base64 that is not canonical", segment(1, func(s string) string {
		raw, err := base64.RawURLEncoding.DecodeString(s)
		if err != nil {
			panic(err)
		}
		for len(raw)%3 == 0 { // only then there are bits to spare
			raw = append(raw, ' ')
		}
		return otherSpelling(b64(raw))
	}))
	refuse("the alphabet of plain base64", segment(2, fixed("++++////"+strings.Repeat("A", 78))))
	refuse("a space before", func(s string) string { return " " + s })
	refuse("a space within", segment(1, func(s string) string { return " " + s }))
	refuse("a line break at the end", add("\n"))
	refuse("a line break within", segment(1, func(s string) string { return s[:4] + "\n" + s[4:] }))
	refuse("a NUL at the end", add("\x00"))
	refuse("letters outside ASCII", segment(2, add("é")))
	refuse("the signature cut short", segment(2, func(s string) string { return s[:len(s)-4] }))
	refuse("the signature made longer", segment(2, add("AAAA")))
	refuse("a signature of zeros", segment(2, fixed(strings.Repeat("A", 86))))
	refuse("the claims of another token", segment(1, fixed(b64([]byte(minted(claim("sub", `"per_eve"`)).claims.String())))))
	cases = append(cases,
		minted(signature(derES(es))).vector("a signature as ASN.1", bad),
		minted(claim("x", `"`+strings.Repeat("x", 8<<10)+`"`)).vector("a token of more than 8 KiB", bad))
	return cases
}

// otherSpelling is the same bytes to a lenient reader: the bits that the last letter has to spare are set.
func otherSpelling(s string) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return s[:len(s)-1] + string(letters[strings.IndexByte(letters, s[len(s)-1])^1])
}
