package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The issuer of the tests. No process listens there: every client dials the process it means and says this host.
const (
	testIssuer = "http://127.0.0.1:8080"
	todoURI    = "https://todo.example.com/mcp"
	password   = "correct-horse-battery"
)

// deploymentDir is a folder with a configuration in it.
func deploymentDir(t *testing.T, database string) string {
	t.Helper()
	dir := t.TempDir()
	config := fmt.Sprintf("issuer: %s\nlisten: 127.0.0.1:0\ndatabase: %q\nkey_file: kek\nlog: {level: debug}\n", testIssuer, database)
	if err := os.WriteFile(filepath.Join(dir, "c.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// command is authwright with the folder's configuration.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("authwright", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "AUTHWRIGHT_CONFIG=c.yaml")
	return cmd
}

// run runs a command to its end and returns what it said.
func runCommand(t *testing.T, dir, stdin string, args ...string) string {
	t.Helper()
	cmd := command(t, dir, args...)
	cmd.Stdin = strings.NewReader(stdin)
	var said, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complained
	if err := cmd.Run(); err != nil {
		t.Fatalf("authwright %s = %v\n%s", strings.Join(args, " "), err, complained.String())
	}
	return said.String()
}

// process is a running authwright.
type process struct {
	*testing.T
	cmd    *exec.Cmd
	addr   string
	ended  chan error
	output *journal
}

// journal keeps the lines of a process.
type journal struct {
	mu    sync.Mutex
	lines []string
	more  chan struct{} // closed at every line
	over  bool
}

func (j *journal) read(lines *bufio.Scanner) {
	for lines.Scan() {
		j.add(lines.Text(), false)
	}
	j.add("", true)
}

func (j *journal) add(line string, over bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines, j.over = append(j.lines, line), over
	close(j.more)
	j.more = make(chan struct{})
}

func (j *journal) text() (text string, more <-chan struct{}, over bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n"), j.more, j.over
}

// await returns the first match of a pattern in what the process says.
func (p *process) await(pattern string) []string {
	p.Helper()
	wanted := regexp.MustCompile(pattern)
	deadline := time.After(30 * time.Second)
	for {
		text, more, over := p.output.text()
		if m := wanted.FindStringSubmatch(text); m != nil {
			return m
		}
		if over {
			p.Fatalf("authwright ended and did not say %q:\n%s", pattern, text)
		}
		select {
		case <-more:
		case <-deadline:
			p.Fatalf("authwright did not say %q:\n%s", pattern, text)
		}
	}
}

var readyLine = `msg="authwright is ready" .*listen=(\S+)`

// serve starts a server and waits until it is ready.
func serve(t *testing.T, dir string) *process {
	t.Helper()
	p := begin(t, command(t, dir, "serve"))
	p.addr = p.await(readyLine)[1]
	return p
}

// begin starts a process whose lines are kept.
func begin(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{T: t, cmd: cmd, ended: make(chan error, 1), output: &journal{more: make(chan struct{})}}
	stderr, err := p.cmd.StderrPipe()
	p.cmd.Stdout = p.cmd.Stderr
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		p.output.read(bufio.NewScanner(stderr))
		p.ended <- p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		<-p.ended
	})
	return p
}

// stop asks the process to stop, as a service manager does, and waits for it.
func (p *process) stop() {
	p.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.Fatal(err)
	}
	if err := <-p.ended; err != nil {
		text, _, _ := p.output.text()
		p.Errorf("authwright serve after SIGTERM = %v, want exit 0\n%s", err, text)
	}
}

// dials sends every connection of a client to one process.
func (p *process) dials() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, p.addr)
		},
		MaxIdleConnsPerHost: 64,
	}
}

// newBrowser is a person's browser at the process. It does not follow redirects.
func (p *process) newBrowser() *http.Client {
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.Fatal(err)
	}
	transport := p.dials()
	p.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// at is the same browser, sent to another replica by the balancer.
func (p *process) at(b *http.Client) *http.Client {
	moved := *b
	moved.Transport = p.dials()
	return &moved
}

// gone waits until nobody listens at the address.
func (p *process) gone() {
	p.Helper()
	for range 10_000 {
		conn, err := net.Dial("tcp", p.addr)
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			conn.Close()
		}
	}
	p.Fatalf("%s still takes connections", p.addr)
}

// writeKey makes the key-encryption key that replicas share.
func writeKey(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "kek"), []byte("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}
