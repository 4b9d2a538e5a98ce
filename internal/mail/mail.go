// mail.go: a message and whoever brings it.

// Package mail brings messages to people.
//
// A message is put in a queue in memory and brought by a worker, so that neither a slow mail server nor a person who
// does not exist can be felt by whoever asked for it. A message that waits when the process dies is lost: what it held
// is over after minutes, and the person asks again. Nothing of a message is written to a disk or a log here.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"
	"time"
)

// Message is a mail to one person.
type Message struct {
	To      string // an address in its canonical form
	Subject string
	Text    string
	HTML    string // the same; loads nothing from anywhere
	At      time.Time
}

// Sender brings a message to a person. An error that is ErrRefused is final; after any other it may be tried again.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// SenderFunc is a function that sends.
type SenderFunc func(ctx context.Context, m Message) error

// Send calls the function.
func (f SenderFunc) Send(ctx context.Context, m Message) error { return f(ctx, m) }

// ErrRefused means that trying again will not help.
var ErrRefused = errors.New("mail: the message was refused")

// check refuses what could become a second header, or a second recipient (RFC 5322 §2.2, RFC 5321 §4.1.2).
func (m Message) check() error {
	if strings.ContainsFunc(m.To+m.Subject, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 }) {
		return fmt.Errorf("%w: a header holds a control character", ErrRefused)
	}
	if one, err := mail.ParseAddress(m.To); err != nil || one.Name != "" || one.Address != m.To {
		return fmt.Errorf("%w: the recipient is not one address", ErrRefused)
	}
	return nil
}
