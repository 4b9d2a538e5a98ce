// apps.go answers GET /account and POST /account/withdraw: the apps that can act for a person.

package account

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var appsPage = pages.Parse(templates, "apps.html", "tabs.html")

const withdrawForm = "withdraw"

// connection is one consent as a person reads it.
type connection struct {
	ID       string // for the form
	App      string
	Claimed  bool // the name is the app's own claim
	Host     string
	Loopback bool // the host is the person's own machine
	Private  bool // the host is a scheme that an app claimed
	Server   string
	For      string // the organization it acts for; "" for the person
	Address  string
	Scopes   []string
	Since    day
	Used     day // the zero day when no token was given, as far as is known
	Devices  int
}

// day is a day as a person and as a program read it.
type day struct{ Words, ISO string }

func dayOf(t time.Time) day {
	if t.IsZero() {
		return day{}
	}
	return day{t.UTC().Format("2 January 2006"), t.UTC().Format(time.DateOnly)}
}

// show answers GET /account.
func (a *Account) show(w http.ResponseWriter, r *http.Request) error {
	v, err := a.visit(w, r)
	if err != nil {
		return a.unlessOut(w, err, "")
	}
	connections, err := a.connections(r.Context(), v.Person.ID)
	if err != nil {
		return err
	}
	page := pages.Page{Title: "Your account", Template: appsPage, Wide: true, Data: struct {
		Tabs                    []tab
		Person                  store.Person
		Connections             []connection
		Withdrawn, Verified     bool
		Verify, VerifyToken     string
		Withdraw, WithdrawToken string
		SignOut, SignOutToken   string
	}{
		Tabs:          a.tabs("/account"),
		Person:        v.Person,
		Connections:   connections,
		Withdrawn:     r.URL.RawQuery == "withdrawn",
		Verified:      r.URL.RawQuery == "verified" && v.Person.EmailVerified,
		Verify:        a.verifyAddress(v.Person),
		VerifyToken:   v.token(browser.VerifyForm),
		Withdraw:      a.Site.Base + "/account/withdraw",
		WithdrawToken: v.token(withdrawForm),
		SignOut:       a.Site.Base + "/logout",
		SignOutToken:  v.Visitor.FormToken(browser.LogoutForm),
	}}
	return a.Site.Write(w, r, http.StatusOK, page)
}

// verifyAddress is where a person asks for a mail to prove their address, or "" when there is nothing to prove or no way to.
func (a *Account) verifyAddress(p store.Person) string {
	if p.EmailVerified || !a.Mails || p.Email == "" {
		return ""
	}
	return a.Site.Base + "/login/verify"
}

// connections reads what the person allowed, newest first.
func (a *Account) connections(ctx context.Context, person store.PersonID) ([]connection, error) {
	consents, err := store.EveryConnection(ctx, a.Store, store.ConnectionQuery{Person: person, Now: a.now()})
	if err != nil {
		return nil, fmt.Errorf("listing the connections of person %s: %w", person, err)
	}
	slices.SortStableFunc(consents, func(x, y store.Connection) int { return y.UpdatedAt.Compare(x.UpdatedAt) })
	resources, err := a.Resources(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing resources: %w", err)
	}
	byURI := make(map[string]store.Resource, len(resources))
	for _, resource := range resources {
		byURI[resource.URI] = resource
	}
	names, err := a.organizations(ctx, consents)
	if err != nil {
		return nil, err
	}
	var list []connection
	for _, consent := range consents {
		record, err := a.Store.Client(ctx, consent.Client)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("reading client %q: %w", consent.Client, err)
		}
		record.ID = consent.Client // also of a client that is gone
		one := describe(consent, clients.Client{Client: record}, byURI[consent.Resource])
		one.For = names[consent.Org]
		list = append(list, one)
	}
	return list, nil
}

// organizations are what people call the organizations that the consents are for.
func (a *Account) organizations(ctx context.Context, consents []store.Connection) (map[store.OrgID]string, error) {
	names := map[store.OrgID]string{"": ""}
	for _, consent := range consents {
		if _, known := names[consent.Org]; known {
			continue
		}
		o, err := a.Store.Organization(ctx, consent.Org)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("reading organization %s: %w", consent.Org, err)
		}
		names[consent.Org] = cmp.Or(o.Name, string(consent.Org)) // also of one that is gone
	}
	return names, nil
}

// describe says a consent in words. A resource that is gone is known by its address.
func describe(c store.Connection, client clients.Client, resource store.Resource) connection {
	one := connection{
		ID: formID(c.ConsentKey), App: client.Name(), Claimed: client.Origin != store.Registered, Host: c.RedirectHost,
		Loopback: oauth.IsLoopbackHost(c.RedirectHost), Private: strings.HasSuffix(c.RedirectHost, ":"),
		Server: cmp.Or(resource.Name, c.Resource), Address: c.Resource,
		Since: dayOf(c.CreatedAt), Used: dayOf(c.UsedAt), Devices: c.Devices,
	}
	for _, name := range c.Scope.Union(c.Presumed) {
		one.Scopes = append(one.Scopes, cmp.Or(pages.ScopeText(resource, name), name))
	}
	return one
}

// formID names a consent in a form. It is looked up among the person's own, so that nobody can name another's.
func formID(key store.ConsentKey) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{string(key.Client), key.RedirectHost, key.Resource, string(key.Org)}, "\n")))
	return hex.EncodeToString(sum[:])
}

// withdraw answers POST /account/withdraw: the consent and every grant under it end.
func (a *Account) withdraw(w http.ResponseWriter, r *http.Request) error {
	form, v, err := a.posted(w, r, withdrawForm)
	if err != nil {
		return a.unlessOut(w, err, "")
	}
	consents, err := a.Store.ConsentsOf(r.Context(), v.Person.ID)
	if err != nil {
		return fmt.Errorf("listing the consents of person %s: %w", v.Person.ID, err)
	}
	for _, consent := range consents {
		if formID(consent.ConsentKey) != form.Get("connection") {
			continue
		}
		if err := a.Store.WithdrawConsent(r.Context(), consent.ConsentKey, store.EndedByPerson, a.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("withdrawing a consent of person %s: %w", v.Person.ID, err)
		}
		a.note(r.Context(), "a person withdrew a consent", "person", v.Person.ID, "client", consent.Client, "resource", consent.Resource, "org", consent.Org)
		return pages.Redirect(w, a.Issuer+"/account?withdrawn")
	}
	return pages.Redirect(w, a.Issuer+"/account") // withdrawn already, in another tab
}
