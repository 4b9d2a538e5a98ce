// admin.go answers GET and POST /account/organizations/admin: how an organization's admin runs it. To everybody else
// the page is not there.

package account

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var adminPage = pages.Parse(templates, "admin.html", "tabs.html")

const adminForm = "run organization"

// adminData is what the page shows.
type adminData struct {
	Tabs             []tab
	Org              store.MyOrganization
	Back             string
	Action, Token    string
	Done             string
	Problem, Email   string
	Roles            []store.Role
	Waiting, Refused []wish
	Invitations      []sentInvitation
	Apps             []memberApp
}

func (a *Account) showAdmin(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return pages.StartAgain()
	}
	v, err := a.visit(w, r)
	if err != nil {
		return a.unlessOut(w, err, login.ToOrganizations)
	}
	o, err := a.Office.RunBy(r.Context(), v.Person.ID, store.OrgID(params.Get("org")))
	if err != nil {
		return notRun(err)
	}
	return a.writeAdmin(w, r, http.StatusOK, v, adminData{Org: o, Done: adminDone[params.Get("done")]})
}

// notRun is the same whether there is no such organization or the person does not run it.
func notRun(err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return &pages.Refusal{
		Status: http.StatusNotFound, Title: "This page is not here for you", Cause: err,
		Text: "You don’t run an organization of that name.", Hint: "Ask an admin of the organization.",
	}
}

func (a *Account) writeAdmin(w http.ResponseWriter, r *http.Request, status int, v visit, d adminData) (err error) {
	ctx := r.Context()
	d.Tabs, d.Back = a.tabs("/account/organizations"), a.Site.Base+"/account/organizations"
	d.Action, d.Token = a.Site.Base+"/account/organizations/admin", v.token(adminForm)
	if d.Roles, err = a.Store.Roles(ctx); err != nil {
		return fmt.Errorf("listing the roles: %w", err)
	}
	if d.Waiting, d.Refused, err = a.wishes(ctx, d.Org.ID); err != nil {
		return err
	}
	if d.Invitations, err = a.sentInvitations(ctx, d.Org.ID); err != nil {
		return err
	}
	if d.Apps, err = a.memberApps(ctx, d.Org.ID); err != nil {
		return err
	}
	return a.Site.Write(w, r, status, pages.Page{Title: "Run your organization", Template: adminPage, Wide: true, Data: d})
}

// adminDone are the words for what was done.
var adminDone = map[string]string{
	"approve":    "Approved. Whoever asked is told by mail and can connect the app now.",
	"refuse":     "Refused. Whoever asked is told by mail, and nobody can ask again until you withdraw it.",
	"reconsider": "The refusal is withdrawn. Members can ask again.",
	"invite":     "The invitation is on its way.",
	"uninvite":   "The invitation is revoked. Its link is worth nothing.",
	"revoke":     "Access ended. The app can no longer act there.",
}

// adminActs are what the page's forms do, by the name of their button.
var adminActs = map[string]func(*Account, *http.Request, visit, store.MyOrganization, oauth.Params) error{
	"approve":    (*Account).approve,
	"refuse":     (*Account).refuse,
	"reconsider": (*Account).reconsider,
	"invite":     (*Account).invite,
	"uninvite":   (*Account).uninvite,
	"revoke":     (*Account).revokeApp,
}

// problem is something that the admin entered and that cannot be done.
type problem string

func (p problem) Error() string { return string(p) }

// runAdmin answers the forms of the page. Who runs the organization is asked anew.
func (a *Account) runAdmin(w http.ResponseWriter, r *http.Request) error {
	form, v, err := a.posted(w, r, adminForm)
	if err != nil {
		return a.unlessOut(w, err, login.ToOrganizations)
	}
	o, err := a.Office.RunBy(r.Context(), v.Person.ID, store.OrgID(form.Get("org")))
	if err != nil {
		return notRun(err)
	}
	act := adminActs[form.Get("act")]
	if act == nil {
		return pages.Stale()
	}
	query := url.Values{"org": {string(o.ID)}}
	admin := store.As(r.Context(), store.Actor{Kind: store.ByPerson, ID: string(v.Person.ID)}) // and nobody whom it is about
	err = act(a, r.WithContext(admin), v, o, form)
	var wrong problem
	switch {
	case errors.As(err, &wrong):
		return a.writeAdmin(w, r, http.StatusUnprocessableEntity, v, adminData{Org: o, Problem: string(wrong), Email: form.Get("email")})
	case errors.Is(err, store.ErrNotFound): // done already, in another tab or by another admin
	case err != nil:
		return err
	default:
		query.Set("done", form.Get("act"))
	}
	return pages.Redirect(w, a.Issuer+"/account/organizations/admin?"+query.Encode())
}

