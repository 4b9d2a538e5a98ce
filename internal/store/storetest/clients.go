// clients.go: clients and resources.

package storetest

import (
	"fmt"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var clientTests = map[string]func(*house){
	"come back as they were filed":                              testClientRoundTrip,
	"are listed page by page":                                   testClientPages,
	"change only from the version that was read":                testUpdateClient,
	"take their consents and grants with them":                  testDeleteClient,
	"register themselves once":                                  testRegisterClient,
	"register themselves in the room there is":                  testRegisterRoom,
	"follow their document, and keep what the operator set":     testPutDocument,
	"ignore a document fetched before the one on file":          testOldDocument,
	"keep a document away from a client the operator wrote":     testDocumentOfRegistered,
	"sit beside resources, which are replaced as a whole":       testResources,
	"are not told apart from none by an id that cannot be kept": testClientUnstorable,
}

func (h *house) storedClient(id store.ClientID) store.Client {
	h.Helper()
	c, err := h.Client(h.Context(), id)
	h.must(err, "Client(%s)", id)
	return c
}

func (h *house) fullClient(origin store.Origin) store.Client {
	c := h.someClient(origin)
	c.FirstParty, c.Disabled = true, true
	c.Secrets = []store.Digest{store.DigestOf("one"), store.DigestOf("two")}
	c.Scope, c.Introspects = store.Scope{"read"}, []string{"https://mcp.example", "*"}
	c.Version, c.UsedAt, c.FetchedAt, c.FreshUntil = 7, h.at(1*time.Hour), h.at(2*time.Hour), h.at(3*time.Hour)
	return c
}

func testClientRoundTrip(h *house) {
	same(h, "a plain client", h.storedClient(h.client.ID), h.client)
	full := h.fullClient(store.Document)
	h.must(h.CreateClient(h.Context(), full), "CreateClient")
	same(h, "a client with all members", h.storedClient(full.ID), full)
	h.want(store.ErrExists, h.CreateClient(h.Context(), full), "CreateClient of the same id")
	_, err := h.Client(h.Context(), "none")
	h.want(store.ErrNotFound, err, "Client")
	unversioned := h.someClient(store.Registered)
	unversioned.Version = 0
	h.must(h.CreateClient(h.Context(), unversioned), "CreateClient")
	same(h, "the first version", h.storedClient(unversioned.ID).Version, 1)
}

func testClientUnstorable(h *house) {
	_, err := h.Client(h.Context(), "client \xff")
	h.want(store.ErrNotFound, err, "Client of an id that is not UTF-8")
	_, err = h.Client(h.Context(), "client \x00")
	h.want(store.ErrNotFound, err, "Client of an id with a NUL")
	c := h.someClient(store.Registered)
	c.ID += "\x00"
	if err := h.CreateClient(h.Context(), c); err == nil {
		h.Errorf("CreateClient of an id with a NUL = nil, want an error")
	}
}

func testClientPages(h *house) {
	want := []store.ClientID{h.client.ID}
	for range 4 {
		want = append(want, h.newClient(store.Registered).ID)
	}
	var got []store.ClientID
	for after := store.ClientID(""); ; {
		page, err := h.Clients(h.Context(), after, 2)
		h.must(err, "Clients(%q)", after)
		if len(page) > 2 {
			h.Fatalf("Clients(%q, 2) returned %d clients", after, len(page))
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			got, after = append(got, c.ID), c.ID
		}
	}
	same(h, "the clients", got, want)
}

func testUpdateClient(h *house) {
	ctx := h.Context()
	c := h.fullClient(store.Document)
	c.ID, c.Version, c.CreatedAt = h.client.ID, 1, h.at(100*time.Hour)
	h.must(h.UpdateClient(ctx, c), "UpdateClient")
	want := c
	want.Version, want.CreatedAt, want.UsedAt = 2, h.client.CreatedAt, h.client.UsedAt
	same(h, "the client", h.storedClient(c.ID), want)
	h.want(store.ErrChanged, h.UpdateClient(ctx, c), "UpdateClient from an old version")
	c.Version = 3
	h.want(store.ErrChanged, h.UpdateClient(ctx, c), "UpdateClient from a version to come")
	same(h, "the client", h.storedClient(c.ID), want)
	c.ID = "none"
	h.want(store.ErrChanged, h.UpdateClient(ctx, c), "UpdateClient of none")
}

func testDeleteClient(h *house) {
	ctx := h.Context()
	consent, mine := h.agree(h.key(), h.now), h.spent()
	keep := h.grant()
	keep.Client = h.newClient(store.Registered).ID
	h.must(h.FileGrant(ctx, keep), "FileGrant")
	key := h.key()
	key.Client = keep.Client
	kept := h.agree(key, h.now)

	h.must(h.DeleteClient(ctx, h.client.ID, h.at(time.Minute)), "DeleteClient")
	_, err := h.Client(ctx, h.client.ID)
	h.want(store.ErrNotFound, err, "Client")
	_, err = h.Consent(ctx, consent.ConsentKey)
	h.want(store.ErrNotFound, err, "Consent")
	mine.EndedAt, mine.EndReason = h.at(time.Minute), store.EndedByOperator
	same(h, "the grant", h.stored(mine.ID), mine)
	same(h, "another client's grant", h.stored(keep.ID), keep)
	got, err := h.Consent(ctx, kept.ConsentKey)
	h.must(err, "Consent to another client")
	same(h, "the consent to another client", got, kept)
	h.want(store.ErrNotFound, h.DeleteClient(ctx, h.client.ID, h.now), "DeleteClient again")
}

func testRegisterClient(h *house) {
	ctx := h.Context()
	c := h.someClient(store.SelfRegister)
	got, err := h.RegisterClient(ctx, c, 10)
	h.must(err, "RegisterClient")
	same(h, "a client that registered itself", got, c)
	again := c
	again.Metadata, again.CreatedAt = oauth.ClientMetadata{ClientName: "another"}, h.at(time.Hour)
	got, err = h.RegisterClient(ctx, again, 10)
	h.must(err, "RegisterClient again")
	same(h, "the client that was there", got, c)
}

func testRegisterRoom(h *house) {
	ctx := h.Context()
	register := func(age time.Duration) store.ClientID {
		h.Helper()
		c := h.someClient(store.SelfRegister)
		c.CreatedAt = h.at(-age)
		_, err := h.RegisterClient(ctx, c, 3)
		h.must(err, "RegisterClient")
		return c.ID
	}
	used, blocked := register(90*time.Minute), register(80*time.Minute)
	g := h.grant()
	g.Client = used
	h.must(h.FileGrant(ctx, g), "FileGrant")
	c := h.storedClient(blocked)
	c.Disabled = true
	h.must(h.UpdateClient(ctx, c), "UpdateClient")
	document := h.newClient(store.Document)

	var ids []store.ClientID
	for i := range 6 {
		ids = append(ids, register(time.Duration(60-i)*time.Minute))
	}
	for i, id := range ids {
		_, err := h.Client(ctx, id)
		if i < 3 {
			h.want(store.ErrNotFound, err, "Client %d, which was too many", i)
		} else {
			h.must(err, "Client %d, which has room", i)
		}
	}
	for what, id := range map[string]store.ClientID{"a client with a grant": used, "a disabled client": blocked,
		"a client with a document": document.ID, "a registered client": h.client.ID} {
		_, err := h.Client(ctx, id)
		h.must(err, "Client of %s", what)
	}
	old := register(1000 * time.Hour)
	h.storedClient(old)
	none := h.someClient(store.SelfRegister)
	_, err := h.RegisterClient(ctx, none, 0)
	h.must(err, "RegisterClient with no room")
	h.storedClient(none.ID)
}

func testPutDocument(h *house) {
	ctx := h.Context()
	c := h.someClient(store.Document)
	c.FetchedAt, c.FreshUntil = h.now, h.at(time.Hour)
	got, err := h.PutDocument(ctx, c)
	h.must(err, "PutDocument")
	same(h, "a new client", got, c)

	got.Scope, got.FirstParty, got.Disabled, got.Introspects = store.Scope{"read"}, true, true, []string{"*"}
	h.must(h.UpdateClient(ctx, got), "UpdateClient")
	want := got
	want.Version = 2

	c.FetchedAt, c.FreshUntil, c.CreatedAt = h.at(2*time.Hour), h.at(3*time.Hour), h.at(2*time.Hour)
	got, err = h.PutDocument(ctx, c)
	h.must(err, "PutDocument of the same document")
	want.FetchedAt, want.FreshUntil = c.FetchedAt, c.FreshUntil
	same(h, "the client, fresh again but of no new version", got, want)

	c.Metadata = oauth.ClientMetadata{ClientName: "renamed"}
	got, err = h.PutDocument(ctx, c)
	h.must(err, "PutDocument of another document")
	want.Metadata, want.Version = c.Metadata, 3
	same(h, "the client, changed", got, want)

	c.MetadataHash = store.DigestOf("another")
	got, err = h.PutDocument(ctx, c)
	h.must(err, "PutDocument with another hash")
	want.MetadataHash, want.Version = c.MetadataHash, 4
	same(h, "the client, hashed otherwise", got, want)
}

func testOldDocument(h *house) {
	c := h.someClient(store.Document)
	c.FetchedAt = h.now
	want, err := h.PutDocument(h.Context(), c)
	h.must(err, "PutDocument")
	c.FetchedAt, c.Metadata = h.at(-time.Second), oauth.ClientMetadata{ClientName: "older"}
	got, err := h.PutDocument(h.Context(), c)
	h.must(err, "PutDocument of an older document")
	same(h, "the client", got, want)
}

func testDocumentOfRegistered(h *house) {
	for _, origin := range []store.Origin{store.Registered, store.SelfRegister} {
		there := h.newClient(origin)
		c := h.someClient(store.Document)
		c.ID = there.ID
		_, err := h.PutDocument(h.Context(), c)
		h.want(store.ErrExists, err, "PutDocument for a client of origin %s", origin)
		same(h, fmt.Sprintf("the client of origin %s", origin), h.storedClient(there.ID), there)
	}
}

func testResources(h *house) {
	ctx := h.Context()
	two := store.Resource{URI: "https://b.example/mcp", Name: "Two"}
	one := store.Resource{URI: "https://a.example/mcp", Name: "One", Default: store.Scope{"read"},
		Scopes: []store.ResourceScope{{Name: "read", Description: "Read “it”"}, {Name: "write", Implies: []string{"read"}}}}
	for _, r := range []store.Resource{two, {URI: one.URI, Name: "old", Default: store.Scope{"x"}}, one} {
		h.must(h.PutResource(ctx, r), "PutResource(%s)", r.URI)
	}
	got, err := h.Resources(ctx)
	h.must(err, "Resources")
	same(h, "the resources", got, []store.Resource{one, two})
}
