// account.go answers GET /account and POST /account/withdraw.

// Package account shows a person what they allowed, and takes it back.
package account

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
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

//go:embed account.html
var templates embed.FS

var accountPage = pages.Parse(templates, "account.html")

const withdrawForm = "withdraw"

// Account is the page of the person who is signed in.
type Account struct {
	Store     store.Store
	Settings  store.Settings
	Resources func(ctx context.Context) ([]store.Resource, error)
	Site      *pages.Site
	Jar       browser.Jar
	Issuer    string
	Now       func() time.Time // time.Now when nil
	Log       *slog.Logger     // none when nil
	Mails     bool             // mail can be sent, so people can prove their address
}

// Routes are the addresses under the issuer.
func (a *Account) Routes() map[string]pages.Handler {
	return map[string]pages.Handler{
		"GET /account":           a.show,
		"POST /account/withdraw": a.withdraw,
	}
}

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
	person, err := a.signedIn(r)
	if errors.Is(err, store.ErrNotFound) {
		return pages.Redirect(w, a.Issuer+"/login")
	}
	if err != nil {
		return err
	}
	connections, err := a.connections(r.Context(), person.ID)
	if err != nil {
		return err
	}
	visitor := a.Jar.EnsureVisitor(w, r)
	page := pages.Page{Title: "Your account", Template: accountPage, Wide: true, Data: struct {
		Person                  store.Person
		Connections             []connection
		Withdrawn, Verified     bool
		Verify, VerifyToken     string
		Withdraw, WithdrawToken string
		SignOut, SignOutToken   string
	}{
		Person:        person,
		Connections:   connections,
		Withdrawn:     r.URL.RawQuery == "withdrawn",
		Verified:      r.URL.RawQuery == "verified" && person.EmailVerified,
		Verify:        a.verifyAddress(person),
		VerifyToken:   visitor.FormToken(browser.VerifyForm, string(person.ID)),
		Withdraw:      a.Site.Base + "/account/withdraw",
		WithdrawToken: visitor.FormToken(withdrawForm, string(person.ID)),
		SignOut:       a.Site.Base + "/logout",
		SignOutToken:  visitor.FormToken(browser.LogoutForm),
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
	for _, name := range c.Scope {
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
	form, err := oauth.ParseForm(r)
	if err != nil {
		refusal := pages.Stale()
		refusal.Cause = err
		return refusal
	}
	person, err := a.signedIn(r)
	if errors.Is(err, store.ErrNotFound) {
		return pages.Redirect(w, a.Issuer+"/login")
	}
	if err != nil {
		return err
	}
	if !a.Jar.Visitor(r).CheckForm(form.Get("token"), withdrawForm, string(person.ID)) {
		return pages.Stale()
	}
	consents, err := a.Store.ConsentsOf(r.Context(), person.ID)
	if err != nil {
		return fmt.Errorf("listing the consents of person %s: %w", person.ID, err)
	}
	for _, consent := range consents {
		if formID(consent.ConsentKey) != form.Get("connection") {
			continue
		}
		if err := a.Store.WithdrawConsent(r.Context(), consent.ConsentKey, a.now()); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("withdrawing a consent of person %s: %w", person.ID, err)
		}
		if a.Log != nil {
			a.Log.InfoContext(r.Context(), "a person withdrew a consent", "person", person.ID, "client", consent.Client, "resource", consent.Resource, "org", consent.Org)
		}
		return pages.Redirect(w, a.Issuer+"/account?withdrawn")
	}
	return pages.Redirect(w, a.Issuer+"/account") // withdrawn already, in another tab
}

func (a *Account) signedIn(r *http.Request) (store.Person, error) {
	sessions := browser.Sessions{Jar: a.Jar, Store: a.Store, Idle: a.Settings.Defaults().SessionIdle}
	_, person, err := sessions.SignedIn(r, a.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Person{}, fmt.Errorf("looking up who is signed in: %w", err)
	}
	return person, err
}

func (a *Account) now() time.Time {
	if a.Now != nil {
		return a.Now()
	}
	return time.Now()
}
