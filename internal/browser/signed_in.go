// signed_in.go reads, for a browser, what is stored of it: who is signed in there, and its authorization in progress.

package browser

import (
	"context"
	"crypto/subtle"
	"fmt"
	"net/http"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// LogoutForm is the purpose of the form that signs out. Several pages show that form.
const LogoutForm = "logout"

// VerifyForm is the purpose of the form that asks for a mail to the person's own address.
const VerifyForm = "verify"

// Sessions finds who is signed in in a browser.
type Sessions struct {
	Jar   Jar
	Store store.Sessions
	Idle  time.Duration
}

// SignedIn returns the live session of the browser and its person, or store.ErrNotFound when nobody is signed in.
func (s Sessions) SignedIn(r *http.Request, now time.Time) (store.Session, store.Person, error) {
	id, ok := s.Jar.Session(r)
	if !ok {
		return store.Session{}, store.Person{}, store.ErrNotFound
	}
	session, person, err := s.Store.Session(r.Context(), id, s.Idle, now)
	if err != nil || s.Jar.Still == nil {
		return session, person, err
	}
	switch still, err := s.Jar.Still(r, person); {
	case err != nil:
		return store.Session{}, store.Person{}, fmt.Errorf("asking the program whether person %s is signed in: %w", person.ID, err)
	case !still:
		return store.Session{}, store.Person{}, store.ErrNotFound
	}
	return session, person, nil
}

// Request returns a live authorization that this browser opened. One that another browser opened is store.ErrNotFound,
// like one that never was: its id alone is worth nothing.
func (v Visitor) Request(ctx context.Context, requests store.Requests, id store.RequestID, now time.Time) (store.Request, error) {
	if !v.Known() || id == "" {
		return store.Request{}, store.ErrNotFound
	}
	req, err := requests.Request(ctx, id, now)
	if err != nil {
		return store.Request{}, err
	}
	mine := v.Digest()
	if subtle.ConstantTimeCompare(req.Browser[:], mine[:]) != 1 {
		return store.Request{}, store.ErrNotFound
	}
	return req, nil
}
