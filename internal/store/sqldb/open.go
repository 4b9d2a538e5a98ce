// Package sqldb remembers in SQLite or PostgreSQL, with one SQL text and one schema for both.
//
// The steps are in files named for what they concern, each statement beside the step that runs it. Files that know
// an engine carry its name.
package sqldb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/authwright/authwright/internal/store"
)

// database is a store.Database.
type database struct {
	engine
	closing sync.Once
}

// projectStore is a store.Store: every statement it runs has its project as $1.
type projectStore struct {
	engine
	project   store.ProjectID
	newcomers atomic.Int64 // clients that registered themselves here
}

type options struct {
	keepSchema bool
}

// Option changes how Open opens.
type Option func(*options)

// KeepSchema makes Open answer ErrSchema where it would migrate.
func KeepSchema() Option { return func(o *options) { o.keepSchema = true } }

// Open opens the database at the URL and brings its schema up to date. The URL is sqlite:PATH for a file, which is
// made if there is none, or postgres://… in the form of libpq.
func Open(ctx context.Context, url string, opts ...Option) (store.Database, error) {
	var opt options
	for _, o := range opts {
		o(&opt)
	}
	e, err := openEngine(ctx, url, opt)
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return &database{engine: e}, nil
}

func openEngine(ctx context.Context, url string, opt options) (engine, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch {
	case scheme == "postgres" || scheme == "postgresql":
		return openPostgres(ctx, url, opt)
	case scheme != "sqlite":
		return nil, errors.New("its URL must begin with sqlite: or postgres://") // not named: it may hold a password
	case rest == "" || strings.ContainsAny(rest, "?#") || strings.HasPrefix(rest, ":memory:"):
		return nil, errors.New("sqlite: must be followed by the path of a file, and by nothing else")
	case strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, "///"):
		return nil, errors.New("write sqlite:PATH, without slashes that are not part of the path")
	}
	return openSQLite(ctx, rest, opt)
}

// For returns the store of one project.
func (db *database) For(project store.ProjectID) store.Store {
	return &projectStore{engine: db.engine, project: project}
}

// Ping tells whether the database answers.
func (db *database) Ping(ctx context.Context) error {
	return need(ctx, db.look, selectSchemaVersion.with())
}

// Close waits for the steps under way and closes the database. Closing twice is no error.
func (db *database) Close() (err error) {
	db.closing.Do(func() { err = db.close() })
	return err
}

// scanOne reads a row of one column.
func scanOne[T any](r row) (v T, err error) {
	err = r.scan(&v)
	return v, err
}
