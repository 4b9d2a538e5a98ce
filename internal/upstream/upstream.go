// upstream.go sends a person to another provider and takes them back (OpenID Connect Core §3.1, RFC 6749 §4.1).

// Package upstream finds out who another provider says a person is.
package upstream

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// What can go wrong between us and a provider. Anything else is a failure of our own.
var (
	ErrNoJourney   = errors.New("upstream: nobody in this browser is on the way to this provider")
	ErrDenied      = errors.New("upstream: the provider did not sign the person in")
	ErrUnreachable = errors.New("upstream: the provider cannot be reached, or does not answer as it should")
	ErrUntrue      = errors.New("upstream: what the provider says does not hold")
	ErrNotAnew     = errors.New("they did not sign in anew (auth_time)") // it is an ErrUntrue too
)

// JourneyLife is how long a person may stay at a provider.
const JourneyLife = 10 * time.Minute

// BackPath is where providers send people back to: the connection's name stands behind it. An address for each keeps
// the answer of one from being taken for that of another (RFC 9700 §4.4.2.2).
const BackPath = "/login/from/"

// Upstream knows how to ask the providers of one project.
type Upstream struct {
	Store  store.Providers
	Issuer string                                                   // our own
	Key    []byte                                                   // what a journey's nonce and verifier are made from; not in the database
	Open   func(id store.ProviderID, sealed []byte) ([]byte, error) // the client secret of a connection
	Call   *outbound.Operator
	Now    func() time.Time

	mu    sync.Mutex
	known map[store.ProviderID]*discovery
}

// Ask is what somebody wants of a provider.
type Ask struct {
	Browser store.Digest
	Request store.RequestID
	Session store.Digest   // of who connects an identity; zero to log in
	Person  store.PersonID // of that session
	Fresh   bool           // they have to prove anew who they are
	Hint    string         // their address, when it is known
}

// RedirectURI is where a connection's answers go. The operator tells it to the provider.
func (u *Upstream) RedirectURI(id store.ProviderID) string { return u.Issuer + BackPath + string(id) }

// Begin files a journey and returns the address at the provider that it leads to.
func (u *Upstream) Begin(ctx context.Context, p store.Provider, ask Ask) (string, error) {
	at, err := u.endpoints(ctx, p)
	if err != nil {
		return "", err
	}
	state, now := rand.Text(), u.Now()
	err = u.Store.OpenJourney(ctx, store.Journey{
		State: store.DigestOf(state), Provider: p.ID, Browser: ask.Browser, Request: ask.Request, Session: ask.Session,
		Person: ask.Person, Fresh: ask.Fresh, Began: now, Expires: now.Add(JourneyLife),
	})
	if err != nil {
		return "", fmt.Errorf("beginning a journey to provider %s: %w", p.ID, err)
	}
	to, err := url.Parse(at.authorize)
	if err != nil {
		return "", fmt.Errorf("%w: its authorization endpoint is no URL", ErrUnreachable)
	}
	query := to.Query()
	for name, value := range u.request(p, ask, state) {
		query.Set(name, value)
	}
	to.RawQuery = query.Encode()
	return to.String(), nil
}

// request are the parameters of the authorization request (OpenID Connect Core §3.1.2.1, RFC 7636 §4.3).
func (u *Upstream) request(p store.Provider, ask Ask, state string) map[string]string {
	q := map[string]string{
		"response_type":         "code",
		"client_id":             p.ClientID,
		"redirect_uri":          u.RedirectURI(p.ID),
		"scope":                 strings.Join(scopes(p), " "),
		"state":                 state,
		"code_challenge":        oauth2.S256ChallengeFromVerifier(u.secret("verifier", state)),
		"code_challenge_method": "S256",
	}
	if p.Kind != store.GitHub {
		q["nonce"] = u.secret("nonce", state)
	}
	if ask.Hint != "" {
		hint := "login_hint"
		if p.Kind == store.GitHub {
			hint = "login"
		}
		q[hint] = ask.Hint
	}
	switch {
	case p.Kind == store.Google && len(p.Domains) == 1:
		q["hd"] = p.Domains[0] // a hint: the claim is what counts
	case p.Kind == store.Google && p.Org != "" && ask.Hint != "":
		q["hd"] = ask.Hint[strings.LastIndexByte(ask.Hint, '@')+1:]
	}
	if ask.Fresh {
		maps.Copy(q, anew[p.Kind])
	}
	return q
}

