// flow_test.go runs the scripts in testdata/flow: each tells one part of the protocol, in requests and answers.

package server

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/oauth"
)

// TestFlows runs every script against a deployment of its own.
func TestFlows(t *testing.T) {
	files, err := filepath.Glob("testdata/flow/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("Glob() = %v, %v, want scripts", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, sections, err := parseScript(string(text))
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			newFlow(t, file).run(sections)
		})
	}
}

// flow is a script that runs.
type flow struct {
	*testing.T
	*world
	file     string
	vars     variables
	browsers map[string]*visitor
	browser  *visitor
	last     *answer
	call     string // the command that the last answer is to
	docs     *documents
}

const verifier = "a-verifier-that-is-long-enough-to-count-as-one-0123456789"

func newFlow(t *testing.T, file string) *flow { return newFlowIn(t, newWorld(t), file) }

func newFlowIn(t *testing.T, w *world, file string) *flow {
	f := &flow{T: t, world: w, file: file, browsers: make(map[string]*visitor), docs: serveDocuments(t)}
	f.vars = variables{
		"issuer": issuer, "host": host, "north": northIssuer, "todo": todo, "okr": okr, "north_todo": northTodo,
		"callback": "http://127.0.0.1:7777/callback", "state": "a state & more", "verifier": verifier, "challenge": string(challenge(verifier)),
		"site_secret": siteSecret, "backend_secret": backendSecret, "watch_secret": watchSecret, "documents": f.docs.URL,
		"password": password,
	}
	f.browser = f.open("one")
	return f
}

// open returns the browser of that name.
func (f *flow) open(name string) *visitor {
	if f.browsers[name] == nil {
		f.browsers[name] = &visitor{handler: f.handler, cookies: make(map[string]string)}
	}
	return f.browsers[name]
}

// run goes through the sections in order and stops at the first that is not as it should be.
func (f *flow) run(sections []section) {
	f.Helper()
	for _, s := range sections {
		for i := 0; i < len(s.body); {
			at := s.body[i].number
			var err error
			if s.expects {
				err = f.expect(s.body[i].text)
				i++
			} else {
				i, err = f.do(s.body, i)
			}
			if err != nil {
				f.Fatalf("%s:%d: (%s) %v", f.file, at, s.title, err)
			}
		}
	}
}

func (f *flow) expect(line string) error {
	if f.last == nil {
		return errors.New("nothing was asked yet")
	}
	if err := f.vars.check(f.last, line); err != nil {
		want, _ := f.vars.pattern(line)
		return fmt.Errorf("%w\ncall: %s\ngot:  %s\nwant: %s (as %s)", err, f.call, f.last, line, want)
	}
	return nil
}

// command is a command line with the lines that belong to it.
type command struct {
	verb   string
	rest   string
	header http.Header
	pairs  [][2]string // name=value, in order
	raw    string      // a body that is no form
}

// get is the value of a pair, or the default when there is none.
func (c command) get(name, def string) string {
	for _, p := range c.pairs {
		if p[0] == name {
			return p[1]
		}
	}
	return def
}

// over puts the pairs of the script over defaults. A name with an empty value is left out; one that comes several
// times is sent several times.
func (c command) over(defaults ...[2]string) string {
	pairs := slices.DeleteFunc(defaults, func(d [2]string) bool {
		return slices.ContainsFunc(c.pairs, func(p [2]string) bool { return p[0] == d[0] })
	})
	var b strings.Builder
	for _, p := range append(pairs, c.pairs...) {
		if p[1] == "" && len(defaults) > 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(p[0]) + "=" + url.QueryEscape(p[1]))
	}
	return b.String()
}

// do reads the command at i, runs it and returns where the next one is.
func (f *flow) do(lines []scriptLine, i int) (next int, err error) {
	text, err := f.vars.fill(lines[i].text)
	if err != nil {
		return i, err
	}
	c := command{header: make(http.Header)}
	c.verb, c.rest, _ = strings.Cut(text, " ")
	run := verbs[c.verb]
	if run == nil && slices.Contains(methods, c.verb) {
		run = (*flow).request
	}
	if run == nil {
		return i, fmt.Errorf("%q is no command", c.verb)
	}
	for i++; i < len(lines) && !isCommand(lines[i].text); i++ {
		if err := f.argument(&c, lines[i].text); err != nil {
			return i, err
		}
	}
	f.call = text
	return i, run(f, c)
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}

func isCommand(line string) bool {
	verb, _, _ := strings.Cut(line, " ")
	return verbs[verb] != nil || slices.Contains(methods, verb)
}

// argument adds a line to a command.
func (f *flow) argument(c *command, line string) error {
	line, err := f.vars.fill(line)
	if err != nil {
		return err
	}
	m := headerLine.FindStringSubmatch(line)
	name, value, pair := strings.Cut(line, "=")
	switch {
	case c.raw != "" || strings.HasPrefix(line, "{") || strings.HasPrefix(line, "["):
		c.raw += line + "\n"
	case strings.HasPrefix(line, "RAW "):
		c.raw = strings.TrimPrefix(line, "RAW ")
	case m != nil && m[1] == "Authorization" && strings.HasPrefix(m[3], "Basic ") && strings.Contains(m[3], ":"):
		c.header.Add("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(strings.TrimPrefix(m[3], "Basic "))))
	case m != nil && m[2] == "":
		c.header.Add(m[1], m[3])
	case pair:
		c.pairs = append(c.pairs, [2]string{name, value})
	default:
		return fmt.Errorf("%q is no header, no name=value and no JSON", line)
	}
	return nil
}

// forPeople tells whether a browser goes to the path, with its cookies.
func forPeople(path string) bool {
	for _, page := range []string{"/authorize", "/login", "/logout", "/consent", "/account", "/invitation"} {
		if strings.Contains(path, page) {
			return true
		}
	}
	return false
}

// request sends a request as it is written.
func (f *flow) request(c command) error {
	body := c.raw
	switch {
	case body != "" && c.header.Get("Content-Type") == "" && strings.HasPrefix(body, "{"):
		c.header.Set("Content-Type", "application/json")
	case body == "" && len(c.pairs) > 0:
		body = c.over()
	}
	if body != "" && c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if forPeople(c.rest) {
		f.last = f.browser.send(c.verb, c.rest, c.header, body)
		return nil
	}
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, newRequest(c.verb, c.rest, c.header, body))
	f.last = answerOf(rec)
	return nil
}

// look reads a signed token: the type becomes the header Typ, the claims the body. A token that is not signed with a
// published key is 401.
func (f *flow) look(c command) error {
	keyset, token, _ := strings.Cut(c.rest, " ")
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, newRequest(http.MethodGet, keyset, nil, ""))
	var set oauth.JWKSet
	if err := json.Unmarshal(rec.Body.Bytes(), &set); err != nil {
		return err
	}
	f.last = &answer{status: http.StatusUnauthorized, header: make(http.Header)}
	jws, err := oauth.ParseJWS(token)
	if err != nil {
		return err
	}
	for _, k := range set.Keys {
		public, alg, err := k.Public()
		if err != nil {
			return err
		}
		if k.KeyID == jws.Header.KeyID && jws.Verify(public, alg) == nil {
			f.last = &answer{
				status: http.StatusOK, body: string(jws.Payload),
				header: http.Header{"Typ": {jws.Header.Type}, "Alg": {string(alg)}, "Kid": {k.KeyID}},
			}
		}
	}
	return nil
}

func (f *flow) moveClock(c command) error {
	by, err := time.ParseDuration(strings.TrimPrefix(c.rest, "+"))
	f.clock.Move(by)
	return err
}
