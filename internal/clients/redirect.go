// redirect.go: where answers may go (OAuth 2.1 §2.3, RFC 8252 §7). One validator serves registration and authorization.

package clients

import (
	"github.com/authwright/authwright/oauth"
)

const maxRedirectURIs = 20

// RedirectTarget proves that the client registered the redirect URI, and returns where to send the answer: the
// registered spelling, on the requested port when it is a loopback address. There is no default: a request that
// names none is refused, because a client with several could not know which one answers.
func (c Client) RedirectTarget(requested string) (oauth.RedirectURI, error) {
	if requested == "" {
		return "", oauth.Errorf(oauth.InvalidRequest, "redirect_uri is missing")
	}
	for _, registered := range c.Metadata.RedirectURIs {
		target, ok := oauth.RedirectURI(registered).Match(requested)
		if !ok {
			continue
		}
		if _, err := parseRedirect(string(target), c.noPrivateScheme); err != nil {
			return "", oauth.Errorf(oauth.InvalidRequest, "redirect_uri is registered but not allowed any more: %s", description(err))
		}
		return target, nil
	}
	return "", oauth.Errorf(oauth.InvalidRequest,
		"redirect_uri is not one that this client registered: it must be the same, letter for letter (only the port of 127.0.0.1, [::1] and localhost is free)")
}

// parseRedirects validates the redirect URIs a client declares. The error names the first that is wrong.
func parseRedirects(declared []string, noPrivateScheme bool) ([]string, error) {
	switch {
	case len(declared) == 0:
		return nil, oauth.Errorf(oauth.InvalidRedirectURI, "redirect_uris is missing: name at least one")
	case len(declared) > maxRedirectURIs:
		return nil, oauth.Errorf(oauth.InvalidRedirectURI, "more than %d redirect_uris", maxRedirectURIs)
	}
	var accepted []string
	for _, one := range declared {
		uri, err := parseRedirect(one, noPrivateScheme)
		if err != nil {
			return nil, err
		}
		accepted = appendNew(accepted, string(uri))
	}
	return accepted, nil
}

// parseRedirect is the one validator of redirect URIs.
func parseRedirect(s string, noPrivateScheme bool) (oauth.RedirectURI, error) {
	uri, err := oauth.ParseRedirectURI(s)
	if err != nil {
		return "", err
	}
	if noPrivateScheme && uri.Kind() == oauth.RedirectPrivate {
		return "", oauth.Errorf(oauth.InvalidRedirectURI, "redirect URI %q has a private-use scheme, which is not allowed here: use https or loopback http", s)
	}
	return uri, nil
}
