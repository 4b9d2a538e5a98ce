package sqldb

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authwright/authwright/internal/store"
)

// Statements of the tests, on a table of their own. A row of child without its parent makes the commit fail, not the statement.
var (
	testParents  = sql("making a table", `create table parent (id bigint primary key)`)
	testChildren = sql("making a table", `
		create table child (id bigint primary key references parent deferrable initially deferred, filler blob)`)
	testInsert      = sql("adding a parent", `insert into parent (id) values ($1)`)
	testOrphan      = sql("adding an orphan", `insert into child (id, filler) values ($1, '')`)
	testKeys        = sql("checking keys", `pragma foreign_keys = on`)
	testNoMorePages = sql("filling the disk", `pragma max_page_count = 1`) // it is never less than there are
	testFill        = sql("filling the file", `insert into child (id, filler) values (0, zeroblob($1))`)
	testSelect      = sql("listing parents", `select id from parent order by id`)
	testUnparsed    = sql("failing", `insert into nowhere (id) values ($1)`)
	testRollback    = sql("rolling all back", `insert or rollback into parent (id) values ($1)`)
	testSynchrony   = sql("asking", `pragma synchronous`)
	testJournal     = sql("asking", `pragma journal_mode`)
	testReadOnly    = sql("asking", `pragma query_only`)
)

// held is a data file whose writer is held up by a step, so that what is submitted meanwhile becomes one group.
type held struct {
	*sqliteEngine
	t       *testing.T
	release func()
	results []error
	wait    sync.WaitGroup
}

func openEngineFile(t *testing.T) *sqliteEngine {
	t.Helper()
	db := open(t, "sqlite:"+filepath.Join(t.TempDir(), "a.db")).(*database)
	e := db.engine.(*sqliteEngine)
	must(t, e.steps(t.Context(), func(run run) error {
		for _, s := range []*statement{testParents, testChildren} {
			if _, err := run(t.Context(), s.with(), nil); err != nil {
				return err
			}
		}
		return nil
	}))
	_, err := e.writer.conn.run(t.Context(), testKeys.with(), nil) // outside of a transaction, where it has an effect; the writer is idle
	must(t, err)
	return e
}

func hold(t *testing.T) *held {
	t.Helper()
	h := &held{sqliteEngine: openEngineFile(t), t: t}
	holding, released := make(chan struct{}), make(chan struct{})
	h.release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(h.release)
	h.submit(t.Context(), true, func(run run) error {
		close(holding)
		<-released
		return nil
	})
	<-holding
	return h
}

// submit gives the writer a step and returns once it is queued.
func (h *held) submit(ctx context.Context, single bool, do func(run) error) {
	n := len(h.results)
	h.results = append(h.results, nil)
	queued := len(h.writer.queue)
	h.wait.Go(func() { h.results[n] = h.writer.submit(ctx, single, do) })
	if n > 0 {
		h.await(func() bool { return len(h.writer.queue) > queued })
	}
}

func (h *held) await(is func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !is(); {
		if time.Now().After(deadline) {
			h.t.Fatal("waited in vain")
		}
		time.Sleep(50 * time.Microsecond)
	}
}

// insert is a step that adds parents, each with its own statement.
func insert(ids ...int) func(run) error {
	return func(run run) error {
		for _, id := range ids {
			if _, err := each(context.Background(), run, testInsert.with(id), nil); err != nil {
				return err
			}
		}
		return nil
	}
}

// end lets the group run and returns what was answered to each step of it.
func (h *held) end() []error {
	h.release()
	h.wait.Wait()
	return h.results[1:]
}

func (h *held) parents(want ...int64) {
	h.t.Helper()
	got, err := all(h.t.Context(), h.look, scanOne[int64], testSelect.with())
	must(h.t, err)
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Errorf("the rows: -want +got\n%s", diff)
	}
}

func TestAGroupKeepsWhatSucceeded(t *testing.T) {
	h := hold(t)
	ctx := t.Context()
	h.submit(ctx, true, insert(1))
	h.submit(ctx, false, insert(2, 3, 1, 4)) // meets the 1 that is there
	h.submit(ctx, true, insert(1))
	h.submit(ctx, true, func(run run) error { _, err := run(ctx, testUnparsed.with(1), nil); return err })
	h.submit(ctx, false, func(run run) error { return errors.Join(insert(5)(run), errors.New("changed its mind")) })
	h.submit(ctx, false, insert(6, 7))
	results := h.end()
	for i, want := range []string{"", "already", "already", "no such table", "changed its mind", ""} {
		if got := fmt.Sprint(results[i]); (results[i] == nil) != (want == "") || !strings.Contains(got, want) {
			t.Errorf("step %d = %v, want %q", i, results[i], want)
		}
	}
	h.parents(1, 6, 7)
}

