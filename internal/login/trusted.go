// trusted.go is the way in through a login that the operator trusts: GET /login/trusted sends the person there, POST
// /login/trusted takes the token that it signed, GET /login/trusted/done lets them in.
//
// The POST comes from another site, so it carries none of our cookies (SameSite=Lax), and who posts it is not known. It
// decides nothing: it keeps what the token says under the reference that went out with the person, and gives the
// browser that posts it a ticket. Where that ticket leads is on this site again. There the browser must be the one that
// began: nobody can log a victim in as themselves. And it must have the ticket: nobody who lures a victim through a
// login that they began comes in as the victim (threats A16, D3).

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/trust"
	"github.com/authwright/authwright/oauth"
)

// TrustedDoor is the one form that another site may post.
const TrustedDoor = "POST /login/trusted"

const handoverLife = 15 * time.Minute

// trustedWay is a link of the sign-in page.
type trustedWay struct{ Title, Address string }

// trustedList is one reading of the trusted issuers.
type trustedList struct {
	at   time.Time
	list []store.TrustedIssuer
}

// trustedAge bounds how long a link to a trusted login stays after it was taken away; the login itself ends at once.
const trustedAge = 15 * time.Second

// trustedWays are the links to the trusted logins.
func (l *Login) trustedWays(ctx context.Context, req store.Request) (links []trustedWay, err error) {
	last, now := l.trusted.Load(), l.now()
	if last == nil || now.Sub(last.at) >= trustedAge {
		last = &trustedList{at: now}
		if last.list, err = l.Store.TrustedIssuers(ctx); err != nil {
			return nil, fmt.Errorf("listing the trusted issuers: %w", err)
		}
		l.trusted.Store(last)
	}
	for _, t := range last.list {
		if t.Disabled {
			continue
		}
		query := url.Values{"name": {t.Name}}
		if req.ID != "" {
			query.Set("request", string(req.ID))
		}
		links = append(links, trustedWay{t.Title, l.Site.Base + "/login/trusted?" + query.Encode()})
	}
	return links, nil
}

// onlyTrusted is where people log in when there is no other way; else "".
func (l *Login) onlyTrusted(ctx context.Context, req store.Request) (string, error) {
	links, err := l.trustedWays(ctx, req)
	if w := l.ways(req); err != nil || len(links) != 1 || w.Password != "" || w.EmailCode != "" || l.Passkeys != nil {
		return "", err
	}
	if others, err := l.connections(ctx); err != nil || len(others) > 0 {
		return "", err
	}
	return l.Issuer + strings.TrimPrefix(links[0].Address, l.Site.Base), nil
}

// trustedIssuer reads one that is in use.
func (l *Login) trustedIssuer(ctx context.Context, name string) (store.TrustedIssuer, error) {
	t, err := l.Store.TrustedIssuer(ctx, name)
	if errors.Is(err, store.ErrNotFound) || err == nil && t.Disabled {
		return store.TrustedIssuer{}, off()
	}
	if err != nil {
		return store.TrustedIssuer{}, fmt.Errorf("reading a trusted issuer: %w", err)
	}
	return t, nil
}

// beginTrusted sends the person to the login with a reference that is good for this browser, once.
func (l *Login) beginTrusted(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	t, err := l.trustedIssuer(r.Context(), params.Get("name"))
	if err != nil {
		return err
	}
	req, err := l.requestOf(r)
	if err != nil {
		return err
	}
	prompt, err := l.promptThere(r, req)
	if err != nil {
		return err
	}
	to, err := url.Parse(t.LoginURL)
	if err != nil {
		return fmt.Errorf("the login URL of trusted issuer %s: %w", t.Name, err)
	}
	reference, now := browser.NewToken(), l.now()
	err = l.Store.OpenHandover(r.Context(), store.Handover{
		ID: store.DigestOf(reference), Trusted: t.Name, Browser: l.Jar.EnsureVisitor(w, r).Digest(), Request: req.ID,
		CreatedAt: now, Expires: now.Add(handoverLife),
	})
	if err != nil {
		return fmt.Errorf("opening a handover: %w", err)
	}
	query := to.Query()
	query.Set("reference", reference)
	if prompt != "" {
		query.Set("prompt", prompt)
	}
	to.RawQuery = query.Encode()
	return pages.Redirect(w, to.String())
}

// promptThere is what the login has to ask although it may know who is there (OpenID Connect Core §3.1.2.1).
func (l *Login) promptThere(r *http.Request, req store.Request) (string, error) {
	session, person, err := l.sessions().SignedIn(r, l.now())
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return "", fmt.Errorf("looking up who is signed in: %w", err)
	case req.ID != "" && mustProve(req, session, l.now()):
		return "login", nil
	case person.ID != "":
		return "select_account", nil // they are somebody, and came to be somebody else
	}
	return "", nil
}

