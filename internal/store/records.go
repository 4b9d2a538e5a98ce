// records.go: what is remembered. Times have millisecond precision; a zero time means never.

package store

import (
	"crypto/sha256"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Identifiers are types, so they cannot change places.
type (
	ProjectID string
	PersonID  string
	ClientID  string
	RequestID string
	GrantID   string
	OrgID     string
)

// Digest is the SHA-256 of a secret. The store never sees the secret.
type Digest [sha256.Size]byte

// DigestOf hashes a secret.
func DigestOf(secret string) Digest { return sha256.Sum256([]byte(secret)) }

// Project is one issuer with its keys, settings and people.
type Project struct {
	ID        ProjectID
	Issuer    string // byte for byte as it goes on the wire; no trailing slash
	Name      string // what people are shown
	Settings  Settings
	CreatedAt time.Time
}

// Settings are a project's choices. A zero duration takes the default; Defaults tells which.
type Settings struct {
	DefaultResource string        `json:"default_resource,omitempty"` // when a request names none (RFC 8707 §2)
	SigningAlg      oauth.Alg     `json:"signing_alg,omitempty"`
	NoRegistration  bool          `json:"no_registration,omitempty"`      // dynamic client registration is off
	NoDocuments     bool          `json:"no_documents,omitempty"`         // client id metadata documents are off
	NoPrivateScheme bool          `json:"no_private_scheme,omitempty"`    // private-use redirect schemes are refused
	NoPassword      bool          `json:"no_password,omitempty"`          // nobody logs in with a password
	EmailCode       bool          `json:"email_code,omitempty"`           // people log in with a code or link that is mailed to them
	SignUp          bool          `json:"sign_up,omitempty"`              // strangers make accounts, with an address they prove
	SelfMadeRule    RuleMode      `json:"self_registered_rule,omitempty"` // of organizations that say nothing; zero lets all in
	DocumentRule    RuleMode      `json:"document_rule,omitempty"`        // likewise
	Passkeys        bool          `json:"passkeys,omitempty"`             // people log in with a passkey
	PasskeyDomain   string        `json:"passkey_domain,omitempty"`       // what passkeys are bound to, when it is not the issuer's host
	SelfMadeLives   Lives         `json:"self_registered_lives,omitzero"` // of clients that registered themselves
	DocumentLives   Lives         `json:"document_lives,omitzero"`
	SecondFactor    bool          `json:"second_factor,omitempty"` // people log in with two factors
	CodeLife        time.Duration `json:"code_life,omitempty"`
	AccessLife      time.Duration `json:"access_life,omitempty"`
	RefreshIdle     time.Duration `json:"refresh_idle,omitempty"`
	RefreshLife     time.Duration `json:"refresh_life,omitempty"`
	RefreshGrace    time.Duration `json:"refresh_grace,omitempty"` // negative means none
	SessionIdle     time.Duration `json:"session_idle,omitempty"`
	SessionLife     time.Duration `json:"session_life,omitempty"`
	RequestLife     time.Duration `json:"request_life,omitempty"`
	EventLife       time.Duration `json:"event_life,omitempty"`
}

// Defaults fills in what was left zero.
func (s Settings) Defaults() Settings {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	if s.SigningAlg == "" {
		s.SigningAlg = oauth.ES256
	}
	def(&s.CodeLife, time.Minute)
	def(&s.AccessLife, 30*time.Minute)
	def(&s.RefreshIdle, 30*24*time.Hour)
	def(&s.RefreshLife, 180*24*time.Hour)
	def(&s.RefreshGrace, 30*time.Second)
	def(&s.SessionIdle, 12*time.Hour)
	def(&s.SessionLife, 14*24*time.Hour)
	def(&s.RequestLife, 30*time.Minute)
	def(&s.EventLife, 400*24*time.Hour)
	return s
}

// Person is an account.
type Person struct {
	ID            PersonID
	Email         string // canonical form
	EmailVerified bool
	Name          string
	Password      string // PHC string, or "" for none
	Disabled      bool
	Operator      bool // may do everything in the deployment
	CreatedAt     time.Time
}

// Called is what a person is called on a page of their own: by the address, or by what else is known. A login elsewhere
// need not tell an address.
func (p Person) Called() string {
	switch {
	case p.Email != "":
		return p.Email
	case p.Name != "":
		return p.Name
	}
	return string(p.ID)
}

// Session is a browser in which a person is logged in.
type Session struct {
	ID        Digest // of the cookie
	Auth      Authentication
	Browser   string // kind of browser and system when it was opened, in words
	Network   string // the network it was opened from, as a prefix
	Org       OrgID  // the organization the person chose to act for last; they may have left it since
	CreatedAt time.Time
	UsedAt    time.Time
	IdleUntil time.Time
	Expires   time.Time
}

// Authentication is one act of logging in.
type Authentication struct {
	Person  PersonID
	At      time.Time
	Methods []string // oauth.MethodPassword, …
}

// Origin tells how a client came to be known.
type Origin string

// The origins of clients.
const (
	Registered   Origin = "registered" // by the operator
	SelfRegister Origin = "dcr"        // by itself, dynamically (RFC 7591)
	Document     Origin = "cimd"       // by the document its id points to
)

// Client is a program that asks for tokens.
type Client struct {
	ID           ClientID
	Origin       Origin
	FirstParty   bool
	Metadata     oauth.ClientMetadata // as accepted; its redirect URIs passed oauth.ParseRedirectURI
	MetadataHash Digest               // of the members a person relies on at consent
	Secrets      []Digest             // at most two are live
	Scope        Scope                // ceiling set by the operator; empty for none
	Introspects  []string             // resources whose tokens it may introspect; "*" for all
	Terms        Terms
	Disabled     bool
	Version      int64 // raised at every change
	CreatedAt    time.Time
	UsedAt       time.Time // when it last got a grant; zero if never
	FetchedAt    time.Time // of the document
	FreshUntil   time.Time // of the document
}

// Resource is an MCP server.
type Resource struct {
	URI     string // canonical: what tokens carry as audience
	Name    string
	Scopes  []ResourceScope
	Default Scope // granted when a request names no scope
	ForOrg  bool  // a person grants access to it for an organization they belong to
}

// ResourceScope is a scope of a resource, in the words a person is shown.
type ResourceScope struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Implies     []string `json:"implies,omitempty"`
	Permissions []string `json:"permissions,omitempty"` // a person must hold all of them to grant it
}

