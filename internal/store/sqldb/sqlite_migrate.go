// sqlite_migrate.go: brings the schema of a data file up to date.

package sqldb

import (
	"context"
	databasesql "database/sql"
	"errors"
	"time"

	"github.com/pressly/goose/v3"
)

// migrateSQLite migrates a data file. Another process may do the same: a migration is a transaction, so one of the
// two fails without effect and looks again.
func migrateSQLite(ctx context.Context, conn *sqliteConn, dsn string, opt options) error {
	var failed error
	for wait := 10 * time.Millisecond; wait < 2*time.Second; wait *= 2 {
		version, err := sqliteSchema(ctx, conn)
		if err != nil {
			return err
		}
		if todo, err := checkSchema(version, opt); err != nil || !todo {
			return err
		}
		if failed = goUpSQLite(ctx, dsn); failed == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(failed, ctx.Err())
		case <-time.After(wait):
		}
	}
	return failed
}

var countVersionTables = sql("looking for the version of the schema", `
	select count(*) from sqlite_schema where type = 'table' and name = 'goose_db_version'`)

func sqliteSchema(ctx context.Context, conn *sqliteConn) (int64, error) {
	tables, err := first(ctx, conn.run, scanOne[int64], countVersionTables.with())
	if err != nil || tables == 0 {
		return 0, err
	}
	return first(ctx, conn.run, scanOne[int64], selectSchemaVersion.with())
}

func goUpSQLite(ctx context.Context, dsn string) (err error) {
	db, err := databasesql.Open("sqlite", dsn)
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	defer func() { err = errors.Join(err, db.Close()) }()
	return goUp(ctx, goose.DialectSQLite3, db)
}
