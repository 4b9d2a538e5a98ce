// doors_test.go: at no door can it be told who has an account, and in what state it is (threat E2).

package server

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// hashMemory is what one password hash fills. Nothing else that a login does comes near it, so what was allocated tells
// how many were made.
const hashMemory = 19 << 20

// door is a place where an address can be named by somebody who proved nothing.
type door struct {
	name  string
	tries int
	knock func(v *visit, email string)
	want  int // what the first answer has to be, so that nobody compares one error with another
	last  int // what the last one has to be: who tries too often waits (threat E1)
}

// visit is one browser at one door of a deployment of its own, and all that can be seen from there.
type visit struct {
	*testing.T
	*world
	*visitor
	steps *counted
	seen  []string // answers
	work  []string // behind them
}

// accounts are the states that an address can be in.
var accounts = map[string]string{
	"ada": "is proven", "bob": "is not proven", "dan": "is of a disabled account", "eve": "is of an account without a password",
	"fay": "is of somebody with a second factor", "zoe": "is nobody’s",
}

func (v *visit) people() {
	v.Helper()
	st, now := v.db.For(DefaultProject), v.clock.Now()
	hash, err := passwordHash()
	if err != nil {
		v.Fatal(err)
	}
	for _, p := range []store.Person{
		{ID: "per_dan", Email: "dan@example.com", EmailVerified: true, Password: hash, CreatedAt: now},
		{ID: "per_eve", Email: "eve@example.com", EmailVerified: true, CreatedAt: now},
		{ID: "per_fay", Email: "fay@example.com", EmailVerified: true, Password: hash, CreatedAt: now},
	} {
		if err := st.CreatePerson(v.Context(), p); err != nil {
			v.Fatal(err)
		}
	}
	if err := st.SetPersonDisabled(v.Context(), "per_dan", true, now); err != nil {
		v.Fatal(err)
	}
	if err := st.AddAuthenticator(v.Context(), store.Authenticator{Person: "per_fay", Sealed: []byte("sealed"), CreatedAt: now}, nil); err != nil {
		v.Fatal(err)
	}
	err = v.db.UpdateProject(v.Context(), store.Project{ID: DefaultProject, Issuer: issuer, Name: "Default", Settings: store.Settings{
		DefaultResource: todo, EmailCode: true, SignUp: true,
	}})
	if err != nil {
		v.Fatal(err)
	}
}

// enter is a browser at a fresh deployment.
func enter(t *testing.T) *visit {
	t.Helper()
	w := newWorld(t)
	v := &visit{T: t, world: w, visitor: &visitor{handler: w.handler, cookies: make(map[string]string)}}
	v.people()
	v.steps = w.count()
	v.send(http.MethodGet, "/login", nil, "") // what is read once is read
	return v
}

// watch does something and notes what came of it and what it took.
func (v *visit) watch(do func()) {
	v.steps.take()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	hashes := math.Round(float64(after.TotalAlloc-before.TotalAlloc) / hashMemory)
	v.work = append(v.work, fmt.Sprintf("%v and %v hashes", v.steps.take(), hashes))
	var s strings.Builder
	fmt.Fprintln(&s, v.last.status)
	v.last.header.Write(&s)
	v.seen = append(v.seen, s.String()+v.last.body)
}

// fill submits the form of a page that has an address in it.
func (v *visit) fill(page, button string, fields url.Values) {
	v.Helper()
	v.send(http.MethodGet, page, nil, "")
	v.watch(func() {
		if err := v.press(button, fields); err != nil {
			v.Fatal(err)
		}
	})
}

// byMail asks for a mail and types a wrong code.
func byMail(page, button string, more url.Values) func(v *visit, email string) {
	return func(v *visit, email string) {
		fields := url.Values{"email": {email}}
		for name, values := range more {
			fields[name] = values
		}
		v.fill(page, button, fields)
		if v.last.status != http.StatusSeeOther {
			return
		}
		v.watch(func() { v.send(http.MethodGet, v.last.header.Get("Location"), nil, "") })
		if !strings.Contains(v.last.body, `name="code"`) {
			return // only a link is good there
		}
		for range 2 {
			v.watch(func() {
				if err := v.press("Continue", url.Values{"code": {"00000000"}}); err != nil {
					v.Fatal(err)
				}
			})
		}
	}
}

