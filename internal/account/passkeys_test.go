package account

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
)

// withPasskeys is a world whose people may have passkeys, and nothing else.
func withPasskeys(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	party, err := passkey.New(w.store, issuer, "", func() time.Time { return now })
	w.must(err)
	w.account.Passkeys = party
	w.account.Settings = store.Settings{NoPassword: true, Passkeys: true}
	w.account.Login.Settings = w.account.Settings
	return w
}

// fields are those of a form of the section.
func (p *person) fields(more url.Values) url.Values {
	form := url.Values{"token": {p.token(passkeysForm, "per_ada")}}
	for name, values := range more {
		form[name] = values
	}
	return form
}

// add makes a passkey as the page's script does.
func (p *person) add(name string, changes ...func(*passkeytest.Answer)) *httptest.ResponseRecorder {
	p.Helper()
	options := p.do(http.MethodPost, keysPath+"/options", p.fields(nil))
	if options.Code != http.StatusOK {
		p.Fatalf("POST %s/options = %d %s, want 200", keysPath, options.Code, options.Body)
	}
	answer := passkeytest.New(issuer).Create(p, options.Body.String(), changes...)
	return p.do(http.MethodPost, keysPath, p.fields(url.Values{"name": {name}, "answer": {answer}}))
}

// keys are ada's.
func (w *world) keys() []store.Passkey {
	w.Helper()
	keys, err := w.store.PasskeysOf(w.Context(), "per_ada")
	w.must(err)
	return keys
}

func TestAPersonAddsRenamesAndRemovesPasskeys(t *testing.T) {
	w := withPasskeys(t)
	ada := w.at("per_ada", 0, "")
	page := func() string { return ada.do(http.MethodGet, "/account/login", nil).Body.String() }
	if got := page(); !strings.Contains(got, "no passkey yet") || !strings.Contains(got, `data-passkey="create"`) {
		t.Fatalf("the page is %s, want no passkey and a form to make one", got)
	}
	for i, name := range []string{"Phone", ""} {
		if rec := ada.add(name); rec.Header().Get("Location") != issuer+"/account/login?passkey-added" || len(w.keys()) != i+1 {
			t.Fatalf("adding %q = %d %s, %d passkeys, want it added", name, rec.Code, rec.Body, len(w.keys()))
		}
	}
	names := map[string]store.CredentialID{}
	for _, k := range w.keys() {
		names[k.Name] = k.ID
	}
	if names["Phone"] == "" || names["Passkey"] == "" {
		t.Fatalf("the passkeys are called %v, want Phone, and Passkey for the one without a name", names)
	}
	if rec := ada.do(http.MethodPost, keysPath+"/rename", ada.fields(url.Values{"passkey": {string(names["Passkey"])}, "name": {" Desk "}})); rec.Code != http.StatusSeeOther || !strings.Contains(page(), "<bdi>Desk</bdi>") {
		t.Errorf("renaming = %d, page %s, want the new name there", rec.Code, page())
	}
	remove := func(id store.CredentialID) *httptest.ResponseRecorder {
		return ada.do(http.MethodPost, keysPath+"/remove", ada.fields(url.Values{"passkey": {string(id)}}))
	}
	if rec := remove(names["Phone"]); rec.Header().Get("Location") != issuer+"/account/login?passkey-removed" || len(w.keys()) != 1 {
		t.Errorf("removing one of two = %d, %d left, want one left", rec.Code, len(w.keys()))
	}
	if got := page(); strings.Contains(got, keysPath+"/remove") || !strings.Contains(got, "only way to sign in") {
		t.Errorf("the page with one passkey and no other way is %s, want no button to remove it", got)
	}
	if rec := remove(names["Passkey"]); rec.Code != http.StatusUnprocessableEntity || len(w.keys()) != 1 {
		t.Errorf("removing the only way to sign in = %d, %d left, want 422 and one left", rec.Code, len(w.keys()))
	}
	w.must(w.store.RenewPassword(t.Context(), "per_ada", "", "$argon2id$"))
	if remove(names["Passkey"]); len(w.keys()) != 1 {
		t.Error("the only passkey was removed where nobody signs in with a password, want it kept")
	}
	w.account.Login.Settings.NoPassword = false
	if remove(names["Passkey"]); len(w.keys()) != 0 {
		t.Error("the last passkey was not removed though there is a password, want it removed")
	}
}

// TestALoginElsewhereIsAWayInBesideAPasskey, as long as it is trusted.
func TestALoginElsewhereIsAWayInBesideAPasskey(t *testing.T) {
	w := withPasskeys(t)
	ada := w.at("per_ada", 0, "")
	ada.add("Phone")
	remove := func() int {
		t.Helper()
		return ada.do(http.MethodPost, keysPath+"/remove", ada.fields(url.Values{"passkey": {string(w.keys()[0].ID)}})).Code
	}
	w.must(w.store.AddIdentity(t.Context(), store.Identity{Issuer: "https://app.example", Subject: "7", Person: "per_ada", CreatedAt: now, UsedAt: now}))
	if code := remove(); code != http.StatusUnprocessableEntity {
		t.Errorf("removing the only passkey of somebody who is known elsewhere, where nobody is trusted = %d, want 422", code)
	}
	app := store.TrustedIssuer{Name: "app", Title: "App", Issuer: "https://app.example", Audience: issuer, Disabled: true, CreatedAt: now}
	w.must(w.store.CreateTrustedIssuer(t.Context(), app))
	if code := remove(); code != http.StatusUnprocessableEntity {
		t.Errorf("removing it where the login is trusted and switched off = %d, want 422", code)
	}
	app.Disabled = false
	w.must(w.store.UpdateTrustedIssuer(t.Context(), app))
	if code := remove(); code != http.StatusSeeOther || len(w.keys()) != 0 {
		t.Errorf("removing it where the login is trusted = %d, %d left, want it removed", code, len(w.keys()))
	}
}

