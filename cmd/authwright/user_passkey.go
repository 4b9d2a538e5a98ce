// user_passkey.go: authwright user passkey manages the passkeys of one person.

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
)

type userPasskey struct {
	Link   passkeyLink   `cmd:"" help:"Print an address at which a person makes a passkey, once. It is a secret: give it to nobody else."`
	List   passkeyList   `cmd:"" help:"List a person's passkeys."`
	Remove passkeyRemove `cmd:"" help:"Remove a passkey, such as one on a lost device."`
}

type passkeyLink struct {
	projectFlag
	Email string        `arg:""`
	Life  time.Duration `default:"24h" help:"How long the address is good, from 1m to 168h."`
}

// Run files the leave and prints the address. Whoever has it can become that person.
func (c *passkeyLink) Run(ctx context.Context, out *console) error {
	if c.Life < time.Minute || c.Life > 7*24*time.Hour {
		return fmt.Errorf("--life %s: use 1m to 168h", c.Life)
	}
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		if !project.Settings.Passkeys {
			return fmt.Errorf("project %s has no passkeys: authwright project set %s --passkeys on", project.ID, project.ID)
		}
		if _, err := passkey.Domain(project.Issuer, project.Settings.PasskeyDomain); err != nil {
			return err
		}
		p, err := person(ctx, st, c.Email)
		if err != nil {
			return err
		}
		if p.Disabled {
			return fmt.Errorf("%s is locked: authwright user enable lets them in again", p.Email)
		}
		leave, address := login.NewEnrolment(project.Issuer, p, time.Now(), c.Life)
		if err := st.OpenChallenge(ctx, leave); err != nil {
			return err
		}
		return out.say("%s", address)
	})
}

// shownPasskey is a passkey as scripts read it.
type shownPasskey struct {
	ID         store.CredentialID `json:"id"`
	Name       string             `json:"name"`
	Model      string             `json:"model"`
	AAGUID     string             `json:"aaguid"`
	Synced     bool               `json:"synced"`
	Transports []string           `json:"transports,omitempty"`
	CreatedAt  time.Time          `json:"created_at"`
	UsedAt     *time.Time         `json:"used_at,omitempty"`
}

func showPasskey(k store.Passkey) shownPasskey {
	s := shownPasskey{k.ID, k.Name, passkey.Model(k.AAGUID), k.AAGUID, k.BackedUp, k.Transports, k.CreatedAt, nil}
	if !k.UsedAt.IsZero() {
		s.UsedAt = &k.UsedAt
	}
	return s
}

type passkeyList struct {
	projectFlag
	jsonFlag
	Email string `arg:""`
}

// Run lists the passkeys.
func (c *passkeyList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := person(ctx, st, c.Email)
		if err != nil {
			return err
		}
		keys, err := st.PasskeysOf(ctx, p.ID)
		if err != nil {
			return err
		}
		list, rows := make([]shownPasskey, len(keys)), make([][]string, len(keys))
		for i, k := range keys {
			list[i] = showPasskey(k)
			used := "never"
			if !k.UsedAt.IsZero() {
				used = day(k.UsedAt)
			}
			rows[i] = []string{k.Name, list[i].Model, day(k.CreatedAt), used, string(k.ID)}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"NAME", "MODEL", "SINCE", "USED", "ID"}, rows)
	})
}

type passkeyRemove struct {
	projectFlag
	Email string `arg:""`
	ID    string `arg:"" help:"As authwright user passkey list prints it."`
}

// Run removes the passkey, also the last.
func (c *passkeyRemove) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := person(ctx, st, c.Email)
		if err != nil {
			return err
		}
		err = st.RemovePasskey(ctx, p.ID, store.CredentialID(strings.TrimSpace(c.ID)), false)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("%s has no passkey %s: authwright user passkey list %s tells which they have", p.Email, c.ID, p.Email)
		}
		if err != nil {
			return err
		}
		return out.say("%s cannot sign in with that passkey any more. Where they are signed in they stay so: authwright user disable ends that.", p.Email)
	})
}
