// terms.go: what an operator may set for one client (RFC 9068 §3, RFC 8707 §2).

package clients

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/claims"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	maxAudiences = 8
	maxAudience  = 512 // bytes
)

// CheckTerms tells all that is wrong with a client's terms in its project, or nil.
func CheckTerms(ctx context.Context, p store.Project, st store.Store, c store.Client) error {
	resources, err := st.Resources(ctx)
	if err != nil {
		return err
	}
	var wrong []error
	for _, name := range c.Terms.Audience {
		wrong = append(wrong, checkAudience(ctx, p, st, resources, name))
	}
	for _, uri := range c.Terms.AlsoFor {
		if !isResource(resources, uri) {
			wrong = append(wrong, fmt.Errorf("%s is no resource of this project", uri))
		}
	}
	if n := len(c.Terms.Audience) + len(c.Terms.AlsoFor); n > maxAudiences {
		wrong = append(wrong, fmt.Errorf("%d further audiences: use at most %d", n, maxAudiences))
	}
	if len(c.Terms.Claims) > 0 {
		_, err := claims.Compile(c.Terms.Claims)
		wrong = append(wrong, err)
	}
	return errors.Join(append(wrong, c.Terms.Lives.Check(p.Settings), checkSkip(c))...)
}

// checkAudience refuses what somebody who knows only our tokens would take for something else: the issuer itself, a
// client, for which an ID token would be, and another resource, unless it is listed as one.
func checkAudience(ctx context.Context, p store.Project, st store.Store, resources []store.Resource, name string) error {
	u, err := url.Parse(name)
	switch {
	case err != nil || !u.IsAbs() || u.Fragment != "" || len(name) > maxAudience || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("audience %q: write an absolute URI without a fragment, such as https://api.example.com or urn:example:bus", name)
	case strings.TrimSuffix(name, "/") == p.Issuer:
		return fmt.Errorf("audience %s is the issuer itself", name)
	case isResource(resources, name):
		return fmt.Errorf("audience %s is a resource: tokens that are given for another server would count there; if that is meant, list it as a resource", name)
	}
	_, err = st.Client(ctx, store.ClientID(name))
	if err == nil {
		return fmt.Errorf("audience %s is a client", name)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

func isResource(resources []store.Resource, uri string) bool {
	canonical, err := oauth.ParseResource(uri)
	return err == nil && slices.ContainsFunc(resources, func(r store.Resource) bool { return r.URI == canonical })
}

// checkSkip: people are asked about every client that is not the operator's own, and about every program on their own
// machine, which any other could pretend to be (OAuth 2.1 §8.6).
func checkSkip(c store.Client) error {
	if !c.Terms.SkipConsent {
		return nil
	}
	if !c.FirstParty || c.Origin != store.Registered {
		return errors.New("people are asked about every app that is not yours: only a first-party client that you registered can skip that")
	}
	web := slices.ContainsFunc(c.Metadata.RedirectURIs, func(text string) bool {
		uri, err := oauth.ParseRedirectURI(text)
		return err == nil && uri.Kind() == oauth.RedirectHTTPS && !oauth.IsLoopbackHost(uri.Host())
	})
	if !web {
		return errors.New("people are asked about every program on their own machine: only a client with an https redirect URI can skip that")
	}
	return nil
}
