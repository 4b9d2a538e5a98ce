// console.go: how commands read passwords and write tables or JSON.

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"
)

// console is the terminal, or what stands in its place.
type console struct {
	in  *os.File
	out io.Writer
	err io.Writer
}

// jsonFlag is the flag of every command that has an answer.
type jsonFlag struct {
	JSON bool `name:"json" help:"Answer in JSON, for scripts."`
}

// say writes one line for a person.
func (c *console) say(format string, args ...any) error {
	_, err := fmt.Fprintf(c.out, format+"\n", args...)
	return err
}

// warn says what was done all the same, on standard error, so that it is in no script's way.
func (c *console) warn(format string, args ...any) {
	fmt.Fprintln(c.err, "authwright: warning:", printable(fmt.Sprintf(format, args...)))
}

// json writes a value for a program.
func (c *console) json(v any) error {
	e := json.NewEncoder(c.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// table writes rows under a head, if there is one. What other people wrote may stand in a cell, so nothing in it moves the cursor.
func (c *console) table(head []string, rows [][]string) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	if head != nil {
		rows = append([][]string{head}, rows...)
	}
	for _, row := range rows {
		for i := range row {
			row[i] = printable(row[i])
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	return w.Flush()
}

// facts writes one thing, a line for each of its members; empty ones are left out.
func (c *console) facts(pairs ...string) error {
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", pairs[i], printable(pairs[i+1]))
		}
	}
	return w.Flush()
}

// printable replaces what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// passwordFlag says where a password comes from. It is never an argument: those are seen by every program on the
// machine and kept by the shell.
type passwordFlag struct {
	PasswordStdin bool `help:"Read the password from the first line of standard input instead of the terminal."`
}

const maxPasswordLine = 4096

// read asks for a new password twice without showing it, or reads one line.
func (f passwordFlag) read(c *console) (string, error) {
	if f.PasswordStdin {
		line, err := bufio.NewReader(io.LimitReader(c.in, maxPasswordLine)).ReadString('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		return strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"), nil
	}
	terminal := int(c.in.Fd())
	if !term.IsTerminal(terminal) {
		return "", errors.New("there is no terminal to ask for the password: pass it on standard input with --password-stdin")
	}
	var entered [2]string
	for i, prompt := range []string{"Password: ", "Again: "} {
		fmt.Fprint(c.err, prompt)
		line, err := term.ReadPassword(terminal)
		fmt.Fprintln(c.err)
		if err != nil {
			return "", fmt.Errorf("reading the password: %w", err)
		}
		entered[i] = string(line)
	}
	if entered[0] != entered[1] {
		return "", errors.New("the two passwords differ: nothing was changed")
	}
	return entered[0], nil
}
