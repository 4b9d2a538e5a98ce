package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstreamtest"
)

// organization makes an organization with verified domains, whose people join as members.
func (w *world) organization(id store.OrgID, domains ...string) {
	w.Helper()
	if err := w.store.CreateOrganization(w.Context(), store.Organization{ID: id, Slug: string(id), Name: string(id), CreatedAt: w.now}); err != nil {
		w.Fatal(err)
	}
	for _, name := range domains {
		d := store.Domain{Name: name, Org: id, Roles: []string{"member"}, Token: "t", CreatedAt: w.now}
		if err := w.store.AddDomain(w.Context(), d); err != nil {
			w.Fatal(err)
		}
		if err := w.store.VerifyDomain(w.Context(), id, name, w.now); err != nil {
			w.Fatal(err)
		}
	}
}

// acme is the organization with example.com, and its connection.
func (w *world) acme(change func(*store.Provider)) *upstreamtest.Provider {
	w.Helper()
	w.organization("acme", "example.com")
	return w.federate(func(p *store.Provider) {
		p.Org = "acme"
		if change != nil {
			change(p)
		}
	})
}

// typed sends a form that holds an address.
func (b *person) typed(page, email string) *httptest.ResponseRecorder {
	b.Helper()
	return b.fill(page, url.Values{"email": {email}, "name": {"Somebody"}, "password": {map[bool]string{true: password}[page == "/login/sign-up"]}})
}

func TestATypedAddressLeadsToItsOrganization(t *testing.T) {
	for _, page := range []string{"/login", "/login/email", "/login/sign-up"} {
		t.Run(page, func(t *testing.T) {
			w := newWorld(t)
			box := w.withMail()
			idp := w.acme(nil)
			w.organization("globex", "globex.example")
			answers := make(map[string]string)
			for _, email := range []string{"ada@example.com", "nobody@example.com"} {
				rec := w.browser().typed(page, email)
				to, err := url.Parse(w.browser().sentTo(rec))
				if err != nil || !strings.HasPrefix(to.String(), idp.URL) || to.Query().Get("login_hint") != email {
					t.Errorf("POST %s of %s leads to %s, %v, want the organization's provider and login_hint", page, email, to, err)
				}
				answer := rec.Body.String() + rec.Header().Get("Refresh")
				for _, own := range []string{"state", "nonce", "code_challenge", "login_hint"} {
					answer = strings.ReplaceAll(answer, url.QueryEscape(to.Query().Get(own)), own)
				}
				answers[email] = answer
			}
			if answers["ada@example.com"] != answers["nobody@example.com"] {
				t.Errorf("POST %s differs for an account and none:\n%s\n%s", page, answers["ada@example.com"], answers["nobody@example.com"])
			}
			if list, err := w.store.People(t.Context(), "", 10); err != nil || len(list) != 1 {
				t.Errorf("People() = %v, %v, want nobody new", list, err)
			}
			for _, email := range []string{"eve@globex.example", "eve@mail.example.com", "eve@notexample.com"} {
				if rec := w.browser().typed(page, email); rec.Header().Get("Refresh") != "" {
					t.Errorf("POST %s of %s leads to %s, want nowhere: no organization with that domain has a sign-in", page, email, rec.Header().Get("Refresh"))
				}
			}
			w.login.Mail.Settle()
			box.mu.Lock()
			defer box.mu.Unlock()
			for _, m := range box.got {
				if strings.HasSuffix(m.To, "@example.com") {
					t.Errorf("%q was mailed to %s, want no mail to who was sent on", m.Subject, m.To)
				}
			}
		})
	}
}

func TestAnAddressIsEnoughWhereThereAreNoPasswords(t *testing.T) {
	w := newWorld(t)
	w.login.Settings.NoPassword = true
	b := w.browser()
	if rec := b.do(http.MethodPost, "/login", url.Values{"email": {"ada@example.com"}, "token": {b.visitor().FormToken(signInForm, "")}}); rec.Code != http.StatusNotFound {
		t.Errorf("POST /login where no organization has a sign-in = %d, want 404", rec.Code)
	}
	idp := w.acme(nil)
	if to := b.sentTo(b.typed("/login", "ada@example.com")); !strings.HasPrefix(to, idp.URL) {
		t.Errorf("POST /login leads to %s, want the provider", to)
	}
	for _, email := range []string{"ada@other.example", "ada"} {
		if rec := b.typed("/login", email); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "email-problem") {
			t.Errorf("POST /login of %s = %d, want 422 and what is wrong at the field", email, rec.Code)
		}
	}
}

