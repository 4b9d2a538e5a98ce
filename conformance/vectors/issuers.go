// issuers.go: where an issuer's keys are found, and when its documents are not trusted (RFC 8414 §3, RFC 7517 §5), and
// what its word about a token is worth (RFC 7662 §2.2).

package main

import (
	"fmt"
	"slices"
	"strings"
)

// unavailable is the answer where the token may be good and nobody can tell: 503, and the client keeps the token.
var unavailable = want{Error: "temporarily_unavailable"}

func issuersFile() file {
	const afterOpenID = "https://issuer.example/.well-known/openid-configuration/t1"
	const before = "https://issuer.example/t1/.well-known/openid-configuration"
	good := minted().String()
	meta := func(iss, keys string) document {
		return document{Body: fmt.Sprintf(`{"issuer":%q,"jwks_uri":%q}`, iss, keys)}
	}
	keys := document{Body: jwks(jwk("es", `"use":"sig"`, es))}
	at := func(url string) map[string]document {
		return map[string]document{url: meta(issuer, jwksURL), jwksURL: keys}
	}
	with := func(m, k document) map[string]document { return map[string]document{discoveryURL: m, jwksURL: k} }
	one := func(keys string) map[string]document { return with(meta(issuer, jwksURL), document{Body: keys}) }
	elsewhere := "https://keys.example/k"

	f := file{
		About:  "Where the issuer's keys are, and when its documents are not trusted. One good token; the documents differ.",
		Kind:   "token",
		Now:    now,
		Config: &config{Resource: resource, Issuer: issuer},
	}
	add := func(name string, documents map[string]document, w want) {
		f.Cases = append(f.Cases, vector{Name: name, Token: good, Documents: documents, Want: w})
	}
	ok := want{Subject: "per_ada", ClientID: "cli_1", Scopes: []string{"todo.read"}}
	add("metadata where RFC 8414 has it", at(discoveryURL), ok)
	add("metadata where OpenID has it, the path put after", at(afterOpenID), ok)
	add("metadata where OpenID has it, the path put before", at(before), ok)
	add("members nobody knows", with(document{Body: strings.Replace(discovery, "{", `{"x":[1,{"y":null}],`, 1)}, keys), ok)
	add("keys of kinds nobody knows beside it", one(jwks(`{"kty":"XYZ","kid":"x"}`, jwk("es", "", es), `{"kty":"oct","kid":"s","k":"c2VjcmV0"}`)), ok)
	add("a broken key beside it", one(jwks(`{"kty":"EC","crv":"P-256","kid":"x","x":"AAAA","y":"AAAA"}`, jwk("es", "", es))), ok)
	add("no metadata anywhere", map[string]document{jwksURL: keys}, unavailable)
	add("metadata of another issuer", with(meta("https://issuer.example", jwksURL), keys), unavailable)
	add("metadata with a slash at the issuer's end", with(meta(issuer+"/", jwksURL), keys), unavailable)
	add("metadata with the issuer in other letters", with(meta("https://ISSUER.example/t1", jwksURL), keys), unavailable)
	add("metadata without the issuer", with(document{Body: `{"jwks_uri":"` + jwksURL + `"}`}, keys), unavailable)
	add("metadata with the issuer twice", with(document{Body: strings.Replace(discovery, "{", `{"issuer":"https://evil.example",`, 1)}, keys), unavailable)
	add("metadata that redirects", map[string]document{discoveryURL: {Status: 302, Location: "https://issuer.example/m"}, "https://issuer.example/m": meta(issuer, jwksURL), jwksURL: keys}, unavailable)
	add("metadata that is a page", with(document{Body: "<!doctype html><title>Welcome</title>"}, keys), unavailable)
	add("metadata that is an error, with good metadata at the next place", map[string]document{discoveryURL: {Status: 500}, afterOpenID: meta(issuer, jwksURL), jwksURL: keys}, unavailable)
	add("metadata of more than 256 KiB", with(document{Body: discovery, Spaces: 256 << 10}, keys), unavailable)
	add("no keys in the metadata", with(document{Body: `{"issuer":"` + issuer + `"}`}, keys), unavailable)
	add("keys on another origin", map[string]document{discoveryURL: meta(issuer, elsewhere), elsewhere: keys}, unavailable)
	add("keys on another port", map[string]document{discoveryURL: meta(issuer, "https://issuer.example:8443/k"), "https://issuer.example:8443/k": keys}, unavailable)
	add("keys over http", map[string]document{discoveryURL: meta(issuer, "http://issuer.example/k"), "http://issuer.example/k": keys}, unavailable)
	add("keys that redirect", map[string]document{discoveryURL: meta(issuer, jwksURL), jwksURL: {Status: 302, Location: "https://issuer.example/k"}, "https://issuer.example/k": keys}, unavailable)
	add("keys that are an error", with(meta(issuer, jwksURL), document{Status: 500}), unavailable)
	add("keys that are not JSON", one("keys"), unavailable)
	add("no keys", one(`{"keys":[]}`), unavailable)
	add("only keys that cannot be used", one(jwks(jwk("es", `"use":"enc"`, es))), unavailable)
	add("a member of a key twice", one(strings.Replace(jwks(jwk("es", "", es)), `"kid":"es"`, `"kid":"x","kid":"es"`, 1)), unavailable)
	add("sixty-five keys", one(jwks(append(slices.Repeat([]string{`{"kty":"oct","kid":"s","k":"c2VjcmV0"}`}, 64), jwk("es", "", es))...)), unavailable)
	add("another key only", one(jwks(jwk("other", "", es))), bad)
	f.Cases = append(f.Cases, vector{
		Name: "keys on another origin, where the operator says they are", Token: good, Want: ok,
		Config: &config{JWKSURI: elsewhere}, Documents: map[string]document{elsewhere: keys},
	})
	return f
}

