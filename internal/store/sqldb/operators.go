// operators.go: the people who run the deployment.

package sqldb

import (
	"context"
	"errors"
	"fmt"

	"github.com/authwright/authwright/internal/store"
)

var selectPeople = sql("listing people", `
	select `+personColumns+` from people where project_id = $1 and id > $2 order by id limit $3`)

// People lists people by id after the given one, at most limit.
func (s *projectStore) People(ctx context.Context, after store.PersonID, limit int) ([]store.Person, error) {
	return all(ctx, s.look, scanPerson, selectPeople.with(s.project, after, limit))
}

var countOperators = sql("looking for operators", `
	select count(*) from people where project_id = $1 and operator`)

// HasOperator tells whether somebody is an operator.
func (s *projectStore) HasOperator(ctx context.Context) (bool, error) {
	n, err := first(ctx, s.look, scanOne[int64], countOperators.with(s.project))
	return n > 0, err
}

// Callers at once all see that there is no operator; the key of the table lets one of them file the row.
var insertFirstOperator = sql("making the first operator", `
	insert into first_operators (project_id, person_id)
	select $1, $2 where not exists (select 1 from people where project_id = $1 and operator)`)

// CreateFirstOperator adds a person who is an operator, while there is none.
func (s *projectStore) CreateFirstOperator(ctx context.Context, p store.Person) error {
	p.Operator = true
	return s.steps(ctx, func(run run) error {
		err := need(ctx, run, insertFirstOperator.with(s.project, p.ID))
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s: %w", insertFirstOperator.does, store.ErrExists)
		}
		if err != nil {
			return err
		}
		return need(ctx, run, s.newPerson(ctx, p))
	})
}
