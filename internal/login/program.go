// program.go: the program around the server knows who people are. It either checks their passwords for our page, or has
// signed them in on a page of its own and tells us who is at a browser.

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Program is what the program around the server answers. Nobody is store.ErrNotFound. The person's id is the program's.
type Program struct {
	// Check tells whose the e-mail address and the password are; nil when our own store knows.
	Check func(ctx context.Context, email, password string) (store.Person, []string, error)
	// SignedIn tells who is signed in at a browser, since when and how; nil when people sign in on our pages.
	SignedIn func(*http.Request) (store.Person, store.Authentication, error)
	// Page is where people sign in, with SignedIn.
	Page string
}

// Parameters of the program's page.
const (
	returnTo = "return_to" // where to send the browser when the person is signed in
	prompt   = "prompt"    // "login" when they are to prove it anew, "select_account" when they want to be somebody else
)

// showTheirs answers GET /login where the program signs people in: it goes on with who is signed in there, or sends the
// browser to its page, from which it comes back here.
func (l *Login) showTheirs(w http.ResponseWriter, r *http.Request, params oauth.Params) error {
	var req store.Request
	var err error
	if params.Has("request") {
		if req, err = l.request(r, params.Get("request")); err != nil {
			return err
		}
	}
	theirs, auth, err := l.Program.SignedIn(r)
	switch {
	case params.Has("switch"):
		return l.sendAway(w, req, "select_account")
	case errors.Is(err, store.ErrNotFound):
		return l.sendAway(w, req, "")
	case err != nil:
		return fmt.Errorf("asking the program who is signed in: %w", err)
	case req.ID != "" && mustProve(req, store.Session{Auth: auth}, l.now()):
		return l.sendAway(w, req, "login")
	}
	person, err := l.adopt(r.Context(), theirs)
	if err != nil {
		return err
	}
	session, known, err := l.sessions().SignedIn(r, l.now())
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("looking up who is signed in: %w", err)
	case known.ID != person.ID || !session.Auth.At.Equal(auth.At):
		err := l.startSession(w, r, outcome{person: person, began: auth.At, methods: auth.Methods})
		if errors.Is(err, errSignedOut) { // since they signed in there
			return l.sendAway(w, req, "login")
		}
		if err != nil {
			return err
		}
		session.Auth = auth
	}
	switch {
	case req.ID == "":
		return pages.Redirect(w, l.Issuer+"/account")
	case mustChoose(req, person):
		return l.showChoice(w, r, req, person)
	}
	return l.goOn(w, r, req, session, person) // with what they proved here since, beside what they proved there
}

// sendAway leads to the program's page. The way back is made from the issuer; the request it names is worth something
// in the browser that opened it only.
func (l *Login) sendAway(w http.ResponseWriter, req store.Request, wants string) error {
	page, err := url.Parse(l.Program.Page)
	if err != nil {
		return fmt.Errorf("the program's page: %w", err)
	}
	query := page.Query()
	query.Set(returnTo, Toward(l.Issuer, req.ID))
	if wants != "" {
		query.Set(prompt, wants)
	}
	page.RawQuery = query.Encode()
	return pages.Redirect(w, page.String())
}

// tryTheirs is try where the program checks passwords. It is slowed down in the same way, and answers all failures alike.
func (l *Login) tryTheirs(ctx context.Context, a attempt) (outcome, error) {
	now := l.now()
	counters := countersFor(a.email, a.from, "")
	if left, err := wait(ctx, l.Store, counters, now); err != nil || left > 0 {
		return outcome{wait: left}, err
	}
	theirs, methods, err := l.Program.Check(ctx, a.email, a.password)
	if errors.Is(err, store.ErrNotFound) {
		l.note(ctx, "a login was refused", "known_device", false)
		return outcome{}, countFailure(ctx, l.Store, "", counters, now)
	}
	if err != nil {
		return outcome{}, fmt.Errorf("asking the program whose password it is: %w", err)
	}
	person, err := l.adopt(ctx, theirs)
	if errors.Is(err, errClosed) {
		return outcome{}, countFailure(ctx, l.Store, theirs.ID, counters, now)
	}
	if err != nil {
		return outcome{}, err
	}
	return outcome{person: person, began: now, methods: methods}, forgetFailures(ctx, l.Store, counters)
}

// errClosed says that the operator disabled a person whom the program lets in.
var errClosed = errors.New("the operator disabled this person")

// adopt finds the program's person among ours, by id, or makes them one of ours when they come for the first time.
func (l *Login) adopt(ctx context.Context, theirs store.Person) (store.Person, error) {
	known, err := l.Store.Person(ctx, theirs.ID)
	if errors.Is(err, store.ErrNotFound) {
		theirs.CreatedAt = l.now()
		if err = l.Store.CreatePerson(ctx, theirs); err == nil {
			l.note(ctx, "a person of the program came for the first time", "person", theirs.ID)
			return theirs, nil
		}
		if !errors.Is(err, store.ErrExists) {
			return store.Person{}, fmt.Errorf("adopting person %s: %w", theirs.ID, err)
		}
		known, err = l.Store.Person(ctx, theirs.ID) // they came twice at once, or another one has the address
	}
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Person{}, &pages.Refusal{
			Status: http.StatusConflict, Title: "Somebody has this address already", Text: "Another account here uses your email address.",
			Hint: "Ask whoever runs this place to put it right.", Cause: fmt.Errorf("person %s has the e-mail address of another person", theirs.ID),
		}
	case err != nil:
		return store.Person{}, fmt.Errorf("looking for person %s: %w", theirs.ID, err)
	case known.Disabled:
		return store.Person{}, &pages.Refusal{
			Status: http.StatusForbidden, Title: "You can’t come in here", Text: "Your account is closed.",
			Hint: "Ask whoever runs this place.", Cause: fmt.Errorf("person %s: %w", known.ID, errClosed),
		}
	}
	return known, nil
}
