// challenge.go reads WWW-Authenticate headers (RFC 9110 §11.6.1) as a stranger may have written them.

package check

import (
	"errors"
	"strings"
)

// challenge is one scheme with its parameters.
type challenge struct {
	scheme string // in lower case
	params map[string]string
}

var errChallenge = errors.New("check: a challenge that cannot be parsed")

// parseChallenges reads the values of all WWW-Authenticate headers of an answer, in their order.
func parseChallenges(values []string) (all []challenge, err error) {
	for _, value := range values {
		p := parser{rest: value}
		for p.skip(); p.rest != ""; p.skip() {
			c, err := p.challenge()
			if err != nil {
				return all, err
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// parser takes a header value apart from the left.
type parser struct{ rest string }

// skip leaves out what separates elements of a list.
func (p *parser) skip() { p.rest = strings.TrimLeft(p.rest, " \t,") }

func (p *parser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// challenge takes a scheme and the parameters that belong to it: a word that no "=" follows begins the next scheme.
func (p *parser) challenge() (challenge, error) {
	c := challenge{scheme: strings.ToLower(p.token()), params: make(map[string]string)}
	if c.scheme == "" {
		return c, errChallenge
	}
	if p.space(); p.token68() {
		return c, nil
	}
	for p.skip(); p.rest != ""; p.skip() {
		before := p.rest
		name := strings.ToLower(p.token())
		if name == "" {
			return c, errChallenge
		}
		p.space()
		value, ok := strings.CutPrefix(p.rest, "=")
		if !ok {
			p.rest = before
			return c, nil
		}
		p.rest = value
		p.space()
		text, err := p.value()
		if err != nil {
			return c, err
		}
		if _, twice := c.params[name]; twice {
			return c, errChallenge
		}
		c.params[name] = text
	}
	return c, nil
}

func (p *parser) token() string {
	n := 0
	for n < len(p.rest) && tokenByte(p.rest[n]) {
		n++
	}
	token := p.rest[:n]
	p.rest = p.rest[n:]
	return token
}

// token68 takes credentials that are no parameters, such as a Negotiate blob; it tells whether there were some.
func (p *parser) token68() bool {
	word, rest, _ := strings.Cut(p.rest, ",")
	word = strings.TrimSpace(word)
	trimmed := strings.TrimRight(word, "=")
	if word == "" || strings.ContainsAny(word, " \"") || strings.Contains(trimmed, "=") || trimmed == word && !strings.ContainsAny(word, "/+") {
		return false
	}
	p.rest = rest
	return true
}

func (p *parser) value() (string, error) {
	quoted, ok := strings.CutPrefix(p.rest, `"`)
	if !ok {
		if token := p.token(); token != "" {
			return token, nil
		}
		return "", errChallenge
	}
	var b strings.Builder
	for i := 0; i < len(quoted); i++ {
		switch quoted[i] {
		case '"':
			p.rest = quoted[i+1:]
			return b.String(), nil
		case '\\':
			if i++; i == len(quoted) {
				return "", errChallenge
			}
		}
		b.WriteByte(quoted[i])
	}
	return "", errChallenge
}

// tokenByte is tchar of RFC 9110 §5.6.2.
func tokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
