// terms.go: what the operator set for one client, and what is given without asking.

package storetest

import (
	"encoding/json"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var termTests = map[string]func(*house){
	"are kept with the client":                                 testTermsKept,
	"let a refresh chain live only so long":                    testShorterLives,
	"come with facts when they are asked for":                  testFacts,
	"what is presumed stands beside what was agreed to":        testPresume,
	"nothing is presumed after the person withdrew":            testPresumeAfterWithdrawal,
	"a withdrawal concerns one person and one client":          testWithdrawalOfOne,
	"a client that is disabled loses its grants for good":      testDisableClient,
	"a resource that is removed takes its grants and consents": testDeleteResource,
}

func testTermsKept(h *house) {
	ctx := h.Context()
	c := h.client
	c.Terms = store.Terms{
		Lives: store.Lives{Access: time.Minute, RefreshLife: time.Hour}, Audience: []string{"urn:example:bus"}, AlsoFor: []string{"https://other.example"},
		Claims: json.RawMessage(`{"a":"{{ person.email }}"}`), SkipConsent: true,
	}
	h.must(h.UpdateClient(ctx, c), "UpdateClient")
	same(h, "the terms", h.storedClient(c.ID).Terms, c.Terms)
	document := h.newClient(store.Document)
	document.Terms = store.Terms{Lives: store.Lives{Access: time.Minute}}
	h.must(h.UpdateClient(ctx, document), "UpdateClient of a document")
	document.Terms, document.Metadata.ClientName, document.FetchedAt = store.Terms{}, "renamed", h.at(time.Hour)
	got, err := h.PutDocument(ctx, document)
	h.must(err, "PutDocument")
	same(h, "the terms of a client whose document changed", got.Terms, store.Terms{Lives: store.Lives{Access: time.Minute}})
}

// testShorterLives: the grant was made at 0 s, to live 10 h and an hour unused, and its code spent at 1 s.
func testShorterLives(h *house) {
	for _, tt := range []struct {
		name            string
		idle, life, now time.Duration
		want            error
	}{
		{"within both", time.Hour, 10 * time.Hour, time.Minute, nil},
		{"unused for as long as it may be now", time.Minute, 10 * time.Hour, 61 * time.Second, store.ErrNotFound},
		{"unused for a moment less", time.Minute, 10 * time.Hour, 60999 * time.Millisecond, nil},
		{"as old as it may be now", time.Hour, time.Minute, time.Minute, store.ErrNotFound},
		{"a moment younger", time.Hour, time.Minute, 59999 * time.Millisecond, nil},
		{"longer lives bring nothing back", 100 * time.Hour, 100 * time.Hour, 61 * time.Minute, store.ErrNotFound},
	} {
		g := h.spent()
		use := h.grantUse(g)
		use.Idle, use.Life, use.Now = tt.idle, tt.life, h.at(tt.now)
		_, err := h.RotateGrant(h.Context(), use)
		h.want(tt.want, err, "RotateGrant %s", tt.name)
		lives := store.Lives{RefreshIdle: tt.idle, RefreshLife: tt.life}
		if end := lives.EndOfRefresh(g); use.Now.Before(end) != (tt.want == nil) {
			h.Errorf("EndOfRefresh %s = %v at %v, and RotateGrant says otherwise", tt.name, end, use.Now)
		}
	}
}

func testFacts(h *house) {
	ctx := h.Context()
	g := h.filed()
	use := h.codeUse(g)
	use.Facts = true
	spent, err := h.SpendCode(ctx, use)
	h.must(err, "SpendCode")
	want := &store.Facts{Email: h.person.Email, EmailVerified: true, Name: "Zoë", OrgName: "Org"}
	same(h, "the facts when a code is spent", spent.Standing.Facts, want)
	o, err := h.Organization(ctx, "org")
	h.must(err, "Organization")
	o.Name = "Renamed"
	h.must(h.UpdateOrganization(ctx, o), "UpdateOrganization")
	again := h.grantUse(spent)
	again.Facts = true
	rotated, err := h.RotateGrant(ctx, again)
	h.must(err, "RotateGrant")
	want.OrgName = "Renamed"
	same(h, "the facts at a refresh", rotated.Standing.Facts, want)
	own := h.grant()
	own.Org = ""
	h.must(h.FileGrant(ctx, own), "FileGrant")
	use = h.codeUse(own)
	use.Facts = true
	spent, err = h.SpendCode(ctx, use)
	h.must(err, "SpendCode of no organization")
	want.OrgName = ""
	same(h, "the facts without an organization", spent.Standing.Facts, want)
	same(h, "the facts when nobody asked", h.spent().Standing.Facts, (*store.Facts)(nil))
}

// presumed is a consent to what is given without asking.
func (h *house) presumed(key store.ConsentKey, scope ...string) store.Consent {
	return store.Consent{ConsentKey: key, Presumed: scope, MetadataHash: store.DigestOf("m"), CreatedAt: h.now, UpdatedAt: h.now}
}

func testPresume(h *house) {
	ctx := h.Context()
	want := h.presumed(h.key(), "read")
	h.must(h.PresumeConsent(ctx, want, h.now), "PresumeConsent")
	got, err := h.Consent(ctx, h.key())
	h.must(err, "Consent")
	same(h, "what was presumed", got, want)
	agreed := h.agree(h.key(), h.at(time.Minute))
	more := h.presumed(h.key(), "read", "write")
	more.MetadataHash = store.DigestOf("another")
	h.must(h.PresumeConsent(ctx, more, h.at(time.Hour)), "PresumeConsent of more")
	got, err = h.Consent(ctx, h.key())
	h.must(err, "Consent")
	agreed.Presumed, agreed.CreatedAt, agreed.UpdatedAt = more.Presumed, h.now, h.at(time.Hour)
	same(h, "what was agreed to and what was presumed", got, agreed)
}

func testPresumeAfterWithdrawal(h *house) {
	ctx := h.Context()
	h.must(h.PresumeConsent(ctx, h.presumed(h.key(), "read"), h.now), "PresumeConsent")
	g := h.spent()
	h.must(h.WithdrawConsent(ctx, h.key(), store.EndedByPerson, h.now), "WithdrawConsent")
	same(h, "why the grant ended", h.stored(g.ID).EndReason, store.EndedByPerson)
	elsewhere := h.key()
	elsewhere.Resource, elsewhere.Org = "https://other.example", ""
	for _, key := range []store.ConsentKey{h.key(), elsewhere} {
		h.want(store.ErrNotFound, h.PresumeConsent(ctx, h.presumed(key, "read"), h.now), "PresumeConsent after a withdrawal")
		_, err := h.Consent(ctx, key)
		h.want(store.ErrNotFound, err, "Consent")
	}
	h.agree(h.key(), h.now)
	h.want(store.ErrNotFound, h.PresumeConsent(ctx, h.presumed(h.key(), "write"), h.now), "PresumeConsent of what was not agreed to")
	h.must(h.DeleteClient(ctx, h.client.ID, h.now), "DeleteClient")
	h.must(h.PresumeConsent(ctx, h.presumed(h.key(), "read"), h.now), "PresumeConsent after the client was made anew")
}

func testWithdrawalOfOne(h *house) {
	ctx := h.Context()
	h.agree(h.key(), h.now)
	h.must(h.WithdrawConsent(ctx, h.key(), store.EndedByPerson, h.now), "WithdrawConsent")
	person, client := h.key(), h.key()
	person.Person, client.Client = h.newPerson().ID, h.newClient(store.Registered).ID
	for _, key := range []store.ConsentKey{person, client} {
		h.must(h.PresumeConsent(ctx, h.presumed(key, "read"), h.now), "PresumeConsent of another")
	}
	self := h.key()
	self.Client = h.newClient(store.SelfRegister).ID
	h.agree(self, h.now)
	h.must(h.WithdrawConsent(ctx, self, store.EndedByPerson, h.now), "WithdrawConsent from a client that registered itself")
	h.must(h.PresumeConsent(ctx, h.presumed(self, "read"), h.now), "PresumeConsent: such withdrawals would pile up")
}

func testDisableClient(h *house) {
	ctx := h.Context()
	g, other := h.spent(), h.grant()
	other.Client = h.newClient(store.Registered).ID
	h.must(h.FileGrant(ctx, other), "FileGrant")
	before := h.storedClient(h.client.ID).Version
	h.must(h.SetClientDisabled(ctx, h.client.ID, true, h.now), "SetClientDisabled")
	if c := h.storedClient(h.client.ID); !c.Disabled || c.Version != before+1 {
		h.Errorf("the client is disabled: %v, at version %d, want yes at %d", c.Disabled, c.Version, before+1)
	}
	h.must(h.SetClientDisabled(ctx, h.client.ID, false, h.now), "SetClientDisabled: enable")
	same(h, "why its grant ended", h.stored(g.ID).EndReason, store.EndedByOperator)
	same(h, "why another's did", h.stored(other.ID).EndReason, store.EndReason(""))
	use := h.grantUse(g)
	use.ClientVersion = before + 2
	_, err := h.RotateGrant(ctx, use)
	h.want(store.ErrNotFound, err, "RotateGrant of a client that was disabled once")
	h.want(store.ErrNotFound, h.SetClientDisabled(ctx, "none", true, h.now), "SetClientDisabled of none")
	h.want(store.ErrNotFound, h.SetClientDisabled(ctx, "none", false, h.now), "SetClientDisabled of none: enable")
}

func testDeleteResource(h *house) {
	ctx := h.Context()
	uri := h.key().Resource
	h.must(h.PutResource(ctx, store.Resource{URI: uri, Name: "Going"}), "PutResource")
	h.must(h.PutResource(ctx, store.Resource{URI: "https://stays.example", Name: "Staying"}), "PutResource")
	elsewhere := h.key()
	elsewhere.Resource = "https://stays.example"
	h.agree(h.key(), h.now)
	h.agree(elsewhere, h.now)
	g, other := h.spent(), h.grant()
	other.Resource = elsewhere.Resource
	h.must(h.FileGrant(ctx, other), "FileGrant")
	h.must(h.DeleteResource(ctx, uri, h.now), "DeleteResource")
	same(h, "why its grant ended", h.stored(g.ID).EndReason, store.EndedByOperator)
	same(h, "why a grant elsewhere did", h.stored(other.ID).EndReason, store.EndReason(""))
	_, err := h.Consent(ctx, h.key())
	h.want(store.ErrNotFound, err, "Consent")
	_, err = h.Consent(ctx, elsewhere)
	h.must(err, "Consent elsewhere")
	h.want(store.ErrNotFound, h.DeleteResource(ctx, uri, h.now), "DeleteResource again")
}
