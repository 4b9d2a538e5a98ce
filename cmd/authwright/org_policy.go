// org_policy.go: authwright org policy and org approve say which apps may act for an organization's members.

package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// shownRule is a rule as scripts read it.
type shownRule struct {
	name    string
	Mode    store.RuleMode   `json:"mode"`
	Clients []store.ClientID `json:"clients,omitempty"`
	Hosts   []string         `json:"hosts,omitempty"`
}

type shownPolicy struct {
	FirstParty shownRule `json:"first_party"`
	ThirdParty shownRule `json:"third_party"`
	SelfMade   shownRule `json:"self_registered"`
	Documents  shownRule `json:"documents"`
}

// showPolicy tells what an organization's rules come to in a project with these settings.
func showPolicy(s store.Settings, p store.ClientPolicy) shownPolicy {
	show := func(name string, c store.Client) shownRule {
		r := *policy.RuleFor(&p, c)
		if r.Mode == store.RuleDefault {
			r.Mode = policy.DefaultMode(s, c)
		}
		return shownRule{name, r.Mode, r.Clients, r.Hosts}
	}
	return shownPolicy{
		FirstParty: show("first-party", store.Client{Origin: store.Registered, FirstParty: true}),
		ThirdParty: show("third-party", store.Client{Origin: store.Registered}),
		SelfMade:   show("self-registered", store.Client{Origin: store.SelfRegister}),
		Documents:  show("document", store.Client{Origin: store.Document}),
	}
}

func (p shownPolicy) rules() []shownRule {
	return []shownRule{p.FirstParty, p.ThirdParty, p.SelfMade, p.Documents}
}

// words say the rule in a line.
func (r shownRule) words() string {
	listed := slices.Clone(r.Hosts)
	for _, id := range r.Clients {
		listed = append(listed, string(id))
	}
	if len(listed) == 0 {
		return string(r.Mode)
	}
	return string(r.Mode) + ": " + strings.Join(listed, " ")
}

// policyFlags are changes of a policy. What is not named stays.
type policyFlags struct {
	SelfRegistered *string  `enum:"all,list,approve,none,default" help:"Which apps that registered themselves (RFC 7591) come in: all; list, those that are listed; approve, those an administrator approved; none; default, what the project says." placeholder:"MODE"`
	Documents      *string  `enum:"all,list,approve,none,default" help:"Which apps that are known by a metadata document (CIMD)." placeholder:"MODE"`
	ThirdParty     *string  `enum:"all,list,approve,none,default" help:"Which apps of others that you registered." placeholder:"MODE"`
	FirstParty     *string  `enum:"all,list,approve,none,default" help:"Which apps of yours." placeholder:"MODE"`
	AllowClient    []string `sep:"none" help:"List an app, for modes list and approve. Repeat for several." placeholder:"ID"`
	RemoveClient   []string `sep:"none" help:"Take an app off the list. Repeat for several." placeholder:"ID"`
	AllowHost      []string `sep:"none" help:"List a host: apps whose metadata document is there. Repeat for several." placeholder:"HOST"`
	RemoveHost     []string `sep:"none" help:"Take a host off the list. Repeat for several." placeholder:"HOST"`
}

// apply changes a policy as the flags say.
func (f policyFlags) apply(ctx context.Context, st store.Clients, p *store.ClientPolicy) error {
	for _, m := range []struct {
		from *string
		to   *store.RuleMode
	}{{f.SelfRegistered, &p.SelfMade.Mode}, {f.Documents, &p.Documents.Mode}, {f.ThirdParty, &p.ThirdParty.Mode}, {f.FirstParty, &p.FirstParty.Mode}} {
		if m.from != nil {
			*m.to = store.RuleMode(strings.TrimPrefix(*m.from, "default"))
		}
	}
	var wrong []error
	for _, id := range f.AllowClient {
		c, err := listable(ctx, st, id)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("--allow-client: %w", err))
			continue
		}
		list(policy.RuleFor(p, c), c.ID)
	}
	for _, id := range f.RemoveClient {
		if !unlist(p, store.ClientID(id)) {
			wrong = append(wrong, fmt.Errorf("--remove-client %s: is not listed", id))
		}
	}
	hosts := &p.Documents.Hosts
	for _, host := range f.AllowHost {
		if !documentHost(host) {
			wrong = append(wrong, fmt.Errorf("--allow-host %q: write the host as it is in the address of the document, such as app.example.com", host))
		} else if !slices.Contains(*hosts, host) {
			*hosts = append(*hosts, host)
		}
	}
	for _, host := range f.RemoveHost {
		if !slices.Contains(*hosts, host) {
			wrong = append(wrong, fmt.Errorf("--remove-host %s: is not listed", host))
		}
		*hosts = slices.DeleteFunc(*hosts, func(one string) bool { return one == host })
	}
	return errors.Join(wrong...)
}

