// scenarios.go: the operations, each as its clients do them.

package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync/atomic"
)

// scenario prepares one client and returns what it does again and again.
type scenario struct {
	name    string
	prepare func(srv *process, client int) (func() error, error)
}

var scenarios = []scenario{
	{"metadata", get("/.well-known/oauth-authorization-server")},
	{"jwks", get("/jwks")},
	{"register", register},
	{"client_credentials", clientCredentials},
	{"introspect", introspect},
	{"refresh", refresh},
	{"code", code},
	{"code+consent page", codeWithConsent},
	{"revoke", revoke},
}

const (
	confidential = "demo-confidential"
	secret       = "demo-confidential-secret-for-local-use-only"
	public       = "demo-public"
	callback     = "http://127.0.0.1/callback"
	verifier     = "load-load-load-load-load-load-load-load-load-load"
)

var shared = &http.Transport{MaxIdleConnsPerHost: 256}

// agent is one client program with its person's browser.
type agent struct {
	http *http.Client
	base string
}

func newAgent(srv *process) *agent {
	jar, _ := cookiejar.New(nil) // only a bad option makes it fail
	return &agent{base: srv.base, http: &http.Client{
		Transport: shared, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (a *agent) do(req *http.Request, want int) (*http.Response, []byte, error) {
	res, err := a.http.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != want {
		err = fmt.Errorf("%s %s: %s: %.200s", req.Method, req.URL.Path, res.Status, body)
	}
	return res, body, err
}

func (a *agent) get(address string, want int) (*http.Response, []byte, error) {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	return a.do(req, want)
}

// post sends a form; with basic set it authenticates as the confidential client.
func (a *agent) post(path string, form url.Values, basic bool, want int) (*http.Response, []byte, error) {
	req, err := http.NewRequest(http.MethodPost, a.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if basic {
		req.SetBasicAuth(confidential, secret)
	}
	return a.do(req, want)
}

func get(path string) func(*process, int) (func() error, error) {
	return func(srv *process, _ int) (func() error, error) {
		a := newAgent(srv)
		return func() error {
			_, _, err := a.get(a.base+path, http.StatusOK)
			return err
		}, nil
	}
}

var registered atomic.Int64

// register registers clients that differ, so that none folds into another.
func register(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	return func() error {
		body := fmt.Sprintf(`{"client_name":"Load %d","redirect_uris":["http://127.0.0.1/callback"],"token_endpoint_auth_method":"none"}`, registered.Add(1))
		req, err := http.NewRequest(http.MethodPost, a.base+"/register", bytes.NewReader([]byte(body)))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		_, _, err = a.do(req, http.StatusCreated)
		return err
	}, nil
}

func clientCredentials(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	return func() error {
		_, _, err := a.post("/token", url.Values{"grant_type": {"client_credentials"}}, true, http.StatusOK)
		return err
	}, nil
}

func introspect(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	t, err := a.authorize(confidential)
	if err != nil {
		return nil, err
	}
	return func() error {
		_, body, err := a.post("/introspect", url.Values{"token": {t.Access}}, true, http.StatusOK)
		if err == nil && !bytes.Contains(body, []byte(`"active":true`)) {
			return errors.New("the token is not active")
		}
		return err
	}, nil
}

func refresh(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	t, err := a.authorize(public)
	if err != nil {
		return nil, err
	}
	return func() error {
		_, body, err := a.post("/token", url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {t.Refresh}, "client_id": {public},
		}, false, http.StatusOK)
		if err != nil {
			return err
		}
		return json.Unmarshal(body, &t)
	}, nil
}

// code is a whole flow of a client the person agreed to before: authorize, token.
func code(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	_, err := a.authorize(confidential)
	return func() error {
		_, err := a.authorize(confidential)
		return err
	}, err
}

// codeWithConsent is a whole flow of a client on the person's own machine, which is always asked for.
func codeWithConsent(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	_, err := a.authorize(public)
	return func() error {
		_, err := a.authorize(public)
		return err
	}, err
}

// revoke counts a flow and the revocation; subtract the flow.
func revoke(srv *process, _ int) (func() error, error) {
	a := newAgent(srv)
	_, err := a.authorize(confidential)
	return func() error {
		t, err := a.authorize(confidential)
		if err != nil {
			return err
		}
		_, _, err = a.post("/revoke", url.Values{"token": {t.Refresh}}, true, http.StatusOK)
		return err
	}, err
}

type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// authorize goes the whole way: signs in and allows as far as it is asked to.
func (a *agent) authorize(client string) (tokens, error) {
	sum := sha256.Sum256([]byte(verifier))
	at := a.base + "/authorize?" + url.Values{
		"client_id": {client}, "redirect_uri": {callback}, "response_type": {"code"}, "state": {"load"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"},
	}.Encode()
	for range 12 {
		res, _, err := a.get(at, http.StatusSeeOther)
		if err != nil {
			return tokens{}, err
		}
		at = res.Header.Get("Location")
		if strings.HasPrefix(at, callback) {
			return a.redeem(client, at)
		}
		if strings.Contains(at, "/login?") || strings.Contains(at, "/consent?") {
			if at, err = a.answer(at); err != nil {
				return tokens{}, err
			}
		}
	}
	return tokens{}, errors.New("the flow does not end")
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// answer fills in the form of a login or consent page and returns where it leads.
func (a *agent) answer(page string) (string, error) {
	res, body, err := a.get(page, 0)
	if res == nil {
		return "", err
	}
	if res.StatusCode == http.StatusSeeOther { // somebody is signed in already
		return res.Header.Get("Location"), nil
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(string(body), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	path := "/consent"
	if strings.Contains(page, "/login?") {
		path = "/login"
		form.Set("email", "ada@example.com")
		form.Set("password", "correct-horse-battery")
	} else {
		form.Set("decision", "allow")
	}
	res, _, err = a.post(path, form, false, http.StatusSeeOther)
	if err != nil {
		return "", err
	}
	return res.Header.Get("Location"), nil
}

func (a *agent) redeem(client, location string) (tokens, error) {
	u, err := url.Parse(location)
	if err != nil {
		return tokens{}, err
	}
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {u.Query().Get("code")}, "redirect_uri": {callback}, "code_verifier": {verifier},
	}
	if client == public {
		form.Set("client_id", public)
	}
	_, body, err := a.post("/token", form, client == confidential, http.StatusOK)
	if err != nil {
		return tokens{}, err
	}
	var t tokens
	return t, json.Unmarshal(body, &t)
}