var doors = []door{
	{"a wrong password", 6, func(v *visit, email string) {
		v.fill("/login", "Sign in", url.Values{"email": {email}, "password": {"not-the-password"}})
	}, http.StatusUnprocessableEntity, http.StatusTooManyRequests},
	{"a mailed code", 5, byMail("/login/email", "Send the code", nil), http.StatusSeeOther, http.StatusTooManyRequests},
	{"a new password by mail", 5, byMail("/login/reset", "Send", nil), http.StatusSeeOther, http.StatusTooManyRequests},
	{"a new account", 5, byMail("/login/sign-up", "Continue", url.Values{"name": {"Somebody"}, "password": {"a-password-of-somebody"}}), http.StatusSeeOther, http.StatusTooManyRequests},
	{"an address that a client names", 1, func(v *visit, email string) {
		query := url.Values{
			"response_type": {"code"}, "client_id": {"app"}, "redirect_uri": {"http://127.0.0.1:7777/callback"}, "resource": {todo}, "scope": {"todo.read"},
			"code_challenge": {string(challenge(verifier))}, "code_challenge_method": {"S256"}, "login_hint": {email},
		}
		v.watch(func() { v.send(http.MethodGet, "/authorize?"+query.Encode(), nil, "") })
		v.watch(func() { v.send(http.MethodGet, v.last.header.Get("Location"), nil, "") })
	}, http.StatusSeeOther, http.StatusOK},
	{"a mailed link with another secret", 1, func(v *visit, email string) {
		st, id := v.db.For(DefaultProject), store.ChallengeID("cha_"+store.NewID(v.clock.Now()))
		if p, err := st.PersonByEmail(v.Context(), email); err == nil && !p.Disabled {
			c := store.Challenge{ID: id, Purpose: store.ForSignIn, Person: p.ID, Email: email, Link: store.DigestOf("secret"), CreatedAt: v.clock.Now(), Expires: v.clock.Now().Add(15 * time.Minute)}
			if err := st.OpenChallenge(v.Context(), c); err != nil {
				v.Fatal(err)
			}
		}
		v.watch(func() { v.send(http.MethodGet, "/login/link?t="+string(id)+".guessed", nil, "") })
	}, http.StatusBadRequest, http.StatusBadRequest},
	{"a login that waits for its second factor, in another browser", 1, func(v *visit, email string) {
		st, id := v.db.For(DefaultProject), store.HalfLoginID("hal_"+store.NewID(v.clock.Now()))
		if p, err := st.PersonByEmail(v.Context(), email); err == nil && !p.Disabled {
			h := store.HalfLogin{ID: id, Browser: store.DigestOf("theirs"), Auth: store.Authentication{Person: p.ID, At: v.clock.Now(), Methods: []string{"pwd"}}, CreatedAt: v.clock.Now(), Expires: v.clock.Now().Add(10 * time.Minute)}
			if err := st.OpenHalfLogin(v.Context(), h); err != nil {
				v.Fatal(err)
			}
		}
		v.watch(func() { v.send(http.MethodGet, "/login/second?login="+string(id), nil, "") })
	}, http.StatusBadRequest, http.StatusBadRequest},
}

// differs is what no two answers have in common, whoever they are about.
var differs = regexp.MustCompile(`(cha|hal)_[0-9a-z]{26}|(name="token" value|name="request" value)="[^"]*"|request=[\w-]{22}|[a-z]+(@|%40)example\.com|aw-[a-z]+-8080=[^;]*|\b[A-Z2-7]{26}\b`)

func TestAtNoDoorCanItBeToldWhoHasAnAccount(t *testing.T) {
	for _, d := range doors {
		t.Run(d.name, func(t *testing.T) {
			var first *visit
			for _, name := range slices.Sorted(maps.Keys(accounts)) {
				v := enter(t)
				for range d.tries {
					d.knock(v, name+"@example.com")
				}
				if last := v.seen[len(v.seen)-1]; !strings.HasPrefix(v.seen[0], fmt.Sprint(d.want)) || !strings.HasPrefix(last, fmt.Sprint(d.last)) {
					t.Fatalf("%s for %s was answered\n%s\nand in the end\n%s\nwant %d, and %d in the end", d.name, name, v.seen[0], last, d.want, d.last)
				}
				if first == nil {
					first = v
					continue
				}
				v.same(d, name, first)
			}
		})
	}
}

// same compares all that was seen and done with another visit.
func (v *visit) same(d door, name string, first *visit) {
	v.Helper()
	if len(v.seen) != len(first.seen) {
		v.Errorf("%s for an address that %s took %d answers, want %d as for ada", d.name, accounts[name], len(v.seen), len(first.seen))
		return
	}
	for i := range v.seen {
		got, want := differs.ReplaceAllString(v.seen[i], "…"), differs.ReplaceAllString(first.seen[i], "…")
		if got != want {
			v.Errorf("%s: answer %d for an address that %s is\n%s\nwant, as for ada,\n%s", d.name, i+1, accounts[name], got, want)
		}
		if v.work[i] != first.work[i] {
			v.Errorf("%s: answer %d for an address that %s took %s, want %s as for ada", d.name, i+1, accounts[name], v.work[i], first.work[i])
		}
	}
}
