// embed.go: a program that embeds the server knows who people are, and how its pages look.

package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Person is somebody whom your program knows.
type Person struct {
	// ID names the person for ever: 1 to 255 printable ASCII characters without a space, like no client id. It is the sub
	// of the tokens, so that your tools find their own people.
	ID string
	// Email and Name are shown to the person, and told to clients that may know them. They are read when the person comes
	// for the first time.
	Email, Name   string
	EmailVerified bool
	// SignedInAt is when the person proved who they are. Login wants it: clients may ask for a fresh proof.
	SignedInAt time.Time
	// Methods are how they proved it, in the words of RFC 8176: "pwd", "otp", "hwk".
	Methods []string
}

// ErrNobody is the answer that there is no such person, or that nobody is signed in.
var ErrNobody = errors.New("nobody")

// People are the accounts of your own program.
type People interface {
	// Authenticate tells whose the e-mail address and the password are, or ErrNobody. Let it take as long for an address
	// that nobody has. Guessing is slowed down before it is called.
	Authenticate(ctx context.Context, email, password string) (Person, error)
	// Lookup tells whether there still is such a person. It is asked whenever they open a page; when the answer is
	// ErrNobody, their sessions and connections end.
	Lookup(ctx context.Context, id string) (Person, error)
}

// Login is how people sign in at your own program. Both fields are set, or none.
type Login struct {
	// SignedIn tells who is signed in at the browser that sent the request, by your program's own cookie, or ErrNobody. It is
	// asked whenever a page opens: who signs out at your program is signed out here.
	SignedIn func(*http.Request) (Person, error)
	// URL is your page to sign in: an address, or a path under the issuer's host. People are sent there with return_to, to
	// which you send them back when they are signed in (see Server.ReturnTo), and perhaps with prompt: "login" when they
	// are to prove anew who they are, "select_account" when they want to be somebody else.
	URL string
}

// Pages are how the pages for people look.
type Pages struct {
	// Style is a stylesheet that comes after ours: set its custom properties, or more.
	Style []byte
	// Mark is an SVG in the place of ours.
	Mark []byte
	// Footer is the line at the bottom, in the place of ours.
	Footer string
}

const maxAppearance = 256 << 10 // bytes of a stylesheet or a mark

// checkEmbedded says what is wrong with what an embedding program set.
func (c Config) checkEmbedded(add func(field, format string, args ...any)) {
	if c.People != nil && c.Login.SignedIn != nil {
		add("people", "is set beside login: keep one of them")
	}
	switch page := c.Login.page(c.Issuer); {
	case (c.Login.SignedIn == nil) != (c.Login.URL == ""):
		add("login", "needs both SignedIn and URL")
	case c.Login.URL == "":
	case page == nil || page.User != nil || page.Scheme != "https" && (page.Scheme != "http" || !oauth.IsLoopbackHost(page.Hostname())):
		add("login", "URL %q must be a path, or an https address; http is for loopback addresses only", c.Login.URL)
	}
	if len(c.Pages.Style) > maxAppearance || !utf8.Valid(c.Pages.Style) {
		add("pages", "Style must be UTF-8 text of at most %d bytes", maxAppearance)
	}
	if n := len(c.Pages.Mark); n > maxAppearance || n > 0 && !bytes.Contains(c.Pages.Mark, []byte("<svg")) {
		add("pages", "Mark must be an SVG of at most %d bytes", maxAppearance)
	}
}

// page is the address of the program's page; nil when it is none.
func (l Login) page(issuer string) *url.URL {
	base, err1 := url.Parse(issuer)
	page, err2 := url.Parse(l.URL)
	if err1 != nil || err2 != nil || page.Host == "" && !strings.HasPrefix(l.URL, "/") {
		return nil
	}
	return base.ResolveReference(page)
}

// settings take the ways to log in away that the program's own page is in the place of.
func (l Login) settings(s store.Settings) store.Settings {
	s.NoPassword = l.SignedIn != nil
	s.EmailCode, s.SignUp = false, false
	return s
}

// embedded tells whether the people of a project are the program's.
func (s *Server) embedded(id store.ProjectID) bool {
	return id == DefaultProject && (s.config.People != nil || s.config.Login.SignedIn != nil)
}

// program is what the login asks of the program.
func (s *Server) program() login.Program {
	if s.config.People != nil {
		return login.Program{Check: s.check}
	}
	return login.Program{SignedIn: s.signedIn, Page: s.config.Login.page(s.config.Issuer).String()}
}

