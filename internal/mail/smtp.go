// smtp.go sends over SMTP (RFC 5321) with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314 §3.3).

package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

const smtpTimeout = 15 * time.Second // to connect, and for each command

// TLS says how the connection to the mail server is protected.
type TLS string

// The ways.
const (
	StartTLS TLS = "starttls" // required: a server that does not offer it gets nothing
	Implicit TLS = "tls"
	NoTLS    TLS = "none"
)

// SMTP is a mail server and the account there.
type SMTP struct {
	Host     string
	Port     int
	User     string // "" for no log-in
	Password string
	From     string // "Name <address>" or an address
	TLS      TLS    // StartTLS when empty
}

// NewSender prepares to send. It connects for each message, so that a mail server may restart.
func (s SMTP) NewSender() (Sender, error) {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("the sender's address: %w", err)
	}
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(smtpTimeout)}
	switch s.TLS {
	case StartTLS, "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Implicit:
		options = append(options, gomail.WithSSL())
	case NoTLS:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		return nil, fmt.Errorf("%q is no way to protect a connection", s.TLS)
	}
	if s.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(s.User), gomail.WithPassword(s.Password))
	}
	if _, err := gomail.NewClient(s.Host, options...); err != nil {
		return nil, fmt.Errorf("preparing to send mail: %w", err)
	}
	return SenderFunc(func(ctx context.Context, m Message) error { return s.deliver(ctx, options, from, m) }), nil
}

// dial opens the connection. go-mail leaves one open whose greeting, TLS or log-in failed, so we keep it to close it.
func (s SMTP) dial(ctx context.Context, options []gomail.Option) (*gomail.Client, *smtp.Client, error) {
	var opened net.Conn
	if s.TLS != Implicit { // there only go-mail's own dialer is known to be encrypted, which a log-in needs
		options = append(slices.Clone(options), gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			opened = conn
			return conn, err
		}))
	}
	client, err := gomail.NewClient(s.Host, options...)
	if err != nil {
		return nil, nil, err
	}
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil && opened != nil {
		err = errors.Join(err, opened.Close())
	}
	return client, conn, err
}

func (s SMTP) deliver(ctx context.Context, options []gomail.Option, from *mail.Address, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageID()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	client, conn, err := s.dial(ctx, options)
	if err != nil {
		return fmt.Errorf("connecting to the mail server: %w", err)
	}
	defer func() { _ = client.CloseWithSMTPClient(conn) }() // the mail has gone or failed by then
	err = client.SendWithSMTPClient(conn, msg)
	var failed *gomail.SendError
	if errors.As(err, &failed) && !failed.IsTemp() && failed.ErrorCode() >= 500 {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
