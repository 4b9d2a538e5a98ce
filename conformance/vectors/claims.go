// claims.go: claims that are missing, wrong, or written so that two readers differ (RFC 9068 §4, RFC 8259 §4).

package main

import (
	"fmt"
	"strings"
)

func badClaims() []vector {
	var cases []vector
	refuse := func(name string, edits ...edit) { cases = append(cases, minted(edits...).vector(name, bad)) }

	refuse("another issuer", claim("iss", `"https://evil.example"`))
	refuse("the issuer with a slash at its end", claim("iss", `"`+issuer+`/"`))
	refuse("the issuer in other letters", claim("iss", `"https://ISSUER.example/t1"`))
	refuse("the issuer's origin", claim("iss", `"https://issuer.example"`))
	refuse("the issuer with its port", claim("iss", `"https://issuer.example:443/t1"`))
	refuse("the issuer over http", claim("iss", `"http://issuer.example/t1"`))
	refuse("a sibling of the issuer", claim("iss", `"https://issuer.example/t2"`))
	refuse("an issuer that begins with ours", claim("iss", `"`+issuer+`.evil.example"`))
	refuse("the issuer in an array", claim("iss", `["`+issuer+`"]`))
	refuse("issuer null", claim("iss", "null"))
	refuse("no issuer", without("iss"))

	refuse("another audience", claim("aud", `"https://mcp.example.com/okr/mcp"`))
	refuse("an audience that is the start of ours", claim("aud", `"https://mcp.example.com/todo"`))
	refuse("an audience that begins with ours", claim("aud", `"`+resource+`.evil.example"`))
	refuse("the audience with a slash at its end", claim("aud", `"`+resource+`/"`))
	refuse("the audience in other letters", claim("aud", `"`+strings.ToUpper(resource)+`"`))
	refuse("the audience with its host in other letters", claim("aud", `"https://MCP.example.com/todo/mcp"`))
	refuse("the audience with its port", claim("aud", `"https://mcp.example.com:443/todo/mcp"`))
	refuse("an audience that is our origin", claim("aud", `"https://mcp.example.com"`))
	refuse("an audience that is the issuer", claim("aud", `"`+issuer+`"`))
	refuse("an audience that is the client", claim("aud", `"cli_1"`))
	refuse("one string with two audiences", claim("aud", `"`+resource+` https://other.example"`))
	refuse("an array of other audiences", claim("aud", `["a","b"]`))
	refuse("an empty array of audiences", claim("aud", "[]"))
	refuse("an empty audience", claim("aud", `""`))
	refuse("an array of audiences with a number", claim("aud", `["`+resource+`",1]`))
	refuse("an audience in an array in an array", claim("aud", `[["`+resource+`"]]`))
	refuse("an audience that is an object", claim("aud", `{"a":"`+resource+`"}`))
	refuse("audience null", claim("aud", "null"))
	refuse("no audience", without("aud"))

	refuse("no subject", without("sub"))
	refuse("an empty subject", claim("sub", `""`))
	refuse("a subject that is a number", claim("sub", "7"))
	refuse("subject null", claim("sub", "null"))
	refuse("no client_id", without("client_id"))
	refuse("an empty client_id", claim("client_id", `""`))
	refuse("a client_id that is an array", claim("client_id", `["cli_1"]`))
	refuse("azp instead of client_id", without("client_id"), claim("azp", `"cli_1"`))
	refuse("a scope that is an array", claim("scope", `["todo.read"]`))
	refuse("a scope with a quote", scoped(`a\"b`))
	refuse("a scope with a backslash", scoped(`a\\b`))
	refuse("a scope with a tab", scoped(`a\tb`))
	refuse("a scope with a letter outside ASCII", scoped("é"))
	refuse("a scope of more than 256 tokens", scoped(manyScopes(257)))
	refuse("an org_id that is a number", claim("org_id", "1"))
	refuse("a jti that is a number", claim("jti", "1"))
	refuse("a token that is bound to a key", claim("cnf", `{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}`))
	refuse("a token that is bound to nothing, in words", claim("cnf", "null"))
	return cases
}

func manyScopes(n int) string {
	scopes := make([]string, n)
	for i := range scopes {
		scopes[i] = fmt.Sprint("s", i)
	}
	return strings.Join(scopes, " ")
}

