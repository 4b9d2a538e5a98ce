package mail

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	stdmail "net/mail"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func letter() Letter {
	return Letter{
		To: "ada@example.com", Site: "Acme", Title: "Your sign-in code", Lines: []string{"Type this code."}, Code: "1234 5678",
		Link: "https://auth.example/login/link?t=x.y", LinkText: "Sign in", Closing: []string{"If it was not you, ignore this."},
	}
}

func TestALetterSaysTheSameInBothSpellings(t *testing.T) {
	m, err := letter().message(noon)
	if err != nil || m.To != "ada@example.com" || m.Subject != "Your sign-in code · Acme" || !m.At.Equal(noon) {
		t.Fatalf("message() = %+v, %v, want a message to ada with title and site as subject", m, err)
	}
	for _, want := range []string{"Your sign-in code", "Type this code.", "1234 5678", "https://auth.example/login/link?t=x.y", "Sign in", "If it was not you", "Acme"} {
		for spelling, got := range map[string]string{"text": m.Text, "HTML": m.HTML} {
			if !strings.Contains(got, want) {
				t.Errorf("the %s is\n%s\nwant %q in it", spelling, got, want)
			}
		}
	}
	for _, remote := range []string{"<img", "src=", "url(", "<script", "<link"} {
		if strings.Contains(m.HTML, remote) {
			t.Errorf("the HTML holds %s, want nothing that is loaded from elsewhere:\n%s", remote, m.HTML)
		}
	}
}

func TestALetterCannotBecomeAnother(t *testing.T) {
	l := letter()
	l.Site = "Acme\r\nBcc: eve@example.com\u2028<b>x</b>"
	m, err := l.message(noon)
	if err != nil || strings.ContainsAny(m.Subject, "\r\n\u2028") {
		t.Errorf("message() of a site with a line break has the subject %q, %v, want one line", m.Subject, err)
	}
	if strings.Contains(m.HTML, "<b>") {
		t.Errorf("the HTML holds markup from the site's name:\n%s", m.HTML)
	}
	for _, to := range []string{"ada@example.com\r\nBcc: eve@example.com", "ada@example.com, eve@example.com", "Ada <ada@example.com>", "ada", "@example.com", "<ada@example.com>"} {
		l := letter()
		l.To = to
		if _, err := l.message(noon); !errors.Is(err, ErrRefused) {
			t.Errorf("message() to %q = %v, want %v", to, err, ErrRefused)
		}
	}
}

// box keeps what it is sent, after it failed as often as it was told to.
type box struct {
	mu    sync.Mutex
	fails []error
	tries int
	got   []Message
}

func (b *box) Send(_ context.Context, m Message) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tries++
	if len(b.fails) > 0 {
		err := b.fails[0]
		b.fails = b.fails[1:]
		return err
	}
	b.got = append(b.got, m)
	return nil
}

func TestTheQueueTriesAgainAsLongAsItHelps(t *testing.T) {
	busy := errors.New("421 ada@example.com: try again later")
	for _, tt := range []struct {
		name  string
		fails []error
		until time.Duration
		tries int
		sent  bool
	}{
		{"it works at once", nil, time.Hour, 1, true},
		{"it works at the third try", []error{busy, busy}, time.Hour, 3, true},
		{"it never works", []error{busy, busy, busy, busy, busy}, time.Hour, 4, false},
		{"it is refused for good", []error{ErrRefused}, time.Hour, 1, false},
		{"the letter is over before it works", []error{busy, busy}, 5 * time.Second, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				b := &box{fails: tt.fails}
				q := NewQueue(b, time.Now, slog.New(slog.NewTextHandler(&log, nil)))
				l := letter()
				l.Until = time.Now().Add(tt.until)
				if err := q.Put(l); err != nil {
					t.Fatalf("Put() = %v, want nil", err)
				}
				q.Settle()
				if b.tries != tt.tries || len(b.got) > 0 != tt.sent {
					t.Errorf("after %v the queue tried %d times and sent %d, want %d tries, sent: %t", tt.fails, b.tries, len(b.got), tt.tries, tt.sent)
				}
				if !tt.sent && !strings.Contains(log.String(), "a mail was not sent") {
					t.Errorf("the log is %q, want that a mail was not sent", log.String())
				}
				for _, secret := range []string{"ada@example.com", "1234", "x.y"} {
					if strings.Contains(log.String(), secret) {
						t.Errorf("the log holds %q:\n%s", secret, log.String())
					}
				}
				q.Close()
			})
		})
	}
}

