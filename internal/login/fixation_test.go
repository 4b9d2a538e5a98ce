package login

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/store"
)

// TestEveryWayInGivesANewSession: whatever the browser brought along — a cookie that somebody planted, or bob's live
// session — is not the session of who logs in, and bob's ends (threat D3).
func TestEveryWayInGivesANewSession(t *testing.T) {
	for _, way := range []struct {
		name string
		take func(w *world, b *person)
	}{
		{"a password", func(_ *world, b *person) { b.signIn("", "ada@example.com", password) }},
		{"a mailed code", func(w *world, b *person) {
			box := w.withMail()
			sent := b.fill("/login/email", url.Values{"email": {"ada@example.com"}}).Header().Get("Location")
			form := fieldsOf(b, b.do(http.MethodGet, strings.TrimPrefix(sent, issuer), nil))
			form.Set("code", w.code(box))
			b.do(http.MethodPost, "/login/code", form)
		}},
		{"a mailed link", func(w *world, b *person) {
			box := w.withMail()
			b.fill("/login/email", url.Values{"email": {"ada@example.com"}})
			_, token, _ := strings.Cut(w.last(box).Text, "/login/link?t=")
			b.fill("/login/link?t="+strings.Fields(token)[0], nil)
		}},
		{"a second factor", func(w *world, b *person) {
			secret, _ := w.withSecond()
			b.answer(b.half(""), codeOf(w.otp(secret)))
		}},
		{"a passkey", func(w *world, b *person) {
			w.withPasskeys()
			b.withPasskey(w.device("ada"), "")
		}},
		{"a provider", func(w *world, b *person) { b.come(w.federate(nil), "") }},
	} {
		for _, brought := range []string{"a planted cookie", "the session of somebody else"} {
			t.Run(way.name+" with "+brought, func(t *testing.T) {
				w := newWorld(t)
				b := w.browser()
				planted := browser.NewToken()
				if brought == "a planted cookie" {
					b.do(http.MethodGet, "/login", nil)
				} else {
					b.signIn("", "bob@example.com", password)
					planted = b.cookies["__Host-aw-session"]
				}
				b.cookies["__Host-aw-session"] = planted
				way.take(w, b)
				if now := b.cookies["__Host-aw-session"]; now == planted || !b.live(b.session()) {
					t.Errorf("after %s the session cookie is %q, live: %v; want a new one that is", way.name, now, b.live(b.session()))
				}
				if b.live(store.DigestOf(planted)) {
					t.Errorf("after %s what the browser brought is a live session, want none", way.name)
				}
			})
		}
	}
}
