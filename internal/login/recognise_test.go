package login

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
	"github.com/authwright/authwright/internal/upstreamtest"
)

// TestOfTwoConnectionsTheRequiredOneCounts: who comes by another one of their organization is sent on.
func TestOfTwoConnectionsTheRequiredOneCounts(t *testing.T) {
	w := newWorld(t)
	required := w.acme(func(p *store.Provider) { p.Required = true })
	spare := w.federate(func(p *store.Provider) { p.ID, p.Org = "spare", "acme" })
	b := w.browser()
	record, err := w.store.Provider(t.Context(), "spare")
	w.must(err)
	to, err := w.login.Upstream.Begin(t.Context(), record, upstream.Ask{Browser: b.visitor().Digest()})
	w.must(err)
	rec := b.arrive("spare", spare.SignIn(t, to))
	if to := b.sentTo(rec); !strings.HasPrefix(to, required.URL) || b.who().ID != "" {
		t.Errorf("GET /login/from/spare leads to %s, signed in %q, want the required connection and nobody", to, b.who().ID)
	}
}

// hasty is a store in which somebody is faster: what they do happens after an address was looked up.
type hasty struct {
	store.Store
	meanwhile func()
}

func (h *hasty) PersonByEmail(ctx context.Context, email string) (store.Person, error) {
	p, err := h.Store.PersonByEmail(ctx, email)
	h.meanwhile()
	return p, err
}

func TestOfTwoWhoMakeAnAccountAtOnceOneDoes(t *testing.T) {
	w := newWorld(t)
	idp := w.federate(nil)
	b := w.browser()
	answer := idp.SignIn(t, b.depart("", "idp"))
	w.login.Store = &hasty{w.store, func() { w.person("cleo", "") }}
	if rec := b.arrive("idp", answer); rec.Code != http.StatusConflict || b.who().ID != "" {
		t.Errorf("GET /login/from/idp while somebody makes an account with the address = %d, signed in %q, want 409 and nobody", rec.Code, b.who().ID)
	}
}

// TestNobodyConnectsAnOrganizationsConnection by themselves: it knows its people by their addresses.
func TestNobodyConnectsAnOrganizationsConnection(t *testing.T) {
	w := newWorld(t)
	w.acme(nil)
	b := w.browser()
	err := w.login.Connect(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/account/login/connect", nil), store.Session{Auth: store.Authentication{Person: "per_ada"}}, "idp")
	var refusal *pages.Refusal
	if !errors.As(err, &refusal) || refusal.Status != http.StatusNotFound || b.who().ID != "" {
		t.Errorf("Connect() to an organization's connection = %v, want that it is not available", err)
	}
}

// TestOnlyATrueAnswerConnects: what is not believed of somebody who comes is not believed of somebody who is here.
func TestOnlyATrueAnswerConnects(t *testing.T) {
	for _, tt := range []struct {
		name   string
		lie    func(upstreamtest.Token)
		denied bool
		status int
		to     string
	}{
		{"a token for another journey", func(t upstreamtest.Token) { t.Claims["nonce"] = "another" }, false, http.StatusBadGateway, ""},
		{"nobody signed in there", nil, true, http.StatusSeeOther, issuer + "/account/login?not-connected"},
	} {
		w := newWorld(t)
		idp := w.federate(nil)
		idp.Lie = tt.lie
		b := w.browser()
		answer := idp.SignIn(t, w.connecting(b, "ada@example.com"))
		if tt.denied {
			answer.Del("code")
			answer.Set("error", "access_denied")
		}
		rec := b.arrive("idp", answer)
		list, err := w.store.IdentitiesOf(t.Context(), "per_ada")
		if rec.Code != tt.status || rec.Header().Get("Location") != tt.to || err != nil || len(list) != 0 {
			t.Errorf("%s: GET /login/from/idp = %d to %q, identities %v, %v, want %d to %q and none", tt.name, rec.Code, rec.Header().Get("Location"), list, err, tt.status, tt.to)
		}
	}
}

// TestWhatIsNoWayInDoesNotStandForOne when somebody disconnects the identity they come by.
func TestWhatIsNoWayInDoesNotStandForOne(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world, p *store.Person)
		taken  bool
	}{
		{"a password", func(_ *world, p *store.Person) { p.Password = "a hash" }, true},
		{"a password where there are none", func(w *world, p *store.Person) { p.Password, w.login.Settings.NoPassword = "a hash", true }, false},
		{"a password without an address", func(_ *world, p *store.Person) { p.Password, p.Email = "a hash", "" }, false},
		{"mail", func(w *world, _ *store.Person) { w.withMail() }, true},
		{"mail to an address that nobody proved", func(w *world, p *store.Person) { w.withMail(); p.EmailVerified = false }, false},
		{"mail where none can be sent", func(w *world, _ *store.Person) { w.login.Settings.EmailCode = true }, false},
		{"mail that the project does not sign in by", func(w *world, _ *store.Person) { w.withMail(); w.login.Settings.EmailCode = false }, false},
		{"a connection that is disabled", func(w *world, p *store.Person) {
			other := w.federate(func(p *store.Provider) { p.ID, p.Disabled = "other", true })
			w.must(w.store.AddIdentity(w.Context(), store.Identity{Issuer: other.URL, Subject: "1", Person: p.ID, CreatedAt: w.now, UsedAt: w.now}))
		}, false},
		{"a trusted login", func(w *world, p *store.Person) { w.browser().handedOver(p.ID, "") }, true},
		{"a trusted login that is disabled", func(w *world, p *store.Person) {
			w.browser().handedOver(p.ID, "")
			app, err := w.store.TrustedIssuer(w.Context(), "app")
			w.must(err)
			app.Disabled = true
			w.must(w.store.UpdateTrustedIssuer(w.Context(), app))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			idp := w.federate(nil)
			b := w.browser()
			b.come(idp, "")
			cleo := b.who()
			tt.change(w, &cleo)
			problem, err := w.login.Disconnect(t.Context(), cleo, idp.URL, "17")
			if err != nil || (problem == "") != tt.taken {
				t.Errorf("Disconnect() beside %s = %q, %v, want it taken away: %v", tt.name, problem, err, tt.taken)
			}
		})
	}
}
