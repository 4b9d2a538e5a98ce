// serve.go: authwright serve runs the authorization server until it is told to stop.

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/authwright/authwright/server"
)

// drainFor is how long requests under way may go on after the signal.
const drainFor = 10 * time.Second

type serveCommand struct{ configFlag }

// Run serves until the context ends, then lets the requests under way finish.
func (s *serveCommand) Run(ctx context.Context, out *console, verbose verbosity) error {
	c, err := s.load(os.Environ())
	if err != nil {
		return err
	}
	c.Log = c.logger(out, verbose)
	l, err := server.Listen(c.listen)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", c.listen, err)
	}
	defer l.Close()
	running, err := server.New(ctx, c.Config)
	if err != nil {
		return err
	}
	defer func() {
		if err := running.Close(); err != nil {
			c.Log.Error("closing the database", "error", err)
		}
	}()
	link, err := running.SetupLink(ctx)
	if err != nil {
		return fmt.Errorf("looking for an operator: %w", err)
	}
	srv := server.NewHTTPServer(running.Handler(), c.Log, false)
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l) }()
	go debug.FreeOSMemory() // what starting needed
	c.Log.Info("authwright is ready", "version", version, "issuer", c.Issuer, "listen", l.Addr().String())
	if link != "" {
		fmt.Fprintf(out.err, "\nThis server has no operator yet. Open this address within an hour to create the first one; it works once:\n\n    %s\n\n", link)
	}
	select {
	case err := <-ended:
		return fmt.Errorf("serving: %w", err)
	case <-ctx.Done():
	}
	running.Drain()
	return drain(srv, c.Log)
}

// drain stops listening and waits for the requests under way.
func drain(srv *http.Server, log *slog.Logger) error {
	log.Info("authwright stops", "wait", drainFor.String())
	ctx, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("requests were still under way after %s: %w", drainFor, err), srv.Close())
	}
	log.Info("authwright stopped")
	return nil
}

// verbosity is the flag --verbose, which wins over log.level.
type verbosity bool

// logger writes to standard error as the configuration says.
func (c *config) logger(out *console, verbose verbosity) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.logLevel}
	if verbose {
		options.Level = slog.LevelDebug
	}
	if c.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(out.err, options))
	}
	return slog.New(slog.NewTextHandler(out.err, options))
}
