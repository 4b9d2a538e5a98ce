package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// codeOf is the code of a refusal; "" for none, and the error itself for what is no refusal.
func codeOf(err error) Code {
	var refusal *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &refusal):
		return refusal.Code
	default:
		return Code("not a refusal: " + err.Error())
	}
}

func TestParseQuery(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      Code
		get, is   string
	}{
		{"plain", "client_id=a&state=b", "", "state", "b"},
		{"plus and percent", "state=a+b%2Bc", "", "state", "a b+c"},
		{"an empty value is absent", "state=", "", "state", ""},
		{"no value is absent", "state", "", "state", ""},
		{"empty pairs are nothing", "&&state=b&", "", "state", "b"},
		{"an equals sign in the value", "state=a=b", "", "state", "a=b"},
		{"a semicolon does not separate", "state=a;client_id=b", "", "client_id", ""},
		{"a parameter twice", "state=a&state=b", InvalidRequest, "", ""},
		{"a parameter twice, once empty", "state=&state=b", InvalidRequest, "", ""},
		{"a parameter twice, once escaped", "state=a&st%61te=b", InvalidRequest, "", ""},
		{"an unknown parameter twice", "x=a&x=b", InvalidRequest, "", ""},
		{"two resources", "resource=a&resource=b", InvalidTarget, "", ""},
		{"bytes that are not UTF-8", "state=%ff", InvalidRequest, "", ""},
		{"a NUL", "state=%00", InvalidRequest, "", ""},
		{"half an escape", "state=%4", InvalidRequest, "", ""},
		{"more than 100", strings.Repeat("&a", 100), InvalidRequest, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParseQuery(tt.raw)
			if codeOf(err) != tt.want || err == nil && p.Get(tt.get) != tt.is {
				t.Errorf("ParseQuery(%q) = %v, %v; want %s %q", tt.raw, p, err, tt.want, tt.is)
			}
		})
	}
}

func TestRepeatedParameterIsNotSaidBackWhenLong(t *testing.T) {
	name := strings.Repeat("x", 1000)
	if _, err := ParseQuery(name + "=1&" + name + "=2"); err == nil || len(err.Error()) > 200 {
		t.Errorf("ParseQuery(a long name twice) = %v, want a short error", err)
	}
}

func TestParseForm(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	for _, tt := range []struct {
		name, target, media, body string
		want                      Code
	}{
		{"a form", "/token", form, "a=b", ""},
		{"a form with a charset", "/token", form + "; charset=UTF-8", "a=b", ""},
		{"JSON", "/token", "application/json", `{"a":"b"}`, InvalidRequest},
		{"text", "/token", "text/plain", "a=b", InvalidRequest},
		{"multipart", "/token", "multipart/form-data; boundary=x", "a=b", InvalidRequest},
		{"no type", "/token", "", "a=b", InvalidRequest},
		{"a secret in the URL", "/token?client_secret=x", form, "a=b", InvalidRequest},
		{"too large a body", "/token", form, "a=" + strings.Repeat("b", MaxBody), InvalidRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, tt.target, strings.NewReader(tt.body))
			r.Header.Set("Content-Type", tt.media)
			p, err := ParseForm(r)
			if codeOf(err) != tt.want || err == nil && p.Get("a") != "b" {
				t.Errorf("ParseForm(%s %q) = %v, %v; want %q", tt.target, tt.media, p, err, tt.want)
			}
		})
	}
}

func FuzzParseQuery(f *testing.F) {
	f.Add("a=b&c=%20+")
	f.Add("a=b&a=c")
	f.Add("=&=;%")
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := ParseQuery(raw)
		if c := codeOf(err); err != nil && c != InvalidRequest && c != InvalidTarget {
			t.Fatalf("ParseQuery(%q) fails with %v", raw, err)
		}
		for name, value := range p {
			if value == "" || strings.ContainsRune(value, 0) || !json.Valid([]byte(jsonString(t, value))) {
				t.Fatalf("ParseQuery(%q) has %q = %q", raw, name, value)
			}
		}
	})
}

func jsonString(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestParseScope(t *testing.T) {
	many := make([]string, maxScopeTokens+1)
	for i := range many {
		many[i] = "s" + strings.Repeat("x", i)
	}
	for _, tt := range []struct {
		name, in string
		want     Scope
		code     Code
	}{
		{"two", "todo.read todo.write", Scope{"todo.read", "todo.write"}, ""},
		{"none", "", nil, ""},
		{"spaces", "  a  b ", Scope{"a", "b"}, ""},
		{"the same twice", "a b a", Scope{"a", "b"}, ""},
		{"case counts", "a A", Scope{"a", "A"}, ""},
		{"a quote", `a"b`, nil, InvalidScope},
		{"a backslash", `a\b`, nil, InvalidScope},
		{"a tab", "a\tb", nil, InvalidScope},
		{"a letter outside ASCII", "ä", nil, InvalidScope},
		{"too many", strings.Join(many, " "), nil, InvalidScope},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseScope(tt.in)
			if codeOf(err) != tt.code || !slices.Equal(got, tt.want) {
				t.Errorf("ParseScope(%.40q) = %v, %v; want %v %s", tt.in, got, err, tt.want, tt.code)
			}
		})
	}
}

