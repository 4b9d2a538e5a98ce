// sessions.go answers GET /account/sessions and its two forms: the browsers a person is signed in at.

package account

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

var sessionsPage = pages.Parse(templates, "sessions.html", "tabs.html")

const (
	endForm    = "end session"
	othersForm = "end other sessions"
)

// signedInAt is a session as a person reads it.
type signedInAt struct {
	ID               string // for the form
	Browser, Network string
	Here             bool
	Since, SinceISO  string
	Used, UsedISO    string
}

const atMinute = "2 January 2006, 15:04 UTC"

func (a *Account) showSessions(w http.ResponseWriter, r *http.Request) error {
	v, err := a.visit(w, r)
	if err != nil {
		return a.unlessOut(w, err, login.ToSessions)
	}
	sessions, err := a.Store.SessionsOf(r.Context(), v.Person.ID, a.now())
	if err != nil {
		return fmt.Errorf("listing the sessions of person %s: %w", v.Person.ID, err)
	}
	var list []signedInAt
	for _, s := range sessions {
		since, used := s.CreatedAt.UTC(), s.UsedAt.UTC()
		list = append(list, signedInAt{
			ID: sessionID(s.ID), Browser: cmp.Or(s.Browser, "A browser"), Network: s.Network, Here: s.ID == v.Session.ID,
			Since: since.Format(atMinute), SinceISO: since.Format(time.RFC3339), Used: used.Format(atMinute), UsedISO: used.Format(time.RFC3339),
		})
	}
	page := pages.Page{Title: "Where you’re signed in", Template: sessionsPage, Wide: true, Data: struct {
		Tabs                []tab
		Sessions            []signedInAt
		Ended               bool
		Apps                string
		End, EndToken       string
		Others, OthersToken string
	}{
		Tabs: a.tabs("/account/sessions"), Sessions: list, Ended: r.URL.RawQuery == "ended", Apps: a.Site.Base + "/account",
		End: a.Site.Base + "/account/sessions/end", EndToken: v.token(endForm),
		Others: a.Site.Base + "/account/sessions/others", OthersToken: v.token(othersForm),
	}}
	return a.Site.Write(w, r, http.StatusOK, page)
}

// sessionID names a session in a form. It is looked up among the person's own, so that nobody can name another's.
func sessionID(id store.Digest) string {
	sum := sha256.Sum256(append([]byte("session\n"), id[:]...))
	return hex.EncodeToString(sum[:])
}

// endSession signs one browser out.
func (a *Account) endSession(w http.ResponseWriter, r *http.Request) error {
	form, v, err := a.posted(w, r, endForm)
	if err != nil {
		return a.unlessOut(w, err, login.ToSessions)
	}
	sessions, err := a.Store.SessionsOf(r.Context(), v.Person.ID, a.now())
	if err != nil {
		return fmt.Errorf("listing the sessions of person %s: %w", v.Person.ID, err)
	}
	for _, s := range sessions {
		if sessionID(s.ID) != form.Get("session") {
			continue
		}
		if err := a.Store.CloseSessionOf(r.Context(), v.Person.ID, s.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("closing a session of person %s: %w", v.Person.ID, err)
		}
		a.note(r.Context(), "a person signed another browser out", "person", v.Person.ID)
		break
	}
	return pages.Redirect(w, a.Issuer+"/account/sessions?ended") // also when it was out already
}

// endOthers signs out every browser but this one.
func (a *Account) endOthers(w http.ResponseWriter, r *http.Request) error {
	_, v, err := a.posted(w, r, othersForm)
	if err != nil {
		return a.unlessOut(w, err, login.ToSessions)
	}
	n, err := a.Store.CloseOtherSessions(r.Context(), v.Person.ID, v.Session.ID)
	if err != nil {
		return fmt.Errorf("closing the other sessions of person %s: %w", v.Person.ID, err)
	}
	a.note(r.Context(), "a person signed out everywhere else", "person", v.Person.ID, "sessions", n)
	return pages.Redirect(w, a.Issuer+"/account/sessions?ended")
}
