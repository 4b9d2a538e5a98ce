// project.go: authwright project manages issuers: each has its own people, clients, resources, keys and settings.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
	"github.com/authwright/authwright/server"
)

type projectCommand struct {
	Create projectCreate `cmd:"" help:"Make a project. Its issuer is BASE/p/NAME."`
	List   projectList   `cmd:"" help:"List the projects and their settings."`
	Set    projectSet    `cmd:"" help:"Change a project."`
}

// projectFlags are the settings of a project. What is not named stays.
type projectFlags struct {
	Title           *string        `help:"What people are shown." placeholder:"WORDS"`
	DefaultResource *string        `help:"The MCP server meant when an app names none; empty for none." placeholder:"URI"`
	SigningAlg      *string        `help:"Algorithm of new signing keys: ES256, EdDSA or RS256." placeholder:"ALG"`
	Registration    *string        `enum:"on,off" help:"Clients may register themselves (RFC 7591): on or off." placeholder:"on|off"`
	Documents       *string        `enum:"on,off" help:"Clients may be known by a metadata document (CIMD): on or off." placeholder:"on|off"`
	PrivateSchemes  *string        `enum:"on,off" help:"Redirects to an app's own scheme, like cursor://: on or off." placeholder:"on|off"`
	Password        *string        `enum:"on,off" help:"People log in with a password: on or off." placeholder:"on|off"`
	EmailCode       *string        `enum:"on,off" help:"People log in with a code or link that is mailed to them: on or off." placeholder:"on|off"`
	SignUp          *string        `enum:"on,off" help:"Strangers may make accounts, with an address they prove: on or off." placeholder:"on|off"`
	SelfRegRule     *string        `name:"self-registered-rule" enum:"all,approve,none" help:"Which apps that registered themselves come into an organization that says nothing about them: all, approve (those an administrator approved) or none." placeholder:"MODE"`
	DocumentRule    *string        `enum:"all,approve,none" help:"Likewise for apps that are known by a metadata document." placeholder:"MODE"`
	Passkeys        *string        `enum:"on,off" help:"People log in with a passkey: on or off." placeholder:"on|off"`
	PasskeyDomain   *string        `help:"Name that passkeys are bound to: the issuer's host, or a domain above it that other sites share; empty for the host. Passkeys made before no longer fit." placeholder:"DOMAIN"`
	SecondFactor    *string        `enum:"required,optional" help:"A second factor at every login: required (who has none sets one up before they go on) or optional (people choose, and apps may ask)." placeholder:"required|optional"`
	SelfRegAccess   *time.Duration `name:"self-registered-access-life" help:"Life of access tokens of apps that registered themselves; 0s for the project's."`
	SelfRegIdle     *time.Duration `name:"self-registered-refresh-idle" help:"How long their refresh tokens are good when they are not used; 0s for the project's."`
	SelfRegLife     *time.Duration `name:"self-registered-refresh-life" help:"How long they stay connected at most; 0s for the project's."`
	DocumentAccess  *time.Duration `name:"document-access-life" help:"Likewise for apps that are known by a metadata document."`
	DocumentIdle    *time.Duration `name:"document-refresh-idle" help:"Likewise."`
	DocumentLife    *time.Duration `name:"document-refresh-life" help:"Likewise."`
	CodeLife        *time.Duration `help:"Life of authorization codes."`
	AccessLife      *time.Duration `help:"Life of access tokens."`
	RefreshIdle     *time.Duration `help:"How long a refresh token is good when it is not used."`
	RefreshLife     *time.Duration `help:"How long an app stays connected at most."`
	RefreshGrace    *time.Duration `help:"How long a refresh token that was just used gets the same answer again; 0s for never."`
	SessionIdle     *time.Duration `help:"How long a browser stays signed in when it is not used."`
	SessionLife     *time.Duration `help:"How long a browser stays signed in at most."`
	RequestLife     *time.Duration `help:"How long a person may take to sign in and decide."`
	EventLife       *time.Duration `help:"How long authwright audit can tell what happened."`
}

