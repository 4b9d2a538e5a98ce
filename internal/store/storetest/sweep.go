// sweep.go: what is over goes, and nothing else.

package storetest

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var sweepTests = map[string]func(*house){
	"invitations that nobody accepted go after a month": testSweepInvitations,
	"takes what expired":                             sweepExpired,
	"keeps ended grants for a week":                  sweepEnded,
	"takes grants an hour after their code went by":  sweepUnspent,
	"takes clients that nobody used for a day":       sweepUnusedClients,
	"takes clients that were idle for 90 days":       sweepIdleClients,
	"keeps clients that have a live grant":           sweepGranted,
	"takes no more than the limit of each kind":      sweepLimit,
	"takes the consents to the clients it takes":     sweepConsents,
	"takes failures and revoked tokens that are old": sweepSmall,
	"takes handovers and spent tokens that are over": sweepTrust,
	"keeps events for as long as their project says": sweepEvents,
	"takes journeys that are over":                   sweepJourneys,
	"takes half logins that are over":                sweepHalfLogins,
}

const day = 24 * time.Hour

func (h *house) sweep(now time.Time) int {
	h.Helper()
	n, err := h.db.Sweep(h.Context(), now, 100)
	h.must(err, "Sweep")
	return n
}

func sweepExpired(h *house) {
	ctx := h.Context()
	request, session, grant := h.opened(), h.session(), h.spent()
	same(h, "rows swept while all are alive", h.sweep(h.at(30*time.Minute-time.Millisecond)), 0)
	same(h, "rows swept when the request expires", h.sweep(request.Expires), 1)
	same(h, "rows swept when the session is idle", h.sweep(session.IdleUntil), 1)
	same(h, "rows swept just before the grant expires", h.sweep(grant.Expires.Add(-time.Millisecond)), 0)
	same(h, "rows swept when the grant expires", h.sweep(grant.Expires), 1)
	_, err := h.Request(ctx, request.ID, h.now)
	h.want(store.ErrNotFound, err, "Request")
	_, err = h.Grant(ctx, grant.ID)
	h.want(store.ErrNotFound, err, "Grant")
	h.must(h.OpenSession(ctx, session, store.Digest{}), "OpenSession of the id that was swept")
}

// longSpent is a spent grant that lives for 180 days.
func (h *house) longSpent() store.Grant {
	h.Helper()
	g := h.grant()
	g.Expires = h.at(180 * day)
	h.must(h.FileGrant(h.Context(), g), "FileGrant")
	g, err := h.SpendCode(h.Context(), h.codeUse(g))
	h.must(err, "SpendCode")
	return g
}

func sweepEnded(h *house) {
	ctx := h.Context()
	live, long, short := h.longSpent(), h.longSpent(), h.spent()
	for _, g := range []store.Grant{long, short} {
		h.must(h.EndGrant(ctx, g.ID, store.EndedByReuse, h.now), "EndGrant")
	}
	same(h, "rows swept when a grant that ended expires", h.sweep(short.Expires), 1)
	same(h, "rows swept just before the week is over", h.sweep(h.at(7*day-time.Millisecond)), 0)
	same(h, "why the grant ended, for as long as its tokens may turn up", h.stored(long.ID).EndReason, store.EndedByReuse)
	same(h, "rows swept when the week is over", h.sweep(h.at(7*day)), 1)
	_, err := h.Grant(ctx, long.ID)
	h.want(store.ErrNotFound, err, "Grant that ended a week ago")
	h.stored(live.ID)
}

func sweepUnspent(h *house) {
	spent, unspent, missed := h.spent(), h.filed(), h.filed()
	for range 5 {
		h.must(h.MissCode(h.Context(), missed.ID, missed.Code), "MissCode")
	}
	same(h, "rows swept at once: the grant whose code was killed", h.sweep(h.now), 1)
	same(h, "rows swept just before the hour is over", h.sweep(unspent.CodeExpires.Add(time.Hour-time.Millisecond)), 0)
	same(h, "rows swept an hour after the code expired", h.sweep(unspent.CodeExpires.Add(time.Hour)), 1)
	_, err := h.Grant(h.Context(), unspent.ID)
	h.want(store.ErrNotFound, err, "Grant")
	h.stored(spent.ID)
}

// operated is what an operator may have set on a client that nobody registered, each enough to keep it.
var operated = map[string]func(*store.Client){
	"disabled":      func(c *store.Client) { c.Disabled = true },
	"a first party": func(c *store.Client) { c.FirstParty = true },
	"scoped":        func(c *store.Client) { c.Scope = store.Scope{"read"} },
	"introspecting": func(c *store.Client) { c.Introspects = []string{"*"} },
}

