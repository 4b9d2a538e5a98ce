// races.go: many callers at once, of whom one wins.

package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/authwright/authwright/internal/store"
)

var raceTests = map[string]func(*house){
	"SpendCode spends a code once":                          raceSpendCode,
	"RotateGrant gives callers within the grace one answer": raceRotateGrant,
	"RotateGrant without grace moves a grant once":          raceRotateWithoutGrace,
	"CloseRequest files one grant":                          raceCloseRequest,
	"DecideRequest takes one decision":                      raceDecideRequest,
	"RegisterClient answers everybody with one client":      raceRegisterClient,
	"CreatePerson gives an e-mail address to one":           raceCreatePerson,
	"CreatePersonWithIdentity makes one person":             raceCreatePersonWithIdentity,
	"SpendHandover ends a handover once":                    raceSpendHandover,
	"SpendToken spends a token once":                        raceSpendToken,
	"CreateClient creates one":                              raceCreateClient,
	"UpdateClient changes a version once":                   raceUpdateClient,
	"PutDocument raises the version once":                   racePutDocument,
	"RenewPassword renews a hash once":                      raceRenewPassword,
	"SpendChallenge spends a challenge once":                raceSpendChallenge,
	"RemoveIdentityBeside leaves one of two":                raceRemoveIdentityBeside,
	"TryChallenge allows five tries":                        raceTryChallenge,
	"SpendCeremony spends a ceremony once":                  raceSpendCeremony,
	"UsePasskey takes a count once":                         raceUsePasskey,
	"RemovePasskey leaves one of two":                       raceRemovePasskey,
	"SpendJourney ends a journey once":                      raceSpendJourney,
	"TryHalfLogin allows five tries":                        raceTryHalfLogin,
	"FinishHalfLogin":                                       raceFinishHalfLogin,
	"UseAuthenticator":                                      raceUseAuthenticator,
	"UseRecoveryCode":                                       raceUseRecoveryCode,
	"OpenSession replaces one session by many":              raceOpenSession,
	"EndGrant keeps one reason":                             raceEndGrant,
	"MissCode loses no miss":                                raceMissCode,
	"CountFailure loses no failure":                         raceCountFailure,
	"Secret answers everybody with one secret":              raceSecret,
	"VerifyDomain gives a domain to one organization":       raceVerifyDomain,
	"AddKey files one key":                                  raceAddKey,
	"disabling a person leaves no grant alive":              raceDisable,
}

func raceSpendCode(h *house) {
	use := h.codeUse(h.filed())
	h.oneWins("SpendCode", store.ErrNotFound, together(func(int) error {
		_, err := h.SpendCode(h.Context(), use)
		return err
	}))
	same(h, "the generation", h.stored(use.Grant).Generation, 1)
}

func raceRotateGrant(h *house) {
	use := h.grantUse(h.spent())
	var generations [callers]int64
	for i, err := range together(func(i int) error {
		g, err := h.RotateGrant(h.Context(), use)
		generations[i] = g.Generation
		return err
	}) {
		h.must(err, "RotateGrant by caller %d", i)
		same(h, "the generation to hand out", generations[i], 2)
	}
	same(h, "the generation", h.stored(use.Grant).Generation, 2)
}

func raceRotateWithoutGrace(h *house) {
	use := h.grantUse(h.spent())
	use.Grace = 0
	h.oneWins("RotateGrant", store.ErrNotFound, together(func(int) error {
		_, err := h.RotateGrant(h.Context(), use)
		return err
	}))
	same(h, "the generation", h.stored(use.Grant).Generation, 2)
}

func raceCloseRequest(h *house) {
	r := h.signedIn()
	var grants [callers]store.Grant
	for i := range grants {
		grants[i] = h.grant()
	}
	winner := h.oneWins("CloseRequest", store.ErrNotFound, together(func(i int) error {
		return h.CloseRequest(h.Context(), r.ID, browser, grants[i], h.now)
	}))
	for i, g := range grants {
		_, err := h.Grant(h.Context(), g.ID)
		if i == winner {
			h.must(err, "Grant of the winner")
		} else {
			h.want(store.ErrNotFound, err, "Grant of caller %d", i)
		}
	}
}