func TestScopeSets(t *testing.T) {
	ab, bc := Scope{"a", "b"}, Scope{"b", "c"}
	if got := ab.Intersect(bc); !slices.Equal(got, Scope{"b"}) {
		t.Errorf("Intersect = %v, want [b]", got)
	}
	if got := ab.Union(bc); !slices.Equal(got, Scope{"a", "b", "c"}) || !slices.Equal(ab, Scope{"a", "b"}) {
		t.Errorf("Union = %v, want [a b c]; the operand is now %v", got, ab)
	}
	if !ab.Covers(Scope{"b"}) || ab.Covers(bc) || !ab.Covers(nil) {
		t.Errorf("Covers is wrong for %v", ab)
	}
}

// TestUnionDoesNotShareMemory: two unions of one scope must not overwrite each other's tail.
func TestUnionDoesNotShareMemory(t *testing.T) {
	base := append(make(Scope, 0, 8), "a")
	one, two := base.Union(Scope{"b"}), base.Union(Scope{"c"})
	if one.String() != "a b" || two.String() != "a c" {
		t.Errorf("Union: %q and %q, want \"a b\" and \"a c\"", one, two)
	}
}

// The example of RFC 7636 appendix B.
const (
	rfcVerifier  = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
)

func TestCodeChallenge(t *testing.T) {
	for _, tt := range []struct {
		name, challenge, method string
		ok                      bool
	}{
		{"the RFC's", rfcChallenge, "S256", true},
		{"none", "", "S256", false},
		{"no method means plain", rfcChallenge, "", false},
		{"plain", rfcChallenge, "plain", false},
		{"the method in small letters", rfcChallenge, "s256", false},
		{"one character short", rfcChallenge[1:], "S256", false},
		{"one character long", rfcChallenge + "A", "S256", false},
		{"padded", rfcChallenge + "=", "S256", false},
		{"a newline inside", rfcChallenge[:10] + "\n" + rfcChallenge[10:], "S256", false},
		{"a newline after", rfcChallenge + "\r\n", "S256", false},
		{"the other base64 alphabet", strings.Replace(rfcChallenge, "-", "+", 1), "S256", false},
		{"bits set behind the end", rfcChallenge[:42] + "N", "S256", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseCodeChallenge(tt.challenge, tt.method)
			if (err == nil) != tt.ok || !tt.ok && codeOf(err) != InvalidRequest {
				t.Errorf("ParseCodeChallenge(%q, %q) = %q, %v; want ok %v", tt.challenge, tt.method, got, err, tt.ok)
			}
		})
	}
	for _, tt := range []struct {
		name, verifier string
		ok             bool
	}{
		{"the RFC's", rfcVerifier, true},
		{"another", "e" + rfcVerifier[1:], false},
		{"empty", "", false},
		{"the challenge itself", rfcChallenge, false},
		{"42 characters", rfcVerifier[:42], false},
		{"129 characters", strings.Repeat("a", 129), false},
	} {
		t.Run("verifier: "+tt.name, func(t *testing.T) {
			if got := CodeChallenge(rfcChallenge).Verify(tt.verifier); got != tt.ok {
				t.Errorf("Verify(%q) = %v, want %v", tt.verifier, got, tt.ok)
			}
		})
	}
	// A verifier of the wrong form fails even when the challenge was made from it.
	for _, verifier := range []string{strings.Repeat("a", 42), strings.Repeat("a", 129), strings.Repeat("a", 42) + "+", strings.Repeat("ä", 30)} {
		if got := challengeOf(verifier).Verify(verifier); got {
			t.Errorf("Verify(%q) = true, want false: it is no code verifier", verifier)
		}
	}
}

