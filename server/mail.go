// mail.go: which mail server brings our messages, and what goes on about them.

package server

import (
	"context"
	"fmt"
	"net"
	stdmail "net/mail"
	"os"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/oauth"
)

// Mail is a message to one person, as plain text and as HTML that says the same and loads nothing.
type Mail struct {
	To, Subject, Text, HTML string
	At                      time.Time
}

// SMTP is a mail server. Host and From must be set.
type SMTP struct {
	Host string
	// Port is 587 when zero, or 465 with TLS "tls".
	Port int
	// User is the account at the mail server; empty for none.
	User string
	// Password is the account's, or PasswordFile names a file that holds it.
	Password, PasswordFile string
	// From is who our mails are from: an address, or "Name <address>".
	From string
	// TLS is "starttls" when empty: it is required. "tls" is TLS from the first byte, "none" is for a mail server on
	// this machine.
	TLS string
}

// check says what is wrong with a mail server, if one is set at all.
func (s SMTP) check(add func(field, format string, args ...any)) {
	if s == (SMTP{}) {
		return
	}
	if s.Host == "" || strings.ContainsAny(s.Host, " /:@") && net.ParseIP(s.Host) == nil {
		add("smtp.host", "must be the name or address of a mail server, without a port")
	}
	if s.Port < 0 || s.Port > 65535 {
		add("smtp.port", "%d is no port", s.Port)
	}
	if from, err := stdmail.ParseAddress(s.From); err != nil || strings.ContainsAny(from.Name+from.Address, "\r\n") {
		add("smtp.from", "must be an address such as no-reply@example.com, or Name <no-reply@example.com>")
	}
	switch {
	case s.Password != "" && s.PasswordFile != "":
		add("smtp.password", "is set beside smtp.password_file: keep one of them")
	case s.User != "" && s.Password == "" && s.PasswordFile == "":
		add("smtp.password_file", "is missing: name a file with the password of smtp.user, or set smtp.password")
	case s.User == "" && (s.Password != "" || s.PasswordFile != ""):
		add("smtp.user", "is missing: whose password is it?")
	}
	if _, err := s.password(); err != nil {
		add("smtp.password_file", "%v", err)
	}
	switch mail.TLS(s.TLS) {
	case "", mail.StartTLS, mail.Implicit:
	case mail.NoTLS:
		if !oauth.IsLoopbackHost(s.Host) {
			add("smtp.tls", "none is for a mail server on this machine: sign-in links would be read on the way to %s", s.Host)
		}
	default:
		add("smtp.tls", "%q is not one of starttls, tls, none", s.TLS)
	}
}

// password reads the password. A line break at the end of the file is not part of it.
func (s SMTP) password() (string, error) {
	if s.PasswordFile == "" {
		return s.Password, nil
	}
	text, err := os.ReadFile(s.PasswordFile)
	if err != nil {
		return "", err
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty", s.PasswordFile)
	}
	return secret, nil
}

// Send brings one message through the mail server and waits until it is taken.
func (s SMTP) Send(ctx context.Context, m Mail) error {
	sender, err := s.sender()
	if err != nil {
		return err
	}
	return sender.Send(ctx, mail.Message(m))
}

// sender prepares to send. It connects for each message.
func (s SMTP) sender() (mail.Sender, error) {
	secret, err := s.password()
	if err != nil {
		return nil, fmt.Errorf("the password of the mail server: %w", err)
	}
	server := mail.SMTP{Host: s.Host, Port: s.Port, User: s.User, Password: secret, From: s.From, TLS: mail.TLS(s.TLS)}
	switch {
	case server.Port == 0 && server.TLS == mail.Implicit:
		server.Port = 465
	case server.Port == 0:
		server.Port = 587
	}
	return server.NewSender()
}

// mailQueue begins to send, or is nil where no mail can be sent.
func (c Config) mailQueue() (*mail.Queue, error) {
	if c.DeliverMail != nil {
		send := mail.SenderFunc(func(ctx context.Context, m mail.Message) error {
			return c.DeliverMail(ctx, Mail{m.To, m.Subject, m.Text, m.HTML, m.At})
		})
		return mail.NewQueue(send, c.Now, c.Log), nil
	}
	if c.SMTP == (SMTP{}) {
		return nil, nil
	}
	sender, err := c.SMTP.sender()
	if err != nil {
		return nil, err
	}
	return mail.NewQueue(sender, c.Now, c.Log), nil
}