// listable finds an app to list. One that is known by a document need not have come here yet.
func listable(ctx context.Context, st store.Clients, id string) (store.Client, error) {
	document := store.Client{ID: store.ClientID(id), Origin: store.Document}
	if !clients.IsDocumentID(document.ID) {
		return client(ctx, st, id)
	}
	u, err := url.Parse(id)
	if _, bad := oauth.ParseRedirectURI(id); err != nil || bad != nil || strings.Trim(u.Path, "/") == "" {
		return document, fmt.Errorf("%q is not the address of a metadata document", id)
	}
	return document, nil
}

// list puts an app on the list of a rule, once.
func list(r *store.ClientRule, id store.ClientID) {
	if !slices.Contains(r.Clients, id) {
		r.Clients = append(r.Clients, id)
	}
}

// unlist takes an app off every list, also one that is gone, and tells whether it was on any.
func unlist(p *store.ClientPolicy, id store.ClientID) (was bool) {
	for _, r := range []*store.ClientRule{&p.FirstParty, &p.ThirdParty, &p.SelfMade, &p.Documents} {
		was = was || slices.Contains(r.Clients, id)
		r.Clients = slices.DeleteFunc(r.Clients, func(one store.ClientID) bool { return one == id })
	}
	return was
}

// documentHost tells whether a host is spelled as in the address of a document, which has one spelling.
func documentHost(host string) bool {
	u, err := url.Parse("https://" + host + "/client")
	if err != nil || u.Host != host {
		return false
	}
	if oauth.IsLoopbackHost(u.Hostname()) {
		u.Scheme = "http" // where a deployment reads such documents
	}
	_, err = oauth.ParseRedirectURI(u.String())
	return err == nil
}

type orgPolicy struct {
	projectFlag
	jsonFlag
	policyFlags
	Org string `arg:"" help:"The organization, or its id."`
}

// Run changes the policy.
func (c *orgPolicy) Run(ctx context.Context, out *console) error {
	if reflect.ValueOf(c.policyFlags).IsZero() {
		return errors.New("say what to change: authwright org policy --help tells what there is, and authwright org show what is")
	}
	return c.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		if err := c.apply(ctx, st, &o.Policy); err != nil {
			return err
		}
		if err := updateOrg(ctx, st, o); err != nil {
			return err
		}
		shown := showOrg(p.Settings, o)
		for _, rule := range shown.Policy.rules() {
			listed := len(rule.Clients)+len(rule.Hosts) > 0
			if listed && (rule.Mode == store.RuleAll || rule.Mode == store.RuleNone) {
				out.warn("what is listed for %s apps has no effect while %s of them come in: use list or approve", rule.name, rule.Mode)
			}
		}
		return shown.write(out, c.JSON)
	})
}

type orgApprove struct {
	projectFlag
	Org    string `arg:"" help:"The organization, or its id."`
	Client string `arg:"" help:"The app's client id."`
}

// Run lists the app in the rule it falls under.
func (c *orgApprove) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(d *deployment, p store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		app, err := listable(ctx, st, c.Client)
		if err != nil {
			return err
		}
		if policy.Admit(p.Settings, o.Policy, app) == policy.Admitted {
			return out.say("%s lets %s in already.", o.Slug, app.ID)
		}
		post := d.post(ctx)
		wishes, err := post.office(p, st).Approve(ctx, o, app)
		switch {
		case errors.Is(err, organizations.ErrNotByApproval):
			return fmt.Errorf("%s lets no app of this kind in, approved or not: authwright org policy %s changes that", o.Slug, o.Slug)
		case errors.Is(err, store.ErrChanged):
			return fmt.Errorf("%s was changed by somebody else just now: nothing was done, run it again", o.Slug)
		case err != nil:
			return err
		}
		post.tellWhoAsked(out, wishes)
		return out.say("%s lets %s in.%s", o.Slug, app.ID, post.byMail())
	})
}
