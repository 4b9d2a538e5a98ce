// trust.go: authwright trust manages the logins whose signed tokens let people in.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/trust"
)

type trustCommand struct {
	Add    trustAdd    `cmd:"" help:"Let people in by tokens that a login of yours, or of your provider, signs."`
	Set    trustSet    `cmd:"" help:"Change what is known of a trusted login. What is not named stays."`
	List   trustList   `cmd:"" help:"List the trusted logins."`
	Show   trustShow   `cmd:"" help:"Show one trusted login."`
	Check  trustCheck  `cmd:"" help:"Say whether a token would let somebody in, and what it says of them. It is not used up."`
	Delete trustDelete `cmd:"" help:"Trust a login no more. People keep their accounts."`
}

// trustFlags are what an operator says of a trusted login.
type trustFlags struct {
	Title         *string        `help:"What people are shown: Continue with TITLE." placeholder:"WORDS"`
	Issuer        *string        `help:"What iss its tokens have, byte for byte." placeholder:"ISS"`
	Audience      *string        `help:"What aud its tokens have when they are for this place." placeholder:"AUD"`
	LoginURL      *string        `name:"login-url" help:"Where its people log in; it gets a reference to send back with the token." placeholder:"URL"`
	KeysURL       *string        `name:"jwks-url" help:"Where its public keys are, as a JWK set." placeholder:"URL"`
	KeyFile       *string        `help:"File with its public keys or certificates in PEM, in the place of --jwks-url." placeholder:"FILE"`
	Alg           []string       `sep:"," help:"How its tokens are signed, such as RS256. Repeat for several; without any, what its keys are for." placeholder:"ALG"`
	Map           []string       `sep:"none" help:"Where in its tokens an attribute stands: email, email_verified, name, organization, roles or amr. Repeat for several." placeholder:"ATTRIBUTE=CLAIM"`
	Require       []string       `sep:"none" help:"What its tokens must say besides, such as token_use=id. Repeat for several." placeholder:"CLAIM=VALUE"`
	Create        *bool          `negatable:"" help:"Whom nobody knows gets an account."`
	Authoritative *bool          `negatable:"" help:"It has the last word on whose an e-mail address is: people with the same proven address are the same."`
	Org           *string        `help:"The organization that all its people belong to; empty for none." placeholder:"ORG"`
	MaxAge        *time.Duration `help:"How old its tokens may be: 10s to 24h." placeholder:"5m"`
}

// apply changes the record as the flags say.
func (f trustFlags) apply(ctx context.Context, t *store.TrustedIssuer, st store.Organizations) error {
	for _, s := range []struct{ from, to *string }{{f.Title, &t.Title}, {f.Issuer, &t.Issuer}, {f.Audience, &t.Audience}, {f.LoginURL, &t.LoginURL}} {
		if s.from != nil {
			*s.to = strings.TrimSpace(*s.from)
		}
	}
	if f.KeysURL != nil {
		t.KeysURL, t.Keys = *f.KeysURL, ""
	}
	if f.KeyFile != nil {
		text, err := os.ReadFile(*f.KeyFile)
		if err != nil {
			return fmt.Errorf("--key-file: %w", err)
		}
		t.Keys = string(text)
		if f.KeysURL == nil {
			t.KeysURL = ""
		}
	}
	if f.Alg != nil || f.KeyFile != nil || f.KeysURL != nil {
		t.Algorithms = f.Alg
	}
	for _, b := range []struct{ from, to *bool }{{f.Create, &t.Create}, {f.Authoritative, &t.Authoritative}} {
		if b.from != nil {
			*b.to = *b.from
		}
	}
	if f.Require != nil {
		t.Require = slices.DeleteFunc(f.Require, func(s string) bool { return s == "" })
	}
	if f.MaxAge != nil {
		t.MaxAge = *f.MaxAge
	}
	if f.Org != nil && *f.Org == "" {
		t.Org = ""
	} else if f.Org != nil {
		o, err := org(ctx, st, *f.Org)
		if err != nil {
			return err
		}
		t.Org = o.ID
	}
	wrong := f.mapping(&t.Mapping)
	*t = trust.Defaults(*t)
	return errors.Join(wrong, trust.Check(*t))
}

// mapping writes down where the attributes stand.
func (f trustFlags) mapping(m *store.ClaimMapping) error {
	places := map[string]*string{
		"email": &m.Email, "email_verified": &m.EmailVerified, "name": &m.Name, "organization": &m.Organization, "roles": &m.Roles, "amr": &m.Methods,
	}
	var wrong []error
	for _, one := range f.Map {
		attribute, claim, ok := strings.Cut(one, "=")
		if places[attribute] == nil || !ok {
			wrong = append(wrong, fmt.Errorf("--map %q: write ATTRIBUTE=CLAIM, the attribute one of email, email_verified, name, organization, roles and amr", one))
			continue
		}
		*places[attribute] = strings.TrimSpace(claim)
	}
	return errors.Join(wrong...)
}

type trustAdd struct {
	projectFlag
	jsonFlag
	trustFlags
	Name string `arg:"" help:"What commands call it: a-z, 0-9 and dashes."`
}

// Run adds it.
func (c *trustAdd) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		t := store.TrustedIssuer{Name: c.Name, Title: c.Name, Mapping: trust.DefaultMapping(), CreatedAt: time.Now()}
		if err := c.apply(ctx, &t, st); err != nil {
			return err
		}
		err := st.CreateTrustedIssuer(ctx, t)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("there is a trusted login %s, or one with that issuer and audience, already: authwright trust set changes it", t.Name)
		}
		if err != nil {
			return err
		}
		if c.JSON {
			return out.json(showTrust(t))
		}
		return out.say("People can come in by %s; a running server offers it within 15 seconds. Have it post its tokens to %s/login/trusted.", t.Name, p.Issuer)
	})
}

type trustSet struct {
	projectFlag
	jsonFlag
	trustFlags
	Disabled *bool  `negatable:"" help:"Its tokens let nobody in for now."`
	Name     string `arg:"" help:"The trusted login."`
}

// Run changes it.
func (c *trustSet) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		t, err := trusted(ctx, st, c.Name)
		if err != nil {
			return err
		}
		if c.Disabled != nil {
			t.Disabled = *c.Disabled
		}
		if err := c.apply(ctx, &t, st); err != nil {
			return err
		}
		err = st.UpdateTrustedIssuer(ctx, t)
		if errors.Is(err, store.ErrExists) {
			return errors.New("there is another trusted login with that issuer and audience")
		}
		if err != nil {
			return err
		}
		return writeTrust(out, t, c.JSON)
	})
}

// trusted finds one by name.
func trusted(ctx context.Context, st store.TrustedIssuers, name string) (store.TrustedIssuer, error) {
	t, err := st.TrustedIssuer(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return t, fmt.Errorf("there is no trusted login %q: authwright trust list tells which there are", name)
	}
	return t, err
}

type trustDelete struct {
	projectFlag
	Name string `arg:""`
}

// Run deletes it.
func (c *trustDelete) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		if _, err := trusted(ctx, st, c.Name); err != nil {
			return err
		}
		if err := st.DeleteTrustedIssuer(ctx, c.Name); err != nil {
			return err
		}
		return out.say("Nobody comes in by %s any more. Who came by it keeps their account, and their sessions until they end.", c.Name)
	})
}
