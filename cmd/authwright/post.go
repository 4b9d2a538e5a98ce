// post.go: the mail of a command. A server keeps letters in a queue and tries again; a command waits until each is taken by
// the mail server or not, and tells which.

package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/organizations"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/server"
)

// post brings the letters of one command.
type post struct {
	queue *mail.Queue // nil where the configuration has no mail server

	mu      sync.Mutex
	brought int
	failed  error // the first
	down    bool  // the mail server does not answer: the rest is not tried
}

// bringFor is how long the mail server may take for one letter.
const bringFor = 30 * time.Second

// post begins to bring letters.
func (d *deployment) post(ctx context.Context) *post {
	p := new(post)
	if d.SMTP == (server.SMTP{}) {
		return p
	}
	send := mail.SenderFunc(func(_ context.Context, m mail.Message) error {
		if p.isDown() {
			return mail.ErrRefused
		}
		within, cancel := context.WithTimeout(ctx, bringFor)
		defer cancel()
		return p.came(d.SMTP.Send(within, server.Mail{To: m.To, Subject: m.Subject, Text: m.Text, HTML: m.HTML, At: m.At}))
	})
	p.queue = mail.NewQueue(send, time.Now, slog.New(slog.DiscardHandler))
	return p
}

func (p *post) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}

// came notes what became of a letter. Nothing is tried again: the operator is waiting.
func (p *post) came(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil {
		p.brought++
		return nil
	}
	if p.failed == nil {
		p.failed = err
	}
	p.down = p.down || !errors.Is(err, mail.ErrRefused)
	return mail.ErrRefused
}

// settle waits for the letters that were put, and tells how many were brought and why others were not.
func (p *post) settle() (brought int, failed error) {
	if p.queue == nil {
		return 0, nil
	}
	p.queue.Settle()
	p.queue.Close()
	return p.brought, p.failed
}

// office does for a command what organizations do. Its mail goes by the post.
func (p *post) office(project store.Project, st store.Store) *organizations.Office {
	return &organizations.Office{Store: st, Settings: project.Settings, Site: project.Name, Issuer: project.Issuer, Mail: p.queue}
}

// tellWhoAsked waits for the letters to the members who asked for an app, and says whom the operator has to tell.
func (p *post) tellWhoAsked(out *console, wishes []store.Approval) {
	told, err := p.settle()
	switch {
	case told == len(wishes):
	case p.queue == nil:
		for _, wish := range wishes {
			out.warn("%s asked for it: tell them, the configuration has no mail server", wish.Person)
		}
	case err != nil:
		out.warn("%d of the %d who asked for it could not be told by mail, they see it at the next connection: %v", len(wishes)-told, len(wishes), err)
	default:
		out.warn("%d of the %d who asked for it have no proven address: they see it at the next connection", len(wishes)-told, len(wishes))
	}
}

// byMail is how many were told, as the end of a sentence; "" when nobody asked.
func (p *post) byMail() string {
	switch p.brought {
	case 0:
		return ""
	case 1:
		return " Who asked for it was told by mail."
	}
	return " Those who asked for it were told by mail."
}
