// decide.go answers POST /consent and POST /consent/return: yes, no, or back to the client with its error.

package consent

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// decide turns an answer into what is recorded: the decision, and the consent it gives (nil for a no). It is a function
// of what was asked and answered, whichever door the answer came through.
func decide(q question, verdict store.Verdict, now time.Time) (store.Decision, *store.Consent, error) {
	decision := store.Decision{Verdict: verdict, Person: q.person.ID}
	switch verdict {
	case store.Denied:
		return decision, nil, nil
	case store.Allowed:
		if q.request.Refusal != nil {
			return store.Decision{}, nil, oauth.Errorf(oauth.InvalidRequest, "a refused request cannot be allowed")
		}
		if q.place.blocked != "" {
			return store.Decision{}, nil, oauth.Errorf(oauth.AccessDenied, "there is nothing here that this person could allow this client")
		}
	default:
		return store.Decision{}, nil, oauth.Errorf(oauth.InvalidRequest, "the answer is neither yes nor no")
	}
	decision.Scope, decision.Org = q.place.may, q.place.org.ID
	given := &store.Consent{
		ConsentKey:   q.key(),
		Scope:        q.place.may,
		MetadataHash: q.client.MetadataHash,
		CreatedAt:    now,
		UpdatedAt:    now,
	}
	if q.allowedBefore() {
		given.Scope = q.earlier.Scope.Union(q.place.may)
		given.CreatedAt = q.earlier.CreatedAt
	}
	return decision, given, nil
}

// allowedBefore tells whether the person allowed this client something here before, and the client still describes
// itself as it did then.
func (q question) allowedBefore() bool {
	return len(q.earlier.Scope) > 0 && q.earlier.MetadataHash == q.client.MetadataHash
}

// answer records the person's decision, once.
func (c *Consent) answer(w http.ResponseWriter, r *http.Request) error {
	form, q, err := c.posted(r, askForm)
	if errors.Is(err, errElsewhere) {
		return c.goOn(w, q.request)
	}
	if err != nil {
		return err
	}
	return c.record(w, r, q, store.Verdict(form.Get("decision")))
}

// leave answers POST /consent/return: the person agrees to be sent back with the error.
func (c *Consent) leave(w http.ResponseWriter, r *http.Request) error {
	_, q, err := c.posted(r, returnForm)
	if errors.Is(err, errElsewhere) {
		return c.goOn(w, q.request)
	}
	if err != nil {
		return err
	}
	return c.record(w, r, q, store.Denied)
}

// posted reads a form of ours and loads anew what it was about. The form brings a handle and a token and nothing
// that is believed.
func (c *Consent) posted(r *http.Request, name string) (oauth.Params, question, error) {
	form, err := oauth.ParseForm(r)
	if err != nil {
		refusal := pages.Stale()
		refusal.Cause = err
		return nil, question{}, refusal
	}
	q, err := c.question(r, form)
	if err != nil {
		return nil, q, err
	}
	if !c.Jar.Visitor(r).CheckForm(form.Get("token"), q.purpose(name)...) {
		return nil, question{}, pages.Stale()
	}
	return form, q, nil
}

// record stores the decision and goes back into the flow.
func (c *Consent) record(w http.ResponseWriter, r *http.Request, q question, verdict store.Verdict) error {
	now := c.now()
	decision, given, err := decide(q, verdict, now)
	if err != nil {
		refusal := pages.Stale()
		refusal.Cause = err
		return refusal
	}
	id := q.request.ID
	err = c.Store.DecideRequest(r.Context(), id, c.Jar.Visitor(r).Digest(), decision, given, now)
	if errors.Is(err, store.ErrNotFound) {
		return pages.StartAgain()
	}
	if err != nil {
		return fmt.Errorf("recording the decision on a request: %w", err)
	}
	if c.Log != nil {
		c.Log.InfoContext(r.Context(), "a person decided on a client's request", "verdict", verdict, "person", q.person.ID, "client", q.request.Client, "resource", q.request.Resource)
	}
	query := url.Values{"request": {string(id)}}
	return pages.Redirect(w, c.Issuer+"/authorize/continue?"+query.Encode())
}
