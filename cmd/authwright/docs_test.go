package main

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"
)

// TestTheDocumentsNameCommandsThatAre: every command line of ours on every page could be typed, and every command that
// is named in a sentence is there with its flags. Nothing is run.
func TestTheDocumentsNameCommandsThatAre(t *testing.T) {
	lines, names := 0, 0
	for _, page := range documents(t) {
		text := read(t, page)
		for _, line := range typed(text) {
			lines++
			if err := dryRun(t, line); err != nil {
				t.Errorf("%s: %s\n got %v", page, strings.Join(line, " "), err)
			}
		}
		for _, words := range named(text) {
			names++
			if err := dryName(t, words); err != nil {
				t.Errorf("%s: `%s`\n got %v", page, strings.Join(words, " "), err)
			}
		}
	}
	if lines < 40 || names < 50 {
		t.Errorf("found %d command lines and %d names of commands; are they still written as they were?", lines, names)
	}
}

// TestDryRunFindsRot: what the test above must not let pass.
func TestDryRunFindsRot(t *testing.T) {
	for _, tt := range []struct {
		name, page string
		fails      bool
	}{
		{"a flag that is not there", "```sh\nauthwright client create 'My app' --gone\n```\n", true},
		{"a noun that is not there", "```sh\nauthwright widget add x\n```\n", true},
		{"a verb that is not there", "    authwright role rename x\n", true},
		{"a value that a flag does not take", "```sh\nauthwright project set default --password perhaps\n```\n", true},
		{"what must be named is missing", "```\nauthwright check\n```\n", true},
		{"a word too many", "```sh\nauthwright key rotate now # at once\n```\n", true},
		{"a flag that is on the next line", "```sh\nauthwright key rotate \\\n  --later\n```\n", true},
		{"a noun in a sentence", "say `authwright widget`.\n", true},
		{"a verb in a sentence", "say `authwright key\nturn`.\n", true},
		{"a flag in a sentence, without our name", "say `key rotate --later`.\n", true},
		{"one of two verbs in a sentence", "say `org invitation list|lost`.\n", true},
		{"comments, quotes and files", "```sh\nauthwright trust check 'app' < token.txt > report # says what is wrong\n```\n", false},
		{"a noun in a sentence that is there", "say `authwright client`.\n", false},
		{"placeholders and choices", "say `project set NAME --password on|off` or `org refuse [--withdraw]`.\n", false},
		{"other programs", "```sh\nclient create | grep authwright\n```\n", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got error
			for _, line := range typed(tt.page) {
				got = dryRun(t, line)
			}
			for _, words := range named(tt.page) {
				if err := dryName(t, words); err != nil {
					got = err
				}
			}
			if (got != nil) != tt.fails {
				t.Errorf("reading %q = %v, want an error: %v", tt.page, got, tt.fails)
			}
		})
	}
}

// TestTheFirstConfigurationIsOne: the YAML of the front page is a whole configuration.
func TestTheFirstConfigurationIsOne(t *testing.T) {
	_, after, found := strings.Cut(read(t, "../../README.md"), "```yaml\n")
	text, _, ends := strings.Cut(after, "```")
	if !found || !ends {
		t.Fatal("README.md has no YAML")
	}
	dir := t.TempDir()
	kek := filepath.Join(dir, "kek")
	write(t, kek, strings.Repeat("A", 43)+"=\n")
	file := filepath.Join(dir, "authwright.yaml")
	write(t, file, strings.ReplaceAll(text, "/etc/authwright/kek", kek))
	c, err := configFlag{Config: file}.load(nil)
	if err != nil {
		t.Fatalf("load(%s) = %v", text, err)
	}
	if c.Issuer != "https://auth.example.com" {
		t.Errorf("issuer = %q, want that of the page", c.Issuer)
	}
}

