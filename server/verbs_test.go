// verbs_test.go: the commands that keep scripts short. Each is what a client, a person or the operator does.

package server

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/login"
	"github.com/authwright/authwright/internal/otp"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

var verbs map[string]func(*flow, command) error

func init() {
	verbs = map[string]func(*flow, command) error{
		"AUTHORIZE": (*flow).authorize, // [ISSUER PATH]: a client sends the browser to us; the lines change its parameters
		"LOGIN":     (*flow).login,     // NAME [PASSWORD]: submits the login form
		"ANSWER":    (*flow).decide,    // allow|deny: submits the consent form
		"PRESS":     (*flow).push,      // TEXT: submits the form with that button; the lines change its fields
		"FOLLOW":    (*flow).follow,    // goes where the answer points, while that is inside the site
		"ALLOW":     (*flow).allow,     // NAME: signs in and allows, as far as that is asked
		"REDEEM":    (*flow).redeem,    // [ISSUER PATH]: a client redeems {code}
		"REFRESH":   (*flow).refresh,   // [ISSUER PATH]: a client redeems {refresh}
		"GIVEN":     (*flow).given,     // code|tokens: ada allowed it; the lines are of the AUTHORIZE before it
		"LOOK":      (*flow).look,      // KEY-SET TOKEN: verifies a token and shows its claims
		"BROWSER":   (*flow).change,    // NAME: another browser
		"CLOCK":     (*flow).moveClock, // +DURATION
		"SET":       (*flow).set,       // NAME VALUE
		"DOCUMENT":  (*flow).publish,   // PATH [STATUS]: what the host of client id metadata documents answers
		"MAIL":      (*flow).readMail,  // ADDRESS|none: takes the one mail that came; {mailed_code} and {mailed_link} are what is in it
		"OPERATOR":  (*flow).operate,   // see operator
	}
}

func challenge(verifier string) oauth.CodeChallenge {
	sum := sha256.Sum256([]byte(verifier))
	return oauth.CodeChallenge(base64.RawURLEncoding.EncodeToString(sum[:]))
}

func (f *flow) authorize(c command) error {
	query := c.over([][2]string{
		{"response_type", "code"}, {"client_id", "app"}, {"redirect_uri", f.vars["callback"]}, {"state", f.vars["state"]},
		{"code_challenge", f.vars["challenge"]}, {"code_challenge_method", "S256"}, {"resource", f.resourceAt(c.rest)}, {"scope", "todo.read todo.write"},
	}...)
	f.last = f.browser.send(http.MethodGet, c.rest+"/authorize?"+query, c.header, "")
	return nil
}

func (f *flow) resourceAt(path string) string {
	if path == "/p/north" {
		return northTodo
	}
	return todo
}

func (f *flow) shown(err error) error {
	f.last = f.browser.last
	return err
}

func (f *flow) login(c command) error {
	name, secret, given := strings.Cut(c.rest, " ")
	if !given {
		secret = password
	}
	return f.shown(f.browser.signIn(name, secret))
}

func (f *flow) decide(c command) error {
	word := map[string]string{"allow": "Allow", "deny": "Deny"}[c.rest]
	if word == "" {
		return errors.New("the answer is allow or deny")
	}
	return f.push(command{rest: word, pairs: c.pairs})
}

func (f *flow) push(c command) error {
	typed := make(url.Values)
	for _, p := range c.pairs {
		typed.Set(p[0], p[1])
	}
	return f.shown(f.browser.press(c.rest, typed))
}

var (
	mailedCode = regexp.MustCompile(`(?m)^    (\d{4}) (\d{4})$`)
	mailedLink = regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(issuer) + `(/\S+)$`)
)

// readMail waits until nothing is on its way. The subject becomes a header, the text the body.
func (f *flow) readMail(c command) error {
	f.mail.Settle()
	got := f.mails.take()
	if c.rest == "none" {
		if len(got) > 0 {
			return fmt.Errorf("%d mails came, the first to %s: %s", len(got), got[0].To, got[0].Subject)
		}
		return nil
	}
	if len(got) != 1 || got[0].To != c.rest {
		return fmt.Errorf("the mails are %v, want one to %s", got, c.rest)
	}
	if m := mailedCode.FindStringSubmatch(got[0].Text); m != nil {
		f.vars["mailed_code"] = m[1] + m[2]
	}
	if m := mailedLink.FindStringSubmatch(got[0].Text); m != nil {
		f.vars["mailed_link"] = m[1]
	}
	f.last = &answer{status: http.StatusOK, header: http.Header{"Subject": {got[0].Subject}}, body: got[0].Text}
	return nil
}

