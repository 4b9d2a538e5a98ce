package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/passkey"
	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
)

// withPasskeys lets people sign in with passkeys.
func (w *world) withPasskeys() {
	w.Helper()
	party, err := passkey.New(w.store, issuer, "", func() time.Time { return w.now })
	if err != nil {
		w.Fatal(err)
	}
	w.login.Passkeys = party
	w.login.Settings.Passkeys = true
}

// device has a passkey of the person, made by an operator's leave.
func (w *world) device(name string) *passkeytest.Device {
	w.Helper()
	d, b := passkeytest.New(issuer), w.browser()
	if rec := b.makePasskey(d, w.leave(name, time.Hour)); rec.Code != http.StatusSeeOther {
		w.Fatalf("making a passkey of %s = %d %s, want 303", name, rec.Code, rec.Body)
	}
	return d
}

// leave is the page to which an operator's link leads.
func (w *world) leave(name string, life time.Duration) string {
	w.Helper()
	c, address := NewEnrolment(issuer, store.Person{ID: store.PersonID("per_" + name), Email: name + "@example.com"}, w.now, life)
	if err := w.store.OpenChallenge(w.Context(), c); err != nil {
		w.Fatal(err)
	}
	return strings.TrimPrefix(address, issuer)
}

// makePasskey does at a page what its script does.
func (b *person) makePasskey(d *passkeytest.Device, page string, changes ...func(*passkeytest.Answer)) *httptest.ResponseRecorder {
	b.Helper()
	form := fieldsOf(b, b.do(http.MethodGet, page, nil))
	form.Set("answer", d.Create(b, b.options("/login/passkey/new/options", form), changes...))
	return b.do(http.MethodPost, "/login/passkey/new", form)
}

// options is what the script of a page is told to ask a device.
func (b *person) options(path string, form url.Values) string {
	b.Helper()
	rec := b.do(http.MethodPost, path, form)
	if rec.Code != http.StatusOK || rec.Header().Get("Content-Type") != "application/json" {
		b.Fatalf("POST %s = %d %s, want options", path, rec.Code, rec.Body)
	}
	return rec.Body.String()
}

// passkeyForm is the form of the sign-in page that a device fills in.
func (b *person) passkeyForm(id store.RequestID) url.Values {
	b.Helper()
	page := "/login"
	if id != "" {
		page += "?switch=1&request=" + string(id)
	}
	_, rest, found := strings.Cut(b.do(http.MethodGet, page, nil).Body.String(), "data-passkey=")
	if !found {
		b.Fatalf("GET %s shows no form for passkeys", page)
	}
	rec := httptest.NewRecorder()
	rec.WriteString(rest[:strings.Index(rest, "</form>")])
	return fieldsOf(b, rec)
}

// withPasskey signs in as the script of the page does.
func (b *person) withPasskey(d *passkeytest.Device, id store.RequestID, changes ...func(*passkeytest.Answer)) *httptest.ResponseRecorder {
	b.Helper()
	form := b.passkeyForm(id)
	form.Set("answer", d.Get(b, b.options("/login/passkey/options", form), changes...))
	return b.do(http.MethodPost, "/login/passkey", form)
}

func TestAPasskeySignsIn(t *testing.T) {
	for _, tt := range []struct {
		name    string
		flags   byte
		methods []string
	}{
		{"with two factors where the device makes sure who it is", passkeytest.Present | passkeytest.Verified, []string{"hwk", "user", "mfa"}},
		{"with one factor where it does not", passkeytest.Present, []string{"hwk", "user"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.withPasskeys()
			w.person("bob", "")
			d, b := w.device("ada"), w.browser()
			w.device("bob")
			d.Flags = tt.flags
			id := w.request(b, nil)
			rec := b.withPasskey(d, id)
			auth := b.has(id).Auth
			if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != issuer+"/authorize/continue?request="+string(id) || auth.Person != "per_ada" || !slices.Equal(auth.Methods, tt.methods) {
				t.Errorf("POST /login/passkey = %d to %q, signed in %+v, want 303 into the flow, per_ada by %v", rec.Code, rec.Header().Get("Location"), auth, tt.methods)
			}
			if !b.live(b.session()) {
				t.Error("after POST /login/passkey there is no session, want one")
			}
		})
	}
}

