// knock.go: the MCP server itself, without a token: is it protected, and does it say how to get in?

package check

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/oauth"
)

// initialize is the first message of every client that is not of the newest revision (MCP lifecycle).
const initialize = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"` + mcpLatest +
	`","capabilities":{},"clientInfo":{"name":"Authwright check","version":"1"}}}`

const rubbish = "not-a-token-authwright-check"

// readAddress looks at what was typed, and settles whom the walk may call.
func (w *walk) readAddress(context.Context) {
	u, err := url.Parse(w.URL)
	if err != nil || u.Host == "" || u.User != nil || strings.Contains(w.URL, "#") || u.Scheme != "http" && u.Scheme != "https" {
		w.find("not-a-url", w.URL, "")
		return
	}
	loopback := oauth.IsLoopbackHost(u.Hostname())
	if u.Scheme == "http" && !loopback {
		w.find("not-https", w.URL, "")
	}
	timeout := w.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	w.origin = u.Scheme + "://" + u.Host
	w.call = &caller{timeout: timeout, strangers: &outbound.Strangers{
		ByHand: true, Loopback: loopback, Networks: w.Networks, Resolver: w.Resolver,
	}}
	if w.call.strangers.Check(w.URL) != nil {
		w.find("refused-address", w.URL, "")
		w.origin = ""
		return
	}
	w.saw(w.URL)
}

func (w *walk) noAddress() string {
	if w.origin == "" {
		return "there is no address to call"
	}
	return ""
}

// enter sends the first message of a client, with a token when there is one.
func (w *walk) enter(ctx context.Context, method, to, token string) (answer, error) {
	a := ask{method: method, url: to, header: []string{
		"Accept", "application/json, text/event-stream", "MCP-Protocol-Version", mcpLatest,
	}}
	if method == http.MethodPost {
		a.body = initialize
		a.header = append(a.header, "Content-Type", "application/json")
	}
	if token != "" {
		a.header = append(a.header, "Authorization", "Bearer "+token)
	}
	return w.call.do(ctx, a)
}

// knock makes the first call.
func (w *walk) knock(ctx context.Context) {
	a, err := w.enter(ctx, http.MethodPost, w.URL, "")
	switch {
	case errors.Is(err, outbound.ErrRefused):
		w.find("refused-address", w.URL, "")
	case err != nil:
		w.find("unreachable", w.URL, why(err))
	case a.status == http.StatusUnauthorized:
		w.saw("401 Unauthorized")
		w.readChallenge(a)
	case a.redirects() && w.goesAlong(a):
		w.find("redirects-along", w.URL, a.says())
	case a.redirects():
		w.find("redirects", w.URL, a.says())
	case a.status/100 == 2:
		w.find("open", w.URL, a.says())
	case a.status == http.StatusNotFound:
		w.find("not-found", w.URL, a.says())
	case a.status >= 500:
		w.find("server-error", w.URL, a.says())
	default:
		w.find("not-401", w.URL, a.says())
	}
}

// goesAlong tells whether a client that follows a redirect makes the same call with the same token (RFC 9110 §15.4.8, §15.4.9;
// Fetch: HTTP-redirect fetch).
func (w *walk) goesAlong(a answer) bool {
	from, err := url.Parse(w.URL)
	if err != nil || a.status != http.StatusTemporaryRedirect && a.status != http.StatusPermanentRedirect {
		return false
	}
	to, err := from.Parse(a.header.Get("Location"))
	return err == nil && to.Scheme == from.Scheme && to.Host == from.Host
}

// readChallenge keeps the Bearer challenge of the 401. The server counts as protected from here on.
func (w *walk) readChallenge(a answer) {
	w.challenge.scheme = "none"
	values := a.header.Values("WWW-Authenticate")
	all, err := parseChallenges(values)
	bearer := slices.IndexFunc(all, func(c challenge) bool { return c.scheme == "bearer" })
	switch {
	case len(values) == 0:
		w.find("no-challenge", w.URL, "")
		return
	case err != nil:
		w.find("challenge-broken", w.URL, strings.Join(values, ", "))
		return
	case bearer < 0:
		w.find("no-bearer", w.URL, strings.Join(values, ", "))
		return
	case bearer > 0:
		w.find("bearer-not-first", w.URL, strings.Join(values, ", "))
	}
	w.challenge = all[bearer]
	if w.challenge.params["resource_metadata"] == "" {
		w.find("challenge-without-metadata", w.URL, strings.Join(values, ", "))
	}
	w.saw("WWW-Authenticate: " + strings.Join(values, ", "))
}

func (w *walk) notProtected() string {
	if w.challenge.scheme == "" {
		return "the server did not ask for a token"
	}
	return ""
}

// knockOtherwise calls as clients do that look before they speak.
func (w *walk) knockOtherwise(ctx context.Context) {
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		a, err := w.enter(ctx, method, w.URL, "")
		fault := strings.ToLower(method) + "-not-401"
		switch {
		case err != nil:
			w.find(fault, w.URL, why(err))
		case a.status != http.StatusUnauthorized:
			w.find(fault, w.URL, a.says())
		default:
			w.saw(method + ": 401 Unauthorized")
		}
	}
}

// knockWithRubbish sees that a token is verified, and that its refusal sends clients to log in again.
func (w *walk) knockWithRubbish(ctx context.Context) {
	a, err := w.enter(ctx, http.MethodPost, w.URL, rubbish)
	switch {
	case err != nil:
		w.find("rubbish-not-401", w.URL, why(err))
	case a.status/100 == 2:
		w.find("rubbish-let-in", w.URL, a.says())
	case a.status != http.StatusUnauthorized:
		w.find("rubbish-not-401", w.URL, a.says())
	default:
		w.refuses = true
		w.saw("401 Unauthorized")
	}
}

// why is an error in the words of whoever caused it last, without the addresses that led there.
func why(err error) string {
	var inner *url.Error
	if errors.As(err, &inner) {
		err = inner.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return err.Error()
}
