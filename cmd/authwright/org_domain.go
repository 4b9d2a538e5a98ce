// org_domain.go: authwright org domain manages the domains of e-mail addresses that are an organization's.

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/domains"
	"github.com/authwright/authwright/internal/store"
)

type domainCommand struct {
	Add    domainAdd    `cmd:"" help:"Add a domain and tell which DNS record shows that it is the organization's."`
	Verify domainVerify `cmd:"" help:"Look for the DNS record. From then on the domain is the organization's and nobody else's."`
	Join   domainJoin   `cmd:"" help:"Say whether people with an address in the domain become members by themselves, and as what."`
	List   domainList   `cmd:"" help:"List an organization's domains."`
	Remove domainRemove `cmd:"" help:"Forget a domain. Members stay."`
}

// domainArgs name a domain of an organization.
type domainArgs struct {
	Org    string `arg:"" help:"The organization, or its id."`
	Domain string `arg:"" help:"The domain, like example.com."`
}

// find reads the organization, and the domain in its canonical form.
func (a domainArgs) find(ctx context.Context, st store.Organizations) (store.Organization, string, error) {
	name, err := domains.Canonical(a.Domain)
	if err != nil {
		return store.Organization{}, "", fmt.Errorf("%q is %w", a.Domain, err)
	}
	o, err := org(ctx, st, a.Org)
	return o, name, err
}

func (a domainArgs) missing(o store.Organization, name string) error {
	return fmt.Errorf("%s is no domain of %s: authwright org domain add %s %s", name, o.Slug, o.Slug, name)
}

type domainAdd struct {
	projectFlag
	domainArgs
	Join bool     `help:"People who prove an address in the domain become members at their next sign-in."`
	Role []string `sep:"none" help:"What those who join are. Repeat for several." placeholder:"ROLE"`
}

// Run files what the organization says.
func (c *domainAdd) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, name, err := c.find(ctx, st)
		if err != nil {
			return err
		}
		if err := domains.Ownable(name); err != nil {
			return err
		}
		if err := checkJoin(ctx, st, out, c.Join, c.Role); err != nil {
			return err
		}
		d := store.Domain{Name: name, Org: o.ID, Join: c.Join, Roles: c.Role, Token: domains.NewToken(), CreatedAt: time.Now()}
		err = st.AddDomain(ctx, d)
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("%s is a domain of %s already: authwright org domain list %s tells its record", name, o.Slug, o.Slug)
		}
		if err != nil {
			return err
		}
		return out.say("Make this DNS record, then run authwright org domain verify %s %s:\n\n    %s TXT \"%s\"\n",
			o.Slug, name, domains.RecordName(name), domains.Record(d.Token))
	})
}

// checkJoin looks at the roles of those who join, and warns of roles that there are not.
func checkJoin(ctx context.Context, st store.Organizations, out *console, join bool, names []string) error {
	if !join && len(names) > 0 {
		return errors.New("--role is for those who join by themselves: add --join")
	}
	roles, err := st.Roles(ctx)
	if err != nil {
		return err
	}
	return checkRoles(out, roles, names)
}

type domainVerify struct {
	projectFlag
	domainArgs
	Resolver string `help:"DNS server to ask, in place of this machine's: one of the domain's own knows a new record at once." placeholder:"HOST:PORT"`
}

// Run looks for the record.
func (c *domainVerify) Run(ctx context.Context, out *console) error {
	find, err := lookupAt(c.Resolver)
	if err != nil {
		return err
	}
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, name, err := c.find(ctx, st)
		if err != nil {
			return err
		}
		all, err := st.DomainsOf(ctx, o.ID)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, func(d store.Domain) bool { return d.Name == name })
		if at < 0 {
			return c.missing(o, name)
		}
		found, err := find.Found(ctx, all[at])
		if err != nil {
			return err
		}
		if !found {
			return fmt.Errorf("DNS does not have the record yet: %s TXT %q. A new record can take an hour to be seen everywhere",
				domains.RecordName(name), domains.Record(all[at].Token))
		}
		err = st.VerifyDomain(ctx, o.ID, name, time.Now())
		if errors.Is(err, store.ErrExists) {
			return fmt.Errorf("%s belongs to another organization of this project: it has to be removed there first", name)
		}
		if err != nil {
			return err
		}
		return out.say("%s belongs to %s. Leave the record where it is: it is looked for every day.", name, o.Slug)
	})
}

