// migrate.go: authwright migrate up and authwright migrate status.

package main

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/authwright/authwright/internal/store/sqldb"
	"github.com/authwright/authwright/server"
)

type migrateCommand struct {
	Up     migrateUp     `cmd:"" help:"Bring the database's schema up to date, and make the default project when there is none. authwright serve does it too."`
	Status migrateStatus `cmd:"" help:"Tell whether the schema is up to date; exits with 1 when it is not."`
}

type migrateUp struct{ configFlag }

// Run migrates. Several may do it at once.
func (m *migrateUp) Run(ctx context.Context, out *console) error {
	c, err := m.load(os.Environ())
	if err != nil {
		return err
	}
	db, err := sqldb.Open(ctx, c.Database)
	if err != nil {
		return err
	}
	err = errors.Join(server.CreateDefaultProject(ctx, db, c.Issuer, time.Now()), db.Close())
	if err != nil {
		return err
	}
	return out.say("The schema is up to date.")
}

type migrateStatus struct{ configFlag }

// Run looks and changes nothing.
func (m *migrateStatus) Run(ctx context.Context, out *console) error {
	d, err := m.open(ctx)
	if err != nil {
		return err
	}
	return errors.Join(out.say("The schema is up to date."), d.db.Close())
}
