// demo.go: authwright demo runs the whole flow on one machine: an authorization server with two projects, and the
// MCP servers they protect, behind one loopback address.

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/oauth"
	"github.com/authwright/authwright/server"
)

type demoCommand struct {
	Listen         string        `default:"127.0.0.1:8080" help:"Address to listen on; loopback only." placeholder:"HOST:PORT"`
	Data           string        `default:"demo-data" type:"path" help:"Folder of the database and its key; made when missing."`
	Issuer         string        `help:"Issuer, when it is not http://HOST:PORT." placeholder:"URL"`
	Database       string        `help:"PostgreSQL instead of the embedded database." placeholder:"postgres://…"`
	AccessTokenTTL time.Duration `name:"access-token-ttl" default:"30m" help:"Life of access tokens."`
	Resource       []string      `sep:"none" help:"MCP server of yours that takes tokens of the demo, with the scopes todo.read and todo.write. Repeat for several; those of examples/ and http://127.0.0.1:3000/mcp are known." placeholder:"URL"`
}

// Run starts the demo and ends with the context.
func (d *demoCommand) Run(ctx context.Context, log *slog.Logger) error {
	if err := d.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(d.Data, 0o700); err != nil {
		return fmt.Errorf("making the data folder: %w", err)
	}
	l, err := server.Listen(d.Listen)
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	defer l.Close()
	if d.Issuer == "" {
		d.Issuer = "http://" + l.Addr().String()
	}
	if err := d.fill(ctx); err != nil {
		return fmt.Errorf("filling the demo: %w", err)
	}
	mails := &outbox{}
	config := server.Config{
		Issuer: d.Issuer, Database: d.database(), LoopbackDocuments: true,
		UnlimitedRegistration: true, DeliverMail: mails.deliver, Log: log,
	}
	if err := d.key(&config); err != nil {
		return err
	}
	s, err := server.New(ctx, config)
	if err != nil {
		return err
	}
	defer s.Close()
	handler, err := d.handler(s, mails, log)
	if err != nil {
		return err
	}
	srv := server.NewHTTPServer(handler, log, true)
	stopped := context.AfterFunc(ctx, func() { shutDown(srv) })
	defer stopped()
	d.greet(os.Stdout)
	go debug.FreeOSMemory() // what starting needed
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving: %w", err)
	}
	return nil
}

// key sets the key-encryption key: that of AUTHWRIGHT_KEY, which replicas share, or the one in the data folder, made
// when missing.
func (d *demoCommand) key(c *server.Config) error {
	if c.Key = os.Getenv("AUTHWRIGHT_KEY"); c.Key != "" {
		return nil
	}
	c.KeyFile = filepath.Join(d.Data, "kek")
	_, err := keys.LoadKEK(c.KeyFile, true)
	return err
}

// shutDown lets the requests under way finish, but not for ever: MCP streams have no end of their own.
func shutDown(srv *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if srv.Shutdown(ctx) != nil {
		_ = srv.Close()
	}
}

// check refuses what would put the demo's well-known passwords on a network.
func (d *demoCommand) check() error {
	var wrong []error
	host, _, err := net.SplitHostPort(d.Listen)
	if err != nil || !oauth.IsLoopbackHost(host) {
		wrong = append(wrong, fmt.Errorf("--listen %s: the demo has well-known passwords, so it listens on 127.0.0.1, [::1] or localhost only", d.Listen))
	}
	if u, err := url.Parse(d.Issuer); d.Issuer != "" && (err != nil || !oauth.IsLoopbackHost(u.Hostname())) {
		wrong = append(wrong, fmt.Errorf("--issuer %s: the demo's issuer is a loopback URL", d.Issuer))
	}
	if d.AccessTokenTTL < time.Second || d.AccessTokenTTL > 24*time.Hour {
		wrong = append(wrong, fmt.Errorf("--access-token-ttl %s: from 1s to 24h", d.AccessTokenTTL))
	}
	for _, uri := range d.Resource {
		if _, err := canonicalResource(uri); err != nil {
			wrong = append(wrong, fmt.Errorf("--resource %w", err))
		}
	}
	if d.Database != "" && !strings.HasPrefix(d.Database, "postgres://") && !strings.HasPrefix(d.Database, "postgresql://") {
		wrong = append(wrong, errors.New("--database: a postgres:// URL, or leave it out for the embedded database in --data"))
	}
	return errors.Join(wrong...)
}

func (d *demoCommand) database() string {
	if d.Database != "" {
		return d.Database
	}
	return "sqlite:" + filepath.Join(d.Data, "authwright.db")
}
