// Package store says what Authwright remembers.
//
// Each method is one atomic step and decides nothing: whoever calls looks, checks, then steps. Of any number of
// callers of a step that ends something (a code, a request, a generation of a refresh token) exactly one succeeds.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/authwright/authwright/oauth"
)

// The errors a step can answer with. Anything else is a failure of the storage: the caller answers 503 and nothing has changed.
var (
	ErrNotFound = errors.New("store: not found")                    // nothing fits all the conditions of the step
	ErrExists   = errors.New("store: there is one already")         // a create met its like
	ErrChanged  = errors.New("store: it changed since it was read") // the record's version is not the one given
)

// Database is one deployment: its projects and what concerns them all.
type Database interface {
	// For returns the store of one project. It does no I/O and does not check that the project exists.
	For(project ProjectID) Store
	// CreateProject adds a project, or answers ErrExists for its id or issuer.
	CreateProject(ctx context.Context, p Project) error
	// UpdateProject replaces issuer and settings.
	UpdateProject(ctx context.Context, p Project) error
	// Projects lists all projects by id.
	Projects(ctx context.Context) ([]Project, error)
	// Sweep deletes at most limit rows of each kind that ended before now, and tells how many it deleted.
	Sweep(ctx context.Context, now time.Time, limit int) (int, error)
	// Ping tells whether the database answers.
	Ping(ctx context.Context) error
	// Close waits for the steps under way and closes the database.
	Close() error
}

// Store is what one project remembers.
type Store interface {
	Requests
	Grants
	Consents
	Connections
	Clients
	Resources
	People
	Identities
	TrustedIssuers
	Organizations
	Domains
	Invitations
	Approvals
	Sessions
	Challenges
	Passkeys
	Providers
	Factors
	Attempts
	Keys
	Events
}

// Requests are authorizations in progress.
type Requests interface {
	// OpenRequest files a new request.
	OpenRequest(ctx context.Context, r Request) error
	// Request returns a request that has not expired at now.
	Request(ctx context.Context, id RequestID, now time.Time) (Request, error)
	// SignInRequest records who logged in for the request, in the browser that opened it. It takes back any earlier decision.
	// The person must be enabled, and not signed out everywhere (SetPassword, SetPersonDisabled) after who.At: so let who.At
	// be a time from before the password was read.
	SignInRequest(ctx context.Context, id RequestID, browser Digest, who Authentication, now time.Time) error
	// DecideRequest records the person's decision on the request they are signed in to, and the consent they gave
	// (nil when they refused or it is not to be remembered), both or neither. The decision is taken once: ErrNotFound after.
	DecideRequest(ctx context.Context, id RequestID, browser Digest, d Decision, remember *Consent, now time.Time) error
	// CloseRequest ends the request and files the grant that came of it with its code, when the request is the grant's
	// client's, and the grant's person is signed in to it and did not refuse it. Of any number of callers one succeeds;
	// the rest get ErrNotFound.
	CloseRequest(ctx context.Context, id RequestID, browser Digest, g Grant, now time.Time) error
	// RefuseRequest records what the client will be told instead of a code. ErrNotFound when the request is over or of
	// another browser.
	RefuseRequest(ctx context.Context, id RequestID, browser Digest, refusal *oauth.Error, now time.Time) error
	// DropRequest ends a request that came to nothing. Dropping what is gone is no error.
	DropRequest(ctx context.Context, id RequestID, browser Digest) error
}

