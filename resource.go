// resource.go: one MCP server and what a program has to say about it (RFC 9728 §2, RFC 8707 §2).

package authwright

import (
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Config says what is protected and who may say who gets in. Resource and Issuer are required; the rest may stay zero.
type Config struct {
	// Resource is the canonical URL of the MCP server, exactly as people type it into their clients: lower-case
	// scheme and host, no query, no fragment, no trailing slash. Tokens must name it as their audience.
	Resource string
	// Issuer is the authorization server, byte for byte as in its metadata and in the iss of its tokens.
	Issuer string
	// Name is what people are shown of the server.
	Name string

	// Scopes are what every request needs, and all that a client is asked to get at first.
	Scopes []string
	// Tools, Prompts and Resources say what a tools/call, prompts/get or resources/read needs beyond Scopes, by
	// tool name, prompt name or resource URI. The key "*" stands for all that are not listed; without it they, and
	// whatever is misspelt here, need no more than Scopes (see CheckTools). A resource key may also end in "*", and
	// then the longest such prefix counts.
	Tools, Prompts, Resources map[string][]string
	// Implies says which scopes a scope includes: {"todo.write": {"todo.read"}}.
	Implies map[string][]string

	// AllowedOrigins are the web origins whose pages may call the server, besides its own: "https://app.example",
	// "http://localhost:*" for any port, or "*" for all. A request from another origin is refused.
	AllowedOrigins []string

	// JWKSURI is where the issuer's keys are. Empty means as the issuer's metadata says (RFC 8414), on the issuer's origin.
	JWKSURI string
	// Introspection has the issuer asked about tokens (RFC 7662), in addition to the check of the signature or alone.
	Introspection *Introspection
	// Transport carries requests to the issuer. Nil means the network; Direct means an issuer in the same program.
	Transport http.RoundTripper

	// SessionKey ties the session ids of MCP before 2026-07-28 to who got them. Replicas that share sessions
	// share a key of at least 32 bytes; empty means a random one.
	SessionKey []byte
	// MaxBody is the largest request body in bytes; 4 MiB when zero.
	MaxBody int64
	// Log is told when the issuer cannot be reached. Nil means slog.Default().
	Log *slog.Logger
}

// defaultMaxBody is what the official SDKs accept too.
const defaultMaxBody = 4 << 20

// Resource is a protected MCP server. Make it with New; it may be used by many goroutines.
type Resource struct {
	url       *url.URL
	resource  string
	issuer    string
	metadata  oauth.ProtectedResource
	metaURL   string
	metaPath  string
	scopes    oauth.Scope
	needs     needs
	implies   map[string]oauth.Scope
	origins   []string
	strangers strangers
	maxBody   int64

	door       *issuerDoor
	keys       *keyring      // nil when introspection decides alone
	introspect *introspector // nil when the signature decides alone
	cache      *tokenCache
	sessionKey []byte
	log        *slog.Logger
	now        func() time.Time
}

// New checks the configuration and tells all that is wrong with it at once. It does not call the issuer: the first
// request does.
func New(cfg Config) (*Resource, error) {
	var wrong []error
	note := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }

	u, err := checkResourceURL(cfg.Resource)
	if err != nil {
		note("Resource %q: %w", cfg.Resource, err)
	}
	if err := checkIssuerURL(cfg.Issuer); err != nil {
		note("Issuer %q: %w", cfg.Issuer, err)
	}
	wrong = append(wrong, checkScopes(cfg)...)
	for _, origin := range cfg.AllowedOrigins {
		if err := checkOrigin(origin); err != nil {
			note("AllowedOrigins %q: %w", origin, err)
		}
	}
	if cfg.JWKSURI != "" {
		if err := checkTransportSecurity(cfg.JWKSURI); err != nil {
			note("JWKSURI %q: %w", cfg.JWKSURI, err)
		}
	}
	if n := len(cfg.SessionKey); n > 0 && n < 32 {
		note("SessionKey has %d bytes, it needs 32 or more", n)
	}
	if cfg.MaxBody < 0 {
		note("MaxBody is negative")
	}
	if cfg.Introspection != nil {
		wrong = append(wrong, cfg.Introspection.check()...)
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("authwright: %w", errors.Join(wrong...))
	}
	return build(cfg, u)
}

