package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/authwright/authwright/internal/store/storetest"
)

// setupLink is the link that a server without an operator printed.
func (p *process) setupLink() string {
	p.Helper()
	return p.await(`(?m)^    (` + regexp.QuoteMeta(testIssuer) + `/setup\?token=\S{54})$`)[1]
}

func TestTheFirstStartMakesOneOperator(t *testing.T) {
	dir := deploymentDir(t, "sqlite:a.db")
	p := serve(t, dir)
	link := p.setupLink()

	const callers = 8 // each hashes a password; the store's own test has fifty
	var answers [callers]answer
	var done, ready sync.WaitGroup
	ready.Add(callers)
	for i := range callers {
		browser := p.newBrowser()
		form := send(t, browser, http.MethodGet, link, nil).want(t, http.StatusOK, "GET the link").
			fields("email", fmt.Sprintf("op%d@example.com", i), "name", "Op", "password", password, "repeat", password)
		done.Go(func() {
			ready.Done()
			ready.Wait()
			answers[i] = send(t, browser, http.MethodPost, "/setup", form)
		})
	}
	done.Wait()
	winner := -1
	for i, a := range answers {
		switch {
		case a.status == http.StatusSeeOther && a.location == testIssuer+"/login" && winner < 0:
			winner = i
		case a.status == http.StatusServiceUnavailable: // too many passwords at once for this machine
		case a.status != http.StatusForbidden:
			t.Errorf("POST /setup by caller %d = %d %s, want one 303 to /login, and 403 or 503 for the rest", i, a.status, a.location)
		}
	}
	if winner < 0 {
		t.Fatal("no caller became the operator")
	}
	list := runCommand(t, dir, "", "user", "list")
	if strings.Count(list, "operator") != 1 || strings.Count(list, "@example.com") != 1 || !strings.Contains(list, fmt.Sprintf("op%d@example.com", winner)) {
		t.Errorf("authwright user list:\n%s\nwant the operator op%d@example.com and nobody else", list, winner)
	}
	p.signsIn(fmt.Sprintf("op%d@example.com", winner))
	token := strings.TrimPrefix(link, testIssuer+"/setup?token=")
	if text, _, _ := p.output.text(); strings.Count(text, token) != 1 {
		t.Errorf("the link was written %d times, want once:\n%s", strings.Count(text, token), text)
	}
	p.stop()

	again := serve(t, dir)
	again.stop()
	if text, _, _ := again.output.text(); strings.Contains(text, "/setup") {
		t.Errorf("a start with an operator says:\n%s\nwant no link", text)
	}
}

// signsIn proves that the person can log in.
func (p *process) signsIn(email string) {
	p.Helper()
	browser := p.newBrowser()
	page := send(p.T, browser, http.MethodGet, "/login", nil).want(p.T, http.StatusOK, "GET /login")
	a := send(p.T, browser, http.MethodPost, "/login", page.fields("email", email, "password", password))
	if a.location != testIssuer+"/account" {
		p.Errorf("POST /login by %s = %d %s, want a redirect to the account", email, a.status, a.location)
	}
}

func TestALinkOfAnEarlierStartStillWorks(t *testing.T) {
	dir := deploymentDir(t, "sqlite:a.db")
	first := serve(t, dir)
	link := first.setupLink()
	first.stop()
	second := serve(t, dir)
	second.setupLink()
	send(t, second.newBrowser(), http.MethodGet, link, nil).want(t, http.StatusOK, "GET the link of the start before")
}

