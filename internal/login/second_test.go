package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// withSecond gives ada an authenticator and recovery codes.
func (w *world) withSecond() (secret []byte, recovery []string) {
	w.Helper()
	w.sealed()
	secret = otp.NewSecret()
	recovery, digests := w.login.newRecoveryCodes("per_ada")
	err := w.store.AddAuthenticator(w.Context(), store.Authenticator{
		Person: "per_ada", Sealed: w.login.Sealer.Seal(w.login.authenticatorPlace("per_ada"), secret), CreatedAt: w.now,
	}, digests)
	if err != nil {
		w.Fatal(err)
	}
	return secret, recovery
}

func (w *world) sealed() {
	w.Helper()
	sealer, err := keys.NewSealer(make([]byte, keys.KEKSize))
	if err != nil {
		w.Fatal(err)
	}
	w.login.Sealer, w.login.CodeKey = sealer, []byte("0123456789abcdef0123456789abcdef")
}

func (w *world) otp(secret []byte) string { return otp.Code(secret, otp.Step(w.now)) }

// half logs ada in by her password and returns the page that asks for the rest.
func (b *person) half(id store.RequestID) string {
	b.Helper()
	rec := b.signIn(id, "ada@example.com", password)
	page, ok := strings.CutPrefix(rec.Header().Get("Location"), issuer)
	if !ok || !strings.HasPrefix(page, "/login/second?") {
		b.Fatalf("POST /login = %d to %q, want the page for the second factor\n%s", rec.Code, rec.Header().Get("Location"), rec.Body)
	}
	return page
}

func (b *person) answer(page string, fields url.Values) *httptest.ResponseRecorder {
	b.Helper()
	return b.fill(page, fields)
}

func codeOf(code string) url.Values { return url.Values{"code": {code}} }

func TestBothFactorsMakeALogin(t *testing.T) {
	w := newWorld(t)
	secret, recovery := w.withSecond()
	for _, tt := range []struct {
		name, with string
		fields     url.Values
		methods    string
	}{
		{"a code", "", codeOf(w.otp(secret)[:3] + " " + w.otp(secret)[3:]), "pwd otp mfa"},
		{"a recovery code", "&with=recovery", url.Values{"recovery": {strings.ToUpper(recovery[0])}}, "pwd recovery mfa"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := w.browser()
			id := w.request(b, nil)
			rec := b.answer(b.half(id)+tt.with, tt.fields)
			if got, want := rec.Header().Get("Location"), issuer+"/authorize/continue?request="+string(id); got != want {
				t.Fatalf("POST /login/second = %d to %q, want %q\n%s", rec.Code, got, want, rec.Body)
			}
			who := b.has(id).Auth
			if got := strings.Join(who.Methods, " "); who.Person != "per_ada" || got != tt.methods || !b.live(b.session()) {
				t.Errorf("signed in by %+v, want ada with %q and a session", who, tt.methods)
			}
		})
	}
}

// TestAHalfLoginIsWorthNothing: the first factor alone opens no page, signs in to no request and gives no session.
func TestAHalfLoginIsWorthNothing(t *testing.T) {
	w := newWorld(t)
	w.withSecond()
	box := w.withMail()
	for _, way := range []struct {
		name string
		take func(b *person, id store.RequestID) *httptest.ResponseRecorder
	}{
		{"a password", func(b *person, id store.RequestID) *httptest.ResponseRecorder {
			return b.signIn(id, "ada@example.com", password)
		}},
		{"a mailed code", func(b *person, id store.RequestID) *httptest.ResponseRecorder {
			sent := b.fill("/login/email?request="+string(id), url.Values{"email": {"ada@example.com"}}).Header().Get("Location")
			code := mailedCode.FindString(w.last(box).Text)
			form := fieldsOf(b, b.do(http.MethodGet, strings.TrimPrefix(sent, issuer), nil))
			form.Set("code", code)
			return b.do(http.MethodPost, "/login/code", form)
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			b := w.browser()
			id := w.request(b, nil)
			rec := way.take(b, id)
			if got := rec.Header().Get("Location"); !strings.HasPrefix(got, issuer+"/login/second?login=hal_") {
				t.Fatalf("%s led to %d, %q, want to the second factor\n%s", way.name, rec.Code, got, rec.Body)
			}
			if b.cookies["__Host-aw-session"] != "" || b.cookies["__Host-aw-device"] != "" {
				t.Errorf("after %s the browser has the cookies %v, want no session and no proof of a login", way.name, b.cookies)
			}
			if who := b.has(id).Auth; who.Person != "" {
				t.Errorf("after %s the request is signed in by %+v, want nobody", way.name, who)
			}
			half := strings.TrimPrefix(rec.Header().Get("Location"), issuer+"/login/second?login=")
			b.cookies["__Host-aw-session"] = half // as if the id were a session
			if rec := b.do(http.MethodGet, "/login?request="+string(id), nil); !strings.Contains(rec.Body.String(), `name="password"`) {
				t.Errorf("GET /login after %s = %d, want the form to sign in", way.name, rec.Code)
			}
			if sessions, err := w.store.SessionsOf(t.Context(), "per_ada", w.now); err != nil || len(sessions) != 0 {
				t.Errorf("after %s ada has %d sessions, %v, want none", way.name, len(sessions), err)
			}
		})
	}
}