func sweepUnusedClients(h *house) {
	ctx := h.Context()
	unused, unread, fresh := h.newClient(store.SelfRegister), h.newClient(store.Document), h.someClient(store.SelfRegister)
	fresh.CreatedAt = h.at(time.Millisecond)
	h.must(h.CreateClient(ctx, fresh), "CreateClient")
	kept := []store.Client{h.client}
	for what, change := range operated {
		c := h.newClient(store.SelfRegister)
		change(&c)
		h.must(h.UpdateClient(ctx, c), "UpdateClient, %s", what)
		kept = append(kept, c)
	}
	h.sweep(h.at(day - time.Millisecond))
	h.there("just before a day is over", true, unused, unread, fresh)
	h.sweep(h.at(day))
	h.there("after a day", false, unused, unread)
	h.there("after a day", true, append(kept, fresh)...)
}

func sweepIdleClients(h *house) {
	ctx := h.Context()
	used := func(origin store.Origin, life time.Duration) store.Client {
		c, g := h.newClient(origin), h.grant()
		g.Client, g.Expires = c.ID, h.at(life)
		h.must(h.FileGrant(ctx, g), "FileGrant")
		_, err := h.SpendCode(ctx, h.codeUse(g))
		h.must(err, "SpendCode")
		return c
	}
	idle, document := used(store.SelfRegister, day), used(store.Document, day)
	ended, live := used(store.SelfRegister, 200*day), used(store.SelfRegister, 200*day)
	_, err := h.EndGrants(ctx, store.GrantFilter{Client: ended.ID}, store.EndedByPerson, h.at(89*day))
	h.must(err, "EndGrants")
	kept := []store.Client{h.client, used(store.Registered, day)}
	for what, change := range operated {
		c := used(store.SelfRegister, day)
		change(&c)
		h.must(h.UpdateClient(ctx, c), "UpdateClient, %s", what)
		kept = append(kept, c)
	}
	elsewhere := h.grant() // of a client with the same id in another project
	elsewhere.Client, elsewhere.CodeSpent, elsewhere.Expires = idle.ID, h.now, h.at(200*day)
	h.must(h.other.FileGrant(ctx, elsewhere), "FileGrant in another project")

	h.sweep(h.at(90*day - time.Millisecond))
	h.there("just before 90 days are over", true, idle, document, ended, live)
	h.sweep(h.at(90 * day))
	h.there("after 90 days", false, idle, document, ended)
	h.there("after 90 days", true, append(kept, live)...)
	h.sweep(h.at(200 * day))
	h.there("when its last grant expired", false, live)
	h.there("always", true, kept...)
}

// sweepGranted sweeps clients on which no grant was noted, because they were filed after it.
func sweepGranted(h *house) {
	ctx := h.Context()
	late := func(life time.Duration) (store.Client, store.Grant) {
		c, g := h.someClient(store.SelfRegister), h.grant()
		g.Client, g.CodeSpent, g.Expires = c.ID, h.now, h.at(life)
		h.must(h.FileGrant(ctx, g), "FileGrant")
		h.must(h.CreateClient(ctx, c), "CreateClient")
		return c, g
	}
	live, _ := late(3 * day)
	expired, _ := late(day)
	ended, g := late(3 * day)
	h.must(h.EndGrant(ctx, g.ID, store.EndedByPerson, h.now), "EndGrant")
	elsewhere, _ := late(day)
	g = h.grant()
	g.Client, g.CodeSpent, g.Expires = elsewhere.ID, h.now, h.at(3*day)
	h.must(h.other.FileGrant(ctx, g), "FileGrant in another project")
	h.sweep(h.at(day))
	h.there("while its grant is live", true, live)
	h.there("when its grant expired, ended, or is of another project", false, expired, ended, elsewhere)
	_, err := h.db.Sweep(ctx, h.at(3*day), 100)
	h.must(err, "Sweep")
	h.there("when its grant expired", false, live)
}

// there reports clients that are not there, or are.
func (h *house) there(when string, want bool, clients ...store.Client) {
	h.Helper()
	for _, c := range clients {
		if _, err := h.Client(h.Context(), c.ID); (err == nil) != want {
			h.Errorf("Client(%s) %s = %v, want it there: %t", c.ID, when, err, want)
		}
	}
}

