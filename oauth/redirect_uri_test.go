package oauth

import (
	"errors"
	"net/url"
	"strings"
	"testing"
)

func TestParseRedirectURI(t *testing.T) {
	accepted := []struct {
		name, uri string
		kind      RedirectKind
	}{
		{"a web site", "https://app.example/cb", RedirectHTTPS},
		{"a web site without a path", "https://app.example", RedirectHTTPS},
		{"a trailing slash is part of it", "https://grok.com/connectors-oauth-exchange-code/", RedirectHTTPS},
		{"a port of its own", "https://app.example:8443/cb", RedirectHTTPS},
		{"a query of its own", "https://app.example/cb?tenant=7&x=%20", RedirectHTTPS},
		{"an underscore in a label", "https://my_app.example/cb", RedirectHTTPS},
		{"punycode", "https://xn--bcher-kva.example/cb", RedirectHTTPS},
		{"an IPv4 address", "https://192.0.2.7/cb", RedirectHTTPS},
		{"an IPv6 address", "https://[2001:db8::1]:8443/cb", RedirectHTTPS},
		{"https on this machine is a web site like any other", "https://localhost/cb", RedirectHTTPS},
		{"loopback without port", "http://127.0.0.1/callback", RedirectLoopback},
		{"loopback with port", "http://127.0.0.1:33418/", RedirectLoopback},
		{"loopback by name", "http://localhost:8787/callback", RedirectLoopback},
		{"loopback IPv6", "http://[::1]:7000/callback", RedirectLoopback},
		{"a private scheme with a host", "cursor://anysphere.cursor-mcp/oauth/callback", RedirectPrivate},
		{"a private scheme in reverse DNS form", "com.example.app:/oauth2redirect", RedirectPrivate},
		{"a private scheme with an opaque part", "com.example.app:callback", RedirectPrivate},
		{"a private scheme with an empty host", "com.example.app:///cb", RedirectPrivate},
	}
	for _, tt := range accepted {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRedirectURI(tt.uri)
			if err != nil || string(got) != tt.uri || got.Kind() != tt.kind {
				t.Errorf("ParseRedirectURI(%q) = %q of kind %d, %v; want it as it is, of kind %d", tt.uri, got, got.Kind(), err, tt.kind)
			}
		})
	}
	refused := []struct{ name, uri string }{
		{"nothing", ""},
		{"no scheme", "app.example/cb"},
		{"only a path", "/cb"},
		{"only a host", "//app.example/cb"},
		{"a host whose scheme was forgotten", "localhost:8080/cb"},
		{"a name and port whose scheme was forgotten", "app.example:8443/cb"},
		{"an address and port whose scheme was forgotten", "127.0.0.1:8080/cb"},
		{"no host", "https:///cb"},
		{"no host but a port", "https://:443/cb"},
		{"no slashes", "https:app.example/cb"},
		{"one slash", "https:/app.example/cb"},
		{"a fragment", "https://app.example/cb#x"},
		{"an empty fragment", "https://app.example/cb#"},
		{"user information", "https://user@app.example/cb"},
		{"a password", "https://app.example:pw@evil.example/cb"},
		{"empty user information", "https://@app.example/cb"},
		{"an at sign in the port", "https://app.example:443@evil.example/cb"},
		{"a wildcard host", "https://*.app.example/cb"},
		{"a wildcard path", "https://app.example/*"},
		{"a space before", " https://app.example/cb"},
		{"a space within", "https://app.example/c b"},
		{"a newline after", "https://app.example/cb\n"},
		{"a tab in the scheme", "java\tscript:alert(1)"},
		{"a NUL", "https://app.example/\x00"},
		{"DEL", "https://app.example/\x7f"},
		{"a letter outside ASCII", "https://äpp.example/cb"},
		{"a full-width full stop", "https://app。example/cb"},
		{"a backslash", `https://app.example\@evil.example/cb`},
		{"a backslash in the path", `https://app.example/a\b`},
		{"an escaped backslash", "https://app.example/a%5Cb"},
		{"an escaped slash", "https://app.example/a%2Fb"},
		{"an escaped slash in small letters", "https://app.example/a%2fb"},
		{"an escaped percent sign", "https://app.example/a%252Fb"},
		{"an escaped dot", "https://app.example/%2E%2E/cb"},
		{"an escaped letter", "https://app.example/%61"},
		{"an escape in small letters", "https://app.example/%c3%a9"},
		{"half an escape", "https://app.example/%4"},
		{"an escape of a newline", "https://app.example/%0A"},
		{"an escape in the host", "https://app%2Eexample/cb"},
		{"a quote", `https://app.example/"x`},
		{"angle brackets", "https://app.example/<x>"},
		{"a dot segment", "https://app.example/./cb"},
		{"two dots", "https://app.example/a/../cb"},
		{"two dots at the end", "https://app.example/a/.."},
		{"two dots with a path parameter", "https://app.example/a/..;x/cb"},
		{"dots on loopback", "http://127.0.0.1/a/../cb"},
		{"dots in a private scheme", "com.example.app:/a/../cb"},
		{"capitals in the scheme", "HTTPS://app.example/cb"},
		{"capitals in a private scheme", "Com.Example:/cb"},
		{"capitals in the host", "https://App.example/cb"},
		{"a trailing dot", "https://app.example./cb"},
		{"a leading dot", "https://.app.example/cb"},
		{"an empty label", "https://app..example/cb"},
		{"a label that begins with a hyphen", "https://-app.example/cb"},
		{"a label that ends with a hyphen", "https://app-.example/cb"},
		{"a label of 64", "https://" + strings.Repeat("a", 64) + ".example/cb"},
		{"a host of 254", "https://" + strings.Repeat("abcdefg.", 31) + "example/cb"},
		{"the default port said", "https://app.example:443/cb"},
		{"the default port said on loopback", "http://127.0.0.1:80/cb"},
		{"an empty port", "https://app.example:/cb"},
		{"port 0", "https://app.example:0/cb"},
		{"a padded port", "http://127.0.0.1:08080/cb"},
		{"a port too large", "https://app.example:65536/cb"},
		{"a port with a sign", "https://app.example:+80/cb"},
		{"http", "http://app.example/cb"},
		{"http to a name that begins like loopback", "http://localhost.evil.example/cb"},
		{"http to a name that begins like the address", "http://127.0.0.1.evil.example/cb"},
		{"http to a name that ends like loopback", "http://evil-localhost/cb"},
		{"http to another loopback address", "http://127.0.0.2/cb"},
		{"http to all addresses", "http://0.0.0.0/cb"},
		{"http to the private network", "http://192.168.1.1/cb"},
		{"loopback with a trailing dot", "http://localhost./cb"},
		{"a short IPv4 address", "http://127.1/cb"},
		{"a hexadecimal IPv4 address", "http://0x7f000001/cb"},
		{"a hexadecimal last label", "https://a.0x1/cb"},
		{"an octal IPv4 address", "http://0177.0.0.1/cb"},
		{"an IPv4 address as one number", "http://2130706433/cb"},
		{"five numbers", "https://1.2.3.4.5/cb"},
		{"IPv6 loopback in its long form", "http://[0:0:0:0:0:0:0:1]/cb"},
		{"IPv6 with a zone", "http://[::1%25lo]/cb"},
		{"IPv4 in IPv6", "http://[::ffff:127.0.0.1]/cb"},
		{"capitals in IPv6", "https://[2001:DB8::1]/cb"},
		{"IPv4 in brackets", "http://[127.0.0.1]/cb"},
		{"a name in brackets", "http://[localhost]/cb"},
		{"IPv6 without brackets", "http://::1/cb"},
		{"nothing after a private scheme", "com.example.app:"},
		{"only slashes after a private scheme", "com.example.app:///"},
		{"user information in a private scheme", "cursor://user@host/cb"},
		{"a code of its own", "https://app.example/cb?code=x"},
		{"a state of its own", "https://app.example/cb?a=b&state=x"},
		{"an issuer of its own", "https://app.example/cb?iss=https://evil.example"},
		{"an error of its own on loopback", "http://127.0.0.1/cb?error"},
		{"too long", "https://app.example/" + strings.Repeat("a", 2048)},
	}
	for _, scheme := range append(forbiddenSchemes, "ms-settings", "ms-msdt", "microsoft-edge") {
		if scheme != "http" && scheme != "https" {
			refused = append(refused, struct{ name, uri string }{"the scheme " + scheme, scheme + ":alert(1)"},
				struct{ name, uri string }{"the scheme " + scheme + " with slashes", scheme + "://host/cb"})
		}
	}
	for _, tt := range refused {
		t.Run(tt.name, func(t *testing.T) {
			got, err := ParseRedirectURI(tt.uri)
			var refusal *Error
			if !errors.As(err, &refusal) || refusal.Code != InvalidRedirectURI {
				t.Errorf("ParseRedirectURI(%q) = %q, %v; want %s", tt.uri, got, err, InvalidRedirectURI)
			}
		})
	}
}

