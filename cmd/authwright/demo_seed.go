// demo_seed.go fills the demo: the accounts, clients and servers that product and tests rely on. Filling it again changes nothing.

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldb"
	"github.com/authwright/authwright/oauth"
	"github.com/authwright/authwright/server"
)

const (
	demoPassword = "correct-horse-battery"
	demoSecret   = "demo-confidential-secret-for-local-use-only"

	northProject store.ProjectID = "north"
)

// Person ids of the demo. They are fixed, so that the servers know whose roles are whose.
const (
	ada store.PersonID = "per_ada"
	bob store.PersonID = "per_bob"
)

// fill opens the database, seeds it and closes it again, before a server reads it.
func (d *demoCommand) fill(ctx context.Context) error {
	db, err := sqldb.Open(ctx, d.database())
	if err != nil {
		return err
	}
	return errors.Join(d.seed(ctx, db), db.Close())
}

// seed makes both projects. Two replicas may do it at once: what is there already stays.
func (d *demoCommand) seed(ctx context.Context, db store.Database) error {
	todo, okr := d.Issuer+"/todo/mcp", d.Issuer+"/okr/mcp"
	settings := store.Settings{AccessLife: d.AccessTokenTTL, DefaultResource: todo, EmailCode: true, SignUp: true, Passkeys: true}
	if err := d.seedProject(ctx, db, store.Project{ID: server.DefaultProject, Issuer: d.Issuer, Name: "Authwright demo", Settings: settings}); err != nil {
		return err
	}
	st := db.For(server.DefaultProject)
	if err := seedPeople(ctx, st, ada, bob); err != nil {
		return err
	}
	if err := errors.Join(st.PutResource(ctx, todoResource(todo)), st.PutResource(ctx, okrResource(okr))); err != nil {
		return err
	}
	if err := seedOrganizations(ctx, st); err != nil {
		return err
	}
	others, err := d.seedOthers(ctx, st)
	if err != nil {
		return err
	}
	if err := seedClients(ctx, st, append(others, todo, okr)...); err != nil {
		return err
	}

	north := d.Issuer + "/p/" + string(northProject)
	settings.DefaultResource = north + "/todo/mcp"
	if err := d.seedProject(ctx, db, store.Project{ID: northProject, Issuer: north, Name: "North", Settings: settings}); err != nil {
		return err
	}
	st = db.For(northProject)
	if err := seedPeople(ctx, st, ada); err != nil {
		return err
	}
	if err := st.PutResource(ctx, todoResource(settings.DefaultResource)); err != nil {
		return err
	}
	return seedClients(ctx, st, settings.DefaultResource)
}

// guidesResource is the server that somebody protects by a guide.
const guidesResource = "http://127.0.0.1:3000/mcp"

// demoOthers are the to-do servers that take the demo's tokens without being named: what somebody protects by a guide,
// and the examples in other stacks, each at its own address (examples/README.md).
var demoOthers = []string{
	guidesResource,
	"http://127.0.0.1:8101/mcp", // express
	"http://127.0.0.1:8102/mcp", // hono
	"http://127.0.0.1:8103/mcp", // next
	"http://127.0.0.1:8104/mcp", // workers
	"http://127.0.0.1:8105/mcp", // fastmcp
}

// seedOthers files the to-do servers that other programs run, and returns their addresses.
func (d *demoCommand) seedOthers(ctx context.Context, st store.Store) (uris []string, err error) {
	for _, uri := range append(demoOthers, d.Resource...) {
		if uri, err = canonicalResource(uri); err != nil {
			return nil, err
		}
		if err := st.PutResource(ctx, todoResource(uri)); err != nil {
			return nil, fmt.Errorf("resource %s: %w", uri, err)
		}
		uris = append(uris, uri)
	}
	return uris, nil
}

func (d *demoCommand) seedProject(ctx context.Context, db store.Database, p store.Project) error {
	p.CreatedAt = time.Now()
	err := db.CreateProject(ctx, p)
	if errors.Is(err, store.ErrExists) {
		err = db.UpdateProject(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("project %s: %w", p.ID, err)
	}
	return nil
}

func seedPeople(ctx context.Context, st store.Store, ids ...store.PersonID) error {
	names := map[store.PersonID][2]string{ada: {"Ada Lovelace", "ada@example.com"}, bob: {"Bob Kahn", "bob@example.com"}}
	for _, id := range ids {
		if _, err := st.Person(ctx, id); err == nil {
			continue
		}
		hash, err := login.HashPassword(ctx, demoPassword)
		if err != nil {
			return err
		}
		err = st.CreatePerson(ctx, store.Person{
			ID: id, Name: names[id][0], Email: names[id][1], EmailVerified: true, Password: hash, CreatedAt: time.Now(),
		})
		if err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("person %s: %w", id, err)
		}
	}
	return nil
}

