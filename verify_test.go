package authwright_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
	"github.com/authwright/authwright/oauth"
)

const (
	serverURL = "https://mcp.example.com/todo/mcp"
	issuerURL = "https://issuer.example/t1"
)

// protect makes a resource with the to-do server's scopes.
func protect(t testing.TB, issuer http.Handler, edits ...func(*authwright.Config)) *authwright.Resource {
	t.Helper()
	cfg := authwright.Config{
		Resource:  serverURL,
		Issuer:    issuerURL,
		Name:      "To-do",
		Scopes:    []string{"todo.read"},
		Tools:     map[string][]string{"create_item": {"todo.write"}, "purge": {"todo.write", "todo.purge"}},
		Prompts:   map[string][]string{"review": {"todo.write"}},
		Resources: map[string][]string{"todo://private/*": {"todo.private"}, "todo://private/open": {}},
		Implies:   map[string][]string{"todo.write": {"todo.read"}, "todo.all": {"todo.write"}},
		Transport: authwright.Direct(issuer),
		Log:       slog.New(slog.DiscardHandler),
	}
	for _, edit := range edits {
		edit(&cfg)
	}
	r, err := authwright.New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return r
}

// refusal is the OAuth error of a verification, or "".
func refusal(err error) string {
	var coded *oauth.Error
	if errors.As(err, &coded) {
		return string(coded.Code) + ": " + coded.Description
	}
	if err != nil {
		return "not an *oauth.Error: " + err.Error()
	}
	return ""
}

func TestAGoodTokenTellsWhoActs(t *testing.T) {
	for _, alg := range []oauth.Alg{oauth.ES256, oauth.EdDSA, oauth.RS256} {
		issuer := authwrighttest.New(issuerURL)
		issuer.Rotate(alg)
		r := protect(t, issuer)
		raw := issuer.Token(serverURL, authwrighttest.Subject("per_1"), authwrighttest.Client("cli_1"), authwrighttest.Org("acme"), authwrighttest.Claim("org_slug", "acme-inc"),
			authwrighttest.Scope("todo.all"), authwrighttest.Claim("tenant", map[string]any{"plan": "gold"}))
		for _, pass := range []string{"first", "again, from the cache"} {
			token, err := r.Verify(t.Context(), raw)
			if err != nil {
				t.Fatalf("%s, %s: Verify: %v", alg, pass, err)
			}
			got := fmt.Sprintln(token.Subject, token.ClientID, token.OrgID, token.OrgSlug, token.Issuer, token.Audience, token.Scopes)
			if want := fmt.Sprintln("per_1", "cli_1", "acme", "acme-inc", issuerURL, []string{serverURL}, "todo.all"); got != want {
				t.Errorf("%s, %s: token = %s, want %s", alg, pass, got, want)
			}
			if !token.Has("todo.read") || !token.Has("todo.all") || token.Has("todo.private") {
				t.Errorf("%s, %s: Has does not follow what todo.all implies", alg, pass)
			}
			var tenant struct{ Plan string }
			if ok, err := token.Claim("tenant", &tenant); !ok || err != nil || tenant.Plan != "gold" {
				t.Errorf("%s, %s: Claim(tenant) = %v, %v, %v, want gold", alg, pass, tenant, ok, err)
			}
			if ok, err := token.Claim("Tenant", &tenant); ok || err != nil {
				t.Errorf("%s, %s: Claim(Tenant) = %v, %v, want no such claim", alg, pass, ok, err)
			}
			if _, err := token.Claim("tenant", new(int)); err == nil {
				t.Errorf("%s, %s: Claim(tenant, *int) = nil, want an error", alg, pass)
			}
		}
	}
}

func TestACallerCannotChangeATokenForOthers(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer)
	raw := issuer.Token(serverURL, authwrighttest.Scope("todo.read"))
	for range 2 {
		token, err := r.Verify(t.Context(), raw)
		if err != nil {
			t.Fatal(err)
		}
		if token.Subject != "per_ada" || len(token.Scopes) != 1 {
			t.Fatalf("token = %+v after another caller changed theirs", token)
		}
		token.Subject = "per_eve"
		token.Scopes = append(token.Scopes, "todo.write")
	}
}

