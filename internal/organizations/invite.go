// invite.go asks somebody to belong to an organization: by a mail with a link that works once (threat E7). What the
// link gives is in the stored row; the link brings 256 random bits, of which the row has the digest.

package organizations

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/store"
)

const (
	invitationLife = 7 * 24 * time.Hour
	maxInvitations = 200 // that wait, of one organization
)

// ErrTooMany means that too many invitations of the organization wait.
var ErrTooMany = errors.New("organizations: too many invitations wait")

// Invite files an invitation, in place of an earlier one to the address, mails it, and returns its link. It does the
// same whether or not somebody has the address (threat E2).
func (o *Office) Invite(ctx context.Context, org store.Organization, i store.Invitation) (link string, err error) {
	waiting, err := o.Store.InvitationsOf(ctx, org.ID)
	if err != nil {
		return "", fmt.Errorf("listing the invitations of organization %s: %w", org.ID, err)
	}
	if len(waiting) >= maxInvitations {
		return "", ErrTooMany
	}
	now, secret := o.now(), browser.NewToken()
	i.ID, i.Link, i.Org = store.InvitationID("inv_"+store.NewID(now)), store.DigestOf(secret), org.ID
	i.CreatedAt, i.Expires = now, now.Add(invitationLife)
	if err := o.Store.Invite(ctx, i); err != nil {
		return "", fmt.Errorf("inviting somebody to organization %s: %w", org.ID, err)
	}
	link = o.Issuer + "/invitation?" + url.Values{"t": {string(i.ID) + "." + secret}}.Encode()
	o.tell(ctx, mail.Letter{
		To: i.Email, Title: "You are invited to " + org.Name, Until: i.Expires,
		Lines:    []string{"You are invited to belong to " + org.Name + " at " + o.Site + ". The link works once, within seven days, for this address only."},
		LinkText: "Look at the invitation", Link: link,
		Closing: []string{"If you did not expect this, ignore this mail. Nothing happens unless you accept."},
	})
	o.note(ctx, "somebody was invited", "org", org.ID, "invitation", i.ID, "by", i.By)
	return link, nil
}

// Opened is the live invitation of a link, without accepting it, and its organization. One that is wrong, over, revoked
// or accepted is the same store.ErrNotFound.
func (o *Office) Opened(ctx context.Context, token string) (store.Invitation, store.Organization, error) {
	id, secret, _ := strings.Cut(token, ".")
	i, err := o.Store.Invitation(ctx, store.InvitationID(id), o.now())
	if err != nil {
		return store.Invitation{}, store.Organization{}, fmt.Errorf("reading an invitation: %w", err)
	}
	digest := store.DigestOf(secret)
	if subtle.ConstantTimeCompare(digest[:], i.Link[:]) != 1 {
		return store.Invitation{}, store.Organization{}, fmt.Errorf("reading an invitation: %w", store.ErrNotFound)
	}
	org, err := o.Store.Organization(ctx, i.Org)
	if err != nil {
		return store.Invitation{}, store.Organization{}, fmt.Errorf("reading the organization of an invitation: %w", err)
	}
	return i, org, nil
}
