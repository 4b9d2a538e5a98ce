// redirect_uri.go: redirect URIs (OAuth 2.1 §2.3, RFC 8252 §7, RFC 3986 §6.2.1): validated hard once, then compared byte for byte.

package oauth

import (
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const maxRedirectURI = 2048 // bytes

// RedirectURI is a redirect URI that passed ParseRedirectURI. Only its exact spelling matches; the port of a
// loopback address alone is free (RFC 8252 §7.3).
type RedirectURI string

// RedirectKind says where a redirect URI leads, which decides how far consent may trust it.
type RedirectKind int

// The kinds of redirect URI.
const (
	RedirectHTTPS    RedirectKind = iota // a web site
	RedirectLoopback                     // a program on the person's own machine; nobody can prove which
	RedirectPrivate                      // an application that claimed a scheme (RFC 8252 §7.1)
)

// forbiddenSchemes run code, read files, carry data or start something of the system's own when a browser follows
// them; localhost is a host whose scheme was forgotten.
var forbiddenSchemes = []string{
	"about", "afp", "android-app", "blob", "callto", "chrome", "chrome-extension", "chrome-search", "chrome-untrusted", "cid",
	"cifs", "content", "data", "devtools", "dict", "edge", "facetime", "feed", "file", "filesystem", "finger", "ftp", "ftps",
	"geo", "git", "gopher", "hcp", "help", "http", "https", "imap", "intent", "irc", "ircs", "itms", "itms-apps",
	"itms-services", "jar", "javascript", "jdbc", "ldap", "ldaps", "livescript", "localhost", "magnet", "mailto", "market",
	"mhtml", "mid", "mms", "mocha", "moz-extension", "news", "nfs", "nntp", "opaquelocktoken", "pop", "rdp", "res",
	"resource", "rtsp", "safari-extension", "safari-web-extension", "scp", "search", "search-ms", "sftp", "shell", "sip",
	"sips", "smb", "sms", "smsto", "snews", "ssh", "svn", "tel", "telnet", "tftp", "tn3270", "urn", "vbscript",
	"view-source", "vnc", "wais", "webcal", "ws", "wss", "wyciwyg", "x-apple-helpbasic", "xmpp",
}

// responseParams are what an authorization response adds (RFC 6749 §4.1.2, RFC 9207 §2). Each must be there once,
// so a redirect URI may not bring its own.
var responseParams = []string{"code", "state", "iss", "error", "error_description", "error_uri"}

// ParseRedirectURI validates a redirect URI at registration. It refuses every spelling that two parsers could
// read differently; the error names what is wrong, for the developer who registers.
func ParseRedirectURI(s string) (RedirectURI, error) {
	refuse := func(why string) (RedirectURI, error) {
		return "", Errorf(InvalidRedirectURI, "redirect URI %q %s", s, why)
	}
	if len(s) > maxRedirectURI {
		return "", Errorf(InvalidRedirectURI, "a redirect URI is longer than %d bytes", maxRedirectURI)
	}
	for i := range len(s) {
		if c := s[i]; c <= 0x20 || c >= 0x7f || strings.IndexByte(`\"<>^{|}`+"`", c) >= 0 {
			return refuse("holds a character that is not allowed in a URI")
		}
	}
	if strings.Contains(s, "#") {
		return refuse("has a fragment")
	}
	if strings.Contains(s, "*") {
		return refuse("has a wildcard: register each URI exactly")
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return refuse("is not an absolute URI")
	}
	scheme, rest, _ := strings.Cut(s, ":")
	if scheme != strings.ToLower(scheme) {
		return refuse("must spell its scheme in lower case")
	}
	if !canonicalEscapes(rest) {
		return refuse("has a percent-encoding that readers understand differently")
	}
	if hasDotSegment(u.EscapedPath()) {
		return refuse("has a . or .. segment")
	}
	if name := reservedParam(u.RawQuery); name != "" {
		return refuse("has the parameter " + name + " of the authorization response in its query")
	}
	switch scheme {
	case "https", "http":
		if why := checkWebRedirect(u, s); why != "" {
			return refuse(why)
		}
	default:
		if why := checkPrivateScheme(u, scheme); why != "" {
			return refuse(why)
		}
	}
	return RedirectURI(s), nil
}

// checkWebRedirect wants https, or http on the person's own machine, with the host in its only spelling.
func checkWebRedirect(u *url.URL, s string) (why string) {
	host := u.Hostname()
	authority, _, _ := strings.Cut(strings.TrimPrefix(s, u.Scheme+"://"), "/")
	authority, _, _ = strings.Cut(authority, "?")
	switch {
	case !strings.HasPrefix(s, u.Scheme+"://") || host == "":
		return "has no host"
	case u.User != nil || strings.Contains(authority, "@"):
		return "has user information"
	case u.Host != authority || authority != strings.ToLower(authority) || strings.Contains(authority, "%"):
		return "must spell its host in lower case, without escapes"
	case strings.HasSuffix(host, ".") || strings.HasPrefix(host, ".") || strings.Contains(host, ".."):
		return "has an empty label in its host"
	case strings.HasSuffix(authority, ":") || !canonicalPort(u.Port(), u.Scheme):
		return "must have a port from 1 to 65535 without leading zeros, and no default port"
	case u.Scheme == "http" && !IsLoopbackHost(host):
		return "must be https: http is for 127.0.0.1, [::1] and localhost only"
	case !canonicalHost(host):
		return "has a host that readers understand differently"
	}
	return ""
}

// canonicalHost: a name of LDH labels, or an IP address in its one canonical spelling.
func canonicalHost(host string) bool {
	if addr, err := netip.ParseAddr(host); err == nil {
		return addr.String() == host && addr.Zone() == "" && !addr.Is4In6()
	}
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for i := range len(label) {
			c := label[i]
			if !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_') {
				return false
			}
		}
	}
	last := host[strings.LastIndexByte(host, '.')+1:]
	return len(host) <= 253 && !allDigits(last) && !strings.HasPrefix(last, "0x") // 127.1 and 0x7f.1 are addresses to a browser
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

