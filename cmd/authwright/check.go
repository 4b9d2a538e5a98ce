// check.go: authwright check URL: would real clients connect to an MCP server, and if not, why?

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/authwright/authwright/internal/check"
)

// checkCommand walks the discovery of a server as clients do.
type checkCommand struct {
	URL        string         `arg:"" help:"The MCP server's address, as a person types it into a client."`
	Login      bool           `help:"Log in for real: opens a browser, then calls a tool, refreshes, asks for more scopes and revokes."`
	NoBrowser  bool           `help:"With --login: print the address to visit instead of opening a browser."`
	NoRegister bool           `help:"Register no client. What needs one is left out."`
	Network    []netip.Prefix `help:"A private network that may be called, such as 192.168.0.0/16. May be repeated."`
	Timeout    time.Duration  `default:"10s" help:"How long each call may take."`
	jsonFlag
}

// exitStatus is an error that was told already, and the status to end with.
type exitStatus int

// Error is for whoever does not know that it was told.
func (e exitStatus) Error() string { return fmt.Sprintf("status %d", int(e)) }

// The statuses of check besides 0: every client connects.
const (
	foundFaults exitStatus = 1
	cannotRun   exitStatus = 2
)

// Run checks and reports.
func (c *checkCommand) Run(ctx context.Context, out *console) error {
	if c.Login && c.NoRegister {
		fmt.Fprintln(out.err, "authwright: --login needs a client: leave out --no-register")
		return cannotRun
	}
	if c.Timeout <= 0 || c.Timeout > 5*time.Minute {
		fmt.Fprintln(out.err, "authwright: --timeout must be between 1ms and 5m")
		return cannotRun
	}
	walk := check.Check{URL: c.URL, Networks: c.Network, NoRegister: c.NoRegister, Timeout: c.Timeout, Told: tell(out.err)}
	if c.Login {
		browser, err := startBrowse(out.err, c.NoBrowser)
		if err != nil {
			fmt.Fprintln(out.err, "authwright:", err)
			return cannotRun
		}
		defer browser.close()
		walk.Login = browser
	}
	report := walk.Run(ctx)
	var err error
	if c.JSON {
		err = out.json(report)
	} else {
		err = writeReport(out.out, report)
	}
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil || report.NoAddress():
		return cannotRun
	case !report.OK:
		return foundFaults
	}
	return nil
}

// tell shows on a terminal which step was taken, while the rest is awaited.
func tell(w io.Writer) func(check.Step) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return nil
	}
	return func(s check.Step) { fmt.Fprintf(w, "\r\033[K%s", s.Name) }
}

// ink colours text on a terminal that wants it.
type ink bool

func inkFor(w io.Writer) ink {
	file, ok := w.(*os.File)
	return ink(ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd())))
}

func (i ink) paint(code, text string) string {
	if !i {
		return text
	}
	return "\033[" + code + "m" + text + "\033[0m"
}

func (i ink) good(text string) string  { return i.paint("32", text) }
func (i ink) bad(text string) string   { return i.paint("31;1", text) }
func (i ink) faint(text string) string { return i.paint("2", text) }

// writeReport writes the verdict, then what was found wrong, then the clients, then the way there.
func writeReport(w io.Writer, r check.Report) error {
	i := inkFor(w)
	if i {
		fmt.Fprint(w, "\r\033[K")
	}
	var b strings.Builder
	b.WriteString(verdict(i, r) + "\n")
	for _, f := range r.Findings() {
		writeFinding(&b, i, f)
	}
	b.WriteString("\n")
	if stopped := stoppedIn(r); len(stopped) < len(r.Clients) {
		writeClients(&b, i, r)
	}
	for _, s := range r.Steps {
		writeStep(&b, i, s)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func writeClients(b *strings.Builder, i ink, r check.Report) {
	for _, v := range r.Clients {
		if v.Connects {
			fmt.Fprintf(b, "  %s %s\n", i.good("✓"), v.Client)
		} else {
			fmt.Fprintf(b, "  %s %s  %s\n", i.bad("✗"), v.Client, i.faint(strings.Join(v.StoppedBy, ", ")))
		}
	}
	b.WriteString("\n")
}

func stoppedIn(r check.Report) (stopped []string) {
	for _, v := range r.Clients {
		if !v.Connects {
			stopped = append(stopped, string(v.Client))
		}
	}
	return stopped
}

// verdict is the whole report in one line.
func verdict(i ink, r check.Report) string {
	stopped, faults, open := stoppedIn(r), 0, false
	for _, f := range r.Findings() {
		if f.Level != check.Hint {
			faults++
		}
		open = open || f.Level == check.Opens
	}
	count := fmt.Sprintf("%d faults", faults)
	if faults == 1 {
		count = "1 fault"
	}
	switch {
	case r.OK:
		return i.good("✓ "+r.URL) + ": clients connect"
	case open:
		return i.bad("✗ "+r.URL) + ": " + count + "; somebody gets in who should not"
	case len(stopped) == len(r.Clients):
		return i.bad("✗ "+r.URL) + ": " + count + "; no client connects"
	case len(stopped) > 0:
		return i.bad("✗ "+r.URL) + ": " + count + "; " + strings.Join(stopped, ", ") + " cannot connect"
	default:
		return i.bad("✗ "+r.URL) + ": " + count + "; clients connect all the same"
	}
}

func writeFinding(b *strings.Builder, i ink, f check.Finding) {
	mark := i.bad("✗")
	if f.Level == check.Hint {
		mark = i.faint("·")
	}
	fmt.Fprintf(b, "\n%s %s  %s\n", mark, f.What, i.faint(f.Fault))
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(b, "    %-6s %s\n", name, text)
		}
	}
	line("at", f.At)
	line("seen", f.Seen)
	if f.Level == check.Stops || f.Level == check.Hurts {
		line(string(f.Level), names(f.Client))
	}
	line("mend", f.Fix)
	line("see", f.See)
}

func names(clients []check.Client) string {
	if len(clients) == len(check.Clients) {
		return "every client"
	}
	all := make([]string, len(clients))
	for i, c := range clients {
		all[i] = string(c)
	}
	return strings.Join(all, ", ")
}

func writeStep(b *strings.Builder, i ink, s check.Step) {
	mark := i.good("✓")
	for _, f := range s.Findings {
		if f.Level != check.Hint {
			mark = i.bad("✗")
		}
	}
	if s.Skipped != "" {
		fmt.Fprintf(b, "%s %s  %s\n", i.faint("–"), s.Name, i.faint("left out: "+s.Skipped))
		return
	}
	fmt.Fprintf(b, "%s %s\n", mark, s.Name)
	for _, saw := range s.Saw {
		fmt.Fprintf(b, "    %s\n", i.faint(saw))
	}
}

var errNoBrowser = errors.New("nobody came back from the login page")
