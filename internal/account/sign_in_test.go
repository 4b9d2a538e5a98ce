package account

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/store"
)

const confirm = "/login?request=account%2Flogin"

func TestHowOneSignsInIsChangedOnlyByWhoJustProvedWhoTheyAre(t *testing.T) {
	w := newWorld(t)
	form := func(p *person) url.Values {
		return url.Values{"password": {"another-long-password"}, "token": {p.token(passwordForm, "per_ada")}}
	}
	for _, tt := range []struct {
		name  string
		ago   time.Duration
		fresh bool
	}{{"a login just now", 0, true}, {"a login ten minutes ago", login.Fresh, true}, {"a login of longer ago", login.Fresh + time.Millisecond, false}} {
		t.Run(tt.name, func(t *testing.T) {
			ada := w.at("per_ada", tt.ago, "")
			page := ada.do(http.MethodGet, "/account/login", nil).Body.String()
			if got := !strings.Contains(page, confirm); got != tt.fresh {
				t.Errorf("the page lets %s change things: %v, want %v\n%s", tt.name, got, tt.fresh, page)
			}
			if got := strings.Contains(page, `action="/account/login/password"`); got != tt.fresh {
				t.Errorf("the page shows %s the form: %v, want %v", tt.name, got, tt.fresh)
			}
			if tt.fresh {
				return
			}
			rec := ada.do(http.MethodPost, "/account/login/password", form(ada))
			if got := rec.Header().Get("Location"); got != issuer+confirm || !ada.in() {
				t.Errorf("POST /account/login/password after %s = %d to %q, want to confirm first and nothing changed", tt.name, rec.Code, got)
			}
			if p, _ := w.store.Person(t.Context(), "per_ada"); p.Password != "" {
				t.Error("the password was changed")
			}
		})
	}
}

func TestAPasswordIsChangedWithTheOneBefore(t *testing.T) {
	w := newWorld(t)
	ada, other := w.at("per_ada", 0, ""), w.at("per_ada", time.Minute, "")
	change := func(current, chosen string) (status int, problem string) {
		rec := ada.do(http.MethodPost, "/account/login/password", url.Values{"current": {current}, "password": {chosen}, "token": {ada.token(passwordForm, "per_ada")}})
		for _, c := range rec.Result().Cookies() {
			if c.Name == ada.cookies[0].Name {
				ada.cookies[0] = c
			}
		}
		return rec.Code, rec.Body.String()
	}
	if status, page := change("", "the-first-password"); status != http.StatusSeeOther || !ada.in() || other.in() {
		t.Fatalf("setting the first password = %d; in: here %v, elsewhere %v; want 303, here only\n%s", status, ada.in(), other.in(), page)
	}
	other = w.at("per_ada", 0, "")
	for _, tt := range []struct{ name, current, chosen, want string }{
		{"without the current one", "", "the-second-password", "not the password you have now"},
		{"with a wrong current one", "wrong", "the-second-password", "not the password you have now"},
		{"to one that is too short", "the-first-password", "short", "at least 12"},
		{"to the address", "the-first-password", "Ada@example.com", "not your email address"},
	} {
		if status, page := change(tt.current, tt.chosen); status != http.StatusUnprocessableEntity || !strings.Contains(page, tt.want) || !other.in() {
			t.Errorf("changing the password %s = %d, want 422 and %q, and nobody signed out\n%s", tt.name, status, tt.want, page)
		}
	}
	if status, _ := change("the-first-password", "the-second-password"); status != http.StatusSeeOther || !ada.in() || other.in() {
		t.Errorf("changing the password = %d; in: here %v, elsewhere %v; want 303, here only", status, ada.in(), other.in())
	}
	for range 4 {
		change("wrong", "the-third-password")
	}
	change("wrong", "the-third-password")
	if _, page := change("the-second-password", "the-third-password"); !strings.Contains(page, "Too many attempts") {
		t.Errorf("the sixth attempt was looked at, want to be told to wait:\n%s", page)
	}
}

func TestWhoIsOutIsLedBackToThePage(t *testing.T) {
	w := newWorld(t)
	stranger := &person{w, nil}
	for path, to := range map[string]store.RequestID{"/account/sessions": login.ToSessions, "/account/login": login.ToSignIn} {
		if rec := stranger.do(http.MethodGet, path, nil); rec.Header().Get("Location") != login.Toward(issuer, to) {
			t.Errorf("GET %s by a stranger = %d to %q, want %q", path, rec.Code, rec.Header().Get("Location"), login.Toward(issuer, to))
		}
	}
}
