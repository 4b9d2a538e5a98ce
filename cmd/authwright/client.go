// client.go: authwright client manages the programs that ask for tokens.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

type clientCommand struct {
	Create clientCreate `cmd:"" help:"Register a client."`
	List   clientList   `cmd:"" help:"List the clients, also those that registered themselves."`
	Show   clientShow   `cmd:"" help:"Show one client."`
	Set    clientSet    `cmd:"" help:"Change what you decide about a client: scope, lives, audiences, claims, consent. What is not named stays."`
	Delete clientDelete `cmd:"" help:"Delete a client. Everything granted to it ends at once."`
	Rotate clientRotate `cmd:"" name:"rotate-secret" help:"Give a confidential client a new secret. The one before stays good until the next rotation."`
}

// shownClient is a client as scripts read it. A secret is in it only when it was just made.
type shownClient struct {
	ID           store.ClientID  `json:"client_id"`
	Secret       string          `json:"client_secret,omitempty"`
	Name         string          `json:"client_name,omitempty"`
	Origin       store.Origin    `json:"origin"`
	AuthMethod   string          `json:"token_endpoint_auth_method"`
	RedirectURIs []string        `json:"redirect_uris,omitempty"`
	GrantTypes   []string        `json:"grant_types,omitempty"`
	Scope        string          `json:"scope,omitempty"`
	Introspects  []string        `json:"introspects,omitempty"`
	FirstParty   bool            `json:"first_party,omitempty"`
	SkipConsent  bool            `json:"skip_consent,omitempty"`
	AccessLife   string          `json:"access_life,omitempty"`
	RefreshIdle  string          `json:"refresh_idle,omitempty"`
	RefreshLife  string          `json:"refresh_life,omitempty"`
	Audience     []string        `json:"audience,omitempty"`
	AlsoFor      []string        `json:"also_for,omitempty"`
	Claims       json.RawMessage `json:"claims,omitempty"`
	Disabled     bool            `json:"disabled,omitempty"`
	Secrets      int             `json:"live_secrets,omitempty"`
	CreatedAt    time.Time       `json:"created_at"`
	UsedAt       time.Time       `json:"used_at,omitzero"`
}

func showClient(c store.Client, secret string) shownClient {
	t := c.Terms
	return shownClient{
		SkipConsent: t.SkipConsent, AccessLife: life(t.Lives.Access), RefreshIdle: life(t.Lives.RefreshIdle), RefreshLife: life(t.Lives.RefreshLife),
		Audience: t.Audience, AlsoFor: t.AlsoFor, Claims: t.Claims,
		ID: c.ID, Secret: secret, Name: c.Metadata.ClientName, Origin: c.Origin, AuthMethod: clients.Client{Client: c}.AuthMethod(),
		RedirectURIs: c.Metadata.RedirectURIs, GrantTypes: c.Metadata.GrantTypes, Scope: c.Scope.String(),
		Introspects: c.Introspects, FirstParty: c.FirstParty, Disabled: c.Disabled, Secrets: len(c.Secrets),
		CreatedAt: c.CreatedAt, UsedAt: c.UsedAt,
	}
}

