// check.go: a walk through a server's discovery, step by step, and what it says.

// Package check finds out whether a real MCP client could connect to a server, and if not, why.
//
// It sends what clients send, in their order, and trusts nothing that comes back: answers are bounded, redirects are not
// followed, and addresses that a server names are called only if they are public, or on this machine when the server is.
package check

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/oauth"
)

// Check is what to check, and how.
type Check struct {
	URL        string         // of the MCP server, as a person would type it into a client
	Networks   []netip.Prefix // special-purpose networks that may be called, beside the public Internet
	NoRegister bool           // send no registration; what needs a client is left out then
	Timeout    time.Duration  // of each call; 10 s when zero
	Resolver   outbound.Resolver
	Login      Browse     // logs a person in for real; nil leaves that out
	Told       func(Step) // hears of each step as it ends; may be nil
}

// Level says how bad a finding is.
type Level string

// The levels.
const (
	Stops Level = "stops" // some client cannot connect
	Opens Level = "opens" // somebody gets in who should not
	Hurts Level = "hurts" // clients connect, and something fails later
	Hint  Level = "hint"  // clients cope; no fault
)

// Finding is one thing that was seen to be wrong.
type Finding struct {
	Fault  string   `json:"fault"` // its name, for scripts
	Level  Level    `json:"level"`
	What   string   `json:"what"`
	At     string   `json:"at,omitempty"`   // the address it was seen at
	Seen   string   `json:"seen,omitempty"` // what was there instead
	Client []Client `json:"clients,omitempty"`
	Fix    string   `json:"fix"`
	See    string   `json:"see,omitempty"` // where it is written
}

// Step is a part of the walk.
type Step struct {
	Name     string    `json:"name"`
	Skipped  string    `json:"skipped,omitempty"` // why it could not be taken
	Saw      []string  `json:"saw,omitempty"`
	Findings []Finding `json:"findings,omitempty"`
}

// Report is what came of a check.
type Report struct {
	URL     string    `json:"url"`
	OK      bool      `json:"ok"` // nothing worse than a hint
	Steps   []Step    `json:"steps"`
	Clients []Verdict `json:"clients"`
}

// Verdict tells whether one client would connect.
type Verdict struct {
	Client    Client   `json:"client"`
	Connects  bool     `json:"connects"`
	StoppedBy []string `json:"stopped_by,omitempty"` // faults
}

// walk is where a check is: what the steps so far found out. A later step reads what an earlier one left.
type walk struct {
	*Check
	call *caller
	step *Step

	origin    string              // of the server
	challenge challenge           // of the 401
	refuses   bool                // a token that is none
	resources []found             // protected resource metadata, by where it was
	resource  resource            // the one that clients use
	issuer    string              // as the resource names it
	metadata  map[string]any      // of the authorization server
	server    oauthServer         // the same, typed
	client    registered          // who we are at the authorization server
	tokens    oauth.TokenResponse // after a login
	session   string              // of MCP
	tools     []tool
}

// found is a document and where it was.
type found struct {
	at  string
	doc map[string]any
}

// steps are what a client does, in its order. Each is taken only when those it builds on left something to go on.
var steps = []struct {
	name string
	take func(*walk, context.Context)
	need func(*walk) string // why it cannot be taken; "" when it can
}{
	{"the address", (*walk).readAddress, nothing},
	{"a call without a token", (*walk).knock, (*walk).noAddress},
	{"calls of other kinds without a token", (*walk).knockOtherwise, (*walk).notProtected},
	{"a call with a token that is none", (*walk).knockWithRubbish, (*walk).notProtected},
	{"what the server says of itself", (*walk).readResource, (*walk).notProtected},
	{"what the authorization server says of itself", (*walk).readServer, (*walk).noIssuer},
	{"its keys", (*walk).readKeys, (*walk).noServer},
	{"a call with a token that nobody signed", (*walk).knockWithForged, (*walk).noRefusal},
	{"a client that registers itself", (*walk).register, (*walk).noRegistration},
	{"clients of other kinds", (*walk).registerOthers, (*walk).noRegistration},
	{"the way to the login page", (*walk).authorize, (*walk).noClient},
	{"refusals at the token endpoint", (*walk).tryTokens, (*walk).noServer},
	{"a login", (*walk).logIn, (*walk).noLogin},
	{"a call with the token", (*walk).callWithToken, (*walk).noToken},
	{"a refresh", (*walk).refresh, (*walk).noToken},
	{"a step up", (*walk).stepUp, (*walk).noToken},
	{"a revocation", (*walk).revoke, (*walk).noToken},
}

func nothing(*walk) string { return "" }

// Run takes the walk. It ends early only with the context.
func (c *Check) Run(ctx context.Context) Report {
	w := &walk{Check: c}
	report := Report{URL: c.URL, OK: true}
	for _, s := range steps {
		step := Step{Name: s.name, Skipped: s.need(w)}
		if step.Skipped == "" && ctx.Err() != nil {
			step.Skipped = "the check was interrupted"
		}
		if step.Skipped == "" {
			w.step = &step
			s.take(w, ctx)
		}
		if step.Skipped == notAsked {
			continue
		}
		report.Steps = append(report.Steps, step)
		if c.Told != nil {
			c.Told(step)
		}
	}
	w.leave(ctx)
	report.judge()
	return report
}

// judge says of each client whether it would connect.
func (r *Report) judge() {
	stopped := make(map[Client][]string)
	for _, step := range r.Steps {
		for _, f := range step.Findings {
			r.OK = r.OK && f.Level == Hint
			if f.Level != Stops {
				continue
			}
			for _, client := range f.Client {
				if !slices.Contains(stopped[client], f.Fault) {
					stopped[client] = append(stopped[client], f.Fault)
				}
			}
		}
	}
	for _, client := range Clients {
		r.Clients = append(r.Clients, Verdict{client, len(stopped[client]) == 0, stopped[client]})
	}
}

// Findings are those of all steps, the worst first.
func (r Report) Findings() []Finding {
	var all []Finding
	for _, step := range r.Steps {
		all = append(all, step.Findings...)
	}
	rank := map[Level]int{Opens: 0, Stops: 1, Hurts: 2, Hint: 3}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(rank[a.Level], rank[b.Level]) })
	return all
}

// NoAddress tells whether there was nothing to check: what was given is no address.
func (r Report) NoAddress() bool {
	return slices.ContainsFunc(r.Findings(), func(f Finding) bool { return f.Fault == "not-a-url" })
}

// find files a finding: a fault of the catalogue, where it was and what was seen there. One fault is filed once a step.
func (w *walk) find(name, at, seen string) {
	for _, f := range w.step.Findings {
		if f.Fault == name {
			return
		}
	}
	f, ok := faults[name]
	if !ok {
		panic("check: no such fault: " + name)
	}
	w.step.Findings = append(w.step.Findings, Finding{
		Fault: name, Level: f.level, What: f.what, At: printable(at), Seen: printable(seen), Client: f.stops, Fix: f.fix, See: f.see,
	})
}

// saw notes what is as it should be.
func (w *walk) saw(what string) { w.step.Saw = append(w.step.Saw, printable(what)) }
