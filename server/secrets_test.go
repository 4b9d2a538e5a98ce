// secrets_test.go: no secret that was seen in a flow is in the log, in a URL of ours or in the database (threats C10, G2, G10).

package server

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"os"
	"strings"
	"testing"
)

// TestSecretsAreNotKept runs whole flows, with refusals and failures, and looks for every secret that was seen.
func TestSecretsAreNotKept(t *testing.T) {
	t.Parallel()
	f := newFlow(t, t.Name())
	f.secretsSeen(t)
	secrets := f.secrets(t)
	log := f.log.String()
	if !strings.Contains(log, "a person logged in") || !strings.Contains(log, "cannot answer") || !strings.Contains(log, "refused") {
		t.Fatalf("the log lacks what happened:\n%s", log)
	}
	for name, value := range secrets {
		for _, spelled := range []string{value, urlSpelling(value), base64.StdEncoding.EncodeToString([]byte(value))} {
			if strings.Contains(log, spelled) {
				t.Errorf("the log holds the %s", name)
			}
		}
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(f.world.file + suffix)
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range secrets {
			if bytes.Contains(data, []byte(value)) {
				t.Errorf("the database file %q holds the %s", suffix, name)
			}
		}
		for name, value := range map[string]string{"half of a code": f.vars["code"][40:70], "half of a refresh token": f.vars["refresh"][36:60]} {
			if bytes.Contains(data, []byte(value)) {
				t.Errorf("the database file %q holds %s", suffix, name)
			}
		}
		if suffix == "-wal" && !bytes.Contains(data, []byte("per_ada")) {
			t.Error("the write-ahead log holds nothing of the flow, so this test looked at nothing")
		}
	}
}

// secrets are those that secretsScript saw.
func (f *flow) secrets(t *testing.T) map[string]string {
	t.Helper()
	secrets := map[string]string{
		"password": password, "site's client secret": siteSecret, "backend's client secret": backendSecret, "watch's client secret": watchSecret,
		"wrong password": "wrong-password-that-was-typed", "wrong client secret": "wrong-secret-that-was-sent", "code verifier": verifier,
	}
	for _, name := range []string{"code", "code2", "token", "refresh", "refresh2", "own", "id_token", "dcr_secret"} {
		if f.vars[name] == "" {
			t.Fatalf("the flow saw no %s", name)
		}
		secrets[name] = f.vars[name]
	}
	for name, value := range f.browser.cookies {
		secrets["cookie "+name] = value
	}
	return secrets
}

const secretsScript = `Everything that has a secret in it, going right and going wrong.
-- > all --
GET /login
LOGIN ada wrong-password-that-was-typed
LOGIN ada
GIVEN tokens
scope=openid todo.read
SET first {refresh}
POST /token
grant_type=refresh_token
refresh_token={first}
client_id=app
-- < works --
200
"refresh_token":"{refresh2}"
-- > a program --
POST /token
Authorization: Basic backend:{backend_secret}
grant_type=client_credentials
-- < works --
200
"access_token":"{own}"
-- > wrong secrets, and secrets in wrong places --
POST /token
Authorization: Basic backend:wrong-secret-that-was-sent
grant_type=client_credentials
POST /token
grant_type=client_credentials
client_id=backend
client_secret={backend_secret}
POST /token?client_secret={backend_secret}&code={code}
grant_type=authorization_code
POST /token
grant_type=authorization_code
grant_type={backend_secret}
POST /token
Content-Type: application/json
{"code":"{code}","refresh_token":"{refresh}"}
POST /introspect
Authorization: Basic watch:{watch_secret}
token={token}
GET /userinfo?access_token={token}
GET /userinfo
Authorization: Bearer {token}
GET /userinfo
Authorization: Bearer {token}x
GET /authorize/continue?code={code}&request={refresh}
POST /login
email=ada@example.com
password={password}
POST /consent
token={token}
-- < refused --
400
-- > a site that registers itself --
POST /register
{"redirect_uris":["https://self.example/cb"]}
-- < gets a secret --
201
"client_secret":"{dcr_secret}"
-- > replays --
REDEEM
REFRESH
refresh_token={first}
-- < are dead --
400
-- > the site, and failures --
GIVEN code
client_id=site
redirect_uri=https://site.example/callback
SET code2 {code}
OPERATOR break SpendCode
REDEEM
code={code2}
client_id=site
client_secret={site_secret}
redirect_uri=https://site.example/callback
-- < fail --
503
-- > more failures --
OPERATOR break RotateGrant
OPERATOR break LiveGrant
OPERATOR break Session
OPERATOR break EndGrant
REFRESH
refresh_token={refresh2}
POST /introspect
Authorization: Basic watch:{watch_secret}
token={token}
POST /revoke
token={refresh}
client_id=app
AUTHORIZE
-- < fail too --
503
`

// secretsSeen runs the script; what it saw is in the variables.
func (f *flow) secretsSeen(t *testing.T) {
	t.Helper()
	_, sections, err := parseScript(secretsScript)
	if err != nil {
		t.Fatal(err)
	}
	f.run(sections)
}

// TestNoAddressOfOursCarriesASecret follows a whole flow and looks at every address the browser is sent to on our side.
func TestNoAddressOfOursCarriesASecret(t *testing.T) {
	t.Parallel()
	f := newFlow(t, t.Name())
	if err := f.authorize(command{header: make(http.Header)}); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for f.browser.inside() {
		seen++
		at := f.browser.last.header.Get("Location")
		for name, value := range f.browser.cookies {
			if strings.Contains(at, value) {
				t.Errorf("%s carries the cookie %s", at, name)
			}
		}
		if strings.Contains(at, "code=") || strings.Contains(at, password) {
			t.Errorf("%s carries a secret", at)
		}
		f.browser.send(http.MethodGet, at, nil, "")
		var err error
		switch {
		case strings.Contains(f.browser.last.body, `name="password"`):
			err = f.browser.signIn("ada", password)
		case strings.Contains(f.browser.last.body, "Allow"):
			err = f.browser.press("Allow", nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if seen < 4 {
		t.Errorf("the flow took %d steps of ours, want at least login, consent and the two returns", seen)
	}
}
