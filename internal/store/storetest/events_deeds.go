// events_deeds.go: every step that is worth an event, and the events it leaves.

package storetest

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// deed is a step and the events it leaves behind, newest first.
type deed struct {
	method string
	act    func(h *house, ctx context.Context) (left []store.Event)
}

var (
	itself = store.Actor{Kind: store.ByPerson}
	system = store.Actor{Kind: store.BySystem}
	place  = netip.MustParseAddr("192.0.2.7")
)

// deeds are the steps that leave events.
var deeds = slices.Concat(grantDeeds, peopleDeeds, factorDeeds, officeDeeds)

// grantDeeds are the steps that leave events about logins, consents and grants.
var grantDeeds = []deed{
	{"OpenSession", func(h *house, ctx context.Context) []store.Event {
		h.must(h.OpenSession(ctx, h.someSession(), store.Digest{}), "OpenSession")
		return []store.Event{{Kind: store.LoggedIn, Actor: itself, Person: h.person.ID, Detail: store.Detail{Methods: []string{"pwd"}}}}
	}},
	{"CloseSession", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CloseSession(ctx, h.session().ID), "CloseSession")
		return []store.Event{{Kind: store.LoggedOut, Actor: itself, Person: h.person.ID}}
	}},
	{"DecideRequest", func(h *house, ctx context.Context) []store.Event {
		d := store.Decision{Verdict: store.Allowed, Person: h.person.ID, Scope: store.Scope{"read"}, Org: "org"}
		consent := &store.Consent{ConsentKey: h.key(), Scope: d.Scope}
		h.must(h.DecideRequest(ctx, h.signedIn().ID, browser, d, consent, h.now), "DecideRequest")
		h.must(h.DecideRequest(ctx, h.signedIn().ID, browser, d, nil, h.now), "DecideRequest, not remembered")
		e := h.about(store.ConsentAllowed)
		e.Detail.Scope = d.Scope
		return []store.Event{e, e}
	}},
	{"DecideRequest", func(h *house, ctx context.Context) []store.Event {
		d := store.Decision{Verdict: store.Denied, Person: h.person.ID}
		h.must(h.DecideRequest(ctx, h.signedIn().ID, browser, d, nil, h.now), "DecideRequest")
		e := h.about(store.ConsentDenied)
		e.Org = ""
		return []store.Event{e}
	}},
	{"PresumeConsent", func(h *house, ctx context.Context) []store.Event {
		h.must(h.PresumeConsent(ctx, h.presumed(h.key(), "read"), h.now), "PresumeConsent")
		e := h.about(store.ConsentPresumed)
		e.Actor.Kind, e.Detail.Scope = store.BySystem, store.Scope{"read"}
		return []store.Event{e}
	}},
	{"FileGrant", func(h *house, ctx context.Context) []store.Event {
		g := h.grant()
		h.must(h.FileGrant(ctx, g), "FileGrant")
		return []store.Event{h.granted(g)}
	}},
	{"CloseRequest", func(h *house, ctx context.Context) []store.Event {
		r, g := h.signedIn(), h.grant()
		h.must(h.CloseRequest(ctx, r.ID, browser, g, h.now), "CloseRequest")
		return []store.Event{h.granted(g)}
	}},
	{"EndGrant", func(h *house, ctx context.Context) []store.Event {
		return h.end(ctx, store.EndedByReuse, store.ByClient)
	}},
	{"EndGrant", func(h *house, ctx context.Context) []store.Event {
		return h.end(ctx, store.EndedByReplay, store.ByClient)
	}},
	{"EndGrant", func(h *house, ctx context.Context) []store.Event {
		return h.end(ctx, store.EndedByClient, store.ByClient)
	}},
	{"EndGrant", func(h *house, ctx context.Context) []store.Event {
		return h.end(ctx, store.EndedByPolicy, store.BySystem)
	}},
	{"EndGrants", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.spent()
		_, err := h.EndGrants(ctx, store.GrantFilter{Client: h.client.ID}, store.EndedByOperator, h.now)
		h.must(err, "EndGrants")
		e := h.ended(store.EndedByOperator, store.BySystem)
		e.Person, e.Org, e.Resource, e.Count = "", "", "", 2
		return []store.Event{e}
	}},
	{"RevokeToken", func(h *house, ctx context.Context) []store.Event {
		ctx = store.As(ctx, store.Actor{Kind: store.ByClient, ID: "backend"})
		token := store.DigestOf(h.unique("token"))
		h.must(h.RevokeToken(ctx, token, h.at(time.Hour)), "RevokeToken")
		h.must(h.RevokeToken(ctx, token, h.at(time.Hour)), "RevokeToken again")
		return []store.Event{{Kind: store.TokenRevoked, Actor: store.Actor{Kind: store.ByClient}, Client: "backend"}}
	}},
	{"WithdrawConsent", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.agree(h.key(), h.now)
		h.must(h.WithdrawConsent(ctx, h.key(), store.EndedByPerson, h.now), "WithdrawConsent")
		h.spent()
		h.agree(h.key(), h.now)
		h.must(h.WithdrawConsent(ctx, h.key(), store.EndedByAdmin, h.now), "WithdrawConsent by an admin")
		byAdmin := h.about(store.ConsentWithdrawn)
		byAdmin.Actor = system // unless the context says who
		return []store.Event{h.ended(store.EndedByAdmin, store.BySystem), byAdmin,
			h.ended(store.EndedByPerson, store.ByPerson), h.about(store.ConsentWithdrawn)}
	}},
}