func sweepConsents(h *house) {
	h.client = h.newClient(store.SelfRegister)
	gone := h.agree(h.key(), h.now)
	h.client = h.newClient(store.Registered)
	kept := h.agree(h.key(), h.now)
	h.sweep(h.at(day))
	got, err := h.ConsentsOf(h.Context(), h.person.ID)
	h.must(err, "ConsentsOf")
	same(h, "the consents, of which there were "+string(gone.Client)+" and "+string(kept.Client), got, []store.Consent{kept})
}

func sweepLimit(h *house) {
	ctx := h.Context()
	for range 5 {
		h.opened()
		h.spent()
		h.session()
		h.asked()
		h.ceremony()
		h.journey("provider")
		h.newClient(store.SelfRegister)
		digest := store.DigestOf(h.unique("digest"))
		h.must(h.RevokeToken(ctx, digest, h.now), "RevokeToken")
		h.must(h.CountFailure(ctx, "", h.now, time.Hour, digest), "CountFailure")
		unspent, ended := h.grant(), h.longSpent()
		unspent.Expires = h.at(180 * day)
		h.must(h.FileGrant(ctx, unspent), "FileGrant")
		h.must(h.EndGrant(ctx, ended.ID, store.EndedByPerson, h.now), "EndGrant")
	}
	sweep := func() int {
		n, err := h.db.Sweep(ctx, h.at(8*day), 2)
		h.must(err, "Sweep")
		return n
	}
	same(h, "rows of eleven kinds swept each time", []int{sweep(), sweep(), sweep(), sweep()}, []int{22, 22, 11, 0})
}

func sweepSmall(h *house) {
	ctx, key, token := h.Context(), store.DigestOf("key"), store.DigestOf("token")
	h.must(h.CountFailure(ctx, "", h.now, time.Hour, key), "CountFailure")
	h.must(h.RevokeToken(ctx, token, h.at(time.Hour)), "RevokeToken")
	same(h, "rows swept before", h.sweep(h.at(time.Hour-time.Millisecond)), 0)
	same(h, "rows swept when the token expires", h.sweep(h.at(time.Hour)), 1)
	revoked, err := h.TokenRevoked(ctx, token)
	h.must(err, "TokenRevoked")
	same(h, "whether the expired token is revoked", revoked, false)
	same(h, "rows swept after a day", h.sweep(h.at(day)), 1)
	counts, err := h.Attempts(ctx, h.now, key)
	h.must(err, "Attempts")
	same(h, "the failures", len(counts), 0)
}

func sweepTrust(h *house) {
	ctx, token := h.Context(), store.DigestOf("jti")
	o := h.sent(h.trusted().Name)
	h.must(h.SpendToken(ctx, token, h.at(time.Minute)), "SpendToken")
	same(h, "rows swept before", h.sweep(h.at(time.Minute-time.Millisecond)), 0)
	h.want(store.ErrExists, h.SpendToken(ctx, token, h.at(time.Minute)), "SpendToken again, before the sweep")
	same(h, "rows swept when the token is over", h.sweep(h.at(time.Minute)), 1)
	same(h, "rows swept when the handover is over", h.sweep(o.Expires), 1)
	_, err := h.Handover(ctx, o.ID, h.now)
	h.want(store.ErrNotFound, err, "Handover")
}

func sweepEvents(h *house) {
	ctx := h.Context()
	h.must(h.db.CreateProject(ctx, store.Project{ID: h.project, Issuer: "https://a.example", Settings: store.Settings{EventLife: 30 * day}}), "CreateProject")
	at := func(now time.Time) context.Context {
		return store.By(ctx, store.Act{From: place, Now: func() time.Time { return now }})
	}
	first, second := h.grant(), h.grant()
	h.must(h.FileGrant(at(birth.AddDate(-20, 0, 0)), first), "FileGrant")
	h.must(h.FileGrant(at(birth.AddDate(-20, 0, 0).Add(time.Millisecond)), second), "FileGrant")
	over := birth.AddDate(-20, 0, 0).Add(30 * day)
	same(h, "rows swept when the events are not older than a month", h.sweep(over), 0)
	same(h, "rows swept when one is", h.sweep(over.Add(time.Millisecond)), 1)
	same(h, "what is left", h.from(place), []store.Event{inFull(h.granted(second))})
	long := store.Project{ID: h.project, Issuer: "https://a.example"}
	h.must(h.db.UpdateProject(ctx, long), "UpdateProject")
	same(h, "rows swept just before the time of a project that does not say", h.sweep(birth.AddDate(-20, 0, 0).Add(400*day)), 0)
	same(h, "rows swept after it", h.sweep(birth.AddDate(-20, 0, 0).Add(400*day+2*time.Millisecond)), 1)
}
