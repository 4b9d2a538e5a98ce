// passkeys.go: the section about a person's passkeys, and POST /account/login/passkeys and what is below it (Web
// Authentication Level 3 §7.1).

package account

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const (
	keysPath       = "/account/login/passkeys"
	passkeysForm   = "passkeys"
	maxPasskeyName = 60
)

// shownPasskey is a passkey as its person reads it.
type shownPasskey struct {
	ID              store.CredentialID
	Name, Model     string
	Synced          bool
	Since, SinceISO string
	Used, UsedISO   string // "" if never
}

type passkeysData struct {
	Passkeys              []shownPasskey
	Fresh, Last           bool // they may change something; the last one must stay
	Rename, Remove, Token string
	Problem               string
	Add                   *pages.PasskeyForm // nil where they may not, or have enough
	Most                  int
}

func passkeysSection() section {
	return section{
		id: "passkeys", title: "Passkeys", template: pages.WithPasskeyForm(sectionTemplate("passkeys.html")), data: passkeysShown,
		routes: func(a *Account) map[string]pages.Handler {
			return map[string]pages.Handler{
				"POST " + keysPath:              a.fresh(passkeysForm, a.addPasskey),
				"POST " + keysPath + "/options": a.fresh(passkeysForm, a.offerPasskey),
				"POST " + keysPath + "/rename":  a.fresh(passkeysForm, a.renamePasskey),
				"POST " + keysPath + "/remove":  a.fresh(passkeysForm, a.removePasskey),
			}
		},
	}
}

func passkeysShown(a *Account, r *http.Request, v visit, bad *wrong) (any, error) {
	if a.Passkeys == nil {
		return nil, nil
	}
	keys, err := a.Store.PasskeysOf(r.Context(), v.Person.ID)
	if err != nil {
		return nil, fmt.Errorf("listing the passkeys of person %s: %w", v.Person.ID, err)
	}
	other, err := a.Login.WithoutPasskeys(r.Context(), v.Person)
	if err != nil {
		return nil, err
	}
	d := passkeysData{
		Fresh: v.Fresh, Last: len(keys) == 1 && !other, Token: v.token(passkeysForm), Most: passkey.MaxPasskeys,
		Rename: a.Site.Base + keysPath + "/rename", Remove: a.Site.Base + keysPath + "/remove",
	}
	for _, k := range keys {
		d.Passkeys = append(d.Passkeys, describePasskey(k))
	}
	if bad != nil {
		d.Problem = bad.problem
	}
	if v.Fresh && len(keys) < passkey.MaxPasskeys {
		d.Add = a.passkeyForm(d.Token)
	}
	return d, nil
}

func (a *Account) passkeyForm(token string) *pages.PasskeyForm {
	return &pages.PasskeyForm{
		Action: a.Site.Base + keysPath, Options: a.Site.Base + keysPath + "/options", Token: token,
		Button: "Add a passkey", Make: true, Named: true,
	}
}

func describePasskey(k store.Passkey) shownPasskey {
	const long = "2 January 2006"
	s := shownPasskey{
		ID: k.ID, Name: k.Name, Model: passkey.Model(k.AAGUID), Synced: k.BackedUp,
		Since: k.CreatedAt.UTC().Format(long), SinceISO: k.CreatedAt.UTC().Format(time.DateOnly),
	}
	if s.Model == s.Name || s.Model == passkey.Unknown {
		s.Model = ""
	}
	if !k.UsedAt.IsZero() {
		s.Used, s.UsedISO = k.UsedAt.UTC().Format(long), k.UsedAt.UTC().Format(time.DateOnly)
	}
	return s
}

func (a *Account) owner(v visit) passkey.Owner {
	return passkey.Owner{Browser: v.Visitor.Digest(), Person: v.Person.ID, Email: v.Person.Email, Name: v.Person.Name}
}

// offerPasskey answers the script of the page: what to ask the device.
func (a *Account) offerPasskey(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	if a.Passkeys == nil {
		return pages.Redirect(w, a.Issuer+"/account/login")
	}
	options, err := a.Passkeys.Offer(r.Context(), a.owner(v), a.Site.Name)
	if errors.Is(err, passkey.ErrTooMany) {
		return a.passkeyProblem(w, r, v, form, "You have as many passkeys as one can have. Remove one first.")
	}
	if err != nil {
		return err
	}
	return pages.JSON(w, options)
}