// build assembles a Resource from a configuration that was checked.
func build(cfg Config, u *url.URL) (*Resource, error) {
	metaURL, err := oauth.ProtectedResourceURL(cfg.Resource)
	if err != nil {
		return nil, fmt.Errorf("authwright: placing the metadata of %s: %w", cfg.Resource, err)
	}
	r := &Resource{
		url:        u,
		resource:   cfg.Resource,
		issuer:     cfg.Issuer,
		metaURL:    metaURL,
		metaPath:   oauth.ProtectedResourcePrefix + u.Path,
		scopes:     slices.Clone(cfg.Scopes),
		needs:      needs{tools: newRules(cfg.Tools), prompts: newRules(cfg.Prompts), resources: newRules(cfg.Resources)},
		implies:    closure(cfg.Implies),
		origins:    append([]string{u.Scheme + "://" + u.Host}, cfg.AllowedOrigins...),
		maxBody:    cfg.MaxBody,
		cache:      newTokenCache(),
		sessionKey: slices.Clone(cfg.SessionKey),
		log:        cfg.Log,
		now:        time.Now,
	}
	r.metadata = oauth.ProtectedResource{
		Resource:               cfg.Resource,
		AuthorizationServers:   []string{cfg.Issuer},
		ScopesSupported:        r.scopes,
		BearerMethodsSupported: []string{"header"},
		ResourceName:           cfg.Name,
	}
	if r.maxBody == 0 {
		r.maxBody = defaultMaxBody
	}
	if len(r.sessionKey) == 0 {
		r.sessionKey = make([]byte, 32)
		rand.Read(r.sessionKey)
	}
	if r.log == nil {
		r.log = slog.Default()
	}
	r.door = newIssuerDoor(cfg, r.log)
	if cfg.Introspection == nil || !cfg.Introspection.Alone {
		r.keys = &keyring{door: r.door, log: r.log}
	}
	if cfg.Introspection != nil {
		r.introspect = newIntrospector(*cfg.Introspection, r.door)
	}
	return r, nil
}

// URL is the canonical URL of the MCP server: the audience of its tokens.
func (r *Resource) URL() string { return r.resource }

// checkResourceURL wants the one spelling in which tokens will name the server.
func checkResourceURL(s string) (*url.URL, error) {
	canonical, err := oauth.ParseResource(s)
	if err != nil {
		return nil, err
	}
	if canonical != s {
		return nil, fmt.Errorf("must be written %q", canonical)
	}
	if err := checkTransportSecurity(s); err != nil {
		return nil, err
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return nil, errors.New("is not a URL")
	case u.RawQuery != "" || u.ForceQuery:
		return nil, errors.New("must have no query")
	case u.Path != u.EscapedPath() || strings.ContainsAny(u.Path, "{};\\") || strings.Contains(u.Path, "//"):
		return nil, errors.New("must have a path of plain characters")
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, errors.New("must have no . or .. segment")
		}
	}
	return u, nil
}

// checkIssuerURL follows RFC 8414 §2: a URL without query and fragment.
func checkIssuerURL(s string) error {
	if err := checkTransportSecurity(s); err != nil {
		return err
	}
	if strings.ContainsAny(s, "?#") {
		return errors.New("must have no query and no fragment")
	}
	return nil
}

// checkTransportSecurity wants https; http is for the machine itself.
func checkTransportSecurity(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil:
		return errors.New("must be an absolute URL with a host and without user information")
	case u.Scheme == "https" || u.Scheme == "http" && oauth.IsLoopbackHost(u.Hostname()):
		return nil
	default:
		return errors.New("must be https; http is for 127.0.0.1, [::1] and localhost only")
	}
}
