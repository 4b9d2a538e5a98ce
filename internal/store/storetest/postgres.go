// postgres.go: a PostgreSQL server for as long as the tests run.

package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Where an existing server is, and whether there has to be one.
const (
	envServer  = "AUTHWRIGHT_TEST_POSTGRES"    // a URL of a database in which databases may be created
	envRequire = "AUTHWRIGHT_REQUIRE_POSTGRES" // not empty: a test that finds no PostgreSQL fails; CI does the same
)

var errNoPostgres = errors.New("there is no PostgreSQL here: run `apt-get install postgresql`, or point " + envServer + " to a server")

// server is started by the first test that needs one, and ends with the process.
var server = sync.OnceValues(startPostgres)

// Postgres returns the URL of a fresh database, which is dropped when the test ends. Without PostgreSQL the test is
// skipped, or fails where PostgreSQL is required.
func Postgres(t testing.TB) string {
	t.Helper()
	base, err := server()
	if errors.Is(err, errNoPostgres) && os.Getenv(envRequire) == "" && os.Getenv("CI") == "" {
		t.Skipf("NOT TESTED ON POSTGRESQL: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("authwright_test_%d_%d", os.Getpid(), time.Now().UnixNano())
	onServer(t, base, "create database "+name)
	t.Cleanup(func() { onServer(t, base, "drop database "+name+" with (force)") })
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

func onServer(t testing.TB, base, statement string) {
	t.Helper()
	ctx := context.Background() // the test's own has ended when it cleans up
	conn, err := pgx.Connect(ctx, base)
	if err == nil {
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, statement)
	}
	if err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

// startPostgres makes a cluster in a folder of its own and serves it on a socket there.
func startPostgres() (base string, err error) {
	if base := os.Getenv(envServer); base != "" {
		return base, nil
	}
	bin, err := postgresBinaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("/tmp", "awpg") // a socket's path may have 107 bytes, which t.TempDir may use up
	if err != nil {
		return "", err
	}
	if err = ownByServer(dir); err == nil {
		err = serve(bin, dir)
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	base = "postgres:///postgres?user=postgres&host=" + url.QueryEscape(dir)
	return base, awaitPostgres(base)
}

// postgresBinaries finds the newest version that Debian installed, or the one in PATH.
func postgresBinaries() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return len(a) - len(b) + strings.Compare(a, b) })
	if len(found) > 0 {
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errNoPostgres
}

// The shell that runs the server waits for the end of its input, which it shares with this process alone: however this
// process ends, by a panic or by kill -9, the server stops and its folder goes.
const guard = `
"$1/initdb" -D "$2/data" -U postgres -A trust -E UTF8 --locale=C -N >"$2/log" 2>&1 || { cat "$2/log"; rm -rf "$2"; exit 1; }
"$1/postgres" -D "$2/data" -k "$2" -h "" -F -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 -c shared_buffers=32MB >>"$2/log" 2>&1 &
echo started
read -r end
kill -INT $! ; wait $! ; rm -rf "$2"
`

// held is the input the guard waits on. Were it not kept, the garbage collector would close it.
var held io.WriteCloser //nolint:unused // to be held is its use

// serve starts the guard. What it says before "started" is an error.
func serve(bin, dir string) error {
	cmd := exec.Command("/bin/sh", "-c", guard, "guard", bin, dir)
	cmd.Dir = dir
	asServer(cmd)
	var err error
	if held, err = cmd.StdinPipe(); err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting PostgreSQL: %w", err)
	}
	said := make([]byte, 4096)
	if n, _ := out.Read(said); strings.TrimSpace(string(said[:n])) != "started" {
		return fmt.Errorf("starting PostgreSQL: %s", said[:n])
	}
	return nil
}

func awaitPostgres(base string) (err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(ctx, base); err == nil {
			return conn.Close(ctx)
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("waiting for PostgreSQL: %w", err)
}