// comeBy types an address, and comes back from where that led.
func (b *person) comeBy(idp *upstreamtest.Provider, email string) *httptest.ResponseRecorder {
	b.Helper()
	return b.arrive("idp", idp.SignIn(b, b.sentTo(b.typed("/login", email))))
}

func TestWhoComesByAnOrganizationBelongsToIt(t *testing.T) {
	w := newWorld(t)
	idp := w.acme(nil)
	for range 2 { // for the first time, and again
		b := w.browser()
		if rec := b.comeBy(idp, "cleo@example.com"); rec.Code != http.StatusSeeOther {
			t.Fatalf("GET /login/from/idp = %d: %s", rec.Code, rec.Body)
		}
		session, cleo, err := w.store.Session(t.Context(), b.session(), time.Hour, w.now)
		if err != nil || session.Org != "acme" || cleo.Email != "cleo@example.com" {
			t.Errorf("the session is %+v of %+v, %v, want Cleo's for acme", session, cleo, err)
		}
		m, err := w.store.Member(t.Context(), "acme", cleo.ID)
		if err != nil || len(m.Roles) != 1 || m.Roles[0] != "member" {
			t.Errorf("Member() = %+v, %v, want the roles of the domain", m, err)
		}
	}
	if err := w.store.VerifyEmail(t.Context(), "per_ada", "ada@example.com", w.now); err != nil {
		t.Fatal(err)
	}
	idp.Person["sub"], idp.Person["email"] = "18", "ada@example.com"
	b := w.browser()
	if b.comeBy(idp, "ada@example.com"); b.who().ID != "per_ada" {
		t.Errorf("signed in %q, want the account that proved its address", b.who().ID)
	}
	if _, err := w.store.Member(t.Context(), "acme", "per_ada"); err != nil {
		t.Errorf("Member(ada) = %v, want that she is one", err)
	}
}

// TestAnOrganizationsConnectionSpeaksForItsPeopleOnly is threat E10 between organizations.
func TestAnOrganizationsConnectionSpeaksForItsPeopleOnly(t *testing.T) {
	known := func(p store.Person) func(*world, *upstreamtest.Provider) {
		return func(w *world, idp *upstreamtest.Provider) {
			p.ID, p.CreatedAt = "per_known", w.now
			i := store.Identity{Issuer: idp.URL, Subject: "17", Person: p.ID, CreatedAt: w.now, UsedAt: w.now}
			if err := w.store.CreatePersonWithIdentity(w.Context(), p, i); err != nil {
				w.Fatal(err)
			}
		}
	}
	says := func(email string) func(*world, *upstreamtest.Provider) {
		return func(_ *world, idp *upstreamtest.Provider) { idp.Person["email"] = email }
	}
	for _, tt := range []struct {
		name   string
		before func(*world, *upstreamtest.Provider)
		status int
	}{
		{"an address in its domain", says("cleo@example.com"), http.StatusSeeOther},
		{"an address in another organization's domain", says("cleo@globex.example"), http.StatusForbidden},
		{"an address in nobody's domain", says("cleo@free.example"), http.StatusForbidden},
		{"an address below its domain", says("cleo@mail.example.com"), http.StatusForbidden},
		{"an address that it did not verify", func(_ *world, idp *upstreamtest.Provider) { idp.Person["email_verified"] = false }, http.StatusForbidden},
		{"somebody it knows, with an address in its domain", known(store.Person{Email: "cleo@example.com", EmailVerified: true}), http.StatusSeeOther},
		{"somebody it knows, of another organization", known(store.Person{Email: "cleo@globex.example", EmailVerified: true}), http.StatusForbidden},
		{"somebody it knows, without an address", known(store.Person{}), http.StatusForbidden},
		{"an operator it knows", known(store.Person{Email: "cleo@example.com", EmailVerified: true, Operator: true}), http.StatusForbidden},
		{"somebody new, when its record has long been gone", func(w *world, _ *upstreamtest.Provider) { w.lapse() }, http.StatusForbidden},
		{"somebody it knows, when its record has long been gone", func(w *world, idp *upstreamtest.Provider) {
			known(store.Person{Email: "cleo@example.com", EmailVerified: true})(w, idp)
			w.lapse()
		}, http.StatusSeeOther},
		{"somebody it knows, when the domain went to another organization", func(w *world, idp *upstreamtest.Provider) {
			known(store.Person{Email: "cleo@example.com", EmailVerified: true})(w, idp)
			w.must(w.store.RemoveDomain(w.Context(), "acme", "example.com"))
			w.must(w.store.AddDomain(w.Context(), store.Domain{Name: "example.com", Org: "globex", CreatedAt: w.now}))
			w.must(w.store.VerifyDomain(w.Context(), "globex", "example.com", w.now))
		}, http.StatusForbidden},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			idp := w.acme(nil)
			w.organization("globex", "globex.example")
			b := w.browser()
			to := b.sentTo(b.typed("/login", "cleo@example.com"))
			tt.before(w, idp)
			before := w.people()
			rec := b.arrive("idp", idp.SignIn(t, to))
			if made := w.people() - before; made > 0 && tt.status != http.StatusSeeOther {
				t.Errorf("GET /login/from/idp = %d and made %d accounts, want none", rec.Code, made)
			}
			if in := b.who().ID != ""; rec.Code != tt.status || in != (tt.status == http.StatusSeeOther) {
				t.Errorf("GET /login/from/idp = %d, signed in %q, want %d\n%s", rec.Code, b.who().ID, tt.status, rec.Body)
			}
		})
	}
}

