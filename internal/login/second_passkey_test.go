package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

const secondOptions = "/login/second/passkey/options"

// secondByPasskey does at the page of a half login what its script does.
func (b *person) secondByPasskey(d *passkeytest.Device, page string, changes ...func(*passkeytest.Answer)) *httptest.ResponseRecorder {
	b.Helper()
	form := b.secondPasskeyForm(page)
	form.Set("answer", d.Get(b, b.options(secondOptions, form), changes...))
	return b.do(http.MethodPost, "/login/second/passkey", form)
}

func (b *person) secondPasskeyForm(page string) url.Values {
	b.Helper()
	_, rest, found := strings.Cut(b.do(http.MethodGet, page, nil).Body.String(), "data-passkey=")
	if !found {
		b.Fatalf("GET %s shows no form for passkeys", page)
	}
	rec := httptest.NewRecorder()
	rec.WriteString(rest[:strings.Index(rest, "</form>")])
	return fieldsOf(b, rec)
}

// stepUpPage is where somebody who is signed in is led by a request that asks for more.
func (b *person) stepUpPage(id store.RequestID) string {
	b.Helper()
	page, ok := strings.CutPrefix(b.do(http.MethodGet, "/login?request="+string(id), nil).Header().Get("Location"), issuer)
	if !ok || !strings.HasPrefix(page, "/login/second?") {
		b.Fatalf("GET /login led to %q, want the page for the second factor", page)
	}
	return page
}

func TestAPasskeyIsASecondFactor(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	w.withSecond()
	b := w.browser()
	if body := b.do(http.MethodGet, b.half(""), nil).Body.String(); strings.Contains(body, "data-passkey") {
		t.Errorf("the page for somebody without a passkey offers to use one:\n%s", body)
	}
	d := w.device("ada")
	id := w.request(b, func(r *store.Request) { r.ACR = oauth.PhishingResistant })
	page := b.half(id)
	if body := b.do(http.MethodGet, page, nil).Body.String(); strings.Contains(body, `name="code"`) {
		t.Errorf("GET %s for a request that asks for a passkey shows a field for a code:\n%s", page, body)
	}
	before := b.cookies["__Host-aw-session"]
	rec := b.secondByPasskey(d, page)
	if got, want := rec.Header().Get("Location"), issuer+"/authorize/continue?request="+string(id); got != want {
		t.Fatalf("POST /login/second/passkey = %d to %q, want %q\n%s", rec.Code, got, want, rec.Body)
	}
	who := b.has(id).Auth
	if got := strings.Join(who.Methods, " "); who.Person != "per_ada" || got != "pwd hwk user mfa" || oauth.ACROf(who.Methods) != oauth.PhishingResistant {
		t.Errorf("signed in by %+v, want ada with pwd hwk user mfa, which is %s", who, oauth.PhishingResistant)
	}
	if now := b.cookies["__Host-aw-session"]; now == "" || now == before || !b.live(b.session()) {
		t.Errorf("the session cookie was %q and is %q, want a new session", before, now)
	}
}

func TestWhoHasOnlyAPasskeyStepsUpWithIt(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	d, b := w.device("ada"), w.browser()
	b.signIn("", "ada@example.com", password)
	for _, asked := range []oauth.ACR{oauth.TwoFactors, oauth.PhishingResistant} {
		b.cookies = map[string]string{"__Host-aw-browser": b.cookies["__Host-aw-browser"]}
		b.signIn("", "ada@example.com", password)
		id := w.request(b, func(r *store.Request) { r.ACR = asked })
		page := b.stepUpPage(id)
		if body := b.do(http.MethodGet, page, nil).Body.String(); strings.Contains(body, `name="code"`) || strings.Contains(body, `name="recovery"`) {
			t.Errorf("GET %s for somebody without an authenticator asks for a code:\n%s", page, body)
		}
		b.secondByPasskey(d, page)
		if who := b.has(id).Auth; !asked.MetBy(who.Methods) {
			t.Errorf("a request that asks for %s is signed in by %+v, want it met", asked, who)
		}
	}
}

func TestAPasskeyThatVerifiesNeedsNoSecondStep(t *testing.T) {
	w := newWorld(t)
	w.withPasskeys()
	w.withSecond()
	d, b := w.device("ada"), w.browser()
	if rec := b.withPasskey(d, ""); rec.Header().Get("Location") != issuer+"/account" || !b.live(b.session()) {
		t.Errorf("POST /login/passkey = %d to %q, want the account", rec.Code, rec.Header().Get("Location"))
	}
	d.Flags = passkeytest.Present
	if rec := w.browser().withPasskey(d, ""); !strings.HasPrefix(rec.Header().Get("Location"), issuer+"/login/second?") {
		t.Errorf("POST /login/passkey where the device makes sure of nobody = %d to %q, want the second factor", rec.Code, rec.Header().Get("Location"))
	}
}