func TestRedirectURIMatch(t *testing.T) {
	for _, tt := range []struct{ name, registered, requested, want string }{
		{"the same", "https://app.example/cb", "https://app.example/cb", "https://app.example/cb"},
		{"a trailing slash more", "https://app.example/cb", "https://app.example/cb/", ""},
		{"a query more", "https://app.example/cb", "https://app.example/cb?x=1", ""},
		{"another port of a web site", "https://app.example/cb", "https://app.example:8443/cb", ""},
		{"the default port said", "https://app.example/cb", "https://app.example:443/cb", ""},
		{"other letters in the host", "https://app.example/cb", "https://APP.example/cb", ""},
		{"an escape of the same letter", "https://app.example/cb", "https://app.example/%63b", ""},
		{"a dot segment that leads to the same", "https://app.example/cb", "https://app.example/a/../cb", ""},
		{"another site with the registered one as prefix", "https://app.example", "https://app.example.evil.example", ""},
		{"loopback on another port", "http://127.0.0.1:1234/cb", "http://127.0.0.1:50001/cb", "http://127.0.0.1:50001/cb"},
		{"loopback registered without a port", "http://localhost/callback", "http://localhost:3118/callback", "http://localhost:3118/callback"},
		{"loopback asked without the port", "http://localhost:3118/callback", "http://localhost/callback", "http://localhost/callback"},
		{"IPv6 loopback on another port", "http://[::1]/cb", "http://[::1]:9/cb", "http://[::1]:9/cb"},
		{"loopback without a path", "http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:2"},
		{"the loopback hosts are not one", "http://127.0.0.1/cb", "http://localhost/cb", ""},
		{"nor are the two addresses", "http://127.0.0.1/cb", "http://[::1]/cb", ""},
		{"another path on loopback", "http://127.0.0.1/cb", "http://127.0.0.1:9/cb2", ""},
		{"another query on loopback", "http://127.0.0.1/cb?a=1", "http://127.0.0.1:9/cb?a=2", ""},
		{"a port in the query stays", "http://127.0.0.1/cb?a=:1", "http://127.0.0.1/cb?a=:2", ""},
		{"https on loopback has one port", "https://localhost/cb", "https://localhost:9/cb", ""},
		{"another scheme on loopback", "http://127.0.0.1/cb", "https://127.0.0.1:9/cb", ""},
		{"a name that begins like loopback", "http://localhost/cb", "http://localhost.evil.example/cb", ""},
		{"user information that looks like a host", "http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", ""},
		{"a port that is none", "http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", ""},
		{"a padded port", "http://127.0.0.1/cb", "http://127.0.0.1:0080/cb", ""},
		{"an empty port", "http://127.0.0.1/cb", "http://127.0.0.1:/cb", ""},
		{"a fragment", "http://127.0.0.1/cb", "http://127.0.0.1:9/cb#x", ""},
		{"a private scheme is exact", "cursor://host/cb", "cursor://host/cb", "cursor://host/cb"},
		{"a private scheme has no free port", "cursor://localhost/cb", "cursor://localhost:9/cb", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := RedirectURI(tt.registered).Match(tt.requested)
			if string(got) != tt.want || ok != (tt.want != "") {
				t.Errorf("RedirectURI(%q).Match(%q) = %q, %v; want %q", tt.registered, tt.requested, got, ok, tt.want)
			}
		})
	}
}

