// events_offices.go: the events that operators and administrators leave.

package storetest

import (
	"context"
	"slices"

	"github.com/authwright/authwright/internal/store"
)

// officeDeeds are those of operators and administrators.
var officeDeeds = []deed{
	{"CreateClient", func(h *house, ctx context.Context) []store.Event {
		c := h.fullClient(store.Registered)
		h.must(h.CreateClient(ctx, c), "CreateClient")
		return []store.Event{h.aboutClient(store.ClientCreated, c)}
	}},
	{"UpdateClient", func(h *house, ctx context.Context) []store.Event {
		c := h.client
		c.Disabled, c.Scope = true, store.Scope{"read"}
		h.must(h.UpdateClient(ctx, c), "UpdateClient")
		return []store.Event{h.aboutClient(store.ClientChanged, c)}
	}},
	{"PutDocument", func(h *house, ctx context.Context) []store.Event {
		c := h.someClient(store.Document)
		put := func(name string) {
			c.Metadata.ClientName = name
			_, err := h.PutDocument(ctx, c)
			h.must(err, "PutDocument")
		}
		put("new")
		put("changed before anybody used it")
		g := h.grant()
		g.Client = c.ID
		h.must(h.FileGrant(h.Context(), g), "FileGrant")
		put("changed")
		put("changed")
		return []store.Event{{Kind: store.ClientChanged, Actor: store.Actor{Kind: store.ByClient}, Client: c.ID, Detail: store.Detail{Name: "changed"}}}
	}},
	{"DeleteClient", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.must(h.DeleteClient(ctx, h.client.ID, h.now), "DeleteClient")
		ended := h.ended(store.EndedByOperator, store.BySystem)
		ended.Person, ended.Org, ended.Resource = "", "", ""
		return []store.Event{ended, {Kind: store.ClientDeleted, Actor: system, Client: h.client.ID}}
	}},
	{"SetClientDisabled", func(h *house, ctx context.Context) []store.Event {
		h.must(h.SetClientDisabled(ctx, h.client.ID, true, h.now), "SetClientDisabled")
		h.must(h.SetClientDisabled(ctx, h.client.ID, false, h.now), "SetClientDisabled, enabling")
		return []store.Event{
			{Kind: store.ClientEnabled, Actor: system, Client: h.client.ID},
			{Kind: store.ClientDisabled, Actor: system, Client: h.client.ID},
		}
	}},
	{"CreateTrustedIssuer", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CreateTrustedIssuer(ctx, store.TrustedIssuer{Name: "corp"}), "CreateTrustedIssuer")
		return []store.Event{{Kind: store.IssuerAdded, Actor: system, Detail: store.Detail{Name: "corp"}}}
	}},
	{"UpdateTrustedIssuer", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CreateTrustedIssuer(h.Context(), store.TrustedIssuer{Name: "corp"}), "CreateTrustedIssuer")
		h.must(h.UpdateTrustedIssuer(ctx, store.TrustedIssuer{Name: "corp", Disabled: true}), "UpdateTrustedIssuer")
		return []store.Event{{Kind: store.IssuerChanged, Actor: system, Detail: store.Detail{Name: "corp"}}}
	}},
	{"DeleteTrustedIssuer", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CreateTrustedIssuer(h.Context(), store.TrustedIssuer{Name: "corp"}), "CreateTrustedIssuer")
		h.must(h.DeleteTrustedIssuer(ctx, "corp"), "DeleteTrustedIssuer")
		return []store.Event{{Kind: store.IssuerRemoved, Actor: system, Detail: store.Detail{Name: "corp"}}}
	}},
	{"CreateProvider", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CreateProvider(ctx, store.Provider{ID: "idp", Org: "org"}), "CreateProvider")
		return []store.Event{{Kind: store.ProviderAdded, Actor: system, Org: "org", Detail: store.Detail{Name: "idp"}}}
	}},
	{"UpdateProvider", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CreateProvider(h.Context(), store.Provider{ID: "idp"}), "CreateProvider")
		h.must(h.UpdateProvider(ctx, store.Provider{ID: "idp", Disabled: true}), "UpdateProvider")
		return []store.Event{{Kind: store.ProviderChanged, Actor: system, Detail: store.Detail{Name: "idp", Disabled: true}}}
	}},
	{"DeleteProvider", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CreateProvider(h.Context(), store.Provider{ID: "idp"}), "CreateProvider")
		h.must(h.DeleteProvider(ctx, "idp"), "DeleteProvider")
		return []store.Event{{Kind: store.ProviderRemoved, Actor: system, Detail: store.Detail{Name: "idp"}}}
	}},
	{"CreateOrganization", func(h *house, ctx context.Context) []store.Event {
		o := store.Organization{ID: store.OrgID(h.unique("org")), Slug: "new", Policy: store.ClientPolicy{SelfMade: store.ClientRule{Mode: store.RuleNone}}}
		h.must(h.CreateOrganization(ctx, o), "CreateOrganization")
		return []store.Event{{Kind: store.OrgCreated, Actor: system, Org: o.ID, Detail: store.Detail{Name: "new", Policy: &o.Policy}}}
	}},
	{"UpdateOrganization", func(h *house, ctx context.Context) []store.Event {
		o := h.newOrganization("Old")
		o.Policy.Documents.Mode = store.RuleNone
		h.must(h.UpdateOrganization(ctx, o), "UpdateOrganization")
		return []store.Event{{Kind: store.OrgChanged, Actor: system, Org: o.ID, Detail: store.Detail{Name: o.Slug, Policy: &o.Policy}}}
	}},
	{"PutMember", func(h *house, ctx context.Context) []store.Event {
		h.must(h.PutMember(ctx, store.Membership{Org: "org", Person: h.person.ID, Roles: []string{"admin"}}), "PutMember")
		return []store.Event{{Kind: store.MemberSet, Actor: system, Org: "org", Person: h.person.ID, Detail: store.Detail{Roles: []string{"admin"}}}}
	}},
	{"RemoveMember", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.must(h.RemoveMember(ctx, "org", h.person.ID, h.now), "RemoveMember")
		ended := h.ended(store.EndedByMembership, store.BySystem)
		ended.Client, ended.Resource = "", ""
		return []store.Event{ended, {Kind: store.MemberRemoved, Actor: system, Org: "org", Person: h.person.ID}}
	}},
	{"AddDomain", func(h *house, ctx context.Context) []store.Event {
		h.must(h.AddDomain(ctx, store.Domain{Name: "a.example", Org: "org", Roles: []string{"member"}}), "AddDomain")
		return []store.Event{aboutDomain(store.DomainAdded, "member")}
	}},
	{"SetDomainJoin", func(h *house, ctx context.Context) []store.Event {
		h.claimed("org", "a.example")
		h.must(h.SetDomainJoin(ctx, "org", "a.example", true, []string{"guest"}), "SetDomainJoin")
		return []store.Event{aboutDomain(store.DomainChanged, "guest")}
	}},
	{"VerifyDomain", func(h *house, ctx context.Context) []store.Event {
		h.claimed("org", "a.example")
		h.must(h.VerifyDomain(ctx, "org", "a.example", h.now), "VerifyDomain")
		return []store.Event{aboutDomain(store.DomainVerified)}
	}},
	{"RemoveDomain", func(h *house, ctx context.Context) []store.Event {
		h.claimed("org", "a.example")
		h.must(h.RemoveDomain(ctx, "org", "a.example"), "RemoveDomain")
		return []store.Event{aboutDomain(store.DomainRemoved)}
	}},
	{"DeleteOrganization", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.must(h.DeleteOrganization(ctx, "org", h.now), "DeleteOrganization")
		ended := h.ended(store.EndedByOrganization, store.BySystem)
		ended.Person, ended.Client, ended.Resource = "", "", ""
		return []store.Event{ended, {Kind: store.OrgDeleted, Actor: system, Org: "org"}}
	}},
	{"Invite", func(h *house, ctx context.Context) []store.Event {
		i := h.invited("org", "new@example.com")
		h.must(h.Invite(ctx, i), "Invite")
		return []store.Event{{Kind: store.InvitationSent, Actor: system, Org: "org", Detail: store.Detail{Name: string(i.ID), Email: i.Email, Roles: i.Roles}}}
	}},
	{"RevokeInvitation", func(h *house, ctx context.Context) []store.Event {
		i := h.invited("org", "new@example.com")
		h.must(h.RevokeInvitation(ctx, "org", i.ID), "RevokeInvitation")
		return []store.Event{{Kind: store.InvitationRevoked, Actor: system, Org: "org", Detail: store.Detail{Name: string(i.ID)}}}
	}},
	{"AcceptInvitation", func(h *house, ctx context.Context) []store.Event {
		o := h.newOrganization("Host")
		i := h.invited(o.ID, h.person.Email)
		h.must(h.AcceptInvitation(ctx, i.ID, i.Link, h.person.ID, h.now), "AcceptInvitation")
		return h.entered(i, h.person.ID)
	}},
	{"AcceptAsNew", func(h *house, ctx context.Context) []store.Event {
		i, p := h.invited("org", "new@example.com"), store.PersonID(h.unique("per"))
		h.must(h.AcceptAsNew(ctx, i.ID, i.Link, store.Person{ID: p}, h.now), "AcceptAsNew")
		made := store.Event{Kind: store.PersonCreated, Actor: itself, Person: p, Detail: store.Detail{Email: i.Email}}
		return slices.Insert(h.entered(i, p), 1, made)
	}},
	{"AskApproval", func(h *house, ctx context.Context) []store.Event {
		h.must(h.AskApproval(ctx, store.Approval{Org: "org", Client: "app", Person: h.person.ID}), "AskApproval")
		return []store.Event{{Kind: store.ApprovalAsked, Actor: itself, Org: "org", Client: "app", Person: h.person.ID}}
	}},
	{"ApproveClient", func(h *house, ctx context.Context) []store.Event {
		h.asks("org", h.person.ID, "app")
		h.asks("org", h.newPerson().ID, "app")
		o, err := h.Organization(h.Context(), "org")
		h.must(err, "Organization")
		_, err = h.ApproveClient(ctx, o, "app")
		h.must(err, "ApproveClient")
		return []store.Event{
			{Kind: store.ApprovalGiven, Actor: system, Org: "org", Client: "app", Count: 2},
			{Kind: store.OrgChanged, Actor: system, Org: "org", Detail: store.Detail{Name: "org", Policy: &o.Policy}},
		}
	}},
	{"RefuseClient", func(h *house, ctx context.Context) []store.Event {
		h.asks("org", h.person.ID, "app")
		_, err := h.RefuseClient(ctx, "org", "app", "", h.now)
		h.must(err, "RefuseClient")
		return []store.Event{{Kind: store.ApprovalRefused, Actor: system, Org: "org", Client: "app", Person: h.person.ID}}
	}},
	{"WithdrawRefusal", func(h *house, ctx context.Context) []store.Event {
		h.asks("org", h.person.ID, "app")
		_, err := h.RefuseClient(h.Context(), "org", "app", "", h.now)
		h.must(err, "RefuseClient")
		h.must(h.WithdrawRefusal(ctx, "org", "app"), "WithdrawRefusal")
		return []store.Event{{Kind: store.RefusalWithdrawn, Actor: system, Org: "org", Client: "app"}}
	}},
	{"PutRole", func(h *house, ctx context.Context) []store.Event {
		h.must(h.PutRole(ctx, store.Role{Name: "editor", Permissions: []string{"write"}}), "PutRole")
		return []store.Event{{Kind: store.RoleSet, Actor: system, Detail: store.Detail{Name: "editor", Permissions: []string{"write"}}}}
	}},
	{"DeleteRole", func(h *house, ctx context.Context) []store.Event {
		h.must(h.PutRole(h.Context(), store.Role{Name: "editor"}), "PutRole")
		h.must(h.DeleteRole(ctx, "editor"), "DeleteRole")
		return []store.Event{{Kind: store.RoleDeleted, Actor: system, Detail: store.Detail{Name: "editor"}}}
	}},
	{"PutResource", func(h *house, ctx context.Context) []store.Event {
		h.must(h.PutResource(ctx, store.Resource{URI: "https://mcp.example", Name: "Todo", Default: store.Scope{"read"}}), "PutResource")
		return []store.Event{{Kind: store.ResourceSet, Actor: system, Resource: "https://mcp.example", Detail: store.Detail{Name: "Todo", Scope: store.Scope{"read"}}}}
	}},
	{"DeleteResource", func(h *house, ctx context.Context) []store.Event {
		h.must(h.PutResource(h.Context(), store.Resource{URI: "https://mcp.example"}), "PutResource")
		h.spent()
		h.must(h.DeleteResource(ctx, "https://mcp.example", h.now), "DeleteResource")
		ended := h.ended(store.EndedByOperator, store.BySystem)
		ended.Person, ended.Client, ended.Org = "", "", ""
		return []store.Event{ended, {Kind: store.ResourceDeleted, Actor: system, Resource: "https://mcp.example"}}
	}},
	{"CreateProject", func(h *house, ctx context.Context) []store.Event {
		p := store.Project{ID: h.project, Issuer: h.unique("https://"), Name: "Example", Settings: store.Settings{SignUp: true}}
		h.must(h.db.CreateProject(ctx, p), "CreateProject")
		return []store.Event{{Kind: store.ProjectCreated, Actor: system, Detail: store.Detail{Name: "Example", Settings: &p.Settings}}}
	}},
	{"UpdateProject", func(h *house, ctx context.Context) []store.Event {
		p := store.Project{ID: h.project, Issuer: h.unique("https://")}
		h.must(h.db.CreateProject(h.Context(), p), "CreateProject")
		p.Settings.NoRegistration = true
		h.must(h.db.UpdateProject(ctx, p), "UpdateProject")
		return []store.Event{{Kind: store.ProjectChanged, Actor: system, Detail: store.Detail{Settings: &p.Settings}}}
	}},
	{"AddKey", func(h *house, ctx context.Context) []store.Event {
		h.must(h.AddKey(ctx, store.SigningKey{ID: "kid", Sealed: []byte("sealed")}), "AddKey")
		return []store.Event{{Kind: store.KeyAdded, Actor: system, Detail: store.Detail{Name: "kid"}}}
	}},
	{"RetireKeys", func(h *house, ctx context.Context) []store.Event {
		h.signingKey("1", h.now)
		h.signingKey("2", h.now)
		h.must(h.RetireKeys(ctx, "2", h.now), "RetireKeys")
		h.must(h.RetireKeys(ctx, "2", h.now), "RetireKeys of retired ones")
		return []store.Event{{Kind: store.KeysRetired, Actor: system, Detail: store.Detail{Name: "2"}}}
	}},
}

// entered is what is left by who accepts an invitation and had an account.
func (h *house) entered(i store.Invitation, person store.PersonID) []store.Event {
	return []store.Event{
		{Kind: store.MemberSet, Actor: itself, Org: i.Org, Person: person, Detail: store.Detail{Roles: i.Roles}},
		{Kind: store.InvitationAccepted, Actor: itself, Org: i.Org, Person: person, Detail: store.Detail{Name: string(i.ID)}},
	}
}

func (h *house) aboutClient(kind store.EventKind, c store.Client) store.Event {
	return store.Event{Kind: kind, Actor: system, Client: c.ID,
		Detail: store.Detail{Name: c.Metadata.ClientName, Scope: c.Scope, Disabled: c.Disabled, Secrets: len(c.Secrets)}}
}

func aboutDomain(kind store.EventKind, roles ...string) store.Event {
	return store.Event{Kind: kind, Actor: system, Org: "org", Detail: store.Detail{Name: "a.example", Roles: roles}}
}