func TestASecondPasskeyThatProvesNothing(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(w *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder
		want int
	}{
		{"somebody else’s passkey", func(w *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder {
			other := w.device("bob")
			form := b.secondPasskeyForm(page)
			options := strings.ReplaceAll(b.options(secondOptions, form), `"allowCredentials"`, `"ignored"`)
			form.Set("answer", other.Get(b, options))
			return b.do(http.MethodPost, "/login/second/passkey", form)
		}, http.StatusUnprocessableEntity},
		{"a device that makes sure of nobody", func(_ *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder {
			d.Flags = passkeytest.Present
			return b.secondByPasskey(d, page)
		}, http.StatusUnprocessableEntity},
		{"an answer to the question of the sign-in page", func(_ *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder {
			answer := d.Get(b, b.options("/login/passkey/options", b.passkeyForm("")))
			form := b.secondPasskeyForm(page)
			form.Set("answer", answer)
			return b.do(http.MethodPost, "/login/second/passkey", form)
		}, http.StatusUnprocessableEntity},
		{"a signature that is wrong", func(_ *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder {
			return b.secondByPasskey(d, page, func(a *passkeytest.Answer) { a.Signature = []byte("wrong") })
		}, http.StatusUnprocessableEntity},
		{"no answer", func(_ *world, b *person, _ *passkeytest.Device, page string) *httptest.ResponseRecorder {
			return b.do(http.MethodPost, "/login/second/passkey", b.secondPasskeyForm(page))
		}, http.StatusUnprocessableEntity},
		{"the token of another form", func(_ *world, b *person, _ *passkeytest.Device, page string) *httptest.ResponseRecorder {
			form := b.secondPasskeyForm(page)
			form.Set("token", b.visitor().FormToken(passkeyForm, form.Get("login")))
			return b.do(http.MethodPost, "/login/second/passkey", form)
		}, http.StatusForbidden},
		{"the form of another browser", func(w *world, b *person, _ *passkeytest.Device, page string) *httptest.ResponseRecorder {
			return w.browser().do(http.MethodPost, secondOptions, b.secondPasskeyForm(page))
		}, http.StatusForbidden},
		{"another browser with a form of its own", func(w *world, b *person, _ *passkeytest.Device, page string) *httptest.ResponseRecorder {
			other, form := w.browser(), b.secondPasskeyForm(page)
			form.Set("token", other.visitor().FormToken(secondForm, form.Get("login")))
			return other.do(http.MethodPost, secondOptions, form)
		}, http.StatusBadRequest},
		{"a half login that is over", func(w *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder {
			form := b.secondPasskeyForm(page)
			form.Set("answer", d.Get(b, b.options(secondOptions, form)))
			w.now = w.now.Add(halfLife)
			return b.do(http.MethodPost, "/login/second/passkey", form)
		}, http.StatusBadRequest},
		{"a person who was locked meanwhile", func(w *world, b *person, d *passkeytest.Device, page string) *httptest.ResponseRecorder {
			form := b.secondPasskeyForm(page)
			form.Set("answer", d.Get(b, b.options(secondOptions, form)))
			w.now = w.now.Add(time.Second)
			if err := w.store.SetPersonDisabled(w.Context(), "per_ada", true, w.now); err != nil {
				w.Fatal(err)
			}
			return b.do(http.MethodPost, "/login/second/passkey", form)
		}, http.StatusBadRequest},
		{"passkeys that are off", func(w *world, b *person, _ *passkeytest.Device, page string) *httptest.ResponseRecorder {
			form := b.secondPasskeyForm(page)
			w.login.Passkeys = nil
			return b.do(http.MethodPost, "/login/second/passkey", form)
		}, http.StatusNotFound},
		{"passkeys and an authenticator that were taken away", func(w *world, b *person, _ *passkeytest.Device, page string) *httptest.ResponseRecorder {
			w.login.Passkeys = nil
			if err := w.store.RemoveAuthenticator(w.Context(), "per_ada"); err != nil {
				w.Fatal(err)
			}
			return b.do(http.MethodGet, page, nil)
		}, http.StatusBadRequest},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.withPasskeys()
			w.withSecond()
			w.person("bob", "")
			d, b := w.device("ada"), w.browser()
			rec := tt.do(w, b, d, b.half(""))
			if rec.Code != tt.want || b.cookies["__Host-aw-session"] != "" {
				t.Errorf("%s = %d, session cookie %q, want %d and none\n%s", tt.name, rec.Code, b.cookies["__Host-aw-session"], tt.want, rec.Body)
			}
		})
	}
}