func raceDecideRequest(h *house) {
	r := h.signedIn()
	key := h.key()
	decision := func(i int) store.Decision {
		return store.Decision{Verdict: []store.Verdict{store.Allowed, store.Denied}[i%2], Org: store.OrgID(rune('a' + i)), Person: h.person.ID}
	}
	winner := h.oneWins("DecideRequest", store.ErrNotFound, together(func(i int) error {
		consent := store.Consent{ConsentKey: key}
		consent.Org = decision(i).Org
		return h.DecideRequest(h.Context(), r.ID, browser, decision(i), &consent, h.now)
	}))
	same(h, "the decision", h.request(r.ID).Decision, decision(winner))
	consents, err := h.ConsentsOf(h.Context(), h.person.ID)
	h.must(err, "ConsentsOf")
	if len(consents) != 1 || consents[0].Org != decision(winner).Org {
		h.Errorf("ConsentsOf = %+v, want the one of caller %d", consents, winner)
	}
}

func raceRegisterClient(h *house) {
	c := h.someClient(store.SelfRegister)
	var got [callers]store.Client
	for i, err := range together(func(i int) (err error) {
		mine := c
		mine.Metadata.SoftwareVersion = string(rune('a' + i))
		got[i], err = h.RegisterClient(h.Context(), mine, 100)
		return err
	}) {
		h.must(err, "RegisterClient by caller %d", i)
		same(h, "the client", got[i], got[0])
	}
	same(h, "the client", h.storedClient(c.ID), got[0])
}

func raceCreatePerson(h *house) {
	var ids [callers]store.PersonID
	for i := range ids {
		ids[i] = store.PersonID(h.unique("per"))
	}
	winner := h.oneWins("CreatePerson", store.ErrExists, together(func(i int) error {
		return h.CreatePerson(h.Context(), store.Person{ID: ids[i], Email: "one@example.com"})
	}))
	p, err := h.PersonByEmail(h.Context(), "one@example.com")
	h.must(err, "PersonByEmail")
	same(h, "the person", p.ID, ids[winner])
}

func raceCreateClient(h *house) {
	c := h.someClient(store.Registered)
	h.oneWins("CreateClient", store.ErrExists, together(func(int) error { return h.CreateClient(h.Context(), c) }))
}

func raceUpdateClient(h *house) {
	h.oneWins("UpdateClient", store.ErrChanged, together(func(int) error { return h.UpdateClient(h.Context(), h.client) }))
	same(h, "the version", h.storedClient(h.client.ID).Version, 2)
}

func racePutDocument(h *house) {
	c := h.newClient(store.Document)
	c.Metadata.ClientName, c.FetchedAt = "renamed", h.at(time.Hour)
	for i, err := range together(func(int) error {
		_, err := h.PutDocument(h.Context(), c)
		return err
	}) {
		h.must(err, "PutDocument by caller %d", i)
	}
	same(h, "the version", h.storedClient(c.ID).Version, 2)
}

func raceRenewPassword(h *house) {
	h.oneWins("RenewPassword", store.ErrChanged, together(func(i int) error {
		return h.RenewPassword(h.Context(), h.person.ID, h.person.Password, string(rune('a'+i)))
	}))
}

func raceOpenSession(h *house) {
	old := h.session()
	var sessions [callers]store.Session
	for i := range sessions {
		sessions[i] = h.someSession()
	}
	for i, err := range together(func(i int) error { return h.OpenSession(h.Context(), sessions[i], old.ID) }) {
		h.must(err, "OpenSession by caller %d", i)
		_, _, err := h.Session(h.Context(), sessions[i].ID, time.Hour, h.now)
		h.must(err, "Session of caller %d", i)
	}
	_, _, err := h.Session(h.Context(), old.ID, time.Hour, h.now)
	h.want(store.ErrNotFound, err, "Session that was replaced")
}

