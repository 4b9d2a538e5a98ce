// providers.go: connections to other providers, and journeys to them.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var providerTests = map[string]func(*house){
	"come back as they were filed, changed, and not when deleted": testProviderRoundTrip,
	"are found by a verified domain of their organization":        testProvidersFor,
	"are gone to by journeys that one browser ends once":          testSpendJourney,
	"take those on the way along when they are deleted":           testDeleteProviderEndsJourneys,
}

func (h *house) newProvider() store.Provider {
	h.Helper()
	id := h.unique("provider")
	p := store.Provider{
		ID: store.ProviderID(id), Kind: store.OpenID, Name: "Säntis ID", Issuer: "https://" + id + ".example",
		ClientID: "client", Secret: []byte("sealed\x00"), Scopes: []string{"openid", "email"}, Org: "org", Required: true,
		Domains: []string{"example.com", "example.org"}, Create: true, CreatedAt: h.now,
	}
	h.must(h.CreateProvider(h.Context(), p), "CreateProvider(%s)", id)
	return p
}

func testProviderRoundTrip(h *house) {
	ctx, p := h.Context(), h.newProvider()
	got, err := h.Provider(ctx, p.ID)
	h.must(err, "Provider")
	same(h, "a connection", got, p)
	h.want(store.ErrExists, h.CreateProvider(ctx, p), "CreateProvider again")
	p.Kind, p.Name, p.Issuer, p.ClientID, p.Secret, p.Scopes = store.GitHub, "Another", "https://github.example", "c", []byte("s"), nil
	p.Org, p.Required, p.Domains, p.Create, p.Disabled = "", false, nil, false, true
	h.must(h.UpdateProvider(ctx, p), "UpdateProvider")
	list, err := h.Providers(ctx)
	h.must(err, "Providers")
	same(h, "the connections", list, []store.Provider{p})
	h.must(h.DeleteProvider(ctx, p.ID), "DeleteProvider")
	h.want(store.ErrNotFound, h.DeleteProvider(ctx, p.ID), "DeleteProvider again")
	h.want(store.ErrNotFound, h.UpdateProvider(ctx, p), "UpdateProvider of what is gone")
	_, err = h.Provider(ctx, p.ID)
	h.want(store.ErrNotFound, err, "Provider that was deleted")
}

func testProvidersFor(h *house) {
	ctx := h.Context()
	other := h.newOrganization("Other")
	first, second := h.newProvider(), h.newProvider()
	for _, change := range []func(*store.Provider){
		func(p *store.Provider) { p.Org = other.ID }, func(p *store.Provider) { p.Org = "" }, func(p *store.Provider) { p.Disabled = true },
	} {
		p := h.newProvider()
		change(&p)
		h.must(h.UpdateProvider(ctx, p), "UpdateProvider")
	}
	first.Required = false
	h.must(h.UpdateProvider(ctx, first), "UpdateProvider")
	h.verified("org", "acme.example")
	h.must(h.NoteDomain(ctx, "org", "acme.example", false, h.at(-store.DomainGrace)), "NoteDomain")
	h.claimed("org", "claimed.example")
	h.claimed(other.ID, "acme.example")
	for domain, want := range map[string][]store.Provider{
		"acme.example": {second, first}, "claimed.example": nil, "mail.acme.example": nil, "": nil,
	} {
		got, err := h.ProvidersFor(ctx, domain)
		h.must(err, "ProvidersFor")
		same(h, "the connections for "+domain, got, want)
	}
}

func (h *house) journey(p store.ProviderID) store.Journey {
	h.Helper()
	id := h.unique("state")
	j := store.Journey{
		State: store.DigestOf(id), Provider: p, Browser: browser, Request: "request", Session: store.DigestOf("session"), Person: h.person.ID,
		Fresh: true, Began: h.now, Expires: h.at(10 * time.Minute),
	}
	h.must(h.OpenJourney(h.Context(), j), "OpenJourney(%s)", id)
	return j
}

