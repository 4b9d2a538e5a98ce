package login

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/store"
)

func TestSigningInOpensANewSessionAndGoesOn(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	id := w.request(b, nil)
	rec := b.signIn(id, " Ada@EXAMPLE.com", password)
	if got, want := rec.Header().Get("Location"), issuer+"/authorize/continue?request="+string(id); rec.Code != http.StatusSeeOther || got != want {
		t.Fatalf("POST /login = %d to %q, want 303 to %q\n%s", rec.Code, got, want, rec.Body)
	}
	who := b.has(id).Auth
	if who.Person != "per_ada" || !who.At.Equal(w.now) || strings.Join(who.Methods, " ") != "pwd" {
		t.Errorf("the request is signed in by %+v, want per_ada, now, pwd", who)
	}
	first := b.session()
	if !b.live(first) {
		t.Error("the store does not know the session by the digest of its cookie")
	}
	rec = b.signIn("", "ada@example.com", password)
	if got := rec.Header().Get("Location"); got != issuer+"/account" {
		t.Errorf("POST /login without a request went to %q, want the account page", got)
	}
	if b.session() == first || b.live(first) || !b.live(b.session()) {
		t.Error("logging in again kept the old session, want a new one in its place")
	}
}

func TestTheFormCountsOnlyFromTheBrowserThatWasShownIt(t *testing.T) {
	w := newWorld(t)
	b, other := w.browser(), w.browser()
	id, id2 := w.request(b, nil), w.request(b, nil)
	post := func(form url.Values, change func(*http.Request)) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(&http.Cookie{Name: "__Host-aw-browser", Value: b.cookies["__Host-aw-browser"]})
		if change != nil {
			change(r)
		}
		return (&person{w, map[string]string{}}).send(r)
	}
	good := b.form(id, "ada@example.com", password)
	with := func(name, value string) url.Values {
		form := url.Values{}
		for k, v := range good {
			form[k] = v
		}
		form.Set(name, value)
		return form
	}
	for _, tt := range []struct {
		name   string
		form   url.Values
		change func(*http.Request)
	}{
		{"no token", with("token", ""), nil},
		{"a wrong token", with("token", browser.NewToken()), nil},
		{"the token of another browser", with("token", other.visitor().FormToken(signInForm, string(id))), nil},
		{"the token of another request", with("request", string(id2)), nil},
		{"the token without its request", with("request", ""), nil},
		{"the token of the sign-out form", with("token", b.visitor().FormToken(browser.LogoutForm)), nil},
		{"no browser cookie", good, func(r *http.Request) { r.Header.Del("Cookie") }},
		{"two browser cookies", good, func(r *http.Request) { r.Header.Add("Cookie", "__Host-aw-browser="+browser.NewToken()) }},
		{"a body that is no form", good, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }},
		{"parameters in the URL", good, func(r *http.Request) { r.URL.RawQuery = "request=" + string(id) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := post(tt.form, tt.change)
			if rec.Code != http.StatusForbidden || rec.Header().Get("Location") != "" || len(rec.Result().Cookies()) != 0 {
				t.Errorf("POST /login = %d, %v, want 403 and no cookie", rec.Code, rec.Header())
			}
		})
	}
	if rec := post(good, nil); rec.Code != http.StatusSeeOther {
		t.Errorf("POST /login with the form as shown = %d, want 303", rec.Code)
	}
}

var reference = regexp.MustCompile(`[A-Z2-7]{26}`)

func TestARequestOfAnotherBrowserLooksLikeNone(t *testing.T) {
	w := newWorld(t)
	b, other := w.browser(), w.browser()
	over := w.request(b, func(r *store.Request) { r.CreatedAt, r.Expires = w.now.Add(-time.Hour), w.now })
	theirs := w.request(other, nil)
	var first string
	for _, tt := range []struct {
		name string
		id   store.RequestID
	}{{"never was", "AAAAAAAAAAAAAAAAAAAAAA"}, {"of another browser", theirs}, {"over", over}} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			t.Run(tt.name+" "+method, func(t *testing.T) {
				target, form := "/login?request="+string(tt.id), url.Values(nil)
				if method == http.MethodPost {
					target, form = "/login", url.Values{
						"request": {string(tt.id)}, "token": {b.visitor().FormToken(signInForm, string(tt.id))},
						"email": {"ada@example.com"}, "password": {password},
					}
				}
				rec := b.do(method, target, form)
				page := reference.ReplaceAllString(rec.Body.String(), "REF")
				if first == "" {
					first = page
				}
				if rec.Code != http.StatusBadRequest || rec.Header().Get("Location") != "" || page != first {
					t.Errorf("%s %s = %d, Location %q, want 400 and the page of a request that never was\n%s", method, target, rec.Code, rec.Header().Get("Location"), page)
				}
			})
		}
	}
	if b.cookies["__Host-aw-session"] != "" || other.has(theirs).Auth.Person != "" {
		t.Error("a session was opened or a request signed in to, want neither")
	}
}

// answers sends the same six attempts and returns what came back, without what differs by nature: the form's token
// and the address that was typed.
func answers(b *person, email, secret string) []string {
	b.Helper()
	var all []string
	for range 6 {
		form := b.form("", email, secret)
		rec := b.do(http.MethodPost, "/login", form)
		var s strings.Builder
		s.WriteString(http.StatusText(rec.Code) + "\n")
		rec.Header().Write(&s)
		s.WriteString(rec.Body.String())
		all = append(all, strings.NewReplacer(form.Get("token"), "TOKEN", email, "EMAIL").Replace(s.String()))
	}
	return all
}

