// reset.go answers GET and POST /login/reset/new, where a mailed link leads, and GET /login/reset/done. The password is
// set by the request that spends the link, so there is no step between to skip to (threat E6).

package login

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const resetForm = "reset"

type newPasswordData struct {
	Action, Token, Link, Email string
	Problem                    string
}

func (l *Login) showNewPassword(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	if l.ways(store.Request{}).Reset == "" {
		return off()
	}
	c, err := l.readLink(r.Context(), params.Get("t"), store.ForReset)
	if err != nil {
		return err
	}
	return l.writeNewPassword(w, r, http.StatusOK, newPasswordData{Link: params.Get("t"), Email: c.Email})
}

func (l *Login) writeNewPassword(w http.ResponseWriter, r *http.Request, status int, d newPasswordData) error {
	d.Action = l.Site.Base + "/login/reset/new"
	d.Token = l.Jar.EnsureVisitor(w, r).FormToken(resetForm, d.Link)
	return l.Site.Write(w, r, status, pages.Page{Title: "Choose a new password", Template: newPasswordPage, Data: d})
}

// setPassword looks at the link, then at the password, and spends the link when nothing else can go wrong.
func (l *Login) setPassword(w http.ResponseWriter, r *http.Request) error {
	form, err := oauth.ParseForm(r)
	if err != nil {
		return stale(err)
	}
	if !l.Jar.Visitor(r).CheckForm(form.Get("token"), resetForm, form.Get("t")) {
		return pages.Stale()
	}
	if l.ways(store.Request{}).Reset == "" {
		return off()
	}
	ctx, password := r.Context(), form.Get("password")
	c, err := l.readLink(ctx, form.Get("t"), store.ForReset)
	if err != nil {
		return err
	}
	problem := CheckNewPassword(password)
	if problem == "" && strings.EqualFold(c.Email, password) {
		problem = "Choose a password that is not your email address."
	}
	if problem != "" {
		return l.writeNewPassword(w, r, http.StatusUnprocessableEntity, newPasswordData{Link: form.Get("t"), Email: c.Email, Problem: problem})
	}
	hash, err := HashPassword(ctx, password)
	if err != nil {
		return unlessBusy(err)
	}
	if c, err = l.spend(ctx, c); err != nil {
		return err
	}
	err = l.Store.SetPassword(ctx, c.Person, hash, true, l.now())
	if errors.Is(err, store.ErrNotFound) {
		return linkOver()
	}
	if err != nil {
		return fmt.Errorf("setting the password of person %s: %w", c.Person, err)
	}
	return l.passwordSet(w, r, c)
}

// passwordSet tells the person, by mail too. What fails from here on does not undo the new password.
func (l *Login) passwordSet(w http.ResponseWriter, r *http.Request, c store.Challenge) error {
	ctx := r.Context()
	l.note(ctx, "a person chose a new password by mail", "person", c.Person)
	err := errors.Join(l.put(l.changedLetter(c.Email)), forgetFailures(ctx, l.Store, countersFor(c.Email, l.clientAddr(r), "")))
	if err != nil && l.Log != nil {
		l.Log.WarnContext(ctx, "after a new password", "person", c.Person, "error", err)
	}
	l.Jar.ClearSession(w)
	to := l.Issuer + "/login/reset/done"
	if asker(l.Jar.Visitor(r), c) && c.Request != "" {
		to += "?" + url.Values{"request": {string(c.Request)}}.Encode()
	}
	return pages.Redirect(w, to)
}

// showReset says that it is done. An authorization that is still under way goes on from here.
func (l *Login) showReset(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return badLink(err)
	}
	req, err := l.requestFor(r, store.Challenge{Request: store.RequestID(params.Get("request"))})
	if err != nil {
		return err
	}
	return l.Site.Write(w, r, http.StatusOK, pages.Page{Title: "Your password is changed", Template: resetDonePage, Data: struct{ SignIn string }{l.backTo(req)}})
}
