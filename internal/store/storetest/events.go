// events.go: what happened is written down by the step that makes it happen.

package storetest

import (
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
)

var eventTests = map[string]func(*house){
	"every step leaves its events, and there is a step for every kind": testDeeds,
	"every step has been thought of":                                   testEveryStep,
	"steps that are none of them leave nothing":                        testSilentSteps,
	"what did not happen leaves nothing":                               testNoDeeds,
	"of callers at once the one that wins leaves an event":             raceDeeds,
	"who acts, from where and when comes from the context":             testActors,
	"are listed newest first, by what they are about":                  testEvents,
	"keep their order within a millisecond":                            testEventOrder,
}

// addresses are compared as a whole.
var addresses = cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

// events lists the events that fit the filter.
func (h *house) events(f store.EventFilter, limit int) []store.Event {
	h.Helper()
	got, err := h.Events(h.Context(), f, limit)
	h.must(err, "Events(%+v)", f)
	return got
}

// from are the events of what was done from place, without their ids and times.
func (h *house) from(place netip.Addr) (got []store.Event) {
	h.Helper()
	for _, e := range h.events(store.EventFilter{}, 1000) {
		if e.From == place {
			e.ID, e.At, e.From = "", time.Time{}, netip.Addr{}
			got = append(got, e)
		}
	}
	return got
}

// inFull is the event as it is read: it counts one row, and names who acts for themselves.
func inFull(e store.Event) store.Event {
	e.Count = max(e.Count, 1)
	switch {
	case e.Actor.ID != "":
	case e.Actor.Kind == store.ByPerson:
		e.Actor.ID = string(e.Person)
	case e.Actor.Kind == store.ByClient:
		e.Actor.ID = string(e.Client)
	}
	return e
}

func testDeeds(h *house) {
	shown := make(map[store.EventKind]bool)
	for _, d := range deeds {
		h.Run(d.method, func(t *testing.T) {
			h := newHouse(t, h.db)
			var want []store.Event
			for _, e := range d.act(h, store.By(t.Context(), store.Act{From: place})) {
				shown[e.Kind] = true
				want = append(want, inFull(e))
			}
			same(h, "the events that "+d.method+" left", h.from(place), want)
		})
	}
	for _, kind := range store.EventKinds {
		if !shown[kind] {
			h.Errorf("no step leaves an event of the kind %s", kind)
		}
		delete(shown, kind)
	}
	for kind := range shown {
		h.Errorf("the kind %s is not in EventKinds", kind)
	}
}

// readers change nothing.
var readers = []string{
	"Request", "Grant", "LiveGrant", "TokenRevoked", "Consent", "ConsentsOf", "Client", "Clients", "Connections", "Resources",
	"Person", "PersonByEmail", "People", "HasOperator", "IdentitiesOf", "Organization", "Organizations", "Members", "Member",
	"OrganizationsOf", "Roles", "Domain", "DomainsOf", "DomainsToCheck", "SessionsOf", "Attempts", "Challenge", "SigningKeys", "Events",
	"Passkey", "PasskeysOf", "Invitation", "InvitationsOf", "InvitationsTo", "Approvals", "Handover", "TrustedIssuer", "TrustedIssuers", "Provider", "Providers", "ProvidersFor",
	"FactorsOf", "Authenticator", "HalfLogin",
}

// silent are the steps that change something and leave no event, each with the reason why.
var silent = map[string]string{
	"OpenRequest":    "nobody has done anything yet",
	"SignInRequest":  "OpenSession tells of the login",
	"DropRequest":    "nothing came of it",
	"SpendCode":      "the grant was told of when it was filed",
	"MissCode":       "anybody can miss",
	"RotateGrant":    "a refresh changes nothing that was allowed",
	"ForgetFailures": "OpenSession tells of the login",
	"Session":        "it marks that somebody is there",
	"RenewPassword":  "the password stays",
	"UseIdentity":    "OpenSession tells of the login",
	"OpenChallenge":  "anybody can ask",
	"TryChallenge":   "CountFailure tells of those that failed",
	"SpendChallenge": "what it was for is told",
	"RegisterClient": "anybody can, by the thousand, and nothing is allowed by it",
	"NoteDomain":     "a look at DNS",
	"OpenHandover":   "anybody can ask",
	"OpenJourney":    "anybody can ask",
	"SpendJourney":   "OpenSession tells of the login, and AddIdentity of an identity",
	"AnswerHandover": "OpenSession tells of the login",
	"SpendHandover":  "OpenSession tells of the login",
	"SpendToken":     "OpenSession tells of the login",
	"SetSessionOrg":  "where in the house somebody looks",
	"OpenCeremony":   "anybody can ask",
	"SpendCeremony":  "what it was for is told",
	"UsePasskey":     "OpenSession tells of the login",
	"RenamePasskey":  "a name for its person alone",
	"RefuseRequest":  "nothing came of it",
	"OpenHalfLogin":  "half a login is none",
	"TryHalfLogin":   "CountFailure tells of those that failed",

	"FinishHalfLogin":  "OpenSession tells of the login",
	"UseAuthenticator": "OpenSession tells of the login",
	"UseRecoveryCode":  "OpenSession tells of the login",

	"Secret": "the deployment makes its own",
}

