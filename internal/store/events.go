// events.go: what happened. An event is written by the step it tells of, in its transaction, and never changed.

package store

import (
	"context"
	"net/netip"
	"time"
)

// EventID names an event. Later events have greater ids.
type EventID string

// EventKind says what happened.
type EventKind string

// The kinds. The comment of each is what docs/operate.md says of it.
const (
	LoggedIn    EventKind = "login"        // A person logged in; methods says how.
	LoginFailed EventKind = "login.failed" // Somebody failed to log in as a person. Written at the first failure and whenever their number, which is count, has doubled.
	LoggedOut   EventKind = "logout"       // A person logged out of one browser or several.

	ConsentAllowed   EventKind = "consent.allowed"   // A person let a client act for them, with this scope.
	ConsentDenied    EventKind = "consent.denied"    // A person refused a client.
	ConsentPresumed  EventKind = "consent.presumed"  // A client of the operator's was let act for a person who was not asked.
	ConsentWithdrawn EventKind = "consent.withdrawn" // What a person had agreed to was forgotten.

	Granted      EventKind = "grant.given"   // A client got an authorization, with this scope.
	GrantEnded   EventKind = "grant.ended"   // One authorization or several ended; reason says why. reuse is a refresh token and replay a code that came twice; admin is an organization's admin, who is the actor.
	TokenRevoked EventKind = "token.revoked" // A client gave back an access token that was its own.

	PersonCreated   EventKind = "person.created"        // An account was made, by its person or by an operator.
	PasswordChanged EventKind = "person.password"       // A password was chosen anew, by its person or by an operator.
	EmailVerified   EventKind = "person.email_verified" // A person showed that an address is theirs.
	PersonDisabled  EventKind = "person.disabled"       // An account was disabled, and all that was open with it ended.
	PersonEnabled   EventKind = "person.enabled"        // An account was enabled again.
	IdentityAdded   EventKind = "identity.added"        // An account can be logged in to from elsewhere, which name says.
	IdentityRemoved EventKind = "identity.removed"      // It no longer can.
	PasskeyAdded    EventKind = "passkey.added"         // A person made a passkey; name is its id.
	PasskeyRemoved  EventKind = "passkey.removed"       // A passkey was removed.

	AuthenticatorAdded   EventKind = "authenticator.added"   // A person logs in with a code of an authenticator app too, from now on.
	AuthenticatorRemoved EventKind = "authenticator.removed" // A person's authenticator app was removed, with their recovery codes.
	RecoveryCodesMade    EventKind = "recovery_codes.made"   // A person got new recovery codes.

	ClientCreated  EventKind = "client.created"  // An operator registered a client.
	ClientChanged  EventKind = "client.changed"  // A client is another: an operator changed it, or the document that describes it did after it was used.
	ClientDisabled EventKind = "client.disabled" // A client was disabled, and its authorizations ended.
	ClientEnabled  EventKind = "client.enabled"  // A client was enabled again.
	ClientDeleted  EventKind = "client.deleted"  // A client was deleted, with the consents to it.

	OrgCreated     EventKind = "org.created"     // An organization was made.
	OrgChanged     EventKind = "org.changed"     // An organization's name or policy was changed; policy is the new one.
	OrgDeleted     EventKind = "org.deleted"     // An organization was deleted, with all that was its.
	MemberSet      EventKind = "member.set"      // A person became a member of an organization, or of the project when org is empty, or has other roles.
	MemberRemoved  EventKind = "member.removed"  // A person is no member any more.
	DomainAdded    EventKind = "domain.added"    // An organization says that a domain is its own.
	DomainChanged  EventKind = "domain.changed"  // Who joins by a domain was changed.
	DomainVerified EventKind = "domain.verified" // DNS showed that the domain is the organization's.
	DomainRemoved  EventKind = "domain.removed"  // A domain is no longer the organization's.

	InvitationSent     EventKind = "invitation.sent"     // An address was invited to an organization; name is the invitation.
	InvitationRevoked  EventKind = "invitation.revoked"  // An invitation was taken back.
	InvitationAccepted EventKind = "invitation.accepted" // A person accepted an invitation.
	ApprovalAsked      EventKind = "approval.asked"      // A member asked their organization to let a client in.
	ApprovalGiven      EventKind = "approval.given"      // The organization lets the client in; person is who asked, when it was one.
	ApprovalRefused    EventKind = "approval.refused"    // The organization does not; person is who asked, when it was one.
	RefusalWithdrawn   EventKind = "approval.reopened"   // Members may ask for the client again.

	RoleSet         EventKind = "role.set"         // A role was made or permits something else.
	RoleDeleted     EventKind = "role.deleted"     // A role was deleted.
	ResourceSet     EventKind = "resource.set"     // A protected server was registered or changed.
	ResourceDeleted EventKind = "resource.deleted" // A protected server was removed, with what people agreed to there.
	IssuerAdded     EventKind = "issuer.added"     // Tokens of another login are trusted from now on.
	IssuerChanged   EventKind = "issuer.changed"   // What is trusted of another login was changed.
	IssuerRemoved   EventKind = "issuer.removed"   // Tokens of another login are trusted no more.
	ProviderAdded   EventKind = "provider.added"   // People may come by another provider from now on.
	ProviderChanged EventKind = "provider.changed" // A connection to another provider was changed.
	ProviderRemoved EventKind = "provider.removed" // Nobody comes by another provider any more.
	ProjectCreated  EventKind = "project.created"  // The project was made.
	ProjectChanged  EventKind = "project.changed"  // The project's settings were changed; settings are the new ones.
	KeyAdded        EventKind = "key.added"        // A signing key was made.
	KeysRetired     EventKind = "key.retired"      // The other signing keys will sign no more.
)

