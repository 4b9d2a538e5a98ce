// demo_mail.go keeps the mails of the demo and shows them at /demo/mail. They go nowhere else: whoever can reach the
// demo, which is on loopback, reads everybody's.

package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/authwright/authwright/server"
)

const outboxRoom = 50

// outbox holds the newest mails, in memory.
type outbox struct {
	mu    sync.Mutex
	mails []server.Mail // oldest first
}

func (o *outbox) deliver(_ context.Context, m server.Mail) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mails = append(o.mails, m)
	if over := len(o.mails) - outboxRoom; over > 0 {
		o.mails = slices.Delete(o.mails, 0, over)
	}
	return nil
}

// shownMail is a mail as the page shows it.
type shownMail struct {
	To, Subject, At, AtISO string
	Lines                  []shownLine
}

// shownLine is a line of the text: words, or an address of ours to follow.
type shownLine struct{ Text, Link string }

// shown are the mails, newest first. Only what is under the issuer becomes a link.
func (o *outbox) shown(issuer string) (list []shownMail) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, m := range slices.Backward(o.mails) {
		s := shownMail{To: m.To, Subject: m.Subject, At: m.At.Format("15:04:05"), AtISO: m.At.UTC().Format(time.RFC3339)}
		for line := range strings.Lines(m.Text) {
			line = strings.TrimSpace(line)
			switch {
			case strings.HasPrefix(line, issuer+"/"):
				s.Lines = append(s.Lines, shownLine{Link: line})
			case line != "":
				s.Lines = append(s.Lines, shownLine{Text: line})
			}
		}
		list = append(list, s)
	}
	return list
}
