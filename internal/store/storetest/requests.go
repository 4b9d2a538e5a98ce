// requests.go: authorizations in progress.

package storetest

import (
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var requestTests = map[string]func(*house){
	"come back as they were filed":                               testRequestRoundTrip,
	"are signed in to by whoever opened them":                    testSignIn,
	"are decided once, by who is signed in":                      testDecide,
	"remember a consent in the step that decides":                testDecideRemembers,
	"give one grant, to who may have it":                         testClose,
	"are dropped by the browser that opened them, or not at all": testDrop,
}

var browser = store.DigestOf("browser")

func (h *house) someRequest() store.Request {
	return store.Request{
		ID: store.RequestID(h.unique("req")), Browser: browser, Client: h.client.ID, RedirectURI: "https://app.example/cb",
		State: "\xff\x00 any byte", Resource: "https://mcp.example", Scope: store.Scope{"read", "write"}, Challenge: "challenge",
		Nonce: "nonce", Prompt: "consent", LoginHint: "zoë@example.com", MaxAge: -1, CreatedAt: h.now, Expires: h.at(30 * time.Minute),
	}
}

func (h *house) opened() store.Request {
	h.Helper()
	r := h.someRequest()
	h.must(h.OpenRequest(h.Context(), r), "OpenRequest(%s)", r.ID)
	return r
}

func (h *house) login() store.Authentication {
	return store.Authentication{Person: h.person.ID, At: h.now, Methods: []string{"pwd"}}
}

func (h *house) signedIn() store.Request {
	h.Helper()
	r := h.opened()
	h.must(h.SignInRequest(h.Context(), r.ID, browser, h.login(), h.now), "SignInRequest(%s)", r.ID)
	return r
}

func (h *house) request(id store.RequestID) store.Request {
	h.Helper()
	r, err := h.Request(h.Context(), id, h.now)
	h.must(err, "Request(%s)", id)
	return r
}

func testRequestRoundTrip(h *house) {
	plain := h.opened()
	same(h, "a plain request", h.request(plain.ID), plain)

	full := h.someRequest()
	full.Refusal = &oauth.Error{Code: oauth.InvalidScope, Description: "the scope \xfe\x00 is unknown"}
	full.Auth = h.login()
	full.Decision = store.Decision{Verdict: store.Allowed, Scope: store.Scope{"read"}, Org: "org", Person: h.person.ID}
	h.must(h.OpenRequest(h.Context(), full), "OpenRequest")
	same(h, "a request with all members", h.request(full.ID), full)

	h.want(store.ErrExists, h.OpenRequest(h.Context(), full), "OpenRequest of the same id")
	_, err := h.Request(h.Context(), plain.ID, plain.Expires)
	h.want(store.ErrNotFound, err, "Request when it expires")
	_, err = h.Request(h.Context(), "bad \x00 id", h.now)
	h.want(store.ErrNotFound, err, "Request of an id that cannot be stored")
	_, err = h.Request(h.Context(), "bad \xff id", h.now)
	h.want(store.ErrNotFound, err, "Request of an id that is not UTF-8")
}

func testSignIn(h *house) {
	ctx := h.Context()
	disabled := h.newPerson()
	h.must(h.SetPersonDisabled(ctx, disabled.ID, true, h.now.Add(-time.Hour)), "SetPersonDisabled")
	changed := h.newPerson()
	h.must(h.SetPassword(ctx, changed.ID, "$argon2id$2", false, h.at(1)), "SetPassword at the same millisecond")
	h.must(h.SetPassword(ctx, changed.ID, "$argon2id$3", false, h.at(time.Millisecond)), "SetPassword")
	elsewhere := store.PersonID(h.unique("per"))
	h.must(h.other.CreatePerson(ctx, store.Person{ID: elsewhere}), "CreatePerson in another project")
	created := store.PersonID(h.unique("per"))
	h.must(h.CreatePerson(ctx, store.Person{ID: created, Disabled: true}), "CreatePerson")
	for _, tt := range []struct {
		name    string
		id      store.RequestID
		browser store.Digest
		who     store.PersonID
		now     time.Time
	}{
		{"another request", "req-none", browser, h.person.ID, h.now},
		{"another browser", "", store.DigestOf("another"), h.person.ID, h.now},
		{"when it expires", "", browser, h.person.ID, h.at(30 * time.Minute)},
		{"a person who is not there", "", browser, "per-none", h.now},
		{"a person who is disabled", "", browser, disabled.ID, h.now},
		{"a person who was disabled from the start", "", browser, created, h.now},
		{"a person of another project", "", browser, elsewhere, h.now},
		{"a person whose password changed since", "", browser, changed.ID, h.now},
	} {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			r := h.opened()
			if tt.id == "" {
				tt.id = r.ID
			}
			err := h.SignInRequest(ctx, tt.id, tt.browser, store.Authentication{Person: tt.who, At: h.now}, tt.now)
			h.want(store.ErrNotFound, err, "SignInRequest")
			same(h, "the request", h.request(r.ID), r)
		})
	}

	r := h.signedIn()
	r.Auth = h.login()
	same(h, "a request that was signed in to", h.request(r.ID), r)
	decision := store.Decision{Verdict: store.Allowed, Scope: store.Scope{"read"}, Org: "org", Person: h.person.ID}
	h.must(h.DecideRequest(ctx, r.ID, browser, decision, nil, h.now), "DecideRequest")
	second := h.newPerson()
	r.Auth = store.Authentication{Person: second.ID, At: h.at(time.Second), Methods: []string{"pwd", "otp"}}
	h.must(h.SignInRequest(ctx, r.ID, browser, r.Auth, h.now), "SignInRequest of another person")
	same(h, "a request that another person signed in to, undecided", h.request(r.ID), r)
}

