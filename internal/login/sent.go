// sent.go answers GET /login/sent, which says that a mail is on its way, and POST /login/code, which takes its code.
// Only the browser that asked sees and answers it.

package login

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const codeForm = "code"

// sentData is what the page shows.
type sentData struct {
	Action, Token, Again string
	Challenge            store.Challenge
	Coded                bool // there is a code to type
	Problem              string
}

func (l *Login) showSent(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	c, err := l.ownChallenge(r, params.Get("challenge"), mailed...)
	if err != nil {
		return err
	}
	return l.writeSent(w, r, http.StatusOK, c, "")
}

// mailed are the purposes of what is sent by mail.
var mailed = []store.Purpose{store.ForSignIn, store.ForSignUp, store.ForVerify, store.ForReset}

// ownChallenge is a live challenge that this browser asked for. One of another browser, or for something else, looks
// like none.
func (l *Login) ownChallenge(r *http.Request, id string, purposes ...store.Purpose) (store.Challenge, error) {
	c, err := l.Store.Challenge(r.Context(), store.ChallengeID(id), l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Challenge{}, fmt.Errorf("reading a challenge: %w", err)
	}
	if err != nil || !asker(l.Jar.Visitor(r), c) || !slices.Contains(purposes, c.Purpose) {
		return store.Challenge{}, askAgain()
	}
	return c, nil
}

func askAgain() error {
	return &pages.Refusal{
		Status: http.StatusBadRequest,
		Title:  "This code can’t be used any more",
		Text:   "It was asked for in another browser, was tried too often, is older than 15 minutes or already used.",
		Hint:   "Go back to where you began and ask for a new mail.",
	}
}

func (l *Login) writeSent(w http.ResponseWriter, r *http.Request, status int, c store.Challenge, problem string) error {
	req, err := l.requestFor(r, c)
	if err != nil {
		return err
	}
	again := map[store.Purpose]string{store.ForSignIn: l.ways(req).EmailCode, store.ForReset: l.ways(req).Reset, store.ForSignUp: l.ways(req).SignUp}
	page := pages.Page{Title: "Check your email", Template: sentPage, Data: sentData{
		Action:    l.Site.Base + "/login/code",
		Token:     l.Jar.Visitor(r).FormToken(codeForm, string(c.ID)),
		Again:     again[c.Purpose],
		Challenge: c,
		Coded:     c.Purpose != store.ForReset,
		Problem:   problem,
	}}
	return l.writeFor(w, r, status, page, req)
}

// requestFor is the authorization the challenge was asked for, if it is still under way in this browser.
func (l *Login) requestFor(r *http.Request, c store.Challenge) (store.Request, error) {
	if page, ok := place(c.Request, l.now()); ok {
		return page, nil
	}
	req, err := l.Jar.Visitor(r).Request(r.Context(), l.Store, c.Request, l.now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return store.Request{}, fmt.Errorf("reading the request of a challenge: %w", err)
	}
	return req, nil
}

// takeCode answers POST /login/code.
func (l *Login) takeCode(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	id := form.Get("challenge")
	if !l.Jar.Visitor(r).CheckForm(form.Get("token"), codeForm, id) {
		return pages.Stale()
	}
	c, err := l.ownChallenge(r, id, mailed...)
	if err != nil {
		return err
	}
	code := strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(form.Get("code"))
	if len(code) != codeDigits || strings.Trim(code, "0123456789") != "" || c.Purpose == store.ForReset {
		return l.writeSent(w, r, http.StatusUnprocessableEntity, c, "Enter the code of 8 digits from the mail.")
	}
	c, problem, err := l.tryCode(w, r.Context(), c, code)
	switch {
	case err != nil:
		return unlessBusy(err)
	case w.Header().Get("Retry-After") != "":
		return l.writeSent(w, r, http.StatusTooManyRequests, c, problem)
	case problem != "":
		return l.writeSent(w, r, http.StatusUnprocessableEntity, c, problem)
	}
	return l.complete(w, r, c)
}

// tryCode evaluates a code. The try is counted before the code is looked at, and the address's failures under one
// place among the hashes, so that guesses sent all at once meet the counts of those before them.
func (l *Login) tryCode(w http.ResponseWriter, ctx context.Context, c store.Challenge, code string) (store.Challenge, string, error) {
	leave, err := turns.enter(ctx)
	if err != nil {
		return c, "", err
	}
	defer leave()
	counters := codeCounters(c.Email)
	left, err := wait(ctx, l.Store, counters, l.now())
	if err != nil {
		return c, "", err
	}
	if left > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(pages.Seconds(left)))
		return c, "Too many codes were wrong. Open the link in the mail, or try again in " + inWords(left) + ".", nil
	}
	tried, err := l.Store.TryChallenge(ctx, c.ID, c.Browser, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return c, "", askAgain()
	}
	if err != nil {
		return c, "", fmt.Errorf("trying a code: %w", err)
	}
	want := l.codeDigest(tried.ID, code)
	if subtle.ConstantTimeCompare(want[:], tried.Code[:]) != 1 {
		l.note(ctx, "a mailed code was wrong", "tries", tried.Tries)
		problem := "That is not the code. Look at the newest mail and try again."
		if tried.Tries >= store.MaxTries {
			problem = "That is not the code, and it can’t be tried again. Ask for a new mail."
		}
		return tried, problem, countFailure(ctx, l.Store, c.Person, counters, l.now())
	}
	return tried, "", forgetFailures(ctx, l.Store, counters)
}
