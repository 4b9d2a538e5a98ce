// queue.go: letters wait here for a worker, so that nobody waits for a mail server.

package mail

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"
)

const (
	queueRoom = 1000
	workers   = 2
	sendLimit = 30 * time.Second // for one try
	drainFor  = 5 * time.Second  // for what waits when the queue is closed
)

// pauses are the waits before the next try.
var pauses = []time.Duration{2 * time.Second, 10 * time.Second, time.Minute}

// ErrFull means that too many letters wait: the mail server is slow or gone.
var ErrFull = errors.New("mail: too many letters are waiting")

// Queue is a bounded queue of letters.
type Queue struct {
	sender  Sender
	now     func() time.Time
	log     *slog.Logger
	letters chan Letter
	stopped context.Context // trying again has no more sense
	stop    context.CancelFunc
	pending sync.WaitGroup // letters that wait or are under way
	working sync.WaitGroup

	mu     sync.Mutex
	closed bool
}

// NewQueue begins to send. Close it when done.
func NewQueue(sender Sender, now func() time.Time, log *slog.Logger) *Queue {
	q := &Queue{sender: sender, now: now, log: log, letters: make(chan Letter, queueRoom)}
	q.stopped, q.stop = context.WithCancel(context.Background())
	for range workers {
		q.working.Go(func() {
			for l := range q.letters {
				q.bring(l)
				q.pending.Done()
			}
		})
	}
	return q
}

// Put files a letter. It does not wait: ErrFull when there is no room.
func (q *Queue) Put(l Letter) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrFull
	}
	q.pending.Add(1)
	select {
	case q.letters <- l:
		return nil
	default:
		q.pending.Done()
		return ErrFull
	}
}

// Settle waits until all letters that were put are brought or given up.
func (q *Queue) Settle() { q.pending.Wait() }

// Close sends what still waits, for a few seconds, and ends.
func (q *Queue) Close() {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return
	}
	q.closed = true
	close(q.letters)
	q.mu.Unlock()
	timer := time.AfterFunc(drainFor, q.stop)
	defer timer.Stop()
	q.working.Wait()
	q.stop()
}

// bring sends a letter, again after a while when that failed.
func (q *Queue) bring(l Letter) {
	if l.To == "" {
		return
	}
	m, err := l.message(q.now())
	for try := 0; err == nil && !q.over(l); try++ {
		if err = q.send(m); err == nil {
			return
		}
		if errors.Is(err, ErrRefused) || try == len(pauses) || !q.pause(pauses[try]) {
			break
		}
		q.complain(slog.LevelInfo, "a mail will be tried again", l, err)
		err = nil
	}
	q.complain(slog.LevelError, "a mail was not sent", l, err)
}

func (q *Queue) over(l Letter) bool {
	return q.stopped.Err() != nil || !l.Until.IsZero() && !q.now().Before(l.Until)
}

func (q *Queue) send(m Message) error {
	ctx, cancel := context.WithTimeout(q.stopped, sendLimit)
	defer cancel()
	return q.sender.Send(ctx, m)
}

// pause waits before the next try, and tells whether there should be one.
func (q *Queue) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-q.stopped.Done():
		return false
	}
}

// complain tells the operator, without the address and without a word of the letter.
func (q *Queue) complain(level slog.Level, what string, l Letter, err error) {
	reason := "it was over before it could be sent"
	if err != nil {
		reason = strings.ReplaceAll(err.Error(), l.To, "(the address)")
	}
	q.log.Log(q.stopped, level, what, "about", l.Title, "reason", reason)
}
