// provider.go: authwright provider manages the other providers that people sign in with.

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
)

type providerCommand struct {
	Add     providerAdd     `cmd:"" help:"Let people sign in with another provider. The client secret is never an argument."`
	List    providerList    `cmd:"" help:"List the providers."`
	Show    providerShow    `cmd:"" help:"Show one provider, and the redirect URI to register there."`
	Set     providerSet     `cmd:"" help:"Change a provider. What is not named stays."`
	Disable providerDisable `cmd:"" help:"Let nobody come by a provider. Who is signed in stays so."`
	Enable  providerEnable  `cmd:"" help:"Let people come by a provider again."`
	Delete  providerDelete  `cmd:"" help:"Delete a provider. Whom it knew stays known: the same issuer, added again, opens the same accounts."`
}

// shownProvider is a provider as scripts read it. There is nothing secret in it.
type shownProvider struct {
	ID            store.ProviderID   `json:"id"`
	Kind          store.ProviderKind `json:"kind"`
	Name          string             `json:"name"`
	Issuer        string             `json:"issuer"`
	ClientID      string             `json:"client_id"`
	HasSecret     bool               `json:"has_secret"`
	RedirectURI   string             `json:"redirect_uri"`
	Scopes        []string           `json:"scopes,omitempty"`
	Organization  store.OrgID        `json:"organization,omitempty"`
	Required      bool               `json:"required"`
	Authoritative []string           `json:"authoritative,omitempty"`
	Create        bool               `json:"create"`
	Disabled      bool               `json:"disabled"`
	CreatedAt     time.Time          `json:"created_at"`
}

func showProvider(project store.Project, p store.Provider) shownProvider {
	back := (&upstream.Upstream{Issuer: project.Issuer}).RedirectURI(p.ID)
	return shownProvider{p.ID, p.Kind, p.Name, p.Issuer, p.ClientID, len(p.Secret) > 0, back, p.Scopes, p.Org, p.Required, p.Domains, p.Create, p.Disabled, p.CreatedAt}
}

// write shows the provider to a person or a program.
func (s shownProvider) write(out *console, asJSON bool) error {
	if asJSON {
		return out.json(s)
	}
	secret, newcomers, state := "none", "are turned away", "in use"
	if s.HasSecret {
		secret = "sealed"
	}
	if s.Create {
		newcomers = "get an account"
	}
	if s.Disabled {
		state = "disabled"
	}
	others := ""
	if s.Organization != "" {
		others = map[bool]string{true: "are closed to its people", false: "are open to its people"}[s.Required]
	}
	return out.facts("provider", string(s.ID), "name", s.Name, "kind", string(s.Kind), "issuer", s.Issuer, "client id", s.ClientID,
		"client secret", secret, "redirect uri", s.RedirectURI, "scopes", strings.Join(s.Scopes, " "),
		"organization", string(s.Organization), "other ways", others, "authoritative for", strings.Join(s.Authoritative, " "), "newcomers", newcomers, "state", state)
}

type providerAdd struct {
	projectFlag
	jsonFlag
	secretFlag
	ID            string   `arg:"" help:"What it is called in addresses: a-z, 0-9 and dashes."`
	Kind          string   `required:"" enum:"oidc,google,microsoft,github" help:"oidc (any OpenID provider), google, microsoft or github." placeholder:"KIND"`
	Name          string   `help:"What people are shown; the kind's own when missing." placeholder:"WORDS"`
	Issuer        string   `help:"Issuer of its ID tokens, as its discovery document spells it; for GitHub Enterprise the server's address. Google, Microsoft and GitHub have a default." placeholder:"URL"`
	ClientID      string   `required:"" name:"client-id" help:"The id it gave us." placeholder:"ID"`
	Scope         []string `help:"Scope to ask for; what tells who somebody is when missing." placeholder:"SCOPE"`
	Authoritative []string `help:"Domain on whose addresses it has the last word: it may open accounts that are there." placeholder:"DOMAIN"`
	Create        string   `enum:"on,off" default:"off" help:"Whom nobody knows gets an account: on or off." placeholder:"on|off"`
	Org           string   `help:"The organization whose sign-in it is: people with an address in its verified domains are sent there, and become members." placeholder:"ORG"`
	Required      string   `enum:"on,off" default:"off" help:"Those people come by it and by nothing else: on or off." placeholder:"on|off"`
}

