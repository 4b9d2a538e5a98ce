package main

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store/storetest"
)

// freeAddress is a loopback address that nobody listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func demo(t *testing.T, address, key string, args ...string) *process {
	t.Helper()
	cmd := command(t, t.TempDir(), append([]string{"demo", "--listen", address, "--data", "data"}, args...)...)
	if key != "" {
		cmd.Env = append(cmd.Env, "AUTHWRIGHT_KEY="+key)
	}
	p := begin(t, cmd)
	p.addr = address
	p.await(`Stop with Ctrl-C`)
	return p
}

// ask gets a token for the demo's confidential client at one demo, and asks another whether it counts.
func ask(t *testing.T, issuer string, at, other *process) {
	t.Helper()
	client := url.Values{"grant_type": {"client_credentials"}}
	secret := url.UserPassword("demo-confidential", demoSecret)
	with := func(p *process, path string, form url.Values) answer {
		t.Helper()
		u, err := url.Parse(issuer + path)
		if err != nil {
			t.Fatal(err)
		}
		u.User = secret
		return send(t, p.newBrowser(), http.MethodPost, u.String(), form).want(t, http.StatusOK, "POST "+path)
	}
	token := with(at, "/token", client).member(t, "access_token")
	got := with(other, "/introspect", url.Values{"token": {token}})
	if !strings.Contains(got.body, `"active":true`) || !strings.Contains(got.body, issuer+"/todo/mcp") {
		t.Errorf("POST /introspect = %s, want the token to count for the to-do server", got.body)
	}
}

func TestDemoRunsOnBothDatabases(t *testing.T) {
	address := freeAddress(t)
	p := demo(t, address, "")
	ask(t, "http://"+address, p, p)

	address = freeAddress(t)
	p = demo(t, address, "", "--database", storetest.Postgres(t))
	ask(t, "http://"+address, p, p)
}

func TestTwoDemosWithOneKeyAreReplicas(t *testing.T) {
	first, second := freeAddress(t), freeAddress(t)
	issuer, database := "http://"+first, storetest.Postgres(t)
	key := strings.Repeat("A", 43) + "="
	a := demo(t, first, key, "--issuer", issuer, "--database", database)
	b := demo(t, second, key, "--issuer", issuer, "--database", database)
	ask(t, issuer, a, b)
	ask(t, issuer, b, a)
}

func TestDemoStaysOnThisMachine(t *testing.T) {
	d := &demoCommand{
		Listen: "0.0.0.0:8080", Issuer: "https://auth.example.com", Database: "mysql://x", AccessTokenTTL: 0,
		Resource: []string{"http://mcp.example.com/mcp"},
	}
	err := d.check()
	for _, want := range []string{"--listen", "--issuer", "--database", "--access-token-ttl", "--resource"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("check() = %v, want a word on %s", err, want)
		}
	}
}

// TestTheDemoTakesServersOfYours: one that is named at a later start is as good as one that was there at the first.
func TestTheDemoTakesServersOfYours(t *testing.T) {
	address, data := freeAddress(t), t.TempDir()
	for _, resource := range []string{"http://127.0.0.1:8101/mcp", "http://localhost:9999/mine/mcp"} {
		p := demo(t, address, "", "--data", data, "--resource", resource)
		b := p.newBrowser()
		token := send(t, b, http.MethodPost, asDemoClient(t, address, "/token"), url.Values{
			"grant_type": {"client_credentials"}, "resource": {resource},
		}).want(t, http.StatusOK, "POST /token for "+resource).member(t, "access_token")
		got := send(t, b, http.MethodPost, asDemoClient(t, address, "/introspect"), url.Values{"token": {token}})
		if !strings.Contains(got.body, `"active":true`) || !strings.Contains(got.body, resource) {
			t.Errorf("POST /introspect = %s, want a token for %s", got.body, resource)
		}
		p.stop()
	}
}

// asDemoClient is an address of the demo's with the credentials of its confidential client.
func asDemoClient(t *testing.T, address, path string) string {
	t.Helper()
	u := url.URL{Scheme: "http", Host: address, Path: path, User: url.UserPassword("demo-confidential", demoSecret)}
	return u.String()
}
