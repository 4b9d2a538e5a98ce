package mail

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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
