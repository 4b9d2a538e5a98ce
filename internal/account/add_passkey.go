// add_passkey.go answers GET /account/login/passkey: a page that adds a passkey and nothing else, for an app that asks for
// one (RFC 9470 §4). The authorization goes on when it is there: then the person signs in with it.

package account

import (
	"errors"
	"net/http"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var addPasskeyPage = pages.Parse(templates, "add_passkey.html")

func (a *Account) showAddPasskey(w http.ResponseWriter, r *http.Request) error {
	params, err := oauth.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return pages.StartAgain()
	}
	here := login.For(login.ToPasskey, params.Get("request"))
	v, err := a.visit(w, r)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && !v.Fresh:
		return pages.Redirect(w, login.Toward(a.Issuer, here))
	case err != nil:
		return err
	case a.Passkeys == nil:
		return pages.Redirect(w, a.Issuer+"/account/login")
	}
	return a.writeAddPasskey(w, r, v, params.Get("request"), nil)
}

func (a *Account) writeAddPasskey(w http.ResponseWriter, r *http.Request, v visit, request string, bad *wrong) error {
	status, problem := http.StatusOK, ""
	if bad != nil {
		status, problem = bad.status, bad.problem
	}
	form := a.passkeyForm(v.token(passkeysForm))
	form.Fields, form.Primary, form.Only = map[string]string{"request": request}, true, true
	return a.Site.Write(w, r, status, pages.Page{Title: "Make a passkey", Template: addPasskeyPage, Passkeys: true, Data: struct {
		Passkey       *pages.PasskeyForm
		Problem, Back string
	}{form, problem, login.Toward(a.Site.Base, store.RequestID(request))}})
}
