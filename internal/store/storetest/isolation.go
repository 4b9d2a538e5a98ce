// isolation.go: nothing of a project can be seen or touched from another.

package storetest

import (
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var isolationTests = map[string]func(*house){
	"a row is invisible and untouchable from another project": testApart,
	"the same names can be used in two projects":              testSameNames,
	"a full room in one project is another's empty one":       testRooms,
	"every step of the interface has been tried from outside": testAllTried,
}

// belongings are one row of every kind in a project.
type belongings struct {
	request, signedIn, decided store.Request
	grant, spent               store.Grant
	consent                    store.Consent
	session                    store.Session
	attempt, token             store.Digest
	document                   store.Client
	challenge                  store.Challenge
	half                       store.HalfLogin
	identity                   store.Identity
	offices                    offices
	passkey                    store.Passkey
	ceremony                   store.Ceremony
	trust                      trusting
	provider                   store.Provider
	journey                    store.Journey
}

func (h *house) belong() belongings {
	h.Helper()
	ctx := h.Context()
	b := belongings{request: h.opened(), signedIn: h.signedIn(), decided: h.signedIn(), grant: h.filed(), spent: h.spent(), consent: h.agree(h.key(), h.now),
		session: h.session(), attempt: store.DigestOf(h.unique("key")), token: store.DigestOf(h.unique("token")), document: h.newClient(store.Document), challenge: h.asked(),
		identity: h.known(), offices: h.offices(), passkey: h.passkey(), ceremony: h.ceremony(), trust: h.trusting(), half: h.half()}
	b.provider = h.newProvider()
	b.journey = h.journey(b.provider.ID)
	h.signingKey("1", h.now)
	h.signingKey("2", h.now)
	h.must(h.CreateFirstOperator(ctx, h.someOperator()), "CreateFirstOperator")
	h.must(h.CountFailure(ctx, "", h.now, time.Hour, b.attempt), "CountFailure")
	h.must(h.AddAuthenticator(ctx, h.authenticator(), []store.Digest{recoveryCode}), "AddAuthenticator")
	h.must(h.RevokeToken(ctx, b.token, h.at(time.Hour)), "RevokeToken")
	h.must(h.PutResource(ctx, store.Resource{URI: "https://mcp.example", Name: "mine"}), "PutResource")
	h.must(h.PutRole(ctx, store.Role{Name: "member", Permissions: []string{"mine"}}), "PutRole")
	_, err := h.Secret(ctx, "mac", []byte("mine"))
	h.must(err, "Secret")
	return b
}

// snapshot reads everything of a project that was filed by belong.
func (h *house) snapshot(b belongings) []any {
	h.Helper()
	ctx := h.Context()
	var all []any
	keep := func(v any, err error) {
		h.Helper()
		h.must(err, "reading a %T", v)
		all = append(all, v)
	}
	for _, id := range []store.RequestID{b.request.ID, b.signedIn.ID, b.decided.ID} {
		keep(h.Request(ctx, id, h.now))
	}
	for _, id := range []store.GrantID{b.grant.ID, b.spent.ID} {
		keep(h.Grant(ctx, id))
	}
	keep(h.ConsentsOf(ctx, h.person.ID))
	keep(h.Clients(ctx, "", 100))
	keep(h.Resources(ctx))
	keep(h.People(ctx, "", 100))
	keep(h.IdentitiesOf(ctx, h.person.ID))
	keep(h.TrustedIssuers(ctx))
	keep(h.Handover(ctx, b.trust.handover.ID, h.now))
	keep(h.Organizations(ctx, "", 100))
	keep(h.Members(ctx, "org", "", 100))
	keep(h.Roles(ctx))
	keep(h.filedInOffices(b.offices), nil)
	session, _, err := h.Session(ctx, b.session.ID, time.Hour, h.now)
	keep(session, err)
	keep(h.Attempts(ctx, h.now, b.attempt))
	keep(h.TokenRevoked(ctx, b.token))
	keep(h.Challenge(ctx, b.challenge.ID, h.now))
	keep(h.PasskeysOf(ctx, h.person.ID))
	keep(h.Providers(ctx))
	keep(h.Authenticator(ctx, h.person.ID))
	keep(h.FactorsOf(ctx, h.person.ID))
	keep(h.HalfLogin(ctx, b.half.ID, browser, h.now))
	keep(h.SigningKeys(ctx))
	keep(h.Secret(ctx, "mac", []byte("fresh")))
	keep(h.Events(ctx, store.EventFilter{}, 1000))
	return all
}

// trespass is a step taken from another project on what is not there, and how it has to end: without a row, or without effect.
type trespass struct {
	method string
	try    func(s store.Store) error
	want   error
}

func nothing(empty bool, err error) error {
	if err == nil && !empty {
		return errors.New("it saw something")
	}
	return err
}

func (h *house) endGrants(f store.GrantFilter) func(s store.Store) error {
	return func(s store.Store) error {
		n, err := s.EndGrants(h.Context(), f, store.EndedByClient, h.now)
		return nothing(n == 0, err)
	}
}

func (h *house) trespasses(b belongings) []trespass {
	return slices.Concat(h.trespassesOnGrants(b), h.trespassesOnPeople(b), h.trespassesOnOffices(b.offices), h.trespassesOnPasskeys(b), h.trespassesOnTrust(b.trust), h.trespassesOnProviders(b), h.trespassesOnFactors(b))
}

// trespassesOnGrants are those on requests, grants, consents, clients and resources.
func (h *house) trespassesOnGrants(b belongings) []trespass {
	ctx := h.Context()
	gone := store.ErrNotFound
	decision := store.Decision{Verdict: store.Allowed, Person: h.person.ID}
	return []trespass{
		{"Request", func(s store.Store) error { _, err := s.Request(ctx, b.request.ID, h.now); return err }, gone},
		{"SignInRequest", func(s store.Store) error { return s.SignInRequest(ctx, b.request.ID, browser, h.login(), h.now) }, gone},
		{"DecideRequest", func(s store.Store) error { return s.DecideRequest(ctx, b.signedIn.ID, browser, decision, nil, h.now) }, gone},
		{"CloseRequest", func(s store.Store) error { return s.CloseRequest(ctx, b.decided.ID, browser, h.grant(), h.now) }, gone},
		{"RefuseRequest", func(s store.Store) error {
			return s.RefuseRequest(ctx, b.request.ID, browser, oauth.Errorf(oauth.AccessDenied, "no"), h.now)
		}, gone},
		{"DropRequest", func(s store.Store) error { return s.DropRequest(ctx, b.request.ID, browser) }, nil},
		{"SpendCode", func(s store.Store) error { _, err := s.SpendCode(ctx, h.codeUse(b.grant)); return err }, gone},
		{"MissCode", func(s store.Store) error { return s.MissCode(ctx, b.grant.ID, b.grant.Code) }, gone},
		{"RotateGrant", func(s store.Store) error { _, err := s.RotateGrant(ctx, h.grantUse(b.spent)); return err }, gone},
		{"Grant", func(s store.Store) error { _, err := s.Grant(ctx, b.grant.ID); return err }, gone},
		{"LiveGrant", func(s store.Store) error { _, err := s.LiveGrant(ctx, b.spent.ID, h.now); return err }, gone},
		{"EndGrant", func(s store.Store) error { return s.EndGrant(ctx, b.grant.ID, store.EndedByClient, h.now) }, gone},
		{"EndGrants", h.endGrants(store.GrantFilter{}), nil},
		{"EndGrants", h.endGrants(store.GrantFilter{Person: h.person.ID}), nil},
		{"EndGrants", h.endGrants(store.GrantFilter{Client: h.client.ID}), nil},
		{"EndGrants", h.endGrants(store.GrantFilter{Person: h.person.ID, Client: h.client.ID}), nil},
		{"TokenRevoked", func(s store.Store) error { v, err := s.TokenRevoked(ctx, b.token); return nothing(!v, err) }, nil},
		{"Consent", func(s store.Store) error { _, err := s.Consent(ctx, h.key()); return err }, gone},
		{"ConsentsOf", func(s store.Store) error { v, err := s.ConsentsOf(ctx, h.person.ID); return nothing(v == nil, err) }, nil},
		{"Connections", func(s store.Store) error {
			v, err := s.Connections(ctx, store.ConnectionQuery{Limit: 100, Now: h.now})
			return nothing(v == nil, err)
		}, nil},
		{"WithdrawConsent", func(s store.Store) error { return s.WithdrawConsent(ctx, h.key(), store.EndedByPerson, h.now) }, gone},
		{"Client", func(s store.Store) error { _, err := s.Client(ctx, h.client.ID); return err }, gone},
		{"Clients", func(s store.Store) error { v, err := s.Clients(ctx, "", 100); return nothing(v == nil, err) }, nil},
		{"UpdateClient", func(s store.Store) error { return s.UpdateClient(ctx, h.client) }, store.ErrChanged},
		{"SetClientDisabled", func(s store.Store) error { return s.SetClientDisabled(ctx, h.client.ID, true, h.now) }, gone},
		{"DeleteResource", func(s store.Store) error { return s.DeleteResource(ctx, "https://mcp.example", h.now) }, gone},
		{"DeleteClient", func(s store.Store) error { return s.DeleteClient(ctx, h.client.ID, h.now) }, gone},
		{"Resources", func(s store.Store) error { v, err := s.Resources(ctx); return nothing(v == nil, err) }, nil},
	}
}

// trespassesOnPeople are those on people, their organizations, sessions and keys.
func (h *house) trespassesOnPeople(b belongings) []trespass {
	ctx := h.Context()
	gone := store.ErrNotFound
	return []trespass{
		{"Person", func(s store.Store) error { _, err := s.Person(ctx, h.person.ID); return err }, gone},
		{"PersonByEmail", func(s store.Store) error { _, err := s.PersonByEmail(ctx, h.person.Email); return err }, gone},
		{"People", func(s store.Store) error { v, err := s.People(ctx, "", 100); return nothing(v == nil, err) }, nil},
		{"HasOperator", func(s store.Store) error { v, err := s.HasOperator(ctx); return nothing(!v, err) }, nil},
		{"SetPassword", func(s store.Store) error { return s.SetPassword(ctx, h.person.ID, "x", false, h.now) }, gone},
		{"SetPassword", func(s store.Store) error { return s.SetPassword(ctx, h.person.ID, "x", true, h.now) }, gone},
		{"RenewPassword", func(s store.Store) error { return s.RenewPassword(ctx, h.person.ID, h.person.Password, "x") }, store.ErrChanged},
		{"Organization", func(s store.Store) error { _, err := s.Organization(ctx, "org"); return err }, gone},
		{"Organizations", func(s store.Store) error { v, err := s.Organizations(ctx, "", 100); return nothing(v == nil, err) }, nil},
		{"UpdateOrganization", func(s store.Store) error {
			return s.UpdateOrganization(ctx, store.Organization{ID: "org", Slug: "theirs", Version: 1})
		}, store.ErrChanged},
		{"PutMember", func(s store.Store) error {
			return s.PutMember(ctx, store.Membership{Org: "org", Person: h.person.ID, Roles: []string{"admin"}})
		}, gone},
		{"RemoveMember", func(s store.Store) error { return s.RemoveMember(ctx, "org", h.person.ID, h.now) }, gone},
		{"Members", func(s store.Store) error { v, err := s.Members(ctx, "org", "", 100); return nothing(v == nil, err) }, nil},
		{"Member", func(s store.Store) error { _, err := s.Member(ctx, "org", h.person.ID); return err }, gone},
		{"OrganizationsOf", func(s store.Store) error {
			v, err := s.OrganizationsOf(ctx, h.person.ID)
			return nothing(v == nil, err)
		}, nil},
		{"DeleteRole", func(s store.Store) error { return s.DeleteRole(ctx, "member") }, gone},
		{"Roles", func(s store.Store) error { v, err := s.Roles(ctx); return nothing(v == nil, err) }, nil},
		{"AddIdentity", func(s store.Store) error { return s.AddIdentity(ctx, h.identity()) }, gone},
		{"UseIdentity", func(s store.Store) error {
			_, err := s.UseIdentity(ctx, b.identity.Issuer, b.identity.Subject, h.at(time.Hour))
			return err
		}, gone},
		{"IdentitiesOf", func(s store.Store) error { v, err := s.IdentitiesOf(ctx, h.person.ID); return nothing(v == nil, err) }, nil},
		{"RemoveIdentity", func(s store.Store) error {
			return s.RemoveIdentity(ctx, h.person.ID, b.identity.Issuer, b.identity.Subject)
		}, gone},
		{"SetPersonDisabled", func(s store.Store) error { return s.SetPersonDisabled(ctx, h.person.ID, true, h.now) }, gone},
		{"OpenSession", func(s store.Store) error { return s.OpenSession(ctx, h.someSession(), b.session.ID) }, gone},
		{"Session", func(s store.Store) error {
			_, _, err := s.Session(ctx, b.session.ID, time.Hour, h.now)
			return err
		}, gone},
		{"Session", func(s store.Store) error { // so late that it is marked used
			_, _, err := s.Session(ctx, b.session.ID, time.Hour, h.at(2*time.Minute))
			return err
		}, gone},
		{"CloseSession", func(s store.Store) error { return s.CloseSession(ctx, b.session.ID) }, nil},
		{"SessionsOf", func(s store.Store) error {
			v, err := s.SessionsOf(ctx, h.person.ID, h.now)
			return nothing(len(v) == 0, err)
		}, nil},
		{"CloseSessionOf", func(s store.Store) error { return s.CloseSessionOf(ctx, h.person.ID, b.session.ID) }, gone},
		{"CloseOtherSessions", func(s store.Store) error {
			n, err := s.CloseOtherSessions(ctx, h.person.ID, store.Digest{})
			return nothing(n == 0, err)
		}, nil},
		{"Challenge", func(s store.Store) error { _, err := s.Challenge(ctx, b.challenge.ID, h.now); return err }, gone},
		{"TryChallenge", func(s store.Store) error { _, err := s.TryChallenge(ctx, b.challenge.ID, browser, h.now); return err }, gone},
		{"SpendChallenge", func(s store.Store) error {
			_, err := s.SpendChallenge(ctx, b.challenge.ID, b.challenge.Purpose, b.challenge.Link, h.now)
			return err
		}, gone},
		{"VerifyEmail", func(s store.Store) error { return s.VerifyEmail(ctx, h.person.ID, h.person.Email, h.now) }, gone},
		{"Attempts", func(s store.Store) error {
			v, err := s.Attempts(ctx, h.now, b.attempt)
			return nothing(len(v) == 0, err)
		}, nil},
		{"ForgetFailures", func(s store.Store) error { return s.ForgetFailures(ctx, b.attempt) }, nil},
		{"SigningKeys", func(s store.Store) error { v, err := s.SigningKeys(ctx); return nothing(v == nil, err) }, nil},
		{"RetireKeys", func(s store.Store) error { return s.RetireKeys(ctx, "1", h.now) }, gone},
		{"Events", func(s store.Store) error {
			v, err := s.Events(ctx, store.EventFilter{Person: h.person.ID}, 1000)
			return nothing(v == nil, err)
		}, nil},
	}
}

// creations file a row under a name that the first project has, in the second.
func (h *house) creations(b belongings) []trespass {
	ctx := h.Context()
	return append([]trespass{
		{"CreatePerson", func(s store.Store) error { return s.CreatePerson(ctx, h.person) }, nil},
		{"CreateFirstOperator", func(s store.Store) error {
			p := h.person
			p.ID, p.Email = p.ID+"-2", "first@example.com"
			return s.CreateFirstOperator(ctx, p)
		}, nil},
		{"CreatePersonWithIdentity", func(s store.Store) error {
			p, i := h.person, b.identity
			p.ID, p.Email, i.Person = p.ID+"-3", "comer@example.com", p.ID+"-3"
			return s.CreatePersonWithIdentity(ctx, p, i)
		}, nil},
		{"CreateTrustedIssuer", func(s store.Store) error { return s.CreateTrustedIssuer(ctx, b.trust.issuer) }, nil},
		{"OpenHandover", func(s store.Store) error { return s.OpenHandover(ctx, b.trust.handover) }, nil},
		{"SpendToken", func(s store.Store) error { return s.SpendToken(ctx, b.trust.token, h.now) }, nil},
		{"CreateOrganization", func(s store.Store) error {
			return s.CreateOrganization(ctx, store.Organization{ID: "org", Slug: "org", Name: "theirs"})
		}, nil},
		{"PutRole", func(s store.Store) error {
			return s.PutRole(ctx, store.Role{Name: "member", Permissions: []string{"theirs"}})
		}, nil},
		{"CreateClient", func(s store.Store) error { return s.CreateClient(ctx, h.client) }, nil},
		{"RegisterClient", func(s store.Store) error {
			c := h.client
			c.ID += "-2"
			_, err := s.RegisterClient(ctx, c, 0)
			return err
		}, nil},
		{"PutDocument", func(s store.Store) error {
			c := b.document
			c.Metadata.ClientName, c.FetchedAt = "renamed", h.at(time.Hour)
			_, err := s.PutDocument(ctx, c)
			return err
		}, nil},
		{"OpenChallenge", func(s store.Store) error { return s.OpenChallenge(ctx, b.challenge) }, nil},
		{"CreatePersonWithPasskey", func(s store.Store) error {
			p := h.person
			p.ID, p.Email = p.ID+"-key", "key@example.com"
			return s.CreatePersonWithPasskey(ctx, p, b.passkey)
		}, nil},
		{"OpenCeremony", func(s store.Store) error { return s.OpenCeremony(ctx, b.ceremony) }, nil},
		{"OpenHalfLogin", func(s store.Store) error { return s.OpenHalfLogin(ctx, b.half) }, nil},
		{"AddAuthenticator", func(s store.Store) error { return s.AddAuthenticator(ctx, h.authenticator(), nil) }, nil},
		{"OpenRequest", func(s store.Store) error { return s.OpenRequest(ctx, b.request) }, nil},
		{"PresumeConsent", func(s store.Store) error { return s.PresumeConsent(ctx, h.presumed(h.key(), "read"), h.now) }, nil},
		{"FileGrant", func(s store.Store) error {
			g := b.grant
			g.CreatedAt = h.at(48 * time.Hour) // marks the client used, two days after
			return s.FileGrant(ctx, g)
		}, nil},
		{"OpenSession", func(s store.Store) error { return s.OpenSession(ctx, b.session, store.Digest{}) }, nil},
		{"RevokeToken", func(s store.Store) error { return s.RevokeToken(ctx, b.token, h.now) }, nil},
		{"PutResource", func(s store.Store) error {
			return s.PutResource(ctx, store.Resource{URI: "https://mcp.example", Name: "theirs"})
		}, nil},
		{"CountFailure", func(s store.Store) error { return s.CountFailure(ctx, "", h.now, time.Hour, b.attempt) }, nil},
		{"AddKey", func(s store.Store) error { return s.AddKey(ctx, store.SigningKey{ID: "1", Sealed: []byte("theirs")}) }, nil},
		{"Secret", func(s store.Store) error {
			v, err := s.Secret(ctx, "mac", []byte("theirs"))
			return nothing(string(v) == "theirs", err)
		}, nil},
	}, h.creationsOfOffices(b.offices)...)
}

func (h *house) try(b belongings, tries []trespass) {
	h.Helper()
	before := h.snapshot(b)
	for _, tt := range tries {
		if err := tt.try(h.other); !errors.Is(err, tt.want) {
			h.Errorf("%s from another project = %v, want %v", tt.method, err, tt.want)
		}
		if diff := cmp.Diff(before, h.snapshot(b), addresses); diff != "" {
			h.Fatalf("%s from another project changed: -before +after\n%s", tt.method, diff)
		}
	}
}

func testApart(h *house) {
	b := h.belong()
	h.try(b, h.trespasses(b))
}

func testSameNames(h *house) {
	b := h.belong()
	h.try(b, append(h.creations(b), h.creationsOfProviders(b)...))
	// Now that the names are there on both sides, every step from outside meets its own rows and no others.
	before := h.snapshot(b)
	_, _, err := h.other.Session(h.Context(), b.session.ID, time.Hour, h.at(2*time.Minute))
	h.must(err, "Session of the same id in another project")
	_, err = h.other.LiveGrant(h.Context(), b.spent.ID, h.now)
	h.want(store.ErrNotFound, err, "LiveGrant from a project with the same person and client")
	for _, tt := range h.trespasses(b) {
		if err := tt.try(h.other); errors.Is(err, store.ErrExists) {
			h.Errorf("%s from another project = %v", tt.method, err)
		}
		if diff := cmp.Diff(before, h.snapshot(b), addresses); diff != "" {
			h.Fatalf("%s from a project with the same names changed: -before +after\n%s", tt.method, diff)
		}
	}
}

// testRooms lets clients of the same ids register themselves in two projects, of which one has less room.
func testRooms(h *house) {
	ctx := h.Context()
	var clients []store.Client
	for i := range 4 {
		c := h.someClient(store.SelfRegister)
		c.CreatedAt = h.at(time.Duration(i) * time.Minute)
		clients = append(clients, c)
		_, err := h.RegisterClient(ctx, c, 100)
		h.must(err, "RegisterClient")
	}
	for _, c := range clients {
		_, err := h.other.RegisterClient(ctx, c, 2)
		h.must(err, "RegisterClient in another project")
	}
	for i, c := range clients {
		h.storedClient(c.ID)
		_, err := h.other.Client(ctx, c.ID)
		if i < 2 {
			h.want(store.ErrNotFound, err, "Client %d, for which another project had no room", i)
		} else {
			h.must(err, "Client %d of another project", i)
		}
	}
}

func testAllTried(h *house) {
	tried := make(map[string]bool)
	b := h.belong()
	for _, tt := range slices.Concat(h.trespasses(b), h.creations(b), h.creationsOfProviders(b)) {
		tried[tt.method] = true
	}
	for m := range reflect.TypeFor[store.Store]().Methods() {
		if !tried[m.Name] {
			h.Errorf("no test takes the step %s from another project", m.Name)
		}
	}
}
