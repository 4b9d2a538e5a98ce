// place.go: where a sign-in leads that is for no authorization: to one of our own pages, named in a closed set. So no
// address of a stranger can come of it (threat: open redirect).

package login

import (
	"net/url"
	"regexp"
	"strings"
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
	ToAuthenticator store.RequestID = "account/login/authenticator"
	ToPasskey       store.RequestID = "account/login/passkey"
)

var places = map[store.RequestID]bool{ToSessions: true, ToSignIn: true, ToOrganizations: true, ToAuthenticator: true, ToPasskey: true}

// enrols are the pages that add what an authorization misses, and then lead back to it.
var enrols = map[store.RequestID]bool{ToAuthenticator: true, ToPasskey: true}

var requestShape = regexp.MustCompile(`^[A-Za-z0-9_-]{22}$`)

// isPlace tells whether the id names a page of ours. Some remember which authorization goes on after them.
func isPlace(id store.RequestID) bool {
	page, request, after := strings.Cut(string(id), "?request=")
	return places[store.RequestID(page)] && (!after || enrols[store.RequestID(page)] && requestShape.MatchString(request))
}

// For is a page that adds a factor, with a way on to an authorization.
func For(page store.RequestID, request string) store.RequestID {
	if !requestShape.MatchString(request) {
		return page
	}
	return page + "?request=" + store.RequestID(request)
}

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

// IsFresh tells whether somebody proved who they are just now, with all they have to prove it with.
func (l *Login) IsFresh(auth store.Authentication, has store.FactorsOf) bool {
	return l.now().Sub(auth.At) <= Fresh && need(store.Request{ID: ToSignIn}, has).MetBy(auth.Methods)
}
