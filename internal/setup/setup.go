// setup.go answers GET and POST /setup: the address that is printed at the start of a deployment without an operator.

// Package setup finds out who the first operator is.
package setup

import (
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

//go:embed setup.html
var templates embed.FS

var setupPage = pages.Parse(templates, "setup.html")

const setupForm = "setup"

// Setup makes the first operator of a deployment. Whoever knows a link made with Key may, while there is none.
type Setup struct {
	Store  store.People
	Site   *pages.Site
	Jar    browser.Jar
	Issuer string
	Key    []byte           // 32 bytes, the same at every replica
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger     // none when nil
}

// Routes are the addresses under the issuer.
func (s *Setup) Routes() map[string]pages.Handler {
	return map[string]pages.Handler{
		"GET /setup":  s.show,
		"POST /setup": s.create,
	}
}

// Link is the address that makes the first operator, good once and for an hour. It is a secret.
func (s *Setup) Link() string {
	return s.Issuer + "/setup?token=" + s.token(s.now().Add(linkLife))
}

// formData is what the form shows.
type formData struct {
	Action, Token, Link string
	Account             login.Account
	Problem             string // at the top
	Wrong               login.AccountProblems
	RepeatProblem       string
}

// show answers GET /setup?token=TOKEN.
func (s *Setup) show(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return refuse(err)
	}
	if err := s.admit(r, params.Get("token")); err != nil {
		return err
	}
	return s.write(w, r, http.StatusOK, formData{Link: params.Get("token")})
}

// admit lets in who has a live link, while there is no operator. A link that is wrong, over or used looks the same.
func (s *Setup) admit(r *http.Request, token string) error {
	if !s.valid(token) {
		return refuse(errors.New("the token is wrong or over"))
	}
	has, err := s.Store.HasOperator(r.Context())
	switch {
	case err != nil:
		return fmt.Errorf("looking for an operator: %w", err)
	case has:
		return refuse(errors.New("there is an operator already"))
	}
	return nil
}

// create answers POST /setup.
func (s *Setup) create(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return refuse(err)
	}
	if err := s.admit(r, form.Get("link")); err != nil {
		return err
	}
	if !s.Jar.Visitor(r).CheckForm(form.Get("token"), setupForm) {
		return pages.Stale()
	}
	data := formData{Link: form.Get("link"), Account: login.Account{
		Email: form.Get("email"), Name: form.Get("name"), Password: form.Get("password"),
	}}
	data.Wrong = data.Account.Check()
	if data.Wrong.Password == "" && form.Get("repeat") != data.Account.Password {
		data.RepeatProblem = "The two passwords differ. Enter the same one twice."
	}
	if data.Wrong != (login.AccountProblems{}) || data.RepeatProblem != "" {
		data.Problem = "Some of this can’t be used yet."
		return s.write(w, r, http.StatusUnprocessableEntity, data)
	}
	return s.file(w, r, data)
}

// file makes the operator. Of any number of callers one succeeds.
func (s *Setup) file(w http.ResponseWriter, r *http.Request, data formData) error {
	person, err := data.Account.Person(r.Context(), s.now())
	if err != nil {
		return fmt.Errorf("making the first operator: %w", err)
	}
	err = s.Store.CreateFirstOperator(r.Context(), person)
	if errors.Is(err, store.ErrExists) {
		if err := s.admit(r, data.Link); err != nil {
			return err // somebody was faster
		}
		data.Problem = "Some of this can’t be used yet."
		data.Wrong.Email = "There is an account with this email already. Use another one."
		return s.write(w, r, http.StatusUnprocessableEntity, data)
	}
	if err != nil {
		return fmt.Errorf("filing the first operator: %w", err)
	}
	if s.Log != nil {
		s.Log.InfoContext(r.Context(), "the first operator was made", "person", person.ID)
	}
	return pages.Redirect(w, s.Issuer+"/login")
}

// write shows the form. Passwords are never sent back.
func (s *Setup) write(w http.ResponseWriter, r *http.Request, status int, d formData) error {
	d.Action = s.Site.Base + "/setup"
	d.Token = s.Jar.EnsureVisitor(w, r).FormToken(setupForm)
	d.Account.Password = ""
	return s.Site.Write(w, r, status, pages.Page{Title: "Create the first operator", Template: setupPage, Data: d})
}

// refuse is the one answer to every link that does not lead anywhere (any more).
func refuse(cause error) error {
	return &pages.Refusal{
		Status: http.StatusForbidden,
		Title:  "This link can’t be used",
		Text:   "It is wrong, older than an hour, or the first operator exists already.",
		Hint:   "If nobody has set this server up, restart it: it prints a new link.",
		Cause:  cause,
	}
}

func (s *Setup) now() time.Time {
	if s.Now != nil {
		return s.Now()
	}
	return time.Now()
}