// edited replaces a part of the claims' text.
func edited(old, new string) authwrighttest.Option {
	return authwrighttest.RawClaims(func(claims string) string {
		if !strings.Contains(claims, old) {
			panic("no " + old + " in " + claims)
		}
		return strings.Replace(claims, old, new, 1)
	})
}

func TestABadTokenIsRefused(t *testing.T) {
	const (
		malformed   = "invalid_token: the token is malformed"
		badClaims   = "invalid_token: the token's claims are malformed"
		badSig      = "invalid_token: the token signature is not valid"
		member      = "invalid_token: the token header has a member that is not accepted"
		notAccess   = "invalid_token: the token is not an access token"
		noKey       = "invalid_token: the token does not name its key"
		otherKey    = "invalid_token: the token is signed with a key that the issuer does not have"
		otherIssuer = "invalid_token: the token is from another issuer"
		otherAud    = "invalid_token: the token is for another resource"
		expired     = "invalid_token: the token has expired"
		noExpiry    = "invalid_token: the token does not say when it expires"
		noIssued    = "invalid_token: the token does not say when it was issued"
		notYet      = "invalid_token: the token is not valid yet"
		noActor     = "invalid_token: the token does not say who acts"
		bound       = "invalid_token: the token is bound to a key, it is no bearer token"
	)
	is := func(options ...authwrighttest.Option) []authwrighttest.Option { return options }
	claim, header := authwrighttest.Claim, authwrighttest.Header
	without := authwrighttest.Without
	later := func(d time.Duration) int64 { return time.Now().Add(d).Unix() }
	for _, tt := range []struct {
		name    string
		options []authwrighttest.Option
		want    string
	}{
		// C1: the header.
		{"algorithm none", is(authwrighttest.Unsigned()), malformed},
		{"algorithm none in other letters", is(authwrighttest.Unsigned(), header("alg", "nOnE")), malformed},
		{"algorithm none before a real signature", is(header("alg", "none")), badSig},
		{"HS256 with the public key as the secret", is(authwrighttest.SignedWithPublicKey()), badSig},
		{"an algorithm that is not the key's", is(header("alg", "RS256")), badSig},
		{"no algorithm", is(authwrighttest.WithoutHeader("alg")), badSig},
		{"a key of someone else under the issuer's kid", is(authwrighttest.Forged()), badSig},
		{"a kid the issuer does not have", is(header("kid", "other")), otherKey},
		{"a kid that is a path", is(header("kid", "../../dev/null")), otherKey},
		{"an empty kid", is(header("kid", "")), noKey},
		{"no kid", is(authwrighttest.WithoutHeader("kid")), noKey},
		{"a kid that is a number", is(header("kid", 1)), malformed},
		{"a key in the header", is(header("jwk", map[string]string{"kty": "EC"})), member},
		{"an address of keys in the header", is(header("jku", "https://evil.example/jwks")), member},
		{"a certificate in the header", is(header("x5c", []string{"MII"})), member},
		{"an address of certificates in the header", is(header("x5u", "https://evil.example/cert")), member},
		{"a critical extension", is(header("crit", []string{"exp"}), header("exp", 1)), member},
		{"a compressed payload", is(header("zip", "DEF")), member},
		{"an unencoded payload", is(header("b64", false)), member},
		{"an encryption", is(header("enc", "A256GCM")), member},
		// C2: another kind of token.
		{"typ JWT, an ID token's", is(header("typ", "JWT")), notAccess},
		{"typ of a logout token", is(header("typ", "logout+jwt")), notAccess},
		{"typ of an ID-JAG", is(header("typ", "oauth-id-jag+jwt")), notAccess},
		{"no typ", is(authwrighttest.WithoutHeader("typ")), notAccess},
		{"typ with something after it", is(header("typ", "at+jwt ")), notAccess},
		// C3: the audience, and the issuer.
		{"another audience", is(claim("aud", "https://mcp.example.com/okr/mcp")), otherAud},
		{"an audience that is a prefix", is(claim("aud", "https://mcp.example.com/todo")), otherAud},
		{"an audience that begins with ours", is(claim("aud", serverURL+".evil.example")), otherAud},
		{"an audience with a trailing slash", is(claim("aud", serverURL+"/")), otherAud},
		{"an audience in other letters", is(claim("aud", strings.ToUpper(serverURL))), otherAud},
		{"an audience that is the origin", is(claim("aud", "https://mcp.example.com")), otherAud},
		{"an array of other audiences", is(claim("aud", []string{"a", "b"})), otherAud},
		{"an empty array of audiences", is(claim("aud", []string{})), otherAud},
		{"an audience that is one string with both", is(claim("aud", serverURL+" https://other.example")), otherAud},
		{"an audience that is an object", is(claim("aud", map[string]string{"a": serverURL})), badClaims},
		{"audience null", is(claim("aud", nil)), otherAud},
		{"no audience", is(without("aud")), otherAud},
		{"another issuer", is(claim("iss", "https://evil.example")), otherIssuer},
		{"the issuer with a trailing slash", is(claim("iss", issuerURL+"/")), otherIssuer},
		{"the issuer's origin", is(claim("iss", "https://issuer.example")), otherIssuer},
		{"no issuer", is(without("iss")), otherIssuer},
		// Times.
		{"expired half a minute and a second ago", is(claim("iat", later(-time.Hour)), claim("exp", later(-31*time.Second))), expired},
		{"no expiry", is(without("exp")), noExpiry},
		{"expiry zero", is(claim("exp", 0)), noExpiry},
		{"expiry null", is(claim("exp", nil)), badClaims},
		{"a negative expiry", is(claim("exp", -1)), badClaims},
		{"an expiry that is a string", is(claim("exp", fmt.Sprint(later(time.Hour)))), badClaims},
		{"an expiry beyond 2^53", is(edited(`"exp":`, `"exp":1e300,"x":`)), badClaims},
		{"an expiry that is not a number to JSON", is(edited(`"exp":`, `"exp":NaN,"x":`)), badClaims},
		{"an expiry that overflows", is(edited(`"exp":`, `"exp":9223372036854775808,"x":`)), badClaims},
		{"not before in more than a minute", is(claim("nbf", later(2*time.Minute))), notYet},
		{"issued in more than a minute", is(claim("iat", later(2*time.Minute))), notYet},
		{"issued after it expires", is(claim("iat", later(time.Hour)), claim("exp", later(time.Minute))), noIssued},
		{"no time of issue", is(without("iat")), noIssued},
		// Who acts.
		{"no subject", is(without("sub")), noActor},
		{"an empty subject", is(claim("sub", "")), noActor},
		{"a subject that is a number", is(claim("sub", 7)), badClaims},
		{"no client", is(without("client_id")), noActor},
		{"a scope that is an array", is(claim("scope", []string{"todo.write"})), badClaims},
		{"a scope with a quote", is(claim("scope", `a"b`)), "invalid_token: the token's scope is malformed"},
		{"bound to a DPoP key", is(claim("cnf", map[string]string{"jkt": "x"})), bound},
		// The text of the claims.
		{"the issuer twice", is(edited(`"iss":`, `"iss":"https://evil.example","iss":`)), badClaims},
		{"the audience twice", is(edited(`"aud":`, `"aud":"x","aud":`)), badClaims},
		{"the subject twice, once escaped", is(edited(`"sub":`, `"s\u0075b":"per_eve","sub":`)), badClaims},
		{"the issuer in other letters too", is(edited(`"iss":`, `"ISS":"x","iss":`)), badClaims},
		{"the issuer with a long s", is(edited(`"iss":`, `"iſs":"x","iss":`)), badClaims},
		{"data after the claims", is(authwrighttest.RawClaims(func(c string) string { return c + "{}" })), badClaims},
		{"claims that are an array", is(authwrighttest.RawClaims(func(c string) string { return "[" + c + "]" })), badClaims},
		{"claims with a byte order mark", is(authwrighttest.RawClaims(func(c string) string { return "\xef\xbb\xbf" + c })), badClaims},
		{"claims that are not UTF-8", is(edited(`per_ada`, "per_\xff")), badClaims},
		{"a token of more than 8 KiB", is(claim("x", strings.Repeat("x", 8<<10))), malformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			issuer := authwrighttest.New(issuerURL)
			r := protect(t, issuer)
			raw := issuer.Token(serverURL, tt.options...)
			for _, pass := range []string{"first", "again"} {
				if _, err := r.Verify(t.Context(), raw); refusal(err) != tt.want {
					t.Errorf("%s: Verify(%s) = %q, want %q", pass, raw, refusal(err), tt.want)
				}
			}
		})
	}
}