func testDecide(h *house) {
	ctx := h.Context()
	yes := store.Decision{Verdict: store.Allowed, Scope: store.Scope{"read"}, Org: "org", Person: h.person.ID}
	for _, tt := range []struct {
		name   string
		spoil  func(r *store.Request, d *store.Decision, now *time.Time)
		prefix func(r store.Request)
	}{
		{"another request", func(r *store.Request, d *store.Decision, now *time.Time) { r.ID = "req-none" }, nil},
		{"another browser", func(r *store.Request, d *store.Decision, now *time.Time) { r.Browser = store.DigestOf("x") }, nil},
		{"when it expires", func(r *store.Request, d *store.Decision, now *time.Time) { *now = r.Expires }, nil},
		{"another person", func(r *store.Request, d *store.Decision, now *time.Time) { d.Person = h.newPerson().ID }, nil},
		{"nobody", func(r *store.Request, d *store.Decision, now *time.Time) { d.Person = "" }, nil},
		{"a second time", func(r *store.Request, d *store.Decision, now *time.Time) { d.Verdict = store.Denied }, func(r store.Request) {
			h.must(h.DecideRequest(ctx, r.ID, browser, yes, nil, h.now), "DecideRequest")
		}},
	} {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			r, d, now := h.signedIn(), yes, h.now
			if tt.prefix != nil {
				tt.prefix(r)
			}
			id, before := r.ID, h.request(r.ID)
			tt.spoil(&r, &d, &now)
			consent := store.Consent{ConsentKey: store.ConsentKey{Person: d.Person, Client: h.client.ID, RedirectHost: string(id)}}
			h.want(store.ErrNotFound, h.DecideRequest(ctx, r.ID, r.Browser, d, nil, now), "DecideRequest")
			h.want(store.ErrNotFound, h.DecideRequest(ctx, r.ID, r.Browser, d, &consent, now), "DecideRequest with a consent")
			same(h, "the request", h.request(id), before)
			_, err := h.Consent(ctx, consent.ConsentKey)
			h.want(store.ErrNotFound, err, "Consent")
		})
	}

	unsigned := h.opened()
	h.want(store.ErrNotFound, h.DecideRequest(ctx, unsigned.ID, browser, store.Decision{Verdict: store.Allowed}, nil, h.now), "DecideRequest before anybody signed in")
	r := h.signedIn()
	if err := h.DecideRequest(ctx, r.ID, browser, store.Decision{Person: h.person.ID}, nil, h.now); err == nil {
		h.Errorf("DecideRequest without a verdict = nil, want an error")
	}
	h.must(h.DecideRequest(ctx, r.ID, browser, yes, nil, h.now), "DecideRequest")
	r.Auth, r.Decision = h.login(), yes
	same(h, "a decided request", h.request(r.ID), r)
}