func (f *flow) follow(command) error { return f.shown(f.browser.follow()) }

func (f *flow) allow(c command) error { return f.shown(f.browser.allow(c.rest)) }

func (f *flow) redeem(c command) error {
	return f.post(c, [2]string{"grant_type", "authorization_code"}, [2]string{"code", f.vars["code"]},
		[2]string{"redirect_uri", f.vars["callback"]}, [2]string{"client_id", "app"}, [2]string{"code_verifier", f.vars["verifier"]})
}

func (f *flow) refresh(c command) error {
	return f.post(c, [2]string{"grant_type", "refresh_token"}, [2]string{"refresh_token", f.vars["refresh"]}, [2]string{"client_id", "app"})
}

// post sends a form to the token endpoint.
func (f *flow) post(c command, defaults ...[2]string) error {
	c.header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	f.handler.ServeHTTP(rec, newRequest(http.MethodPost, c.rest+"/token", c.header, c.over(defaults...)))
	f.last = answerOf(rec)
	return nil
}

// given makes {code} known, or {token}, {refresh} and {scope}, after ada allowed what the lines ask for.
func (f *flow) given(c command) error {
	what, base, _ := strings.Cut(c.rest, " ")
	c.rest = base
	if err := f.authorize(c); err != nil {
		return err
	}
	if err := f.browser.allow("ada"); err != nil {
		return err
	}
	to, err := url.Parse(f.browser.last.header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return fmt.Errorf("no code: %s", f.browser.last)
	}
	f.vars["code"] = to.Query().Get("code")
	f.last = f.browser.last
	if what == "code" {
		return nil
	}
	client := c.get("client_id", "app")
	redeem := command{rest: base, header: make(http.Header), pairs: [][2]string{
		{"client_id", client}, {"redirect_uri", c.get("redirect_uri", f.vars["callback"])},
	}}
	if client == "site" {
		redeem.pairs = append(redeem.pairs, [2]string{"client_secret", siteSecret})
	}
	if err := f.redeem(redeem); err != nil {
		return err
	}
	var got oauth.TokenResponse
	if err := json.Unmarshal([]byte(f.last.body), &got); err != nil || f.last.status != http.StatusOK {
		return fmt.Errorf("no tokens: %s", f.last)
	}
	f.vars["token"], f.vars["refresh"], f.vars["scope"] = got.AccessToken, got.RefreshToken, got.Scope
	f.vars["id_token"] = got.IDToken
	return nil
}

func (f *flow) change(c command) error {
	f.browser = f.open(c.rest)
	f.last = f.browser.last
	return nil
}

func (f *flow) set(c command) error {
	name, value, ok := strings.Cut(c.rest, " ")
	if !ok {
		return errors.New("SET NAME VALUE")
	}
	f.vars[name] = value
	return nil
}

// documents is a host that serves client id metadata documents.
type documents struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]documentAnswer
}

type documentAnswer struct {
	status string
	header http.Header
	body   string
}

func serveDocuments(t testing.TB) *documents {
	d := &documents{answers: make(map[string]documentAnswer)}
	d.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		a, ok := d.answers[r.URL.Path]
		status := http.StatusNotFound
		if ok {
			w.Header().Set("Content-Type", "application/json")
			for name, values := range a.header {
				w.Header()[name] = values
			}
			status = http.StatusOK
			_, _ = fmt.Sscan(a.status, &status)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(a.body))
	}))
	t.Cleanup(d.Close)
	return d
}

func (f *flow) publish(c command) error {
	path, status, _ := strings.Cut(c.rest, " ")
	f.docs.mu.Lock()
	defer f.docs.mu.Unlock()
	f.docs.answers[path] = documentAnswer{status, c.header, c.raw}
	return nil
}

// operate does what an operator does, or what befalls their machine.
func (f *flow) operate(c command) error {
	what, whom, _ := strings.Cut(c.rest, " ")
	act := operator[what]
	if act == nil {
		return fmt.Errorf("the operator cannot %q", what)
	}
	return act(f, whom)
}

