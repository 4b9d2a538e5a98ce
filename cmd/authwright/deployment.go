// deployment.go opens the database that the configuration names, for one command. A server may be running on it.

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
)

// projectFlag chooses the project a command works on.
type projectFlag struct {
	configFlag
	Project string `default:"default" help:"Project to work on." placeholder:"NAME"`
}

// deployment is the database of a configuration, open.
type deployment struct {
	*config
	db store.Database
}

// open reads the configuration and opens the database. It never changes the schema: a running server could be of
// another release.
func (f configFlag) open(ctx context.Context) (*deployment, error) {
	c, err := f.load(os.Environ())
	if err != nil {
		return nil, err
	}
	db, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	return &deployment{c, db}, nil
}

// connect opens a database that is there and has the schema of this program.
func (c *config) connect(ctx context.Context) (store.Database, error) {
	if path, embedded := strings.CutPrefix(c.Database, "sqlite:"); embedded {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database %s yet: run authwright migrate up, or start authwright serve once", path)
		}
	}
	db, err := sqldb.Open(ctx, c.Database, sqldb.KeepSchema())
	if errors.Is(err, sqldb.ErrSchema) {
		return nil, fmt.Errorf("%w; to migrate an older one run authwright migrate up, or start authwright serve of this version", err)
	}
	return db, err
}

// project finds a project of the deployment.
func (d *deployment) project(ctx context.Context, id string) (store.Project, error) {
	all, err := d.db.Projects(ctx)
	if err != nil {
		return store.Project{}, fmt.Errorf("reading the projects: %w", err)
	}
	var names []string
	for _, p := range all {
		if string(p.ID) == id {
			return p, nil
		}
		names = append(names, string(p.ID))
	}
	if len(names) == 0 {
		return store.Project{}, errors.New("this database has no project yet: run authwright migrate up, or start authwright serve once")
	}
	return store.Project{}, fmt.Errorf("there is no project %q: there is %s", id, strings.Join(names, ", "))
}

// within does something in the project that the flags name.
func (f projectFlag) within(ctx context.Context, do func(*deployment, store.Project, store.Store) error) error {
	d, err := f.open(ctx)
	if err != nil {
		return err
	}
	p, err := d.project(ctx, f.Project)
	if err == nil {
		err = do(d, p, d.db.For(p.ID))
	}
	return errors.Join(err, d.db.Close())
}