func testDecideRemembers(h *house) {
	ctx := h.Context()
	yes := store.Decision{Verdict: store.Allowed, Scope: store.Scope{"read"}, Person: h.person.ID}
	consent := store.Consent{
		ConsentKey: store.ConsentKey{Person: h.person.ID, Client: h.client.ID, RedirectHost: "app.example", Resource: "https://mcp.example", Org: "org"},
		Scope:      store.Scope{"read", "write"}, MetadataHash: store.DigestOf("first"),
	}
	r := h.signedIn()
	h.must(h.DecideRequest(ctx, r.ID, browser, yes, &consent, h.now), "DecideRequest")
	got, err := h.Consent(ctx, consent.ConsentKey)
	h.must(err, "Consent")
	consent.CreatedAt, consent.UpdatedAt = h.now, h.now
	same(h, "the consent", got, consent)

	r = h.signedIn()
	consent.Scope, consent.MetadataHash = store.Scope{"read"}, store.DigestOf("second")
	h.must(h.DecideRequest(ctx, r.ID, browser, yes, &consent, h.at(time.Minute)), "DecideRequest again")
	got, err = h.Consent(ctx, consent.ConsentKey)
	h.must(err, "Consent")
	consent.UpdatedAt = h.at(time.Minute)
	same(h, "the consent, replaced and not added to", got, consent)

	for name, foreign := range map[string]func(*store.Consent){
		"of another person":  func(c *store.Consent) { c.Person = h.newPerson().ID },
		"for another client": func(c *store.Consent) { c.Client = "another" },
	} {
		r = h.signedIn()
		before, wrong := h.request(r.ID), consent
		foreign(&wrong)
		if err := h.DecideRequest(ctx, r.ID, browser, yes, &wrong, h.now); err == nil {
			h.Errorf("DecideRequest with a consent %s = nil, want an error", name)
		}
		same(h, "the request after a consent "+name, h.request(r.ID), before)
		_, err := h.Consent(ctx, wrong.ConsentKey)
		h.want(store.ErrNotFound, err, "Consent %s", name)
	}
}

func testClose(h *house) {
	ctx := h.Context()
	for _, tt := range []struct {
		name  string
		spoil func(r *store.Request, g *store.Grant, now *time.Time)
	}{
		{"another request", func(r *store.Request, g *store.Grant, now *time.Time) { r.ID = "req-none" }},
		{"another browser", func(r *store.Request, g *store.Grant, now *time.Time) { r.Browser = store.DigestOf("x") }},
		{"when it expires", func(r *store.Request, g *store.Grant, now *time.Time) { *now = r.Expires }},
		{"a grant for another person", func(r *store.Request, g *store.Grant, now *time.Time) { g.Person = h.newPerson().ID }},
		{"a grant to another client", func(r *store.Request, g *store.Grant, now *time.Time) { g.Client = "another" }},
		{"after the person refused", func(r *store.Request, g *store.Grant, now *time.Time) {
			no := store.Decision{Verdict: store.Denied, Person: h.person.ID}
			h.must(h.DecideRequest(ctx, r.ID, browser, no, nil, h.now), "DecideRequest")
		}},
		{"after the password was replaced", func(r *store.Request, g *store.Grant, now *time.Time) {
			h.must(h.SetPassword(ctx, h.person.ID, "$argon2id$2", false, h.now), "SetPassword")
		}},
		{"after the person was disabled and enabled", func(r *store.Request, g *store.Grant, now *time.Time) {
			h.must(h.SetPersonDisabled(ctx, h.person.ID, true, h.now), "SetPersonDisabled")
			h.must(h.SetPersonDisabled(ctx, h.person.ID, false, h.now), "SetPersonDisabled")
		}},
	} {
		h.Run(tt.name, func(t *testing.T) {
			h := h.in(t)
			r, g, now := h.signedIn(), h.grant(), h.now
			id := r.ID
			tt.spoil(&r, &g, &now)
			h.want(store.ErrNotFound, h.CloseRequest(ctx, r.ID, r.Browser, g, now), "CloseRequest")
			h.request(id)
			_, err := h.Grant(ctx, g.ID)
			h.want(store.ErrNotFound, err, "Grant")
		})
	}

	r, taken, g := h.signedIn(), h.filed(), h.grant()
	h.want(store.ErrExists, h.CloseRequest(ctx, r.ID, browser, taken, h.now), "CloseRequest with a grant that is there")
	h.request(r.ID)
	h.must(h.CloseRequest(ctx, r.ID, browser, g, h.now), "CloseRequest")
	same(h, "the grant", h.stored(g.ID), g)
	_, err := h.Request(ctx, r.ID, h.now)
	h.want(store.ErrNotFound, err, "Request after CloseRequest")
	h.want(store.ErrNotFound, h.CloseRequest(ctx, r.ID, browser, h.grant(), h.now), "CloseRequest again")
}

func testDrop(h *house) {
	r, other := h.opened(), h.opened()
	h.must(h.DropRequest(h.Context(), r.ID, store.DigestOf("another")), "DropRequest by another browser")
	h.request(r.ID)
	h.must(h.DropRequest(h.Context(), r.ID, browser), "DropRequest")
	_, err := h.Request(h.Context(), r.ID, h.now)
	h.want(store.ErrNotFound, err, "Request after DropRequest")
	h.must(h.DropRequest(h.Context(), r.ID, browser), "DropRequest again")
	h.request(other.ID)
}
