package login

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// acts wants the browser's session to be of a person who acts for acme.
func (b *person) acts(when string) store.Session {
	b.Helper()
	s, p, err := b.store.Session(b.Context(), b.session(), time.Hour, b.now)
	if err != nil || s.Org != "acme" {
		b.Fatalf("%s the session of %q acts for %q, %v, want acme", when, p.ID, s.Org, err)
	}
	return s
}

// TestWhoProvesMoreActsForTheSameOrganization: a session that takes the place of another keeps what the person chose, or
// was let in for, also where a second factor stands between.
func TestWhoProvesMoreActsForTheSameOrganization(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.withSecond()
	w.organization("acme")
	w.organization("zenith")
	b := w.browser()
	b.handedOver("per_ada", "acme")
	rec := b.do(http.MethodGet, "/login/trusted/done?ticket=ticket", nil)
	b.answer(rec.Header().Get("Location")[len(issuer):], codeOf(w.otp(secret)))
	b.acts("after the second factor of a trusted login")

	w.must(w.store.RemoveAuthenticator(t.Context(), "per_ada"))
	w.now = w.now.Add(time.Minute)
	session := b.acts("a minute later")
	offer := Offer{Secret: otp.NewSecret()}
	b.inside(func(rw http.ResponseWriter, r *http.Request) (string, error) {
		_, problem, err := w.login.AddAuthenticator(rw, r, session, offer, w.otp(offer.Secret))
		return problem, err
	})
	session = b.acts("after an authenticator was added")
	b.inside(func(rw http.ResponseWriter, r *http.Request) (string, error) {
		return w.login.ChangePassword(rw, r, session, password, "another-long-password")
	})
	b.acts("after the password was changed")

	w.withPasskeys()
	device := w.device("ada")
	id := w.request(b, func(r *store.Request) { r.ACR = oauth.PhishingResistant })
	b.secondByPasskey(device, b.stepUpPage(id))
	if b.has(id).Auth.Person != "per_ada" {
		t.Errorf("the step up signed in %q, want per_ada", b.has(id).Auth.Person)
	}
	b.acts("after a step up")
}

// inside does what a page of the account does with the browser.
func (b *person) inside(do func(http.ResponseWriter, *http.Request) (problem string, err error)) {
	b.Helper()
	r := httptest.NewRequest(http.MethodPost, "/account/login", nil)
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	rec := httptest.NewRecorder()
	if problem, err := do(rec, r); problem != "" || err != nil {
		b.Fatalf("changing how ada signs in = %q, %v, want nothing wrong", problem, err)
	}
	for _, c := range rec.Result().Cookies() {
		b.cookies[c.Name] = c.Value
	}
}

// handedOver is somebody whom a trusted login vouches for, on the way back with the ticket.
func (b *person) handedOver(id store.PersonID, org string) {
	b.Helper()
	b.must(b.store.CreateTrustedIssuer(b.Context(), store.TrustedIssuer{Name: "app", Title: "App", Issuer: "https://app.example", Audience: "a", CreatedAt: b.now}))
	b.must(b.store.AddIdentity(b.Context(), store.Identity{Issuer: "https://app.example", Subject: "1", Person: id, CreatedAt: b.now, UsedAt: b.now}))
	h := store.Handover{ID: store.DigestOf("reference"), Trusted: "app", Browser: b.visitor().Digest(), CreatedAt: b.now, Expires: b.now.Add(time.Hour)}
	b.must(b.store.OpenHandover(b.Context(), h))
	h.Token, h.Ticket = store.DigestOf("token"), store.DigestOf("ticket")
	h.Attested = store.Attested{Issuer: "https://app.example", Subject: "1", Organization: org}
	b.must(b.store.AnswerHandover(b.Context(), h, b.now))
}