func raceEndGrant(h *house) {
	g := h.spent()
	var mu sync.Mutex
	first := make(map[store.EndReason]bool)
	for i, err := range together(func(i int) error {
		err := h.EndGrant(h.Context(), g.ID, store.EndReason(rune('a'+i)), h.at(time.Duration(i)*time.Millisecond))
		got, _ := h.Grant(h.Context(), g.ID)
		mu.Lock()
		defer mu.Unlock()
		first[got.EndReason] = true
		return err
	}) {
		h.must(err, "EndGrant by caller %d", i)
	}
	if len(first) != 1 {
		h.Errorf("%d reasons were seen, want 1", len(first))
	}
}

func raceMissCode(h *house) {
	g := h.filed()
	won := 0
	for i, err := range together(func(int) error { return h.MissCode(h.Context(), g.ID, g.Code) }) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, store.ErrNotFound):
			h.Errorf("MissCode by caller %d = %v, want %v", i, err, store.ErrNotFound)
		}
	}
	same(h, "the misses that met a live code", won, 5)
}

func raceCountFailure(h *house) {
	a, b := store.DigestOf(h.unique("key")), store.DigestOf(h.unique("key"))
	for i, err := range together(func(i int) error {
		keys := []store.Digest{a, b}
		if i%2 == 1 {
			keys[0], keys[1] = b, a
		}
		return h.CountFailure(h.Context(), "", h.now, time.Hour, keys...)
	}) {
		h.must(err, "CountFailure by caller %d", i)
	}
	got, err := h.Attempts(h.Context(), h.now, a, b)
	h.must(err, "Attempts")
	want := store.Attempt{Failures: callers, Last: h.now}
	same(h, "the failures", got, map[store.Digest]store.Attempt{a: want, b: want})
}

func raceSecret(h *house) {
	var got [callers]string
	for i, err := range together(func(i int) error {
		secret, err := h.Secret(h.Context(), "mac", []byte{byte(i)})
		got[i] = string(secret)
		return err
	}) {
		h.must(err, "Secret for caller %d", i)
		same(h, "the secret", got[i], got[0])
	}
}

func raceAddKey(h *house) {
	h.oneWins("AddKey", store.ErrExists, together(func(int) error {
		return h.AddKey(h.Context(), store.SigningKey{ID: "one", Sealed: []byte("s"), CreatedAt: h.now})
	}))
}

// raceDisable lets grants be filed, spent and rotated while their person is disabled and enabled again: whatever came of
// the log-in from before is dead, however the steps fell.
func raceDisable(h *house) {
	var grants [callers]store.Grant
	for i := range grants {
		grants[i] = h.grant()
	}
	for i, err := range together(func(i int) error {
		if i == callers/2 {
			return errors.Join(h.SetPersonDisabled(h.Context(), h.person.ID, true, h.at(time.Millisecond)),
				h.SetPersonDisabled(h.Context(), h.person.ID, false, h.at(time.Millisecond)))
		}
		if err := h.FileGrant(h.Context(), grants[i]); err != nil {
			return err
		}
		g, err := h.SpendCode(h.Context(), h.codeUse(grants[i]))
		if err == nil {
			_, err = h.RotateGrant(h.Context(), h.grantUse(g))
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	}) {
		h.must(err, "the steps of caller %d", i)
	}
	for _, g := range grants {
		_, err := h.LiveGrant(h.Context(), g.ID, h.now)
		h.want(store.ErrNotFound, err, "LiveGrant(%s)", g.ID)
		_, err = h.SpendCode(h.Context(), h.codeUse(g))
		h.want(store.ErrNotFound, err, "SpendCode(%s)", g.ID)
		g.Generation = 2
		_, err = h.RotateGrant(h.Context(), h.grantUse(g))
		h.want(store.ErrNotFound, err, "RotateGrant(%s)", g.ID)
	}
}
