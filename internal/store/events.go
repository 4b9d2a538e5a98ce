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

// The kinds.
const (
	LoggedIn  EventKind = "login"  // a person logged in; methods says how
	LoggedOut EventKind = "logout" // a person logged out

	ConsentAllowed   EventKind = "consent.allowed"   // a person let a client act for them, with this scope
	ConsentDenied    EventKind = "consent.denied"    // a person refused a client
	ConsentPresumed  EventKind = "consent.presumed"  // a client of the operator's was let act for a person who was not asked
	ConsentWithdrawn EventKind = "consent.withdrawn" // what a person had agreed to was forgotten

	Granted    EventKind = "grant.given" // a client got an authorization, with this scope
	GrantEnded EventKind = "grant.ended" // one or several authorizations ended; reason says why
)

// EventKinds are all kinds, each once, in the order of their names.
var EventKinds = []EventKind{
	ConsentAllowed, ConsentDenied, ConsentPresumed, ConsentWithdrawn,
	GrantEnded, Granted,
	LoggedIn, LoggedOut,
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
	Scope   Scope     `json:"scope,omitempty"`
	Methods []string  `json:"methods,omitempty"` // RFC 8176 values: "pwd", "otp", …
	Reason  EndReason `json:"reason,omitempty"`
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
	if e.Actor.Kind == "" {
		e.Actor.Kind = BySystem
	}
	e.At = now()
	e.ID = newEventID(e.At)
	return e
}
