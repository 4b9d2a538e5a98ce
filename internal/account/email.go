// email.go: the section about a person's address.

package account

import (
	"net/http"

	"github.com/authwright/authwright/internal/browser"
)

func emailSection() section {
	return section{
		id: "email", title: "Email", template: sectionTemplate("email.html"), routes: noRoutes,
		data: func(a *Account, _ *http.Request, v visit, _ *wrong) (any, error) {
			return struct {
				Email           string
				Verified, Codes bool
				Verify, Token   string
			}{v.Person.Email, v.Person.EmailVerified, a.Mails && a.Settings.EmailCode, a.verifyAddress(v.Person), v.token(browser.VerifyForm)}, nil
		},
	}
}
