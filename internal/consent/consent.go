// consent.go answers GET /consent: what a person is asked.

// Package consent decides whether a client may act for a person.
package consent

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

//go:embed *.html
var templates embed.FS

var (
	askPage    = pages.Parse(templates, "ask.html", "app.html")
	returnPage = pages.Parse(templates, "return.html", "app.html")
)

// The purposes of the forms.
const (
	askForm    = "consent"
	returnForm = "return"
)

// Known tells well-known clients from those that only look like one.
type Known interface {
	// Badge is the name of the well-known client that this is.
	Badge(c clients.Client, redirect oauth.RedirectURI) (name string, ok bool)
	// Lookalike is the name of the well-known client that a self-given name would be taken for.
	Lookalike(name string) (known string, ok bool)
}

// Consent asks people whether a client may act for them.
type Consent struct {
	Store     store.Store
	Settings  store.Settings
	Clients   func(ctx context.Context, id store.ClientID) (clients.Client, error)
	Resources func(ctx context.Context) ([]store.Resource, error)
	Known     Known // may be nil: then no client is well known
	Office    *organizations.Office
	Site      *pages.Site
	Jar       browser.Jar
	Issuer    string
	Now       func() time.Time // time.Now when nil
	Log       *slog.Logger     // none when nil
}

// Routes are the addresses under the issuer.
func (c *Consent) Routes() map[string]pages.Handler {
	return map[string]pages.Handler{
		"GET /consent":         c.show,
		"POST /consent":        c.answer,
		"POST /consent/return": c.leave,
		"POST /consent/ask":    c.ask,
	}
}

// question is what a person is asked, read from the store and from nowhere else.
type question struct {
	request  store.Request
	person   store.Person
	client   clients.Client
	resource store.Resource
	earlier  store.Consent // what they allowed before; zero if nothing
	current  store.OrgID   // the organization they act for in this browser
	place    place         // for which organization, and what they may grant there
}

// errElsewhere says that the request has to go through another step first.
var errElsewhere = errors.New("this request is at another step")

// show answers GET /consent?request=ID.
func (c *Consent) show(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		refusal := pages.StartAgain()
		refusal.Cause = err
		return refusal
	}
	q, err := c.question(r, params)
	switch {
	case errors.Is(err, errElsewhere):
		return c.goOn(w, q.request)
	case err != nil:
		return err
	case q.request.Refusal != nil:
		return c.showReturn(w, r, q)
	}
	visitor := c.Jar.Visitor(r)
	view := c.view(q)
	view.Action = c.Site.Base + "/consent"
	view.Token = visitor.FormToken(q.purpose(askForm)...)
	view.AskAction, view.AskToken = c.Site.Base+"/consent/ask", visitor.FormToken(q.purpose(approvalForm)...)
	page := pages.Page{Title: "Allow access?", Template: askPage, Data: view, Script: true}
	return c.Site.Write(w, r, http.StatusOK, page, q.request.RedirectURI.Source())
}

// question loads everything the page shows. The request must be this browser's, and whoever is signed in here must be
// who signed in to it; else it has to go back to the flow, with errElsewhere.
func (c *Consent) question(r *http.Request, params oauth.Params) (question, error) {
	ctx, now := r.Context(), c.now()
	req, err := c.Jar.Visitor(r).Request(ctx, c.Store, store.RequestID(params.Get("request")), now)
	if errors.Is(err, store.ErrNotFound) {
		return question{}, pages.StartAgain()
	}
	if err != nil {
		return question{}, fmt.Errorf("reading a request to consent to: %w", err)
	}
	q := question{request: req}
	sessions := browser.Sessions{Jar: c.Jar, Store: c.Store, Idle: c.Settings.Defaults().SessionIdle}
	session, person, err := sessions.SignedIn(r, now)
	q.person, q.current = person, session.Org
	switch {
	case errors.Is(err, store.ErrNotFound):
		return q, errElsewhere
	case err != nil:
		return question{}, fmt.Errorf("looking up who is signed in: %w", err)
	case q.person.ID != req.Auth.Person || req.Decision.Verdict != store.Undecided:
		return q, errElsewhere
	case req.Refusal == nil && !req.ACR.MetBy(req.Auth.Methods):
		return q, errElsewhere // nobody answers who has not proven as much as was asked (threat E9)
	}
	if q.client, err = c.Clients(ctx, req.Client); err != nil {
		return question{}, fmt.Errorf("looking up client %q: %w", req.Client, err)
	}
	if req.Refusal != nil {
		return q, nil
	}
	return c.withResource(ctx, q, store.OrgID(params.Get("org")))
}