func TestRedirectURIShownAndSource(t *testing.T) {
	for _, tt := range []struct{ uri, host, source string }{
		{"https://app.example:8443/cb", "app.example:8443", "https://app.example:8443"},
		{"http://127.0.0.1:5000/cb", "127.0.0.1", "http://127.0.0.1:5000"},
		{"http://[::1]:5000/cb", "::1", "http:"},
		{"cursor://anysphere.cursor-mcp/cb", "cursor:", "cursor:"},
		{"com.example.app:/cb", "com.example.app:", "com.example.app:"},
	} {
		r := RedirectURI(tt.uri)
		if r.Host() != tt.host || r.Source() != tt.source {
			t.Errorf("RedirectURI(%q): Host %q, Source %q; want %q, %q", tt.uri, r.Host(), r.Source(), tt.host, tt.source)
		}
	}
}

func TestRedirectURIWithParams(t *testing.T) {
	for _, tt := range []struct{ name, uri, want string }{
		{"no query", "https://app.example/cb", "https://app.example/cb?code=c&state=a%20b%2B%26c"},
		{"a query stays byte for byte", "https://app.example/cb?b=%20&a", "https://app.example/cb?b=%20&a&code=c&state=a%20b%2B%26c"},
		{"an empty query", "https://app.example/cb?", "https://app.example/cb?code=c&state=a%20b%2B%26c"},
		{"a query of one question mark", "https://app.example/cb??", "https://app.example/cb??&code=c&state=a%20b%2B%26c"},
		{"an ampersand without a query", "com.example.app:a&", "com.example.app:a&?code=c&state=a%20b%2B%26c"},
		{"a private scheme", "com.example.app:/cb", "com.example.app:/cb?code=c&state=a%20b%2B%26c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := RedirectURI(tt.uri).WithParams("code", "c", "absent", "", "state", "a b+&c")
			if got != tt.want {
				t.Errorf("RedirectURI(%q).WithParams(…) = %q, want %q", tt.uri, got, tt.want)
			}
		})
	}
}