func TestPasskeysAreRefusedWhen(t *testing.T) {
	w := withPasskeys(t)
	ada := w.at("per_ada", 0, "")
	ada.add("Phone")
	key := string(w.keys()[0].ID)
	for _, tt := range []struct {
		name string
		do   func() *httptest.ResponseRecorder
		says string
	}{
		{"the device was at another site", func() *httptest.ResponseRecorder {
			return ada.add("x", func(a *passkeytest.Answer) { a.Client["origin"] = "https://evil.example" })
		}, "can’t be used here"},
		{"the name is too long", func() *httptest.ResponseRecorder { return ada.add(strings.Repeat("x", maxPasskeyName+1)) }, "1 to 60 characters"},
		{"the name turns the text around", func() *httptest.ResponseRecorder { return ada.add("x\u202ey") }, "1 to 60 characters"},
		{"the new name is empty", func() *httptest.ResponseRecorder {
			return ada.do(http.MethodPost, keysPath+"/rename", ada.fields(url.Values{"passkey": {key}, "name": {"  "}}))
		}, "1 to 60 characters"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := tt.do()
			if keys := w.keys(); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), tt.says) || len(keys) != 1 || keys[0].Name != "Phone" {
				t.Errorf("when %s: %d, passkeys %v, want 422, %q and nothing changed\n%s", tt.name, rec.Code, keys, tt.says, rec.Body)
			}
		})
	}
}

func TestPasskeysAreTheOwnersToChangeAndOnlyAfterAFreshLogin(t *testing.T) {
	w := withPasskeys(t)
	ada := w.at("per_ada", 0, "")
	ada.add("Phone")
	ada.add("Desk")
	key := url.Values{"passkey": {string(w.keys()[0].ID)}, "name": {"Mine"}, "answer": {"{}"}}
	bob := w.at("per_bob", 0, "")
	theirs := url.Values{"token": {bob.token(passkeysForm, "per_bob")}, "passkey": key["passkey"], "name": key["name"]}
	for _, step := range []string{"/rename", "/remove"} {
		bob.do(http.MethodPost, keysPath+step, theirs)
	}
	stale := w.at("per_ada", login.Fresh+time.Millisecond, "")
	for _, step := range []string{"", "/options", "/rename", "/remove"} {
		if rec := stale.do(http.MethodPost, keysPath+step, stale.fields(key)); rec.Header().Get("Location") != issuer+confirm {
			t.Errorf("POST %s%s after a login of long ago = %d to %q, want to confirm first", keysPath, step, rec.Code, rec.Header().Get("Location"))
		}
		if rec := bob.do(http.MethodPost, keysPath+step, ada.fields(key)); rec.Code != http.StatusForbidden {
			t.Errorf("POST %s%s by bob with ada’s form = %d, want 403", keysPath, step, rec.Code)
		}
	}
	if keys := w.keys(); len(keys) != 2 || keys[0].Name == "Mine" || keys[1].Name == "Mine" {
		t.Errorf("after what bob and an old login tried ada has %v, want both passkeys as they were", keys)
	}
	if page := stale.do(http.MethodGet, "/account/login", nil).Body.String(); strings.Contains(page, keysPath) || strings.Contains(page, "<script") || !strings.Contains(page, "Phone") {
		t.Errorf("the page after a login of long ago is %s, want the passkeys and no form", page)
	}
}

func TestAnAnswerIsGoodForThePersonWhoWasAsked(t *testing.T) {
	w := withPasskeys(t)
	ada, bob := w.at("per_ada", 0, ""), w.at("per_bob", 0, "")
	bob.cookies = append(bob.cookies[:1:1], ada.cookies[1:]...) // the same browser, another session
	options := ada.do(http.MethodPost, keysPath+"/options", ada.fields(nil))
	answer := passkeytest.New(issuer).Create(t, options.Body.String())
	rec := bob.do(http.MethodPost, keysPath, url.Values{"token": {bob.token(passkeysForm, "per_bob")}, "answer": {answer}})
	if keys, _ := w.store.PasskeysOf(t.Context(), "per_bob"); len(keys) != 0 || rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("bob’s use of what ada’s device answered = %d, %d passkeys, want 422 and none", rec.Code, len(keys))
	}
}

func TestTwentyPasskeysAreEnough(t *testing.T) {
	w := withPasskeys(t)
	ada := w.at("per_ada", 0, "")
	for range passkey.MaxPasskeys {
		ada.add("")
	}
	if rec := ada.do(http.MethodPost, keysPath+"/options", ada.fields(nil)); rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "Remove one") {
		t.Errorf("asking for one more than %d = %d %s, want 422", passkey.MaxPasskeys, rec.Code, rec.Body)
	}
}
