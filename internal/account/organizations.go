// organizations.go answers GET and POST /account/organizations: where a person belongs, for which one they act in this
// browser, who invited them, and the way out.

package account

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var organizationsPage = pages.Parse(templates, "organizations.html", "tabs.html")

const organizationsForm = "organizations"

// membership is an organization as a member reads it.
type membership struct {
	ID          store.OrgID
	Name, Roles string
	Current     bool
	Admin       string // address of the page on which they run it; "" when they do not
}

// invited is an invitation as a person reads it.
type invited struct {
	ID    store.InvitationID
	Name  string
	Until day
}

func (a *Account) showOrganizations(w http.ResponseWriter, r *http.Request) error {
	v, err := a.visit(w, r)
	if err != nil {
		return a.unlessOut(w, err, login.ToOrganizations)
	}
	roles, err := a.Store.Roles(r.Context())
	if err != nil {
		return fmt.Errorf("listing the roles: %w", err)
	}
	mine, err := a.Store.OrganizationsOf(r.Context(), v.Person.ID)
	if err != nil {
		return fmt.Errorf("listing the organizations of person %s: %w", v.Person.ID, err)
	}
	var list []membership
	for _, o := range mine {
		one := membership{ID: o.ID, Name: o.Name, Roles: strings.Join(o.Roles, ", "), Current: o.ID == v.Session.Org}
		if organizations.Runs(roles, o.Roles) {
			one.Admin = a.Site.Base + "/account/organizations/admin?" + url.Values{"org": {string(o.ID)}}.Encode()
		}
		list = append(list, one)
	}
	open, err := a.invitations(r.Context(), v.Person)
	if err != nil {
		return err
	}
	return a.Site.Write(w, r, http.StatusOK, pages.Page{Title: "Your organizations", Template: organizationsPage, Wide: true, Data: struct {
		Tabs          []tab
		Memberships   []membership
		Invited       []invited
		Action, Token string
		Done          string
	}{a.tabs("/account/organizations"), list, open, a.Site.Base + "/account/organizations", v.token(organizationsForm), organizationDone[r.URL.RawQuery]}})
}

// organizationDone are the words for what was done, by the query of the address.
var organizationDone = map[string]string{
	"chosen":  "Apps that ask from now on are shown this organization first.",
	"left":    "You left. What you allowed for the organization has ended.",
	"joined":  "You belong to it now.",
	"invited": "You belong to it now.",
}

// invitations are the live ones to the person's address, once they proved it.
func (a *Account) invitations(ctx context.Context, p store.Person) (list []invited, err error) {
	if !p.EmailVerified {
		return nil, nil
	}
	open, err := a.Store.InvitationsTo(ctx, p.Email, a.now())
	if err != nil {
		return nil, fmt.Errorf("listing the invitations of person %s: %w", p.ID, err)
	}
	for _, i := range open {
		o, err := a.Store.Organization(ctx, i.Org)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the organization of an invitation: %w", err)
		}
		list = append(list, invited{i.ID, o.Name, dayOf(i.Expires)})
	}
	return list, nil
}

// changeOrganizations answers the forms of the page.
func (a *Account) changeOrganizations(w http.ResponseWriter, r *http.Request) error {
	form, v, err := a.posted(w, r, organizationsForm)
	if err != nil {
		return a.unlessOut(w, err, login.ToOrganizations)
	}
	var done string
	ctx, org := r.Context(), store.OrgID(form.Get("org"))
	switch form.Get("act") {
	case "choose":
		err, done = a.Store.SetSessionOrg(ctx, v.Session.ID, org), "chosen"
	case "leave":
		if err, done = a.leave(ctx, v.Person.ID, org), "left"; err == nil {
			a.note(ctx, "a person left an organization", "person", v.Person.ID, "org", org)
		}
	case "join":
		err, done = a.join(ctx, v.Person, form), "joined"
	default:
		return pages.Stale()
	}
	if errors.Is(err, store.ErrNotFound) { // done already, in another tab, or never theirs
		return pages.Redirect(w, a.Issuer+"/account/organizations")
	}
	if err != nil {
		return fmt.Errorf("changing the organizations of person %s: %w", v.Person.ID, err)
	}
	return pages.Redirect(w, a.Issuer+"/account/organizations?"+done)
}

// leave ends a membership. The project itself is not an organization that one leaves.
func (a *Account) leave(ctx context.Context, person store.PersonID, org store.OrgID) error {
	if org == "" {
		return store.ErrNotFound
	}
	return a.Store.RemoveMember(ctx, org, person, a.now())
}

// join accepts an invitation to the person's own, proven address: it needs no link.
func (a *Account) join(ctx context.Context, p store.Person, form oauth.Params) error {
	i, err := a.Store.Invitation(ctx, store.InvitationID(form.Get("invitation")), a.now())
	if err != nil {
		return err
	}
	if !p.EmailVerified || i.Email != p.Email {
		return store.ErrNotFound
	}
	return a.Store.AcceptInvitation(ctx, i.ID, i.Link, p.ID, a.now())
}
