// trust.go: other people's logins whose signed tokens let people in, and people on their way through one.

package store

import (
	"context"
	"time"
)

// TrustedIssuer is a login of the operator's own, or of their provider, whose signed tokens say who somebody is.
type TrustedIssuer struct {
	Name          string // what commands and addresses call it
	Title         string // what people are shown
	Issuer        string // iss of its tokens, byte for byte
	Audience      string // what aud of a token must name
	KeysURL       string // of its JWK set (RFC 7517 §5); "" when Keys are given
	Keys          string // its public keys in PEM; "" when they are read from KeysURL
	Algorithms    []string
	LoginURL      string // where its people log in
	Mapping       ClaimMapping
	Require       []string // "path=value": what its tokens must say besides
	Create        bool     // a person whom nobody knows gets an account
	Authoritative bool     // it has the last word on whose an e-mail address is
	Org           OrgID    // all its people belong to it; "" when a claim says where they belong, or nothing does
	MaxAge        time.Duration
	Disabled      bool
	CreatedAt     time.Time
}

// ClaimMapping says where in a token each attribute stands. The zero mapping of an attribute takes nothing.
type ClaimMapping struct {
	Email         string `json:"email,omitempty"`
	EmailVerified string `json:"email_verified,omitempty"`
	Name          string `json:"name,omitempty"`
	Organization  string `json:"organization,omitempty"`
	Roles         string `json:"roles,omitempty"`
	Methods       string `json:"amr,omitempty"` // RFC 8176
}

// Attested is what a trusted issuer said of a person.
type Attested struct {
	Issuer        string    `json:"iss"`
	Subject       string    `json:"sub"`
	Email         string    `json:"email,omitempty"`
	EmailVerified bool      `json:"email_verified,omitempty"`
	Name          string    `json:"name,omitempty"`
	Organization  string    `json:"organization,omitempty"`
	Roles         []string  `json:"roles,omitempty"`
	Methods       []string  `json:"amr,omitempty"`
	LoggedIn      time.Time `json:"auth_time,omitzero"` // when the person logged in there
}

// Handover is a person on the way from here through a trusted login and back.
type Handover struct {
	ID        Digest // of the reference that travels with them
	Trusted   string // the issuer's name
	Browser   Digest // of the cookie of the browser that began
	Request   RequestID
	Token     Digest // of the token that answered; zero until one did
	Ticket    Digest // of the secret that was given to the browser that brought the token
	Attested  Attested
	CreatedAt time.Time
	Expires   time.Time
}

// TrustedIssuers are the logins whose tokens a project believes.
type TrustedIssuers interface {
	// CreateTrustedIssuer adds one, or answers ErrExists for its name or issuer and audience.
	CreateTrustedIssuer(ctx context.Context, t TrustedIssuer) error
	// UpdateTrustedIssuer replaces one. ErrExists when another has its issuer and audience.
	UpdateTrustedIssuer(ctx context.Context, t TrustedIssuer) error
	// TrustedIssuer returns one by name, disabled or not.
	TrustedIssuer(ctx context.Context, name string) (TrustedIssuer, error)
	// TrustedIssuers lists them by name.
	TrustedIssuers(ctx context.Context) ([]TrustedIssuer, error)
	// DeleteTrustedIssuer removes one and whoever is on the way through it. Identities stay: they are the issuer's.
	DeleteTrustedIssuer(ctx context.Context, name string) error
	// OpenHandover files a handover.
	OpenHandover(ctx context.Context, h Handover) error
	// Handover returns a live one.
	Handover(ctx context.Context, id Digest, now time.Time) (Handover, error)
	// AnswerHandover records in a live handover of that issuer the token, what it attested and the ticket, in the place
	// of an earlier answer.
	AnswerHandover(ctx context.Context, h Handover, now time.Time) error
	// SpendHandover ends the live handover with that ticket that this browser began, and returns it. Of any number of
	// callers one succeeds; the rest get ErrNotFound. Another browser's attempt ends nothing.
	SpendHandover(ctx context.Context, ticket, browser Digest, now time.Time) (Handover, error)
	// SpendToken remembers until expires that a token of another issuer was used. Of any number of callers one succeeds;
	// the rest get ErrExists.
	SpendToken(ctx context.Context, token Digest, expires time.Time) error
}