// peopleDeeds are those about people.
var peopleDeeds = []deed{
	{"CountFailure", func(h *house, ctx context.Context) (left []store.Event) {
		account, network := store.DigestOf(h.unique("account")), store.DigestOf(h.unique("network"))
		for range 9 {
			h.must(h.CountFailure(ctx, h.person.ID, h.now, time.Hour, account, network), "CountFailure")
			h.must(h.CountFailure(ctx, "", h.now, time.Hour, store.DigestOf("nobody"), network), "CountFailure of nobody")
		}
		for _, count := range []int{8, 4, 2, 1} {
			left = append(left, store.Event{Kind: store.LoginFailed, Actor: system, Person: h.person.ID, Count: count})
		}
		return left
	}},
	{"CreatePerson", func(h *house, ctx context.Context) []store.Event {
		p := h.someOperator()
		h.must(h.CreatePerson(ctx, p), "CreatePerson")
		return []store.Event{{Kind: store.PersonCreated, Actor: itself, Person: p.ID, Detail: store.Detail{Email: p.Email, Operator: true}}}
	}},
	{"CreateFirstOperator", func(h *house, ctx context.Context) []store.Event {
		p := h.someOperator()
		h.must(h.CreateFirstOperator(ctx, p), "CreateFirstOperator")
		return []store.Event{{Kind: store.PersonCreated, Actor: itself, Person: p.ID, Detail: store.Detail{Email: p.Email, Operator: true}}}
	}},
	{"CreatePersonWithIdentity", func(h *house, ctx context.Context) []store.Event {
		p, i := h.someOperator(), h.identity()
		p.Operator, i.Person = false, p.ID
		h.must(h.CreatePersonWithIdentity(ctx, p, i), "CreatePersonWithIdentity")
		return []store.Event{
			{Kind: store.IdentityAdded, Actor: itself, Person: p.ID, Detail: store.Detail{Name: elsewhere}},
			{Kind: store.PersonCreated, Actor: itself, Person: p.ID, Detail: store.Detail{Email: p.Email}},
		}
	}},
	{"AddIdentity", func(h *house, ctx context.Context) []store.Event {
		h.must(h.AddIdentity(ctx, h.identity()), "AddIdentity")
		return []store.Event{h.oneself(store.IdentityAdded, store.Detail{Name: elsewhere})}
	}},
	{"RemoveIdentity", func(h *house, ctx context.Context) []store.Event {
		i := h.known()
		h.must(h.RemoveIdentity(ctx, i.Person, i.Issuer, i.Subject), "RemoveIdentity")
		return []store.Event{h.oneself(store.IdentityRemoved, store.Detail{Name: elsewhere})}
	}},
	{"RemoveIdentityBeside", func(h *house, ctx context.Context) []store.Event {
		one, two := h.known(), h.known()
		h.must(h.RemoveIdentityBeside(ctx, one, two), "RemoveIdentityBeside")
		h.want(store.ErrChanged, h.RemoveIdentityBeside(ctx, two, one), "RemoveIdentityBeside one that is gone")
		return []store.Event{h.oneself(store.IdentityRemoved, store.Detail{Name: elsewhere})}
	}},
	{"AddPasskey", func(h *house, ctx context.Context) []store.Event {
		k := h.somePasskey()
		h.must(h.AddPasskey(ctx, k, h.now), "AddPasskey")
		return []store.Event{h.oneself(store.PasskeyAdded, store.Detail{Name: string(k.ID)})}
	}},
	{"CreatePersonWithPasskey", func(h *house, ctx context.Context) []store.Event {
		p, k := h.someOperator(), h.somePasskey()
		h.must(h.CreatePersonWithPasskey(ctx, p, k), "CreatePersonWithPasskey")
		return []store.Event{
			{Kind: store.PasskeyAdded, Actor: itself, Person: p.ID, Detail: store.Detail{Name: string(k.ID)}},
			{Kind: store.PersonCreated, Actor: itself, Person: p.ID, Detail: store.Detail{Email: p.Email, Operator: true}},
		}
	}},
	{"RemovePasskey", func(h *house, ctx context.Context) []store.Event {
		one, two := h.passkey(), h.passkey()
		h.must(h.RemovePasskey(ctx, h.person.ID, one.ID, true), "RemovePasskey")
		h.want(store.ErrChanged, h.RemovePasskey(ctx, h.person.ID, two.ID, true), "RemovePasskey of the last")
		h.must(h.RemovePasskey(ctx, h.person.ID, two.ID, false), "RemovePasskey")
		return []store.Event{
			h.oneself(store.PasskeyRemoved, store.Detail{Name: string(two.ID)}),
			h.oneself(store.PasskeyRemoved, store.Detail{Name: string(one.ID)}),
		}
	}},
	{"SetPassword", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.must(h.SetPassword(ctx, h.person.ID, "$argon2id$2", true, h.now), "SetPassword")
		h.must(h.SetPassword(ctx, h.person.ID, "$argon2id$3", false, h.now), "SetPassword, keeping the grants")
		ended := h.ended(store.EndedByPassword, store.ByPerson)
		ended.Client, ended.Org, ended.Resource = "", "", ""
		changed := h.oneself(store.PasswordChanged, store.Detail{})
		return []store.Event{changed, ended, changed}
	}},
	{"SetPersonDisabled", func(h *house, ctx context.Context) []store.Event {
		h.spent()
		h.must(h.SetPersonDisabled(ctx, h.person.ID, true, h.now), "SetPersonDisabled")
		h.must(h.SetPersonDisabled(ctx, h.person.ID, false, h.now), "SetPersonDisabled, enabling")
		ended := h.ended(store.EndedByOperator, store.BySystem)
		ended.Client, ended.Org, ended.Resource = "", "", ""
		return []store.Event{
			{Kind: store.PersonEnabled, Actor: system, Person: h.person.ID}, ended,
			{Kind: store.PersonDisabled, Actor: system, Person: h.person.ID},
		}
	}},
	{"VerifyEmail", func(h *house, ctx context.Context) []store.Event {
		h.verified(h.newOrganization("Example").ID, "verify.example")
		p := h.someOperator()
		p.Email = string(p.ID) + "@verify.example"
		h.must(h.CreatePerson(h.Context(), p), "CreatePerson")
		h.must(h.VerifyEmail(ctx, p.ID, p.Email, h.now), "VerifyEmail")
		return []store.Event{
			{Kind: store.MemberSet, Actor: itself, Person: p.ID, Org: h.events(store.EventFilter{Kind: store.MemberSet}, 1)[0].Org},
			{Kind: store.EmailVerified, Actor: itself, Person: p.ID, Detail: store.Detail{Email: p.Email}},
		}
	}},
	{"CloseSessionOf", func(h *house, ctx context.Context) []store.Event {
		h.must(h.CloseSessionOf(ctx, h.person.ID, h.session().ID), "CloseSessionOf")
		return []store.Event{h.oneself(store.LoggedOut, store.Detail{})}
	}},
	{"CloseOtherSessions", func(h *house, ctx context.Context) []store.Event {
		h.session()
		h.session()
		_, err := h.CloseOtherSessions(ctx, h.person.ID, h.session().ID)
		h.must(err, "CloseOtherSessions")
		e := h.oneself(store.LoggedOut, store.Detail{})
		e.Count = 2
		return []store.Event{e}
	}},
}

