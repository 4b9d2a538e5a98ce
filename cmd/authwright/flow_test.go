package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

// answer is what came of one request.
type answer struct {
	status   int
	location string
	body     string
}

func send(t *testing.T, c *http.Client, method, address string, form url.Values) answer {
	t.Helper()
	if strings.HasPrefix(address, "/") {
		address = testIssuer + address
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if r.URL.User != nil {
		secret, _ := r.URL.User.Password()
		r.SetBasicAuth(r.URL.User.Username(), secret)
	}
	res, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), string(text)}
}

// want stops the test at another status.
func (a answer) want(t *testing.T, status int, what string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("%s = %d %s\n%s\nwant %d", what, a.status, a.location, a.body, status)
	}
	return a
}

// member reads a text of a JSON answer.
func (a answer) member(t *testing.T, name string) string {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(a.body), &all); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	text, _ := all[name].(string)
	return text
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)">`)

// fields are the hidden fields of a page, to be sent back with what the person enters.
func (a answer) fields(entered ...string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(a.body, -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	for i := 0; i+1 < len(entered); i += 2 {
		form.Set(entered[i], entered[i+1])
	}
	return form
}

const verifier = "a-verifier-that-is-long-enough-for-rfc-7636-we-hope"

func challenge() string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

const callback = "https://app.example.com/callback"

func authorizeURL() string {
	return "/authorize?" + url.Values{
		"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {callback}, "state": {"s"}, "resource": {todoURI},
		"scope": {"todo.read"}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"},
	}.Encode()
}

// code takes a person through the flow, at one replica after the other.
func code(t *testing.T, email string, hops ...*http.Client) string {
	t.Helper()
	hop := 0
	next := func(method, address string, form url.Values) answer {
		hop++
		return send(t, hops[(hop-1)%len(hops)], method, address, form)
	}
	a := next(http.MethodGet, authorizeURL(), nil)
	for range 8 {
		switch {
		case strings.HasPrefix(a.location, callback):
			u, err := url.Parse(a.location)
			if err != nil || u.Query().Get("code") == "" {
				t.Fatalf("the answer to the client is %s, want a code", a.location)
			}
			return u.Query().Get("code")
		case a.status == http.StatusSeeOther:
			a = next(http.MethodGet, a.location, nil)
		case a.status == http.StatusOK && strings.Contains(a.body, `name="password"`):
			a = next(http.MethodPost, "/login", a.fields("email", email, "password", password))
		case a.status == http.StatusOK && strings.Contains(a.body, `action="/consent"`):
			a = next(http.MethodPost, "/consent", a.fields("decision", "allow"))
		default:
			t.Fatalf("the flow came to %d %s\n%s", a.status, a.location, a.body)
		}
	}
	t.Fatal("the flow has no end")
	return ""
}

func redeem(code string) url.Values {
	return url.Values{"grant_type": {"authorization_code"}, "client_id": {"app"}, "code": {code}, "redirect_uri": {callback}, "code_verifier": {verifier}}
}

func refresh(token string) url.Values {
	return url.Values{"grant_type": {"refresh_token"}, "client_id": {"app"}, "refresh_token": {token}}
}
