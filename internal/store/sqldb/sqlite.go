// sqlite.go: SQLite as an engine. One goroutine writes (sqlite_writer.go), a few connections read.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"modernc.org/sqlite"
)

// oldestSQLite is the first version without the WAL-reset bug, which could corrupt a database that had two connections.
const oldestSQLite = 3_051_003

// sqliteEngine is a data file.
type sqliteEngine struct {
	dsn     string
	writer  *sqliteWriter
	readers chan *sqliteConn // every place holds an idle connection, or nil for one that was not opened yet
}

// openSQLite opens the data file at path and brings its schema up to date.
func openSQLite(ctx context.Context, path string, opt options) (_ engine, err error) {
	if err := prepareFile(path); err != nil {
		return nil, err
	}
	e := &sqliteEngine{dsn: sqliteDSN(path), readers: make(chan *sqliteConn, min(max(runtime.GOMAXPROCS(0), 2), 8))}
	for range cap(e.readers) {
		e.readers <- nil
	}
	conn, err := openSQLiteConn(e.dsn, sqliteWriterPragmas)
	if err != nil {
		return nil, err
	}
	if err = prepareSchema(ctx, conn, e.dsn, opt); err != nil {
		return nil, errors.Join(err, conn.close())
	}
	e.writer = startSQLiteWriter(conn)
	return e, nil
}

// prepareFile makes the data file, so that only its owner may ever read it; SQLite gives the files beside it the same mode.
// An existing file is not opened here: closing it would drop the locks that this process may hold on it (SQLite, "How To
// Corrupt An SQLite Database File" §2.2).
func prepareFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("making the folder of the data file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err == nil {
		return file.Close()
	}
	if !errors.Is(err, os.ErrExist) {
		return fmt.Errorf("making the data file: %w", err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = os.Chmod(name, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("keeping the data file to its owner: %w", err)
		}
	}
	return nil
}

// sqliteDSN names the file to the driver. Double-quoted text is never a string, and no statement may damage the file on purpose.
func sqliteDSN(path string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	u.RawQuery = "_dqs=0&_defensive=1&_txlock=immediate&_error_rc=1&_pragma=busy_timeout(5000)"
	return u.String()
}

// Both kinds of connection. busy_timeout stands in the DSN, because setting the journal mode needs it already.
var sqlitePragmas = []string{
	"pragma trusted_schema = off",
	"pragma temp_store = memory",
}

// A commit is on the disk before it is answered (synchronous = full).
var sqliteWriterPragmas = append([]string{
	"pragma journal_mode = wal",
	"pragma synchronous = full",
	"pragma wal_autocheckpoint = 4000",
	"pragma cache_size = -4000",
}, sqlitePragmas...)

var sqliteReaderPragmas = append([]string{
	"pragma query_only = on",
	"pragma cache_size = -1000",
}, sqlitePragmas...)

var selectSQLiteVersion = sql("asking for the version of SQLite", `select sqlite_version()`)

// prepareSchema touches the schema only with a version of SQLite that can be trusted with the file.
func prepareSchema(ctx context.Context, conn *sqliteConn, dsn string, opt options) error {
	version, err := first(ctx, conn.run, scanOne[string], selectSQLiteVersion.with())
	if err == nil {
		err = checkSQLiteVersion(version)
	}
	if err == nil {
		err = migrateSQLite(ctx, conn, dsn, opt)
	}
	return err
}

// checkSQLiteVersion refuses versions that can corrupt the file.
func checkSQLiteVersion(version string) error {
	var major, minor, patch int
	if _, err := fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch); err != nil {
		return fmt.Errorf("reading the version %q of SQLite: %w", version, err)
	}
	if major*1_000_000+minor*1_000+patch < oldestSQLite {
		return fmt.Errorf("SQLite %s can corrupt a file in WAL mode: at least 3.51.3 is needed", version)
	}
	return nil
}

// look runs on an idle reader and waits for one as long as ctx allows.
func (e *sqliteEngine) look(ctx context.Context, c call, each func(row) error) (rows int, err error) {
	var conn *sqliteConn
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case c, open := <-e.readers:
		if !open {
			return 0, errClosed
		}
		conn = c
	}
	defer func() { e.readers <- conn }()
	if conn == nil {
		if conn, err = openSQLiteConn(e.dsn, sqliteReaderPragmas); err != nil {
			return 0, err
		}
	}
	return conn.run(ctx, c, each)
}

// step gives the statement to the writer.
func (e *sqliteEngine) step(ctx context.Context, c call, each func(row) error) (rows int, err error) {
	err = e.writer.submit(ctx, c.told == nil, func(run run) error {
		rows, err = run(ctx, c, each)
		return err
	})
	return rows, err
}

// steps gives all of do to the writer.
func (e *sqliteEngine) steps(ctx context.Context, do func(run) error) error {
	return e.writer.submit(ctx, false, do)
}

func (e *sqliteEngine) together(ctx context.Context, calls ...call) (rows []int, err error) {
	rows = make([]int, len(calls))
	err = e.writer.submit(ctx, false, func(run run) error {
		for i, c := range calls {
			if rows[i], err = each(ctx, run, c, nil); err != nil {
				return err
			}
		}
		return nil
	})
	return rows, err
}

// close lets the steps under way end, then closes every connection. The writer goes last: it leaves no WAL behind.
func (e *sqliteEngine) close() error {
	e.writer.stop()
	var failed []error
	for range cap(e.readers) {
		if conn := <-e.readers; conn != nil {
			failed = append(failed, conn.close())
		}
	}
	close(e.readers)
	return errors.Join(append(failed, e.writer.conn.close())...)
}

// sqliteDriver is used without database/sql, whose locks and conversions would cost as much as a statement.
var sqliteDriver = &sqlite.Driver{}
