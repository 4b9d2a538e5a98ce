// linked.go: the section about what other providers call a person, and POST /account/login/connect and /disconnect.

package account

import (
	"net/http"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	connectForm    = "connect"
	disconnectForm = "disconnect"
)

func linkedSection() section {
	return section{
		id: "linked", title: "Linked accounts", template: sectionTemplate("linked.html"),
		data: linkedData,
		routes: func(a *Account) map[string]pages.Handler {
			return map[string]pages.Handler{
				"POST /account/login/connect":    a.fresh(connectForm, a.connect),
				"POST /account/login/disconnect": a.fresh(disconnectForm, a.disconnect),
			}
		},
	}
}

func linkedData(a *Account, r *http.Request, v visit, bad *wrong) (any, error) {
	list, open, err := a.Login.Identities(r.Context(), v.Person.ID)
	if err != nil || len(list)+len(open) == 0 {
		return nil, err
	}
	type linked struct {
		login.Identity
		Since day
	}
	d := struct {
		List                                    []linked
		Open                                    []store.Provider
		Fresh                                   bool
		Connect, Hand, Disconnect, End, Problem string
	}{
		Open: open, Fresh: v.Fresh, Connect: a.Site.Base + "/account/login/connect", Hand: v.token(connectForm),
		Disconnect: a.Site.Base + "/account/login/disconnect", End: v.token(disconnectForm),
	}
	for _, i := range list {
		d.List = append(d.List, linked{i, dayOf(i.CreatedAt)})
	}
	if bad != nil {
		d.Problem = bad.problem
	}
	return d, nil
}

func (a *Account) connect(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	return a.Login.Connect(w, r, v.Session, store.ProviderID(form.Get("provider")))
}

func (a *Account) disconnect(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	problem, err := a.Login.Disconnect(r.Context(), v.Person, form.Get("issuer"), form.Get("subject"))
	if err != nil {
		return err
	}
	if problem != "" {
		return a.writeSignIn(w, r, v, &wrong{"linked", http.StatusUnprocessableEntity, problem})
	}
	return pages.Redirect(w, a.Issuer+"/account/login?disconnected")
}
