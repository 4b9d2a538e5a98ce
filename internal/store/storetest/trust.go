// trust.go: trusted issuers, and people on their way through one.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var trustTests = map[string]func(*house){
	"come back as they were filed":                 testTrustedRoundTrip,
	"have a name, an issuer and an audience alone": testTrustedUnique,
	"go with whoever is on the way through them":   testDeleteTrusted,
	"are answered, the last time it counts":        testAnswerHandover,
	"end where they began, by the ticket":          testSpendHandover,
	"see a token once":                             testSpendToken,
}

func (h *house) trust() store.TrustedIssuer {
	name := h.unique("trust")
	return store.TrustedIssuer{
		Name: name, Title: "Zoë’s “App”", Issuer: "https://login.example/" + name, Audience: "authwright", KeysURL: "https://login.example/jwks",
		Keys: "-----BEGIN PUBLIC KEY-----", Algorithms: []string{"ES256", "RS256"}, LoginURL: "https://app.example/login",
		Mapping: store.ClaimMapping{Email: "email", EmailVerified: "=true", Name: "name|nickname", Organization: `"https://x.example/org"`, Roles: "roles", Methods: "amr"},
		Require: []string{"role=authenticated user", "a=b"}, Create: true, Authoritative: true, Org: "org", MaxAge: 90 * time.Second, CreatedAt: h.now,
	}
}

func (h *house) trusted() store.TrustedIssuer {
	h.Helper()
	t := h.trust()
	h.must(h.CreateTrustedIssuer(h.Context(), t), "CreateTrustedIssuer(%s)", t.Name)
	return t
}

func testTrustedRoundTrip(h *house) {
	ctx, t := h.Context(), h.trusted()
	got, err := h.TrustedIssuer(ctx, t.Name)
	h.must(err, "TrustedIssuer")
	same(h, "a trusted issuer", got, t)
	t.Title, t.Require, t.Create, t.Disabled, t.MaxAge = "App", nil, false, true, time.Hour
	h.must(h.UpdateTrustedIssuer(ctx, t), "UpdateTrustedIssuer")
	other := h.trusted()
	list, err := h.TrustedIssuers(ctx)
	h.must(err, "TrustedIssuers")
	same(h, "the trusted issuers", list, []store.TrustedIssuer{t, other})
	t.Name = "none"
	h.want(store.ErrNotFound, h.UpdateTrustedIssuer(ctx, t), "UpdateTrustedIssuer of none")
	_, err = h.TrustedIssuer(ctx, "none")
	h.want(store.ErrNotFound, err, "TrustedIssuer of none")
}

func testTrustedUnique(h *house) {
	ctx, t := h.Context(), h.trusted()
	twin := h.trust()
	twin.Name = t.Name
	h.want(store.ErrExists, h.CreateTrustedIssuer(ctx, twin), "CreateTrustedIssuer of the same name")
	twin = h.trust()
	twin.Issuer = t.Issuer
	h.want(store.ErrExists, h.CreateTrustedIssuer(ctx, twin), "CreateTrustedIssuer of the same issuer and audience")
	twin.Audience = "another"
	h.must(h.CreateTrustedIssuer(ctx, twin), "CreateTrustedIssuer for another audience")
	twin.Audience = t.Audience
	h.want(store.ErrExists, h.UpdateTrustedIssuer(ctx, twin), "UpdateTrustedIssuer to the issuer and audience of another")
}

func (h *house) handover(trusted string) store.Handover {
	return store.Handover{
		ID: store.DigestOf(h.unique("reference")), Trusted: trusted, Browser: browser, Request: "request", CreatedAt: h.now, Expires: h.at(10 * time.Minute),
	}
}

// sent is a handover that waits for its answer.
func (h *house) sent(trusted string) store.Handover {
	h.Helper()
	o := h.handover(trusted)
	h.must(h.OpenHandover(h.Context(), o), "OpenHandover")
	return o
}

// answered is one that has it.
func (h *house) answered(trusted string) store.Handover {
	h.Helper()
	o := h.sent(trusted)
	o.Token, o.Ticket = store.DigestOf(h.unique("token")), store.DigestOf(h.unique("ticket"))
	o.Attested = store.Attested{
		Issuer: "https://login.example/", Subject: "Zoë", Email: "zoe@example.com", EmailVerified: true, Name: "Zoë", Organization: "org",
		Roles: []string{"admin"}, Methods: []string{"pwd"}, LoggedIn: h.now,
	}
	h.must(h.AnswerHandover(h.Context(), o, h.now), "AnswerHandover")
	return o
}

func testDeleteTrusted(h *house) {
	ctx, t, other := h.Context(), h.trusted(), h.trusted()
	gone, stays := h.sent(t.Name), h.sent(other.Name)
	h.must(h.DeleteTrustedIssuer(ctx, t.Name), "DeleteTrustedIssuer")
	h.want(store.ErrNotFound, h.DeleteTrustedIssuer(ctx, t.Name), "DeleteTrustedIssuer again")
	_, err := h.Handover(ctx, gone.ID, h.now)
	h.want(store.ErrNotFound, err, "Handover through an issuer that was deleted")
	_, err = h.Handover(ctx, stays.ID, h.now)
	h.must(err, "Handover through another")
}