var kindNames = map[string]string{"google": "Google", "microsoft": "Microsoft", "github": "GitHub"}

// Run adds the provider.
func (c *providerAdd) Run(ctx context.Context, out *console) error {
	kind := store.ProviderKind(c.Kind)
	p := store.Provider{
		ID: store.ProviderID(c.ID), Kind: kind, Name: strings.TrimSpace(c.Name), Issuer: c.Issuer, ClientID: c.ClientID, Scopes: c.Scope,
		Create: c.Create == "on", Required: c.Required == "on", CreatedAt: time.Now(),
	}
	if p.Issuer == "" {
		p.Issuer = upstream.DefaultIssuer(kind)
	}
	if p.Name == "" {
		p.Name = kindNames[c.Kind]
	}
	return c.within(ctx, func(d *deployment, project store.Project, st store.Store) error {
		var err error
		if p.Org, err = organizationOf(ctx, st, out, c.Org); err != nil {
			return err
		}
		p.Domains, err = canonicalDomains(c.Authoritative)
		if err = errors.Join(err, upstream.Check(p)); err != nil {
			return err
		}
		secret, err := c.read(out)
		if err != nil {
			return err
		}
		if p.Secret, err = sealSecret(d, project, p.ID, secret); err != nil {
			return err
		}
		err = st.CreateProvider(ctx, p)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("there is a provider %s already: authwright provider set changes it", p.ID)
		}
		if err != nil {
			return err
		}
		return showProvider(project, p).write(out, c.JSON)
	})
}

// organizationOf finds the organization whose sign-in a connection is, "" for none. Without a verified domain nobody can
// come by it, which is told.
func organizationOf(ctx context.Context, st store.Store, out *console, name string) (store.OrgID, error) {
	if name == "" {
		return "", nil
	}
	o, err := org(ctx, st, name)
	if err != nil {
		return "", err
	}
	list, err := st.DomainsOf(ctx, o.ID)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(list, store.Domain.Verified) {
		out.warn("%s has no verified domain yet, so nobody can come by it: authwright org domain add %s DOMAIN", o.Slug, o.Slug)
	}
	return o.ID, nil
}

// canonicalDomains spells domains as those of addresses.
func canonicalDomains(names []string) (list []string, err error) {
	for _, name := range names {
		address, wrong := login.CanonicalEmail("x@" + name)
		if wrong != nil {
			err = errors.Join(err, fmt.Errorf("--authoritative %q: name a domain of e-mail addresses, like example.com", name))
			continue
		}
		if domain := strings.TrimPrefix(address, "x@"); !slices.Contains(list, domain) {
			list = append(list, domain)
		}
	}
	return list, err
}

type providerList struct {
	projectFlag
	jsonFlag
}

// Run lists the providers.
func (c *providerList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		all, err := st.Providers(ctx)
		if err != nil {
			return err
		}
		list, rows := make([]shownProvider, len(all)), make([][]string, len(all))
		for i, p := range all {
			list[i] = showProvider(project, p)
			state := map[bool]string{true: "disabled"}[p.Disabled]
			rows[i] = []string{string(p.ID), p.Name, string(p.Kind), p.Issuer, state}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"PROVIDER", "NAME", "KIND", "ISSUER", "STATE"}, rows)
	})
}

type providerShow struct {
	projectFlag
	jsonFlag
	ID string `arg:"" help:"The provider."`
}

// Run shows the provider.
func (c *providerShow) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		p, err := provider(ctx, st, c.ID)
		if err != nil {
			return err
		}
		return showProvider(project, p).write(out, c.JSON)
	})
}

// provider finds a provider.
func provider(ctx context.Context, st store.Providers, id string) (store.Provider, error) {
	p, err := st.Provider(ctx, store.ProviderID(id))
	if errors.Is(err, store.ErrNotFound) {
		return p, fmt.Errorf("there is no provider %q: authwright provider list tells which there are", id)
	}
	return p, err
}
