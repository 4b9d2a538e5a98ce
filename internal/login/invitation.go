// invitation.go answers GET and POST /invitation, where the mail of an invitation leads (threat E7). Opening it changes
// nothing (threat E5). Who has no account makes one here: the link came to the address, so it proves the address. Who
// has one signs in first; with another address than the invited one, they are told to switch.

package login

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const invitationForm = "invitation"

var invitationPage = pages.Parse(templates, "invitation.html")

// invitationData is what the page shows.
type invitationData struct {
	Action, Token, Link string
	Org, Email          string
	Person              store.Person // who is signed in; zero for nobody
	Mine                bool         // the invited address is theirs
	Known               bool         // somebody has an account with it
	SignIn, Switch      string       // addresses
	SignOut             string
	Passwords           bool
	Account             Account
	Wrong               AccountProblems
	Problem             string
}

func (l *Login) showInvitation(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	i, org, err := l.opened(r, params.Get("t"))
	if err != nil {
		return err
	}
	return l.writeInvitation(w, r, http.StatusOK, i, invitationData{Link: params.Get("t"), Org: org.Name})
}

// opened is the invitation of a link. Whatever is wrong with it is the same refusal.
func (l *Login) opened(r *http.Request, token string) (store.Invitation, store.Organization, error) {
	i, org, err := l.Office.Opened(r.Context(), token)
	if errors.Is(err, store.ErrNotFound) {
		return i, org, invitationOver(err)
	}
	return i, org, err
}

func invitationOver(cause error) error {
	return &pages.Refusal{
		Status: http.StatusBadRequest, Title: "This invitation can’t be used", Cause: cause,
		Text: "It was accepted or withdrawn already, is older than seven days, or a part of the link is missing.",
		Hint: "Ask whoever invited you to send another one.",
	}
}

func (l *Login) writeInvitation(w http.ResponseWriter, r *http.Request, status int, i store.Invitation, d invitationData) error {
	_, person, err := l.sessions().SignedIn(r, l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up who is signed in: %w", err)
	}
	_, err = l.Store.PersonByEmail(r.Context(), i.Email)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up a person by e-mail: %w", err)
	}
	toward := url.Values{"request": {string(ToOrganizations)}}
	d.Known, d.Person, d.Mine, d.Email = err == nil, person, person.ID != "" && person.Email == i.Email, i.Email
	d.SignIn = l.Site.Base + "/login?" + toward.Encode()
	toward.Set("switch", "1")
	d.Switch = l.Site.Base + "/login?" + toward.Encode()
	d.SignOut = l.Site.Base + "/logout"
	d.Action, d.Passwords, d.Account.Password = l.Site.Base+"/invitation", l.passwords(), ""
	d.Token = l.Jar.EnsureVisitor(w, r).FormToken(invitationForm, d.Link, string(person.ID))
	return l.Site.Write(w, r, status, pages.Page{Title: "You are invited", Template: invitationPage, Data: d})
}

// acceptInvitation is for who is signed in with the invited address, or has no account.
func (l *Login) acceptInvitation(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	_, person, err := l.sessions().SignedIn(r, l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up who is signed in: %w", err)
	}
	if !l.Jar.Visitor(r).CheckForm(form.Get("token"), invitationForm, form.Get("t"), string(person.ID)) {
		return pages.Stale()
	}
	i, org, err := l.opened(r, form.Get("t"))
	if err != nil {
		return err
	}
	switch {
	case person.ID == "":
		return l.acceptAsNew(w, r, form, i, org)
	case person.Email != i.Email:
		return l.writeInvitation(w, r, http.StatusForbidden, i, invitationData{Link: form.Get("t"), Org: org.Name})
	}
	err = l.Store.AcceptInvitation(r.Context(), i.ID, i.Link, person.ID, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return invitationOver(err)
	}
	if err != nil {
		return fmt.Errorf("accepting invitation %s: %w", i.ID, err)
	}
	l.note(r.Context(), "a person accepted an invitation", "person", person.ID, "org", i.Org)
	return pages.Redirect(w, l.Issuer+"/account/organizations?invited")
}

// acceptAsNew makes the account. Its address is the invitation's, whatever the form says.
func (l *Login) acceptAsNew(w http.ResponseWriter, r *http.Request, form oauth.Params, i store.Invitation, org store.Organization) error {
	now, ctx := l.now(), r.Context()
	d := invitationData{Link: form.Get("t"), Org: org.Name}
	d.Account = Account{Email: i.Email, Name: form.Get("name"), Password: form.Get("password")}
	d.Wrong = d.Account.Check()
	if !l.passwords() {
		d.Account.Password, d.Wrong.Password = "", ""
	}
	if d.Wrong != (AccountProblems{}) {
		d.Problem = "Some of this can’t be used yet."
		return l.writeInvitation(w, r, http.StatusUnprocessableEntity, i, d)
	}
	p := store.Person{ID: store.PersonID("per_" + store.NewID(now)), Name: d.Account.name(), CreatedAt: now}
	if l.passwords() {
		hash, err := HashPassword(ctx, d.Account.Password)
		if err != nil {
			return unlessBusy(err)
		}
		p.Password = hash
	}
	err := l.Store.AcceptAsNew(ctx, i.ID, i.Link, p, now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return invitationOver(err)
	case errors.Is(err, store.ErrExists): // they read the mail of the address, so this is no secret from them
		d.Account = Account{}
		return l.writeInvitation(w, r, http.StatusConflict, i, d)
	case err != nil:
		return fmt.Errorf("accepting invitation %s as somebody new: %w", i.ID, err)
	}
	l.note(ctx, "a person made an account by an invitation", "person", p.ID, "org", i.Org)
	p.Email, p.EmailVerified = i.Email, true
	req, _ := place(ToOrganizations, now)
	return l.open(w, r, req, outcome{person: p, began: now, methods: []string{oauth.MethodEmail}})
}