func TestACodeCountsOnce(t *testing.T) {
	w := newWorld(t)
	secret, recovery := w.withSecond()
	used := w.otp(secret)
	b := w.browser()
	b.answer(b.half(""), codeOf(used))
	for _, tt := range []struct {
		name, with string
		fields     url.Values
		status     int
	}{
		{"the code that was used", "", codeOf(used), http.StatusUnprocessableEntity},
		{"the code before it", "", codeOf(otp.Code(secret, otp.Step(w.now)-1)), http.StatusUnprocessableEntity},
		{"a recovery code", "&with=recovery", url.Values{"recovery": {recovery[1]}}, http.StatusSeeOther},
		{"that recovery code again", "&with=recovery", url.Values{"recovery": {recovery[1]}}, http.StatusUnprocessableEntity},
		{"the code after it", "", codeOf(otp.Code(secret, otp.Step(w.now)+1)), http.StatusSeeOther},
	} {
		b := w.browser()
		if rec := b.answer(b.half("")+tt.with, tt.fields); rec.Code != tt.status || (b.cookies["__Host-aw-session"] != "") != (tt.status == http.StatusSeeOther) {
			t.Errorf("%s = %d, session %q, want %d", tt.name, rec.Code, b.cookies["__Host-aw-session"], tt.status)
		}
	}
}

func TestAHalfLoginIsFinishedOnce(t *testing.T) {
	w := newWorld(t)
	secret, recovery := w.withSecond()
	b := w.browser()
	page := b.half("")
	form := fieldsOf(b, b.do(http.MethodGet, page, nil))
	form.Set("code", w.otp(secret))
	if rec := b.do(http.MethodPost, "/login/second", form); rec.Code != http.StatusSeeOther {
		t.Fatalf("POST /login/second = %d, want a login\n%s", rec.Code, rec.Body)
	}
	session := b.session()
	form.Del("code")
	form.Set("recovery", recovery[0])
	if rec := b.do(http.MethodPost, "/login/second", form); rec.Code != http.StatusBadRequest || b.session() != session {
		t.Errorf("POST /login/second of a login that is done, with a code that was not used = %d, want 400 and no other session", rec.Code)
	}
}

func TestAHalfLoginBelongsToOneBrowserAndIsOverInTime(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.withSecond()
	b, other := w.browser(), w.browser()
	page := b.half("")
	id := strings.TrimPrefix(page, "/login/second?login=")
	stolen := url.Values{"login": {id}, "token": {other.visitor().FormToken(secondForm, id)}, "code": {w.otp(secret)}}
	if rec := other.do(http.MethodPost, "/login/second", stolen); rec.Code != http.StatusBadRequest || other.cookies["__Host-aw-session"] != "" {
		t.Errorf("POST /login/second from another browser = %d, want 400 and no session", rec.Code)
	}
	for name, token := range map[string]string{"no token": "", "the token of another form": b.visitor().FormToken(signInForm, id), "the token of another half": b.visitor().FormToken(secondForm, "hal_x")} {
		if rec := b.do(http.MethodPost, "/login/second", url.Values{"login": {id}, "token": {token}, "code": {w.otp(secret)}}); rec.Code != http.StatusForbidden {
			t.Errorf("POST /login/second with %s = %d, want 403", name, rec.Code)
		}
	}
	for name, rec := range map[string]*httptest.ResponseRecorder{"another browser": other.do(http.MethodGet, page, nil), "an id that never was": b.do(http.MethodGet, "/login/second?login=hal_x", nil)} {
		if rec.Code != http.StatusBadRequest {
			t.Errorf("GET /login/second by %s = %d, want 400", name, rec.Code)
		}
	}
	form := fieldsOf(b, b.do(http.MethodGet, page, nil))
	w.now = w.now.Add(halfLife)
	form.Set("code", w.otp(secret))
	if rec := b.do(http.MethodPost, "/login/second", form); rec.Code != http.StatusBadRequest || b.cookies["__Host-aw-session"] != "" {
		t.Errorf("POST /login/second after ten minutes = %d, want 400 and no session", rec.Code)
	}
}