func TestALetterToNobodyTakesTheSameWayAndIsDropped(t *testing.T) {
	b := &box{}
	q := NewQueue(b, time.Now, slog.New(slog.DiscardHandler))
	defer q.Close()
	l := letter()
	l.To = ""
	if err := q.Put(l); err != nil {
		t.Errorf("Put() to nobody = %v, want nil", err)
	}
	q.Settle()
	if b.tries != 0 {
		t.Errorf("the queue sent %d messages, want none", b.tries)
	}
}

func TestASlowMailServerFillsTheQueueAndHoldsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var stuck SenderFunc = func(ctx context.Context, _ Message) error { <-ctx.Done(); return ctx.Err() }
		q := NewQueue(stuck, time.Now, slog.New(slog.DiscardHandler))
		began, full := time.Now(), 0
		for range queueRoom + workers + 10 {
			if err := q.Put(letter()); errors.Is(err, ErrFull) {
				full++
			}
		}
		if full < 10 || time.Since(began) != 0 {
			t.Errorf("%d letters found no room and Put took %s, want at least 10 and no time", full, time.Since(began))
		}
		q.Close()
		if took := time.Since(began); took != drainFor {
			t.Errorf("Close() took %s, want %s", took, drainFor)
		}
		if err := q.Put(letter()); !errors.Is(err, ErrFull) {
			t.Errorf("Put() after Close() = %v, want %v", err, ErrFull)
		}
	})
}

// postOffice speaks enough SMTP to take one message. Without TLS: that is offered to nobody.
func postOffice(t *testing.T) (port int, got func() string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	heard := make(chan string, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		var all strings.Builder
		defer func() { heard <- all.String() }()
		io.WriteString(conn, "220 ready\r\n")
		lines, data := bufio.NewScanner(conn), false
		for lines.Scan() {
			line := lines.Text()
			all.WriteString(line + "\n")
			verb := strings.ToUpper(strings.SplitN(line+" ", " ", 2)[0])
			switch {
			case data && line != ".":
				continue
			case data:
				data = false
				io.WriteString(conn, "250 taken\r\n")
			case verb == "DATA":
				data = true
				io.WriteString(conn, "354 go on\r\n")
			case verb == "QUIT":
				io.WriteString(conn, "221 bye\r\n")
				return
			default:
				io.WriteString(conn, "250 fine\r\n")
			}
		}
	}()
	return l.Addr().(*net.TCPAddr).Port, func() string { return <-heard }
}

func TestAMessageGoesOutOverSMTP(t *testing.T) {
	port, got := postOffice(t)
	s, err := SMTP{Host: "127.0.0.1", Port: port, From: "Acme <no-reply@acme.example>", TLS: NoTLS}.NewSender()
	if err != nil {
		t.Fatal(err)
	}
	m, err := letter().message(noon)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatalf("Send() = %v, want nil", err)
	}
	heard := got()
	for _, want := range []string{"MAIL FROM:<no-reply@acme.example>", "RCPT TO:<ada@example.com>", "To: <ada@example.com>", "Auto-Submitted: auto-generated", "multipart/alternative", "1234 5678"} {
		if !strings.Contains(heard, want) {
			t.Errorf("the mail server heard\n%s\nwant %q in it", heard, want)
		}
	}
	_, headers, _ := strings.Cut(heard, "DATA\n")
	parsed, err := stdmail.ReadMessage(strings.NewReader(headers))
	if err != nil || parsed.Header.Get("Bcc") != "" || parsed.Header.Get("User-Agent") != "" {
		t.Errorf("ReadMessage() = %v, %v, want a message without Bcc and User-Agent", parsed, err)
	}
}

func TestWithoutTLSAServerHearsNothing(t *testing.T) {
	port, got := postOffice(t)
	s, err := SMTP{Host: "127.0.0.1", Port: port, User: "acme", Password: "s3cret", From: "no-reply@acme.example"}.NewSender()
	if err != nil {
		t.Fatal(err)
	}
	m, err := letter().message(noon)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = s.Send(ctx, m)
	cancel()
	if err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("Send() to a server without STARTTLS = %v, want an error that may pass", err)
	}
	if heard := got(); strings.Contains(heard, "ada@") || strings.Contains(heard, "AUTH") || strings.Contains(heard, "1234") {
		t.Errorf("the mail server heard\n%s\nwant no address, password or code", heard)
	}
}

func TestASenderNeedsAnAddressAndAWay(t *testing.T) {
	for _, s := range []SMTP{{Host: "h", Port: 25, From: "acme"}, {Host: "h", Port: 25, From: "a@b.example", TLS: "maybe"}, {Port: 25, From: "a@b.example"}} {
		if _, err := s.NewSender(); err == nil {
			t.Errorf("NewSender() of %+v = nil, want an error", s)
		}
	}
}
