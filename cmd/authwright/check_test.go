package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/check"
)

// checked runs authwright check and tells its status.
func checked(t *testing.T, args ...string) (status int, out string) {
	t.Helper()
	cmd := command(t, t.TempDir(), append([]string{"check"}, args...)...)
	text, err := cmd.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return exit.ExitCode(), string(text) + string(exit.Stderr)
	case err != nil:
		t.Fatal(err)
	}
	return 0, string(text)
}

func TestCheckSaysWhetherClientsConnect(t *testing.T) {
	address := freeAddress(t)
	demo(t, address, "")
	base := "http://" + address
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"jsonrpc":"2.0","id":1,"result":{}}`)
	}))
	t.Cleanup(open.Close)
	for _, tt := range []struct {
		name   string
		args   []string
		status int
		want   string
	}{
		{"a healthy server", []string{base + "/todo/mcp"}, 0, "clients connect"},
		{"one with a path issuer", []string{base + "/p/north/todo/mcp"}, 0, "issuer: " + base + "/p/north"},
		{"one for organizations, without registering", []string{"--no-register", base + "/okr/mcp"}, 0, "clients connect"},
		{"one that anybody may call", []string{open.URL + "/mcp"}, 1, "somebody gets in who should not"},
		{"nothing there", []string{base + "/nothing"}, 1, "no client connects"},
		{"a slash too many", []string{base + "/todo/mcp/"}, 1, "typed-slash"},
		{"an address in a private network", []string{"http://10.0.0.1/mcp"}, 1, "refused-address"},
		{"no address", nil, 2, "<url>"},
		{"what is no address", []string{"mcp.example.com/mcp"}, 2, "not-a-url"},
		{"a login without a client", []string{"--login", "--no-register", base + "/todo/mcp"}, 2, "--no-register"},
		{"a timeout that is none", []string{"--timeout=-1s", base + "/todo/mcp"}, 2, "--timeout"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, out := checked(t, tt.args...)
			if status != tt.status || !strings.Contains(out, tt.want) {
				t.Errorf("authwright check %q = status %d and\n%s\nwant status %d and %q", tt.args, status, out, tt.status, tt.want)
			}
		})
	}
	status, out := checked(t, "--json", base+"/todo/mcp")
	var r check.Report
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != 0 || !r.OK || len(r.Clients) != len(check.Clients) || len(r.Findings()) > 0 {
		t.Errorf("authwright check --json = status %d and %s, want a report without findings", status, out)
	}
}