func testSpendJourney(h *house) {
	ctx, j := h.Context(), h.journey("provider")
	h.want(store.ErrExists, h.OpenJourney(ctx, j), "OpenJourney again")
	for name, spend := range map[string]func() (store.Journey, error){
		"of another state": func() (store.Journey, error) { return h.SpendJourney(ctx, store.DigestOf("none"), browser, h.now) },
		"that another browser began": func() (store.Journey, error) {
			return h.SpendJourney(ctx, j.State, store.DigestOf("another"), h.now)
		},
		"that is over": func() (store.Journey, error) { return h.SpendJourney(ctx, j.State, browser, j.Expires) },
	} {
		_, err := spend()
		h.want(store.ErrNotFound, err, "SpendJourney %s", name)
	}
	got, err := h.SpendJourney(ctx, j.State, browser, j.Expires.Add(-time.Millisecond))
	h.must(err, "SpendJourney")
	same(h, "a journey", got, j)
	_, err = h.SpendJourney(ctx, j.State, browser, h.now)
	h.want(store.ErrNotFound, err, "SpendJourney again")
}

func testDeleteProviderEndsJourneys(h *house) {
	ctx, p := h.Context(), h.newProvider()
	gone, kept := h.journey(p.ID), h.journey("another")
	h.must(h.DeleteProvider(ctx, p.ID), "DeleteProvider")
	_, err := h.SpendJourney(ctx, gone.State, browser, h.now)
	h.want(store.ErrNotFound, err, "SpendJourney to a provider that was deleted")
	_, err = h.SpendJourney(ctx, kept.State, browser, h.now)
	h.must(err, "SpendJourney to another")
}

func raceSpendJourney(h *house) {
	j := h.journey("provider")
	h.oneWins("SpendJourney", store.ErrNotFound, together(func(int) error {
		_, err := h.SpendJourney(h.Context(), j.State, browser, h.now)
		return err
	}))
}

func sweepJourneys(h *house) {
	j := h.journey("provider")
	same(h, "rows swept before the journey is over", h.sweep(j.Expires.Add(-time.Millisecond)), 0)
	same(h, "rows swept when it is", h.sweep(j.Expires), 1)
}

// trespassesOnProviders are steps of another project on connections and journeys.
func (h *house) trespassesOnProviders(b belongings) []trespass {
	ctx, gone := h.Context(), store.ErrNotFound
	return []trespass{
		{"Provider", func(s store.Store) error { _, err := s.Provider(ctx, b.provider.ID); return err }, gone},
		{"Providers", func(s store.Store) error { v, err := s.Providers(ctx); return nothing(v == nil, err) }, nil},
		{"ProvidersFor", func(s store.Store) error {
			v, err := s.ProvidersFor(ctx, b.offices.domain.Name)
			return nothing(v == nil, err)
		}, nil},
		{"UpdateProvider", func(s store.Store) error {
			p := b.provider
			p.Name = "theirs"
			return s.UpdateProvider(ctx, p)
		}, gone},
		{"DeleteProvider", func(s store.Store) error { return s.DeleteProvider(ctx, b.provider.ID) }, gone},
		{"RemoveIdentityBeside", func(s store.Store) error {
			return s.RemoveIdentityBeside(ctx, b.identity, store.Identity{Issuer: "i", Subject: "s"})
		}, gone},
		{"SpendJourney", func(s store.Store) error { _, err := s.SpendJourney(ctx, b.journey.State, browser, h.now); return err }, gone},
	}
}

// creationsOfProviders file in another project what this one has under the same names.
func (h *house) creationsOfProviders(b belongings) []trespass {
	ctx := h.Context()
	return []trespass{
		{"CreateProvider", func(s store.Store) error {
			p := b.provider
			p.Name = "theirs"
			return s.CreateProvider(ctx, p)
		}, nil},
		{"OpenJourney", func(s store.Store) error { return s.OpenJourney(ctx, b.journey) }, nil},
	}
}