func introspectionFile() file {
	claims := minted().claims
	f := file{
		About:     "Introspection: the issuer's word alone (opaque tokens too), and in addition to the signature.",
		Kind:      "token",
		Now:       now,
		Config:    &config{Resource: resource, Issuer: issuer, Introspection: &introspection{ClientID: "resource", ClientSecret: "secret of the resource"}},
		Documents: documents(),
	}
	alone := &config{Introspection: &introspection{ClientID: "resource", ClientSecret: "secret of the resource", Alone: true}}
	answer := func(active string, edits ...edit) document {
		t := token{claims: slices.Clone(claims)}
		for _, change := range edits {
			change(&t)
		}
		return document{Body: append(object{{"active", active}}, t.claims...).String()}
	}
	add := func(name string, c *config, tok string, d document, w want) {
		f.Cases = append(f.Cases, vector{Name: name, Config: c, Token: tok, Documents: map[string]document{askURL: d}, Want: w})
	}
	opaque := func(name string, d document, w want) { add(name, alone, "opaque_1", d, w) }
	signed := func(name string, d document, w want) { add(name, nil, minted().String(), d, w) }
	text := func(s string) document { return document{Body: s} }
	ok := good()
	org := good()
	org.OrgID = "acme"

	opaque("an active opaque token", answer("true"), ok)
	opaque("an active token for an organization", answer("true", claim("org_id", `"acme"`)), org)
	opaque("members nobody knows", answer("true", claim("username", `"ada"`), claim("x", "[1]")), ok)
	opaque("our audience among others", answer("true", claim("aud", `["x","`+resource+`"]`)), ok)
	opaque("not active", text(`{"active":false}`), bad)
	opaque("not active, though all else is good", answer("false"), bad)
	opaque("active is missing", text(claims.String()), bad)
	opaque("active null", answer("null"), bad)
	opaque("active only", text(`{"active":true}`), bad)
	opaque("another audience", answer("true", claim("aud", `"https://mcp.example.com/okr/mcp"`)), bad)
	opaque("no audience", answer("true", without("aud")), bad)
	opaque("another issuer", answer("true", claim("iss", `"https://evil.example"`)), bad)
	opaque("no issuer", answer("true", without("iss")), bad)
	opaque("no subject", answer("true", without("sub")), bad)
	opaque("no client_id", answer("true", without("client_id")), bad)
	opaque("no expiry", answer("true", without("exp")), bad)
	opaque("active, yet expired", answer("true", claim("exp", fmt.Sprint(now-31))), bad)
	opaque("active, yet not valid before a minute and a second from now", answer("true", claim("nbf", fmt.Sprint(now+61))), bad)
	opaque("an expiry that is a string", answer("true", claim("exp", fmt.Sprintf(`"%d"`, now+60))), bad)
	opaque("bound to a key", answer("true", claim("cnf", `{"jkt":"x"}`)), bad)
	opaque("active that is a string", answer(`"true"`), unavailable)
	opaque("active that is a number", answer("1"), unavailable)
	opaque("active twice", text(`{"active":false,`+answer("true").Body[1:]), unavailable)
	opaque("the audience twice", answer("true", first("aud", `"x"`)), unavailable)
	opaque("an answer that is an array", text("["+answer("true").Body+"]"), unavailable)
	opaque("an answer that is a page", text("<!doctype html>"), unavailable)
	opaque("an empty answer", text(""), unavailable)
	opaque("our credentials refused", document{Status: 401, Body: `{"error":"invalid_client"}`}, unavailable)
	opaque("a good answer with an error status", document{Status: 500, Body: answer("true").Body}, unavailable)
	opaque("a redirect", document{Status: 302, Location: issuer + "/other"}, unavailable)
	opaque("no such endpoint", document{Status: 404}, unavailable)
	opaque("an answer of more than 256 KiB", document{Body: answer("true").Body, Spaces: 256 << 10}, unavailable)
	add("an opaque token of more than 8 KiB", alone, strings.Repeat("x", 8193), answer("true"), bad)
	add("a signed token, by the issuer's word alone", alone, minted().String(), answer("true"), ok)

	signed("a good signature, and active", answer("true"), ok)
	signed("a good signature, and active without more", text(`{"active":true}`), ok)
	signed("a good signature, not active", text(`{"active":false}`), bad)
	signed("a good signature, and the issuer speaks of another person", text(`{"active":true,"sub":"per_eve"}`), bad)
	signed("a good signature, and the issuer speaks of another client", text(`{"active":true,"client_id":"cli_2"}`), bad)
	signed("a good signature, and no answer", document{Status: 503}, unavailable)
	add("a bad signature, though active", nil, minted(signature(signES(strange))).String(), answer("true"), bad)
	add("an expired token, though active", nil, minted(claim("exp", fmt.Sprint(now-31))).String(), answer("true"), bad)
	add("an opaque token where a signature is wanted", nil, "opaque_1", answer("true"), bad)
	f.Cases = append(f.Cases, vector{
		Name: "an endpoint that the operator named", Token: "opaque_1", Want: ok,
		Config: &config{Introspection: &introspection{ClientID: "resource", ClientSecret: "secret of the resource", Alone: true, Endpoint: "https://ask.example/introspect"}},
		Documents: map[string]document{
			"https://ask.example/introspect": answer("true"),
			askURL:                           text(`{"active":false}`),
		},
	})
	return f
}