func canonicalPort(port, scheme string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0 && strconv.FormatUint(n, 10) == port &&
		!(scheme == "https" && n == 443) && !(scheme == "http" && n == 80)
}

// checkPrivateScheme wants a scheme an application may claim (RFC 8252 §7.1) and no user information.
func checkPrivateScheme(u *url.URL, scheme string) (why string) {
	switch {
	case slices.Contains(forbiddenSchemes, scheme) || strings.HasPrefix(scheme, "ms-") || strings.HasPrefix(scheme, "microsoft"):
		return "has a scheme that a browser acts on"
	case u.User != nil:
		return "has user information"
	case u.Opaque == "" && u.Host == "" && strings.Trim(u.Path, "/") == "":
		return "has nothing after its scheme"
	case u.Opaque != "" && '0' <= u.Opaque[0] && u.Opaque[0] <= '9':
		return "has no scheme: what is before the colon is a host, what is after it a port"
	}
	return ""
}

// canonicalEscapes refuses an escape of a character that needs none, or that servers decode into structure.
func canonicalEscapes(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			continue
		}
		if i+2 >= len(s) {
			return false
		}
		n, err := strconv.ParseUint(s[i+1:i+3], 16, 8)
		if c := byte(n); err != nil || c < 0x20 || c == 0x7f || unreserved(c) || c == '/' || c == '\\' || c == '%' || strings.ToUpper(s[i:i+3]) != s[i:i+3] {
			return false
		}
		i += 2
	}
	return true
}

// reservedParam finds a parameter of the authorization response in a query.
func reservedParam(query string) string {
	for pair := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if slices.Contains(responseParams, name) {
			return name
		}
	}
	return ""
}

// hasDotSegment looks for . and .., also with the path parameters that some servers cut off first ("..;x").
func hasDotSegment(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		segment, _, _ = strings.Cut(segment, ";")
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// IsLoopbackHost tells whether host is one of the three spellings of this machine that RFC 8252 §7.3 and MCP
// clients use. The three are not interchangeable.
func IsLoopbackHost(host string) bool {
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// Kind says where the URI leads.
func (r RedirectURI) Kind() RedirectKind {
	switch {
	case strings.HasPrefix(string(r), "https://"):
		return RedirectHTTPS
	case strings.HasPrefix(string(r), "http://"):
		return RedirectLoopback
	default:
		return RedirectPrivate
	}
}

// Host is what a person is shown of where the answer goes: the host, or the scheme of an application.
func (r RedirectURI) Host() string {
	u, err := url.Parse(string(r))
	switch {
	case err != nil:
		return ""
	case r.Kind() == RedirectPrivate:
		return u.Scheme + ":"
	case r.Kind() == RedirectLoopback:
		return u.Hostname()
	default:
		return u.Host
	}
}

// Source is the CSP source expression that lets a form's redirect reach the URI (CSP3 §2.3.1).
func (r RedirectURI) Source() string {
	u, err := url.Parse(string(r))
	switch {
	case err != nil:
		return ""
	case r.Kind() == RedirectPrivate || strings.HasPrefix(u.Host, "["): // CSP has no way to write an IPv6 address
		return u.Scheme + ":"
	default:
		return u.Scheme + "://" + u.Host
	}
}

// Match tells whether requested is the registered URI r, and returns the URI to redirect to. They are equal
// byte for byte, except that a loopback address may come back on another port (RFC 8252 §7.3): then what is
// returned is r with that port.
func (r RedirectURI) Match(requested string) (RedirectURI, bool) {
	if string(r) == requested {
		return r, true
	}
	if r.Kind() != RedirectLoopback {
		return "", false
	}
	got, err := ParseRedirectURI(requested)
	if err != nil || got.Kind() != RedirectLoopback || got.Portless() != r.Portless() {
		return "", false
	}
	return got, true
}

// Portless is a loopback URI without its port, every other byte untouched; any other URI is returned as it is.
// Loopback URIs that are the same but for the port mean the same (RFC 8252 §7.3).
func (r RedirectURI) Portless() string {
	if r.Kind() != RedirectLoopback {
		return string(r)
	}
	scheme, rest, _ := strings.Cut(string(r), "://")
	end := strings.IndexAny(rest, "/?")
	if end < 0 {
		end = len(rest)
	}
	authority, tail := rest[:end], rest[end:]
	if colon := strings.LastIndexByte(authority, ':'); colon > strings.LastIndexByte(authority, ']') {
		authority = authority[:colon]
	}
	return scheme + "://" + authority + tail
}

// WithParams is the URI with the parameters of an authorization response added to its query (RFC 6749 §4.1.2).
// The parameters come as name and value in turn; the query that is there stays byte for byte.
func (r RedirectURI) WithParams(pairs ...string) string {
	var b strings.Builder
	b.WriteString(string(r))
	sep := byte('&')
	if _, query, has := strings.Cut(string(r), "?"); !has {
		sep = '?'
	} else if query == "" || strings.HasSuffix(query, "&") {
		sep = 0
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		if sep != 0 {
			b.WriteByte(sep)
		}
		b.WriteString(pairs[i] + "=" + strings.ReplaceAll(url.QueryEscape(pairs[i+1]), "+", "%20")) // every reader knows %20
		sep = '&'
	}
	return b.String()
}