func TestAPasskeyThatProvesNothingSignsNobodyIn(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world, b *person, d *passkeytest.Device) *httptest.ResponseRecorder
		want int
	}{
		{"a signature that is wrong", func(_ *world, b *person, d *passkeytest.Device) *httptest.ResponseRecorder {
			return b.withPasskey(d, "", func(a *passkeytest.Answer) { a.Signature = []byte("wrong") })
		}, http.StatusUnprocessableEntity},
		{"an origin that is another", func(_ *world, b *person, d *passkeytest.Device) *httptest.ResponseRecorder {
			d.Origin = "https://evil.example"
			return b.withPasskey(d, "")
		}, http.StatusUnprocessableEntity},
		{"a person who is locked", func(w *world, b *person, d *passkeytest.Device) *httptest.ResponseRecorder {
			if err := w.store.SetPersonDisabled(w.Context(), "per_ada", true, w.now); err != nil {
				w.Fatal(err)
			}
			return b.withPasskey(d, "")
		}, http.StatusUnprocessableEntity},
		{"an answer that another browser was asked for", func(w *world, b *person, d *passkeytest.Device) *httptest.ResponseRecorder {
			other := w.browser()
			answer := d.Get(w, other.options("/login/passkey/options", other.passkeyForm("")))
			form := b.passkeyForm("")
			form.Set("answer", answer)
			return b.do(http.MethodPost, "/login/passkey", form)
		}, http.StatusUnprocessableEntity},
		{"the same answer again", func(_ *world, b *person, d *passkeytest.Device) *httptest.ResponseRecorder {
			form := b.passkeyForm("")
			form.Set("answer", d.Get(b, b.options("/login/passkey/options", form)))
			b.do(http.MethodPost, "/login/passkey", form)
			b.cookies = map[string]string{"__Host-aw-browser": b.cookies["__Host-aw-browser"]}
			return b.do(http.MethodPost, "/login/passkey", form)
		}, http.StatusUnprocessableEntity},
		{"no answer", func(_ *world, b *person, _ *passkeytest.Device) *httptest.ResponseRecorder {
			return b.do(http.MethodPost, "/login/passkey", b.passkeyForm(""))
		}, http.StatusUnprocessableEntity},
		{"a form of another site", func(_ *world, b *person, _ *passkeytest.Device) *httptest.ResponseRecorder {
			return b.do(http.MethodPost, "/login/passkey", url.Values{"answer": {"{}"}})
		}, http.StatusForbidden},
		{"passkeys that are off", func(w *world, b *person, _ *passkeytest.Device) *httptest.ResponseRecorder {
			form := b.passkeyForm("")
			w.login.Passkeys = nil
			return b.do(http.MethodPost, "/login/passkey", form)
		}, http.StatusNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.withPasskeys()
			d, b := w.device("ada"), w.browser()
			rec := tt.do(w, b, d)
			if rec.Code != tt.want || b.cookies["__Host-aw-session"] != "" {
				t.Errorf("POST /login/passkey with %s = %d, session cookie %q, want %d and none", tt.name, rec.Code, b.cookies["__Host-aw-session"], tt.want)
			}
		})
	}
}

func TestTheOptionsAreForTheBrowserThatWasShownTheForm(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	form, stranger := w.browser().passkeyForm(""), w.browser()
	for _, path := range []string{"/login/passkey/options", "/login/passkey"} {
		if rec := stranger.do(http.MethodPost, path, form); rec.Code != http.StatusForbidden {
			t.Errorf("POST %s with the form of another browser = %d, want 403", path, rec.Code)
		}
	}
}

// TestPasskeysTellNobodyWhoHasOne compares the pages and the options before and after somebody made one.
func TestPasskeysTellNobodyWhoHasOne(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	b := w.browser()
	see := func() string {
		form := b.passkeyForm("")
		options := b.options("/login/passkey/options", form)
		before, rest, _ := strings.Cut(options, `"challenge":"`)
		return before + rest[43:]
	}
	before := see()
	w.device("ada")
	if after := see(); after != before {
		t.Errorf("the options are %s once ada has a passkey, and were %s: want no difference", after, before)
	}
}

func TestAnOperatorsLeaveMakesOnePasskey(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	page := w.leave("ada", time.Hour)
	first, second := w.browser(), w.browser()
	form := fieldsOf(t, second.do(http.MethodGet, page, nil))
	d := passkeytest.New(issuer)
	answer := d.Create(t, second.options("/login/passkey/new/options", form)) // ready before the first is done
	if rec := first.makePasskey(passkeytest.New(issuer), page, func(a *passkeytest.Answer) { a.Client["origin"] = "https://evil.example" }); rec.Code != http.StatusUnprocessableEntity {
		t.Errorf("making a passkey elsewhere = %d, want 422", rec.Code)
	}
	if rec := first.makePasskey(passkeytest.New(issuer), page); rec.Code != http.StatusSeeOther || !first.live(first.session()) {
		t.Errorf("making a passkey after that = %d, want 303 and a session", rec.Code)
	}
	form.Set("answer", answer)
	if rec := second.do(http.MethodPost, "/login/passkey/new", form); rec.Code != http.StatusBadRequest {
		t.Errorf("making another passkey with the same link = %d, want 400", rec.Code)
	}
	if rec := second.do(http.MethodGet, page, nil); rec.Code != http.StatusBadRequest {
		t.Errorf("GET of a link that was used = %d, want 400", rec.Code)
	}
	keys, err := w.store.PasskeysOf(t.Context(), "per_ada")
	if err != nil || len(keys) != 1 {
		t.Errorf("PasskeysOf after one link = %d, %v, want 1", len(keys), err)
	}
}