func badTimes() []vector {
	var cases []vector
	refuse := func(name string, edits ...edit) { cases = append(cases, minted(edits...).vector(name, bad)) }
	at := func(name string, offset int) edit { return claim(name, fmt.Sprint(now+offset)) }

	refuse("expired thirty-one seconds ago", at("exp", -31))
	refuse("expired an hour ago", at("iat", -7200), at("exp", -3600))
	refuse("no expiry", without("exp"))
	refuse("expiry null", claim("exp", "null"))
	refuse("expiry zero", claim("iat", "0"), claim("exp", "0"))
	refuse("a negative expiry", claim("exp", "-1"))
	refuse("an expiry that is a string", claim("exp", fmt.Sprintf(`"%d"`, now+600)))
	refuse("an expiry that is a date", claim("exp", `"2027-01-15T09:00:00Z"`))
	refuse("an expiry that is true", claim("exp", "true"))
	refuse("an expiry that is an array", claim("exp", fmt.Sprintf("[%d]", now+600)))
	refuse("an expiry beyond 2^53", claim("exp", "9007199254740993"))
	refuse("an expiry beyond 2^63", claim("exp", "9223372036854775808"))
	refuse("an expiry beyond 2^53, with an exponent", claim("exp", "9.1e15"))
	refuse("an expiry of 1e300", claim("exp", "1e300"))
	refuse("an expiry of 1e400, which is infinite to many", claim("exp", "1e400"))
	refuse("an expiry that is no number to JSON", claim("exp", "NaN"))
	refuse("not valid before a minute and a second from now", at("nbf", 61))
	refuse("not before that is a string", claim("nbf", `"0"`))
	refuse("not before null", claim("nbf", "null"))
	refuse("issued a minute and a second from now", at("iat", 61))
	refuse("issued after it expires", at("iat", 59), at("exp", 10))
	refuse("no time of issue", without("iat"))
	refuse("a time of issue that is a string", claim("iat", fmt.Sprintf(`"%d"`, now-60)))
	refuse("a negative time of issue", claim("iat", "-1"))
	return cases
}

// badTexts are claims that are proven to be the issuer's, yet have no one meaning.
func badTexts() []vector {
	var cases []vector
	refuse := func(name string, edits ...edit) { cases = append(cases, minted(edits...).vector(name, bad)) }
	replace := func(old, new string) edit {
		return text(func(s string) string { return strings.Replace(s, old, new, 1) })
	}

	refuse("the issuer twice", first("iss", `"https://evil.example"`))
	refuse("the audience twice", first("aud", `"https://other.example"`))
	refuse("the subject twice, the same", first("sub", `"per_ada"`))
	refuse("the subject twice, once escaped", first(`s\u0075b`, `"per_eve"`))
	refuse("the scope twice", first("scope", `"todo.write"`))
	refuse("the expiry twice", first("exp", "1"))
	refuse("a claim nobody knows twice", first("x", "1"), func(t *token) { t.claims = append(t.claims, member{"x", "2"}) })
	refuse("a member twice within a claim nobody knows", claim("x", `{"a":1,"a":2}`))
	refuse("a member twice within an array", claim("x", `[{"a":1,"a":2}]`))
	refuse("the issuer in other letters too", first("ISS", `"https://evil.example"`))
	refuse("the scope in other letters only", without("scope"), claim("Scope", `"todo.write"`))
	refuse("the issuer with a long s too", first("i\u017fs", `"https://evil.example"`))
	refuse("data after the claims", text(func(s string) string { return s + "{}" }))
	refuse("a NUL after the claims", text(func(s string) string { return s + "\x00" }))
	refuse("claims that are an array", text(func(s string) string { return "[" + s + "]" }))
	refuse("claims that are a string", text(func(string) string { return `"claims"` }))
	refuse("claims that are null", text(func(string) string { return "null" }))
	refuse("claims that are cut off", text(func(s string) string { return s[:len(s)-1] }))
	refuse("a comma after the last claim", text(func(s string) string { return s[:len(s)-1] + ",}" }))
	refuse("single quotes", text(func(s string) string { return strings.ReplaceAll(s, `"`, "'") }))
	refuse("a comment in the claims", replace(`,"sub"`, `/**/,"sub"`))
	refuse("claims with a byte order mark", text(func(s string) string { return "\ufeff" + s }))
	refuse("claims that are not UTF-8", replace("per_ada", "per_\xff"))
	refuse("claims in UTF-16", text(func(s string) string {
		out := make([]byte, 0, 2*len(s))
		for i := range len(s) {
			out = append(out, s[i], 0)
		}
		return string(out)
	}))
	refuse("a line break within a string", replace("per_ada", "per\nada"))
	refuse("claims nested seventeen deep", claim("x", nested(16)))
	return cases
}
