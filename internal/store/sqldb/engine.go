// engine.go: what the SQL needs of an engine, and the few shapes in which steps run it.

package sqldb

import (
	"context"
	"fmt"
	"strings"

	"github.com/authwright/authwright/internal/store"
)

// engine runs statements. Every method is atomic, and what it changed is durable when it returns.
type engine interface {
	// look runs one statement that changes nothing.
	look(ctx context.Context, c call, each func(row) error) (rows int, err error)
	// step runs one statement that may change something.
	step(ctx context.Context, c call, each func(row) error) (rows int, err error)
	// steps runs several statements, all or none of them. It may run do again from its beginning.
	steps(ctx context.Context, do func(run) error) error
	// together runs several statements that do not read each other's rows, all or none of them, in one round trip.
	together(ctx context.Context, calls ...call) (rows []int, err error)
	close() error
}

// run runs one statement of a step and tells how many rows it changed or returned.
type run func(ctx context.Context, c call, each func(row) error) (rows int, err error)

// statement is a text that both engines understand. Its number is its place among a connection's prepared statements.
type statement struct {
	does     string // what to say of it in an error
	text     string
	number   int
	returns  bool // rows
	creates  bool // a row, out of nothing but its arguments
	*telling      // how it leaves an event behind
}

var statements int

// sql declares a statement. It is called while the package's variables are made, never later.
func sql(does, text string) *statement {
	text = strings.Join(strings.Fields(text), " ")
	s := &statement{
		does: does, text: text, number: statements,
		returns: strings.HasPrefix(text, "select ") || strings.Contains(text, " returning "),
		creates: strings.HasPrefix(text, "insert "),
		telling: new(telling),
	}
	statements++
	return s
}

// call is a statement with its arguments, in the types that both engines know.
type call struct {
	*statement
	args []any
	err  error // an argument cannot be stored
	told *told // the event it leaves behind
}

// with binds the arguments $1, $2, … in their order.
func (s *statement) with(args ...any) call {
	c := call{statement: s, args: args}
	for i, arg := range args {
		v, ok := column(arg)
		if !ok {
			c.err = s.unstorable(arg)
		}
		args[i] = v
	}
	return c
}

// unstorable is the error for a text with a NUL or with bytes that are not UTF-8. PostgreSQL refuses such texts, so
// no row has one: who looks for it finds nothing. Only who files it is told more.
func (s *statement) unstorable(arg any) error {
	if s.creates {
		return fmt.Errorf("a %T holds bytes that a database cannot store as text", arg)
	}
	return store.ErrNotFound
}

// each runs a call and hands over every row.
func each(ctx context.Context, run run, c call, each func(row) error) (rows int, err error) {
	if err = c.err; err == nil {
		rows, err = run(ctx, c, each)
	}
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c.does, err)
	}
	return rows, nil
}

// need runs a call that has to change or find a row: ErrNotFound when there is none.
func need(ctx context.Context, run run, c call) error {
	rows, err := each(ctx, run, c, nil)
	if err == nil && rows == 0 {
		err = fmt.Errorf("%s: %w", c.does, store.ErrNotFound)
	}
	return err
}

// may runs a call that is as good when it changes nothing.
func may(ctx context.Context, run run, c call) (rows int, err error) {
	return each(ctx, run, c, nil)
}

// first runs a call and reads its only row: ErrNotFound when there is none.
func first[T any](ctx context.Context, run run, read func(row) (T, error), c call) (T, error) {
	var got T
	rows, err := each(ctx, run, c, func(r row) (err error) {
		got, err = read(r)
		return err
	})
	if err == nil && rows == 0 {
		err = fmt.Errorf("%s: %w", c.does, store.ErrNotFound)
	}
	if err != nil {
		return *new(T), err
	}
	return got, nil
}

// all runs a call and reads its rows.
func all[T any](ctx context.Context, run run, read func(row) (T, error), c call) ([]T, error) {
	var got []T
	_, err := each(ctx, run, c, func(r row) error {
		v, err := read(r)
		got = append(got, v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return got, nil
}
