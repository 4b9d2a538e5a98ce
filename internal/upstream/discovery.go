// discovery.go learns where a provider's endpoints are (OpenID Connect Discovery 1.0 §4), and keeps it.

package upstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	freshFor = time.Hour        // a document, and the keys that were read by it
	staleFor = 24 * time.Hour   // a document, while no fresher one can be had
	retryIn  = 10 * time.Second // after a failure, so that a provider that is down makes nobody wait twice
)

// endpoints are where a provider answers.
type endpoints struct {
	provider  *oidc.Provider // nil for GitHub
	keys      *tenantKeys    // of Microsoft; nil for others, whose keys the provider reads
	signing   []string       // of Microsoft, by what its tokens are signed
	issuer    string         // may hold {tenantid}, for Microsoft
	authorize string
	token     string
	userInfo  string // "" where there is none
	post      bool   // the client secret goes in the body (RFC 6749 §2.3.1)
	names     bool   // it names itself in its answers (RFC 9207 §3)
}

// discovery is what is known of one provider.
type discovery struct {
	sync.Mutex
	of     string // the issuer
	at     endpoints
	read   time.Time
	failed time.Time
}

// endpoints returns what is known of a provider, or asks it.
func (u *Upstream) endpoints(ctx context.Context, p store.Provider) (endpoints, error) {
	if p.Kind == store.GitHub {
		return endpoints{issuer: p.Issuer, authorize: p.Issuer + "/login/oauth/authorize", token: p.Issuer + "/login/oauth/access_token", post: true}, nil
	}
	d := u.discoveryOf(p)
	d.Lock()
	defer d.Unlock()
	now := u.Now()
	age := now.Sub(d.read)
	if age < freshFor || now.Sub(d.failed) < retryIn && age < staleFor {
		return d.at, nil
	}
	if now.Sub(d.failed) < retryIn {
		return endpoints{}, fmt.Errorf("%w: it did not answer just now", ErrUnreachable)
	}
	at, err := u.discover(ctx, p)
	if err == nil {
		d.at, d.read, d.failed = at, now, time.Time{}
		return at, nil
	}
	d.failed = now
	if age < staleFor {
		return d.at, nil
	}
	return endpoints{}, err
}

func (u *Upstream) discoveryOf(p store.Provider) *discovery {
	u.mu.Lock()
	defer u.mu.Unlock()
	d := u.known[p.ID]
	if d == nil || d.of != p.Issuer {
		if u.known == nil {
			u.known = make(map[store.ProviderID]*discovery)
		}
		d = &discovery{of: p.Issuer}
		u.known[p.ID] = d
	}
	return d
}

// metadata are the members of a provider's document that go-oidc does not read.
type metadata struct {
	Issuer      string   `json:"issuer"`
	JWKS        string   `json:"jwks_uri"`
	AuthMethods []string `json:"token_endpoint_auth_methods_supported"`
	NamesItself bool     `json:"authorization_response_iss_parameter_supported"`
	Signing     []string `json:"id_token_signing_alg_values_supported"`
}

// discover reads a provider's document. It is the provider's only if it names the issuer we expect.
func (u *Upstream) discover(ctx context.Context, p store.Provider) (endpoints, error) {
	ctx = oidc.ClientContext(ctx, u.client())
	template := p.Issuer
	if manyTenants(p) {
		template = tenantTemplate(p.Issuer)
		ctx = oidc.InsecureIssuerURLContext(ctx, template) // the document is checked below, and each token in verify
	}
	provider, err := oidc.NewProvider(ctx, p.Issuer)
	if err != nil {
		return endpoints{}, unreachable("reading its document", err)
	}
	var m metadata
	if err := provider.Claims(&m); err != nil {
		return endpoints{}, unreachable("reading its document", err)
	}
	if m.Issuer != template {
		return endpoints{}, fmt.Errorf("%w: its document names another issuer", ErrUnreachable)
	}
	at := endpoints{
		provider: provider, issuer: template, names: m.NamesItself,
		authorize: provider.Endpoint().AuthURL, token: provider.Endpoint().TokenURL, userInfo: provider.UserInfoEndpoint(),
		post: len(m.AuthMethods) > 0 && !slices.Contains(m.AuthMethods, oauth.AuthClientSecretBasic),
	}
	if p.Kind == store.Microsoft {
		at.keys, at.signing = &tenantKeys{address: m.JWKS, call: u.Call, now: u.Now}, m.Signing
	}
	named := []string{at.authorize, at.token, m.JWKS}
	if at.userInfo != "" {
		named = append(named, at.userInfo)
	}
	for _, endpoint := range named {
		if !CheckURL(endpoint) || strings.HasPrefix(p.Issuer, "https:") && !strings.HasPrefix(endpoint, "https:") {
			return endpoints{}, fmt.Errorf("%w: its document names an endpoint that is not https", ErrUnreachable)
		}
	}
	return at, nil
}

// verifier looks at ID tokens.
func (at endpoints) verifier(c *oidc.Config) *oidc.IDTokenVerifier {
	if at.keys == nil {
		return at.provider.Verifier(c)
	}
	c.SupportedSigningAlgs = at.signing
	return oidc.NewVerifier(at.issuer, at.keys, c)
}

// CheckURL tells whether a provider may be at an address: https, or http on this machine.
func CheckURL(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && u.User == nil && u.Fragment == "" &&
		(u.Scheme == "https" || u.Scheme == "http" && oauth.IsLoopbackHost(u.Hostname()))
}

// checkIssuer looks who says the answer is from (RFC 9207 §2.4).
func (at endpoints) checkIssuer(iss string) error {
	switch {
	case iss == "" && !at.names, iss == at.issuer:
		return nil
	case iss == "":
		return fmt.Errorf("%w: the answer does not say who it is from", ErrUntrue)
	case at.provider == nil && iss == at.issuer+"/login/oauth": // what GitHub calls its authorization server
		return nil
	case strings.Contains(at.issuer, tenantMark) && fitsTemplate(at.issuer, iss):
		return nil
	}
	return fmt.Errorf("%w: the answer is from somebody else", ErrUntrue)
}

// client is an HTTP client for go-oidc whose every call is bounded.
func (u *Upstream) client() *http.Client {
	return &http.Client{Transport: bounded{u.Call}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// bounded reads an answer through to its end before anybody looks at it. Only a success has a body: go-oidc would put
// any other into its error.
type bounded struct{ call *outbound.Operator }

// RoundTrip makes one call.
func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.call.Do(req)
	if err != nil {
		return nil, err
	}
	body := res.Body
	if res.Status != http.StatusOK {
		body = nil
	}
	return &http.Response{
		Status: http.StatusText(res.Status), StatusCode: res.Status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: res.Header,
		Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

// unreachable wraps an error of a call. What the other side wrote is cut short: it may be long, and goes to a log.
func unreachable(doing string, err error) error {
	if errors.Is(err, ErrUnreachable) {
		return err
	}
	why := err.Error()
	if len(why) > 300 {
		why = why[:300] + "…"
	}
	return fmt.Errorf("%w: %s: %q", ErrUnreachable, doing, why)
}