// lookupAt finds records by one DNS server, or by those of this machine.
func lookupAt(server string) (domains.Lookup, error) {
	if server == "" {
		return net.DefaultResolver.LookupTXT, nil
	}
	if _, _, err := net.SplitHostPort(server); err != nil {
		server = net.JoinHostPort(strings.Trim(server, "[]"), "53")
	}
	if host, port, err := net.SplitHostPort(server); err != nil || host == "" || port == "" {
		return nil, fmt.Errorf("--resolver %q: use HOST or HOST:PORT", server)
	}
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, server)
	}}
	return resolver.LookupTXT, nil
}

type domainJoin struct {
	projectFlag
	domainArgs
	Off  bool     `help:"Nobody joins by the domain any more."`
	Role []string `sep:"none" help:"What those who join are. Repeat for several." placeholder:"ROLE"`
}

// Run changes who joins by the domain.
func (c *domainJoin) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, name, err := c.find(ctx, st)
		if err != nil {
			return err
		}
		if c.Off && len(c.Role) > 0 {
			return errors.New("--off and --role contradict each other")
		}
		if err := checkJoin(ctx, st, out, !c.Off, c.Role); err != nil {
			return err
		}
		err = st.SetDomainJoin(ctx, o.ID, name, !c.Off, c.Role)
		if errors.Is(err, store.ErrNotFound) {
			return c.missing(o, name)
		}
		if err != nil {
			return err
		}
		if c.Off {
			return out.say("Nobody joins %s by an address in %s. Members stay.", o.Slug, name)
		}
		return out.say("Whoever proves an address in %s joins %s at the next sign-in: %s.", name, o.Slug, roleWords(c.Role))
	})
}

type domainList struct {
	projectFlag
	jsonFlag
	Org string `arg:"" help:"The organization, or its id."`
}

// shownDomain is a domain as scripts read it.
type shownDomain struct {
	Domain       string    `json:"domain"`
	State        string    `json:"state"`
	Join         bool      `json:"join"`
	Roles        []string  `json:"roles"`
	RecordName   string    `json:"record_name"`
	Record       string    `json:"record"`
	VerifiedAt   time.Time `json:"verified_at,omitzero"`
	MissingSince time.Time `json:"missing_since,omitzero"`
}

func showDomain(d store.Domain, now time.Time) shownDomain {
	state := "verified"
	switch {
	case !d.Verified():
		state = "unverified"
	case d.Lapsed(now):
		state = "lapsed"
	case !d.MissingSince.IsZero():
		state = "record missing"
	}
	return shownDomain{d.Name, state, d.Join, append([]string{}, d.Roles...), domains.RecordName(d.Name), domains.Record(d.Token), d.VerifiedAt, d.MissingSince}
}

// joinWords say who joins by the domain.
func (s shownDomain) joinWords() string {
	if !s.Join {
		return "nobody joins"
	}
	return roleWords(s.Roles)
}

// Run lists the domains.
func (c *domainList) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, err := org(ctx, st, c.Org)
		if err != nil {
			return err
		}
		all, err := st.DomainsOf(ctx, o.ID)
		if err != nil {
			return err
		}
		list, rows, now := make([]shownDomain, len(all)), make([][]string, len(all)), time.Now()
		for i, d := range all {
			list[i] = showDomain(d, now)
			rows[i] = []string{d.Name, list[i].State, list[i].joinWords(), list[i].RecordName + ` TXT "` + list[i].Record + `"`}
		}
		if c.JSON {
			return out.json(list)
		}
		return out.table([]string{"DOMAIN", "STATE", "WHO JOINS", "RECORD"}, rows)
	})
}

type domainRemove struct {
	projectFlag
	domainArgs
}

// Run forgets the domain.
func (c *domainRemove) Run(ctx context.Context, out *console) error {
	return c.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		o, name, err := c.find(ctx, st)
		if err != nil {
			return err
		}
		err = st.RemoveDomain(ctx, o.ID, name)
		if errors.Is(err, store.ErrNotFound) {
			return c.missing(o, name)
		}
		if err != nil {
			return err
		}
		return out.say("%s is no domain of %s any more. Members stay.", name, o.Slug)
	})
}