func (a *Account) approve(r *http.Request, _ visit, o store.MyOrganization, form oauth.Params) error {
	client, err := a.Store.Client(r.Context(), store.ClientID(form.Get("client")))
	if errors.Is(err, store.ErrNotFound) {
		return problem("The app is not known any more. Whoever asked has to connect it anew.")
	}
	if err != nil {
		return fmt.Errorf("reading client %q: %w", form.Get("client"), err)
	}
	_, err = a.Office.Approve(r.Context(), o.Organization, client)
	switch {
	case errors.Is(err, organizations.ErrNotByApproval):
		return problem("Your organization’s rule lets no app of this kind in, approved or not. Ask who runs this place to change the rule.")
	case errors.Is(err, store.ErrChanged):
		return problem("Somebody else changed the organization just now. Try again.")
	}
	return err
}

func (a *Account) refuse(r *http.Request, v visit, o store.MyOrganization, form oauth.Params) error {
	_, err := a.Office.Refuse(r.Context(), o.Organization, store.ClientID(form.Get("client")), v.Person.ID)
	return err
}

func (a *Account) reconsider(r *http.Request, _ visit, o store.MyOrganization, form oauth.Params) error {
	return a.Store.WithdrawRefusal(r.Context(), o.ID, store.ClientID(form.Get("client")))
}

func (a *Account) invite(r *http.Request, v visit, o store.MyOrganization, form oauth.Params) error {
	if a.Office.Mail == nil {
		return problem("No mail can be sent from here. Ask who runs this place for an invitation.")
	}
	email, err := login.CanonicalEmail(form.Get("email"))
	if err != nil {
		return problem("Enter an email address, like name@example.com.")
	}
	i := store.Invitation{Email: email, By: v.Person.ID}
	if role := form.Get("role"); role != "" {
		if i.Roles, err = a.knownRole(r, role); err != nil {
			return err
		}
	}
	_, err = a.Office.Invite(r.Context(), o.Organization, i)
	if errors.Is(err, organizations.ErrTooMany) {
		return problem("Too many invitations wait. Revoke some first.")
	}
	return err
}

func (a *Account) knownRole(r *http.Request, name string) ([]string, error) {
	roles, err := a.Store.Roles(r.Context())
	if err != nil {
		return nil, fmt.Errorf("listing the roles: %w", err)
	}
	for _, role := range roles {
		if role.Name == name {
			return []string{name}, nil
		}
	}
	return nil, problem("There is no such role. Choose another one.")
}

func (a *Account) uninvite(r *http.Request, _ visit, o store.MyOrganization, form oauth.Params) error {
	return a.Store.RevokeInvitation(r.Context(), o.ID, store.InvitationID(form.Get("invitation")))
}

// revokeApp ends what one member, or every member, allowed a client for the organization.
func (a *Account) revokeApp(r *http.Request, v visit, o store.MyOrganization, form oauth.Params) error {
	q := store.ConnectionQuery{Org: o.ID, Client: store.ClientID(form.Get("client")), Person: store.PersonID(form.Get("person")), Now: a.now()}
	if q.Org == "" || q.Client == "" {
		return store.ErrNotFound
	}
	n, err := a.Office.Revoke(r.Context(), q, store.EndedByAdmin)
	if n > 0 {
		a.note(r.Context(), "an admin ended what members allowed", "by", v.Person.ID, "org", o.ID, "client", q.Client, "consents", n)
	}
	return err
}
