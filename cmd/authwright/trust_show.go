// trust_show.go: authwright trust list, show and check tell what is trusted, and what a token says.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/trust"
)

// shownTrust is a trusted login as scripts read it.
type shownTrust struct {
	Name          string             `json:"name"`
	Title         string             `json:"title"`
	Issuer        string             `json:"issuer"`
	Audience      string             `json:"audience"`
	LoginURL      string             `json:"login_url"`
	KeysURL       string             `json:"jwks_url,omitempty"`
	Keys          string             `json:"keys,omitempty"`
	Algorithms    []string           `json:"algorithms"`
	Mapping       store.ClaimMapping `json:"mapping"`
	Require       []string           `json:"require,omitempty"`
	Create        bool               `json:"create"`
	Authoritative bool               `json:"authoritative"`
	Org           store.OrgID        `json:"organization,omitempty"`
	MaxAge        string             `json:"max_age"`
	Disabled      bool               `json:"disabled"`
	CreatedAt     time.Time          `json:"created_at"`
}

func showTrust(t store.TrustedIssuer) shownTrust {
	return shownTrust{
		t.Name, t.Title, t.Issuer, t.Audience, t.LoginURL, t.KeysURL, t.Keys, t.Algorithms, t.Mapping, t.Require, t.Create,
		t.Authoritative, t.Org, t.MaxAge.String(), t.Disabled, t.CreatedAt,
	}
}

func writeTrust(out *console, t store.TrustedIssuer, asJSON bool) error {
	if asJSON {
		return out.json(showTrust(t))
	}
	keys := t.KeysURL
	if keys == "" {
		keys = "in PEM"
	}
	m := t.Mapping
	return out.facts("trusted login", t.Name, "title", t.Title, "issuer", t.Issuer, "audience", t.Audience, "login", t.LoginURL, "keys", keys,
		"alg", strings.Join(t.Algorithms, " "), "email", m.Email, "email verified", m.EmailVerified, "name", m.Name,
		"organization", m.Organization+string(t.Org), "roles", m.Roles, "amr", m.Methods, "required", strings.Join(t.Require, " "),
		"makes accounts", strconv.FormatBool(t.Create), "authoritative", strconv.FormatBool(t.Authoritative), "max age", t.MaxAge.String(),
		"disabled", strconv.FormatBool(t.Disabled), "since", day(t.CreatedAt))
}

type trustShow struct {
	projectFlag
	jsonFlag
	Name string `arg:""`
}

// Run shows it.
func (c *trustShow) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		t, err := trusted(ctx, st, c.Name)
		if err != nil {
			return err
		}
		return writeTrust(out, t, c.JSON)
	})
}

type trustList struct {
	projectFlag
	jsonFlag
}

// Run lists them.
func (c *trustList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		all, err := st.TrustedIssuers(ctx)
		if err != nil {
			return err
		}
		list, rows := make([]shownTrust, len(all)), make([][]string, len(all))
		for i, t := range all {
			list[i] = showTrust(t)
			rows[i] = []string{t.Name, t.Title, t.Issuer, t.Audience, map[bool]string{true: "no", false: "yes"}[t.Disabled]}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"NAME", "TITLE", "ISSUER", "AUDIENCE", "IN USE"}, rows)
	})
}

type trustCheck struct {
	projectFlag
	Name string `arg:"" help:"The trusted login. The token is read from standard input."`
}

// Run checks a token as the server would.
func (c *trustCheck) Run(ctx context.Context, out *console) error {
	text, err := io.ReadAll(io.LimitReader(out.in, trust.MaxToken+2))
	if err != nil {
		return fmt.Errorf("reading the token: %w", err)
	}
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		t, err := trusted(ctx, st, c.Name)
		if err != nil {
			return err
		}
		v := trust.Verifier{Keys: &trust.KeySets{Fetch: &outbound.Operator{Timeout: 5 * time.Second, MaxBody: trust.MaxKeySet}}}
		token, err := v.Verify(ctx, t, strings.TrimSpace(string(text)))
		var refusal *trust.Refusal
		if errors.As(err, &refusal) {
			return fmt.Errorf("it would be refused (%s): %w", refusal.Code, err)
		}
		if err != nil {
			return err
		}
		return out.json(token.Attested)
	})
}