// Request is an authorization in progress: the row that says where the flow is.
type Request struct {
	ID          RequestID
	Browser     Digest // of the cookie of the browser that opened it
	Client      ClientID
	RedirectURI oauth.RedirectURI // proven
	State       string
	Resource    string // canonical; "" when the request was refused before it was known
	Scope       Scope  // what the client asked for, as far as it exists
	Challenge   oauth.CodeChallenge
	Nonce       string
	Prompt      string
	LoginHint   string
	MaxAge      int64          // seconds; negative when not asked
	ACR         oauth.ACR      // the least the login has to amount to; "" when not asked
	Refusal     *oauth.Error   // what the client will be told once the person is known
	Auth        Authentication // zero until somebody logged in for it
	Decision    Decision
	Presumed    bool // nobody was asked; not kept
	CreatedAt   time.Time
	Expires     time.Time
}

// Verdict is what a person decided.
type Verdict string

// The verdicts.
const (
	Undecided Verdict = ""
	Allowed   Verdict = "allow"
	Denied    Verdict = "deny"
)

// Decision is a person's answer to a request.
type Decision struct {
	Verdict Verdict
	Scope   Scope // what they allowed
	Org     OrgID
	Person  PersonID // who decided; must be who is signed in to the request
}

// ConsentKey names a consent: person × client × redirect host × resource × organization.
type ConsentKey struct {
	Person       PersonID
	Client       ClientID
	RedirectHost string
	Resource     string
	Org          OrgID
}

// Consent is what a person agreed to.
type Consent struct {
	ConsentKey
	Scope        Scope
	Presumed     Scope  // what was given without asking, because the client is the operator's own
	MetadataHash Digest // of the client metadata they saw
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

// EndReason says why a grant ended.
type EndReason string

// The reasons.
const (
	EndedByClient   EndReason = "client"   // revoked by the client (RFC 7009)
	EndedByPerson   EndReason = "person"   // consent withdrawn
	EndedByAdmin    EndReason = "admin"    // the same, by who runs the organization
	EndedByOperator EndReason = "operator" // client deleted, person disabled, consent withdrawn
	EndedByReplay   EndReason = "replay"   // a code was used twice
	EndedByReuse    EndReason = "reuse"    // a superseded refresh token was used
	EndedByPassword EndReason = "password" // the person's password was reset

	EndedByMembership EndReason = "membership" // the person left the organization
	EndedByPolicy     EndReason = "policy"     // the organization lets the client in no more

	EndedByOrganization EndReason = "organization" // the organization was deleted
)

// Grant is one authorization: a code, then a chain of refresh tokens of which the row keeps only the generation.
type Grant struct {
	ID          GrantID
	Person      PersonID // "" for none
	Client      ClientID
	Org         OrgID
	Resource    string
	Scope       Scope
	RedirectURI oauth.RedirectURI
	Challenge   oauth.CodeChallenge
	Nonce       string
	AuthTime    time.Time
	Methods     []string
	Refreshable bool
	Presumed    bool // given without asking
	Code        Digest
	CodeExpires time.Time
	CodeSpent   time.Time // zero until spent
	Generation  int64     // of the newest refresh token handed out; 0 until the code is spent, then 1
	RotatedAt   time.Time
	CreatedAt   time.Time
	UsedAt      time.Time
	IdleUntil   time.Time
	Expires     time.Time
	EndedAt     time.Time
	EndReason   EndReason
	Standing    Standing // of the person in Org; read with the grant, not part of it
}

// CodeUse are the bindings of a code; all must fit.
type CodeUse struct {
	Grant         GrantID
	Code          Digest
	Client        ClientID
	ClientVersion int64
	RedirectURI   string              // as sent with the code
	Challenge     oauth.CodeChallenge // made from the verifier that was sent
	Resource      string              // as sent with the code, in its registered form; "" when none was
	Idle          time.Duration       // the refresh chain's idle life from now
	Facts         bool                // the grant comes with what is known of its person and organization
	Now           time.Time
}

// GrantUse is the presentation of a refresh token whose MAC was valid.
type GrantUse struct {
	Grant         GrantID
	Client        ClientID
	ClientVersion int64
	Generation    int64
	Resource      string // as sent, in its registered form; "" when none was
	Grace         time.Duration
	Idle          time.Duration // also at most so long ago was it used
	Life          time.Duration // at most so long ago was it given
	Facts         bool          // the grant comes with what is known of its person and organization
	Now           time.Time
}

// GrantFilter selects grants; an empty member selects all.
type GrantFilter struct {
	Person   PersonID
	Client   ClientID
	Resource string
}

// Attempt counts failures under one key.
type Attempt struct {
	Failures int
	Last     time.Time
}

// SigningKey is a key pair: the public half as a JWK, the private half sealed.
type SigningKey struct {
	ID        string // RFC 7638 thumbprint
	Public    oauth.JWK
	Sealed    []byte
	CreatedAt time.Time
	ActiveAt  time.Time // signs from then on
	RetiredAt time.Time // signs no more from then on; published until the last token is over
}