// passkeyProblem shows the page that the form is of, with what was wrong.
func (a *Account) passkeyProblem(w http.ResponseWriter, r *http.Request, v visit, form oauth.Params, problem string) error {
	bad := &wrong{"passkeys", http.StatusUnprocessableEntity, problem}
	if form.Has("request") {
		return a.writeAddPasskey(w, r, v, form.Get("request"), bad)
	}
	return a.writeSignIn(w, r, v, bad)
}

// addPasskey files what the device made. Whoever was signed out everywhere since they came in adds nothing.
func (a *Account) addPasskey(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	if a.Passkeys == nil {
		return pages.Redirect(w, a.Issuer+"/account/login")
	}
	ctx := r.Context()
	key, _, err := a.Passkeys.Accept(ctx, a.owner(v), form.Get("answer"))
	if errors.Is(err, passkey.ErrRefused) {
		a.note(ctx, "a new passkey was refused", "person", v.Person.ID, "error", err)
		return a.passkeyProblem(w, r, v, form, "That passkey can’t be used here. Try again, or try another device.")
	}
	if err != nil {
		return err
	}
	if form.Has("name") {
		name, problem := passkeyName(form.Get("name"))
		if problem != "" {
			return a.passkeyProblem(w, r, v, form, problem)
		}
		key.Name = name
	}
	err = a.Store.AddPasskey(ctx, key, v.Session.Auth.At)
	switch {
	case errors.Is(err, store.ErrExists):
		return a.passkeyProblem(w, r, v, form, "This passkey is here already.")
	case errors.Is(err, store.ErrNotFound):
		return pages.Redirect(w, a.Issuer+"/account/login") // signed out meanwhile
	case err != nil:
		return fmt.Errorf("filing a passkey of person %s: %w", v.Person.ID, err)
	}
	a.note(ctx, "a person added a passkey", "person", v.Person.ID)
	a.Login.TellPasskey(ctx, v.Person)
	if form.Has("request") { // which goes on, with the passkey
		return pages.Redirect(w, login.Toward(a.Issuer, store.RequestID(form.Get("request"))))
	}
	return pages.Redirect(w, a.Issuer+"/account/login?passkey-added")
}

// passkeyName is a name as it is kept, or what is wrong with it.
func passkeyName(s string) (name, problem string) {
	s = strings.TrimSpace(norm.NFC.String(s))
	if s == "" || utf8.RuneCountInString(s) > maxPasskeyName || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) }) {
		return "", fmt.Sprintf("Use a name of 1 to %d characters, without control or invisible ones.", maxPasskeyName)
	}
	return s, ""
}

func (a *Account) renamePasskey(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	name, problem := passkeyName(form.Get("name"))
	if problem != "" {
		return a.passkeyProblem(w, r, v, form, problem)
	}
	err := a.Store.RenamePasskey(r.Context(), v.Person.ID, store.CredentialID(form.Get("passkey")), name)
	if errors.Is(err, store.ErrNotFound) {
		return pages.Redirect(w, a.Issuer+"/account/login") // removed, in another tab
	}
	if err != nil {
		return fmt.Errorf("renaming a passkey of person %s: %w", v.Person.ID, err)
	}
	return pages.Redirect(w, a.Issuer+"/account/login?passkey-renamed")
}

// removePasskey takes a passkey away, but never the last way to sign in.
func (a *Account) removePasskey(w http.ResponseWriter, r *http.Request, form oauth.Params, v visit) error {
	ctx := r.Context()
	other, err := a.Login.WithoutPasskeys(ctx, v.Person)
	if err != nil {
		return err
	}
	err = a.Store.RemovePasskey(ctx, v.Person.ID, store.CredentialID(form.Get("passkey")), !other)
	switch {
	case errors.Is(err, store.ErrChanged):
		return a.passkeyProblem(w, r, v, form, "This is your only way to sign in. Add another passkey first.")
	case errors.Is(err, store.ErrNotFound):
		return pages.Redirect(w, a.Issuer+"/account/login") // removed, in another tab
	case err != nil:
		return fmt.Errorf("removing a passkey of person %s: %w", v.Person.ID, err)
	}
	a.note(ctx, "a person removed a passkey", "person", v.Person.ID)
	return pages.Redirect(w, a.Issuer+"/account/login?passkey-removed")
}