// documents is every page of the house.
func documents(t *testing.T) (found []string) {
	t.Helper()
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		switch name := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && (name == "node_modules" || name != ".." && name[0] == '.'):
			return filepath.SkipDir
		case filepath.Ext(name) == ".md" && name != "CHANGELOG.md": // which tells what was
			found = append(found, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	fence  = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```$")
	indent = regexp.MustCompile(`(?m)^    .*$`)
	span   = regexp.MustCompile("`([^`]+)`")
	choice = regexp.MustCompile(`^\w+(\|\w+)+$`)
)

// typed is every command line of ours in the blocks of a page, in words.
func typed(page string) (lines [][]string) {
	page = strings.ReplaceAll(page, "\\\n", " ")
	blocks := append(fence.FindAllString(page, -1), indent.FindAllString(fence.ReplaceAllString(page, ""), -1)...)
	for _, block := range blocks {
		for line := range strings.Lines(block) {
			if words := shellWords(line); len(words) > 1 && filepath.Base(words[0]) == "authwright" {
				lines = append(lines, words[1:])
			}
		}
	}
	return lines
}

// named is every command of ours in the sentences of a page, in words: what begins with authwright, or with one of its
// commands and something after it.
func named(page string) (names [][]string) {
	for _, code := range span.FindAllStringSubmatch(fence.ReplaceAllString(page, ""), -1) {
		words := shellWords(strings.NewReplacer("\n", " ", `\|`, "|", "[", "", "]", "", "…", "").Replace(code[1]))
		switch {
		case len(words) < 2 || words[1] == "COMMAND":
		case filepath.Base(words[0]) == "authwright":
			names = append(names, alternatives(words[1:])...)
		case nouns()[words[0]]:
			names = append(names, alternatives(words)...)
		}
	}
	return names
}

// alternatives is one command for each of "list|revoke". The choices of a flag stay as they are.
func alternatives(words []string) [][]string {
	i := slices.IndexFunc(words, choice.MatchString)
	if i < 1 || strings.HasPrefix(words[i-1], "--") {
		return [][]string{words}
	}
	var each [][]string
	for verb := range strings.SplitSeq(words[i], "|") {
		each = append(each, append(slices.Clone(words[:i]), verb))
	}
	return each
}

// nouns is our commands that have others under them. It is made when it is asked for: this program starts for each command
// of a script as well.
var nouns = sync.OnceValue(func() map[string]bool {
	found := make(map[string]bool)
	for _, command := range kong.Must(new(commands)).Model.Children {
		found[command.Name] = len(command.Children) > 0
	}
	return found
})

// shellWords splits a line as a shell does, down to a comment, a pipe or a file.
func shellWords(line string) (words []string) {
	var word strings.Builder
	var quote rune
	in := false
	end := func() {
		if in {
			words = append(words, word.String())
		}
		word.Reset()
		in = false
	}
	for i, c := range line {
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(c)
		case c == '\'' || c == '"':
			quote, in = c, true
		case c == ' ' || c == '\t' || c == '\n':
			end()
		case strings.ContainsRune("<>;&", c), c == '#' && !in, c == '|' && line[max(i-1, 0)] == ' ':
			end()
			return words
		default:
			word.WriteRune(c)
			in = true
		}
	}
	end()
	return words
}

// dryRun reads a command line as main does, and runs nothing.
func dryRun(t *testing.T, words []string) error {
	t.Helper()
	_, err := parser(t).Parse(words)
	return err
}

// dryName reads as much of a command as is named: what is needed besides may be missing, also the value of the last flag.
func dryName(t *testing.T, words []string) error {
	t.Helper()
	var wrong error
	for _, value := range [][]string{nil, {"0s"}, {"a=b"}} {
		traced, err := kong.Trace(parser(t), append(words, value...))
		if err != nil {
			return err
		}
		if traced.Error == nil {
			return nil
		}
		wrong = cmp.Or(wrong, traced.Error)
		if !strings.HasPrefix(words[len(words)-1], "--") {
			break
		}
	}
	return wrong
}

func parser(t *testing.T) *kong.Kong {
	t.Helper()
	p, err := new(commands).parser(kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
