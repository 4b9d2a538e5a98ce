package setup

import (
	"bytes"
	"encoding/base64"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
)

const issuer = "https://auth.example.com"

// world is a deployment without an operator and a browser that looks at it.
type world struct {
	*testing.T
	*Setup
	clock   time.Time
	store   store.Store
	cookies []*http.Cookie
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, clock: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC), store: db.For("default")}
	w.Setup = &Setup{
		Store: w.store, Site: &pages.Site{Name: "Test"}, Jar: browser.NewJar(issuer), Issuer: issuer,
		Key: bytes.Repeat([]byte{7}, 32), Now: func() time.Time { return w.clock },
	}
	return w
}

// ask sends a request as the browser does; a form makes it a POST.
func (w *world) ask(target string, form url.Values) *httptest.ResponseRecorder {
	w.Helper()
	method, body := http.MethodGet, ""
	if form != nil {
		method, body = http.MethodPost, form.Encode()
	}
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range w.cookies {
		r.AddCookie(c)
	}
	rec := httptest.NewRecorder()
	if err := w.Routes()[method+" /setup"](rec, r); err != nil {
		w.Site.WriteError(rec, r, err)
	}
	w.cookies = append(w.cookies, rec.Result().Cookies()...)
	return rec
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// form opens the link and fills in what is asked.
func (w *world) form(change func(url.Values)) url.Values {
	w.Helper()
	page := w.ask(w.Link(), nil)
	if page.Code != http.StatusOK {
		w.Fatalf("GET %s = %d, want 200", w.Link(), page.Code)
	}
	form := url.Values{"email": {"Op@Example.com"}, "name": {"Olga Petrova"}, "password": {"correct-horse-battery"}, "repeat": {"correct-horse-battery"}}
	for _, m := range hidden.FindAllStringSubmatch(page.Body.String(), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	if change != nil {
		change(form)
	}
	return form
}

func (w *world) wantNobody() {
	w.Helper()
	if all, err := w.store.People(w.Context(), "", 10); err != nil || len(all) != 0 {
		w.Errorf("People() = %v, %v, want nobody", all, err)
	}
}

func TestTheFormMakesTheOperator(t *testing.T) {
	w := newWorld(t)
	rec := w.ask("/setup", w.form(nil))
	if rec.Code != http.StatusSeeOther || rec.Header().Get("Location") != issuer+"/login" {
		t.Errorf("POST /setup = %d %q, want 303 to the login", rec.Code, rec.Header().Get("Location"))
	}
	p, err := w.store.PersonByEmail(t.Context(), "op@example.com")
	if err != nil || !p.Operator || p.EmailVerified || p.Name != "Olga Petrova" || !strings.HasPrefix(p.Password, "$argon2id$") {
		t.Errorf("PersonByEmail() = %+v, %v, want an operator whose address nobody has proven", p, err)
	}
}

// reference is the one part of a refusal that differs.
var reference = regexp.MustCompile(`<code>[A-Z0-9]+</code>`)

func TestEveryLinkThatDoesNotWorkLooksTheSame(t *testing.T) {
	w := newWorld(t)
	link := w.Link()
	wrong := newWorld(t)
	wrong.Key = bytes.Repeat([]byte{8}, 32)
	elsewhere := newWorld(t)
	elsewhere.Issuer = "https://other.example.com"
	late := *w
	late.clock = w.clock.Add(time.Hour)
	lateSetup := *w.Setup
	lateSetup.Now = func() time.Time { return late.clock }
	late.Setup = &lateSetup
	postponed := w.token(w.clock.Add(-time.Second))
	raw, err := base64.RawURLEncoding.DecodeString(postponed)
	if err != nil {
		t.Fatal(err)
	}
	raw[7] ^= 0xff
	raw[5] ^= 0x0f
	used := newWorld(t)
	if rec := used.ask("/setup", used.form(nil)); rec.Code != http.StatusSeeOther {
		t.Fatalf("POST /setup = %d, want 303", rec.Code)
	}

	var first string
	for _, tt := range []struct {
		name   string
		w      *world
		target string
	}{
		{"no token", w, "/setup"},
		{"a token twice", w, "/setup?token=a&token=b"},
		{"a token that is no base64url", w, "/setup?token=***"},
		{"a token that was cut short", w, link[:len(link)-4]},
		{"a token of another key", w, wrong.Link()},
		{"a token of another issuer", w, elsewhere.Link()},
		{"a token whose time was changed", w, "/setup?token=" + base64.RawURLEncoding.EncodeToString(raw)},
		{"a token with other bits in the last letter", w, link[:len(link)-1] + "B"},
		{"a token after an hour", &late, link},
		{"a token after the operator was made", used, used.Link()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := tt.w.ask(tt.target, nil)
			body := reference.ReplaceAllString(rec.Body.String(), "")
			if first == "" {
				first = body
			}
			if rec.Code != http.StatusForbidden || body != first || len(rec.Result().Cookies()) > 0 {
				t.Errorf("GET %s = %d\n%s\nwant 403 and the page that all others get", tt.target, rec.Code, body)
			}
		})
	}
	if rec := late.ask("/setup", url.Values{"link": {strings.TrimPrefix(link, issuer+"/setup?token=")}}); rec.Code != http.StatusForbidden {
		t.Errorf("POST /setup an hour later = %d, want 403", rec.Code)
	}
	w.wantNobody()
}

func TestALinkIsGoodUntilItsHourIsOver(t *testing.T) {
	w := newWorld(t)
	link := w.Link()
	w.clock = w.clock.Add(time.Hour - time.Millisecond)
	if rec := w.ask(link, nil); rec.Code != http.StatusOK {
		t.Errorf("GET the link after 59:59.999 = %d, want 200", rec.Code)
	}
}

func TestAFormThatIsNotReadyChangesNothing(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(url.Values)
		status int
		says   string
	}{
		{"no address", func(f url.Values) { f.Set("email", "olga") }, 422, "Enter an email address"},
		{"no name", func(f url.Values) { f.Set("name", " ") }, 422, "Enter a name"},
		{"a name with a control character", func(f url.Values) { f.Set("name", "Olga\x1b[2J") }, 422, "without control"},
		{"a name that runs backwards", func(f url.Values) { f.Set("name", "Olga\u202eagl") }, 422, "without control or invisible"},
		{"a short password", func(f url.Values) { f.Set("password", "elevenchars"); f.Set("repeat", "elevenchars") }, 422, "at least 12 characters"},
		{"the address as password", func(f url.Values) { f.Set("password", "op@example.com"); f.Set("repeat", "op@example.com") }, 422, "not your email"},
		{"two passwords", func(f url.Values) { f.Set("repeat", "correct-horse-batterz") }, 422, "The two passwords differ"},
		{"no form token", func(f url.Values) { f.Del("token") }, 403, "out of date"},
		{"the form token of another form", func(f url.Values) { f.Set("token", browser.Visitor{}.FormToken("login")) }, 403, "out of date"},
		{"no link", func(f url.Values) { f.Del("link") }, 403, "can’t be used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			form := w.form(tt.change)
			rec := w.ask("/setup", form)
			body := html.UnescapeString(rec.Body.String())
			if rec.Code != tt.status || !strings.Contains(body, tt.says) {
				t.Errorf("POST /setup with %s = %d\n%s\nwant %d and %q", tt.name, rec.Code, body, tt.status, tt.says)
			}
			if secret := form.Get("password"); strings.Contains(body, secret) && secret != "op@example.com" {
				t.Errorf("the page repeats the password %q", secret)
			}
			w.wantNobody()
		})
	}
}

func TestAnotherBrowserCannotSendTheForm(t *testing.T) {
	w := newWorld(t)
	form := w.form(nil)
	w.cookies = nil
	if rec := w.ask("/setup", form); rec.Code != http.StatusForbidden {
		t.Errorf("POST /setup from another browser = %d, want 403", rec.Code)
	}
	w.wantNobody()
}

func TestATakenAddressIsSaidSo(t *testing.T) {
	w := newWorld(t)
	if err := w.store.CreatePerson(t.Context(), store.Person{ID: "per_1", Email: "op@example.com"}); err != nil {
		t.Fatal(err)
	}
	rec := w.ask("/setup", w.form(nil))
	if rec.Code != http.StatusUnprocessableEntity || !strings.Contains(rec.Body.String(), "There is an account with this email already") {
		t.Errorf("POST /setup with a taken address = %d\n%s\nwant 422 that says so", rec.Code, rec.Body.String())
	}
	if rec := w.ask("/setup", w.form(func(f url.Values) { f.Set("email", "olga@example.com") })); rec.Code != http.StatusSeeOther {
		t.Errorf("POST /setup with a free address after that = %d, want 303", rec.Code)
	}
}