func testAnswerHandover(h *house) {
	ctx, t := h.Context(), h.trusted()
	o := h.answered(t.Name)
	got, err := h.Handover(ctx, o.ID, o.Expires.Add(-time.Millisecond))
	h.must(err, "Handover")
	same(h, "a handover that was answered", got, o)
	_, err = h.Handover(ctx, o.ID, o.Expires)
	h.want(store.ErrNotFound, err, "Handover that is over")

	first := o.Ticket
	o.Ticket, o.Attested.Subject = store.DigestOf(h.unique("ticket")), "Yannis"
	h.want(store.ErrNotFound, h.AnswerHandover(ctx, o, o.Expires), "AnswerHandover that is over")
	elsewhere := o
	elsewhere.Trusted = h.trusted().Name
	h.want(store.ErrNotFound, h.AnswerHandover(ctx, elsewhere, h.now), "AnswerHandover by another issuer")
	h.must(h.AnswerHandover(ctx, o, h.now), "AnswerHandover again")
	_, err = h.SpendHandover(ctx, first, browser, h.now)
	h.want(store.ErrNotFound, err, "SpendHandover by the first ticket")
	got, err = h.SpendHandover(ctx, o.Ticket, browser, h.now)
	h.must(err, "SpendHandover by the second")
	same(h, "what was attested", got.Attested, o.Attested)
}

func testSpendHandover(h *house) {
	ctx, t := h.Context(), h.trusted()
	h.sent(t.Name)
	_, err := h.SpendHandover(ctx, store.Digest{}, browser, h.now)
	h.want(store.ErrNotFound, err, "SpendHandover that was not answered")
	o := h.answered(t.Name)
	for what, spend := range map[string]func() (store.Handover, error){
		"by its reference":       func() (store.Handover, error) { return h.SpendHandover(ctx, o.ID, browser, h.now) },
		"from another browser":   func() (store.Handover, error) { return h.SpendHandover(ctx, o.Ticket, o.Ticket, h.now) },
		"when it is over":        func() (store.Handover, error) { return h.SpendHandover(ctx, o.Ticket, browser, o.Expires) },
		"by the token it was by": func() (store.Handover, error) { return h.SpendHandover(ctx, o.Token, browser, h.now) },
	} {
		_, err := spend()
		h.want(store.ErrNotFound, err, "SpendHandover %s", what)
	}
	got, err := h.SpendHandover(ctx, o.Ticket, browser, h.now)
	h.must(err, "SpendHandover")
	same(h, "the handover that was spent", got, o)
	_, err = h.SpendHandover(ctx, o.Ticket, browser, h.now)
	h.want(store.ErrNotFound, err, "SpendHandover again")
}

func testSpendToken(h *house) {
	ctx, token := h.Context(), store.DigestOf(h.unique("jti"))
	h.must(h.SpendToken(ctx, token, h.at(time.Minute)), "SpendToken")
	h.want(store.ErrExists, h.SpendToken(ctx, token, h.at(time.Hour)), "SpendToken again")
	h.must(h.SpendToken(ctx, store.DigestOf(h.unique("jti")), h.at(time.Minute)), "SpendToken of another")
}

func raceSpendHandover(h *house) {
	o := h.answered(h.trusted().Name)
	h.oneWins("SpendHandover", store.ErrNotFound, together(func(int) error {
		_, err := h.SpendHandover(h.Context(), o.Ticket, browser, h.now)
		return err
	}))
}

func raceSpendToken(h *house) {
	token := store.DigestOf(h.unique("jti"))
	h.oneWins("SpendToken", store.ErrExists, together(func(int) error { return h.SpendToken(h.Context(), token, h.at(time.Minute)) }))
}

// trusting is one row of every kind that trust has.
type trusting struct {
	issuer   store.TrustedIssuer
	handover store.Handover
	token    store.Digest
}

func (h *house) trusting() trusting {
	h.Helper()
	t := h.trusted()
	b := trusting{issuer: t, handover: h.answered(t.Name), token: store.DigestOf(h.unique("jti"))}
	h.must(h.SpendToken(h.Context(), b.token, h.at(time.Hour)), "SpendToken")
	return b
}

// trespassesOnTrust are those on trusted issuers and handovers.
func (h *house) trespassesOnTrust(b trusting) []trespass {
	ctx, gone := h.Context(), store.ErrNotFound
	return []trespass{
		{"UpdateTrustedIssuer", func(s store.Store) error {
			t := b.issuer
			t.Title = "theirs"
			return s.UpdateTrustedIssuer(ctx, t)
		}, gone},
		{"TrustedIssuer", func(s store.Store) error { _, err := s.TrustedIssuer(ctx, b.issuer.Name); return err }, gone},
		{"TrustedIssuers", func(s store.Store) error { v, err := s.TrustedIssuers(ctx); return nothing(v == nil, err) }, nil},
		{"Handover", func(s store.Store) error { _, err := s.Handover(ctx, b.handover.ID, h.now); return err }, gone},
		{"AnswerHandover", func(s store.Store) error {
			o := b.handover
			o.Attested.Subject = "theirs"
			return s.AnswerHandover(ctx, o, h.now)
		}, gone},
		{"SpendHandover", func(s store.Store) error {
			_, err := s.SpendHandover(ctx, b.handover.Ticket, browser, h.now)
			return err
		}, gone},
		{"DeleteTrustedIssuer", func(s store.Store) error { return s.DeleteTrustedIssuer(ctx, b.issuer.Name) }, gone},
	}
}
