// issuer.go asks the issuer for its documents (RFC 8414 §3, OpenID Connect Discovery §4, RFC 7517 §5).

package authwright

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/authwright/authwright/oauth"
)

const (
	askTimeout  = 5 * time.Second // for one question to the issuer
	maxDocument = 256 << 10       // bytes of an answer
)

// issuerDoor is the way to the issuer. Its answers are bounded in time and size, and it follows no redirect.
type issuerDoor struct {
	issuer     string
	jwksURI    string // set by the operator
	introspect string // set by the operator
	client     *http.Client

	log     *slog.Logger
	noticed sync.Once
}

func newIssuerDoor(cfg Config, log *slog.Logger) *issuerDoor {
	d := &issuerDoor{
		issuer:  cfg.Issuer,
		jwksURI: cfg.JWKSURI,
		client: &http.Client{
			Transport:     cfg.Transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		log: log,
	}
	needed := cfg.JWKSURI == ""
	if i := cfg.Introspection; i != nil {
		d.introspect = i.Endpoint
		needed = needed && !i.Alone || i.Endpoint == ""
	}
	if !needed {
		d.noticed.Do(func() {})
	}
	return d
}

// notice reads the metadata once and has the operator told if it cannot be used. It is for the first who comes without
// a token: a wrong Issuer is better known now than after a person has logged in. It holds nobody up.
func (d *issuerDoor) notice() {
	d.noticed.Do(func() {
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
			defer cancel()
			if _, err := d.metadata(ctx); err != nil {
				d.log.Warn("the metadata of the issuer cannot be used", "issuer", d.issuer, "error", err)
			}
		}()
	})
}

// errNotFound is an answer that leaves other places to look.
var errNotFound = errors.New("404 Not Found")

// metadataURLs are the places of the issuer's metadata in the order MCP clients use: RFC 8414 §3.1, then OpenID
// Connect Discovery with the path put after and before.
func metadataURLs(issuer string) []string {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil
	}
	origin, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	urls := []string{origin + oauth.ServerMetadataPrefix + path, origin + oauth.OpenIDConfigurationPrefix + path}
	if path != "" {
		urls = append(urls, origin+path+oauth.OpenIDConfigurationPrefix)
	}
	return urls
}

// metadata reads the issuer's metadata and wants it to name the issuer byte for byte (RFC 8414 §3.3).
func (d *issuerDoor) metadata(ctx context.Context) (oauth.ServerMetadata, error) {
	var lastErr error
	for _, where := range metadataURLs(d.issuer) {
		var metadata oauth.ServerMetadata
		err := d.get(ctx, where, &metadata)
		switch {
		case errors.Is(err, errNotFound):
			lastErr = err
			continue
		case err != nil:
			return oauth.ServerMetadata{}, err
		case metadata.Issuer != d.issuer:
			return oauth.ServerMetadata{}, fmt.Errorf("%s is of issuer %.200q, the configuration says %q: if it is the one you mean, write Issuer as %.200[2]q",
				where, metadata.Issuer, d.issuer)
		}
		return metadata, nil
	}
	return oauth.ServerMetadata{}, lastErr
}

// endpoint is an address that the metadata names. It must be on the issuer's own origin: elsewhere only the
// operator may send us, by configuration.
func (d *issuerDoor) endpoint(name, address string) (string, error) {
	if address == "" {
		return "", fmt.Errorf("the metadata of %s has no %s", d.issuer, name)
	}
	issuer, err1 := url.Parse(d.issuer)
	u, err2 := url.Parse(address)
	if err1 != nil || err2 != nil || u.User != nil || u.Scheme != issuer.Scheme || u.Host != issuer.Host {
		return "", fmt.Errorf("%s %q is not on the origin of %s; set it in the configuration if it should be", name, address, d.issuer)
	}
	return address, nil
}

// jwks reads the issuer's keys.
func (d *issuerDoor) jwks(ctx context.Context) (oauth.JWKSet, error) {
	where := d.jwksURI
	if where == "" {
		metadata, err := d.metadata(ctx)
		if err != nil {
			return oauth.JWKSet{}, fmt.Errorf("looking for the keys of %s: %w", d.issuer, err)
		}
		if where, err = d.endpoint("jwks_uri", metadata.JWKSURI); err != nil {
			return oauth.JWKSet{}, err
		}
	}
	var set oauth.JWKSet
	if err := d.get(ctx, where, &set); err != nil {
		return oauth.JWKSet{}, fmt.Errorf("reading the keys of %s: %w", d.issuer, err)
	}
	return set, nil
}

func (d *issuerDoor) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	return d.ask(req, into)
}

// ask sends a request and decodes the JSON object that comes back with a 200.
func (d *issuerDoor) ask(req *http.Request, into any) error {
	req.Header.Set("Accept", "application/json")
	resp, err := d.client.Do(req)
	if err != nil {
		return fmt.Errorf("asking the issuer: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("asking %s: %w", req.URL.Redacted(), notOK(req, resp.StatusCode))
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	switch {
	case err != nil:
		return fmt.Errorf("reading the answer of %s: %w", req.URL.Redacted(), err)
	case len(body) > maxDocument:
		return fmt.Errorf("the answer of %s is larger than %d bytes", req.URL.Redacted(), maxDocument)
	}
	if err := oauth.UnmarshalStrict(body, into); err != nil {
		return fmt.Errorf("the answer of %s: %w", req.URL.Redacted(), err)
	}
	return nil
}

// notOK is what an operator does about a status.
func notOK(req *http.Request, status int) error {
	switch {
	case status == http.StatusNotFound:
		return errNotFound
	case status == http.StatusUnauthorized && req.Header.Get("Authorization") != "":
		return errors.New("status 401: the ClientID or the ClientSecret of Introspection is not accepted")
	case status == http.StatusMisdirectedRequest: // RFC 9110 §15.5.20
		return fmt.Errorf("status 421: it does not go by the name %s: write Issuer as it calls itself%s", req.URL.Host, otherLoopback(req.URL))
	default:
		return fmt.Errorf("status %d", status)
	}
}

// otherLoopback is the spelling that is meant where one name of this machine was taken for another.
func otherLoopback(u *url.URL) string {
	other := map[string]string{"localhost": "127.0.0.1", "127.0.0.1": "localhost", "::1": "localhost"}[u.Hostname()]
	if other == "" {
		return ""
	}
	return fmt.Sprintf(", perhaps with %s for %s", other, u.Hostname())
}
