// challenges.go: what a person has to prove once, by what was sent to them.

package store

import (
	"context"
	"time"
)

// ChallengeID names a challenge. It is no secret.
type ChallengeID string

// Purpose says what a challenge is for. What answers one purpose is worth nothing for another.
type Purpose string

// The purposes.
const (
	ForSignIn Purpose = "sign-in" // to log in
	ForReset  Purpose = "reset"   // to choose a new password
	ForSignUp Purpose = "sign-up" // to make an account
	ForVerify Purpose = "verify"  // to show that an address is theirs
	ForEnrol  Purpose = "enrol"   // to make a passkey, by an operator's leave
	ForBegin  Purpose = "begin"   // to make the passkey of a new account, whose address is proven; Person will be its id
)

// MaxTries is how often the code of a challenge may be tried.
const MaxTries = 5

// Challenge is a question that is answered once: by a link, or in the browser that asked by a code.
type Challenge struct {
	ID        ChallengeID
	Purpose   Purpose
	Link      Digest    // of the secret in the link
	Code      Digest    // of the code, under a key that is not in the database
	Browser   Digest    // of the cookie of the browser that asked
	Request   RequestID // the authorization it was asked for; "" for none
	Email     string    // canonical; where the answer was sent
	Person    PersonID  // "" when nobody has the address, and nothing was sent
	Name      string    // of the account to make
	Password  string    // of the account to make: a PHC string, or "" for none
	Tries     int       // of the code
	CreatedAt time.Time
	Expires   time.Time
}

// Challenges are what people have to prove.
type Challenges interface {
	// OpenChallenge files a challenge.
	OpenChallenge(ctx context.Context, c Challenge) error
	// Challenge returns a challenge that is neither spent nor over.
	Challenge(ctx context.Context, id ChallengeID, now time.Time) (Challenge, error)
	// TryChallenge counts a try of the code, made by the browser that asked, before the caller looks whether it is right.
	// Of any number of callers MaxTries get the challenge; the rest get ErrNotFound.
	TryChallenge(ctx context.Context, id ChallengeID, browser Digest, now time.Time) (Challenge, error)
	// SpendChallenge ends a live challenge of that purpose and link, and returns it. Of any number of callers one
	// succeeds; the rest get ErrNotFound.
	SpendChallenge(ctx context.Context, id ChallengeID, purpose Purpose, link Digest, now time.Time) (Challenge, error)
}
