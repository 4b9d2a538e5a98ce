// organizations.go: organizations, who belongs to them, and what they let agents do.

package store

import (
	"context"
	"time"
)

// Organization is a customer of a project, with members, roles and rules of its own.
type Organization struct {
	ID        OrgID
	Slug      string // what commands call it, beside the id that tokens carry; unique in the project
	Name      string
	Policy    ClientPolicy
	Version   int64 // raised at every change
	CreatedAt time.Time
}

// Membership is a person in an organization, with roles.
type Membership struct {
	Org       OrgID
	Person    PersonID
	Roles     []string
	CreatedAt time.Time
}

// Role is a named set of permissions of a project.
type Role struct {
	Name        string
	Description string
	Permissions []string
}

// RuleMode says which clients of a kind an organization lets in.
type RuleMode string

// The modes. The zero mode takes the default of its kind.
const (
	RuleDefault RuleMode = ""
	RuleAll     RuleMode = "all"     // every client
	RuleList    RuleMode = "list"    // those that are listed
	RuleApprove RuleMode = "approve" // those an admin approved
	RuleNone    RuleMode = "none"    // no client
)

// ClientRule is an organization's rule for one kind of client.
type ClientRule struct {
	Mode    RuleMode   `json:"mode,omitempty"`
	Clients []ClientID `json:"clients,omitempty"` // let in by "list" and "approve"
	Hosts   []string   `json:"hosts,omitempty"`   // of client id metadata documents, let in by "list" and "approve"
}

// ClientPolicy is which clients may act for an organization's members, by how the client is known.
type ClientPolicy struct {
	FirstParty ClientRule `json:"first_party,omitzero"`
	ThirdParty ClientRule `json:"third_party,omitzero"` // registered by the operator
	SelfMade   ClientRule `json:"self_registered,omitzero"`
	Documents  ClientRule `json:"documents,omitzero"`
}

// Standing is what a person is to the organization a grant belongs to, or to the project when it belongs to none. It
// is read in the same step as the grant, so a grant is never judged by roles that are gone.
type Standing struct {
	Roles  []string     // the person's, there
	Policy ClientPolicy // the organization's
	Slug   string       // likewise
	Facts  *Facts       // nil unless they were asked for
}

// Facts are what a token may say of a grant's person and organization.
type Facts struct {
	Email         string
	EmailVerified bool
	Name          string
	OrgName       string
}

// MyOrganization is an organization a person belongs to, and as what.
type MyOrganization struct {
	Organization
	Roles []string
}

// Organizations are the customers of a project, their members and the project's roles.
type Organizations interface {
	// CreateOrganization adds an organization, or answers ErrExists for its id or slug.
	CreateOrganization(ctx context.Context, o Organization) error
	// UpdateOrganization replaces an organization whose version is still o.Version, and raises the version; else ErrChanged.
	UpdateOrganization(ctx context.Context, o Organization) error
	// DeleteOrganization removes an organization with its members, domains, connections to providers, invitations, approvals
	// and what was agreed to for it, and ends its grants; all or nothing.
	DeleteOrganization(ctx context.Context, id OrgID, now time.Time) error
	// Organization returns one by id.
	Organization(ctx context.Context, id OrgID) (Organization, error)
	// Organizations lists those after the given id, at most limit.
	Organizations(ctx context.Context, after OrgID, limit int) ([]Organization, error)
	// PutMember makes a person a member with these roles, or replaces the roles. The organization "" is the project
	// itself. ErrNotFound when there is no such person or organization.
	PutMember(ctx context.Context, m Membership) error
	// RemoveMember ends a membership, forgets what the person agreed to for the organization and ends the grants they
	// gave for it, all or nothing.
	RemoveMember(ctx context.Context, org OrgID, person PersonID, now time.Time) error
	// Members lists an organization's members by person after the given one, at most limit.
	Members(ctx context.Context, org OrgID, after PersonID, limit int) ([]Membership, error)
	// Member returns one membership.
	Member(ctx context.Context, org OrgID, person PersonID) (Membership, error)
	// OrganizationsOf lists the organizations a person belongs to, by name.
	OrganizationsOf(ctx context.Context, person PersonID) ([]MyOrganization, error)
	// PutRole adds a role or replaces it.
	PutRole(ctx context.Context, r Role) error
	// DeleteRole removes a role. Members who had it hold nothing by it any more.
	DeleteRole(ctx context.Context, name string) error
	// Roles lists the roles by name.
	Roles(ctx context.Context) ([]Role, error)
}
