// place.go: where a sign-in leads that is for no authorization: to one of our own pages, named in a closed set. So no
// address of a stranger can come of it (threat: open redirect).

package login

import (
	"net/url"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// Fresh is how long after a login a person may change how they sign in (threat E9).
const Fresh = 10 * time.Minute

// The pages that need somebody signed in. GET /login?request=PLACE signs in and leads back; who proved who they are
// within Fresh is led back at once. No request has such an id: it has a slash.
const (
	ToSessions store.RequestID = "account/sessions"
	ToSignIn   store.RequestID = "account/login"

	ToOrganizations store.RequestID = "account/organizations"
)

var places = map[store.RequestID]bool{ToSessions: true, ToSignIn: true, ToOrganizations: true}

func isPlace(id store.RequestID) bool { return places[id] }

// place is a page of ours as a request, so that every way to log in carries it along without knowing.
func place(id store.RequestID, now time.Time) (store.Request, bool) {
	if !isPlace(id) {
		return store.Request{}, false
	}
	return store.Request{ID: id, MaxAge: int64(Fresh / time.Second), CreatedAt: now}, true
}

// Toward is the address of the sign-in that leads to a page of ours; "" leads to the account.
func Toward(base string, to store.RequestID) string {
	if to == "" {
		return base + "/login"
	}
	return base + "/login?" + url.Values{"request": {string(to)}}.Encode()
}

// IsFresh tells whether somebody proved who they are, and that just now.
func (l *Login) IsFresh(auth store.Authentication) bool {
	return l.now().Sub(auth.At) <= Fresh
}
