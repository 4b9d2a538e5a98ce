// recovery.go: the section about recovery codes, and POST /account/login/recovery, which makes new ones.

package account

import (
	"net/http"

	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/oauth"
)

const recoveryForm = "recovery codes"

func recoverySection() section {
	return section{
		id: "recovery", title: "Recovery codes", template: sectionTemplate("recovery.html"),
		data: func(a *Account, _ *http.Request, v visit, _ *wrong) (any, error) {
			if !v.Has.Second() {
				return nil, nil
			}
			d := struct {
				Left, Of    int
				Make, Token string
			}{Left: v.Has.RecoveryCodes, Of: otp.RecoveryCodes}
			if v.Fresh {
				d.Make, d.Token = a.Site.Base+"/account/login/recovery", v.token(recoveryForm)
			}
			return d, nil
		},
		routes: func(a *Account) map[string]pages.Handler {
			return map[string]pages.Handler{"POST /account/login/recovery": a.fresh(recoveryForm, a.makeCodes)}
		},
	}
}

func (a *Account) makeCodes(w http.ResponseWriter, r *http.Request, _ oauth.Params, v visit) error {
	if !v.Has.Second() {
		return pages.Redirect(w, a.Issuer+"/account/login")
	}
	codes, err := a.Login.NewRecoveryCodes(r.Context(), v.Person.ID)
	if err != nil {
		return err
	}
	return a.writeCodes(w, r, codes, "")
}