// testEveryStep finds the step that somebody added without a thought for its events.
func testEveryStep(h *house) {
	known := make(map[string]bool)
	for _, d := range deeds {
		known[d.method] = true
	}
	for _, name := range readers {
		known[name] = true
	}
	for m := range reflect.TypeFor[store.Store]().Methods() {
		if _, quiet := silent[m.Name]; known[m.Name] == quiet {
			h.Errorf("%s: a step is among the deeds, the readers, or the silent with its reason", m.Name)
		}
	}
}

func testSilentSteps(h *house) {
	ctx := store.By(h.Context(), store.Act{From: place})
	g, r := h.filed(), h.someRequest()
	h.must(h.OpenRequest(ctx, r), "OpenRequest")
	h.must(h.SignInRequest(ctx, r.ID, browser, h.login(), h.now), "SignInRequest")
	h.must(h.DropRequest(ctx, r.ID, browser), "DropRequest")
	h.must(h.MissCode(ctx, g.ID, g.Code), "MissCode")
	g, err := h.SpendCode(ctx, h.codeUse(g))
	h.must(err, "SpendCode")
	_, err = h.RotateGrant(ctx, h.grantUse(g))
	h.must(err, "RotateGrant")
	_, err = h.LiveGrant(ctx, g.ID, h.now)
	h.must(err, "LiveGrant")
	_, _, err = h.Session(ctx, h.session().ID, time.Hour, h.at(2*time.Minute))
	h.must(err, "Session")
	same(h, "the events of silent steps", h.from(place), nil)
}

func testNoDeeds(h *house) {
	ctx := store.By(h.Context(), store.Act{From: place})
	gone, d := store.ErrNotFound, store.Decision{Verdict: store.Allowed, Person: h.person.ID}
	decided := h.signedIn()
	h.must(h.DecideRequest(h.Context(), decided.ID, browser, d, nil, h.now), "DecideRequest")
	stranger := h.someSession()
	stranger.Auth.Person = "per-none"
	h.want(gone, h.OpenSession(ctx, stranger, store.Digest{}), "OpenSession of nobody")
	h.must(h.CloseSession(ctx, stranger.ID), "CloseSession of none")
	h.want(gone, h.DecideRequest(ctx, decided.ID, browser, d, nil, h.now), "DecideRequest again")
	h.want(gone, h.CloseRequest(ctx, "req-none", browser, h.grant(), h.now), "CloseRequest of none")
	h.want(store.ErrExists, h.FileGrant(ctx, h.filed()), "FileGrant of one that is there")
	h.want(gone, h.EndGrant(ctx, "grant-none", store.EndedByClient, h.now), "EndGrant of none")
	_, err := h.EndGrants(ctx, store.GrantFilter{Client: "client-none"}, store.EndedByClient, h.now)
	h.must(err, "EndGrants of a client that is not there")
	none := h.key()
	none.Resource = "https://other.example"
	h.want(gone, h.WithdrawConsent(ctx, none, store.EndedByPerson, h.now), "WithdrawConsent of none")
	wrong := &store.Consent{ConsentKey: h.key()}
	wrong.Client = "client-other"
	if err := h.DecideRequest(ctx, h.signedIn().ID, browser, d, wrong, h.now); err == nil {
		h.Error("DecideRequest with a consent to another client succeeded")
	}
	same(h, "the events of what did not happen", h.from(place), nil)
}