// FuzzRedirectURI: whatever is accepted has one reading: url.Parse writes it back as it was, it matches itself, and a
// response can be added to it and read again.
func FuzzRedirectURI(f *testing.F) {
	for _, seed := range []string{
		"https://app.example/cb?x=1", "http://127.0.0.1:33418/", "http://[::1]/a", "cursor://a.b/c", "com.example:/x",
		"https://a@b/", "https://a/%2e%2e", "javascript:alert(1)", "http://localhost:0/", "a:b?c", "https://a:1?b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRedirectURI(s)
		if err != nil {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.String() != s {
			t.Fatalf("ParseRedirectURI accepted %q, which is written back as %q (%v)", s, u, err)
		}
		if got, ok := r.Match(s); !ok || got != r {
			t.Fatalf("%q does not match itself", s)
		}
		if r.Kind() == RedirectLoopback && !IsLoopbackHost(u.Hostname()) {
			t.Fatalf("%q is http to %q", s, u.Hostname())
		}
		back, err := url.Parse(r.WithParams("code", "c d", "iss", "https://as.example"))
		if err != nil || back.Query().Get("code") != "c d" || len(back.Query()["iss"]) != 1 || back.Host != u.Host || back.Scheme != u.Scheme {
			t.Fatalf("a response at %q reads %v (%v)", s, back, err)
		}
		if host := r.Source(); strings.ContainsAny(host, " ;,'\"") {
			t.Fatalf("the CSP source of %q is %q", s, host)
		}
	})
}

// FuzzRedirectMatch: two URIs match only when they are the same, or loopback on two ports.
func FuzzRedirectMatch(f *testing.F) {
	f.Add("http://127.0.0.1/cb", "http://127.0.0.1:9/cb")
	f.Add("https://a.example/cb", "https://a.example:443/cb")
	f.Add("http://localhost/cb?a=:1", "http://localhost:1/cb?a=:1")
	f.Fuzz(func(t *testing.T, registered, requested string) {
		r, err := ParseRedirectURI(registered)
		if err != nil {
			return
		}
		got, ok := r.Match(requested)
		if !ok || registered == requested {
			return
		}
		a, _ := url.Parse(registered)
		b, err := url.Parse(requested)
		if err != nil || string(got) != requested || a.Scheme != "http" || b.Scheme != "http" || a.Hostname() != b.Hostname() ||
			a.EscapedPath() != b.EscapedPath() || a.RawQuery != b.RawQuery || !IsLoopbackHost(b.Hostname()) || b.User != nil {
			t.Fatalf("%q matches %q", registered, requested)
		}
	})
}
