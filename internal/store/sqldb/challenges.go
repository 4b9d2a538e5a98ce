// challenges.go: what a person has to prove once.

package sqldb

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const challengeColumns = `id, purpose, link, code, browser, request_id, email, person_id, name, password, tries, created_at, expires_at`

func scanChallenge(r row) (c store.Challenge, err error) {
	return c, r.scan(&c.ID, &c.Purpose, &c.Link, &c.Code, &c.Browser, &c.Request, &c.Email, &c.Person, &c.Name, &c.Password,
		&c.Tries, &c.CreatedAt, &c.Expires)
}

var insertChallenge = sql("opening a challenge", `
	insert into challenges (project_id, `+challengeColumns+`)
	values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)

// OpenChallenge files a challenge.
func (s *projectStore) OpenChallenge(ctx context.Context, c store.Challenge) error {
	return need(ctx, s.step, insertChallenge.with(s.project, c.ID, c.Purpose, c.Link, c.Code, c.Browser, c.Request, c.Email, c.Person,
		c.Name, c.Password, c.Tries, c.CreatedAt, c.Expires))
}

var selectChallenge = sql("reading a challenge", `
	select `+challengeColumns+` from challenges where project_id = $1 and id = $2 and expires_at > $3`)

// Challenge returns a challenge that is neither spent nor over.
func (s *projectStore) Challenge(ctx context.Context, id store.ChallengeID, now time.Time) (store.Challenge, error) {
	return first(ctx, s.look, scanChallenge, selectChallenge.with(s.project, id, now))
}

// The try is counted before anybody looks at the code, so that guesses sent all at once are no more than MaxTries.
var tryChallenge = sql("trying the code of a challenge", `
	update challenges set tries = tries + 1
	where project_id = $1 and id = $2 and browser = $3 and expires_at > $4 and tries < $5
	returning `+challengeColumns)

// TryChallenge counts a try of the code.
func (s *projectStore) TryChallenge(ctx context.Context, id store.ChallengeID, browser store.Digest, now time.Time) (store.Challenge, error) {
	return first(ctx, s.step, scanChallenge, tryChallenge.with(s.project, id, browser, now, store.MaxTries))
}

var (
	spendChallenge = sql("spending a challenge", `
		delete from challenges
		where project_id = $1 and id = $2 and purpose = $3 and link = $4 and expires_at > $5
		returning `+challengeColumns)

	deleteChallengesOf = sql("ending the challenges of a person", `
		delete from challenges where project_id = $1 and person_id = $2 and person_id <> ''`)
)

// SpendChallenge ends a challenge and returns it.
func (s *projectStore) SpendChallenge(ctx context.Context, id store.ChallengeID, purpose store.Purpose, link store.Digest, now time.Time) (store.Challenge, error) {
	return first(ctx, s.step, scanChallenge, spendChallenge.with(s.project, id, purpose, link, now))
}
