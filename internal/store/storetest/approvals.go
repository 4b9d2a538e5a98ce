// approvals.go: which clients members ask their organization to let in.

package storetest

import (
	"time"

	"github.com/authwright/authwright/internal/store"
)

var approvalTests = map[string]func(*house){
	"are one for each member and client":            testAskApproval,
	"are for members":                               testAskApprovalRefusals,
	"end together when the client is approved":      testApproveClient,
	"stay refused until the refusal is withdrawn":   testRefuseClient,
	"go with the member and with the client":        testApprovalsEnd,
	"are settled once for each reading of the rule": raceApproveClient,
}

// asks files a member's wish.
func (h *house) asks(org store.OrgID, person store.PersonID, client store.ClientID) store.Approval {
	h.Helper()
	a := store.Approval{Org: org, Client: client, Person: person, Note: "for the “weekly” report", AskedAt: h.now}
	h.must(h.AskApproval(h.Context(), a), "AskApproval(%s)", client)
	return a
}

func testAskApproval(h *house) {
	ctx := h.Context()
	mine := h.asks("org", h.person.ID, "app")
	h.want(store.ErrExists, h.AskApproval(ctx, mine), "AskApproval again")
	other := h.asks("org", h.newPerson().ID, "app")
	later := mine
	later.Client, later.AskedAt = "another", h.at(time.Minute)
	h.must(h.AskApproval(ctx, later), "AskApproval of another client")
	all, err := h.Approvals(ctx, "org", "")
	h.must(err, "Approvals")
	same(h, "all wishes", all, []store.Approval{mine, other, later})
	some, err := h.Approvals(ctx, "org", "app")
	h.must(err, "Approvals")
	same(h, "the wishes for one client", some, []store.Approval{mine, other})
}

func testAskApprovalRefusals(h *house) {
	ctx := h.Context()
	for _, a := range []store.Approval{
		{Org: "org", Client: "app", Person: "per-none"},
		{Org: "nothing", Client: "app", Person: h.person.ID},
		{Org: h.newOrganization("Foreign").ID, Client: "app", Person: h.person.ID},
		{Client: "app", Person: h.person.ID},
	} {
		h.want(store.ErrNotFound, h.AskApproval(ctx, a), "AskApproval(%+v)", a)
	}
}

func testApproveClient(h *house) {
	ctx := h.Context()
	o := h.newOrganization("Deciding")
	h.must(h.PutMember(ctx, store.Membership{Org: o.ID, Person: h.person.ID}), "PutMember")
	wish, other := h.asks(o.ID, h.person.ID, "app"), h.asks(o.ID, h.person.ID, "other")
	o.Policy.SelfMade.Clients = []store.ClientID{"app"}
	stale := o
	stale.Version--
	_, err := h.ApproveClient(ctx, stale, "app")
	h.want(store.ErrChanged, err, "ApproveClient from an old reading")
	all, err := h.Approvals(ctx, o.ID, "")
	h.must(err, "Approvals")
	same(h, "what waits after it failed", all, []store.Approval{wish, other})
	got, err := h.ApproveClient(ctx, o, "app")
	h.must(err, "ApproveClient")
	same(h, "who is told", got, []store.Approval{wish})
	all, err = h.Approvals(ctx, o.ID, "")
	h.must(err, "Approvals")
	same(h, "what still waits", all, []store.Approval{other})
	read, err := h.Organization(ctx, o.ID)
	h.must(err, "Organization")
	o.Version++
	same(h, "the organization", read, o)
}

func testRefuseClient(h *house) {
	ctx := h.Context()
	wish := h.asks("org", h.person.ID, "app")
	got, err := h.RefuseClient(ctx, "org", "app", h.person.ID, h.at(time.Minute))
	h.must(err, "RefuseClient")
	wish.RefusedAt, wish.RefusedBy = h.at(time.Minute), h.person.ID
	same(h, "who is told", got, []store.Approval{wish})
	_, err = h.RefuseClient(ctx, "org", "app", h.person.ID, h.now)
	h.want(store.ErrNotFound, err, "RefuseClient again")
	h.want(store.ErrNotFound, h.AskApproval(ctx, store.Approval{Org: "org", Client: "app", Person: h.newPerson().ID}), "AskApproval of a refused client")
	h.must(h.WithdrawRefusal(ctx, "org", "app"), "WithdrawRefusal")
	h.want(store.ErrNotFound, h.WithdrawRefusal(ctx, "org", "app"), "WithdrawRefusal again")
	h.asks("org", h.person.ID, "app")
	h.want(store.ErrNotFound, h.WithdrawRefusal(ctx, "org", "app"), "WithdrawRefusal of what waits")
}

func testApprovalsEnd(h *house) {
	ctx := h.Context()
	leaver, client := h.newPerson(), h.newClient(store.SelfRegister)
	h.asks("org", leaver.ID, "app")
	h.asks("org", h.person.ID, client.ID)
	stays := h.asks("org", h.person.ID, "app")
	h.must(h.RemoveMember(ctx, "org", leaver.ID, h.now), "RemoveMember")
	h.must(h.DeleteClient(ctx, client.ID, h.now), "DeleteClient")
	all, err := h.Approvals(ctx, "org", "")
	h.must(err, "Approvals")
	same(h, "what still waits", all, []store.Approval{stays})
}

func raceApproveClient(h *house) {
	o := h.newOrganization("Deciding")
	h.oneWins("ApproveClient", store.ErrChanged, together(func(int) error {
		_, err := h.ApproveClient(h.Context(), o, "app")
		return err
	}))
}
