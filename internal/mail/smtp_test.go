package mail

import (
	"bytes"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	stdmail "net/mail"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// sender is who sends over the pipe of a relay.
func (s *relay) sender(t *testing.T, with SMTP) Sender {
	t.Helper()
	with.Host, with.Port, with.From, with.connect = relayHost, 587, "Acme <no-reply@acme.example>", s.pipe
	sender, err := with.NewSender()
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func message(t *testing.T) Message {
	t.Helper()
	m, err := letter().message(noon)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAMessageGoesOutOverSMTP(t *testing.T) {
	s := &relay{}
	sender, err := SMTP{Host: "127.0.0.1", Port: s.listen(t), From: "Acme <no-reply@acme.example>", TLS: NoTLS}.NewSender()
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), message(t)); err != nil {
		t.Fatalf("Send() = %v, want nil", err)
	}
	heard := s.inClear()
	for _, want := range []string{"MAIL FROM:<no-reply@acme.example>", "RCPT TO:<ada@example.com>", "To: <ada@example.com>", "Auto-Submitted: auto-generated", "multipart/alternative", "1234 5678"} {
		if !strings.Contains(heard, want) {
			t.Errorf("the mail server heard\n%s\nwant %q in it", heard, want)
		}
	}
	if len(s.mails) != 1 {
		t.Fatalf("the mail server took %d mails, want 1", len(s.mails))
	}
	parsed, err := stdmail.ReadMessage(strings.NewReader(s.mails[0]))
	if err != nil || parsed.Header.Get("Bcc") != "" || parsed.Header.Get("User-Agent") != "" {
		t.Errorf("ReadMessage() = %v, %v, want a message without Bcc and User-Agent", parsed, err)
	}
}

// TestNobodyOnTheWayReadsAMail holds what is sent to TLS, and TLS to the name of the mail server.
func TestNobodyOnTheWayReadsAMail(t *testing.T) {
	ours, roots := certificate(t, relayHost)
	others, otherRoots := certificate(t, "mail.example.net")
	old := ours.Clone()
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for _, tt := range []struct {
		name string
		s    *relay
		with SMTP
		sent bool
	}{
		{"STARTTLS with a certificate of somebody we trust", &relay{tls: ours, auth: "PLAIN"}, SMTP{Roots: roots}, true},
		{"TLS from the first byte", &relay{tls: ours, implicit: true, auth: "PLAIN"}, SMTP{Roots: roots, TLS: Implicit}, true},
		{"words slipped in behind the answer to STARTTLS", &relay{tls: ours, auth: "PLAIN", injected: "\r\n250-hello\r\n250 AUTH CRAM-MD5"}, SMTP{Roots: roots}, true},
		{"no STARTTLS", &relay{clear: "PLAIN"}, SMTP{Roots: roots}, false},
		{"STARTTLS that is offered and refused", &relay{tls: ours, clear: "PLAIN", answers: map[string][]string{"STARTTLS": {"454 not now"}}}, SMTP{Roots: roots}, false},
		{"a certificate that nobody we trust vouches for", &relay{tls: ours, auth: "PLAIN"}, SMTP{}, false},
		{"a certificate of another name", &relay{tls: others, auth: "PLAIN"}, SMTP{Roots: otherRoots}, false},
		{"TLS of long ago", &relay{tls: old, auth: "PLAIN"}, SMTP{Roots: roots}, false},
		{"no TLS where it is wanted from the first byte", &relay{clear: "PLAIN"}, SMTP{Roots: roots, TLS: Implicit}, false},
		{"from the first byte, with a certificate that nobody vouches for", &relay{tls: ours, implicit: true, auth: "PLAIN"}, SMTP{TLS: Implicit}, false},
		{"from the first byte, with a certificate of another name", &relay{tls: others, implicit: true, auth: "PLAIN"}, SMTP{Roots: otherRoots, TLS: Implicit}, false},
		{"a log-in that is offered in the clear only", &relay{clear: "PLAIN LOGIN"}, SMTP{TLS: NoTLS}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tt.with.User, tt.with.Password = "acme", "s3cret"
				err := tt.s.sender(t, tt.with).Send(t.Context(), message(t))
				if (err == nil) != tt.sent {
					t.Errorf("Send() = %v, want sent: %t", err, tt.sent)
				}
				clear, safe := tt.s.inClear(), tt.s.inTLS()
				for _, secret := range []string{"ada@", "1234", "AUTH", "s3cret", plain("acme", "s3cret")} {
					if strings.Contains(clear, secret) {
						t.Errorf("in the clear the mail server heard\n%s\nwant no %q in it", clear, secret)
					}
				}
				if told := strings.Contains(safe, "AUTH PLAIN "+plain("acme", "s3cret")); told != tt.sent || len(tt.s.mails) > 0 != tt.sent {
					t.Errorf("inside TLS the mail server heard\n%s\nand took %d mails, want the password and the mail: %t", safe, len(tt.s.mails), tt.sent)
				}
				if err != nil && strings.Contains(err.Error(), "s3cret") {
					t.Errorf("Send() = %v, want no password in it", err)
				}
			})
		})
	}
}

func TestWithoutTLSAServerHearsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &relay{}
		err := s.sender(t, SMTP{}).Send(t.Context(), message(t))
		if err == nil || errors.Is(err, ErrRefused) {
			t.Errorf("Send() to a server without STARTTLS = %v, want an error that may pass", err)
		}
		if heard := s.inClear(); strings.Contains(heard, "ada@") || strings.Contains(heard, "MAIL") || len(s.mails) > 0 {
			t.Errorf("the mail server heard\n%s\nwant no address and no mail", heard)
		}
	})
}

// TestAMailServerHasTheLastWord tries what mail servers answer. Every row ends with all connections closed, which
// inClear waits for.
func TestAMailServerHasTheLastWord(t *testing.T) {
	config, roots := certificate(t, relayHost)
	for _, tt := range []struct {
		name, verb string
		answers    []string
		calls      int // after all tries
		sent       bool
	}{
		{"it greets", "", nil, 1, true},
		{"it is busy once", "", []string{"421 come back later"}, 2, true},
		{"it serves nobody", "", []string{"554 no mail here"}, 1, false},
		{"it cannot look up the password once", "AUTH", []string{"454 try again"}, 2, true},
		{"the password is wrong", "AUTH", []string{"535 no"}, 1, false},
		{"the sender is refused", "MAIL", []string{"550 not from you"}, 1, false},
		{"it wants to see the recipient again", "RCPT", []string{"451 greylisted, ada@example.com", "450 greylisted"}, 3, true},
		{"there is no such recipient", "RCPT", []string{"550 5.1.1 <ada@example.com>: who?"}, 1, false},
		{"its disk is full at the word DATA", "DATA", []string{"452 no room"}, 2, true},
		{"its disk is full at the end", "the mail", []string{"452 no room"}, 2, true},
		{"the mail is spam to it", "the mail", []string{"554 spam"}, 1, false},
		{"it is busy all the time", "MAIL", []string{"421 a", "421 b", "421 c", "421 d", "421 e"}, 4, false},
		{"it took the mail and then is busy", "RSET", []string{"421 closing"}, 1, true},
		{"it took the mail and knows no RSET", "RSET", []string{"502 what?"}, 1, true},
		{"it took the mail and refuses to say goodbye", "QUIT", []string{"500 what?"}, 1, true},
	} {
		for _, with := range []SMTP{{TLS: StartTLS}, {TLS: Implicit}} {
			t.Run(tt.name+", "+string(with.TLS), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					with.User, with.Password, with.Roots = "acme", "s3cret", roots
					s := &relay{tls: config, implicit: with.TLS == Implicit, auth: "LOGIN PLAIN", answers: map[string][]string{tt.verb: tt.answers}}
					var log bytes.Buffer
					q := NewQueue(s.sender(t, with), time.Now, slog.New(slog.NewTextHandler(&log, nil)))
					if err := q.Put(letter()); err != nil {
						t.Fatalf("Put() = %v, want nil", err)
					}
					q.Settle()
					q.Close()
					clear := s.inClear()
					if s.calls != tt.calls || len(s.mails) > 0 != tt.sent || len(s.mails) > 1 {
						t.Errorf("the mail server was called %d times and took %d mails, want %d and sent once: %t\n%s", s.calls, len(s.mails), tt.calls, tt.sent, log.String())
					}
					for _, secret := range []string{"ada@", "s3cret", "1234", plain("acme", "s3cret")} {
						if strings.Contains(log.String()+clear, secret) {
							t.Errorf("the log is\n%s\nand the way heard\n%s\nwant no %q in them", log.String(), clear, secret)
						}
					}
				})
			})
		}
	}
}

// TestAConnectionThatBreaksIsTriedAgain hangs up in the middle.
func TestAConnectionThatBreaksIsTriedAgain(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Write([]byte("220 ready\r\n"))
			conn.Close()
		}
	}()
	sender, err := SMTP{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, From: "no-reply@acme.example"}.NewSender()
	if err != nil {
		t.Fatal(err)
	}
	if err := sender.Send(t.Context(), message(t)); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("Send() to a server that hangs up = %v, want an error that may pass", err)
	}
}

func TestASenderNeedsAnAddressAndAWay(t *testing.T) {
	for _, s := range []SMTP{{Host: "h", Port: 25, From: "acme"}, {Host: "h", Port: 25, From: "a@b.example", TLS: "maybe"}, {Port: 25, From: "a@b.example"}} {
		if _, err := s.NewSender(); err == nil {
			t.Errorf("NewSender() of %+v = nil, want an error", s)
		}
	}
}
