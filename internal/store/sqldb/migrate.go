// migrate.go: brings the schema up to date (goose, one folder for both engines).

package sqldb

import (
	"context"
	databasesql "database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// SQLite has its own words for a few of them.
//
//go:embed migrations_sqlite/*.sql
var sqliteMigrationFiles embed.FS

// otherWords are migrations of which some are said in an engine's own words.
type otherWords struct {
	fs.FS
	own fs.FS
}

// Open prefers the own words.
func (f otherWords) Open(name string) (fs.File, error) {
	if file, err := f.own.Open(name); err == nil && name != "." {
		return file, nil
	}
	return f.FS.Open(name)
}

// schemaVersion is the number of the last file in migrations.
const schemaVersion = 18

// ErrSchema means that the database's schema is not the one this program was made for.
var ErrSchema = errors.New("sqldb: the schema is not the one this program needs")

// Goose's own table: one query instead of goose when there is nothing to do.
var selectSchemaVersion = sql("asking for the version of the schema", `select max(version_id) from goose_db_version`)

// checkSchema says what there is to do about a schema of that version.
func checkSchema(version int64, opt options) (migrate bool, err error) {
	switch {
	case version > schemaVersion:
		return false, fmt.Errorf("%w: it has version %d, made by a newer program; this one knows %d", ErrSchema, version, schemaVersion)
	case version < schemaVersion && opt.keepSchema:
		return false, fmt.Errorf("%w: it has version %d and has to be migrated to %d first", ErrSchema, version, schemaVersion)
	}
	return version < schemaVersion, nil
}

// goUp runs the migrations that are missing.
func goUp(ctx context.Context, dialect goose.Dialect, db *databasesql.DB, opts ...goose.ProviderOption) error {
	folder, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return err
	}
	if dialect == goose.DialectSQLite3 {
		own, err := fs.Sub(sqliteMigrationFiles, "migrations_sqlite")
		if err != nil {
			return err
		}
		folder = otherWords{folder, own}
	}
	provider, err := goose.NewProvider(dialect, db, folder, append(opts, goose.WithDisableGlobalRegistry(true))...)
	if err != nil {
		return fmt.Errorf("reading the migrations: %w", err)
	}
	if _, err = provider.Up(ctx); err != nil {
		return fmt.Errorf("migrating: %w", err)
	}
	return nil
}