func TestALeaveIsRefusedWhen(t *testing.T) {
	for _, tt := range []struct {
		name string
		page func(w *world) string
	}{
		{"it is too old", func(w *world) string {
			page := w.leave("ada", time.Hour)
			w.now = w.now.Add(time.Hour)
			return page
		}},
		{"its secret is another", func(w *world) string { return w.leave("ada", time.Hour)[:70] + strings.Repeat("A", 30) }},
		{"it is a link to sign in", func(w *world) string {
			c, secret := w.login.newChallenge(store.Challenge{Purpose: store.ForSignIn, Email: "ada@example.com", Person: "per_ada"})
			if err := w.store.OpenChallenge(w.Context(), c); err != nil {
				w.Fatal(err)
			}
			return "/login/passkey/new?t=" + string(c.ID) + "." + secret.link
		}},
		{"the person got a new password meanwhile", func(w *world) string {
			page := w.leave("ada", time.Hour)
			if err := w.store.SetPassword(w.Context(), "per_ada", "x", false, w.now); err != nil {
				w.Fatal(err)
			}
			return page
		}},
		{"there is none", func(*world) string { return "/login/passkey/new" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.withPasskeys()
			page := tt.page(w)
			if rec := w.browser().do(http.MethodGet, page, nil); rec.Code != http.StatusBadRequest {
				t.Errorf("GET %s = %d, want 400", page, rec.Code)
			}
		})
	}
}

func TestANewAccountHasAPasskeyAndNothingElse(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	box := w.withMail()
	w.login.Settings = store.Settings{NoPassword: true, Passkeys: true, SignUp: true}
	b := w.browser()
	id := w.request(b, nil)
	rec := b.fill("/login/sign-up?request="+string(id), url.Values{"email": {"cleo@example.com"}, "name": {"Cleo"}})
	sent := strings.TrimPrefix(rec.Header().Get("Location"), issuer)
	typed := fieldsOf(t, b.do(http.MethodGet, sent, nil))
	typed.Set("code", w.code(box))
	rec = b.do(http.MethodPost, "/login/code", typed)
	if rec.Code != http.StatusSeeOther {
		t.Fatalf("POST of the code = %d, want 303", rec.Code)
	}
	page := strings.TrimPrefix(rec.Header().Get("Location"), issuer)
	if _, err := w.store.PersonByEmail(t.Context(), "cleo@example.com"); err == nil {
		t.Error("there is an account before it has a passkey, want none: nobody could come in")
	}
	if rec := w.browser().do(http.MethodGet, page, nil); rec.Code != http.StatusBadRequest {
		t.Errorf("GET %s in another browser = %d, want 400", page, rec.Code)
	}
	path, _, _ := strings.Cut(sent, "?")
	if challenge, err := url.Parse(page); err == nil {
		if rec := b.do(http.MethodGet, path+"?"+challenge.RawQuery, nil); rec.Code != http.StatusBadRequest {
			t.Errorf("GET of the page for a mailed code, with the leave to make a passkey = %d, want 400", rec.Code)
		}
	}
	d := passkeytest.New(issuer)
	if rec := b.makePasskey(d, page); rec.Header().Get("Location") != issuer+"/authorize/continue?request="+string(id) {
		t.Errorf("POST /login/passkey/new = %d to %q, want it to go on", rec.Code, rec.Header().Get("Location"))
	}
	cleo, err := w.store.PersonByEmail(t.Context(), "cleo@example.com")
	if err != nil || !cleo.EmailVerified || cleo.Password != "" || b.has(id).Auth.Person != cleo.ID {
		t.Errorf("PersonByEmail = %+v, %v, want somebody with a proven address, no password, and signed in to the request", cleo, err)
	}
	again := w.browser()
	if again.withPasskey(d, ""); !again.live(again.session()) {
		t.Error("the passkey of the new account does not sign in, want that it does")
	}
}

func TestTheSignInPageShowsPasskeysWhereThereAre(t *testing.T) {
	w := newWorld(t)
	page := func() string { return w.browser().do(http.MethodGet, "/login", nil).Body.String() }
	if got := page(); strings.Contains(got, "asskey") || strings.Contains(got, "webauthn") || strings.Contains(got, "<script") {
		t.Errorf("without passkeys the sign-in page is %s, want no word of them and no script", got)
	}
	w.withPasskeys()
	if got := page(); !strings.Contains(got, `autocomplete="username webauthn"`) || !strings.Contains(got, "data-autofill") || strings.Contains(got, "data-passkey-missing") {
		t.Errorf("with passkeys and passwords the sign-in page is %s, want them offered at the field too", got)
	}
	w.login.Settings.NoPassword = true
	if got := page(); !strings.Contains(got, "data-passkey-missing") || strings.Contains(got, "Nobody can sign in") {
		t.Errorf("with passkeys only the sign-in page is %s, want it to say so to browsers that have none", got)
	}
}