// apply changes the project as the flags say.
func (f projectFlags) apply(ctx context.Context, p *store.Project, st store.Store) error {
	s := &p.Settings
	if err := f.setLives(s); err != nil {
		return err
	}
	f.setSwitches(s)
	if f.PasskeyDomain != nil {
		s.PasskeyDomain = strings.TrimSpace(*f.PasskeyDomain)
	}
	if s.Passkeys && (f.Passkeys != nil || f.PasskeyDomain != nil) {
		if _, err := passkey.Domain(p.Issuer, s.PasskeyDomain); err != nil {
			return fmt.Errorf("--passkeys: %w", err)
		}
	}
	if f.SigningAlg != nil {
		s.SigningAlg = oauth.Alg(*f.SigningAlg)
	}
	if f.Title != nil {
		p.Name = strings.TrimSpace(*f.Title)
	}
	if p.Name == "" {
		return errors.New("--title: say what people are shown")
	}
	if err := f.setDefault(ctx, s, st); err != nil {
		return err
	}
	elsewhere, err := loginElsewhere(ctx, st)
	if err != nil {
		return err
	}
	return s.Check(elsewhere)
}

// setLives sets how long things live. Zero gives the lives of an origin back to the project; of the project it is no life.
func (f projectFlags) setLives(s *store.Settings) error {
	for _, d := range []struct {
		from, to *time.Duration
		zero     bool
	}{
		{f.CodeLife, &s.CodeLife, false}, {f.AccessLife, &s.AccessLife, false},
		{f.RefreshIdle, &s.RefreshIdle, false}, {f.RefreshLife, &s.RefreshLife, false},
		{f.SessionIdle, &s.SessionIdle, false}, {f.SessionLife, &s.SessionLife, false},
		{f.RequestLife, &s.RequestLife, false}, {f.EventLife, &s.EventLife, false},
		{f.SelfRegAccess, &s.SelfMadeLives.Access, true}, {f.SelfRegIdle, &s.SelfMadeLives.RefreshIdle, true},
		{f.SelfRegLife, &s.SelfMadeLives.RefreshLife, true},
		{f.DocumentAccess, &s.DocumentLives.Access, true}, {f.DocumentIdle, &s.DocumentLives.RefreshIdle, true},
		{f.DocumentLife, &s.DocumentLives.RefreshLife, true},
	} {
		if d.from == nil {
			continue
		}
		if *d.from <= 0 && !d.zero {
			return fmt.Errorf("%s is no life", *d.from)
		}
		*d.to = *d.from
	}
	if f.RefreshGrace == nil {
		return nil
	}
	if *f.RefreshGrace < 0 {
		return fmt.Errorf("--refresh-grace %s: use 0s for none", *f.RefreshGrace)
	}
	s.RefreshGrace = *f.RefreshGrace
	if s.RefreshGrace == 0 {
		s.RefreshGrace = -1 // zero is the default, negative is none
	}
	return nil
}

// setSwitches sets what is on, off or one of a few words.
func (f projectFlags) setSwitches(s *store.Settings) {
	for _, b := range []struct {
		from *string
		to   *bool
		when string // the word that makes it true
	}{
		{f.Registration, &s.NoRegistration, "off"}, {f.Documents, &s.NoDocuments, "off"}, {f.PrivateSchemes, &s.NoPrivateScheme, "off"},
		{f.Password, &s.NoPassword, "off"}, {f.EmailCode, &s.EmailCode, "on"}, {f.SignUp, &s.SignUp, "on"},
		{f.Passkeys, &s.Passkeys, "on"}, {f.SecondFactor, &s.SecondFactor, "required"},
	} {
		if b.from != nil {
			*b.to = *b.from == b.when
		}
	}
	if f.SelfRegRule != nil {
		s.SelfMadeRule = store.RuleMode(*f.SelfRegRule)
	}
	if f.DocumentRule != nil {
		s.DocumentRule = store.RuleMode(*f.DocumentRule)
	}
}

