// password.go: the section about a person's password, and POST /account/login/password.

package account

import (
	"net/http"

	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/oauth"
)

const passwordForm = "password"

func passwordSection() section {
	return section{
		id: "password", title: "Password", template: sectionTemplate("password.html"),
		data: func(a *Account, _ *http.Request, v visit, bad *wrong) (any, error) {
			if a.Settings.NoPassword || v.Person.Email == "" {
				return nil, nil
			}
			d := struct {
				Has                           bool
				Change, Token, Email, Problem string
			}{Has: v.Person.Password != "", Email: v.Person.Email}
			if v.Fresh {
				d.Change, d.Token = a.Site.Base+"/account/login/password", v.token(passwordForm)
			}
			if bad != nil {
				d.Problem = bad.problem
			}
			return d, nil
		},
		routes: func(a *Account) map[string]pages.Handler {
			return map[string]pages.Handler{"POST /account/login/password": a.fresh(passwordForm, a.changePassword)}
		},
	}
}

func (a *Account) changePassword(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	if a.Settings.NoPassword || v.Person.Email == "" {
		return pages.Redirect(w, a.Issuer+"/account/login")
	}
	problem, err := a.Login.ChangePassword(w, r, v.Session, form.Get("current"), form.Get("password"))
	if err != nil {
		return err
	}
	if problem != "" {
		return a.writeSignIn(w, r, v, &wrong{"password", http.StatusUnprocessableEntity, problem})
	}
	return pages.Redirect(w, a.Issuer+"/account/login?password")
}
