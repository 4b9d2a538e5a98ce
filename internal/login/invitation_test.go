package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/store"
)

// invited files an invitation to acme, and returns it and the path of its link.
func (w *world) invited(email string) (store.Invitation, string) {
	w.Helper()
	ctx := w.Context()
	if w.login.Office == nil {
		w.login.Office = &organizations.Office{Store: w.store, Site: "Acme", Issuer: issuer, Now: w.login.Now}
		if err := w.store.CreateOrganization(ctx, store.Organization{ID: "acme", Slug: "acme", Name: "Acme", CreatedAt: w.now}); err != nil {
			w.Fatal(err)
		}
	}
	link, err := w.login.Office.Invite(ctx, store.Organization{ID: "acme", Name: "Acme"}, store.Invitation{Email: email, Roles: []string{"member"}})
	if err != nil {
		w.Fatal(err)
	}
	list, err := w.store.InvitationsTo(ctx, email, w.now)
	if err != nil || len(list) != 1 {
		w.Fatalf("InvitationsTo(%s) = %v, %v, want one", email, list, err)
	}
	return list[0], strings.TrimPrefix(link, issuer)
}

// waits tells whether nobody accepted the invitation.
func (w *world) waits(i store.Invitation) bool {
	_, err := w.store.Invitation(w.Context(), i.ID, w.now)
	return err == nil
}

func (w *world) belongs(p store.PersonID) bool {
	_, err := w.store.Member(w.Context(), "acme", p)
	return err == nil
}

func TestOpeningAnInvitationChangesNothing(t *testing.T) {
	w := newWorld(t)
	i, link := w.invited("ada@example.com")
	ada := w.browser()
	ada.signIn(ada.request(ada, nil), "ada@example.com", password)
	for range 2 {
		if rec := ada.do(http.MethodGet, link, nil); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), "Join") {
			t.Fatalf("GET of the link = %d %s, want the button", rec.Code, rec.Body)
		}
	}
	if !w.waits(i) || w.belongs("per_ada") {
		t.Errorf("after two looks the invitation waits: %v, ada belongs to acme: %v, want it to wait", w.waits(i), w.belongs("per_ada"))
	}
	if rec := ada.fill(link, nil); rec.Code != http.StatusSeeOther || w.waits(i) || !w.belongs("per_ada") {
		t.Errorf("POST of the form = %d, the invitation waits: %v, ada belongs to acme: %v, want her in", rec.Code, w.waits(i), w.belongs("per_ada"))
	}
}

func TestAnInvitationIsForItsAddress(t *testing.T) {
	w := newWorld(t)
	w.person("bob", hashPassword(password))
	i, link := w.invited("bob@example.com")
	ada := w.browser()
	ada.signIn(ada.request(ada, nil), "ada@example.com", password)
	if rec := ada.do(http.MethodGet, link, nil); rec.Code != http.StatusOK || strings.Contains(rec.Body.String(), "<form") {
		t.Errorf("GET by another person = %d %s, want no form", rec.Code, rec.Body)
	}
	token := strings.TrimPrefix(link, "/invitation?t=")
	form := url.Values{"t": {token}, "token": {ada.visitor().FormToken(invitationForm, token, "per_ada")}}
	rec := ada.do(http.MethodPost, "/invitation", form)
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "This invitation is for another address") {
		t.Errorf("POST by another person = %d %s, want 403 and whom it is for", rec.Code, rec.Body)
	}
	if !w.waits(i) || w.belongs("per_ada") {
		t.Errorf("afterwards the invitation waits: %v, ada belongs to acme: %v, want it to wait", w.waits(i), w.belongs("per_ada"))
	}
}

func TestTheFormOfAnInvitationCountsOnlyWhereItWasShown(t *testing.T) {
	w := newWorld(t)
	hers, link := w.invited("ada@example.com")
	_, another := w.invited("cleo@example.com")
	ada := w.browser()
	ada.signIn(ada.request(ada, nil), "ada@example.com", password)
	stranger := w.browser()
	for _, tt := range []struct {
		name string
		from *person
		at   string
	}{
		{"the form of another browser", stranger, link},
		{"the form of another link", ada, another},
		{"the form that was shown before she signed in", w.browser(), link},
	} {
		form := url.Values{"t": {strings.TrimPrefix(link, "/invitation?t=")}, "name": {"Ada"}, "password": {"a-long-password-of-ada"}}
		shown := fieldsOf(t, tt.from.do(http.MethodGet, tt.at, nil))
		form.Set("token", shown.Get("token"))
		if rec := ada.do(http.MethodPost, "/invitation", form); rec.Code != http.StatusForbidden || !w.waits(hers) {
			t.Errorf("%s: POST = %d, the invitation waits: %v, want 403 and that it does", tt.name, rec.Code, w.waits(hers))
		}
	}
}

func TestAnAccountByInvitationHasItsAddress(t *testing.T) {
	w := newWorld(t)
	w.login.Settings = store.Settings{}
	i, link := w.invited("cleo@example.com")
	cleo := w.browser()
	short := url.Values{"name": {"Cleo"}, "password": {"short"}}
	if rec := cleo.fill(link, short); rec.Code != http.StatusUnprocessableEntity || !w.waits(i) || !strings.Contains(rec.Body.String(), `value="Cleo"`) {
		t.Errorf("POST with a short password = %d, waits: %v, want 422, the name kept and nothing lost", rec.Code, w.waits(i))
	}
	rec := cleo.fill(link, url.Values{"name": {"Cleo"}, "password": {"a-long-password-of-cleo"}, "email": {"eve@example.com"}})
	p, err := w.store.PersonByEmail(t.Context(), "cleo@example.com")
	if rec.Code != http.StatusSeeOther || err != nil || !p.EmailVerified || !w.belongs(p.ID) || !cleo.live(cleo.session()) {
		t.Errorf("POST = %d, PersonByEmail = %+v, %v, want her proven, in acme and signed in", rec.Code, p, err)
	}
	if _, err := w.store.PersonByEmail(t.Context(), "eve@example.com"); err == nil {
		t.Error("the address of the form has an account, want the invitation's only")
	}
}
