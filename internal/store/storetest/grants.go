// grants.go: grants, their codes and their chains of refresh tokens.

package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var grantTests = map[string]func(*house){
	"come back as they were filed":                     testGrantRoundTrip,
	"give their code to who fits every binding":        testSpendCode,
	"lose their code at the fifth miss":                testMissCode,
	"rotate for who fits every binding":                testRotateGrant,
	"repeat a rotation within the grace":               testGrace,
	"never live past their end":                        testIdleNeverPastEnd,
	"are live while everything around them is":         testLiveGrant,
	"end once, for the first reason":                   testEndGrant,
	"end by person, client and resource":               testEndGrants,
	"mark their client used, which changes no version": testUsedClient,
	"leave revoked tokens revoked":                     testRevokeToken,
}

func testGrantRoundTrip(h *house) {
	g := h.filed()
	same(h, "a grant", h.stored(g.ID), g)
	h.want(store.ErrExists, h.FileGrant(h.Context(), g), "FileGrant of the same id")

	bare := store.Grant{ID: store.GrantID(h.unique("grant")), Client: h.client.ID, CreatedAt: h.now, Expires: h.at(time.Hour)}
	h.must(h.FileGrant(h.Context(), bare), "FileGrant without a person")
	same(h, "a grant without a person", h.stored(bare.ID), bare)
	_, err := h.Grant(h.Context(), "none")
	h.want(store.ErrNotFound, err, "Grant")
}

// surroundings spoil what a grant depends on and lies outside of its row.
var surroundings = []struct {
	name  string
	spoil func(h *house)
}{
	{"its person is disabled", func(h *house) {
		h.must(h.SetPersonDisabled(h.Context(), h.person.ID, true, h.now), "SetPersonDisabled")
	}},
	{"its person was disabled and enabled again", func(h *house) {
		h.must(h.SetPersonDisabled(h.Context(), h.person.ID, true, h.now), "SetPersonDisabled")
		h.must(h.SetPersonDisabled(h.Context(), h.person.ID, false, h.now), "SetPersonDisabled")
	}},
	{"its person's password was reset", func(h *house) {
		h.must(h.SetPassword(h.Context(), h.person.ID, "$argon2id$2", true, h.now), "SetPassword")
	}},
	{"its client is disabled", func(h *house) {
		c := h.client
		c.Disabled = true
		h.must(h.UpdateClient(h.Context(), c), "UpdateClient")
	}},
	{"its client is deleted", func(h *house) {
		h.must(h.DeleteClient(h.Context(), h.client.ID, h.now), "DeleteClient")
	}},
}

// backgrounds spoil it before the grant is filed, so that nothing has ended the grant: the step itself has to look.
var backgrounds = []struct {
	name  string
	spoil func(h *house, g *store.Grant)
	want  error
}{
	{"its person was disabled from the start", func(h *house, g *store.Grant) {
		g.Person = store.PersonID(h.unique("per"))
		h.must(h.CreatePerson(h.Context(), store.Person{ID: g.Person, Disabled: true}), "CreatePerson")
	}, store.ErrNotFound},
	{"its person is not there", func(h *house, g *store.Grant) { g.Person = "per-none" }, store.ErrNotFound},
	{"its person is of another project", func(h *house, g *store.Grant) {
		g.Person = store.PersonID(h.unique("per"))
		h.must(h.other.CreatePerson(h.Context(), store.Person{ID: g.Person}), "CreatePerson in another project")
	}, store.ErrNotFound},
	{"its person lost all grants since the log-in", func(h *house, g *store.Grant) {
		h.must(h.SetPassword(h.Context(), h.person.ID, "$argon2id$2", true, g.AuthTime.Add(time.Millisecond)), "SetPassword")
	}, store.ErrNotFound},
	{"its person lost all grants just before the log-in", func(h *house, g *store.Grant) {
		h.must(h.SetPassword(h.Context(), h.person.ID, "$argon2id$2", true, g.AuthTime), "SetPassword")
	}, nil},
	{"its client was disabled from the start", func(h *house, g *store.Grant) {
		c := h.someClient(store.Registered)
		c.Disabled, g.Client = true, c.ID
		h.must(h.CreateClient(h.Context(), c), "CreateClient")
	}, store.ErrNotFound},
	{"its client is not there", func(h *house, g *store.Grant) { g.Client = "none" }, store.ErrNotFound},
	{"its client is of another project", func(h *house, g *store.Grant) {
		c := h.someClient(store.Registered)
		g.Client = c.ID
		h.must(h.other.CreateClient(h.Context(), c), "CreateClient in another project")
	}, store.ErrNotFound},
}

