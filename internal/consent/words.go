// words.go says in plain words who asks, where the answer goes and what would be allowed.

package consent

import (
	"net/url"
	"strings"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// view is what the page shows.
type view struct {
	Action, Token string
	Request       store.RequestID
	App           app
	Redirect      destination
	Resource      store.Resource
	Scopes        []permission
	Cannot        []permission // asked for, and not this person's to give
	Asks          []permission // asked for by a client that stays out
	Org           orgView
	Client        store.ClientID // what an administrator is told to let it in; "" when they cannot
	Blocked       string         // why nothing can be allowed; "" when something can
	Approval      approval
	AskAction     string
	AskToken      string
	Changed       bool // the app describes itself differently from when it was allowed last
	Email         string
	Other         string // address to sign in as somebody else
	Account       string // address to withdraw it
}

// app is the client as a person may understand it. What nobody checked is Claimed and nothing else.
type app struct {
	Label     string // what we vouch for: a well-known name, the host of its document, the operator's word
	Claimed   string // what it calls itself
	Badge     string // why the label can be believed
	Lookalike string // the well-known app it resembles and is not
	Unproven  bool   // nobody can tell that it is what it says
}

// destination is where the answer goes.
type destination struct {
	Host     string
	Loopback bool
	Private  bool
}

// permission is one scope in words.
type permission struct {
	Name, Text string
	Before     bool // allowed before
}

func (c *Consent) view(q question) view {
	query := url.Values{"request": {string(q.request.ID)}, "switch": {"1"}}
	v := view{
		Request:  q.request.ID,
		App:      c.app(q),
		Redirect: destinationOf(q.request.RedirectURI),
		Resource: q.resource,
		Scopes:   permissions(q, q.place.may),
		Cannot:   permissions(q, q.place.mayNot),
		Org:      c.orgView(q),
		Blocked:  q.place.blocked,
		Approval: q.place.approval,
		Changed:  q.earlier.Person != "" && !q.allowedBefore(),
		Email:    q.person.Called(),
		Other:    c.Site.Base + "/login?" + query.Encode(),
		Account:  c.Site.Base + "/account",
	}
	if v.Blocked != "" && len(v.Cannot) == 0 {
		v.Asks = permissions(q, q.request.Scope)
		if v.Org.ID != "" {
			v.Client = q.client.ID
		}
	}
	return v
}

// app finds the most trustworthy name there is: the well-known one, the operator's, the host that serves the
// client's document. A name a client gave itself is never the label.
func (c *Consent) app(q question) app {
	redirect := q.request.RedirectURI
	a := app{Claimed: q.client.Name(), Unproven: !q.client.Proven(redirect)}
	if c.Known != nil {
		if name, ok := c.Known.Badge(q.client, redirect); ok {
			a.Label, a.Badge = name, "Known app"
			return a.tidy()
		}
		a.Lookalike = c.lookalike(q)
	}
	switch q.client.Origin {
	case store.Registered:
		a.Label, a.Badge = q.client.Name(), "Added by "+c.Site.Name
	case store.Document:
		a.Label = q.client.VerifiedHost()
	}
	return a.tidy()
}

// lookalike names the well-known client that the person could take this one for. A well-known program that runs on the
// person's own machine registers itself under its plain name and cannot prove it; it gets the note that every such
// program gets, not an alarm.
func (c *Consent) lookalike(q question) string {
	known, ok := c.Known.Lookalike(q.client.Name())
	onMachine := q.client.Origin == store.SelfRegister && q.request.RedirectURI.Kind() != oauth.RedirectHTTPS
	if !ok || q.client.Origin == store.Registered || onMachine && strings.Contains(q.client.Name(), known) {
		return ""
	}
	return known
}

// tidy leaves out the claim when it says what the label says.
func (a app) tidy() app {
	if a.Claimed == a.Label {
		a.Claimed = ""
	}
	return a
}

func destinationOf(redirect oauth.RedirectURI) destination {
	kind := redirect.Kind()
	return destination{
		Host:     redirect.Host(),
		Loopback: kind == oauth.RedirectLoopback,
		Private:  kind == oauth.RedirectPrivate,
	}
}

// permissions says each of the scopes in the resource's words.
func permissions(q question, scope oauth.Scope) []permission {
	var list []permission
	for _, name := range scope {
		text := pages.ScopeText(q.resource, name)
		list = append(list, permission{Name: name, Text: text, Before: q.allowedBefore() && q.earlier.Scope.Has(name)})
	}
	return list
}