// anew asks for a fresh login as far as a provider knows how, and for auth_time. Google and GitHub know no other way to ask
// the person anything than for the account; Microsoft says auth_time where its application is set up so.
var anew = map[store.ProviderKind]map[string]string{
	store.OpenID:    {"prompt": "login", "max_age": "0"},
	store.Microsoft: {"prompt": "login"},
	store.Google:    {"prompt": "select_account", "claims": `{"id_token":{"auth_time":{"essential":true}}}`},
	store.GitHub:    {"prompt": "select_account"},
}

// scopes are what is asked for: what the operator set, or what tells who somebody is.
func scopes(p store.Provider) []string {
	switch {
	case p.Kind == store.GitHub && len(p.Scopes) == 0:
		return []string{"read:user", "user:email"}
	case len(p.Scopes) == 0:
		return []string{"openid", "profile", "email"}
	case p.Kind != store.GitHub && !slices.Contains(p.Scopes, "openid"):
		return append([]string{"openid"}, p.Scopes...)
	}
	return p.Scopes
}

// secret makes what belongs to one journey from its state and a key, so that nothing of it need be stored.
func (u *Upstream) secret(purpose, state string) string {
	mac := hmac.New(sha256.New, u.Key)
	mac.Write([]byte(purpose + "\n" + state))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// Return is a journey that came to its end.
type Return struct {
	Journey  store.Journey // zero when it was not of this browser
	Provider store.Provider
	Says     Assertion
}

// Finish ends the journey of a browser that came back by the address of a connection. Whatever comes of it, the state is
// spent. Where the journey was this browser's, Return tells so even with an error.
func (u *Upstream) Finish(ctx context.Context, id store.ProviderID, browser store.Digest, answer oauth.Params) (Return, error) {
	var back Return
	state := answer.Get("state")
	journey, err := u.Store.SpendJourney(ctx, store.DigestOf(state), browser, u.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return back, ErrNoJourney
	case err != nil:
		return back, fmt.Errorf("ending a journey to provider %s: %w", id, err)
	case journey.Provider != id: // the answer of one provider where that of another is awaited (RFC 9700 §4.4)
		return back, fmt.Errorf("%w: the answer came by %s", ErrNoJourney, id)
	}
	back.Journey = journey
	if back.Provider, err = u.Store.Provider(ctx, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return back, fmt.Errorf("reading provider %s: %w", id, err)
	}
	if err != nil || back.Provider.Disabled {
		return back, fmt.Errorf("%w: the connection was closed meanwhile", ErrDenied)
	}
	at, err := u.endpoints(ctx, back.Provider)
	if err != nil {
		return back, err
	}
	if err := at.checkIssuer(answer.Get("iss")); err != nil {
		return back, err
	}
	if answer.Has("error") || !answer.Has("code") {
		return back, ErrDenied
	}
	back.Says, err = u.redeem(ctx, at, back, answer)
	return back, err
}

// redeem exchanges the code and reads who it is for.
func (u *Upstream) redeem(ctx context.Context, at endpoints, back Return, answer oauth.Params) (Assertion, error) {
	state := answer.Get("state")
	tokens, err := u.exchange(ctx, at, back.Provider, answer.Get("code"), u.secret("verifier", state))
	if err != nil {
		return Assertion{}, err
	}
	if back.Provider.Kind == store.GitHub {
		return u.readGitHub(ctx, back.Provider, tokens.AccessToken)
	}
	says, err := u.verify(ctx, at, expected{
		provider: back.Provider, nonce: u.secret("nonce", state), fresh: back.Journey.Fresh, began: back.Journey.Began,
	}, tokens)
	if err != nil {
		return Assertion{}, err
	}
	return u.askMore(ctx, at, back.Provider, tokens.AccessToken, says)
}