// EventKinds are all kinds.
var EventKinds = []EventKind{
	LoggedIn, LoginFailed, LoggedOut,
	ConsentAllowed, ConsentDenied, ConsentPresumed, ConsentWithdrawn,
	Granted, GrantEnded, TokenRevoked,
	PersonCreated, PasswordChanged, EmailVerified, PersonDisabled, PersonEnabled, IdentityAdded, IdentityRemoved,
	PasskeyAdded, PasskeyRemoved, AuthenticatorAdded, AuthenticatorRemoved, RecoveryCodesMade,
	ClientCreated, ClientChanged, ClientDisabled, ClientEnabled, ClientDeleted,
	OrgCreated, OrgChanged, OrgDeleted, MemberSet, MemberRemoved, DomainAdded, DomainChanged, DomainVerified, DomainRemoved,
	InvitationSent, InvitationRevoked, InvitationAccepted, ApprovalAsked, ApprovalGiven, ApprovalRefused, RefusalWithdrawn,
	RoleSet, RoleDeleted, ResourceSet, ResourceDeleted, IssuerAdded, IssuerChanged, IssuerRemoved,
	ProviderAdded, ProviderChanged, ProviderRemoved,
	ProjectCreated, ProjectChanged, KeyAdded, KeysRetired,
}

// ActorKind says what acted.
type ActorKind string

// The kinds of actors.
const (
	ByPerson   ActorKind = "person"   // an account, for itself
	ByClient   ActorKind = "client"   // a program that asks for tokens
	ByOperator ActorKind = "operator" // who runs the deployment: an account, or the machine's user on the command line
	BySystem   ActorKind = "system"   // Authwright itself
)

// Actor is who acted.
type Actor struct {
	Kind ActorKind
	ID   string
}

// Event is something that happened. What does not concern it is empty.
type Event struct {
	ID       EventID
	At       time.Time
	Kind     EventKind
	Actor    Actor
	From     netip.Addr // where the actor called from; the zero address when nobody called
	Person   PersonID
	Client   ClientID
	Org      OrgID
	Grant    GrantID
	Resource string
	Count    int // of the rows of that kind it concerned
	Detail   Detail
}

// Detail is what there is to say beyond who and whom. No member may hold a secret, a token or a code.
type Detail struct {
	Name        string        `json:"name,omitempty"`  // of what was made, changed or removed
	Email       string        `json:"email,omitempty"` // where the address is what it is about
	Scope       Scope         `json:"scope,omitempty"`
	Methods     []string      `json:"methods,omitempty"` // RFC 8176 values: "pwd", "otp", …
	Reason      EndReason     `json:"reason,omitempty"`
	Roles       []string      `json:"roles,omitempty"`
	Permissions []string      `json:"permissions,omitempty"`
	Operator    bool          `json:"operator,omitempty"` // the account may do everything in the deployment
	Disabled    bool          `json:"disabled,omitempty"`
	Secrets     int           `json:"secrets,omitempty"` // how many the client has
	Policy      *ClientPolicy `json:"policy,omitempty"`
	Settings    *Settings     `json:"settings,omitempty"`
}

// EventFilter selects events; an empty member selects all.
type EventFilter struct {
	Person PersonID
	Client ClientID
	Org    OrgID
	Kind   EventKind
	Since  time.Time // from then on
	Before EventID   // earlier than this one: the last of the page before
}

// Events are what happened in a project. There is no step that changes or removes one; Sweep takes those whose time is over.
type Events interface {
	// Events lists the events that fit the filter, newest first, at most limit.
	Events(ctx context.Context, f EventFilter, limit int) ([]Event, error)
}

// Act is who acts, from where, and by which clock. It travels in the context, so that every step can tell.
type Act struct {
	Actor Actor // zero when the step knows it best: who logs in is who acts
	From  netip.Addr
	Now   func() time.Time // nil for the machine's clock
}

type actKey struct{}

// By says of all steps under the context who takes them.
func By(ctx context.Context, a Act) context.Context { return context.WithValue(ctx, actKey{}, &a) }

// As says who acts, and keeps from where and by which clock.
func As(ctx context.Context, actor Actor) context.Context {
	var a Act
	if act, ok := ctx.Value(actKey{}).(*Act); ok {
		a = *act
	}
	a.Actor = actor
	return By(ctx, a)
}

// Tell fills in of an event what the context knows. Who acts there goes before who the step supposes.
func Tell(ctx context.Context, e Event) Event {
	now := time.Now
	if act, ok := ctx.Value(actKey{}).(*Act); ok {
		e.From = act.From
		if act.Actor.Kind != "" {
			e.Actor = act.Actor
		}
		if act.Now != nil {
			now = act.Now
		}
	}
	switch {
	case e.Actor.Kind == "":
		e.Actor.Kind = BySystem
	case e.Actor.Kind == ByClient && e.Client == "":
		e.Client = ClientID(e.Actor.ID)
	}
	e.At = now()
	e.ID = newEventID(e.At)
	return e
}
