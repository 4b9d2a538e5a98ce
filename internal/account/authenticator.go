// authenticator.go: the section about an authenticator app, and GET and POST /account/login/authenticator, which add one.

package account

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/oauth"
)

var (
	offerPage = pages.Parse(templates, "offer.html")
	codesPage = pages.Parse(templates, "codes.html")
)

const (
	authenticatorForm = "authenticator"
	removeForm        = "remove authenticator"
)

func authenticatorSection() section {
	return section{
		id: "authenticator", title: "Authenticator app", template: sectionTemplate("authenticator.html"),
		data: func(a *Account, _ *http.Request, v visit, _ *wrong) (any, error) {
			d := struct {
				Has                bool
				Add, Remove, Token string
			}{Has: v.Has.Authenticator, Add: a.Site.Base + "/account/login/authenticator"}
			if v.Fresh {
				d.Remove, d.Token = a.Site.Base+"/account/login/authenticator/remove", v.token(removeForm)
			}
			return d, nil
		},
		routes: func(a *Account) map[string]pages.Handler {
			return map[string]pages.Handler{
				"POST /account/login/authenticator":        a.fresh(authenticatorForm, a.addAuthenticator),
				"POST /account/login/authenticator/remove": a.fresh(removeForm, a.removeAuthenticator),
			}
		},
	}
}

// offerAuthenticator shows a new secret, to who proved who they are just now. ?request= is the authorization that goes on
// when it is added.
func (a *Account) offerAuthenticator(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return pages.StartAgain()
	}
	request := params.Get("request")
	v, err := a.visit(w, r)
	switch {
	case err != nil:
		return a.unlessOut(w, err, login.For(login.ToAuthenticator, request))
	case v.Has.Authenticator:
		return pages.Redirect(w, a.Issuer+"/account/login")
	case !v.Fresh:
		return pages.Redirect(w, login.Toward(a.Issuer, login.For(login.ToAuthenticator, request)))
	}
	return a.writeOffer(w, r, v, a.Login.OfferAuthenticator(v.Session), request, "")
}

// writeOffer shows a secret, as a picture and as text.
func (a *Account) writeOffer(w http.ResponseWriter, r *http.Request, v visit, o login.Offer, request, problem string) error {
	image, err := otp.QR(otp.URI(a.Site.Name, cmp.Or(v.Person.Email, string(v.Person.ID)), o.Secret), "QR code for your authenticator app")
	if err != nil {
		return err
	}
	status := http.StatusOK
	if problem != "" {
		status = http.StatusUnprocessableEntity
	}
	return a.Site.Write(w, r, status, pages.Page{Title: "Set up an authenticator app", Template: offerPage, Data: struct {
		Image                                              template.HTML
		Secret, Add, Token, Sealed, Request, Problem, Back string
	}{
		Image: image, Secret: grouped(otp.Text(o.Secret)), Add: a.Site.Base + "/account/login/authenticator", Token: v.token(authenticatorForm),
		Sealed: o.Sealed, Request: request, Problem: problem, Back: a.Site.Base + "/account/login",
	}})
}

// grouped is a secret as a person can type it.
func grouped(s string) string {
	var b strings.Builder
	for i, c := range s {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func (a *Account) addAuthenticator(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	offer, err := a.Login.ReadOffer(v.Session, form.Get("offer"))
	if err != nil {
		return pages.Stale() // of another session
	}
	codes, problem, err := a.Login.AddAuthenticator(w, r, v.Session, offer, form.Get("code"))
	if err != nil {
		return err
	}
	if problem != "" {
		return a.writeOffer(w, r, v, offer, form.Get("request"), problem)
	}
	return a.writeCodes(w, r, codes, form.Get("request"))
}

// writeCodes shows recovery codes, this once, and how to go on.
func (a *Account) writeCodes(w http.ResponseWriter, r *http.Request, codes []string, request string) error {
	next := a.Site.Base + "/account/login"
	if request != "" {
		next = a.Site.Base + "/login?" + url.Values{"request": {request}}.Encode()
	}
	return a.Site.Write(w, r, http.StatusOK, pages.Page{Title: "Your recovery codes", Template: codesPage, Data: struct {
		Codes []string
		Next  string
	}{codes, next}})
}

func (a *Account) removeAuthenticator(w http.ResponseWriter, r *http.Request, _ oauth.Params, v visit) error {
	if err := a.Login.RemoveAuthenticator(r.Context(), v.Person); err != nil {
		return err
	}
	return pages.Redirect(w, a.Issuer+"/account/login?removed")
}