// TestSIGTERMLetsRequestsFinish sends a request whose body comes late. That the server asks for the body
// (RFC 9110 §10.1.1) proves that the request is under way when the signal comes.
func TestSIGTERMLetsRequestsFinish(t *testing.T) {
	p := serve(t, deploymentDir(t, "sqlite:a.db"))
	conn, answer := p.begin()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.gone()
	if _, err := io.WriteString(conn, "grant_type=x"); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(answer, nil)
	if err != nil {
		t.Fatalf("the request under way was cut off: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusBadRequest || !strings.Contains(string(body), `"error":"unsupported_grant_type"`) && !strings.Contains(string(body), `"error":"invalid_`) || err != nil {
		t.Errorf("the request under way was answered %d %s (%v), want a whole refusal", res.StatusCode, body, err)
	}
	if err := <-p.ended; err != nil {
		t.Errorf("authwright serve = %v, want exit 0", err)
	}
	p.await(`msg="authwright stopped"`)
}

// begin sends the head of a token request and waits until the server wants its body.
func (p *process) begin() (net.Conn, *bufio.Reader) {
	p.Helper()
	conn, err := net.Dial("tcp", p.addr)
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "POST /token HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 12\r\nExpect: 100-continue\r\n\r\n")
	answer := bufio.NewReader(conn)
	line, err := answer.ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "HTTP/1.1 100 ") {
		p.Fatalf("the server answers %q (%v), want 100 Continue", line, err)
	}
	if _, err := answer.ReadString('\n'); err != nil {
		p.Fatal(err)
	}
	return conn, answer
}

func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	p := serve(t, deploymentDir(t, "sqlite:a.db"))
	p.begin()
	for {
		// The first begins the wait for the request under way. When the next is looked at differently is up to the runtime.
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			break // it has ended
		}
		select {
		case <-p.ended:
		default:
			continue
		}
		break
	}
	<-p.ended
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGTERM {
		t.Errorf("authwright serve after two signals: %v, want to be ended by SIGTERM", p.cmd.ProcessState)
	}
}

func TestServeSaysWhatIsInTheWay(t *testing.T) {
	dir := deploymentDir(t, "sqlite:a.db")
	p := serve(t, dir)
	p.stop()
	for _, tt := range []struct {
		name string
		env  string
		want string
	}{
		{"another issuer than the database's", "AUTHWRIGHT_ISSUER=https://other.example.com", "this database belongs to the issuer " + testIssuer},
		{"another key than the database's", "AUTHWRIGHT_KEY=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "is this the key-encryption key of this database?"},
		{"an address that is not of this machine", "AUTHWRIGHT_LISTEN=192.0.2.1:80", "listening on 192.0.2.1:80"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cmd := command(t, dir, "serve")
			cmd.Env = append(cmd.Env, tt.env)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), tt.want) || strings.Contains(string(out), "MDEy") {
				t.Errorf("authwright serve with %s = %v\n%s\nwant a refusal that says %q", tt.name, err, out, tt.want)
			}
		})
	}
}

// TestKeyRotateKeepsOldTokensGood restarts the server instead of waiting for it to notice.
func TestKeyRotateKeepsOldTokensGood(t *testing.T) {
	dir := deploymentDir(t, "sqlite:a.db")
	runCommand(t, dir, "", "migrate", "up")
	runCommand(t, dir, "", "resource", "add", todoURI, "--name", "To-do", "--scope", "todo.read=See", "--default")
	made := answer{body: runCommand(t, dir, "", "client", "create", "Backend", "--id", "backend", "--confidential",
		"--grant", "client_credentials", "--scope", "todo.read", "--introspects", todoURI, "--json")}
	credentials := url.UserPassword("backend", made.member(t, "client_secret"))
	get := func(p *process) string {
		t.Helper()
		a := send(t, p.newBrowser(), http.MethodPost, "http://"+credentials.String()+"@127.0.0.1:8080/token",
			url.Values{"grant_type": {"client_credentials"}, "scope": {"todo.read"}})
		return a.want(t, http.StatusOK, "POST /token").member(t, "access_token")
	}
	p := serve(t, dir)
	before := get(p)
	runCommand(t, dir, "", "key", "rotate", "--now")
	p.stop()
	p = serve(t, dir)
	after := get(p)
	if kid := strings.Split(before, ".")[0]; kid == strings.Split(after, ".")[0] {
		t.Errorf("both tokens have the header %s, want another key after key rotate --now", kid)
	}
	for name, token := range map[string]string{"before": before, "after": after} {
		a := send(t, p.newBrowser(), http.MethodPost, "http://"+credentials.String()+"@127.0.0.1:8080/introspect", url.Values{"token": {token}})
		if !strings.Contains(a.body, `"active":true`) {
			t.Errorf("introspecting the token from %s the rotation = %d %s, want it active", name, a.status, a.body)
		}
	}
	if jwks := send(t, p.newBrowser(), http.MethodGet, "/jwks", nil); strings.Count(jwks.body, `"kid"`) != 2 {
		t.Errorf("GET /jwks = %s, want both keys", jwks.body)
	}
}

// TestReplicas runs two servers with one issuer, one database and one key. Whatever one begins the other can end.
func TestReplicas(t *testing.T) {
	dir := deploymentDir(t, storetest.Postgres(t))
	writeKey(t, dir)
	a, b := serve(t, dir), serve(t, dir)
	a.setupLink()
	link := b.setupLink()
	send(t, a.newBrowser(), http.MethodGet, link, nil).want(t, http.StatusOK, "GET at A the link that B printed")
	runCommand(t, dir, password+"\n", "user", "create", "ada@example.com", "--name", "Ada", "--password-stdin")
	runCommand(t, dir, "", "resource", "add", todoURI, "--name", "To-do", "--scope", "todo.read=See your to-dos")
	runCommand(t, dir, "", "client", "create", "App", "--id", "app", "--redirect-uri", callback)

	atA := a.newBrowser()
	atB := b.at(atA)
	got := send(t, atB, http.MethodPost, "/token", redeem(code(t, "ada@example.com", atA))).want(t, http.StatusOK, "redeeming at B the code of A")
	token := got.member(t, "refresh_token")
	for i, replica := range []*http.Client{atA, atB, atB, atA} {
		token = send(t, replica, http.MethodPost, "/token", refresh(token)).want(t, http.StatusOK, fmt.Sprintf("refresh %d", i)).member(t, "refresh_token")
	}

	// Each step of the flow at the other replica; the consent is remembered, the session is everybody's.
	once := code(t, "ada@example.com", atA, atB)
	const callers = 50
	var answers [callers]answer
	var done, ready sync.WaitGroup
	ready.Add(callers)
	for i := range callers {
		done.Go(func() {
			ready.Done()
			ready.Wait()
			answers[i] = send(t, []*http.Client{atA, atB}[i%2], http.MethodPost, "/token", redeem(once))
		})
	}
	done.Wait()
	won := 0
	for i, a := range answers {
		switch {
		case a.status == http.StatusOK:
			won++
		case a.status != http.StatusBadRequest || a.member(t, "error") != "invalid_grant":
			t.Errorf("redemption %d = %d %s, want 200 or invalid_grant", i, a.status, a.body)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d redemptions at two replicas won, want 1", won, callers)
	}
	a.stop()
	b.stop()
}