// withResource adds the resource, the place the person would grant it for, and what they allowed the client there before.
func (c *Consent) withResource(ctx context.Context, q question, org store.OrgID) (question, error) {
	resources, err := c.Resources(ctx)
	if err != nil {
		return question{}, fmt.Errorf("listing resources: %w", err)
	}
	for _, resource := range resources {
		if resource.URI == q.request.Resource {
			q.resource = resource
		}
	}
	if q.resource.URI == "" {
		return question{}, &pages.Refusal{
			Status: http.StatusBadRequest,
			Title:  "This server is no longer here",
			Text:   "The server that the app wants to use was removed while you were signing in.",
			Hint:   "Go back to the app and tell it to connect to another server.",
		}
	}
	if q.place, err = c.placeOf(ctx, q, org); err != nil {
		return question{}, err
	}
	q.earlier, err = c.Store.Consent(ctx, q.key())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return question{}, fmt.Errorf("reading an earlier consent: %w", err)
	}
	return q, nil
}

// key names the consent that the answer may give.
func (q question) key() store.ConsentKey {
	return store.ConsentKey{
		Person:       q.person.ID,
		Client:       q.request.Client,
		RedirectHost: q.request.RedirectURI.Host(),
		Resource:     q.request.Resource,
		Org:          q.place.org.ID,
	}
}

// purpose binds the form to what it shows: when the client's description or the scopes change before the person
// answers, the answer is to something they did not see, and does not count.
func (q question) purpose(form string) []string {
	return []string{
		form, string(q.request.ID), string(q.person.ID), string(q.request.RedirectURI), q.request.Resource,
		q.request.Scope.String(), string(q.client.MetadataHash[:]), q.resource.Name,
		string(q.place.org.ID), q.place.may.String(), q.place.org.Name,
	}
}

// goOn sends the browser back into the flow, which knows the step the request is at. A person who is not the one who
// signed in to the request signs in first.
func (c *Consent) goOn(w http.ResponseWriter, req store.Request) error {
	query := url.Values{"request": {string(req.ID)}}.Encode()
	if req.Decision.Verdict == store.Undecided {
		return pages.Redirect(w, c.Issuer+"/login?"+query)
	}
	return pages.Redirect(w, c.Issuer+"/authorize/continue?"+query)
}

// showReturn tells a person that the client's request failed and names where it would like them back. A browser is
// never sent on by itself to an address that a stranger registered (RFC 9700 §4.11.2).
func (c *Consent) showReturn(w http.ResponseWriter, r *http.Request, q question) error {
	page := pages.Page{Title: "The app’s request failed", Template: returnPage, Data: struct {
		view
		Code oauth.Code
	}{
		view: view{
			Action:   c.Site.Base + "/consent/return",
			Token:    c.Jar.Visitor(r).FormToken(q.purpose(returnForm)...),
			Request:  q.request.ID,
			App:      c.app(q),
			Redirect: destinationOf(q.request.RedirectURI),
			Account:  c.Site.Base + "/account",
		},
		Code: q.request.Refusal.Code,
	}}
	return c.Site.Write(w, r, http.StatusOK, page, q.request.RedirectURI.Source())
}

func (c *Consent) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}
