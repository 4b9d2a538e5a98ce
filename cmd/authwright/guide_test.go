package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

var guideBlock = regexp.MustCompile("(?ms)^```sh ([\\w-]+)\n(.*?)^```$")

// guideCommand is `guide PAGE BLOCK [FROM TO …]` in a script: it runs a block of docs/guides/PAGE in a shell, with TO where the
// page has FROM, and each command of ours with the file `typed` as standard input. `guide PAGE` fails when the script has left
// out a block.
func guideCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 || len(args) > 2 && len(args)%2 != 0 {
		ts.Fatalf("usage: guide PAGE [BLOCK [FROM TO]...]")
	}
	page, err := os.ReadFile(filepath.Join("../../docs/guides", args[0]))
	ts.Check(err)
	used := strings.Fields(ts.Getenv("GUIDE_USED"))
	typed := false
	for _, block := range guideBlock.FindAllStringSubmatch(string(page), -1) {
		if len(args) == 1 && !slices.Contains(used, block[1]) {
			ts.Fatalf("%s: nothing types its block %s", args[0], block[1])
		}
		if len(args) == 1 || block[1] != args[1] {
			continue
		}
		typed = true
		text := strings.NewReplacer(args[2:]...).Replace(block[2])
		ts.Check(ts.Exec("sh", "-ec", "authwright() { command authwright \"$@\" <typed; }\n"+text))
	}
	if len(args) > 1 && !typed {
		ts.Fatalf("%s has no block %s", args[0], args[1])
	}
	ts.Setenv("GUIDE_USED", strings.Join(append(used, args[min(1, len(args)-1):]...), " "))
}
