// config_sources.go reads settings from a YAML file and from AUTHWRIGHT_… variables. Neither may hold what is no setting.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"
)

const prefix = "AUTHWRIGHT_"

// variable is the name of a setting in the environment.
func variable(name string) string {
	return prefix + strings.ToUpper(strings.ReplaceAll(name, ".", "_"))
}

// settingNamed finds a setting by its name in the file or, with spell, in the environment.
func settingNamed(name string, spell func(string) string) (setting, bool) {
	for _, s := range settings {
		if spell(s.name) == name {
			return s, true
		}
	}
	return setting{}, false
}

func asIs(name string) string { return name }

// readEnvironment takes every AUTHWRIGHT_ variable. An empty one counts as not set. The key is set in one place: a
// variable for either of key and key_file takes the place of both.
func (c *config) readEnvironment(environ []string) (wrong []error) {
	keyInFile := true
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, prefix) || reserved(name) {
			continue
		}
		s, ok := settingNamed(name, variable)
		if !ok {
			wrong = append(wrong, fmt.Errorf("%s: there is no such setting: %s", name, nearest(name, variable)))
			continue
		}
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		g := given{[]string{value}, name}
		if s.list {
			g.values = splitList(value)
		}
		if keyInFile && (s.name == "key" || s.name == "key_file") {
			keyInFile = false
			delete(c.given, "key")
			delete(c.given, "key_file")
		}
		c.given[s.name] = g
	}
	return wrong
}

// reserved are the variables that are no settings: the file itself, and those of the tests.
func reserved(name string) bool {
	return name == prefix+"CONFIG" || strings.HasPrefix(name, prefix+"TEST_") || strings.HasPrefix(name, prefix+"REQUIRE_")
}

// splitList reads a list as it stands in one variable: joined by commas.
func splitList(value string) (list []string) {
	for one := range strings.SplitSeq(value, ",") {
		if one = strings.TrimSpace(one); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// readFile takes every setting of the file; no file is none.
func (c *config) readFile(file string) []error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return []error{fmt.Errorf("--config: %w", err)}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	switch err := decoder.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil // an empty file
	case err != nil:
		return []error{fmt.Errorf("%s: %w", file, err)}
	}
	if err := decoder.Decode(&more); !errors.Is(err, io.EOF) {
		return []error{fmt.Errorf("%s: holds more than one document", file)}
	}
	return c.readMapping(file, "", doc.Content[0])
}

// readMapping takes the settings of one mapping; within is the name of the mapping with its dot, or "".
func (c *config) readMapping(file, within string, node *yaml.Node) (wrong []error) {
	if node.Kind != yaml.MappingNode {
		return []error{fmt.Errorf("%s line %d: must be lines of NAME: VALUE", file, node.Line)}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		name, source := within+key.Value, fmt.Sprintf("%s line %d", file, key.Line)
		if value.Kind == yaml.MappingNode && within == "" && isGroup(name) {
			wrong = append(wrong, c.readMapping(file, name+".", value)...)
			continue
		}
		s, known := settingNamed(name, asIs)
		if !known {
			wrong = append(wrong, fmt.Errorf("%s (%s): there is no such setting: %s", name, source, nearest(name, asIs)))
			continue
		}
		if old, twice := c.given[name]; twice {
			wrong = append(wrong, fmt.Errorf("%s (%s): is set already in %s", name, source, old.source))
			continue
		}
		values, err := readNode(s, value)
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s (%s): %w", name, source, err))
			continue
		}
		c.given[name] = given{values, source}
	}
	return wrong
}

// isGroup tells whether settings are nested under the name.
func isGroup(name string) bool {
	for _, s := range settings {
		if strings.HasPrefix(s.name, name+".") {
			return true
		}
	}
	return false
}

// readNode takes the text of a scalar, or of every scalar of a list.
func readNode(s setting, node *yaml.Node) ([]string, error) {
	switch {
	case node.Kind == yaml.ScalarNode && !s.list:
		if node.Tag == "!!null" || strings.TrimSpace(node.Value) == "" {
			return nil, errors.New("has no value: leave the line out or complete it")
		}
		return []string{strings.TrimSpace(node.Value)}, nil
	case node.Kind == yaml.SequenceNode && s.list:
		values := []string{}
		for _, item := range node.Content {
			if item.Kind != yaml.ScalarNode {
				return nil, errors.New("must be a list of texts")
			}
			values = append(values, item.Value)
		}
		return values, nil
	case s.list:
		return nil, errors.New("must be a list, such as [10.0.0.0/8]")
	}
	return nil, errors.New("must be one text")
}

// nearest names the setting that was probably meant.
func nearest(name string, spell func(string) string) string {
	best, distance := "", len(name)
	for _, s := range settings {
		if d := editDistance(name, spell(s.name)); d < distance {
			best, distance = spell(s.name), d
		}
	}
	if best == "" {
		best = spell(settings[0].name)
	}
	return "did you mean " + best + "?"
}

// editDistance counts the letters to change, add or take away (Levenshtein).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
