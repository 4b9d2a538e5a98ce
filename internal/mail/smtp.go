// smtp.go sends over SMTP (RFC 5321) with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314 §3.3).

package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"net/textproto"
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
	From     string         // "Name <address>" or an address
	TLS      TLS            // StartTLS when empty
	Roots    *x509.CertPool // whom its certificate may be from; the system's when nil

	connect func(ctx context.Context, network, address string) (net.Conn, error) // over the network when nil
}

// NewSender prepares to send. It connects for each message, so that a mail server may restart.
func (s SMTP) NewSender() (Sender, error) {
	from, err := mail.ParseAddress(s.From)
	if err != nil {
		return nil, fmt.Errorf("the sender's address: %w", err)
	}
	options := []gomail.Option{gomail.WithPort(s.Port), gomail.WithTimeout(smtpTimeout), gomail.WithTLSConfig(s.tls())}
	switch s.TLS {
	case StartTLS, "":
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	case Implicit: // dial encrypts; with this policy go-mail looks whether the connection is, before it logs in
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
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

// tls wants a certificate of the host (RFC 8314 §3, RFC 7817 §3).
func (s SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.Host, RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
}

// session is one connection to the mail server.
type session struct {
	client *gomail.Client
	smtp   *smtp.Client
	conn   net.Conn
}

// open connects, encrypts and logs in. go-mail leaves a connection open on which one of these failed: it is closed here.
func (s SMTP) open(ctx context.Context, options []gomail.Option) (session, error) {
	var c session
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		c.conn, err = s.dial(ctx, network, address)
		return c.conn, err
	}
	var err error
	if c.client, err = gomail.NewClient(s.Host, append(slices.Clone(options), gomail.WithDialContextFunc(dial))...); err != nil {
		return c, err
	}
	if c.smtp, err = c.client.DialToSMTPClientWithContext(ctx); err != nil && c.conn != nil {
		_ = c.conn.Close() // what went wrong before is what there is to say
	}
	return c, err
}

// dial connects, with TLS from the first byte where that is wanted.
func (s SMTP) dial(ctx context.Context, network, address string) (net.Conn, error) {
	connect := s.connect
	if connect == nil {
		connect = new(net.Dialer).DialContext
	}
	plain, err := connect(ctx, network, address)
	if err != nil || s.TLS != Implicit {
		return plain, err
	}
	conn := tls.Client(plain, s.tls())
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, plain.Close())
	}
	return conn, nil
}

// close says goodbye. The mail has gone or failed by then.
func (c session) close() {
	_ = c.client.CloseWithSMTPClient(c.smtp)
	_ = c.conn.Close() // whatever became of QUIT
}

func (s SMTP) deliver(ctx context.Context, options []gomail.Option, from *mail.Address, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	c, err := s.open(ctx, options)
	if err != nil {
		return final(fmt.Errorf("connecting to the mail server: %w", err))
	}
	defer c.close()
	msg := compose(from, m)
	err = c.client.SendWithSMTPClient(c.smtp, msg)
	if msg.IsDelivered() { // what the server says after it took the mail is no reason to send it twice
		return nil
	}
	return final(err)
}

func compose(from *mail.Address, m Message) *gomail.Msg {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageID()
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834 §5
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	return msg
}

// final marks an answer of 500 and above, after which nobody is to try the same again (RFC 5321 §4.2.1).
func final(err error) error {
	var failed *gomail.SendError
	var answer *textproto.Error
	switch {
	case errors.As(err, &failed) && !failed.IsTemp() && failed.ErrorCode() >= 500,
		errors.As(err, &answer) && answer.Code >= 500:
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
