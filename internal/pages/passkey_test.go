package pages

import (
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func TestOnlyAPageWithPasskeysMayAskUs(t *testing.T) {
	page := Parse(fstest.MapFS{"page.html": {Data: []byte(`{{define "main"}}{{template "passkey" .}}{{end}}`)}}, "page.html")
	form := &PasskeyForm{Action: "/a", Options: "/o", Token: "t", Button: "Go", Fields: map[string]string{"request": `"><script>`}}
	for _, passkeys := range []bool{true, false} {
		rec := httptest.NewRecorder()
		if err := (&Site{}).Write(rec, get("/"), 200, Page{Template: page, Data: form, Passkeys: passkeys}); err != nil {
			t.Fatal(err)
		}
		policy, body := rec.Header().Get("Content-Security-Policy"), rec.Body.String()
		if strings.Contains(policy, "connect-src 'self'; require-trusted-types-for") != passkeys || strings.Contains(body, "/assets/passkeys.js?v=") != passkeys {
			t.Errorf("Page{Passkeys: %v}: policy %q, page %s: want both to have the script or neither", passkeys, policy, body)
		}
		if strings.Contains(body, `"><script>`) || !strings.Contains(body, `data-options="/o" hidden>`) {
			t.Errorf("the form is %s, want what it holds escaped, and hidden until the script shows it", body)
		}
	}
}
