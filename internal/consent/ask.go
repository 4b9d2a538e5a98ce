// ask.go answers POST /consent/ask: the person asks the admins of their organization to let the client in.

package consent

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

const approvalForm = "approval"

// approval is where a client stands that an admin has to let in.
type approval string

const (
	askable approval = "ask"     // nobody refused it, and this person did not ask
	waiting approval = "waiting" // they asked
	refused approval = "refused" // an admin said no
)

// approvalOf reads where the client stands in an organization, for this person.
func (c *Consent) approvalOf(ctx context.Context, q question, org store.OrgID) (approval, error) {
	all, err := c.Store.Approvals(ctx, org, q.request.Client)
	if err != nil {
		return "", fmt.Errorf("listing the approvals of organization %s: %w", org, err)
	}
	state := askable
	for _, one := range all {
		switch {
		case !one.RefusedAt.IsZero():
			return refused, nil
		case one.Person == q.person.ID:
			state = waiting
		}
	}
	return state, nil
}

// needsApproval says what the person can do about it.
func (p place) needsApproval(state approval, mails bool) place {
	p.approval = state
	switch state {
	case waiting:
		p.blocked = "An admin of " + p.org.Name + " has to approve this app, and they know that you asked. Come back to the app later."
		if mails {
			p.blocked = "An admin of " + p.org.Name + " has to approve this app, and they know that you asked. When they have answered, we’ll mail you."
		}
	case refused:
		p.blocked = "An admin of " + p.org.Name + " decided not to let this app in. Ask them which apps you can use."
	default:
		p.blocked = p.org.Name + " lets apps in once an admin approved them, and this one is not approved yet. Ask an admin to approve it."
	}
	return p
}

// ask files the wish and shows the page again, which then says that it waits.
func (c *Consent) ask(w http.ResponseWriter, r *http.Request) error {
	form, q, err := c.posted(r, approvalForm)
	if errors.Is(err, errElsewhere) {
		return c.goOn(w, q.request)
	}
	if err != nil {
		return err
	}
	if q.place.approval == askable {
		err := c.Office.Ask(r.Context(), q.place.org.Organization, q.request.Client, q.person.ID, form.Get("note"))
		if errors.Is(err, store.ErrNotFound) { // refused, or out of the organization, in this moment
			return pages.Stale()
		}
		if err != nil {
			return err
		}
	}
	query := url.Values{"request": {string(q.request.ID)}, "org": {string(q.place.org.ID)}}
	return pages.Redirect(w, c.Issuer+"/consent?"+query.Encode())
}
