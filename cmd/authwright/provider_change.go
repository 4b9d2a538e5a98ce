// provider_change.go: authwright provider set, disable, enable and delete.

package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
)

// secretFlag says where a client secret comes from. It is never an argument: those are seen by every program on the
// machine and kept by the shell.
type secretFlag struct {
	ClientSecretStdin bool   `name:"client-secret-stdin" help:"Read the client secret from the first line of standard input."`
	ClientSecretFile  string `name:"client-secret-file" type:"path" help:"Read the client secret from a file." placeholder:"FILE"`
	ClientSecretEnv   string `name:"client-secret-env" help:"Read the client secret from an environment variable. Without any of the three we are a public client." placeholder:"NAME"`
}

const maxSecretLine = 4096

// read reads the secret; "" for none.
func (f secretFlag) read(c *console) (string, error) {
	var secret string
	switch {
	case f.ClientSecretStdin && f.ClientSecretFile+f.ClientSecretEnv != "", f.ClientSecretFile != "" && f.ClientSecretEnv != "":
		return "", errors.New("the client secret is to come from more than one place: keep one of them")
	case f.ClientSecretStdin:
		line, err := bufio.NewReader(io.LimitReader(c.in, maxSecretLine)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the client secret: %w", err)
		}
		secret = line
	case f.ClientSecretFile != "":
		text, err := os.ReadFile(f.ClientSecretFile)
		if err != nil {
			return "", fmt.Errorf("reading the client secret: %w", err)
		}
		secret = string(text)
	case f.ClientSecretEnv != "":
		secret = os.Getenv(f.ClientSecretEnv)
	default:
		return "", nil
	}
	secret = strings.TrimRight(secret, "\r\n")
	if secret == "" || strings.ContainsAny(secret, "\r\n\x00") {
		return "", errors.New("the client secret is empty, or more than one line")
	}
	return secret, nil
}

// sealSecret encrypts a client secret for the connection's row.
func sealSecret(d *deployment, project store.Project, id store.ProviderID, secret string) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	kek, err := d.LoadKey()
	if err != nil {
		return nil, err
	}
	sealer, err := keys.NewSealer(kek)
	if err != nil {
		return nil, err
	}
	return sealer.Seal(upstream.SecretPlace(project.ID, id), []byte(secret)), nil
}

type providerSet struct {
	projectFlag
	jsonFlag
	secretFlag
	ID            string    `arg:"" help:"The provider."`
	Name          *string   `help:"What people are shown." placeholder:"WORDS"`
	ClientID      *string   `name:"client-id" help:"The id it gave us." placeholder:"ID"`
	Scope         *[]string `help:"Scope to ask for; empty for what tells who somebody is." placeholder:"SCOPE"`
	Authoritative *[]string `help:"Domains on whose addresses it has the last word, in the place of those it had." placeholder:"DOMAIN"`
	Create        *string   `enum:"on,off" help:"Whom nobody knows gets an account: on or off." placeholder:"on|off"`
	Required      *string   `enum:"on,off" help:"The people of its organization come by it and by nothing else: on or off." placeholder:"on|off"`
}

// Run changes the provider.
func (c *providerSet) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(d *deployment, project store.Project, st store.Store) error {
		p, err := provider(ctx, st, c.ID)
		if err != nil {
			return err
		}
		secret, err := c.read(out)
		if err != nil {
			return err
		}
		if secret == "" && c.Name == nil && c.ClientID == nil && c.Scope == nil && c.Authoritative == nil && c.Create == nil && c.Required == nil {
			return errors.New("say what to change: authwright provider set --help tells what there is")
		}
		if err := c.apply(&p); err != nil {
			return err
		}
		if secret != "" {
			if p.Secret, err = sealSecret(d, project, p.ID, secret); err != nil {
				return err
			}
		}
		if err := st.UpdateProvider(ctx, p); err != nil {
			return err
		}
		return showProvider(project, p).write(out, c.JSON)
	})
}

func (c *providerSet) apply(p *store.Provider) error {
	if c.Name != nil {
		p.Name = strings.TrimSpace(*c.Name)
	}
	if c.ClientID != nil {
		p.ClientID = *c.ClientID
	}
	if c.Scope != nil {
		p.Scopes = nonEmpty(*c.Scope)
	}
	if c.Create != nil {
		p.Create = *c.Create == "on"
	}
	if c.Required != nil {
		p.Required = *c.Required == "on"
	}
	var wrong error
	if c.Authoritative != nil {
		p.Domains, wrong = canonicalDomains(nonEmpty(*c.Authoritative))
	}
	return errors.Join(wrong, upstream.Check(*p))
}

func nonEmpty(words []string) (list []string) {
	for _, one := range words {
		if one != "" {
			list = append(list, one)
		}
	}
	return list
}

type providerDisable struct {
	projectFlag
	ID string `arg:"" help:"The provider."`
}

// Run disables the provider.
func (c *providerDisable) Run(ctx context.Context, out *console) error {
	return c.turn(ctx, out, c.ID, true, "Nobody comes by %s any more. Who is signed in stays so.")
}

type providerEnable struct {
	projectFlag
	ID string `arg:"" help:"The provider."`
}

// Run enables the provider.
func (c *providerEnable) Run(ctx context.Context, out *console) error {
	return c.turn(ctx, out, c.ID, false, "People come by %s again.")
}

func (f projectFlag) turn(ctx context.Context, out *console, id string, off bool, done string) error {
	return f.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := provider(ctx, st, id)
		if err != nil {
			return err
		}
		p.Disabled = off
		if err := st.UpdateProvider(ctx, p); err != nil {
			return err
		}
		return out.say(done, p.ID)
	})
}

type providerDelete struct {
	projectFlag
	ID string `arg:"" help:"The provider."`
}

// Run deletes the provider.
func (c *providerDelete) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		p, err := provider(ctx, st, c.ID)
		if err != nil {
			return err
		}
		if err := st.DeleteProvider(ctx, p.ID); err != nil {
			return err
		}
		return out.say("%s is deleted. Accounts stay, and whom it knew.", p.ID)
	})
}