func TestWhoHasAnAccountCannotBeTold(t *testing.T) {
	w := newWorld(t)
	hash := hashPassword(password)
	w.person("bob", hash)
	w.person("dan", hash)
	w.person("eve", "")
	if err := w.store.SetPersonDisabled(t.Context(), "per_dan", true, w.now); err != nil {
		t.Fatal(err)
	}
	want := answers(w.browser(), "ada@example.com", "wrong")
	if !strings.HasPrefix(want[0], "Unprocessable Entity") || !strings.HasPrefix(want[5], "Too Many Requests") || !strings.Contains(want[5], "Retry-After: 5") {
		t.Fatalf("a wrong password was answered %q … %q, want 422 and at last 429 with Retry-After", want[0], want[5])
	}
	for _, tt := range []struct{ name, email, secret string }{
		{"an account that is not there", "zoe@example.com", password},
		{"a disabled account and its right password", "dan@example.com", password},
		{"an account without a password", "eve@example.com", password},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for i, got := range answers(w.browser(), tt.email, tt.secret) {
				if got != want[i] {
					t.Errorf("attempt %d for %s was answered\n%s\nwant, as for a wrong password,\n%s", i+1, tt.email, got, want[i])
				}
			}
		})
	}
}

func TestWhatIsMissingIsSaidAtItsField(t *testing.T) {
	w := newWorld(t)
	b := w.browser()
	for _, tt := range []struct {
		name, email, secret string
		want                []string
	}{
		{"no e-mail", "", password, []string{`role="alert"`, `id="email-problem"`, `aria-describedby="email-problem"`}},
		{"no password", "ada@example.com", "", []string{`role="alert"`, `Enter your password.`, `value="ada@example.com"`}},
		{"not an e-mail", "ada", password, []string{`id="email-problem"`}},
		{"markup for an e-mail", `"><script>alert(1)</script>`, password, []string{`value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := b.signIn("", tt.email, tt.secret)
			for _, want := range tt.want {
				if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), want) {
					t.Errorf("POST /login with email %q = %d, want 422 and %s\n%s", tt.email, rec.Code, want, rec.Body)
				}
			}
			if strings.Contains(rec.Body.String(), "<script") {
				t.Errorf("the page holds a script:\n%s", rec.Body)
			}
		})
	}
	if strings.Contains(b.signIn("", "ada@example.com", "s3cret-guess").Body.String(), "s3cret-guess") {
		t.Error("the page repeats the password, want it never shown")
	}
}

func TestABusyServerSaysWhenToComeBack(t *testing.T) {
	w := newWorld(t)
	before := turns
	t.Cleanup(func() { turns = before })
	turns = newTurnstile(0, 0)
	rec := w.browser().signIn("", "ada@example.com", password)
	if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") != "2" {
		t.Errorf("POST /login with a full queue = %d, Retry-After %q, want 503 and 2", rec.Code, rec.Header().Get("Retry-After"))
	}
}

func TestAnOldHashIsRenewedAndSessionsStay(t *testing.T) {
	w := newWorld(t)
	salt := []byte("somesalt")
	weak := cost{memory: 8 << 10, passes: 1, threads: 1}
	w.person("bob", phc{weak, salt, derive(password, salt, weak, hashLength)}.String())
	first, second := w.browser(), w.browser()
	for _, b := range []*person{first, second} {
		if rec := b.signIn("", "bob@example.com", password); rec.Code != http.StatusSeeOther {
			t.Fatalf("POST /login = %d, want 303\n%s", rec.Code, rec.Body)
		}
	}
	bob, err := w.store.Person(t.Context(), "per_bob")
	if parsed, perr := parsePHC(bob.Password); err != nil || perr != nil || parsed.cost != current {
		t.Errorf("the stored hash is %q, %v, want one of today's cost", bob.Password, err)
	}
	if !first.live(first.session()) || !second.live(second.session()) {
		t.Error("renewing the hash ended a session, want all to stay")
	}
}

func TestAPasswordReplacedMeanwhileEndsTheLogin(t *testing.T) {
	w := newWorld(t)
	ada, _ := w.store.Person(t.Context(), "per_ada")
	began := w.now
	w.now = w.now.Add(time.Second)
	if err := w.store.SetPassword(t.Context(), ada.ID, hashPassword("new"), false, w.now); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/login", nil)
	rec := httptest.NewRecorder()
	if err := w.login.open(rec, r, store.Request{}, outcome{person: ada, began: began}); err != errSignedOut || len(rec.Result().Cookies()) != 0 {
		t.Errorf("open for a login that began before the password was replaced = %v, cookies %v, want %v and none", err, rec.Result().Cookies(), errSignedOut)
	}
	if got, err := w.login.renew(t.Context(), ada, password); err != nil || got.Password != ada.Password {
		t.Errorf("renew of a replaced password = %v, want no change", err)
	}
	if now, _ := w.store.Person(t.Context(), ada.ID); !strings.HasPrefix(now.Password, "$argon2id$") || now.Password == ada.Password {
		t.Error("the replaced password came back")
	}
}