func TestAFailingCommitFailsEveryStepOfItsGroup(t *testing.T) {
	h := hold(t)
	ctx := t.Context()
	h.submit(ctx, true, insert(1))
	h.submit(ctx, true, func(run run) error { _, err := run(ctx, testOrphan.with(99), nil); return err })
	h.submit(ctx, true, func(run run) error { return store.ErrNotFound })
	h.submit(ctx, false, insert(2, 3))
	for i, err := range h.end() {
		if err == nil || !strings.Contains(err.Error(), "committing: constraint failed: FOREIGN KEY") {
			t.Errorf("step %d = %v, want the failure of the commit", i, err)
		}
	}
	h.parents()
	must(t, h.writer.submit(ctx, false, insert(1, 2)))
	h.parents(1, 2)
}

func TestAFullDiskFailsEveryStepOfItsGroup(t *testing.T) {
	h := hold(t)
	ctx := t.Context()
	h.submit(ctx, true, insert(1))
	h.submit(ctx, true, func(run run) error {
		if _, err := run(ctx, testNoMorePages.with(), nil); err != nil {
			return err
		}
		_, err := run(ctx, testFill.with(1<<20), nil)
		return err
	})
	h.submit(ctx, true, insert(2))
	for i, err := range h.end() {
		if err == nil || !strings.Contains(err.Error(), "full") {
			t.Errorf("step %d = %v, want the failure of the disk", i, err)
		}
	}
	h.parents()
	must(t, h.writer.submit(ctx, true, insert(3)))
	h.parents(3)
}

func TestAStepThatRollsEverythingBackFailsItsGroup(t *testing.T) {
	h := hold(t)
	h.submit(t.Context(), true, insert(1))
	h.submit(t.Context(), true, func(run run) error { _, err := run(t.Context(), testRollback.with(1), nil); return err })
	h.submit(t.Context(), true, insert(2))
	for i, err := range h.end() {
		if err == nil {
			t.Errorf("step %d = nil, want the failure of the group", i)
		}
	}
	must(t, h.writer.submit(t.Context(), true, insert(3)))
}

func TestAStepIsWithdrawnBeforeItBeginsAndNotAfter(t *testing.T) {
	h := hold(t)
	ctx, cancel := context.WithCancel(t.Context())
	withdrawn := make(chan error)
	go func() { withdrawn <- h.writer.submit(ctx, true, insert(1)) }()
	h.await(func() bool { return len(h.writer.queue) == 1 })
	cancel()
	if err := <-withdrawn; !errors.Is(err, context.Canceled) {
		t.Errorf("a step whose caller left before it began = %v, want %v", err, context.Canceled)
	}
	later, cancelLater := context.WithCancel(t.Context())
	h.submit(later, true, func(run run) error {
		cancelLater()
		return insert(2)(run)
	})
	for i, err := range h.end() {
		if err != nil {
			t.Errorf("step %d, whose caller left after it began = %v, want no error", i, err)
		}
	}
	h.parents(2)
	if err := h.writer.submit(ctx, true, insert(3)); !errors.Is(err, context.Canceled) {
		t.Errorf("a step of a caller who had left = %v, want %v", err, context.Canceled)
	}
	h.parents(2)
}

func TestCloseWaitsForTheStepsUnderWay(t *testing.T) {
	h := hold(t)
	h.submit(t.Context(), true, insert(1))
	closed := make(chan struct{})
	go func() {
		h.writer.stop()
		close(closed)
	}()
	h.await(func() bool { // until the writer takes no more
		if !h.writer.mu.TryRLock() {
			return false
		}
		defer h.writer.mu.RUnlock()
		return h.writer.stopped
	})
	select {
	case <-closed:
		t.Error("stop returned while a step was under way")
	default:
	}
	if err := h.writer.submit(t.Context(), true, insert(2)); !errors.Is(err, errClosed) {
		t.Errorf("a step after stop = %v, want %v", err, errClosed)
	}
	for i, err := range h.end() {
		if err != nil {
			t.Errorf("step %d = %v, want no error", i, err)
		}
	}
	<-closed
	h.parents(1)
}

func TestTheWriterIsDurableAndTheReadersOnlyRead(t *testing.T) {
	e := openEngineFile(t)
	ask := func(run run, s *statement) string {
		t.Helper()
		asked := *s
		asked.returns = true
		answer, err := first(t.Context(), run, func(r row) (string, error) { return fmt.Sprint(r[0]), nil }, asked.with())
		must(t, err)
		return answer
	}
	var writer []string
	must(t, e.steps(t.Context(), func(run run) error {
		writer = []string{ask(run, testSynchrony), ask(run, testJournal), ask(run, testReadOnly)}
		return nil
	}))
	if diff := cmp.Diff([]string{"2", "wal", "0"}, writer); diff != "" {
		t.Errorf("synchronous, journal_mode and query_only of the writer: -want +got\n%s", diff)
	}
	if got := ask(e.look, testReadOnly); got != "1" {
		t.Errorf("query_only of a reader = %s, want 1", got)
	}
	if _, err := e.look(t.Context(), testInsert.with(1), nil); err == nil {
		t.Error("a reader wrote, want an error")
	}
}