// takeTrusted keeps what a token says, and sends the browser on with a ticket. It changes nothing for anybody.
func (l *Login) takeTrusted(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return badLink(err)
	}
	ctx, now := r.Context(), l.now()
	h, err := l.Store.Handover(ctx, store.DigestOf(form.Get("reference")), now)
	if errors.Is(err, store.ErrNotFound) {
		return pages.StartAgain()
	}
	if err != nil {
		return fmt.Errorf("reading a handover: %w", err)
	}
	t, err := l.trustedIssuer(ctx, h.Trusted)
	if err != nil {
		return err
	}
	token, err := l.Trust.Verify(ctx, t, form.Get("token"))
	if err != nil {
		return untrusted(t, err)
	}
	if err := l.spendToken(ctx, t, h, token); err != nil {
		return err
	}
	ticket := browser.NewToken()
	h.Token, h.Ticket, h.Attested = token.Digest, store.DigestOf(ticket), token.Attested
	err = l.Store.AnswerHandover(ctx, h, now)
	if errors.Is(err, store.ErrNotFound) {
		return pages.StartAgain()
	}
	if err != nil {
		return fmt.Errorf("answering a handover: %w", err)
	}
	return pages.Redirect(w, l.Issuer+"/login/trusted/done?"+url.Values{"ticket": {ticket}}.Encode())
}

// spendToken lets a token with a jti count once (RFC 7519 §4.1.7). A form that is sent twice brings the same token for
// the same reference.
func (l *Login) spendToken(ctx context.Context, t store.TrustedIssuer, h store.Handover, token trust.Token) error {
	if token.Once == (store.Digest{}) || token.Digest == h.Token {
		return nil
	}
	err := l.Store.SpendToken(ctx, token.Once, token.Until)
	if errors.Is(err, store.ErrExists) {
		return untrusted(t, &trust.Refusal{Code: "replayed", Why: "the token was used before: its jti counts once"})
	}
	if err != nil {
		return fmt.Errorf("spending a token: %w", err)
	}
	return nil
}

// untrusted tells the person where to go on, and whoever makes the tokens, in one word, what is wrong. The log has the sentence.
func untrusted(t store.TrustedIssuer, err error) error {
	var refusal *trust.Refusal
	switch {
	case errors.As(err, &refusal):
		return &pages.Refusal{
			Status: http.StatusBadRequest,
			Title:  "Your sign-in did not arrive",
			Text:   fmt.Sprintf("What %s sent along can’t be used here (%s). Nothing was changed.", t.Title, refusal.Code),
			Hint:   "Go back to the app you want to connect and try again. If it keeps happening, tell the people who run " + t.Title + ".",
			Cause:  err,
		}
	case errors.Is(err, trust.ErrKeys):
		return &pages.Refusal{
			Status:     http.StatusServiceUnavailable,
			Title:      "We can’t check your sign-in right now",
			Text:       "The keys of " + t.Title + " can’t be read at the moment. Nothing was changed.",
			Hint:       "Wait a few seconds, then reload this page.",
			RetryAfter: retryKeys,
			Cause:      err,
		}
	}
	return err
}

const retryKeys = 10 * time.Second

// endTrusted lets the person in, in the browser that began and brought the token.
func (l *Login) endTrusted(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	visitor, now := l.Jar.Visitor(r), l.now()
	if !visitor.Known() {
		return pages.StartAgain()
	}
	h, err := l.Store.SpendHandover(r.Context(), store.DigestOf(params.Get("ticket")), visitor.Digest(), now)
	if errors.Is(err, store.ErrNotFound) {
		return pages.StartAgain()
	}
	if err != nil {
		return fmt.Errorf("spending a handover: %w", err)
	}
	t, err := l.trustedIssuer(r.Context(), h.Trusted)
	if err != nil {
		return err
	}
	var req store.Request
	if h.Request != "" {
		if req, err = l.request(r, string(h.Request)); err != nil {
			return err
		}
	}
	if tooLongAgo(req, h.Attested.LoggedIn, now) {
		return stillSignedIn(t.Title, nil)
	}
	person, err := l.trustedPerson(r.Context(), t, h.Attested)
	if err != nil {
		return err
	}
	methods := h.Attested.Methods
	if len(methods) == 0 {
		methods = []string{"ext"} // the login did not say how
	}
	err = l.open(w, r, req, outcome{person: person, began: now, methods: methods, org: store.OrgID(h.Attested.Organization)})
	if errors.Is(err, errSignedOut) {
		return disabledAccount()
	}
	return err
}

// tooLongAgo tells whether the client wants a fresh login and the other side says that there was none.
func tooLongAgo(req store.Request, loggedIn, now time.Time) bool {
	const skew = time.Minute // between their clock and ours
	return req.ID != "" && !loggedIn.IsZero() && mustProve(req, store.Session{Auth: store.Authentication{At: loggedIn.Add(skew)}}, now)
}

// stillSignedIn refuses a login that is older than what was asked for.
func stillSignedIn(there string, cause error) error {
	return &pages.Refusal{
		Status: http.StatusBadRequest,
		Title:  "Sign in once more",
		Text:   "What you want to do needs a fresh sign-in, and " + there + " did not ask you again.",
		Hint:   "Sign out at " + there + ", go back to where you began and try again.",
		Cause:  cause,
	}
}
