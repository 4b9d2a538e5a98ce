// providers.go: other providers that say who somebody is, and people on their way to one and back.

package store

import (
	"context"
	"time"
)

// ProviderID names a connection to a provider. It stands in addresses and is no secret.
type ProviderID string

// ProviderKind says how a provider is to be asked.
type ProviderKind string

// The kinds.
const (
	OpenID    ProviderKind = "oidc" // any OpenID provider
	Google    ProviderKind = "google"
	Microsoft ProviderKind = "microsoft"
	GitHub    ProviderKind = "github" // OAuth without ID tokens
)

// Provider is a connection to a provider at which this project is a client.
type Provider struct {
	ID        ProviderID
	Kind      ProviderKind
	Name      string // what people are shown
	Issuer    string // of its ID tokens, byte for byte; of GitHub the address of its pages
	ClientID  string
	Secret    []byte // sealed; empty for a public client
	Scopes    []string
	Org       OrgID    // whose people come by it; "" for everybody's
	Required  bool     // the people of Org come by it and by nothing else
	Domains   []string // of e-mail addresses it has the last word on; that of an organization has it on its verified domains
	Create    bool     // whom nobody knows gets an account
	Disabled  bool
	CreatedAt time.Time
}

// Journey is a person on the way to a provider and back.
type Journey struct {
	State    Digest // of the secret that comes back with them
	Provider ProviderID
	Browser  Digest    // of the cookie of the browser that began
	Request  RequestID // the authorization they log in for; "" for none
	Session  Digest    // of who is signed in and connects an identity; zero for who logs in
	Person   PersonID  // of that session
	Fresh    bool      // the provider has to ask them who they are, whatever it remembers
	Began    time.Time
	Expires  time.Time
}

// Providers are the connections of a project.
type Providers interface {
	// CreateProvider adds a connection, or answers ErrExists for its id.
	CreateProvider(ctx context.Context, p Provider) error
	// UpdateProvider replaces one.
	UpdateProvider(ctx context.Context, p Provider) error
	// DeleteProvider removes one and whoever is on the way to it. Identities stay: they are the issuer's, not the connection's.
	DeleteProvider(ctx context.Context, id ProviderID) error
	// Provider returns one, disabled or not.
	Provider(ctx context.Context, id ProviderID) (Provider, error)
	// Providers lists them by id.
	Providers(ctx context.Context) ([]Provider, error)
	// ProvidersFor lists the connections in use of the organization for which a domain is verified, lapsed or not: those
	// that are required first, then by id.
	ProvidersFor(ctx context.Context, domain string) ([]Provider, error)
	// OpenJourney files a journey.
	OpenJourney(ctx context.Context, j Journey) error
	// SpendJourney ends the live journey with that state that this browser began, and returns it. Of any number of
	// callers one succeeds; the rest get ErrNotFound. Another browser's attempt ends nothing.
	SpendJourney(ctx context.Context, state, browser Digest, now time.Time) (Journey, error)
}
