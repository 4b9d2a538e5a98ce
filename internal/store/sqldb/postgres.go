// postgres.go: PostgreSQL as an engine. A step of one statement is one round trip; a step holds one connection at most.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/authwright/authwright/internal/store"
)

const (
	postgresConnect = time.Second     // to a server that does not answer
	postgresStep    = 5 * time.Second // for a step with its retries and its wait for a connection
	postgresTries   = 5
)

// postgresEngine is a pool of connections.
type postgresEngine struct{ pool *pgxpool.Pool }

// openPostgres connects and brings the schema up to date. What the URL says of time-outs and of the pool is kept.
func openPostgres(ctx context.Context, url string, opt options) (engine, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("the postgres:// URL cannot be read") // pgx would repeat it, and the password with it
	}
	if config.ConnConfig.ConnectTimeout == 0 {
		config.ConnConfig.ConnectTimeout = postgresConnect
	}
	for name, value := range map[string]string{
		"application_name":                    "authwright",
		"statement_timeout":                   "2s",
		"idle_in_transaction_session_timeout": "10s",
	} {
		if _, set := config.ConnConfig.RuntimeParams[name]; !set {
			config.ConnConfig.RuntimeParams[name] = value
		}
	}
	if config.ConnConfig.ValidateConnect == nil { // of several hosts, the one that can write
		config.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, err
	}
	e := &postgresEngine{pool}
	if err := e.migrate(ctx, opt); err != nil {
		pool.Close()
		return nil, err
	}
	return e, nil
}

// migrate looks whether goose has something to do. An advisory lock keeps two programs from migrating at once.
func (e *postgresEngine) migrate(ctx context.Context, opt options) (err error) {
	version, err := first(ctx, e.look, scanOne[int64], selectSchemaVersion.with())
	if err != nil && sqlState(err) != "42P01" { // undefined_table
		return err
	}
	if todo, err := checkSchema(version, opt); err != nil || !todo {
		return err
	}
	config := e.pool.Config().ConnConfig
	config.RuntimeParams["statement_timeout"] = "0"
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "0"
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*config)
	defer func() { err = errors.Join(err, db.Close()) }()
	return goUp(ctx, goose.DialectPostgres, db, goose.WithSessionLocker(locker))
}

func (e *postgresEngine) look(ctx context.Context, c call, each func(row) error) (rows int, err error) {
	err = e.retry(ctx, brokenBefore, func(ctx context.Context) (again bool, err error) {
		rows, err = query(ctx, e.pool, c, each)
		return rows == 0, err // rows that were handed over cannot be taken back
	})
	return rows, err
}

func (e *postgresEngine) step(ctx context.Context, c call, each func(row) error) (rows int, err error) {
	err = e.retry(ctx, unsent, func(ctx context.Context) (again bool, err error) {
		rows, err = query(ctx, e.pool, c, each)
		return rows == 0, err
	})
	return rows, err
}

func (e *postgresEngine) steps(ctx context.Context, do func(run) error) error {
	return e.retry(ctx, unsent, func(ctx context.Context) (again bool, err error) {
		return true, pgx.BeginFunc(ctx, e.pool, func(tx pgx.Tx) error {
			return do(func(ctx context.Context, c call, each func(row) error) (int, error) {
				return query(ctx, tx, c, each)
			})
		})
	})
}

// together sends all statements before one Sync: PostgreSQL makes one transaction of them (protocol, "Pipelining").
func (e *postgresEngine) together(ctx context.Context, calls ...call) (rows []int, err error) {
	rows = make([]int, len(calls))
	err = e.retry(ctx, unsent, func(ctx context.Context) (again bool, err error) {
		var batch pgx.Batch
		for _, c := range calls {
			if c.err != nil {
				return false, fmt.Errorf("%s: %w", c.does, c.err)
			}
			text, args := c.postgres()
			batch.Queue(text, args...)
		}
		results := e.pool.SendBatch(ctx, &batch)
		for i, c := range calls {
			tag, failed := results.Exec()
			if rows[i] = int(tag.RowsAffected()); failed != nil && err == nil {
				err = fmt.Errorf("%s: %w", c.does, postgresError(failed))
			}
		}
		return true, errors.Join(err, results.Close())
	})
	return rows, err
}

func (e *postgresEngine) close() error {
	e.pool.Close()
	return nil
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, text string, args ...any) (pgx.Rows, error)
}

// query runs a call and reads its rows to the end.
func query(ctx context.Context, q querier, c call, each func(row) error) (n int, err error) {
	text, args := c.postgres()
	rows, err := q.Query(ctx, text, args...)
	if err != nil {
		return 0, postgresError(err)
	}
	defer rows.Close()
	for ; rows.Next(); n++ {
		if each == nil {
			continue
		}
		values, err := rows.Values()
		if err != nil {
			return n, err
		}
		r := make(row, len(values))
		for i, v := range values {
			r[i] = v
		}
		if err := each(r); err != nil {
			return n, err
		}
	}
	if err := rows.Err(); err != nil {
		return n, postgresError(err)
	}
	if !c.returns {
		n = int(rows.CommandTag().RowsAffected())
	}
	return n, nil
}

// retry tries again what another transaction got in the way of, or what harmless says has had no effect.
func (e *postgresEngine) retry(ctx context.Context, harmless func(error) bool, try func(context.Context) (again bool, err error)) error {
	ctx, cancel := context.WithTimeout(ctx, postgresStep)
	defer cancel()
	for n := 1; ; n++ {
		again, err := try(ctx)
		if sqlState(err) == demoted {
			e.pool.Reset() // the next connection goes to the host that writes now
		}
		if err == nil || !again || n == postgresTries || !undone(err) && !harmless(err) {
			return err
		}
		pause := time.Duration(rand.Int64N(int64(n) * int64(10*time.Millisecond)))
		select {
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		case <-time.After(pause):
		}
	}
}

// demoted is read_only_sql_transaction: the server became a standby while we were connected.
const demoted = "25006"

// undone: PostgreSQL (or a database that speaks its protocol) says that the transaction has had no effect and may be
// tried again.
func undone(err error) bool {
	state := sqlState(err)
	return state == "40001" || state == "40P01" || state == demoted // serialization_failure, deadlock_detected
}

// unsent: the connection broke before a byte of the statement was sent.
func unsent(err error) bool { return pgconn.SafeToRetry(err) }

// brokenBefore: the connection broke, which a statement that changes nothing may always survive.
func brokenBefore(err error) bool {
	var answered *pgconn.PgError
	if errors.As(err, &answered) {
		return answered.Code == "57P01" || answered.Code == "57P02" // admin_shutdown, crash_shutdown
	}
	return !errors.Is(err, context.Canceled) && !errors.Is(err, context.DeadlineExceeded)
}

func sqlState(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// postgresError makes ErrExists of a broken uniqueness.
func postgresError(err error) error {
	if sqlState(err) == "23505" { // unique_violation
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	}
	return err
}
