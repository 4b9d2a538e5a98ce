// flow.go says where an authorization is. next reads what is stored and nothing else: whoever closes the tab and
// comes back is at the same step.

package authserver

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// step is what an authorization needs next.
type step int

const (
	needsLogin    step = iota // nobody is signed in for it, or not as it asks
	needsConsent              // the person has not decided
	needsFarewell             // it is refused, and the person must agree to be sent on
	refused                   // the client is told what is wrong with its request
	denied                    // the person said no
	ready                     // the code can be given
)

// next is the heart of the flow.
func next(r *store.Request, known clients.Client, remembered *store.Consent) step {
	switch {
	case r.Auth.Person == "":
		return needsLogin
	case r.Refusal != nil && known.Origin != store.Registered && r.Decision.Verdict == store.Undecided:
		return needsFarewell
	case r.Refusal != nil:
		return refused
	case !r.ACR.MetBy(r.Auth.Methods):
		return needsLogin // with more than they came in with (RFC 9470 §5)
	case r.Decision.Verdict == store.Denied:
		return denied
	case r.Decision.Verdict == store.Undecided && !covers(remembered, r, known):
		return needsConsent
	default:
		return ready
	}
}

// covers tells whether an earlier consent answers this request: the client is proven, the person saw the same
// client, and nothing more is asked. A program on the person's own machine is never proven (RFC 8252 §8.6).
func covers(c *store.Consent, r *store.Request, known clients.Client) bool {
	return c != nil && known.Proven(r.RedirectURI) &&
		!slices.Contains(strings.Fields(r.Prompt), "consent") &&
		c.MetadataHash == known.MetadataHash && c.Scope.Covers(r.Scope)
}

// next reads the consent that could answer the request, if it can matter, and says what is needed.
func (s *Server) next(ctx context.Context, r *store.Request, known clients.Client) (step, error) {
	var (
		remembered *store.Consent
		settled    bool
		err        error
	)
	granted := *r
	if r.Auth.Person != "" && r.Refusal == nil && r.Decision.Verdict == store.Undecided && known.Proven(r.RedirectURI) {
		if granted, settled, err = s.settle(ctx, granted, known.Client); err != nil {
			return 0, err
		}
	}
	if settled {
		if remembered, err = s.remembered(ctx, &granted); err != nil {
			return 0, err
		}
	}
	step := next(&granted, known, remembered)
	if step == needsConsent && settled && maySkip(&granted, known) {
		if step, err = s.presume(ctx, &granted, known, remembered); err != nil {
			return 0, err
		}
	}
	if step == ready {
		*r = granted
	}
	return step, nil
}

// stepURL is the page where the person takes the step.
func (s *Server) stepURL(st step, id store.RequestID) string {
	page := "/consent"
	if st == needsLogin {
		page = "/login"
	}
	return s.issuer + page + "?request=" + url.QueryEscape(string(id))
}

// signedIn is who is signed in in this browser; nobody is no error.
func (s *Server) signedIn(r *http.Request) (store.Authentication, error) {
	sessions := browser.Sessions{Jar: s.Jar, Store: s.Store, Idle: s.settings.SessionIdle}
	session, _, err := sessions.SignedIn(r, s.Now())
	return session.Auth, unlessNotFound(err)
}

// proceed answers GET /authorize/continue: the person comes back from a step.
func (s *Server) proceed(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return pages.StartAgain()
	}
	row, err := s.ownRequest(r, store.RequestID(params.Get("request")))
	if err != nil {
		return err
	}
	client, err := s.Clients.Lookup(r.Context(), row.Client)
	if err != nil {
		return notForClient(r, err)
	}
	if _, err := client.RedirectTarget(string(row.RedirectURI)); err != nil {
		return noWayBack(r, err) // it was registered when the request began, and is no more
	}
	step, err := s.next(r.Context(), &row, client)
	if err != nil {
		return err
	}
	switch step {
	case refused, denied:
		return s.turnDown(w, r, &row)
	case ready:
		return s.close(w, r, &row, client)
	}
	return pages.Redirect(w, s.stepURL(step, row.ID))
}

// ownRequest is the request this browser opened, with the person taken out again who is signed in no more.
func (s *Server) ownRequest(r *http.Request, id store.RequestID) (store.Request, error) {
	row, err := s.Jar.Visitor(r).Request(r.Context(), s.Store, id, s.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Request{}, pages.StartAgain()
	case err != nil:
		return store.Request{}, err
	}
	auth, err := s.signedIn(r)
	if err != nil {
		return store.Request{}, err
	}
	if auth.Person != row.Auth.Person {
		row.Auth, row.Decision = store.Authentication{}, store.Decision{}
	}
	return row, nil
}