func todoResource(uri string) store.Resource {
	return store.Resource{URI: uri, Name: "To-do list", Default: oauth.Scope{"todo.read"}, Scopes: []store.ResourceScope{
		{Name: "todo.read", Description: "See your to-do items"},
		{Name: "todo.write", Description: "Add, complete and delete your to-do items", Implies: []string{"todo.read"}},
	}}
}

func okrResource(uri string) store.Resource {
	read, write := "objectives:read", "objectives:write"
	return store.Resource{URI: uri, Name: "Objectives and key results", ForOrg: true, Default: oauth.Scope{"okr.read"}, Scopes: []store.ResourceScope{
		{Name: "okr.read", Description: "See your organization’s objectives and key results", Permissions: []string{read}},
		{Name: "okr.write", Description: "Change your organization’s objectives and key results", Implies: []string{"okr.read"}, Permissions: []string{read, write}},
	}}
}

// seedOrganizations makes acme, where ada is admin and bob a member, and globex, where only bob is and which lets in
// no client that registered itself.
func seedOrganizations(ctx context.Context, st store.Store) error {
	now := time.Now()
	err := errors.Join(
		st.PutRole(ctx, store.Role{Name: "admin", Description: "Runs the organization, reads and changes objectives", Permissions: []string{"objectives:read", "objectives:write", policy.RunOrganization}}),
		st.PutRole(ctx, store.Role{Name: "member", Description: "Reads objectives", Permissions: []string{"objectives:read"}}),
	)
	if err != nil {
		return fmt.Errorf("roles: %w", err)
	}
	for _, o := range []store.Organization{
		{ID: "acme", Slug: "acme", Name: "Acme", CreatedAt: now},
		{ID: "globex", Slug: "globex", Name: "Globex", CreatedAt: now, Policy: store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleNone}}},
	} {
		if err := st.CreateOrganization(ctx, o); err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("organization %s: %w", o.ID, err)
		}
	}
	for _, m := range []store.Membership{
		{Org: "acme", Person: ada, Roles: []string{"admin"}, CreatedAt: now},
		{Org: "acme", Person: bob, Roles: []string{"member"}, CreatedAt: now},
		{Org: "globex", Person: bob, Roles: []string{"admin"}, CreatedAt: now},
	} {
		if _, err := st.Member(ctx, m.Org, m.Person); err == nil {
			continue // what was changed since the first start stays
		}
		if err := st.PutMember(ctx, m); err != nil {
			return fmt.Errorf("member %s of %s: %w", m.Person, m.Org, err)
		}
	}
	return nil
}

// seedClients makes the two clients every test and guide may rely on. The confidential one may ask about tokens of
// the resources, which is how the demo's servers learn of a revocation.
func seedClients(ctx context.Context, st store.Store, resources ...string) error {
	for _, c := range []store.Client{{
		ID: "demo-public", Origin: store.Registered,
		Metadata: oauth.ClientMetadata{
			ClientName: "Demo client", RedirectURIs: []string{"http://127.0.0.1/callback"},
			TokenEndpointAuthMethod: oauth.AuthNone, GrantTypes: []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken},
		},
	}, {
		ID: "demo-confidential", Origin: store.Registered, Secrets: []store.Digest{store.DigestOf(demoSecret)},
		Scope: oauth.Scope{"todo.read"}, Introspects: resources,
		Metadata: oauth.ClientMetadata{
			ClientName: "Demo confidential client", RedirectURIs: []string{"http://127.0.0.1/callback"},
			TokenEndpointAuthMethod: oauth.AuthClientSecretBasic,
			GrantTypes:              []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken, oauth.GrantClientCredentials},
		},
	}} {
		c.CreatedAt = time.Now()
		err := st.CreateClient(ctx, c)
		if errors.Is(err, store.ErrExists) {
			err = introspectMore(ctx, st, c.ID, c.Introspects)
		}
		if err != nil {
			return fmt.Errorf("client %s: %w", c.ID, err)
		}
	}
	return nil
}

// introspectMore lets a client that is there ask about resources that were added since. All else of it stays.
func introspectMore(ctx context.Context, st store.Clients, id store.ClientID, resources []string) error {
	c, err := st.Client(ctx, id)
	if err != nil {
		return err
	}
	before := len(c.Introspects)
	for _, uri := range resources {
		if !slices.Contains(c.Introspects, uri) {
			c.Introspects = append(c.Introspects, uri)
		}
	}
	if len(c.Introspects) == before {
		return nil
	}
	if err := st.UpdateClient(ctx, c); !errors.Is(err, store.ErrChanged) { // a replica that starts too has done it
		return err
	}
	return nil
}
