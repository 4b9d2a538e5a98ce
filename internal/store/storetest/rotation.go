// rotation.go: the chain of refresh tokens of a grant (RFC 6749 §6, OAuth 2.1 §4.3).

package storetest

import (
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// misturns are what does not fit when a refresh token is presented, one binding at a time.
var misturns = []struct {
	name  string
	spoil func(h *house, u *store.GrantUse)
}{
	{"another grant", func(h *house, u *store.GrantUse) { u.Grant = "none" }},
	{"another client", func(h *house, u *store.GrantUse) { u.Client = h.newClient(store.Registered).ID }},
	{"an older version of the client", func(h *house, u *store.GrantUse) { u.ClientVersion = 0 }},
	{"a newer version of the client", func(h *house, u *store.GrantUse) { u.ClientVersion = 2 }},
	{"another resource", func(h *house, u *store.GrantUse) { u.Resource = "https://mcp.example/other" }},
	{"a generation that was not handed out yet", func(h *house, u *store.GrantUse) { u.Generation = 2 }},
	{"the generation before the first", func(h *house, u *store.GrantUse) { u.Generation = 0 }},
	{"a negative generation", func(h *house, u *store.GrantUse) { u.Generation = -1 }},
	{"when it was idle too long", func(h *house, u *store.GrantUse) { u.Now = h.at(time.Second + time.Hour) }},
	{"when it expires", func(h *house, u *store.GrantUse) {
		u.Idle = 20 * time.Hour
		g, err := h.RotateGrant(h.Context(), *u)
		h.must(err, "RotateGrant")
		u.Generation, u.Now = g.Generation, g.Expires
	}},
	{"an ended grant", func(h *house, u *store.GrantUse) {
		h.must(h.EndGrant(h.Context(), u.Grant, store.EndedByReuse, h.now), "EndGrant")
	}},
	{"a grant whose code was not spent", func(h *house, u *store.GrantUse) { u.Grant = h.filed().ID }},
	{"a grant with a generation, whose code was not spent", func(h *house, u *store.GrantUse) {
		g := h.grant()
		g.Generation = 1
		h.must(h.FileGrant(h.Context(), g), "FileGrant")
		u.Grant = g.ID
	}},
	{"a grant that expires before it is idle", func(h *house, u *store.GrantUse) {
		g := h.grant()
		g.CodeSpent, g.Generation, g.Expires = h.now, 1, u.Now
		h.must(h.FileGrant(h.Context(), g), "FileGrant")
		u.Grant = g.ID
	}},
	{"a grant without refresh tokens", func(h *house, u *store.GrantUse) {
		g := h.grant()
		g.Refreshable = false
		h.must(h.FileGrant(h.Context(), g), "FileGrant")
		g, err := h.SpendCode(h.Context(), h.codeUse(g))
		h.must(err, "SpendCode")
		*u = h.grantUse(g)
	}},
}

func testRotateGrant(h *house) {
	ctx := h.Context()
	for _, tt := range misturns {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			use := h.grantUse(h.spent())
			id := use.Grant
			tt.spoil(h, &use)
			if use.Grant != "none" {
				id = use.Grant
			}
			before := h.stored(id)
			_, err := h.RotateGrant(ctx, use)
			h.want(store.ErrNotFound, err, "RotateGrant(%+v)", use)
			same(h, "the grant", h.stored(id), before)
		})
	}
	h.around(true, func(h *house, g store.Grant) error {
		use := h.grantUse(g)
		if c, err := h.Client(ctx, g.Client); err == nil {
			use.ClientVersion = c.Version
		}
		_, err := h.RotateGrant(ctx, use)
		return err
	})

	g := h.spent()
	h.must(h.SetPassword(ctx, h.person.ID, "$argon2id$3", false, h.at(time.Second)), "SetPassword that keeps grants")
	use := h.grantUse(g)
	use.Resource = g.Resource
	got, err := h.RotateGrant(ctx, use)
	h.must(err, "RotateGrant")
	g.Generation, g.RotatedAt, g.UsedAt, g.IdleUntil = 2, use.Now, use.Now, use.Now.Add(use.Idle)
	same(h, "the grant that RotateGrant returned", got, g)
	same(h, "the grant", h.stored(g.ID), g)
}

func testGrace(h *house) {
	ctx := h.Context()
	for _, tt := range []struct {
		name  string
		grace time.Duration
		later time.Duration // after the rotation
		moved int64         // how often the successor was used before
		want  error
	}{
		{"at once", 30 * time.Second, 0, 0, nil},
		{"just within the grace", 30 * time.Second, 30*time.Second - time.Millisecond, 0, nil},
		{"when the grace is over", 30 * time.Second, 30 * time.Second, 0, store.ErrNotFound},
		{"after the successor was used", 30 * time.Second, 0, 1, store.ErrNotFound},
		{"without grace", 0, 0, 0, store.ErrNotFound},
		{"with grace switched off", -1, 0, 0, store.ErrNotFound},
		{"without grace, on a machine whose clock is behind", 0, -time.Second, 0, store.ErrNotFound},
	} {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			use := h.grantUse(h.spent())
			use.Now = h.at(time.Minute)
			first, err := h.RotateGrant(ctx, use)
			h.must(err, "RotateGrant")
			for range tt.moved {
				next := use
				next.Generation = first.Generation
				_, err := h.RotateGrant(ctx, next)
				h.must(err, "RotateGrant of the successor")
			}
			before := h.stored(use.Grant)
			use.Grace, use.Now = tt.grace, use.Now.Add(tt.later)
			again, err := h.RotateGrant(ctx, use)
			h.want(tt.want, err, "RotateGrant again")
			if tt.want == nil {
				before.UsedAt, before.IdleUntil = use.Now, use.Now.Add(use.Idle)
				same(h, "the grant that the repeated step returned", again, before)
			}
			same(h, "the grant", h.stored(use.Grant), before)
		})
	}
}
