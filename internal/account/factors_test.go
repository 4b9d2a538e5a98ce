package account

import (
	"encoding/base32"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/passkeytest"
	"github.com/authwright/authwright/internal/store"
)

const (
	authenticatorPath = "/account/login/authenticator"
	removePath        = authenticatorPath + "/remove"
	recoveryPath      = "/account/login/recovery"
)

// withFactors is a world whose people may have authenticator apps.
func withFactors(t *testing.T) *world {
	t.Helper()
	w := withPasskeys(t)
	w.account.Settings = store.Settings{Passkeys: true}
	sealer, err := keys.NewSealer(make([]byte, keys.KEKSize))
	w.must(err)
	w.account.Login.Sealer, w.account.Login.CodeKey = sealer, []byte("0123456789abcdef0123456789abcdef")
	return w
}

// proven is a browser where ada signed in by these methods, so long ago.
func (w *world) proven(ago time.Duration, methods ...string) *person {
	w.Helper()
	token := browser.NewToken()
	w.must(w.store.OpenSession(w.Context(), store.Session{
		ID: store.DigestOf(token), Auth: store.Authentication{Person: "per_ada", At: now.Add(-ago), Methods: methods},
		CreatedAt: now.Add(-ago), UsedAt: now, IdleUntil: now.Add(time.Hour), Expires: now.Add(time.Hour),
	}, store.Digest{}))
	return &person{w, []*http.Cookie{{Name: "__Host-aw-session", Value: token}, {Name: "__Host-aw-browser", Value: browser.NewToken()}}}
}

// offer is the page that sets an authenticator up: its sealed secret, and the secret as a person reads it.
func (p *person) offer(page string) (sealed string, secret []byte) {
	p.Helper()
	rec := p.do(http.MethodGet, page, nil)
	return p.read(rec)
}

var (
	offered = regexp.MustCompile(`name="offer" value="([^"]+)"`)
	spelled = regexp.MustCompile(`<p class="secret"><code>([A-Z2-7 ]+)</code>`)
	written = regexp.MustCompile(`<li><code>([a-z2-9-]+)</code></li>`)
)

func (p *person) read(rec *httptest.ResponseRecorder) (sealed string, secret []byte) {
	p.Helper()
	o, s := offered.FindStringSubmatch(rec.Body.String()), spelled.FindStringSubmatch(rec.Body.String())
	if o == nil || s == nil {
		p.Fatalf("the page is %d without an offer\n%s", rec.Code, rec.Body)
	}
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ReplaceAll(s[1], " ", ""))
	p.must(err)
	return html.UnescapeString(o[1]), secret
}

// turnOn submits an offer with a code.
func (p *person) turnOn(sealed, code, request string) *httptest.ResponseRecorder {
	return p.do(http.MethodPost, authenticatorPath, url.Values{
		"token": {p.token(authenticatorForm, "per_ada")}, "offer": {sealed}, "code": {code}, "request": {request},
	})
}

// has are ada's factors.
func (w *world) has() store.FactorsOf {
	w.Helper()
	has, err := w.store.FactorsOf(w.Context(), "per_ada")
	w.must(err)
	return has
}

func codesOn(rec *httptest.ResponseRecorder) (codes []string) {
	for _, m := range written.FindAllStringSubmatch(rec.Body.String(), -1) {
		codes = append(codes, m[1])
	}
	return codes
}

// enrolled gives ada an authenticator, and a browser with both factors.
func (w *world) enrolled() (p *person, codes []string) {
	w.Helper()
	p = w.proven(0, "pwd")
	sealed, secret := p.offer(authenticatorPath)
	rec := p.turnOn(sealed, otp.Code(secret, otp.Step(now)), "")
	if codes = codesOn(rec); len(codes) != otp.RecoveryCodes {
		w.Fatalf("POST %s = %d with the codes %v\n%s", authenticatorPath, rec.Code, codes, rec.Body)
	}
	p.keep(rec)
	return p, codes
}