// Grants are authorizations that were given. A code and a chain of refresh tokens hang from each.
type Grants interface {
	// FileGrant files a grant with its code, for an authorization that needed no request row because nothing was left to ask.
	FileGrant(ctx context.Context, g Grant) error
	// SpendCode marks a code used. All of CodeUse must fit (an empty Resource fits any), the code must be unspent and
	// unexpired, the grant not ended, its person enabled, and its client enabled and at the given version; else
	// ErrNotFound and nothing changes. A grant whose AuthTime lies before its person was disabled or had the grants ended
	// is as good as ended, even if it was filed after.
	// Of any number of callers one succeeds.
	SpendCode(ctx context.Context, use CodeUse) (Grant, error)
	// MissCode counts a failed attempt to spend a live code and kills the code at the fifth. ErrNotFound when there is none.
	MissCode(ctx context.Context, id GrantID, code Digest) error
	// RotateGrant moves a grant from use.Generation to the next. When it already moved from there within
	// use.Grace and not further, it stays (the caller hands out the same successor again). All other conditions are those
	// of SpendCode; else ErrNotFound and nothing changes. The returned grant has the generation to hand out.
	RotateGrant(ctx context.Context, use GrantUse) (Grant, error)
	// Grant returns a grant whatever its state.
	Grant(ctx context.Context, id GrantID) (Grant, error)
	// LiveGrant returns a grant that is not ended nor expired, and whose person and client are enabled.
	LiveGrant(ctx context.Context, id GrantID, now time.Time) (Grant, error)
	// EndGrant ends a grant for a reason. Ending an ended one keeps the first reason. ErrNotFound when there is none.
	EndGrant(ctx context.Context, id GrantID, reason EndReason, now time.Time) error
	// EndGrants ends all live grants that fit the filter, and tells how many.
	EndGrants(ctx context.Context, f GrantFilter, reason EndReason, now time.Time) (int, error)
	// RevokeToken remembers until expires that an access token without a grant is revoked.
	RevokeToken(ctx context.Context, token Digest, expires time.Time) error
	// TokenRevoked tells whether RevokeToken was called for it.
	TokenRevoked(ctx context.Context, token Digest) (bool, error)
}

// Consents are what people agreed to.
type Consents interface {
	// Consent returns what was agreed for the key.
	Consent(ctx context.Context, key ConsentKey) (Consent, error)
	// ConsentsOf lists what one person agreed to, newest first.
	ConsentsOf(ctx context.Context, person PersonID) ([]Consent, error)
	// PresumeConsent records what is given to a client without asking, c.Presumed, beside what was agreed to before. ErrNotFound
	// when the person withdrew from the client before: they are to be asked.
	PresumeConsent(ctx context.Context, c Consent, now time.Time) error
	// WithdrawConsent forgets a consent and ends the grants under it, both or neither; that the person withdrew from a client
	// of the operator's is remembered. ErrNotFound when there is neither.
	WithdrawConsent(ctx context.Context, key ConsentKey, why EndReason, now time.Time) error
}

// Clients are the programs that ask.
type Clients interface {
	// Client returns a client, disabled or not.
	Client(ctx context.Context, id ClientID) (Client, error)
	// Clients lists clients by id after the given one, at most limit.
	Clients(ctx context.Context, after ClientID, limit int) ([]Client, error)
	// CreateClient adds a client, or answers ErrExists.
	CreateClient(ctx context.Context, c Client) error
	// RegisterClient adds a client that registered itself, or returns the one that is there under the same id.
	// At most room such clients that never had a grant are kept, and a sixteenth more: the oldest go for the newest.
	RegisterClient(ctx context.Context, c Client, room int) (Client, error)
	// PutDocument files a client that is described by the document at its id, new or changed, and returns it.
	PutDocument(ctx context.Context, c Client) (Client, error)
	// UpdateClient replaces a client whose version is still c.Version, and raises the version; else ErrChanged.
	UpdateClient(ctx context.Context, c Client) error
	// SetClientDisabled disables or enables a client. Disabling ends its grants in the same step.
	SetClientDisabled(ctx context.Context, id ClientID, disabled bool, now time.Time) error
	// DeleteClient removes a client and its consents and ends its grants, all or nothing.
	DeleteClient(ctx context.Context, id ClientID, now time.Time) error
}

// Resources are the MCP servers that tokens are for.
type Resources interface {
	// PutResource adds a resource or replaces it.
	PutResource(ctx context.Context, r Resource) error
	// DeleteResource removes a resource, forgets what people agreed to there and ends the grants for it, all or nothing.
	DeleteResource(ctx context.Context, uri string, now time.Time) error
	// Resources lists them by URI.
	Resources(ctx context.Context) ([]Resource, error)
}

