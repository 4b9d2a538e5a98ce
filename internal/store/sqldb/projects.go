// projects.go: the projects of a deployment.

package sqldb

import (
	"context"

	"github.com/authwright/authwright/internal/store"
)

var insertProject = sql("creating a project", `
	insert into projects (id, issuer, name, settings, created_at) values ($1, $2, $3, $4, $5)`)

func aboutProject(kind store.EventKind, p store.Project) store.Event {
	return store.Event{Kind: kind, Detail: store.Detail{Name: p.Name, Settings: &p.Settings}}
}

// CreateProject adds a project.
func (db *database) CreateProject(ctx context.Context, p store.Project) error {
	return need(ctx, db.step, insertProject.with(p.ID, p.Issuer, p.Name, asJSON{p.Settings}, p.CreatedAt).
		tells(ctx, aboutProject(store.ProjectCreated, p)))
}

var updateProject = sql("changing a project", `
	update projects set issuer = $2, name = $3, settings = $4 where id = $1`)

// UpdateProject replaces issuer, name and settings.
func (db *database) UpdateProject(ctx context.Context, p store.Project) error {
	return need(ctx, db.step, updateProject.with(p.ID, p.Issuer, p.Name, asJSON{p.Settings}).
		tells(ctx, aboutProject(store.ProjectChanged, p)))
}

var selectProjects = sql("listing projects", `
	select id, issuer, name, settings, created_at from projects order by id`)

// Projects lists all projects by id.
func (db *database) Projects(ctx context.Context) ([]store.Project, error) {
	return all(ctx, db.look, scanProject, selectProjects.with())
}

func scanProject(r row) (p store.Project, err error) {
	return p, r.scan(&p.ID, &p.Issuer, &p.Name, asJSON{&p.Settings}, &p.CreatedAt)
}