func TestBasicCredentials(t *testing.T) {
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, tt := range []struct {
		name       string
		header     []string
		id, secret string
		sent       bool
		want       Code
	}{
		{"none", nil, "", "", false, ""},
		{"plain", []string{basic("id:secret")}, "id", "secret", true, ""},
		{"the scheme in small letters", []string{"basic" + basic("id:secret")[5:]}, "id", "secret", true, ""},
		{"form-encoded", []string{basic("https%3A%2F%2Fa.example%2Fc:s%2Bt+u")}, "https://a.example/c", "s+t u", true, ""},
		{"not decodable, so taken as it is", []string{basic("id:100%")}, "id", "100%", true, ""},
		{"a colon in the secret", []string{basic("id:a:b")}, "id", "a:b", true, ""},
		{"an empty secret", []string{basic("id:")}, "id", "", true, ""},
		{"two headers", []string{basic("a:b"), basic("c:d")}, "", "", true, InvalidRequest},
		{"another scheme", []string{"Bearer abc"}, "", "", true, InvalidClient},
		{"the scheme alone", []string{"Basic"}, "", "", true, InvalidClient},
		{"not base64", []string{"Basic !!!"}, "", "", true, InvalidClient},
		{"no colon", []string{basic("id")}, "", "", true, InvalidClient},
		{"not UTF-8", []string{basic("id:\xff")}, "", "", true, InvalidClient},
		{"not UTF-8 after decoding", []string{basic("id%ff:s")}, "", "", true, InvalidClient},
		{"a NUL after decoding", []string{basic("id%00:s")}, "", "", true, InvalidClient},
		{"a newline after decoding", []string{basic("id:s%0A")}, "", "", true, InvalidClient},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id, secret, sent, err := BasicCredentials(http.Header{"Authorization": tt.header})
			if id != tt.id || secret != tt.secret || sent != tt.sent || codeOf(err) != tt.want {
				t.Errorf("BasicCredentials(%q) = %q, %q, %v, %v; want %q, %q, %v, %s", tt.header, id, secret, sent, err, tt.id, tt.secret, tt.sent, tt.want)
			}
		})
	}
}

func FuzzBasicCredentials(f *testing.F) {
	f.Add("Basic aWQ6c2VjcmV0")
	f.Add("basic  Og==")
	f.Fuzz(func(t *testing.T, header string) {
		id, secret, _, err := BasicCredentials(http.Header{"Authorization": {header}})
		if err != nil && (id != "" || secret != "") || !visible(id) || !visible(secret) {
			t.Fatalf("BasicCredentials(%q) = %q, %q, %v", header, id, secret, err)
		}
	})
}

func TestChallengeString(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   Challenge
		want string
	}{
		{"no token was sent", Challenge{ResourceMetadata: "https://m.example/.well-known/oauth-protected-resource/mcp", Scope: Scope{"a", "b"}},
			`Bearer scope="a b", resource_metadata="https://m.example/.well-known/oauth-protected-resource/mcp"`},
		{"a scope is missing", Challenge{Error: InsufficientScope, ErrorDescription: `say "please"`, Scope: Scope{"a"}},
			`Bearer error="insufficient_scope", error_description="say 'please'", scope="a"`},
		{"nothing to say", Challenge{}, "Bearer"},
		{"nothing breaks out of the header", Challenge{ErrorDescription: "a\r\nSet-Cookie: x=\"y\\"}, `Bearer error_description="a??Set-Cookie: x='y?"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.in.String(); got != tt.want {
				t.Errorf("Challenge.String() = %s, want %s", got, tt.want)
			}
		})
	}
}

func TestParseResource(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"canonical", "https://m.example/mcp", "https://m.example/mcp"},
		{"a trailing slash", "https://m.example/mcp/", "https://m.example/mcp"},
		{"only one", "https://m.example/mcp//", "https://m.example/mcp/"},
		{"an origin with a slash", "https://m.example/", "https://m.example"},
		{"capitals in scheme and host", "HTTPS://M.Example/Mcp", "https://m.example/Mcp"},
		{"a query", "https://m.example/mcp/?t=1", "https://m.example/mcp/?t=1"},
		{"a fragment", "https://m.example/mcp#x", ""},
		{"an empty fragment", "https://m.example/mcp#", ""},
		{"user information", "https://u@m.example/mcp", ""},
		{"no scheme", "m.example/mcp", ""},
		{"no host", "https:///mcp", ""},
		{"a path", "/mcp", ""},
		{"a name", "urn:example:mcp", ""},
		{"nothing", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseResource(tt.in)
			if got != tt.want || (tt.want == "") != (codeOf(err) == InvalidTarget) {
				t.Errorf("ParseResource(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestProtectedResourceURL(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"https://m.example/mcp", "https://m.example/.well-known/oauth-protected-resource/mcp"},
		{"https://m.example", "https://m.example/.well-known/oauth-protected-resource"},
		{"https://m.example/", "https://m.example/.well-known/oauth-protected-resource"},
		{"https://m.example/a%20b/%2F/", "https://m.example/.well-known/oauth-protected-resource/a%20b/%2F"},
		{"https://m.example/mcp?t=1", "https://m.example/.well-known/oauth-protected-resource/mcp?t=1"},
	} {
		if got, err := ProtectedResourceURL(tt.in); got != tt.want {
			t.Errorf("ProtectedResourceURL(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
		}
	}
}

func TestErrorTravelsAsJSON(t *testing.T) {
	sent := Errorf(InvalidTarget, "say <which> \"one\"\n")
	body, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	var got Error
	if err := json.Unmarshal(body, &got); err != nil || got.Code != InvalidTarget || got.Description != "say <which> 'one'?" {
		t.Errorf("%s comes back as %q, %v", body, got, err)
	}
}

func challengeOf(verifier string) CodeChallenge {
	sum := sha256.Sum256([]byte(verifier))
	return CodeChallenge(base64.RawURLEncoding.EncodeToString(sum[:]))
}