func raceDeeds(h *house) {
	ctx := store.By(h.Context(), store.Act{From: place})
	g := h.spent()
	for i, err := range together(func(int) error { return h.EndGrant(ctx, g.ID, store.EndedByReuse, h.now) }) {
		h.must(err, "EndGrant by caller %d", i)
	}
	same(h, "how many events one end of a grant left", len(h.from(place)), 1)
}

func testActors(h *house) {
	at := birth.AddDate(-20, 0, 0)
	operator := store.Actor{Kind: store.ByOperator, ID: "root"}
	v6 := netip.MustParseAddr("2001:db8::7")
	h.must(h.CloseSession(store.By(h.Context(), store.Act{Actor: operator, From: v6, Now: func() time.Time { return at }}), h.session().ID), "CloseSession")
	e := h.events(store.EventFilter{Kind: store.LoggedOut}, 1)[0]
	same(h, "who acted", e.Actor, operator)
	same(h, "where from", e.From, v6)
	same(h, "when", e.At, at)
	h.must(h.CloseSession(store.By(h.Context(), store.Act{From: netip.MustParseAddr("::ffff:192.0.2.7")}), h.session().ID), "CloseSession")
	e = h.events(store.EventFilter{Kind: store.LoggedOut}, 1)[0]
	same(h, "who acted, when the context does not say", e.Actor, store.Actor{Kind: store.ByPerson, ID: string(h.person.ID)})
	same(h, "where from, of an address in IPv6's clothes", e.From, place)
	if age := time.Since(e.At); age < 0 || age > time.Minute {
		h.Errorf("an event without a clock is %s old", age)
	}
}

func testEvents(h *house) {
	h.spent()
	h.must(h.EndGrant(h.Context(), h.spent().ID, store.EndedByReuse, h.now), "EndGrant")
	h.session()
	all := h.events(store.EventFilter{}, 1000)
	if !slices.IsSortedFunc(all, func(a, b store.Event) int { return -strings.Compare(string(a.ID), string(b.ID)) }) {
		h.Errorf("the events are not listed newest first: %v", all)
	}
	same(h, "the newest two", h.events(store.EventFilter{}, 2), all[:2])
	same(h, "the next two", h.events(store.EventFilter{Before: all[1].ID}, 2), all[2:4])
	same(h, "what is before the first", len(h.events(store.EventFilter{Before: all[len(all)-1].ID}, 2)), 0)
	for _, tt := range []struct {
		name   string
		filter store.EventFilter
		fits   func(store.Event) bool
	}{
		{"a person", store.EventFilter{Person: h.person.ID}, func(e store.Event) bool { return e.Person == h.person.ID }},
		{"a client", store.EventFilter{Client: h.client.ID}, func(e store.Event) bool { return e.Client == h.client.ID }},
		{"an organization", store.EventFilter{Org: "org"}, func(e store.Event) bool { return e.Org == "org" }},
		{"a kind", store.EventFilter{Kind: store.GrantEnded}, func(e store.Event) bool { return e.Kind == store.GrantEnded }},
		{"a time", store.EventFilter{Since: all[1].At}, func(e store.Event) bool { return !e.At.Before(all[1].At) }},
		{"all of them", store.EventFilter{Person: h.person.ID, Client: h.client.ID, Org: "org", Kind: store.Granted, Since: all[len(all)-1].At}, func(e store.Event) bool {
			return e.Person == h.person.ID && e.Client == h.client.ID && e.Org == "org" && e.Kind == store.Granted
		}},
		{"a person who did nothing", store.EventFilter{Person: "per-none"}, func(store.Event) bool { return false }},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(e store.Event) bool { return !tt.fits(e) })
		if tt.name != "a person who did nothing" && len(want) == 0 {
			h.Fatalf("there are no events of %s, so this test looked at nothing", tt.name)
		}
		same(h, "the events of "+tt.name, len(h.events(tt.filter, 1000)), len(want))
		if len(want) > 0 {
			same(h, "the events of "+tt.name, h.events(tt.filter, 1000), want)
		}
	}
}

func testEventOrder(h *house) {
	ctx := store.By(h.Context(), store.Act{From: place, Now: func() time.Time { return birth }})
	var want []store.Event
	for range 20 {
		g := h.grant()
		h.must(h.FileGrant(ctx, g), "FileGrant")
		want = append([]store.Event{inFull(h.granted(g))}, want...)
	}
	same(h, "twenty events of one millisecond", h.from(place), want)
}