// keep takes the session that an answer gives.
func (p *person) keep(rec *httptest.ResponseRecorder) {
	for _, c := range rec.Result().Cookies() {
		if c.Name == "__Host-aw-session" {
			p.cookies[0] = c
		}
	}
}

func TestAnAuthenticatorIsSetUpByItsCode(t *testing.T) {
	w := withFactors(t)
	ada, elsewhere := w.proven(time.Minute, "pwd"), w.proven(0, "pwd")
	sealed, secret := ada.offer(authenticatorPath + "?request=AAAAAAAAAAAAAAAAAAAAAA")
	wrong := ada.turnOn(sealed, otp.Code(secret, otp.Step(now)+9), "AAAAAAAAAAAAAAAAAAAAAA")
	if again, same := ada.read(wrong); wrong.Code != http.StatusUnprocessableEntity || again != sealed || !slices.Equal(same, secret) || w.has().Second() {
		t.Fatalf("a wrong code = %d, the secret kept %v, has %+v, want 422, the same secret and no authenticator yet", wrong.Code, slices.Equal(same, secret), w.has())
	}
	if !strings.Contains(wrong.Body.String(), "That is not the code") || !strings.Contains(wrong.Body.String(), `value="AAAAAAAAAAAAAAAAAAAAAA"`) {
		t.Errorf("the page after a wrong code does not say so, or loses the authorization\n%s", wrong.Body)
	}
	code := otp.Code(secret, otp.Step(now))
	rec := ada.turnOn(sealed, code[:3]+" "+code[3:], "AAAAAAAAAAAAAAAAAAAAAA")
	if codes := codesOn(rec); rec.Code != http.StatusOK || len(codes) != otp.RecoveryCodes || !w.has().Authenticator || w.has().RecoveryCodes != len(codes) {
		t.Fatalf("the right code = %d with codes %v, has %+v, want an authenticator and %d codes\n%s", rec.Code, codes, w.has(), otp.RecoveryCodes, rec.Body)
	}
	if want := `href="/login?request=AAAAAAAAAAAAAAAAAAAAAA"`; !strings.Contains(rec.Body.String(), want) {
		t.Errorf("the page with the codes lacks the way on, %s\n%s", want, rec.Body)
	}
	if elsewhere.in() || ada.in() {
		t.Errorf("signed in after it: elsewhere %v, by the session of before %v, want neither: they came in with less", elsewhere.in(), ada.in())
	}
	ada.keep(rec)
	session, _, err := w.store.Session(t.Context(), store.DigestOf(ada.cookies[0].Value), time.Hour, now)
	if err != nil || strings.Join(session.Auth.Methods, " ") != "pwd otp mfa" || !session.Auth.At.Equal(now.Add(-time.Minute)) {
		t.Errorf("the session is %+v, %v, want both factors, and the time of the older one", session.Auth, err)
	}
	if rec := ada.do(http.MethodGet, authenticatorPath, nil); rec.Header().Get("Location") != issuer+"/account/login" {
		t.Errorf("GET %s with an authenticator = %d to %q, want no second one offered", authenticatorPath, rec.Code, rec.Header().Get("Location"))
	}
	if rec := ada.turnOn(sealed, code, ""); rec.Code != http.StatusForbidden {
		t.Errorf("the offer of the session of before = %d, want 403", rec.Code)
	}
}

// TestASecretThatSomebodyElseWasOfferedIsNotTaken: else an attacker would know the secret that a victim turns on.
func TestASecretThatSomebodyElseWasOfferedIsNotTaken(t *testing.T) {
	w := withFactors(t)
	ada, other, bob := w.proven(0, "pwd"), w.proven(0, "pwd"), w.at("per_bob", 0, "")
	page := bob.do(http.MethodGet, authenticatorPath, nil)
	bobs, bobSecret := bob.read(page)
	others, otherSecret := other.offer(authenticatorPath)
	for name, offer := range map[string]struct {
		sealed string
		secret []byte
	}{"of somebody else": {bobs, bobSecret}, "of another session": {others, otherSecret}, "made up": {"AAAA", nil}, "none": {"", nil}} {
		if rec := ada.turnOn(offer.sealed, otp.Code(offer.secret, otp.Step(now)), ""); rec.Code != http.StatusForbidden || w.has().Second() {
			t.Errorf("an offer %s = %d, has %+v, want 403 and no authenticator", name, rec.Code, w.has())
		}
	}
}