// around runs a test of a refused step for everything that can be wrong around a grant. With spent, the grant's code was.
func (h *house) around(spent bool, step func(h *house, g store.Grant) error) {
	file := func(h *house, g *store.Grant) {
		if spent {
			g.CodeSpent, g.RotatedAt, g.Generation = h.now, h.now, 1
		}
		h.must(h.FileGrant(h.Context(), *g), "FileGrant")
	}
	for _, around := range surroundings {
		h.Run(around.name, func(t *testing.T) {
			h := h.in(t)
			h.person, h.client = h.newPerson(), h.newClient(store.Registered)
			g := h.grant()
			file(h, &g)
			around.spoil(h)
			before := h.stored(g.ID)
			h.want(store.ErrNotFound, step(h, g), "the step")
			same(h, "the grant", h.stored(g.ID), before)
		})
	}
	for _, around := range backgrounds {
		h.Run(around.name, func(t *testing.T) {
			h := h.in(t)
			h.person, h.client = h.newPerson(), h.newClient(store.Registered)
			g := h.grant()
			around.spoil(h, &g)
			file(h, &g)
			before := h.stored(g.ID)
			h.want(around.want, step(h, g), "the step")
			if around.want != nil {
				same(h, "the grant", h.stored(g.ID), before)
			}
		})
	}
}

// misfits are what does not fit when a code is spent, one binding at a time.
var misfits = []struct {
	name  string
	spoil func(h *house, u *store.CodeUse)
}{
	{"another grant", func(h *house, u *store.CodeUse) { u.Grant = h.filed().ID }},
	{"another code", func(h *house, u *store.CodeUse) { u.Code = store.DigestOf("another") }},
	{"another client", func(h *house, u *store.CodeUse) { u.Client = h.newClient(store.Registered).ID }},
	{"an older version of the client", func(h *house, u *store.CodeUse) { u.ClientVersion = 0 }},
	{"a newer version of the client", func(h *house, u *store.CodeUse) { u.ClientVersion = 2 }},
	{"another redirect URI", func(h *house, u *store.CodeUse) { u.RedirectURI += "/" }},
	{"no redirect URI", func(h *house, u *store.CodeUse) { u.RedirectURI = "" }},
	{"another challenge", func(h *house, u *store.CodeUse) { u.Challenge = "Challenge" }},
	{"no challenge", func(h *house, u *store.CodeUse) { u.Challenge = "" }},
	{"another resource", func(h *house, u *store.CodeUse) { u.Resource = "https://mcp.example/other" }},
	{"when the code expires", func(h *house, u *store.CodeUse) { u.Now = h.at(time.Minute) }},
	{"a redirect URI that cannot be stored", func(h *house, u *store.CodeUse) { u.RedirectURI += "\x00" }},
	{"a spent code", func(h *house, u *store.CodeUse) {
		_, err := h.SpendCode(h.Context(), *u)
		h.must(err, "SpendCode")
	}},
	{"an ended grant", func(h *house, u *store.CodeUse) {
		h.must(h.EndGrant(h.Context(), u.Grant, store.EndedByClient, h.now), "EndGrant")
	}},
	{"a grant that expired before its code", func(h *house, u *store.CodeUse) {
		g := h.grant()
		g.Expires = h.at(time.Second)
		h.must(h.FileGrant(h.Context(), g), "FileGrant")
		*u = h.codeUse(g)
	}},
}

