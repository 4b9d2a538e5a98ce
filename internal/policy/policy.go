// Package policy decides what a person may grant, and to which client.
//
// It is pure functions over records: what it says follows from what is stored and from nothing else, so it can be
// asked again at every refresh.
package policy

import (
	"cmp"
	"net/url"
	"slices"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// RunOrganization is the permission that Authwright itself knows: who holds it in an organization runs it.
const RunOrganization = "org:admin"

// Held is what a person may do in one place: the permissions of their roles there.
type Held map[string]bool

// HeldBy unites the permissions of the named roles. A name without a role holds nothing.
func HeldBy(roles []store.Role, names []string) Held {
	if len(names) == 0 {
		return nil
	}
	held := make(Held)
	for _, role := range roles {
		if !slices.Contains(names, role.Name) {
			continue
		}
		if len(held) == 0 && len(role.Permissions) > 8 {
			held = make(Held, len(names)*len(role.Permissions))
		}
		for _, permission := range role.Permissions {
			held[permission] = true
		}
	}
	return held
}

// Covers tells whether every one of the permissions is held.
func (h Held) Covers(permissions []string) bool {
	for _, permission := range permissions {
		if !h[permission] {
			return false
		}
	}
	return true
}

// Split parts the scopes a client wants at a resource into those the person may grant and those they may not. A
// scope is grantable when the person's roles cover every permission in it and in what it includes, which comes along at
// the server; one without permissions is everybody's.
func Split(wanted oauth.Scope, r store.Resource, held Held) (may, mayNot oauth.Scope) {
	find := finder(r.Scopes)
	for _, name := range wanted {
		if held.coversAll(find, name) {
			may = append(may, name)
		} else {
			mayNot = append(mayNot, name)
		}
	}
	return may, mayNot
}

// NeedsRoles tells whether any scope of the resource needs a permission.
func NeedsRoles(r store.Resource) bool {
	return slices.ContainsFunc(r.Scopes, func(s store.ResourceScope) bool { return len(s.Permissions) > 0 })
}

// finder finds a resource's scopes by name. Where there are more than a few it looks in an index.
func finder(scopes []store.ResourceScope) func(name string) *store.ResourceScope {
	if len(scopes) <= 8 {
		return func(name string) *store.ResourceScope {
			for i := range scopes {
				if scopes[i].Name == name {
					return &scopes[i]
				}
			}
			return nil
		}
	}
	places := make(map[string]*store.ResourceScope, len(scopes))
	for i := range scopes {
		if places[scopes[i].Name] == nil {
			places[scopes[i].Name] = &scopes[i]
		}
	}
	return func(name string) *store.ResourceScope { return places[name] }
}

// coversAll tells whether the permissions in a scope and in every scope it includes, however far down, are held.
func (h Held) coversAll(find func(string) *store.ResourceScope, name string) bool {
	var few [8]string // which most have no more of
	names := append(few[:0], name)
	for i := 0; i < len(names); i++ {
		scope := find(names[i])
		if scope == nil {
			continue
		}
		if !h.Covers(scope.Permissions) {
			return false
		}
		for _, included := range scope.Implies {
			if !slices.Contains(names, included) {
				names = append(names, included)
			}
		}
	}
	return true
}

// Admission says whether an organization lets a client act for its members.
type Admission int

// The admissions.
const (
	Refused       Admission = iota // not in this organization
	NeedsApproval                  // once an admin approved it
	Admitted
)

// Admit applies an organization's rules to a client. Where they say nothing, the project's settings say what that
// means for a client that nobody registered; what the operator registered comes in.
func Admit(s store.Settings, p store.ClientPolicy, c store.Client) Admission {
	rule := *RuleFor(&p, c)
	if rule.Mode == store.RuleDefault {
		rule.Mode = DefaultMode(s, c)
	}
	listed := slices.Contains(rule.Clients, c.ID) || c.Origin == store.Document && slices.Contains(rule.Hosts, documentHost(c.ID))
	switch {
	case rule.Mode == store.RuleAll:
		return Admitted
	case rule.Mode == store.RuleList && listed || rule.Mode == store.RuleApprove && listed:
		return Admitted
	case rule.Mode == store.RuleApprove:
		return NeedsApproval
	default: // "none", "list" without it, and every mode that this version does not know
		return Refused
	}
}

// DefaultMode is what an organization's rule means for a client when the organization says nothing.
func DefaultMode(s store.Settings, c store.Client) store.RuleMode {
	mode := store.RuleDefault
	switch {
	case c.FirstParty:
	case c.Origin == store.SelfRegister:
		mode = s.SelfMadeRule
	case c.Origin == store.Document:
		mode = s.DocumentRule
	}
	return cmp.Or(mode, store.RuleAll)
}

// MaySkipConsent tells whether people need not be asked about a client: it is the operator's own, and the operator said so.
func MaySkipConsent(c store.Client) bool {
	return c.FirstParty && c.Origin == store.Registered && c.Terms.SkipConsent
}

// RuleFor is the part of a policy that a client falls under.
func RuleFor(p *store.ClientPolicy, c store.Client) *store.ClientRule {
	switch {
	case c.FirstParty:
		return &p.FirstParty
	case c.Origin == store.Registered:
		return &p.ThirdParty
	case c.Origin == store.Document:
		return &p.Documents
	default:
		return &p.SelfMade
	}
}

// documentHost is the host that serves a client's document, as its id spells it.
func documentHost(id store.ClientID) string {
	u, err := url.Parse(string(id))
	if err != nil {
		return ""
	}
	return u.Host
}
