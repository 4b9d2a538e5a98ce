// consents.go: what people agreed to.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var consentTests = map[string]func(*house){
	"are listed for their person, newest first":   testConsentsOf,
	"are withdrawn with the grants under them":    testWithdrawConsent,
	"are withdrawn when there are only grants":    testWithdrawGrantsOnly,
	"are not there to be withdrawn a second time": testWithdrawTwice,
}

func (h *house) key() store.ConsentKey {
	return store.ConsentKey{Person: h.person.ID, Client: h.client.ID, RedirectHost: "app.example", Resource: "https://mcp.example", Org: "org"}
}

// agree files a consent in the way there is: a decision on a request.
func (h *house) agree(key store.ConsentKey, at time.Time) store.Consent {
	h.Helper()
	c := store.Consent{ConsentKey: key, Scope: store.Scope{"read"}, MetadataHash: store.DigestOf("m"), CreatedAt: at, UpdatedAt: at}
	r := h.someRequest()
	r.Client, r.Auth = key.Client, store.Authentication{Person: key.Person, At: h.now}
	r.Expires = at.Add(time.Hour)
	h.must(h.OpenRequest(h.Context(), r), "OpenRequest")
	d := store.Decision{Verdict: store.Allowed, Scope: c.Scope, Person: key.Person}
	h.must(h.DecideRequest(h.Context(), r.ID, browser, d, &c, at), "DecideRequest")
	return c
}

func testConsentsOf(h *house) {
	old, other := h.key(), h.key()
	other.Resource = "https://other.example"
	first, second := h.agree(old, h.now), h.agree(other, h.at(time.Minute))
	stranger := h.key()
	stranger.Person = h.newPerson().ID
	h.agree(stranger, h.now)
	got, err := h.ConsentsOf(h.Context(), h.person.ID)
	h.must(err, "ConsentsOf")
	same(h, "the consents", got, []store.Consent{second, first})
	none, err := h.ConsentsOf(h.Context(), "per-none")
	h.must(err, "ConsentsOf a stranger")
	same(h, "the consents of a stranger", len(none), 0)
}

func testWithdrawConsent(h *house) {
	ctx := h.Context()
	h.agree(h.key(), h.now)
	mine, ended, expired := h.spent(), h.spent(), h.grant()
	h.must(h.EndGrant(ctx, ended.ID, store.EndedByReuse, h.now), "EndGrant")
	expired.Expires = h.at(time.Minute)
	h.must(h.FileGrant(ctx, expired), "FileGrant")
	// Each of the others differs in one member of the key.
	others := []store.Grant{h.grant(), h.grant(), h.grant(), h.grant(), h.grant()}
	others[0].Person = h.newPerson().ID
	others[1].Client = h.newClient(store.Registered).ID
	others[2].RedirectURI = "https://other.example/cb"
	others[3].Resource = "https://other.example"
	others[4].Org, others[4].Standing = "other", store.Standing{}
	for _, g := range others {
		h.must(h.FileGrant(ctx, g), "FileGrant")
		key := h.key()
		key.Person, key.Client, key.RedirectHost, key.Resource, key.Org = g.Person, g.Client, g.RedirectURI.Host(), g.Resource, g.Org
		h.agree(key, h.now)
	}
	h.must(h.WithdrawConsent(ctx, h.key(), store.EndedByPerson, h.at(time.Minute)), "WithdrawConsent")
	mine.EndedAt, mine.EndReason = h.at(time.Minute), store.EndedByPerson
	same(h, "the grant under the consent", h.stored(mine.ID), mine)
	same(h, "why a grant ended that had ended before", h.stored(ended.ID).EndReason, store.EndedByReuse)
	same(h, "a grant that had expired", h.stored(expired.ID), expired)
	_, err := h.Consent(ctx, h.key())
	h.want(store.ErrNotFound, err, "Consent")
	for _, g := range others {
		same(h, "a grant under another consent", h.stored(g.ID), g)
		key := h.key()
		key.Person, key.Client, key.RedirectHost, key.Resource, key.Org = g.Person, g.Client, g.RedirectURI.Host(), g.Resource, g.Org
		_, err := h.Consent(ctx, key)
		h.must(err, "Consent of another key")
	}
}

func testWithdrawGrantsOnly(h *house) {
	g := h.spent()
	h.must(h.WithdrawConsent(h.Context(), h.key(), store.EndedByPerson, h.now), "WithdrawConsent")
	same(h, "why the grant ended", h.stored(g.ID).EndReason, store.EndedByPerson)
}

func testWithdrawTwice(h *house) {
	h.agree(h.key(), h.now)
	h.must(h.WithdrawConsent(h.Context(), h.key(), store.EndedByPerson, h.now), "WithdrawConsent")
	h.want(store.ErrNotFound, h.WithdrawConsent(h.Context(), h.key(), store.EndedByPerson, h.now), "WithdrawConsent again")
}
