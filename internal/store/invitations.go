// invitations.go: who was asked, by mail, to belong to an organization.

package store

import (
	"context"
	"time"
)

// InvitationID names an invitation. It is no secret.
type InvitationID string

// Invitation asks whoever reads the mail of an address to become a member. Everything it gives is in the row; the link
// brings a secret and nothing else.
type Invitation struct {
	ID        InvitationID
	Link      Digest // of the secret in the link
	Org       OrgID
	Email     string // canonical
	Roles     []string
	By        PersonID // "" for the operator
	CreatedAt time.Time
	Expires   time.Time
}

// Invitations are those that nobody accepted yet.
type Invitations interface {
	// Invite files an invitation, in place of an earlier one of the organization to the same address, whose link is worth
	// nothing from then on. ErrNotFound when there is no such organization.
	Invite(ctx context.Context, i Invitation) error
	// Invitation returns a live one.
	Invitation(ctx context.Context, id InvitationID, now time.Time) (Invitation, error)
	// InvitationsOf lists an organization's by address, those that are over included until they are swept.
	InvitationsOf(ctx context.Context, org OrgID) ([]Invitation, error)
	// InvitationsTo lists the live ones to an address, the newest first.
	InvitationsTo(ctx context.Context, email string, now time.Time) ([]Invitation, error)
	// RevokeInvitation ends an organization's invitation.
	RevokeInvitation(ctx context.Context, org OrgID, id InvitationID) error
	// AcceptInvitation ends a live invitation with that link, and makes the person a member whose address it went to: their
	// address is proven by it. Who is a member already keeps their roles. ErrNotFound, and nothing changes, when the person
	// is disabled or has another address. Of any number of callers one succeeds; the rest get ErrNotFound.
	AcceptInvitation(ctx context.Context, id InvitationID, link Digest, person PersonID, now time.Time) error
	// AcceptAsNew is AcceptInvitation for somebody who has no account: it creates p with the invitation's address, proven.
	// ErrExists when somebody has the address.
	AcceptAsNew(ctx context.Context, id InvitationID, link Digest, p Person, now time.Time) error
}
