package authwright_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

var quoted = regexp.MustCompile("(?s)<!-- (\\S+) -->\n```\\w+\n(.*?)\n```")

// TestTheGuideToTheSDKsQuotesWhatRuns: every snippet of the page is part of a program that the black-box tests run.
func TestTheGuideToTheSDKsQuotesWhatRuns(t *testing.T) {
	page, err := os.ReadFile("docs/guides/sdks.md")
	if err != nil {
		t.Fatal(err)
	}
	snippets := quoted.FindAllStringSubmatch(string(page), -1)
	if got, want := len(snippets), strings.Count(string(page), "\n```")/2; got != want || got == 0 {
		t.Errorf("docs/guides/sdks.md names the program of %d snippets, want all %d", got, want)
	}
	for _, s := range snippets {
		program, err := os.ReadFile(s[1])
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(program), s[2]) {
			t.Errorf("docs/guides/sdks.md: the snippet of %s is not in it:\n%s", s[1], s[2])
		}
	}
}