func testSpendCode(h *house) {
	ctx := h.Context()
	for _, tt := range misfits {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			g := h.filed()
			use := h.codeUse(g)
			tt.spoil(h, &use)
			before := h.stored(g.ID)
			_, err := h.SpendCode(ctx, use)
			h.want(store.ErrNotFound, err, "SpendCode(%+v)", use)
			same(h, "the grant", h.stored(g.ID), before)
		})
	}
	h.around(false, func(h *house, g store.Grant) error {
		use := h.codeUse(g)
		if c, err := h.Client(ctx, g.Client); err == nil {
			use.ClientVersion = c.Version
		}
		_, err := h.SpendCode(ctx, use)
		return err
	})

	g := h.filed()
	use := h.codeUse(g)
	use.Resource = g.Resource
	got, err := h.SpendCode(ctx, use)
	h.must(err, "SpendCode")
	g.CodeSpent, g.RotatedAt, g.UsedAt, g.Generation, g.IdleUntil = use.Now, use.Now, use.Now, 1, use.Now.Add(use.Idle)
	same(h, "the grant that SpendCode returned", got, g)
	same(h, "the grant", h.stored(g.ID), g)

	nobody := h.grant()
	nobody.Person, nobody.Org = "", ""
	h.must(h.FileGrant(ctx, nobody), "FileGrant without a person")
	_, err = h.SpendCode(ctx, h.codeUse(nobody))
	h.must(err, "SpendCode of a grant without a person")
}

func testMissCode(h *house) {
	ctx := h.Context()
	g := h.filed()
	h.want(store.ErrNotFound, h.MissCode(ctx, g.ID, store.DigestOf("another")), "MissCode of another code")
	h.want(store.ErrNotFound, h.MissCode(ctx, "none", g.Code), "MissCode of another grant")
	for range 4 {
		h.must(h.MissCode(ctx, g.ID, g.Code), "MissCode")
	}
	same(h, "the grant after four misses", h.stored(g.ID), g)
	h.must(h.MissCode(ctx, g.ID, g.Code), "the fifth MissCode")
	_, err := h.SpendCode(ctx, h.codeUse(g))
	h.want(store.ErrNotFound, err, "SpendCode after five misses")
	h.want(store.ErrNotFound, h.MissCode(ctx, g.ID, g.Code), "the sixth MissCode")

	ended := h.filed()
	h.must(h.EndGrant(ctx, ended.ID, store.EndedByClient, h.now), "EndGrant")
	h.want(store.ErrNotFound, h.MissCode(ctx, ended.ID, ended.Code), "MissCode of an ended grant")

	four := h.filed()
	for range 4 {
		h.must(h.MissCode(ctx, four.ID, four.Code), "MissCode")
	}
	_, err = h.SpendCode(ctx, h.codeUse(four))
	h.must(err, "SpendCode after four misses")
	h.want(store.ErrNotFound, h.MissCode(ctx, four.ID, four.Code), "MissCode of a spent code")
}

func testIdleNeverPastEnd(h *house) {
	use := h.codeUse(h.filed())
	use.Idle = 20 * time.Hour
	g, err := h.SpendCode(h.Context(), use)
	h.must(err, "SpendCode")
	same(h, "the idle life after SpendCode", g.IdleUntil, g.Expires)
	turn := h.grantUse(g)
	turn.Idle = 20 * time.Hour
	g, err = h.RotateGrant(h.Context(), turn)
	h.must(err, "RotateGrant")
	same(h, "the idle life after RotateGrant", g.IdleUntil, g.Expires)
}

func testLiveGrant(h *house) {
	ctx := h.Context()
	g := h.spent()
	got, err := h.LiveGrant(ctx, g.ID, h.now)
	h.must(err, "LiveGrant")
	same(h, "the live grant", got, g)
	_, err = h.LiveGrant(ctx, g.ID, g.Expires.Add(-time.Millisecond))
	h.must(err, "LiveGrant just before it expires")
	_, err = h.LiveGrant(ctx, g.ID, g.Expires)
	h.want(store.ErrNotFound, err, "LiveGrant when it expires")
	h.around(true, func(h *house, g store.Grant) error {
		_, err := h.LiveGrant(ctx, g.ID, h.now)
		return err
	})
	h.must(h.EndGrant(ctx, g.ID, store.EndedByClient, h.now), "EndGrant")
	_, err = h.LiveGrant(ctx, g.ID, h.now)
	h.want(store.ErrNotFound, err, "LiveGrant of an ended grant")
}

func testEndGrant(h *house) {
	g := h.spent()
	h.must(h.EndGrant(h.Context(), g.ID, store.EndedByReuse, h.at(time.Minute)), "EndGrant")
	h.must(h.EndGrant(h.Context(), g.ID, store.EndedByClient, h.at(time.Hour)), "EndGrant again")
	g.EndedAt, g.EndReason = h.at(time.Minute), store.EndedByReuse
	same(h, "the grant", h.stored(g.ID), g)
	h.want(store.ErrNotFound, h.EndGrant(h.Context(), "none", store.EndedByClient, h.now), "EndGrant of none")
}

