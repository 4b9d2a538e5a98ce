package login

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/store"
)

// letterBox keeps what was sent.
type letterBox struct {
	mu  sync.Mutex
	got []mail.Message
}

// withMail turns every way on and returns where the mails go.
func (w *world) withMail() *letterBox {
	w.Helper()
	box := &letterBox{}
	w.login.Mail = mail.NewQueue(mail.SenderFunc(func(_ context.Context, m mail.Message) error {
		box.mu.Lock()
		defer box.mu.Unlock()
		box.got = append(box.got, m)
		return nil
	}), w.login.now, slog.New(slog.DiscardHandler))
	w.Cleanup(w.login.Mail.Close)
	w.login.CodeKey = []byte("0123456789abcdef0123456789abcdef")
	w.login.Settings = store.Settings{EmailCode: true, SignUp: true}
	if err := w.store.VerifyEmail(w.Context(), "per_ada", "ada@example.com", w.now); err != nil {
		w.Fatal(err)
	}
	return box
}

// last is the newest mail, after everything was sent.
func (w *world) last(box *letterBox) mail.Message {
	w.Helper()
	w.login.Mail.Settle()
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.got) == 0 {
		w.Fatal("no mail was sent, want one")
	}
	return box.got[len(box.got)-1]
}

// fill sends the form at a page with its fields filled in.
func (b *person) fill(page string, fields url.Values) *httptest.ResponseRecorder {
	b.Helper()
	form := fieldsOf(b, b.do(http.MethodGet, page, nil))
	for name, values := range fields {
		form[name] = values
	}
	path, _, _ := strings.Cut(page, "?")
	return b.do(http.MethodPost, path, form)
}

// perBrowser is what differs between any two answers.
var perBrowser = regexp.MustCompile(`cha_[0-9a-z]{26}|name="token" value="[^"]+"|[a-z]+@example\.com`)

// asks goes through a door and types a wrong code, and returns all that is seen of it.
func asks(b *person, page string, fields url.Values) string {
	b.Helper()
	var s strings.Builder
	see := func(rec *httptest.ResponseRecorder) {
		s.WriteString(http.StatusText(rec.Code) + "\n")
		rec.Header().Write(&s)
		s.WriteString(rec.Body.String())
	}
	for range 5 {
		rec := b.fill(page, fields)
		see(rec)
		if rec.Code != http.StatusSeeOther {
			continue
		}
		sent := strings.TrimPrefix(rec.Header().Get("Location"), issuer)
		rec = b.do(http.MethodGet, sent, nil)
		see(rec)
		form := fieldsOf(b, rec)
		if !form.Has("code") {
			continue
		}
		form.Set("code", "00000000")
		for range 6 {
			see(b.do(http.MethodPost, "/login/code", form))
		}
	}
	return reference.ReplaceAllString(perBrowser.ReplaceAllString(s.String(), "X"), "REF")
}

func TestNoDoorTellsWhoHasAnAccount(t *testing.T) {
	for _, door := range []struct {
		page   string
		fields url.Values
	}{
		{"/login/email", url.Values{}},
		{"/login/reset", url.Values{}},
		{"/login/sign-up", url.Values{"name": {"Somebody"}, "password": {"a-password-of-somebody"}}},
	} {
		t.Run(door.page, func(t *testing.T) {
			w := newWorld(t)
			w.withMail()
			w.person("bob", hashPassword(password)) // who did not prove his address
			w.person("dan", hashPassword(password))
			if err := w.store.SetPersonDisabled(t.Context(), "per_dan", true, w.now); err != nil {
				t.Fatal(err)
			}
			door.fields.Set("email", "ada@example.com")
			want := asks(w.browser(), door.page, door.fields)
			if !strings.HasPrefix(want, "See Other") || !strings.Contains(want, "Too Many Requests") {
				t.Fatalf("%s for ada was answered\n%s\nwant 303, and 429 in the end", door.page, want)
			}
			for _, name := range []string{"bob", "dan", "nobody"} {
				door.fields.Set("email", name+"@example.com")
				if got := asks(w.browser(), door.page, door.fields); got != want {
					t.Errorf("%s for %s was answered\n%s\nwant, as for ada,\n%s", door.page, name, got, want)
				}
			}
		})
	}
}

var mailedCode = regexp.MustCompile(`(?m)^    (\d{4}) (\d{4})$`)

// code is what the newest mail holds.
func (w *world) code(box *letterBox) string {
	w.Helper()
	m := mailedCode.FindStringSubmatch(w.last(box).Text)
	if m == nil {
		w.Fatalf("the mail holds no code:\n%s", w.last(box).Text)
	}
	return m[1] + m[2]
}

