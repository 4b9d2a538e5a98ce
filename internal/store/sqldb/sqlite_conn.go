// sqlite_conn.go: one connection to SQLite and the statements it has prepared.

package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/authwright/authwright/internal/store"
)

// sqliteConn is used by one goroutine at a time.
type sqliteConn struct {
	raw      driver.Conn
	prepared []driver.Stmt // by the statement's number; nil until it is first run
	args     []driver.NamedValue
	row      row
}

func openSQLiteConn(dsn string, pragmas []string) (*sqliteConn, error) {
	raw, err := sqliteDriver.Open(dsn)
	if err != nil {
		return nil, fmt.Errorf("opening the data file: %w", err)
	}
	c := &sqliteConn{raw: raw, prepared: make([]driver.Stmt, statements)}
	for _, pragma := range pragmas {
		if _, err := raw.(driver.ExecerContext).ExecContext(context.Background(), pragma, nil); err != nil {
			return nil, errors.Join(fmt.Errorf("running %q: %w", pragma, err), raw.Close())
		}
	}
	return c, nil
}

// run is a run. The context is not looked at: a statement takes microseconds, and interrupting one costs more than it.
func (c *sqliteConn) run(ctx context.Context, call call, each func(row) error) (int, error) {
	if call.told != nil {
		return c.leaving(ctx, call, each)
	}
	stmt, err := c.prepare(call.statement)
	if err != nil {
		return 0, err
	}
	c.args = c.args[:0]
	for i, arg := range call.args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: arg})
	}
	if !call.returns {
		result, err := stmt.(driver.StmtExecContext).ExecContext(context.Background(), c.args)
		if err != nil {
			return 0, sqliteError(err)
		}
		changed, err := result.RowsAffected()
		return int(changed), err
	}
	rows, err := stmt.(driver.StmtQueryContext).QueryContext(context.Background(), c.args)
	if err != nil {
		return 0, sqliteError(err)
	}
	n, err := c.drain(rows, each)
	return n, sqliteError(errors.Join(err, rows.Close()))
}

// drain reads to the end of the rows, without which a statement is not over.
func (c *sqliteConn) drain(rows driver.Rows, each func(row) error) (n int, err error) {
	columns := len(rows.Columns())
	if cap(c.row) < columns {
		c.row = make(row, columns)
	}
	c.row = c.row[:columns]
	for ; ; n++ {
		if err := rows.Next(c.row); err != nil {
			if errors.Is(err, io.EOF) {
				return n, nil
			}
			return n, err
		}
		if each != nil {
			if err := each(c.row); err != nil {
				return n, err
			}
		}
	}
}

func (c *sqliteConn) prepare(s *statement) (driver.Stmt, error) {
	if stmt := c.prepared[s.number]; stmt != nil {
		return stmt, nil
	}
	stmt, err := c.raw.(driver.ConnPrepareContext).PrepareContext(context.Background(), s.text)
	if err != nil {
		return nil, sqliteError(err)
	}
	c.prepared[s.number] = stmt
	return stmt, nil
}

func (c *sqliteConn) close() error {
	var failed []error
	for _, stmt := range c.prepared {
		if stmt != nil {
			failed = append(failed, stmt.Close())
		}
	}
	return errors.Join(append(failed, c.raw.Close())...)
}

// sqliteError makes ErrExists of a broken uniqueness.
func sqliteError(err error) error {
	var e *sqlite.Error
	if errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || e.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) {
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	}
	return err
}

// breaksGroup tells whether an error is the file's or the machine's, after which no step of the transaction can be trusted.
// Any other undoes its own statement and no more.
func breaksGroup(err error) bool {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_RANGE:
		return false
	}
	return true
}