// loginElsewhere tells whether people can come in by a trusted login or by a provider that is for everybody.
func loginElsewhere(ctx context.Context, st store.Store) (bool, error) {
	issuers, err := st.TrustedIssuers(ctx)
	if err != nil {
		return false, err
	}
	providers, err := st.Providers(ctx)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(issuers, func(t store.TrustedIssuer) bool { return !t.Disabled }) ||
		slices.ContainsFunc(providers, func(p store.Provider) bool { return !p.Disabled && p.Org == "" }), nil
}

func (f projectFlags) setDefault(ctx context.Context, s *store.Settings, resources store.Resources) error {
	switch {
	case f.DefaultResource == nil:
		return nil
	case *f.DefaultResource == "":
		s.DefaultResource = ""
		return nil
	}
	r, err := resource(ctx, resources, *f.DefaultResource)
	s.DefaultResource = r.URI
	return err
}

type projectCreate struct {
	configFlag
	jsonFlag
	projectFlags
	Name string `arg:"" help:"Name in the issuer: a-z, 0-9 and dashes."`
}

var projectName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Run makes the project.
func (c *projectCreate) Run(ctx context.Context, out *console) error {
	if !projectName.MatchString(c.Name) || c.Name == string(server.DefaultProject) {
		return fmt.Errorf("%q: use a-z, 0-9 and dashes, at most 63, and not \"default\"", c.Name)
	}
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.db.Close()
	p := store.Project{ID: store.ProjectID(c.Name), Issuer: d.Issuer + "/p/" + c.Name, Name: c.Name, CreatedAt: time.Now()}
	if err := c.apply(ctx, &p, d.db.For(p.ID)); err != nil {
		return err
	}
	err = d.db.CreateProject(ctx, p)
	if errors.Is(err, store.ErrExists) {
		return fmt.Errorf("there is a project %s already: authwright project set changes it", c.Name)
	}
	if err != nil {
		return err
	}
	if c.JSON {
		return out.json(showProject(p))
	}
	return out.say("The issuer of %s is %s. A running server notices within 15 seconds.", p.ID, p.Issuer)
}

type projectSet struct {
	configFlag
	jsonFlag
	projectFlags
	Name string `arg:"" help:"The project."`
}

// Run changes the project.
func (c *projectSet) Run(ctx context.Context, out *console) error {
	if reflect.ValueOf(c.projectFlags).IsZero() {
		return errors.New("say what to change: authwright project set --help tells what there is")
	}
	return projectFlag{c.configFlag, c.Name}.within(ctx, func(d *deployment, p store.Project, st store.Store) error {
		before := p.Settings.Defaults().SigningAlg
		if err := c.apply(ctx, &p, st); err != nil {
			return err
		}
		if err := d.db.UpdateProject(ctx, p); err != nil {
			return err
		}
		if c.JSON {
			return out.json(showProject(p))
		}
		if err := out.say("%s is changed. A running server notices within 15 seconds.", p.ID); err != nil {
			return err
		}
		if p.Settings.Defaults().SigningAlg != before {
			return out.say("The key in use stays what it is: run authwright key rotate --project %s for one that is %s.", p.ID, p.Settings.SigningAlg)
		}
		return nil
	})
}