func TestATokenIsAcceptedInEverySpellingThatTheRFCsAllow(t *testing.T) {
	claim, header := authwrighttest.Claim, authwrighttest.Header
	for _, tt := range []struct {
		name   string
		option authwrighttest.Option
	}{
		{"typ in other letters", header("typ", "AT+JWT")},
		{"typ as a whole media type", header("typ", "application/at+jwt")},
		{"our audience among others", claim("aud", []string{"https://other.example", serverURL})},
		{"an expiry with a fraction", edited(`"exp":`, `"exp":99999999999.5,"x":`)},
		{"expired, within the skew of clocks", authwrighttest.ExpiresIn(-20 * time.Second)},
		{"made by a clock that is ahead, within the skew", claim("nbf", time.Now().Add(50*time.Second).Unix())},
		{"no scope", authwrighttest.Without("scope")},
		{"claims nobody knows", claim("https://example.com/x", []any{1, "a", nil})},
	} {
		issuer := authwrighttest.New(issuerURL)
		if _, err := protect(t, issuer).Verify(t.Context(), issuer.Token(serverURL, tt.option)); err != nil {
			t.Errorf("%s: Verify = %v, want no error", tt.name, err)
		}
	}
}

func TestATokenThatWasTamperedWithIsRefused(t *testing.T) {
	issuer := authwrighttest.New(issuerURL)
	r := protect(t, issuer)
	good := issuer.Token(serverURL)
	if _, err := r.Verify(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(good, ".")
	other := strings.Split(issuer.Token(serverURL, authwrighttest.Subject("per_eve")), ".")
	lastBits := func(s string) string { // the same bytes in a spelling that is not canonical
		const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
		return s[:len(s)-1] + string(letters[strings.IndexByte(letters, s[len(s)-1])^1])
	}
	for name, raw := range map[string]string{
		"claims of another token":             parts[0] + "." + other[1] + "." + parts[2],
		"no signature":                        parts[0] + "." + parts[1] + ".",
		"two segments":                        parts[0] + "." + parts[1],
		"four segments":                       good + ".x",
		"five segments, an encrypted form":    good + ".x.y",
		"padding":                             good + "==",
		"a signature in non-canonical base64": parts[0] + "." + parts[1] + "." + lastBits(parts[2]),
		"a space within":                      parts[0] + ". " + parts[1] + "." + parts[2],
		"a line break at the end":             good + "\n",
		"the signature cut short":             good[:len(good)-4],
		"the signature made longer":           good + "AAAA",
		"a signature of zeros":                parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"nothing":                             "",
	} {
		if _, err := r.Verify(t.Context(), raw); !strings.HasPrefix(refusal(err), "invalid_token") {
			t.Errorf("%s: Verify(%q) = %q, want invalid_token", name, raw, refusal(err))
		}
	}
}

func TestAKnownTokenDiesWhenItExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		r := protect(t, issuer)
		raw := issuer.Token(serverURL, authwrighttest.ExpiresIn(time.Minute))
		for _, step := range []struct {
			wait time.Duration
			want string
		}{
			{0, ""},
			{90 * time.Second, ""}, // clocks differ by half a minute
			{time.Second, "invalid_token: the token has expired"},
		} {
			time.Sleep(step.wait)
			if _, err := r.Verify(t.Context(), raw); refusal(err) != step.want {
				t.Errorf("after %v more: Verify = %q, want %q", step.wait, refusal(err), step.want)
			}
		}
	})
}
