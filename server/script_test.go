// script_test.go reads the flow scripts, and tells whether an answer is what a script expects.
//
// A script is a txtar file. What stands before its first section says what it is about. A section "-- > what it
// does --" holds requests: a command line, then lines "Header: value", "name=value" or a JSON body. A section
// "-- < what it expects --" holds the status of the last answer, then what must be found in it: "Header: text", where
// the header holds the text, "Header:= text", where it is the text, "!Header:", which is not there at all, "= text", where the whole body is, or else a piece
// of the body. A line that begins with "!" must not be found. {name} stands for what is known under the name; where
// nothing is, it captures. {name|url} is the same as it is spelled in a URL.

package server

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// section is one part of a script.
type section struct {
	line    int
	title   string
	expects bool
	body    []scriptLine
}

type scriptLine struct {
	number int
	text   string
}

var marker = regexp.MustCompile(`^-- ([<>]) (\S.*) --$`)

// parseScript cuts a script into its introduction and its sections.
func parseScript(text string) (intro string, sections []section, err error) {
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		if m := marker.FindStringSubmatch(line); m != nil {
			sections = append(sections, section{line: i + 1, title: m[2], expects: m[1] == "<"})
			continue
		}
		switch {
		case strings.HasPrefix(line, "-- "):
			return "", nil, fmt.Errorf("line %d: a section is -- > what it does -- or -- < what it expects --", i+1)
		case len(sections) == 0:
			intro += line + "\n"
		case strings.TrimSpace(line) != "":
			last := &sections[len(sections)-1]
			last.body = append(last.body, scriptLine{i + 1, line})
		}
	}
	if strings.TrimSpace(intro) == "" || len(sections) == 0 || !sections[len(sections)-1].expects {
		return "", nil, fmt.Errorf("a script begins with what it is about and ends with what it expects")
	}
	return intro, sections, nil
}

// answer is what a command came to.
type answer struct {
	status int
	header http.Header
	body   string
	words  string // of a page, without its markup
}

func (a *answer) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", a.status, http.StatusText(a.status))
	_ = a.header.WriteSubset(&b, map[string]bool{"Content-Security-Policy": true, "Permissions-Policy": true})
	body := a.body
	if len(body) > 2500 {
		body = body[:2500] + "…"
	}
	return b.String() + "\n" + body
}

// variables are what a script knows by name.
type variables map[string]string

var placeholder = regexp.MustCompile(`\{([a-z][a-z0-9_]*)(\|url)?\}`)

// fill puts what is known in the place of the names. An unknown name is an error.
func (v variables) fill(text string) (string, error) {
	var unknown error
	filled := placeholder.ReplaceAllStringFunc(text, func(m string) string {
		name, filter := placeholderParts(m)
		value, ok := v[name]
		if !ok {
			unknown = fmt.Errorf("%s is not known", m)
		}
		return filter(value)
	})
	return filled, unknown
}

func placeholderParts(m string) (name string, filter func(string) string) {
	parts := placeholder.FindStringSubmatch(m)
	if parts[2] != "" {
		return parts[1], urlSpelling
	}
	return parts[1], func(s string) string { return s }
}

// urlSpelling is how a value is spelled in the query of a redirect.
func urlSpelling(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// pattern is a line of an expectation as a regular expression, and the names it captures.
func (v variables) pattern(text string) (*regexp.Regexp, []string) {
	var b strings.Builder
	var captures []string
	for text != "" {
		at := placeholder.FindStringIndex(text)
		if at == nil {
			b.WriteString(regexp.QuoteMeta(text))
			break
		}
		b.WriteString(regexp.QuoteMeta(text[:at[0]]))
		name, filter := placeholderParts(text[at[0]:at[1]])
		if value, ok := v[name]; ok {
			b.WriteString(regexp.QuoteMeta(filter(value)))
		} else {
			b.WriteString(`([^"&\s<>]+)`)
			captures = append(captures, text[at[0]:at[1]])
		}
		text = text[at[1]:]
	}
	return regexp.MustCompile(b.String()), captures
}

// bareHeader is a header that somebody forgot the colon of: as a piece of the body it would never be there.
var bareHeader = regexp.MustCompile(`^!?([A-Z][A-Za-z]*-[A-Za-z-]+|Location|Vary)$`)

var headerLine = regexp.MustCompile(`^([A-Z][A-Za-z0-9-]*):(=?)(?: (.*))?$`)

// check compares the answer with one line of an expectation. What the line captures is known afterwards.
func (v variables) check(a *answer, line string) error {
	if status, err := strconv.Atoi(strings.SplitN(line, " ", 2)[0]); err == nil && len(line) >= 3 {
		if text := strings.TrimSpace(line[3:]); a.status != status || text != "" && text != http.StatusText(status) {
			return fmt.Errorf("the status is not %s", line)
		}
		return nil
	}
	if bareHeader.MatchString(line) {
		return fmt.Errorf("the name of a header ends with a colon")
	}
	absent := strings.HasPrefix(line, "!")
	line = strings.TrimPrefix(line, "!")
	texts, whole := []string{a.body, a.words}, false
	if absent {
		texts = texts[:1] // words that are not markup may say anything
	}
	if m := headerLine.FindStringSubmatch(line); m != nil {
		texts, whole, line = a.header.Values(m[1]), m[2] != "", m[3]
	} else if rest, ok := strings.CutPrefix(line, "= "); ok {
		whole, line = true, rest
	}
	re, captures := v.pattern(line)
	found := find(re, texts, whole)
	switch {
	case absent && found != nil:
		return fmt.Errorf("it is there")
	case absent:
		return nil
	case found == nil:
		return fmt.Errorf("it is not there")
	}
	for i, capture := range captures {
		if err := v.capture(capture, found[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// capture makes a value known.
func (v variables) capture(placeholder, value string) error {
	name, _ := placeholderParts(placeholder)
	if strings.HasSuffix(placeholder, "|url}") {
		decoded, err := url.QueryUnescape(value)
		if err != nil {
			return err
		}
		value = decoded
	}
	v[name] = value
	return nil
}

func find(re *regexp.Regexp, texts []string, whole bool) []string {
	for _, text := range texts {
		if m := re.FindStringSubmatch(text); m != nil && (!whole || m[0] == strings.TrimRight(text, "\n")) {
			return m
		}
	}
	return nil
}
