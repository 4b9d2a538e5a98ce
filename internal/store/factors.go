// factors.go: what a person proves who they are with beside what they came in with, and logins that wait for it.

package store

import (
	"context"
	"time"
)

// Authenticator is an app that makes one-time codes for a person (RFC 6238).
type Authenticator struct {
	Person    PersonID
	Sealed    []byte // its secret, under a key that is not in the database
	LastStep  int64  // the newest time step whose code was used
	CreatedAt time.Time
}

// FactorsOf are the second factors of a person.
type FactorsOf struct {
	Authenticator bool
	Passkeys      int
	RecoveryCodes int // left
}

// Second tells whether whoever came in by one factor is asked for another. A passkey is a way in of its own; who has one
// beside a password is not asked for both. Recovery codes stand in for a factor and are none.
func (f FactorsOf) Second() bool { return f.Authenticator }

// HalfLoginID names a half login. It is no secret.
type HalfLoginID string

// HalfLogin is a login whose first factor is proven and whose second is not. It is worth nothing but the right to try.
type HalfLogin struct {
	ID        HalfLoginID
	Browser   Digest         // of the cookie of the browser that began
	Auth      Authentication // what was proven
	Org       OrgID          // for which they act; "" when nothing said so
	Request   RequestID      // what it is for; "" for nothing but the account
	Tries     int            // of the second factor
	CreatedAt time.Time
	Expires   time.Time
}

// Factors are the second factors of people.
type Factors interface {
	// FactorsOf tells what second factors a person has.
	FactorsOf(ctx context.Context, person PersonID) (FactorsOf, error)
	// AddAuthenticator gives a person an authenticator and new recovery codes in place of all they had; ErrExists, and nothing
	// changes, when they have one.
	AddAuthenticator(ctx context.Context, a Authenticator, codes []Digest) error
	// Authenticator returns a person's authenticator.
	Authenticator(ctx context.Context, person PersonID) (Authenticator, error)
	// UseAuthenticator records that the code of a time step was used, if it is newer than the last; else ErrNotFound.
	// Of any number of callers with one step one succeeds (RFC 6238 §5.2).
	UseAuthenticator(ctx context.Context, person PersonID, step int64) error
	// RemoveAuthenticator takes the authenticator and the recovery codes away. ErrNotFound when there is none.
	RemoveAuthenticator(ctx context.Context, person PersonID) error
	// ReplaceRecoveryCodes gives a person new recovery codes in place of all they had.
	ReplaceRecoveryCodes(ctx context.Context, person PersonID, codes []Digest) error
	// UseRecoveryCode ends a recovery code. Of any number of callers one succeeds; the rest get ErrNotFound.
	UseRecoveryCode(ctx context.Context, person PersonID, code Digest) error

	// OpenHalfLogin files a half login.
	OpenHalfLogin(ctx context.Context, h HalfLogin) error
	// HalfLogin returns a half login of that browser that is neither finished nor over.
	HalfLogin(ctx context.Context, id HalfLoginID, browser Digest, now time.Time) (HalfLogin, error)
	// TryHalfLogin counts a try of the second factor, before the caller looks whether it is right. Of any number of callers
	// MaxTries get the half login; the rest get ErrNotFound.
	TryHalfLogin(ctx context.Context, id HalfLoginID, browser Digest, now time.Time) (HalfLogin, error)
	// FinishHalfLogin ends a half login of that browser. Of any number of callers one succeeds; the rest get ErrNotFound.
	FinishHalfLogin(ctx context.Context, id HalfLoginID, browser Digest, now time.Time) error
}
