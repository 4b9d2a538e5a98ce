// step_up.go: what a login has to amount to for what it is for (RFC 9470), and what is asked when it does not.

package login

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var setUpPage = pages.Parse(templates, "set_up.html")

const declineForm = "decline"

// need is the least that a login has to amount to. Pages of ours ask of people all they have (threat E9).
func need(req store.Request, has store.FactorsOf) oauth.ACR {
	if isPlace(req.ID) && has.Second() {
		return oauth.TwoFactors
	}
	return req.ACR
}

// stepUp asks the person of a session for what is missing, and for nothing else. Who has no second factor is told how
// to get one.
func (l *Login) stepUp(w http.ResponseWriter, r *http.Request, req store.Request, s store.Session, has store.FactorsOf) error {
	asked := need(req, has)
	byPasskey := has.Passkeys > 0 && l.Passkeys != nil
	if byPasskey || has.Second() && asked.Level() <= oauth.TwoFactors.Level() {
		return l.half(w, r, req, outcome{person: store.Person{ID: s.Auth.Person}, began: s.Auth.At, methods: s.Auth.Methods, org: s.Org})
	}
	return l.offerSetUp(w, r, req, asked)
}

// offerSetUp leads somebody who lacks what is asked to where they add it, and from there back to the request.
func (l *Login) offerSetUp(w http.ResponseWriter, r *http.Request, req store.Request, asked oauth.ACR) error {
	d := struct {
		SetUp, Decline, Token string
		Request               store.RequestID
		Passkey               bool
	}{
		Decline: l.Site.Base + "/login/decline", Token: l.Jar.EnsureVisitor(w, r).FormToken(declineForm, string(req.ID)), Request: req.ID,
		Passkey: asked == oauth.PhishingResistant,
	}
	switch {
	case !d.Passkey:
		d.SetUp = l.Site.Base + "/" + string(For(ToAuthenticator, string(req.ID)))
	case l.Passkeys != nil:
		d.SetUp = l.Site.Base + "/" + string(For(ToPasskey, string(req.ID)))
	}
	return l.writeFor(w, r, http.StatusOK, pages.Page{Title: "One more step is needed", Template: setUpPage, Data: d}, req)
}

// decline answers POST /login/decline: the person does not set up what is missing, and the client is told so
// (RFC 9470 §5).
func (l *Login) decline(w http.ResponseWriter, r *http.Request) error {
	_, req, err := l.formOf(r, declineForm)
	if err != nil {
		return err
	}
	session, _, err := l.sessions().SignedIn(r, l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("looking up who is signed in: %w", err)
	}
	if err != nil || req.ACR == "" {
		return pages.StartAgain()
	}
	refusal := oauth.Errorf(oauth.UnmetAuthenticationRequirements, "the person did not prove who they are as %s asks", req.ACR)
	err = l.Store.RefuseRequest(r.Context(), req.ID, l.Jar.Visitor(r).Digest(), refusal, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return pages.StartAgain()
	}
	if err != nil {
		return fmt.Errorf("refusing a request: %w", err)
	}
	return l.finish(w, r, req, session.Auth)
}
