// Package authserver decides whether a client may have a token.
package authserver

import (
	"log/slog"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/authwright/authwright/internal/browser"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/pages"
	"github.com/authwright/authwright/internal/store"
)

// Config is what the protocol of one project stands on.
type Config struct {
	Project    store.Project // its settings have their defaults
	Store      store.Store
	Clients    *clients.Directory
	Keys       *keys.Ring
	RefreshKey []byte // makes refresh tokens; not in the database in clear
	Jar        browser.Jar
	Site       *pages.Site
	ClientAddr func(*http.Request) netip.Addr
	Now        func() time.Time
	Log        *slog.Logger
}

// Server answers the OAuth endpoints of one project.
type Server struct {
	Config
	issuer   string
	settings store.Settings
	refresh  refreshCodec
	catalog  atomic.Pointer[catalog]
	verified verifiedTokens

	templates templates
}

// New makes the server of one project.
func New(c Config) *Server {
	s := &Server{Config: c, issuer: c.Project.Issuer, settings: c.Project.Settings}
	s.refresh = refreshCodec{project: c.Project.ID, key: c.RefreshKey}
	return s
}

// Route is a method and a path under the issuer.
type Route struct {
	Method, Path string
	Handler      http.Handler
}

// Routes are the endpoints, each with what its audience needs around it.
func (s *Server) Routes() []Route {
	return []Route{
		{"GET", "/authorize", s.forPerson(s.authorize)},
		{"POST", "/authorize", s.forPerson(s.authorize)},
		{"GET", "/authorize/continue", s.forPerson(s.proceed)},
		{"POST", "/token", s.forClient(s.token)},
		{"POST", "/revoke", s.forClient(s.revoke)},
		{"POST", "/introspect", s.forServer(s.introspect)},
		{"POST", "/register", s.forClient(s.register)},
		{"GET", "/jwks", s.forClient(s.jwks)},
		{"GET", "/userinfo", s.forClient(s.userinfo)},
		{"POST", "/userinfo", s.forClient(s.userinfo)},
	}
}