func TestASecondFactorIsTriedFiveTimesALoginAndTwentyAnHour(t *testing.T) {
	w := newWorld(t)
	secret, recovery := w.withSecond()
	wrong := 0
	for range 4 {
		b := w.browser()
		page := b.half("")
		for try := range store.MaxTries {
			if rec := b.answer(page, codeOf("000000")); rec.Code != http.StatusUnprocessableEntity {
				t.Fatalf("wrong code %d of a login, %d in all = %d, want 422", try+1, wrong+1, rec.Code)
			}
			wrong++
		}
		if rec := b.answer(page, codeOf(w.otp(secret))); wrong < 20 && rec.Code != http.StatusBadRequest {
			t.Errorf("the right code after five wrong ones = %d, want 400", rec.Code)
		}
	}
	b := w.browser()
	page := b.half("")
	for name, fields := range map[string]url.Values{"the right code": codeOf(w.otp(secret)), "a recovery code": {"recovery": {recovery[0]}}} {
		rec := b.answer(page, fields)
		if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" || b.cookies["__Host-aw-session"] != "" {
			t.Errorf("%s after twenty wrong ones = %d, want 429 and Retry-After", name, rec.Code)
		}
	}
	w.now = w.now.Add(time.Hour)
	if rec := b.answer(b.half(""), codeOf(w.otp(secret))); rec.Code != http.StatusSeeOther {
		t.Errorf("the right code an hour later = %d, want 303", rec.Code)
	}
}

func TestANewPasswordEndsWhatWasHalfDone(t *testing.T) {
	w := newWorld(t)
	secret, _ := w.withSecond()
	b := w.browser()
	form := fieldsOf(b, b.do(http.MethodGet, b.half(""), nil))
	w.now = w.now.Add(time.Second)
	if err := w.store.SetPassword(t.Context(), "per_ada", hashPassword("another-password"), true, w.now); err != nil {
		t.Fatal(err)
	}
	form.Set("code", w.otp(secret))
	if rec := b.do(http.MethodPost, "/login/second", form); rec.Code != http.StatusBadRequest || b.cookies["__Host-aw-session"] != "" {
		t.Errorf("POST /login/second after a new password = %d, want 400 and no session", rec.Code)
	}
	if has, err := w.store.FactorsOf(t.Context(), "per_ada"); err != nil || !has.Second() {
		t.Errorf("after a new password ada has %+v, %v, want her second factor still (threat E6)", has, err)
	}
}

func TestStepUpAsksForTheMissingFactorOnly(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("", "ada@example.com", password)
	secret, _ := w.withSecond() // since
	began := w.now
	w.now = w.now.Add(time.Hour)
	id := w.request(b, func(r *store.Request) { r.ACR = oauth.TwoFactors })
	page := strings.TrimPrefix(b.do(http.MethodGet, "/login?request="+string(id), nil).Header().Get("Location"), issuer)
	if !strings.HasPrefix(page, "/login/second?") || b.has(id).Auth.Person != "" {
		t.Fatalf("GET /login for a request that asks for two factors led to %q, want the second factor and nobody signed in", page)
	}
	b.answer(page, codeOf(w.otp(secret)))
	if who := b.has(id).Auth; strings.Join(who.Methods, " ") != "pwd otp mfa" || !who.At.Equal(began) {
		t.Errorf("signed in by %+v, want both factors, and the time of the older one", who)
	}
	plain := w.request(b, nil)
	if rec := b.do(http.MethodGet, "/login?request="+string(plain), nil); !strings.HasPrefix(rec.Header().Get("Location"), issuer+"/authorize/continue") {
		t.Errorf("GET /login for a request that asks for less = %d to %q, want to go on", rec.Code, rec.Header().Get("Location"))
	}
}

func TestWhoHasNoSecondFactorIsToldWhatToDo(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	b.signIn("", "ada@example.com", password)
	id := w.request(b, func(r *store.Request) { r.ACR = oauth.TwoFactors })
	rec := b.do(http.MethodGet, "/login?request="+string(id), nil)
	if want := "/account/login/authenticator?request=" + string(id); rec.Code != http.StatusOK || !strings.Contains(rec.Body.String(), want) {
		t.Fatalf("GET /login = %d, want a page that leads to %s\n%s", rec.Code, want, rec.Body)
	}
	form := fieldsOf(b, rec)
	other := w.browser()
	if rec := other.do(http.MethodPost, "/login/decline", form); rec.Code != http.StatusForbidden || b.has(id).Refusal != nil {
		t.Errorf("POST /login/decline from another browser = %d, want 403 and nothing refused", rec.Code)
	}
	b.do(http.MethodPost, "/login/decline", form)
	if got := b.has(id).Refusal; got == nil || got.Code != oauth.UnmetAuthenticationRequirements {
		t.Errorf("after declining the client is told %v, want %s", got, oauth.UnmetAuthenticationRequirements)
	}
}

func TestASessionOfOneFactorIsNotFreshForWhoHasTwo(t *testing.T) {
	w := newWorld(t)
	auth := store.Authentication{Person: "per_ada", At: w.now, Methods: []string{"pwd"}}
	strong := auth
	strong.Methods = []string{"pwd", "otp", "mfa"}
	for _, tt := range []struct {
		name string
		auth store.Authentication
		has  store.FactorsOf
		want bool
	}{
		{"one factor of one", auth, store.FactorsOf{}, true},
		{"one factor of two", auth, store.FactorsOf{Authenticator: true}, false},
		{"two factors of two", strong, store.FactorsOf{Authenticator: true}, true},
	} {
		if got := w.login.IsFresh(tt.auth, tt.has); got != tt.want {
			t.Errorf("IsFresh(%s) = %v, want %v", tt.name, got, tt.want)
		}
	}
}
