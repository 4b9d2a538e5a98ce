package authwright_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var quoted = regexp.MustCompile("(?s)<!-- (\\S+) -->\n```\\w+\n(.*?)\n```")

// TestTheGuidesQuoteWhatRuns: every snippet of these pages is part of a program that the tests run.
func TestTheGuidesQuoteWhatRuns(t *testing.T) {
	for _, name := range []string{"sdks"} {
		t.Run(name, func(t *testing.T) { quotes(t, "docs/guides/"+name+".md") })
	}
}

func quotes(t *testing.T, path string) {
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	snippets := quoted.FindAllStringSubmatch(string(page), -1)
	if got, want := len(snippets), strings.Count(string(page), "\n```")/2; got != want || got == 0 {
		t.Errorf("%s names the program of %d snippets, want all %d", path, got, want)
	}
	for _, s := range snippets {
		program, err := os.ReadFile(s[1])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(program), s[2]) {
			t.Errorf("%s: the snippet of %s is not in it:\n%s", path, s[1], s[2])
		}
	}
}