func TestRecoveryCodesAreReplacedAndLeaveWithTheApp(t *testing.T) {
	w := withFactors(t)
	ada, old := w.enrolled()
	page := ada.do(http.MethodGet, "/account/login", nil).Body.String()
	if !strings.Contains(page, "You have 10 of 10 left") || !strings.Contains(page, removePath) || !strings.Contains(page, recoveryPath) {
		t.Fatalf("the page lacks what is left, or the forms\n%s", page)
	}
	rec := ada.do(http.MethodPost, recoveryPath, url.Values{"token": {ada.token(recoveryForm, "per_ada")}})
	fresh := codesOn(rec)
	if rec.Code != http.StatusOK || len(fresh) != otp.RecoveryCodes || slices.Contains(fresh, old[0]) || w.has().RecoveryCodes != otp.RecoveryCodes {
		t.Errorf("POST %s = %d with %v, %d left, want ten others in place of the old", recoveryPath, rec.Code, fresh, w.has().RecoveryCodes)
	}
	if got := ada.do(http.MethodGet, "/account/login", nil).Body.String(); strings.Contains(got, fresh[0]) {
		t.Errorf("the page shows the code %s later, want never again", fresh[0])
	}
	for range 2 { // the second time in another tab
		rec = ada.do(http.MethodPost, removePath, url.Values{"token": {ada.token(removeForm, "per_ada")}})
		if got := w.has(); rec.Header().Get("Location") != issuer+"/account/login?removed" || got.Authenticator || got.RecoveryCodes != 0 {
			t.Errorf("POST %s = %d to %q, has %+v, want nothing left", removePath, rec.Code, rec.Header().Get("Location"), got)
		}
	}
	rec = ada.do(http.MethodPost, recoveryPath, url.Values{"token": {ada.token(recoveryForm, "per_ada")}})
	if w.has().RecoveryCodes != 0 || rec.Header().Get("Location") != issuer+"/account/login" {
		t.Errorf("POST %s without an authenticator = %d, has %+v, want no codes: they stand in for a factor and are none", recoveryPath, rec.Code, w.has())
	}
	if page := ada.do(http.MethodGet, "/account/login", nil).Body.String(); strings.Contains(page, "Recovery codes") || !strings.Contains(page, "Set up an authenticator app") {
		t.Errorf("the page afterwards still has codes, or no way to begin again\n%s", page)
	}
}

