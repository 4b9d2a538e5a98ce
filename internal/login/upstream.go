// upstream.go answers POST /login/with, which sends a person to another provider, and GET /login/from/NAME, by which
// they come back (OpenID Connect Core §3.1, threat E10).

package login

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstream"
	"github.com/authwright/authwright/oauth"
)

// button is a provider that everybody may come by.
type button struct {
	ID   store.ProviderID
	Name string
}

// buttons are the connections that are open to everybody. An organization's own is found by the address: byAddress tells
// whether there is any.
func (l *Login) buttons(ctx context.Context) (list []button, byAddress bool, err error) {
	all, err := l.connections(ctx)
	for _, p := range all {
		if p.Org == "" {
			list = append(list, button{p.ID, p.Name})
		} else {
			byAddress = true
		}
	}
	return list, byAddress, err
}

// connections are those in use.
func (l *Login) connections(ctx context.Context) ([]store.Provider, error) {
	if l.Upstream == nil {
		return nil, nil
	}
	all, err := l.Store.Providers(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the connections to providers: %w", err)
	}
	return slices.DeleteFunc(all, func(p store.Provider) bool { return p.Disabled }), nil
}

// goWith answers POST /login/with.
func (l *Login) goWith(w http.ResponseWriter, r *http.Request) error {
	form, req, err := l.formOf(r, signInForm) // they are on one page
	if err != nil {
		return err
	}
	all, err := l.connections(r.Context())
	if err != nil {
		return err
	}
	for _, p := range all {
		if string(p.ID) == form.Get("provider") && p.Org == "" {
			return l.depart(w, r, p, l.askFor(r, req, hint(req)))
		}
	}
	return off()
}

// askFor is what a login for a request wants of a provider.
func (l *Login) askFor(r *http.Request, req store.Request, hint string) upstream.Ask {
	return upstream.Ask{
		Browser: l.Jar.Visitor(r).Digest(), Request: req.ID, Hint: hint,
		Fresh: req.ID != "" && (prompts(req, "login") || req.MaxAge >= 0),
	}
}

// depart sends the browser to a provider. It goes by a page and not by a redirect, because the form that led here may
// end up on this site only (CSP form-action), and where a provider's pages are is known only by asking it.
func (l *Login) depart(w http.ResponseWriter, r *http.Request, p store.Provider, ask upstream.Ask) error {
	to, err := l.Upstream.Begin(r.Context(), p, ask)
	if errors.Is(err, upstream.ErrUnreachable) {
		return unreachable(p, err)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Refresh", "0;url="+to)
	return l.Site.Write(w, r, http.StatusOK, pages.Page{Title: "Going to " + p.Name, Template: awayPage, Data: struct{ Name, To string }{p.Name, to}})
}

// unreachable tells that a provider does not answer. Nothing else is hindered by it.
func unreachable(p store.Provider, err error) error {
	return &pages.Refusal{
		Status: http.StatusBadGateway, Title: p.Name + " does not answer", Text: "We could not sign you in with it just now. Nothing was changed.",
		Hint: "Go back and choose another way to sign in, or try again in a few minutes.", RetryAfter: retryProvider, Cause: err,
	}
}

const retryProvider = 30 * time.Second

// arrive answers GET /login/from/NAME.
func (l *Login) arrive(w http.ResponseWriter, r *http.Request) error {
	answer, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	visitor := l.Jar.Visitor(r)
	if l.Upstream == nil || !visitor.Known() {
		return lost(nil)
	}
	began := l.now()
	back, err := l.Upstream.Finish(r.Context(), store.ProviderID(path.Base(r.URL.Path)), visitor.Digest(), answer)
	if errors.Is(err, upstream.ErrNoJourney) {
		return lost(err)
	}
	if back.Journey.Person != "" {
		return l.connect(w, r, back, err)
	}
	var req store.Request
	if back.Journey.Request != "" {
		got, missing := l.request(r, string(back.Journey.Request))
		if missing != nil {
			return missing
		}
		req = got
	}
	if err != nil {
		return l.notArrived(w, r, req, back.Provider, err)
	}
	out, err := l.recognise(r.Context(), back)
	if err != nil {
		return err
	}
	out.began = began
	if err := l.open(w, r, req, out); !errors.Is(err, errSignedOut) {
		return err
	}
	return shutOut(back.Provider)
}

// lost refuses an answer that nobody here awaits: one that was used, is too late, or is for another browser (RFC 6749
// §10.12). It can be a stranger's try to sign this browser in as somebody else.
func lost(cause error) error {
	return &pages.Refusal{
		Status: http.StatusBadRequest, Title: "This sign-in can’t continue here",
		Text: "It was started in another browser, took too long, or is already finished.",
		Hint: "Go back to where you wanted to sign in, and start again.", Cause: cause,
	}
}

// notArrived tells why nobody came of a journey.
func (l *Login) notArrived(w http.ResponseWriter, r *http.Request, req store.Request, p store.Provider, err error) error {
	switch {
	case errors.Is(err, upstream.ErrDenied):
		l.note(r.Context(), "a provider signed nobody in", "provider", p.ID)
		return l.showSignIn(w, r, http.StatusOK, req, signInData{Problem: p.Name + " did not sign you in. Try again, or choose another way."})
	case errors.Is(err, upstream.ErrUnreachable):
		return unreachable(p, err)
	case errors.Is(err, upstream.ErrNotAnew):
		return stillSignedIn(p.Name, err)
	case errors.Is(err, upstream.ErrUntrue):
		return &pages.Refusal{
			Status: http.StatusBadGateway, Title: "We can’t believe what " + p.Name + " says",
			Text: "Its answer did not hold, so you were not signed in. Nothing was changed.",
			Hint: "Go back and try again. If it keeps happening, tell the people who run this place.", Cause: err,
		}
	}
	return err
}

// shutOut refuses somebody whom the provider knows and who is not let in here.
func shutOut(p store.Provider) error {
	return &pages.Refusal{
		Status: http.StatusForbidden, Title: "You can’t sign in here", Text: "Your account is locked, or was signed out while you were at " + p.Name + ".",
		Hint: "Ask the people who run this place.", Cause: errors.New("the person is disabled, or was signed out everywhere"),
	}
}

// called is what a provider calls a person, if it can stand on a page, or else their address.
func called(name, email string) string {
	a := Account{Email: email, Name: strings.Join(strings.Fields(name), " ")}
	if a.Check().Name != "" {
		return email
	}
	return a.name()
}
