package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test program be authwright when it is called by that name.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) != "authwright" {
		forgetSettings()
	}
	testscript.Main(m, map[string]func(){"authwright": main})
}

// forgetSettings keeps what is set on this machine from deciding a test.
func forgetSettings() {
	for _, pair := range os.Environ() {
		if name, _, _ := strings.Cut(pair, "="); strings.HasPrefix(name, prefix) && !reserved(name) || name == prefix+"CONFIG" {
			os.Unsetenv(name)
		}
	}
}

// TestCommands runs testdata/script: what an operator types, and what comes of it.
func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"dns": dnsCommand, "keep": keepCommand, "smtp": smtpCommand, "ask": askCommand, "guide": guideCommand,
		},
	})
}