// oneself is an event about the person of the house, by them.
func (h *house) oneself(kind store.EventKind, d store.Detail) store.Event {
	return store.Event{Kind: kind, Actor: itself, Person: h.person.ID, Detail: d}
}

// about is an event about the person, the client, the resource and the organization of the house, by the person.
func (h *house) about(kind store.EventKind) store.Event {
	return store.Event{Kind: kind, Actor: itself, Person: h.person.ID, Client: h.client.ID, Org: "org", Resource: "https://mcp.example"}
}

func (h *house) granted(g store.Grant) store.Event {
	e := h.about(store.Granted)
	e.Grant, e.Detail.Scope = g.ID, g.Scope
	return e
}

func (h *house) ended(reason store.EndReason, by store.ActorKind) store.Event {
	e := h.about(store.GrantEnded)
	e.Actor.Kind, e.Detail.Reason = by, reason
	return e
}

func (h *house) end(ctx context.Context, reason store.EndReason, by store.ActorKind) []store.Event {
	h.Helper()
	g := h.spent()
	h.must(h.EndGrant(ctx, g.ID, reason, h.now), "EndGrant(%s)", reason)
	h.must(h.EndGrant(ctx, g.ID, store.EndedByOperator, h.now), "EndGrant of one that has ended")
	e := h.ended(reason, by)
	e.Grant = g.ID
	return []store.Event{e}
}
