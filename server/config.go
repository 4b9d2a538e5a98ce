// config.go: what an operator sets. Everything wrong is told at once, each with the name of its field.

package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/oauth"
)

// Config is what a deployment is made of. Issuer and Database must be set, and one of Key and KeyFile.
type Config struct {
	// Issuer is the base URL of the deployment and the issuer of its default project: https, or http on loopback;
	// no trailing slash, query or fragment. URLs are made from it and never from a request (RFC 8414 §2).
	Issuer string
	// Database is "sqlite:PATH" or a "postgres://" URL.
	Database string
	// Key is the key-encryption key: 32 bytes in base64. It seals what the database keeps and is never in it.
	Key string
	// KeyFile is where the key-encryption key is, when Key is empty. With an SQLite database it is made at the first start.
	KeyFile string
	// TrustedProxies are the networks whose X-Forwarded-For is believed, for the client's address and nothing else.
	TrustedProxies []netip.Prefix
	// PrivateNetworks are special-purpose networks that client id metadata documents may be read from.
	PrivateNetworks []netip.Prefix
	// LoopbackDocuments lets client id metadata documents be read from this machine: for demos and development.
	LoopbackDocuments bool
	// UnlimitedRegistration takes away the limits on how often clients may register themselves, where only this
	// machine can reach the server.
	UnlimitedRegistration bool
	// SMTP is the mail server. Without it, and without DeliverMail, the ways to log in that need mail are off.
	SMTP SMTP
	// DeliverMail takes every mail in the place of a mail server: for programs with a mail service of their own, and
	// for demos. It is called by one of two workers, never while somebody waits.
	DeliverMail func(ctx context.Context, m Mail) error
	// LookupTXT asks DNS whether the domains of organizations are still theirs; nil asks this machine's servers.
	LookupTXT func(ctx context.Context, name string) ([]string, error)
	// Resources are the MCP servers of your own program, filed in the default project at every start; others are added with
	// the command line.
	Resources []Resource
	// People are the accounts of your own program: its passwords count on our sign-in page, and ours do not. They are
	// those of the default project.
	People People
	// Login has people sign in on a page of your own program, in the place of our sign-in page. Keep one of People and Login.
	Login Login
	// Title is what the default project is called, on top of its pages and in its letters, in the place of what
	// "authwright project set --title" said; without either it is the issuer's host.
	Title string
	// Pages change the look of our pages.
	Pages Pages
	// Log takes what the operator should know; nil is slog.Default.
	Log *slog.Logger
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// ConfigError is one thing that is wrong with a configuration.
type ConfigError struct {
	Field   string // as a configuration file names it: "issuer", "key_file"
	Problem string
}

// Error names the field and the problem.
func (e *ConfigError) Error() string { return e.Field + ": " + e.Problem }

// Check tells all that is wrong with the configuration, or nil: errors.Join of *ConfigError.
func (c Config) Check() error {
	var wrong []error
	add := func(field, format string, args ...any) {
		wrong = append(wrong, &ConfigError{field, fmt.Sprintf(format, args...)})
	}
	if why := checkIssuer(c.Issuer); why != "" {
		add("issuer", "%s", why)
	}
	switch scheme, rest, _ := strings.Cut(c.Database, ":"); {
	case c.Database == "":
		add("database", "is missing: use sqlite:PATH or postgres://USER@HOST/NAME")
	case scheme == "sqlite" && rest == "":
		add("database", "names no file: use sqlite:PATH")
	case scheme != "sqlite" && scheme != "postgres" && scheme != "postgresql":
		add("database", "must begin with sqlite: or postgres://")
	}
	switch {
	case c.Key == "" && c.KeyFile == "":
		add("key_file", "is missing: name a file for the key-encryption key, or set key")
	case c.Key != "" && c.KeyFile != "":
		add("key", "is set beside key_file: keep one of them")
	case c.Key != "":
		if _, err := keys.ParseKEK(c.Key); err != nil {
			add("key", "%v", err)
		}
	}
	c.SMTP.check(add)
	if c.SMTP != (SMTP{}) && c.DeliverMail != nil {
		add("smtp.host", "is set beside DeliverMail: keep one of them")
	}
	c.checkResources(add)
	c.checkEmbedded(add)
	return errors.Join(wrong...)
}

// checkIssuer says what is wrong with an issuer (RFC 8414 §2; OAuth 2.1 §1.5 for https).
func checkIssuer(issuer string) string {
	u, err := url.Parse(issuer)
	switch {
	case issuer == "":
		return "is missing: it is the URL that clients reach this server under, such as https://auth.example.com"
	case err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Sprintf("%q is not a URL such as https://auth.example.com", issuer)
	case u.Scheme == "http" && !oauth.IsLoopbackHost(u.Hostname()):
		return fmt.Sprintf("%q must be https: http is for loopback addresses only", issuer)
	case strings.ContainsAny(issuer, "?#") || strings.HasSuffix(issuer, "/"):
		return fmt.Sprintf("%q must have no query, fragment or trailing slash", issuer)
	case u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80" || strings.HasSuffix(u.Host, ":"):
		return fmt.Sprintf("%q must leave out the default port: browsers do", issuer)
	case issuer != u.Scheme+"://"+strings.ToLower(u.Host)+u.EscapedPath() || strings.Contains(u.EscapedPath(), "%"):
		return fmt.Sprintf("%q must be spelled in lower case, without escapes", issuer)
	}
	return ""
}

// LoadKey reads the key-encryption key from where the configuration says.
func (c Config) LoadKey() ([]byte, error) {
	if c.Key != "" {
		return keys.ParseKEK(c.Key)
	}
	return keys.LoadKEK(c.KeyFile, strings.HasPrefix(c.Database, "sqlite:"))
}

// addrOf is the address a request comes from: the peer's, or what a trusted proxy says of it. Of the addresses in
// X-Forwarded-For the last that no trusted proxy put its name to counts; a client can only add in front.
func addrOf(trusted []netip.Prefix, remote string, forwarded []string) netip.Addr {
	addr := parseAddr(remote)
	if len(trusted) == 0 || !within(addr, trusted) {
		return addr
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return addr
		}
		addr = hop.Unmap()
		if !within(addr, trusted) {
			return addr
		}
	}
	return addr
}

func parseAddr(remote string) netip.Addr {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, _ := netip.ParseAddr(host)
	return addr.Unmap().WithZone("")
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	for _, n := range networks {
		if n.Contains(addr) {
			return true
		}
	}
	return false
}
