// config_command.go: authwright config check and authwright config print.

package main

import (
	"fmt"
	"net/url"
	"os"
	"strings"
)

type configCommand struct {
	Check configCheck `cmd:"" help:"Tell all that is wrong with the configuration."`
	Print configPrint `cmd:"" help:"Show what is set and where it comes from; secrets are left out."`
}

type configCheck struct{ configFlag }

// Run reads the configuration and starts nothing.
func (c *configCheck) Run(out *console) error {
	if _, err := c.load(os.Environ()); err != nil {
		return err
	}
	return out.say("The configuration is good.")
}

type configPrint struct{ configFlag }

// Run prints the settings as a file that could be read again, but for the secrets. What is wrong comes after.
func (c *configPrint) Run(out *console) error {
	read, wrong := c.load(os.Environ())
	group := ""
	for _, s := range settings {
		g, ok := read.given[s.name]
		if !ok {
			continue
		}
		name, indent := s.name, ""
		if head, tail, nested := strings.Cut(s.name, "."); nested {
			if head != group {
				fmt.Fprintf(out.out, "%s:\n", head)
			}
			group, name, indent = head, tail, "  "
		}
		fmt.Fprintf(out.out, "%s%s: %s # %s\n", indent, name, shown(s, g.values), g.source)
	}
	return wrong
}

// shown spells a value without the secrets in it.
func shown(s setting, values []string) string {
	switch {
	case s.name == "key" || s.name == "smtp.password":
		return "(a secret)"
	case s.name == "database":
		return withoutPassword(values[0])
	case s.list:
		return "[" + strings.Join(values, ", ") + "]"
	}
	return values[0]
}

// withoutPassword takes the passwords out of a postgres:// URL: the user's and those among the parameters.
func withoutPassword(database string) string {
	if strings.HasPrefix(database, "sqlite:") {
		return database
	}
	u, err := url.Parse(database)
	if err != nil || u.Opaque != "" {
		return "(not shown: it is not a URL)"
	}
	query := u.Query()
	for name := range query {
		if strings.Contains(strings.ToLower(name), "password") {
			query.Set(name, "xxxxx")
		}
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}