// TestFactorsAreChangedByWhoJustProvedAllTheyHave: every form that changes how somebody signs in (threat E9).
func TestFactorsAreChangedByWhoJustProvedAllTheyHave(t *testing.T) {
	w := withFactors(t)
	w.enrolled()
	before := w.has()
	bob := w.at("per_bob", 0, "")
	for _, way := range []struct{ path, purpose string }{
		{authenticatorPath, authenticatorForm}, {removePath, removeForm}, {recoveryPath, recoveryForm}, {"/account/login/password", passwordForm},
		{keysPath, passkeysForm}, {keysPath + "/options", passkeysForm}, {keysPath + "/rename", passkeysForm}, {keysPath + "/remove", passkeysForm},
	} {
		for name, p := range map[string]*person{
			"a login of long ago":   w.proven(login.Fresh+time.Millisecond, "pwd", "otp", "mfa"),
			"one factor of the two": w.proven(0, "pwd"),
		} {
			form := url.Values{"token": {p.token(way.purpose, "per_ada")}, "password": {"another-long-password"}, "code": {"000000"}}
			if rec := p.do(http.MethodPost, way.path, form); rec.Header().Get("Location") != issuer+confirm {
				t.Errorf("POST %s after %s = %d to %q, want to confirm first", way.path, name, rec.Code, rec.Header().Get("Location"))
			}
		}
		both := w.proven(0, "pwd", "otp", "mfa")
		for name, token := range map[string]string{
			"no token": "", "the token of another form": both.token("another", "per_ada"), "the token of somebody else": bob.token(way.purpose, "per_bob"),
		} {
			if rec := both.do(http.MethodPost, way.path, url.Values{"token": {token}}); rec.Code != http.StatusForbidden {
				t.Errorf("POST %s with %s = %d, want 403", way.path, name, rec.Code)
			}
		}
	}
	if got := w.has(); got != before {
		t.Errorf("after all that ada has %+v, want %+v still", got, before)
	}
	if page := w.proven(0, "pwd").do(http.MethodGet, "/account/login", nil).Body.String(); strings.Contains(page, removePath) || strings.Contains(page, recoveryPath) || !strings.Contains(page, "Confirm it’s you") {
		t.Errorf("the page for one factor of the two has forms, or no way to confirm\n%s", page)
	}
	stale := w.at("per_bob", login.Fresh+time.Second, "")
	for page, to := range map[string]string{
		authenticatorPath: "account%2Flogin%2Fauthenticator", authenticatorPath + "?request=AAAAAAAAAAAAAAAAAAAAAA": "account%2Flogin%2Fauthenticator%3Frequest%3DAAAAAAAAAAAAAAAAAAAAAA",
		authenticatorPath + "?request=https://evil.example": "account%2Flogin%2Fauthenticator", "/account/login/passkey": "account%2Flogin%2Fpasskey",
	} {
		if rec := stale.do(http.MethodGet, page, nil); rec.Header().Get("Location") != issuer+"/login?request="+to {
			t.Errorf("GET %s after a login of long ago = %d to %q, want to confirm and come back", page, rec.Code, rec.Header().Get("Location"))
		}
	}
}

// TestAPasskeyForAnAuthorizationLeadsBackToIt: what an app asked for, and the person had not.
func TestAPasskeyForAnAuthorizationLeadsBackToIt(t *testing.T) {
	const request = "AAAAAAAAAAAAAAAAAAAAAA"
	w := withFactors(t)
	ada := w.at("per_ada", 0, "")
	page := ada.do(http.MethodGet, "/account/login/passkey?request="+request, nil)
	if page.Code != http.StatusOK || !strings.Contains(page.Body.String(), `data-passkey="create"`) || !strings.Contains(page.Body.String(), `name="request" value="`+request+`"`) {
		t.Fatalf("GET /account/login/passkey = %d, want a form that makes one for the request\n%s", page.Code, page.Body)
	}
	add := func(changes ...func(*passkeytest.Answer)) *httptest.ResponseRecorder {
		options := ada.do(http.MethodPost, keysPath+"/options", ada.fields(url.Values{"request": {request}}))
		answer := passkeytest.New(issuer).Create(t, options.Body.String(), changes...)
		return ada.do(http.MethodPost, keysPath, ada.fields(url.Values{"request": {request}, "answer": {answer}}))
	}
	rec := add(func(a *passkeytest.Answer) { a.Client["origin"] = "https://evil.example" })
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), request) || !strings.Contains(rec.Body.String(), "can’t be used here") || len(w.keys()) != 0 {
		t.Errorf("a device at another site = %d, want 422 and the page again, with the request\n%s", rec.Code, rec.Body)
	}
	if rec := add(); rec.Header().Get("Location") != issuer+"/login?request="+request || len(w.keys()) != 1 {
		t.Errorf("adding one = %d to %q, %d passkeys, want it added and the way back to the request", rec.Code, rec.Header().Get("Location"), len(w.keys()))
	}
	w.account.Passkeys = nil
	if rec := ada.do(http.MethodGet, "/account/login/passkey", nil); rec.Header().Get("Location") != issuer+"/account/login" {
		t.Errorf("GET /account/login/passkey where there are none = %d to %q, want the account page", rec.Code, rec.Header().Get("Location"))
	}
}