// shownProject is a project as scripts read it. Durations are in Go's spelling.
type shownProject struct {
	ID              store.ProjectID `json:"project"`
	Issuer          string          `json:"issuer"`
	Title           string          `json:"title"`
	DefaultResource string          `json:"default_resource,omitempty"`
	SigningAlg      oauth.Alg       `json:"signing_alg"`
	Registration    bool            `json:"registration"`
	Documents       bool            `json:"documents"`
	PrivateSchemes  bool            `json:"private_schemes"`
	Password        bool            `json:"password"`
	EmailCode       bool            `json:"email_code"`
	SignUp          bool            `json:"sign_up"`
	Passkeys        bool            `json:"passkeys"`
	PasskeyDomain   string          `json:"passkey_domain,omitempty"`
	SecondFactor    string          `json:"second_factor"`
	CodeLife        string          `json:"code_life"`
	AccessLife      string          `json:"access_life"`
	RefreshIdle     string          `json:"refresh_idle"`
	RefreshLife     string          `json:"refresh_life"`
	RefreshGrace    string          `json:"refresh_grace"`
	SessionIdle     string          `json:"session_idle"`
	SessionLife     string          `json:"session_life"`
	RequestLife     string          `json:"request_life"`
	EventLife       string          `json:"event_life"`
	SelfMadeRule    store.RuleMode  `json:"self_registered_rule"`
	DocumentRule    store.RuleMode  `json:"document_rule"`
	SelfMadeLives   *shownLives     `json:"self_registered_lives,omitempty"`
	DocumentLives   *shownLives     `json:"document_lives,omitempty"`
}

// shownLives are the lives that are set for one kind of client.
type shownLives struct {
	Access      string `json:"access_life,omitempty"`
	RefreshIdle string `json:"refresh_idle,omitempty"`
	RefreshLife string `json:"refresh_life,omitempty"`
}

func showLives(l store.Lives) *shownLives {
	if l == (store.Lives{}) {
		return nil
	}
	return &shownLives{life(l.Access), life(l.RefreshIdle), life(l.RefreshLife)}
}

func showProject(p store.Project) shownProject {
	s := p.Settings.Defaults()
	return shownProject{
		ID: p.ID, Issuer: p.Issuer, Title: p.Name, DefaultResource: s.DefaultResource, SigningAlg: s.SigningAlg,
		Registration: !s.NoRegistration, Documents: !s.NoDocuments, PrivateSchemes: !s.NoPrivateScheme,
		Password: !s.NoPassword, EmailCode: s.EmailCode, SignUp: s.SignUp, Passkeys: s.Passkeys, PasskeyDomain: s.PasskeyDomain,
		SecondFactor: showSecondFactor(s.SecondFactor),
		SelfMadeRule: cmp.Or(s.SelfMadeRule, store.RuleAll), DocumentRule: cmp.Or(s.DocumentRule, store.RuleAll),
		SelfMadeLives: showLives(s.SelfMadeLives), DocumentLives: showLives(s.DocumentLives),
		CodeLife: s.CodeLife.String(), AccessLife: s.AccessLife.String(), RefreshIdle: s.RefreshIdle.String(),
		RefreshLife: s.RefreshLife.String(), RefreshGrace: max(s.RefreshGrace, 0).String(), SessionIdle: s.SessionIdle.String(),
		SessionLife: s.SessionLife.String(), RequestLife: s.RequestLife.String(), EventLife: s.EventLife.String(),
	}
}

func showSecondFactor(required bool) string {
	if required {
		return "required"
	}
	return "optional"
}

type projectList struct {
	configFlag
	jsonFlag
}

// Run lists the projects.
func (c *projectList) Run(ctx context.Context, out *console) error {
	d, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer d.db.Close()
	all, err := d.db.Projects(ctx)
	if err != nil {
		return err
	}
	list, rows := make([]shownProject, len(all)), make([][]string, len(all))
	for i, p := range all {
		s := showProject(p)
		list[i] = s
		rows[i] = []string{string(s.ID), s.Title, s.Issuer, s.AccessLife, s.RefreshLife, s.DefaultResource}
	}
	if c.JSON {
		return out.json(list)
	}
	return out.table([]string{"PROJECT", "TITLE", "ISSUER", "ACCESS", "REFRESH", "DEFAULT RESOURCE"}, rows)
}
