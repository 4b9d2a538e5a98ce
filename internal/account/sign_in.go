// sign_in.go answers GET /account/login: how a person signs in, one section for each way. A way is a Go file and a
// template of its own, and a line in sections.

package account

import (
	"bytes"
	"fmt"
	"html/template"
	"net/http"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/oauth"
)

var signInPage = pages.Parse(templates, "sign_in.html", "tabs.html")

// section is one way to sign in, and how to change it.
type section struct {
	id, title string
	template  *template.Template // without the layout
	// data is what the template is given; nil leaves the section out. wrong is what the person entered and what was
	// wrong with it, when the page is the answer to a form of this section.
	data   func(a *Account, r *http.Request, v visit, wrong *wrong) (any, error)
	routes func(a *Account) map[string]pages.Handler
}

// wrong is a form that was not taken.
type wrong struct {
	section string // whose form
	status  int
	problem string
}

// sections are shown in this order.
func sections() []section {
	return []section{
		emailSection(),
		passwordSection(),
		passkeysSection(),
		linkedSection(),
		authenticatorSection(),
		recoverySection(),
	}
}

// sectionTemplate reads the template of a section: the whole file.
func sectionTemplate(file string) *template.Template {
	return template.Must(template.ParseFS(templates, file))
}

func noRoutes(*Account) map[string]pages.Handler { return nil }

// fresh guards what changes how a person signs in (threat E9): the handler runs when the form is ours and they proved
// who they are, with all they have to prove it with, within login.Fresh. Everybody else is led through the sign-in and
// back to the page, where they begin again.
func (a *Account) fresh(purpose string, h func(http.ResponseWriter, *http.Request, oauth.Params, visit) error) pages.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		form, v, err := a.posted(w, r, purpose)
		if err != nil {
			return a.unlessOut(w, err, login.ToSignIn)
		}
		if !v.Fresh {
			return pages.Redirect(w, login.Toward(a.Issuer, login.ToSignIn))
		}
		return h(w, r, form, v)
	}
}

// done are the words for what was done, by the query of the address.
var done = map[string]string{
	"password": "Your password is changed. Every other browser was signed out.",

	"connected":     "It is connected. You can sign in with it.",
	"not-connected": "Nothing was connected.",
	"disconnected":  "It is disconnected: it no longer signs you in.",

	"passkey-added":   "Your passkey is ready. Use it the next time you sign in.",
	"passkey-renamed": "Your passkey has its new name.",
	"passkey-removed": "Your passkey is removed: it no longer signs you in. Delete it on your device too.",
	"removed":         "Your authenticator app and your recovery codes are removed.",
}

func (a *Account) showSignIn(w http.ResponseWriter, r *http.Request) error {
	v, err := a.visit(w, r)
	if err != nil {
		return a.unlessOut(w, err, login.ToSignIn)
	}
	return a.writeSignIn(w, r, v, nil)
}

// writeSignIn shows the page, with what was wrong with a form of it, if something was.
func (a *Account) writeSignIn(w http.ResponseWriter, r *http.Request, v visit, bad *wrong) error {
	type shown struct {
		ID, Title string
		Body      template.HTML
	}
	var list []shown
	for _, s := range sections() {
		var mine *wrong
		if bad != nil && bad.section == s.id {
			mine = bad
		}
		data, err := s.data(a, r, v, mine)
		if err != nil {
			return err
		}
		if data == nil {
			continue
		}
		var body bytes.Buffer
		if err := s.template.Execute(&body, data); err != nil {
			return fmt.Errorf("rendering the section %s: %w", s.id, err)
		}
		list = append(list, shown{s.id, s.title, template.HTML(body.String())}) //nolint:gosec // made by html/template
	}
	status := http.StatusOK
	if bad != nil {
		status = bad.status
	}
	return a.Site.Write(w, r, status, pages.Page{Title: "How you sign in", Template: signInPage, Wide: true, Passkeys: a.Passkeys != nil && v.Fresh, Data: struct {
		Tabs     []tab
		Done     string
		Fresh    bool
		Confirm  string
		Sections []shown
	}{a.tabs("/account/login"), done[r.URL.RawQuery], v.Fresh, login.Toward(a.Site.Base, login.ToSignIn), list}})
}