// people is how many accounts there are.
func (w *world) people() int {
	w.Helper()
	list, err := w.store.People(w.Context(), "", 100)
	w.must(err)
	return len(list)
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// lapse lets the DNS record of example.com be gone for too long.
func (w *world) lapse() {
	w.Helper()
	w.must(w.store.NoteDomain(w.Context(), "acme", "example.com", false, w.now.Add(-store.DomainGrace)))
}

// lastSteps are the ways in. Each goes to the last step, which it returns: so the organization can come to require its own
// while somebody is on the way.
var lastSteps = map[string]func(*world, *person, store.Person) func() *httptest.ResponseRecorder{
	"a password": func(_ *world, b *person, p store.Person) func() *httptest.ResponseRecorder {
		form := b.form("", p.Email, password)
		return func() *httptest.ResponseRecorder { return b.do(http.MethodPost, "/login", form) }
	},
	"a passkey": func(w *world, b *person, _ store.Person) func() *httptest.ResponseRecorder {
		w.withPasskeys()
		d := w.device("cleo")
		return func() *httptest.ResponseRecorder { return b.withPasskey(d, "") }
	},
	"a new passkey": func(w *world, b *person, _ store.Person) func() *httptest.ResponseRecorder {
		w.withPasskeys()
		page := w.leave("cleo", time.Hour)
		return func() *httptest.ResponseRecorder { return b.makePasskey(passkeytest.New(issuer), page) }
	},
	"a mailed code": func(w *world, b *person, p store.Person) func() *httptest.ResponseRecorder {
		box := w.withMail()
		sent := strings.TrimPrefix(b.fill("/login/email", url.Values{"email": {p.Email}}).Header().Get("Location"), issuer)
		form := fieldsOf(b, b.do(http.MethodGet, sent, nil))
		form.Set("code", codeIn(w, w.last(box)))
		return func() *httptest.ResponseRecorder { return b.do(http.MethodPost, "/login/code", form) }
	},
	"a trusted login": func(_ *world, b *person, p store.Person) func() *httptest.ResponseRecorder {
		b.handedOver(p.ID, "")
		return func() *httptest.ResponseRecorder {
			return b.do(http.MethodGet, "/login/trusted/done?ticket=ticket", nil)
		}
	},
	"another provider": func(w *world, b *person, p store.Person) func() *httptest.ResponseRecorder {
		other := w.federate(func(p *store.Provider) { p.ID = "other" })
		w.must(w.store.AddIdentity(w.Context(), store.Identity{Issuer: other.URL, Subject: "17", Person: p.ID, CreatedAt: w.now, UsedAt: w.now}))
		answer := other.SignIn(w, b.depart("", "other"))
		return func() *httptest.ResponseRecorder { return b.arrive("other", answer) }
	},
}

// codeIn is the code in a mail.
func codeIn(w *world, m mail.Message) string {
	w.Helper()
	code := regexp.MustCompile(`\b\d{4} ?\d{4}\b`).FindString(m.Text)
	if code == "" {
		w.Fatalf("there is no code in %q", m.Text)
	}
	return code
}

func TestNoOtherWayLeadsAroundARequiredOne(t *testing.T) {
	for way, prepare := range lastSteps {
		for _, tt := range []struct {
			name     string
			change   func(*store.Provider)
			email    string
			operator bool
			in       bool
		}{
			{"somebody of the organization", func(*store.Provider) {}, "cleo@example.com", false, false},
			{"an operator", func(*store.Provider) {}, "cleo@example.com", true, true},
			{"somebody of elsewhere", func(*store.Provider) {}, "cleo@other.example", false, true},
			{"where it is not required", func(p *store.Provider) { p.Required = false }, "cleo@example.com", false, true},
			{"where it is disabled", func(p *store.Provider) { p.Disabled = true }, "cleo@example.com", false, true},
		} {
			t.Run(way+", "+tt.name, func(t *testing.T) {
				w := newWorld(t)
				p := store.Person{
					ID: "per_cleo", Email: tt.email, EmailVerified: true, Operator: tt.operator, Password: hashPassword(password), CreatedAt: w.now,
				}
				w.must(w.store.CreatePerson(t.Context(), p))
				b := w.browser()
				last := prepare(w, b, p)
				idp := w.acme(func(p *store.Provider) { p.Required = true; tt.change(p) })
				rec := last()
				if in := b.who().ID == "per_cleo"; in != tt.in {
					t.Fatalf("the last step = %d, signed in: %v, want %v\n%s", rec.Code, in, tt.in, rec.Body)
				}
				if tt.in {
					return
				}
				to, err := url.Parse(b.sentTo(rec))
				if err != nil || to.Query().Get("login_hint") != tt.email {
					t.Fatalf("the last step leads to %s, %v, want the organization's provider", to, err)
				}
				if rec := b.arrive("idp", idp.SignIn(t, to.String())); b.who().ID != "per_cleo" {
					t.Errorf("coming back from there = %d, signed in %q, want per_cleo", rec.Code, b.who().ID)
				}
			})
		}
	}
}

// TestARequiredSignInTellsNothingOfPasswords sends a right and a wrong one, and one that is too early.
func TestARequiredSignInTellsNothingOfPasswords(t *testing.T) {
	w := newWorld(t)
	box := w.withMail()
	idp := w.acme(func(p *store.Provider) { p.Required = true })
	for _, tt := range []struct{ email, password string }{{"ada@example.com", password}, {"ada@example.com", "wrong"}, {"nobody@example.com", "wrong"}} {
		for range 7 {
			b := w.browser()
			if to := b.sentTo(b.signIn("", tt.email, tt.password)); !strings.HasPrefix(to, idp.URL) || b.who().ID != "" {
				t.Errorf("POST /login of %s leads to %s, signed in %q, want the provider and nobody", tt.email, to, b.who().ID)
			}
		}
	}
	if to := w.browser().sentTo(w.browser().typed("/login/reset", "ada@example.com")); !strings.HasPrefix(to, idp.URL) {
		t.Errorf("POST /login/reset leads to %s, want the provider", to)
	}
	w.login.Mail.Settle()
	if len(box.got) != 0 {
		t.Errorf("%d mails were sent, want none", len(box.got))
	}
}

// TestAnotherProviderMakesNoAccountOfAnOrganization is about who had an address once, and verified it elsewhere then.
func TestAnotherProviderMakesNoAccountOfAnOrganization(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*store.Provider)
		status int
	}{
		{"any provider", nil, http.StatusForbidden},
		{"one that the operator gave the last word", func(p *store.Provider) { p.Domains = []string{"example.com"} }, http.StatusSeeOther},
	} {
		w := newWorld(t)
		w.acme(nil)
		other := w.federate(func(p *store.Provider) {
			p.ID = "other"
			if tt.change != nil {
				tt.change(p)
			}
		})
		b := w.browser()
		if rec := b.arrive("other", other.SignIn(t, b.depart("", "other"))); rec.Code != tt.status {
			t.Errorf("%s: GET /login/from/other = %d, want %d: %s", tt.name, rec.Code, tt.status, rec.Body)
		}
	}
}

// TestAnAccountThatNobodyProvedWaitsForTheOperator: somebody could have had it made at the address, to wait in it. Required
// or not, the organization's sign-in does not open it before its address is proven.
func TestAnAccountThatNobodyProvedWaitsForTheOperator(t *testing.T) {
	for _, required := range []bool{false, true} {
		w := newWorld(t)
		idp := w.acme(func(p *store.Provider) { p.Required = required })
		idp.Person["email"] = "ada@example.com" // whose account is not verified
		b := w.browser()
		rec := b.comeBy(idp, "ada@example.com")
		if rec.Code != http.StatusConflict || b.who().ID != "" || !strings.Contains(rec.Body.String(), "Ask the people who run this place to confirm") {
			t.Errorf("GET /login/from/idp before = %d, signed in %q, want 409, nobody, and whom to ask\n%s", rec.Code, b.who().ID, rec.Body)
		}
		w.must(w.store.VerifyEmail(t.Context(), "per_ada", "ada@example.com", w.now)) // authwright user verify
		if rec := b.comeBy(idp, "ada@example.com"); b.who().ID != "per_ada" {
			t.Errorf("GET /login/from/idp afterwards = %d, signed in %q, want per_ada", rec.Code, b.who().ID)
		}
	}
}