// life spells a life that is set.
func life(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// write shows the client to a person or a program.
func (s shownClient) write(out *console, asJSON bool) error {
	if asJSON {
		return out.json(s)
	}
	yes := map[bool]string{true: "yes"}
	used := "never"
	if !s.UsedAt.IsZero() {
		used = day(s.UsedAt)
	}
	return out.facts("client_id", string(s.ID), "client_secret", s.Secret, "name", s.Name, "origin", string(s.Origin),
		"authentication", s.AuthMethod, "redirect URIs", strings.Join(s.RedirectURIs, " "), "grant types", strings.Join(s.GrantTypes, " "),
		"scope", s.Scope, "introspects", strings.Join(s.Introspects, " "), "first party", yes[s.FirstParty],
		"skips consent", yes[s.SkipConsent], "access life", s.AccessLife, "refresh idle life", s.RefreshIdle, "refresh life", s.RefreshLife,
		"audience", strings.Join(s.Audience, " "), "also for", strings.Join(s.AlsoFor, " "), "claims", oneLine(s.Claims),
		"disabled", yes[s.Disabled], "since", day(s.CreatedAt), "last used", used)
}

// oneLine is a template without what is only there for its reader.
func oneLine(template json.RawMessage) string {
	var b bytes.Buffer
	if err := json.Compact(&b, template); err != nil {
		return ""
	}
	return b.String()
}

type clientCreate struct {
	projectFlag
	jsonFlag
	Name         string   `arg:"" help:"What people are shown."`
	RedirectURI  []string `name:"redirect-uri" sep:"none" help:"Where answers may go: https, loopback http (any port), or an app's own scheme. Repeat for several." placeholder:"URI"`
	ID           string   `help:"Client id; made when missing."`
	Confidential bool     `help:"It can keep a secret. The secret is printed once."`
	AuthMethod   string   `enum:"client_secret_basic,client_secret_post" default:"client_secret_basic" help:"How a confidential client proves itself: ${enum}."`
	Grant        []string `enum:"authorization_code,refresh_token,client_credentials" help:"Grant types: ${enum}; authorization_code and refresh_token when none is named." placeholder:"TYPE"`
	Scope        []string `sep:"none" help:"The most it may be given; what people allow when none is named. client_credentials needs one. Repeat for several." placeholder:"SCOPE"`
	Introspects  []string `sep:"none" help:"Resource whose tokens it may ask about, or *. Repeat for several." placeholder:"URI"`
	FirstParty   bool     `help:"It is yours."`
}

// Run registers the client.
func (c *clientCreate) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		method := oauth.AuthNone
		if c.Confidential {
			method = c.AuthMethod
		}
		scope, err := oauth.ParseScope(strings.Join(c.Scope, " "))
		if err != nil {
			return fmt.Errorf("--scope: %w", err)
		}
		introspects, err := c.resources(ctx, st)
		if err != nil {
			return err
		}
		client, secret, err := clients.NewRegistered(store.Client{
			ID: store.ClientID(c.ID), FirstParty: c.FirstParty, Scope: scope, Introspects: introspects,
			Metadata: oauth.ClientMetadata{
				ClientName: c.Name, RedirectURIs: c.RedirectURI, TokenEndpointAuthMethod: method, GrantTypes: c.Grant,
			},
		}, project.Settings.NoPrivateScheme, time.Now())
		if err != nil {
			return err
		}
		err = st.CreateClient(ctx, client)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("there is a client %s already: choose another --id", client.ID)
		}
		if err != nil {
			return err
		}
		return showClient(client, secret).write(out, c.JSON)
	})
}

// resources brings the resources to introspect to their registered form.
func (c *clientCreate) resources(ctx context.Context, st store.Resources) ([]string, error) {
	var list []string
	for _, uri := range c.Introspects {
		if uri == "*" {
			list = append(list, uri)
			continue
		}
		r, err := resource(ctx, st, uri)
		if err != nil {
			return nil, fmt.Errorf("--introspects: %w", err)
		}
		list = append(list, r.URI)
	}
	slices.Sort(list)
	return slices.Compact(list), nil
}

type clientList struct {
	projectFlag
	jsonFlag
}

// Run lists all clients, a page at a time.
func (c *clientList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		list := []shownClient{}
		for after := store.ClientID(""); ; {
			page, err := st.Clients(ctx, after, pageSize)
			if err != nil {
				return err
			}
			for _, one := range page {
				list = append(list, showClient(one, ""))
				after = one.ID
			}
			if len(page) < pageSize {
				break
			}
		}
		if c.JSON {
			return out.json(list)
		}
		rows := make([][]string, len(list))
		for i, one := range list {
			rows[i] = []string{string(one.ID), one.Name, string(one.Origin), one.AuthMethod, day(one.CreatedAt)}
		}
		return out.table([]string{"CLIENT_ID", "NAME", "ORIGIN", "AUTHENTICATION", "SINCE"}, rows)
	})
}

type clientShow struct {
	projectFlag
	jsonFlag
	ID string `arg:""`
}

// Run shows the client.
func (c *clientShow) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		client, err := client(ctx, st, c.ID)
		if err != nil {
			return err
		}
		return showClient(client, "").write(out, c.JSON)
	})
}

type clientDelete struct {
	projectFlag
	ID string `arg:""`
}

// Run deletes the client.
func (c *clientDelete) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		client, err := client(ctx, st, c.ID)
		if err != nil {
			return err
		}
		if err := st.DeleteClient(ctx, client.ID, time.Now()); err != nil {
			return err
		}
		return out.say("%s is deleted. A running server notices within 5 seconds.", client.ID)
	})
}

type clientRotate struct {
	projectFlag
	jsonFlag
	ID   string `arg:""`
	Only bool   `help:"The new secret is the only one: those before stop working now."`
}

// Run makes the secret.
func (c *clientRotate) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		client, err := client(ctx, st, c.ID)
		if err != nil {
			return err
		}
		client, secret, err := clients.RotateSecret(client, c.Only)
		if err != nil {
			return err
		}
		err = st.UpdateClient(ctx, client)
		if errors.Is(err, store.ErrChanged) {
			return fmt.Errorf("%s was changed by somebody else just now: nothing was done, run it again", client.ID)
		}
		if err != nil {
			return err
		}
		return showClient(client, secret).write(out, c.JSON)
	})
}

// client finds a client.
func client(ctx context.Context, st store.Clients, id string) (store.Client, error) {
	c, err := st.Client(ctx, store.ClientID(id))
	if errors.Is(err, store.ErrNotFound) {
		return c, fmt.Errorf("there is no client %q: authwright client list tells which there are", id)
	}
	return c, err
}