func TestOneOfManyWhoAnswerAtOnceGoesOn(t *testing.T) {
	w := newWorld(t)
	box := w.withMail()
	b := w.browser()
	rec := b.fill("/login/email", url.Values{"email": {"ada@example.com"}})
	form := fieldsOf(t, b.do(http.MethodGet, strings.TrimPrefix(rec.Header().Get("Location"), issuer), nil))
	form.Set("code", w.code(box))
	var mu sync.Mutex
	var callers sync.WaitGroup
	in := 0
	for range 50 {
		callers.Go(func() {
			r := httptest.NewRequest(http.MethodPost, "/login/code", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(&http.Cookie{Name: "__Host-aw-browser", Value: b.cookies["__Host-aw-browser"]})
			rec := httptest.NewRecorder()
			w.mux.ServeHTTP(rec, r)
			mu.Lock()
			defer mu.Unlock()
			if rec.Code == http.StatusSeeOther {
				in++
			}
		})
	}
	callers.Wait()
	if in != 1 {
		t.Errorf("%d of 50 callers with one code were let in, want 1", in)
	}
}

func TestAnAddressIsTriedTwentyTimesAnHour(t *testing.T) {
	w := newWorld(t)
	box := w.withMail()
	var rec *httptest.ResponseRecorder
	for i := range 5 {
		b := w.browser()
		w.now = w.now.Add(15 * time.Minute) // so that mails may be asked for
		rec = b.fill("/login/email", url.Values{"email": {"ada@example.com"}})
		form := fieldsOf(t, b.do(http.MethodGet, strings.TrimPrefix(rec.Header().Get("Location"), issuer), nil))
		right := w.code(box)
		for j := range store.MaxTries {
			form.Set("code", strings.Repeat(string(rune('0'+j)), 8))
			if i == 4 {
				form.Set("code", right)
			}
			rec = b.do(http.MethodPost, "/login/code", form)
			if i < 4 && rec.Code != http.StatusUnprocessableEntity {
				t.Fatalf("wrong code %d was answered %d, want 422\n%s", 5*i+j+1, rec.Code, rec.Body)
			}
		}
	}
	if rec.Code != http.StatusTooManyRequests || rec.Header().Get("Retry-After") == "" {
		t.Errorf("the right code after 20 wrong ones within an hour of the last = %d, want 429 with Retry-After", rec.Code)
	}
}

func TestTheDatabaseHoldsNoCodeNorLink(t *testing.T) {
	w := newWorld(t)
	c, s := w.login.newChallenge(store.Challenge{Purpose: store.ForSignIn})
	if c.Code == store.DigestOf(s.code) || c.Link != store.DigestOf(s.link) {
		t.Error("the code is kept as a plain digest, which a copy of the database gives away; want one under a key")
	}
	w.login.CodeKey = []byte("another")
	if c.Code == w.login.codeDigest(c.ID, s.code) {
		t.Error("the digest of the code does not depend on the key")
	}
	w.login.CodeKey = nil
	if c.Code != w.login.codeDigest(c.ID, s.code) || c.Code == w.login.codeDigest("cha_other", s.code) {
		t.Error("the digest of the code must depend on the challenge and be the same each time")
	}
}

func TestWithoutAMailServerTheWaysAreOff(t *testing.T) {
	w := newWorld(t)
	w.withMail()
	w.login.Mail = nil
	b := w.browser()
	body := b.do(http.MethodGet, "/login", nil).Body.String()
	if strings.Contains(body, "Email me a code") || strings.Contains(body, "Forgot") || strings.Contains(body, "Create an account") {
		t.Errorf("the sign-in page links to a way that needs mail:\n%s", body)
	}
	for _, page := range []string{"/login/email", "/login/reset", "/login/sign-up"} {
		if rec := b.do(http.MethodGet, page, nil); rec.Code != http.StatusNotFound {
			t.Errorf("GET %s without a mail server = %d, want 404", page, rec.Code)
		}
		form := url.Values{"email": {"ada@example.com"}, "name": {"Ada"}, "password": {password}}
		for _, purpose := range []string{page, signUpForm} {
			form.Set("token", b.visitor().FormToken(purpose, ""))
			if rec := b.do(http.MethodPost, page, form); rec.Code != http.StatusNotFound && rec.Code != http.StatusForbidden {
				t.Errorf("POST %s without a mail server = %d, want 404 or 403", page, rec.Code)
			}
		}
	}
}

func TestOneOfManyWhoUseAResetLinkAtOnceSetsThePassword(t *testing.T) {
	w := newWorld(t)
	box := w.withMail()
	b := w.browser()
	b.fill("/login/reset", url.Values{"email": {"ada@example.com"}})
	_, link, _ := strings.Cut(w.last(box).Text, issuer+"/login/reset/new")
	link, _, _ = strings.Cut(link, "\n")
	form := fieldsOf(t, b.do(http.MethodGet, "/login/reset/new"+link, nil))
	form.Set("password", "another-long-password")
	var mu sync.Mutex
	var callers sync.WaitGroup
	set := 0
	for range 10 {
		callers.Go(func() {
			r := httptest.NewRequest(http.MethodPost, "/login/reset/new", strings.NewReader(form.Encode()))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.AddCookie(&http.Cookie{Name: "__Host-aw-browser", Value: b.cookies["__Host-aw-browser"]})
			rec := httptest.NewRecorder()
			w.mux.ServeHTTP(rec, r)
			mu.Lock()
			defer mu.Unlock()
			if rec.Code == http.StatusSeeOther {
				set++
			}
		})
	}
	callers.Wait()
	if set != 1 {
		t.Errorf("%d of 10 callers with one link set the password, want 1", set)
	}
}
