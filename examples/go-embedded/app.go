// app.go: the app that was there before: two people, a page to sign in, a session cookie. Yours is better.

package main

import (
	"crypto/rand"
	"crypto/subtle"
	"html/template"
	"net/http"
	"sync"
	"time"

	"github.com/authwright/authwright/server"
)

const (
	password = "correct-horse-battery"
	cookie   = "app-session"
)

// people by their address. The ids become the sub of tokens.
var people = map[string]server.Person{
	"ada@example.com": {ID: "user-1", Name: "Ada Lovelace", Email: "ada@example.com", EmailVerified: true},
	"bob@example.com": {ID: "user-2", Name: "Bob Kahn", Email: "bob@example.com"},
}

type app struct {
	mu       sync.Mutex
	sessions map[string]server.Person // by cookie
}

func newApp() *app { return &app{sessions: make(map[string]server.Person)} }

// signedIn is what the authorization server asks: who is at this browser?
func (a *app) signedIn(r *http.Request) (server.Person, error) {
	c, err := r.Cookie(cookie)
	if err != nil {
		return server.Person{}, server.ErrNobody
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	person, ok := a.sessions[c.Value]
	if !ok {
		return server.Person{}, server.ErrNobody
	}
	return person, nil
}

// mount adds the app's own pages. returnTo tells where somebody goes who came from the authorization server.
func (a *app) mount(mux *http.ServeMux, returnTo func(*http.Request) string) {
	sameSite := http.NewCrossOriginProtection()
	mux.HandleFunc("GET /app/sign-in", func(w http.ResponseWriter, _ *http.Request) { showSignIn(w, http.StatusOK, "") })
	mux.Handle("POST /app/sign-in", sameSite.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		person, ok := people[r.PostFormValue("email")]
		if given := r.PostFormValue("password"); !ok || subtle.ConstantTimeCompare([]byte(given), []byte(password)) != 1 {
			showSignIn(w, http.StatusUnprocessableEntity, "That email and password don’t match.")
			return
		}
		person.SignedInAt, person.Methods = time.Now(), []string{"pwd"}
		id := rand.Text()
		a.mu.Lock()
		a.sessions[id] = person
		a.mu.Unlock()
		http.SetCookie(w, &http.Cookie{Name: cookie, Value: id, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
		to := returnTo(r)
		if to == "" {
			to = "/account"
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	})))
	mux.Handle("POST /app/sign-out", sameSite.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := r.Cookie(cookie); err == nil {
			a.mu.Lock()
			delete(a.sessions, c.Value)
			a.mu.Unlock()
		}
		http.SetCookie(w, &http.Cookie{Name: cookie, Path: "/", MaxAge: -1, HttpOnly: true})
		http.Redirect(w, r, "/app/sign-in", http.StatusSeeOther)
	})))
}

var signInPage = template.Must(template.New("").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>Sign in to the app</title>
<main><h1>Sign in to the app</h1>{{with .}}<p role="alert">{{.}}</p>{{end}}
<form method="post"><p><label>Email <input name="email" type="email" autocomplete="username" required></label>
<p><label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<p><button>Sign in</button></form></main></html>`))

// showSignIn writes the app's own page. Its form goes to the page's own address, so return_to comes along.
func showSignIn(w http.ResponseWriter, status int, problem string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_ = signInPage.Execute(w, problem)
}
