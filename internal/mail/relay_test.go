package mail

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

const relayHost = "mail.acme.example"

// relay is a mail server (RFC 5321) of one client at a time. The zero relay takes everything, without TLS.
type relay struct {
	tls      *tls.Config
	implicit bool                // TLS from the first byte; else STARTTLS is offered, if there is a configuration
	auth     string              // what it offers inside TLS
	clear    string              // what it offers outside of it
	injected string              // what somebody on the way adds to the answer to STARTTLS
	answers  map[string][]string // to a verb, one after the other, before it is fine; "" is the greeting

	mu     sync.Mutex
	lines  []string // what was heard in the clear
	safe   []string // what was heard inside TLS
	mails  []string
	calls  int
	closed sync.WaitGroup // the connections that the client has not closed
}

// listen answers over TCP.
func (s *relay) listen(t *testing.T) (port int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.serve(conn)
		}
	}()
	return l.Addr().(*net.TCPAddr).Port
}

// pipe answers in memory.
func (s *relay) pipe(context.Context, string, string) (net.Conn, error) {
	theirs, ours := net.Pipe()
	s.serve(ours)
	return theirs, nil
}

func (s *relay) serve(conn net.Conn) {
	s.mu.Lock()
	s.calls++
	s.mu.Unlock()
	s.closed.Go(func() {
		c := &call{relay: s, conn: conn}
		defer func() { c.conn.Close() }()
		if s.implicit {
			c.secure()
		}
		c.in = bufio.NewReader(c.conn)
		c.talk()
	})
}

// call is one connection.
type call struct {
	*relay
	conn   net.Conn
	in     *bufio.Reader
	inside bool
}

func (c *call) secure() {
	c.conn, c.inside = tls.Server(c.conn, c.tls), true
	c.in = bufio.NewReader(c.conn)
}

// say writes one answer, and tells whether it was a good one.
func (c *call) say(verb, fine string) bool {
	c.mu.Lock()
	if planned := c.answers[verb]; len(planned) > 0 {
		fine, c.answers[verb] = planned[0], planned[1:]
	}
	c.mu.Unlock()
	_, err := c.conn.Write([]byte(fine + "\r\n"))
	return err == nil && fine[0] < '4'
}

func (c *call) talk() {
	c.say("", "220 ready")
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		c.heard(line)
		switch verb := strings.ToUpper(strings.SplitN(line+" ", " ", 2)[0]); verb {
		case "EHLO":
			c.say(verb, c.greeting())
		case "STARTTLS":
			if c.say(verb, "220 go on"+c.injected) {
				c.secure()
			}
		case "AUTH":
			c.say(verb, "235 welcome")
		case "DATA":
			if c.say(verb, "354 go on") && !c.take() {
				return
			}
		case "QUIT":
			c.say(verb, "221 bye")
			_, _ = c.in.ReadByte() // until the other side hangs up
			return
		default:
			c.say(verb, "250 fine")
		}
	}
}

func (c *call) greeting() string {
	offers := []string{"hello"}
	if c.tls != nil && !c.inside {
		offers = append(offers, "STARTTLS")
	}
	if auth := map[bool]string{true: c.auth, false: c.clear}[c.inside]; auth != "" {
		offers = append(offers, "AUTH "+auth)
	}
	for i := range offers[:len(offers)-1] {
		offers[i] = "250-" + offers[i]
	}
	offers[len(offers)-1] = "250 " + offers[len(offers)-1]
	return strings.Join(offers, "\r\n")
}

// take reads a mail to its end and answers.
func (c *call) take() bool {
	var all strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		c.heard(strings.TrimRight(line, "\r\n"))
		if line == ".\r\n" {
			break
		}
		all.WriteString(line)
	}
	if c.say("the mail", "250 taken") {
		c.mu.Lock()
		c.mails = append(c.mails, all.String())
		c.mu.Unlock()
	}
	return true
}

func (c *call) heard(line string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inside {
		c.safe = append(c.safe, line)
	} else {
		c.lines = append(c.lines, line)
	}
}

// inClear and inTLS are what was heard, once the client has hung up.
func (s *relay) inClear() string { s.closed.Wait(); return strings.Join(s.lines, "\n") }
func (s *relay) inTLS() string   { s.closed.Wait(); return strings.Join(s.safe, "\n") }

// certificate makes one for a host, and who vouches for it.
func certificate(t *testing.T, host string) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	as := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{host}, NotBefore: time.Unix(0, 0), NotAfter: noon.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, as, as, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{raw}, PrivateKey: key}},
		SessionTicketsDisabled: true, // over a pipe nobody would wait for them
	}, roots
}

// plain is what a log-in with AUTH PLAIN sends (RFC 4616 §2).
func plain(user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte("\x00" + user + "\x00" + password))
}