// People are the accounts of a project.
type People interface {
	// CreatePerson adds a person, or answers ErrExists for the id or the e-mail address.
	CreatePerson(ctx context.Context, p Person) error
	// Person returns a person, disabled or not.
	Person(ctx context.Context, id PersonID) (Person, error)
	// PersonByEmail returns the person with the canonical e-mail address.
	PersonByEmail(ctx context.Context, email string) (Person, error)
	// People lists people by id after the given one, at most limit.
	People(ctx context.Context, after PersonID, limit int) ([]Person, error)
	// CreateFirstOperator adds a person who is an operator, while there is none. Of any number of callers one succeeds;
	// the rest get ErrExists, as does one whose id or e-mail address is taken, and nothing changes.
	CreateFirstOperator(ctx context.Context, p Person) error
	// HasOperator tells whether somebody is an operator, disabled or not.
	HasOperator(ctx context.Context) (bool, error)
	// SetPassword replaces the password hash, ends the person's sessions and challenges and, when endGrants, their grants;
	// all or nothing.
	SetPassword(ctx context.Context, id PersonID, hash string, endGrants bool, now time.Time) error
	// VerifyEmail records that the person showed that the address is theirs (Domains tells what that brings). ErrNotFound when they have another one.
	VerifyEmail(ctx context.Context, id PersonID, email string, now time.Time) error
	// RenewPassword replaces a password hash with another one of the same password, if it is still old; else
	// ErrChanged and nothing changes. Sessions and grants stay.
	RenewPassword(ctx context.Context, id PersonID, old, fresh string) error
	// SetPersonDisabled disables or enables a person. Disabling ends their sessions, challenges and grants in the
	// same step.
	SetPersonDisabled(ctx context.Context, id PersonID, disabled bool, now time.Time) error
}

// Sessions are browsers in which a person is logged in.
type Sessions interface {
	// OpenSession files a session and ends the one it replaces (a zero digest replaces none). s.Org is the organization that
	// its person acts for: of which they are a member, or become one here as Domains tells. Its person must be enabled,
	// and not signed out everywhere after s.Auth.At; else ErrNotFound.
	OpenSession(ctx context.Context, s Session, replaces Digest) error
	// Session returns a live session and its person, who is enabled. When it was last used more than a minute
	// before now it is marked used and its idle life begins again.
	Session(ctx context.Context, id Digest, idle time.Duration, now time.Time) (Session, Person, error)
	// SetSessionOrg says for which of their organizations the person acts in this browser, "" for none in particular.
	// ErrNotFound when they are no member.
	SetSessionOrg(ctx context.Context, id Digest, org OrgID) error
	// CloseSession ends a session. Ending what is gone is no error.
	CloseSession(ctx context.Context, id Digest) error
	// SessionsOf lists the live sessions of a person, the last used first.
	SessionsOf(ctx context.Context, person PersonID, now time.Time) ([]Session, error)
	// CloseSessionOf ends a session, if it is the person's; else ErrNotFound.
	CloseSessionOf(ctx context.Context, person PersonID, id Digest) error
	// CloseOtherSessions ends all sessions of a person but one, and tells how many.
	CloseOtherSessions(ctx context.Context, person PersonID, keep Digest) (int, error)
}

// Attempts count failures, so that guessing gets slower.
type Attempts interface {
	// Attempts returns the counts kept under the keys; a key without failures is absent.
	Attempts(ctx context.Context, now time.Time, keys ...Digest) (map[Digest]Attempt, error)
	// CountFailure adds a failure under each key; a count older than memory starts again. When they are failures to log in
	// as a person, and those under the first key have doubled since it was last told, the event tells how many they are.
	CountFailure(ctx context.Context, as PersonID, now time.Time, memory time.Duration, keys ...Digest) error
	// ForgetFailures clears the keys.
	ForgetFailures(ctx context.Context, keys ...Digest) error
}

// Keys are signing keys and secrets, sealed by a key that is not in the database.
type Keys interface {
	// AddKey files a signing key, or answers ErrExists.
	AddKey(ctx context.Context, k SigningKey) error
	// SigningKeys lists the keys, oldest first.
	SigningKeys(ctx context.Context) ([]SigningKey, error)
	// RetireKeys marks every other key than keep as retired at the given time, unless it is by then. ErrNotFound, and
	// nothing changes, when there is no key to keep.
	RetireKeys(ctx context.Context, keep string, at time.Time) error
	// Secret returns a sealed secret; when there is none it files fresh and returns that. All callers get the same one.
	Secret(ctx context.Context, name string, fresh []byte) ([]byte, error)
}

// Scope is the wire's scope, here so that readers of records need not look further.
type Scope = oauth.Scope