func (s *Server) check(ctx context.Context, email, password string) (store.Person, []string, error) {
	theirs, err := s.config.People.Authenticate(ctx, email, password)
	if err != nil {
		return store.Person{}, nil, unlessNobody(err)
	}
	person, err := theirs.person()
	if theirs.Methods == nil {
		theirs.Methods = []string{"pwd"}
	}
	return person, theirs.Methods, err
}

func (s *Server) signedIn(r *http.Request) (store.Person, store.Authentication, error) {
	theirs, err := s.config.Login.SignedIn(r)
	if err != nil {
		return store.Person{}, store.Authentication{}, unlessNobody(err)
	}
	person, err := theirs.person()
	if err != nil {
		return store.Person{}, store.Authentication{}, err
	}
	now := s.config.Now()
	switch {
	case theirs.SignedInAt.IsZero():
		return store.Person{}, store.Authentication{}, fmt.Errorf("person %s has no SignedInAt", theirs.ID)
	case theirs.SignedInAt.After(now):
		theirs.SignedInAt = now
	}
	return person, store.Authentication{Person: person.ID, At: theirs.SignedInAt.Truncate(time.Millisecond), Methods: theirs.Methods}, nil
}

// still is what every page asks before it believes a session; nil where the people are ours.
func (s *Server) still(id store.ProjectID) func(*http.Request, store.Person) (bool, error) {
	switch {
	case !s.embedded(id):
		return nil
	case s.config.People != nil:
		return func(r *http.Request, p store.Person) (bool, error) {
			_, err := s.config.People.Lookup(r.Context(), string(p.ID))
			if errors.Is(err, ErrNobody) {
				return false, s.EndPerson(r.Context(), string(p.ID))
			}
			return err == nil, err
		}
	}
	return func(r *http.Request, p store.Person) (bool, error) {
		theirs, err := s.config.Login.SignedIn(r)
		if errors.Is(err, ErrNobody) {
			return false, nil
		}
		return err == nil && theirs.ID == string(p.ID), err
	}
}

func unlessNobody(err error) error {
	if errors.Is(err, ErrNobody) {
		return store.ErrNotFound
	}
	return err
}

// person is a person as the store keeps them. An address that is none is left out.
func (p Person) person() (store.Person, error) {
	if p.ID == "" || len(p.ID) > 255 || strings.ContainsFunc(p.ID, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return store.Person{}, fmt.Errorf("the program's person %q has an id that cannot be the sub of a token", p.ID)
	}
	email, err := login.CanonicalEmail(p.Email)
	if err != nil {
		email, p.EmailVerified = "", false
	}
	return store.Person{ID: store.PersonID(p.ID), Email: email, EmailVerified: p.EmailVerified, Name: p.Name}, nil
}

// Mount registers Handler on a mux, for all that is under the issuer: its path, and the places of the metadata, which are
// not below it (RFC 8414 §3.1). With a path in the issuer, such as https://app.example.com/auth, the rest of the mux is yours;
// without one, what you register beside it goes first.
func (s *Server) Mount(mux *http.ServeMux) {
	h, path := s.Handler(), s.base.Path
	mux.Handle(path+"/", h)
	if path == "" {
		return
	}
	mux.Handle(path, h)
	for _, prefix := range []string{oauth.ServerMetadataPrefix, oauth.OpenIDConfigurationPrefix} {
		mux.Handle(prefix+path, h)
		mux.Handle(prefix+path+"/", h)
	}
}

// EndPerson ends the sessions of a person of your program and takes back all that they allowed: call it when they leave,
// or when their password was changed by somebody else. Who signed in at your program before has to do so again.
func (s *Server) EndPerson(ctx context.Context, id string) error {
	err := s.db.For(DefaultProject).SetPassword(ctx, store.PersonID(id), "", true, s.config.Now())
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("ending person %s: %w", id, err)
	}
	return nil
}

// ReturnTo is where your page sends people who have signed in: the return_to of its address, when that leads back here.
// Of any other, which somebody made up, it returns "".
func (s *Server) ReturnTo(r *http.Request) string {
	to := r.URL.Query().Get("return_to")
	if door := s.config.Issuer + "/login"; to == door || strings.HasPrefix(to, door+"?request=") {
		return to
	}
	return ""
}
