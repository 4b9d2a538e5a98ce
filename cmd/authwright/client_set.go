// client_set.go: authwright client set changes what the operator decides about one client.

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/claims"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// clientFlags are changes of a client. What is not named stays.
type clientFlags struct {
	Scope          []string       `sep:"none" help:"The most it may be given from now on; --any-scope for what people allow. Repeat for several." placeholder:"SCOPE"`
	AnyScope       bool           `help:"It may be given what people allow."`
	FirstParty     *string        `enum:"on,off" help:"It is yours: on or off." placeholder:"on|off"`
	SkipConsent    *string        `enum:"on,off" help:"People are not asked about it: on or off. For first-party clients with an https redirect URI." placeholder:"on|off"`
	AccessLife     *time.Duration `help:"Life of its access tokens, at most the project's; 0s for what the project says."`
	RefreshIdle    *time.Duration `help:"How long its refresh tokens are good when they are not used, likewise."`
	RefreshLife    *time.Duration `help:"How long it stays connected at most, likewise. Who is connected for longer is disconnected."`
	Audience       []string       `sep:"none" help:"Who else its access tokens are for, beside the MCP server: a URI that is no resource here. Repeat for several." placeholder:"URI"`
	AlsoFor        []string       `sep:"none" help:"Resource at which its access tokens count too, whichever they were given for. Repeat for several." placeholder:"URI"`
	RemoveAudience []string       `sep:"none" help:"Take an audience or a resource off again. Repeat for several." placeholder:"URI"`
	Claims         *string        `help:"File with a template of further claims of its access tokens; empty for none. See docs/claims.md." placeholder:"FILE"`
	Disabled       *string        `enum:"on,off" help:"It gets nothing: on or off. What was granted to it ends at once and does not come back." placeholder:"on|off"`
}

type clientSet struct {
	projectFlag
	jsonFlag
	clientFlags
	ID string `arg:""`
}

// Run changes the client.
func (c *clientSet) Run(ctx context.Context, out *console) error {
	if reflect.ValueOf(c.clientFlags).IsZero() {
		return errors.New("say what to change: authwright client set --help tells what there is, and authwright client show what is")
	}
	return c.within(ctx, func(_ *deployment, project store.Project, st store.Store) error {
		changed, err := client(ctx, st, c.ID)
		if err != nil {
			return err
		}
		if err := c.apply(ctx, st, &changed); err != nil {
			return err
		}
		if err := clients.CheckTerms(ctx, project, st, changed); err != nil {
			return err
		}
		err = st.UpdateClient(ctx, changed)
		if errors.Is(err, store.ErrChanged) {
			return fmt.Errorf("%s was changed by somebody else just now: nothing was done, run it again", changed.ID)
		}
		if err != nil {
			return err
		}
		if c.Disabled != nil {
			changed.Disabled = *c.Disabled == "on"
			if err := st.SetClientDisabled(ctx, changed.ID, changed.Disabled, time.Now()); err != nil {
				return err
			}
		}
		return showClient(changed, "").write(out, c.JSON)
	})
}

// apply changes a client as the flags say.
func (f clientFlags) apply(ctx context.Context, st store.Store, c *store.Client) error {
	scope, err := oauth.ParseScope(strings.Join(f.Scope, " "))
	switch {
	case err != nil:
		return fmt.Errorf("--scope: %w", err)
	case f.AnyScope && len(scope) > 0:
		return errors.New("--scope and --any-scope: use one of them")
	case f.AnyScope && slices.Contains(c.Metadata.GrantTypes, oauth.GrantClientCredentials):
		return fmt.Errorf("%s uses client_credentials, which needs a scope: no person stands behind it who could say what it may do", c.ID)
	case f.AnyScope || len(scope) > 0:
		c.Scope = scope
	}
	if f.FirstParty != nil {
		if c.FirstParty = *f.FirstParty == "on"; c.FirstParty && c.Origin != store.Registered {
			return fmt.Errorf("%s was not registered by you: it cannot be yours", c.ID)
		}
	}
	t := &c.Terms
	if f.SkipConsent != nil {
		t.SkipConsent = *f.SkipConsent == "on"
	}
	for _, d := range []struct{ from, to *time.Duration }{
		{f.AccessLife, &t.Lives.Access}, {f.RefreshIdle, &t.Lives.RefreshIdle}, {f.RefreshLife, &t.Lives.RefreshLife},
	} {
		if d.from != nil {
			*d.to = *d.from
		}
	}
	if err := f.template(t); err != nil {
		return err
	}
	return f.audiences(ctx, st, t)
}

// template reads the claims template.
func (f clientFlags) template(t *store.Terms) error {
	if f.Claims == nil {
		return nil
	}
	t.Claims = nil
	if *f.Claims == "" {
		return nil
	}
	text, err := os.ReadFile(*f.Claims)
	if err != nil {
		return fmt.Errorf("--claims: %w", err)
	}
	if _, err := claims.Compile(text); err != nil {
		return fmt.Errorf("--claims: %w", err)
	}
	t.Claims = text
	return nil
}

func (f clientFlags) audiences(ctx context.Context, st store.Store, t *store.Terms) error {
	var wrong []error
	for _, name := range f.RemoveAudience {
		if !slices.Contains(t.Audience, name) && !slices.Contains(t.AlsoFor, name) {
			wrong = append(wrong, fmt.Errorf("--remove-audience %s: is not listed", name))
		}
		gone := func(one string) bool { return one == name }
		t.Audience, t.AlsoFor = slices.DeleteFunc(t.Audience, gone), slices.DeleteFunc(t.AlsoFor, gone)
	}
	for _, name := range f.Audience {
		if !slices.Contains(t.Audience, name) {
			t.Audience = append(t.Audience, name)
		}
	}
	for _, uri := range f.AlsoFor {
		r, err := resource(ctx, st, uri)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--also-for: %w", err))
		} else if !slices.Contains(t.AlsoFor, r.URI) {
			t.AlsoFor = append(t.AlsoFor, r.URI)
		}
	}
	return errors.Join(wrong...)
}
