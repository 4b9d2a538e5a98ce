// approvals.go: which clients members ask their organization to let in.

package store

import (
	"context"
	"time"
)

// Approval is one member's wish that their organization lets a client in.
type Approval struct {
	Org       OrgID
	Client    ClientID
	Person    PersonID // who asks
	Note      string   // why, in their words; may be empty
	AskedAt   time.Time
	RefusedAt time.Time // zero while it waits
	RefusedBy PersonID  // "" for the operator
}

// Approvals are wishes that wait, or that were refused. One that was granted is in the organization's policy.
type Approvals interface {
	// AskApproval files a member's wish. ErrExists when they asked before, ErrNotFound when they are no member or the client
	// was refused.
	AskApproval(ctx context.Context, a Approval) error
	// Approvals lists an organization's, of one client or with "" of all, the oldest first.
	Approvals(ctx context.Context, org OrgID, client ClientID) ([]Approval, error)
	// ApproveClient replaces the organization as UpdateOrganization does, and ends all wishes for the client, both or
	// neither. It returns them.
	ApproveClient(ctx context.Context, o Organization, client ClientID) ([]Approval, error)
	// RefuseClient refuses all wishes for the client that wait, and returns them; ErrNotFound when none does. From then on
	// nobody can ask, until the refusal is withdrawn.
	RefuseClient(ctx context.Context, org OrgID, client ClientID, by PersonID, now time.Time) ([]Approval, error)
	// WithdrawRefusal forgets that the client was refused.
	WithdrawRefusal(ctx context.Context, org OrgID, client ClientID) error
}