// operator is what there is to do: the rest of the line says to whom. People are named without "per_".
var operator = map[string]func(*flow, string) error{
	"disable": func(f *flow, name string) error {
		return f.store().SetPersonDisabled(f.Context(), store.PersonID("per_"+name), true, f.clock.Now())
	},
	"enable": func(f *flow, name string) error {
		return f.store().SetPersonDisabled(f.Context(), store.PersonID("per_"+name), false, f.clock.Now())
	},
	"reset-password": func(f *flow, line string) error {
		name, fresh, _ := strings.Cut(line, " ")
		hash, err := login.HashPassword(f.Context(), fresh)
		if err != nil {
			return err
		}
		return f.store().SetPassword(f.Context(), store.PersonID("per_"+name), hash, true, f.clock.Now())
	},
	"delete-client": func(f *flow, id string) error {
		return f.store().DeleteClient(f.Context(), store.ClientID(id), f.clock.Now())
	},
	"disable-client": func(f *flow, id string) error {
		return f.store().SetClientDisabled(f.Context(), store.ClientID(id), true, f.clock.Now())
	},
	"enable-client": func(f *flow, id string) error {
		return f.store().SetClientDisabled(f.Context(), store.ClientID(id), false, f.clock.Now())
	},
	"origin": func(f *flow, line string) error { // ID ORIGIN: as if it had become known in another way
		id, origin, _ := strings.Cut(line, " ")
		return f.changeClient(id, func(c *store.Client) { c.Origin, c.FreshUntil = store.Origin(origin), f.clock.Now().Add(time.Hour) })
	},
	"document": func(f *flow, id string) error { // a client like spa, known by a document that is fresh
		c, err := f.store().Client(f.Context(), "spa")
		if err != nil {
			return err
		}
		c.ID, c.FetchedAt, c.FreshUntil = store.ClientID(id), f.clock.Now(), f.clock.Now().Add(time.Hour)
		_, err = f.store().PutDocument(f.Context(), c)
		return err
	},
	"wait": func(f *flow, how string) error {
		by, err := time.ParseDuration(how)
		f.clock.Move(by)
		return err
	},
	"role": func(f *flow, line string) error { // NAME PERMISSION…
		name, permissions, _ := strings.Cut(line, " ")
		return f.store().PutRole(f.Context(), store.Role{Name: name, Permissions: strings.Fields(permissions)})
	},
	"delete-role": func(f *flow, name string) error { return f.store().DeleteRole(f.Context(), name) },
	"withdraw": func(f *flow, line string) error { // NAME CLIENT: all that the person allowed it
		name, client, _ := strings.Cut(line, " ")
		list, err := store.EveryConnection(f.Context(), f.store(), store.ConnectionQuery{Person: store.PersonID("per_" + name), Client: store.ClientID(client)})
		for _, one := range list {
			err = errors.Join(err, f.store().WithdrawConsent(f.Context(), one.ConsentKey, store.EndedByPerson, f.clock.Now()))
		}
		return err
	},
	"limit-client": func(f *flow, line string) error { // ID SCOPE…: the ceiling
		id, scope, _ := strings.Cut(line, " ")
		return f.changeClient(id, func(c *store.Client) { c.Scope = strings.Fields(scope) })
	},
	"terms": func(f *flow, line string) error { // ID first-party|third-party JSON: replaces the terms
		id, rest, _ := strings.Cut(line, " ")
		party, text, _ := strings.Cut(rest, " ")
		var terms store.Terms
		if err := json.Unmarshal([]byte(text), &terms); err != nil {
			return err
		}
		return f.changeClient(id, func(c *store.Client) { c.FirstParty, c.Terms = party == "first-party", terms })
	},
	"authenticator": giveAuthenticator, // NAME: an authenticator app
	"code": func(f *flow, name string) error { // NAME: {otp} is what their app shows
		f.vars["otp"] = otp.Code(secretOf(name), otp.Step(f.clock.Now()))
		return nil
	},
	"add-resource": func(f *flow, uri string) error {
		return f.store().PutResource(f.Context(), store.Resource{URI: uri, Name: "Another"})
	},
	"remove-resource": func(f *flow, uri string) error {
		return f.store().DeleteResource(f.Context(), uri, f.clock.Now())
	},
	"redirects": func(f *flow, line string) error { // ID URI…: replaces the redirect URIs
		id, uris, _ := strings.Cut(line, " ")
		return f.changeClient(id, func(c *store.Client) { c.Metadata.RedirectURIs = strings.Fields(uris) })
	},
	"resource-scopes": func(f *flow, line string) error { // URI SCOPE…: replaces the scopes
		uri, scopes, _ := strings.Cut(line, " ")
		r := resource(uri)
		r.Scopes = slices.DeleteFunc(r.Scopes, func(s store.ResourceScope) bool { return !slices.Contains(strings.Fields(scopes), s.Name) })
		return f.store().PutResource(f.Context(), r)
	},
	"settings": func(f *flow, line string) error { // JSON: of the default project, which starts again with them
		var s store.Settings
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			return err
		}
		defer f.reopen()
		return f.db.UpdateProject(f.Context(), store.Project{ID: DefaultProject, Issuer: issuer, Name: "Default", Settings: s})
	},
	"roles": func(f *flow, line string) error { // ORG NAME ROLE…: of a member
		org, rest, _ := strings.Cut(line, " ")
		name, roles, _ := strings.Cut(rest, " ")
		return f.store().PutMember(f.Context(), store.Membership{Org: store.OrgID(org), Person: store.PersonID("per_" + name), Roles: strings.Fields(roles)})
	},
	"verify": func(f *flow, name string) error { // NAME: their address
		return f.store().VerifyEmail(f.Context(), store.PersonID("per_"+name), name+"@example.com", f.clock.Now())
	},
	"remove-member": func(f *flow, line string) error { // ORG NAME
		org, name, _ := strings.Cut(line, " ")
		return f.store().RemoveMember(f.Context(), store.OrgID(org), store.PersonID("per_"+name), f.clock.Now())
	},
	"delete-org": func(f *flow, org string) error {
		return f.store().DeleteOrganization(f.Context(), store.OrgID(org), f.clock.Now())
	},
	"org-slug": func(f *flow, line string) error { // ORG SLUG
		org, slug, _ := strings.Cut(line, " ")
		o, err := f.store().Organization(f.Context(), store.OrgID(org))
		if err != nil {
			return err
		}
		o.Slug = slug
		return f.store().UpdateOrganization(f.Context(), o)
	},
	"org-policy": func(f *flow, line string) error { // ORG JSON
		org, policy, _ := strings.Cut(line, " ")
		o, err := f.store().Organization(f.Context(), store.OrgID(org))
		if err != nil {
			return err
		}
		o.Policy = store.ClientPolicy{}
		if err := json.Unmarshal([]byte(policy), &o.Policy); err != nil {
			return err
		}
		return f.store().UpdateOrganization(f.Context(), o)
	},
	"rotate-key": func(f *flow, how string) error { // [now]
		ring, err := keys.Open(f.Context(), keys.Config{
			Store: f.store(), Sealer: f.sealer, Project: DefaultProject, Alg: oauth.ES256, Longest: 30 * time.Minute, Now: f.clock.Now,
		})
		if err != nil {
			return err
		}
		return ring.Rotate(f.Context(), how == "now")
	},
	"break": func(f *flow, step string) error {
		if !slices.Contains(breakableSteps, step) {
			return fmt.Errorf("no step %q", step)
		}
		f.db.set(step, true)
		return nil
	},
	"mend":    func(f *flow, step string) error { f.db.set(step, false); return nil },
	"restart": func(f *flow, _ string) error { f.reopen(); return nil },
}

// secretOf is what the authenticator app of somebody shares with us.
func secretOf(name string) []byte { return []byte((name + strings.Repeat("-", 20))[:20]) }

// giveAuthenticator files it as if the person had set it up.
func giveAuthenticator(f *flow, name string) error {
	person := store.PersonID("per_" + name)
	sealed := f.sealer.Seal("authenticator "+string(DefaultProject)+" "+string(person), secretOf(name))
	return f.store().AddAuthenticator(f.Context(), store.Authenticator{Person: person, Sealed: sealed, CreatedAt: f.clock.Now()}, nil)
}

func (f *flow) store() store.Store { return f.db.Database.For(DefaultProject) }

func (f *flow) changeClient(id string, change func(*store.Client)) error {
	c, err := f.store().Client(f.Context(), store.ClientID(id))
	if err != nil {
		return err
	}
	change(&c)
	return f.store().UpdateClient(f.Context(), c)
}