func testEndGrants(h *house) {
	ctx := h.Context()
	otherPerson, otherClient := h.newPerson(), h.newClient(store.Registered)
	for choice := range 8 {
		var f store.GrantFilter
		if choice&1 != 0 {
			f.Person = h.person.ID
		}
		if choice&2 != 0 {
			f.Client = h.client.ID
		}
		if choice&4 != 0 {
			f.Resource = "https://mcp.example"
		}
		h.Run(fmt.Sprintf("person %t, client %t, resource %t", f.Person != "", f.Client != "", f.Resource != ""), func(t *testing.T) {
			h := h.in(t)
			_, err := h.EndGrants(ctx, store.GrantFilter{}, store.EndedByOperator, h.now)
			h.must(err, "EndGrants")
			grants := []store.Grant{h.grant(), h.grant(), h.grant(), h.grant(), h.grant(), h.grant()}
			grants[1].Person, grants[2].Client, grants[3].Resource = otherPerson.ID, otherClient.ID, "https://other.example"
			grants[4].EndedAt, grants[4].EndReason = h.now, store.EndedByReuse
			grants[5].Expires = h.at(time.Second)
			fits := []bool{true, f.Person == "", f.Client == "", f.Resource == "", false, false}
			want := 0
			for i := range grants {
				h.must(h.FileGrant(ctx, grants[i]), "FileGrant")
				if fits[i] {
					grants[i].EndedAt, grants[i].EndReason = h.at(time.Second), store.EndedByPerson
					want++
				}
			}
			ended, err := h.EndGrants(ctx, f, store.EndedByPerson, h.at(time.Second))
			h.must(err, "EndGrants")
			same(h, "how many were ended", ended, want)
			for i, g := range grants {
				same(h, fmt.Sprintf("grant %d", i), h.stored(g.ID), g)
			}
		})
	}
	n, err := h.EndGrants(ctx, store.GrantFilter{Person: "per-none"}, store.EndedByPerson, h.now)
	h.must(err, "EndGrants")
	same(h, "how many of nobody's grants were ended", n, 0)
}

func testUsedClient(h *house) {
	ctx := h.Context()
	used := func(want time.Time, when string) {
		h.Helper()
		c, err := h.Client(ctx, h.client.ID)
		h.must(err, "Client")
		same(h, "when the client was used, "+when, c.UsedAt, want)
		same(h, "the version, "+when, c.Version, 1)
	}
	used(time.Time{}, "before it got a grant")
	h.filed()
	used(h.now, "after FileGrant")
	file := func(at time.Time) {
		g := h.grant()
		g.CreatedAt = at
		h.must(h.FileGrant(ctx, g), "FileGrant")
	}
	file(h.at(24 * time.Hour))
	used(h.now, "a day later")
	file(h.at(24*time.Hour + time.Millisecond))
	used(h.at(24*time.Hour+time.Millisecond), "more than a day later")

	r := h.signedIn()
	g := h.grant()
	g.CreatedAt = h.at(100 * time.Hour)
	h.must(h.CloseRequest(ctx, r.ID, browser, g, h.now), "CloseRequest")
	used(h.at(100*time.Hour), "after CloseRequest")
}

func testRevokeToken(h *house) {
	ctx, token := h.Context(), store.DigestOf(h.unique("token"))
	revoked := func(want bool) {
		h.Helper()
		got, err := h.TokenRevoked(ctx, token)
		h.must(err, "TokenRevoked")
		same(h, "whether the token is revoked", got, want)
	}
	revoked(false)
	h.must(h.RevokeToken(ctx, store.DigestOf(h.unique("token")), h.at(time.Hour)), "RevokeToken of another")
	revoked(false)
	h.must(h.RevokeToken(ctx, token, h.at(time.Hour)), "RevokeToken")
	h.must(h.RevokeToken(ctx, token, h.at(time.Minute)), "RevokeToken again")
	revoked(true)
	_, err := h.db.Sweep(ctx, h.at(time.Minute), 1000)
	h.must(err, "Sweep")
	revoked(true)
}
