// sqlite_writer.go: the one goroutine that writes. Steps that wait together are committed together, so that they
// share what a commit costs: one write that reached the disk.

package sqldb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

const (
	groupSize = 256  // steps in one transaction
	queueSize = 1024 // steps that may wait before submit does
)

var errClosed = errors.New("the database is closed")

// sqliteWriter runs steps one after the other.
type sqliteWriter struct {
	conn  *sqliteConn
	queue chan *sqliteStep
	ended chan struct{}

	mu      sync.RWMutex // held for reading by whoever sends to queue
	stopped bool
}

// sqliteStep is a step on its way to the disk.
type sqliteStep struct {
	do     func(run) error
	single bool // it is one statement, which SQLite undoes by itself when it fails
	state  atomic.Int32
	result error
	done   chan struct{}
}

// The states of a step: who moves it out of waiting owns it.
const (
	waiting int32 = iota
	begun
	withdrawn
)

func startSQLiteWriter(conn *sqliteConn) *sqliteWriter {
	w := &sqliteWriter{conn: conn, queue: make(chan *sqliteStep, queueSize), ended: make(chan struct{})}
	go w.loop()
	return w
}

// submit returns once the step is durable, or failed, or was withdrawn because ctx ended before it began.
func (w *sqliteWriter) submit(ctx context.Context, single bool, do func(run) error) error {
	s := &sqliteStep{do: do, single: single, done: make(chan struct{})}
	if err := w.enqueue(ctx, s); err != nil {
		return err
	}
	select {
	case <-s.done:
	case <-ctx.Done():
		if s.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		<-s.done
	}
	return s.result
}

func (w *sqliteWriter) enqueue(ctx context.Context, s *sqliteStep) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.stopped {
		return errClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case w.queue <- s:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// stop lets the steps that wait end and refuses others.
func (w *sqliteWriter) stop() {
	w.mu.Lock()
	if !w.stopped {
		w.stopped = true
		close(w.queue)
	}
	w.mu.Unlock()
	<-w.ended
}

// loop gathers the steps that wait into groups.
func (w *sqliteWriter) loop() {
	defer close(w.ended)
	group := make([]*sqliteStep, 0, groupSize)
	for s := range w.queue {
		group = append(group[:0], s)
		for len(group) < groupSize && len(w.queue) > 0 {
			group = append(group, <-w.queue)
		}
		w.commit(group)
	}
}

var (
	beginGroup    = sql("beginning a transaction", `begin immediate`)
	commitGroup   = sql("committing", `commit`)
	rollbackGroup = sql("rolling back", `rollback`)
	beginStep     = sql("beginning a step", `savepoint step`)
	keepStep      = sql("keeping a step", `release step`)
	undoStep      = sql("undoing a step", `rollback to step`)
)

// commit runs a group in one transaction. When the transaction fails, each of its steps failed.
func (w *sqliteWriter) commit(group []*sqliteStep) {
	mine := group[:0]
	for _, s := range group {
		if s.state.CompareAndSwap(waiting, begun) {
			mine = append(mine, s)
		}
	}
	if len(mine) == 0 {
		return
	}
	err := w.transaction(mine)
	for _, s := range mine {
		if err != nil {
			s.result = err
		}
		close(s.done)
	}
}

func (w *sqliteWriter) transaction(group []*sqliteStep) error {
	err := w.exec(beginGroup)
	for i := 0; err == nil && i < len(group); i++ {
		err = w.runStep(group[i])
	}
	if err == nil {
		err = w.exec(commitGroup)
	}
	if err != nil {
		_ = w.exec(rollbackGroup) // its own failure says that SQLite has rolled back already
	}
	return err
}

// runStep runs a step and keeps what it answers. The error it returns is that of the whole group.
func (w *sqliteWriter) runStep(s *sqliteStep) error {
	if s.single {
		s.result = s.do(w.conn.run)
		return broken(s.result)
	}
	if err := w.exec(beginStep); err != nil {
		return err
	}
	if s.result = s.do(w.conn.run); s.result != nil {
		if err := broken(s.result); err != nil {
			return err
		}
		if err := w.exec(undoStep); err != nil {
			return err
		}
	}
	return w.exec(keepStep)
}

func broken(err error) error {
	if err != nil && breaksGroup(err) {
		return err
	}
	return nil
}

func (w *sqliteWriter) exec(s *statement) error {
	if _, err := w.conn.run(context.Background(), s.with(), nil); err != nil {
		return fmt.Errorf("%s: %w", s.does, err)
	}
	return nil
}
