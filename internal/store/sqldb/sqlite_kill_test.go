//go:build unix

package sqldb

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// The child is this test binary, told by its environment which file to write.
const (
	envVictim    = "AUTHWRIGHT_TEST_VICTIM"
	victimGrants = 4 // that a child rotates at once, so that commits are groups
	kills        = 200
	killers      = 4 // files that are killed side by side
)

// TestNothingAnsweredIsLostToKill kills a program 200 times while it rotates grants and spends codes. Whatever was
// answered must be on the disk; the step that was under way may be there or not.
func TestNothingAnsweredIsLostToKill(t *testing.T) {
	if path := os.Getenv(envVictim); path != "" {
		victim(t, path)
		return
	}
	if testing.Short() {
		t.Skip("it takes some ten seconds")
	}
	var wg sync.WaitGroup
	for range killers {
		path := filepath.Join(t.TempDir(), "a.db")
		seedVictim(t, path)
		wg.Go(func() {
			told := ledger{generations: [victimGrants]int64{1, 1, 1, 1}}
			for range kills / killers {
				if err := told.kill(path); err != nil {
					t.Errorf("killing: %v", err)
					return
				}
				if !told.check(t, path) {
					return
				}
			}
			if told.rotations < kills/killers {
				t.Errorf("only %d rotations were answered before %d kills: the test proves nothing", told.rotations, kills/killers)
			}
		})
	}
	wg.Wait()
}

func victimGrant(i int) store.GrantID { return store.GrantID(fmt.Sprintf("grant-%d", i)) }

func seedVictim(t *testing.T, path string) {
	t.Helper()
	db, err := Open(t.Context(), "sqlite:"+path)
	must(t, err)
	s := db.For("default")
	must(t, s.CreatePerson(t.Context(), store.Person{ID: "per"}))
	must(t, s.CreateClient(t.Context(), store.Client{ID: "client", Origin: store.Registered}))
	for i := range victimGrants {
		g := benchGrant()
		g.ID = victimGrant(i)
		must(t, s.FileGrant(t.Context(), g))
		_, err := s.SpendCode(t.Context(), codeUse(g))
		must(t, err)
	}
	must(t, db.Close())
}

// victim rotates and spends until it is killed, and says after every answer what was answered.
func victim(t *testing.T, path string) {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+path)
	must(t, err)
	s := db.For("default")
	var wg sync.WaitGroup
	for i := range victimGrants {
		wg.Go(func() {
			g, err := s.Grant(ctx, victimGrant(i))
			for n := 0; err == nil; n++ {
				if g, err = s.RotateGrant(ctx, grantUse(g)); err != nil {
					break
				}
				fmt.Fprintf(os.Stdout, "rotated %d %d\n", i, g.Generation)
				if n%8 != 0 {
					continue
				}
				fresh := benchGrant()
				if err = s.FileGrant(ctx, fresh); err == nil {
					fmt.Fprintf(os.Stdout, "filed %s\n", fresh.ID)
					if _, err = s.SpendCode(ctx, codeUse(fresh)); err == nil {
						fmt.Fprintf(os.Stdout, "spent %s\n", fresh.ID)
					}
				}
			}
			fmt.Fprintf(os.Stdout, "failed %v\n", err)
		})
	}
	wg.Wait()
}

// ledger is what the children said.
type ledger struct {
	generations  [victimGrants]int64
	filed, spent []store.GrantID // by the last child
	rotations    int
}

// kill starts a child, kills it with SIGKILL at a random moment and notes what it had said. Four of five children may
// answer first; the fifth may still be opening the file, or repairing it after the one before.
func (l *ledger) kill(path string) error {
	l.filed, l.spent = nil, nil
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingAnsweredIsLostToKill$")
	cmd.Env = append(os.Environ(), envVictim+"="+path)
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	soon := func() {
		time.AfterFunc(time.Duration(rand.Int64N(int64(25*time.Millisecond))), func() { cmd.Process.Kill() })
	}
	begun := rand.IntN(5) == 0
	if begun {
		soon()
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if err := l.note(lines.Text()); err != nil {
			return fmt.Errorf("%w %s", err, problems.String())
		}
		if !begun {
			begun = true
			soon()
		}
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		return fmt.Errorf("the child ended with %v %s, want killed", err, problems.String())
	}
	return nil
}

func (l *ledger) note(line string) error {
	var i int
	var generation int64
	var id store.GrantID
	switch what, rest, _ := strings.Cut(line, " "); what {
	case "rotated":
		if n, err := fmt.Sscan(rest, &i, &generation); n != 2 {
			return fmt.Errorf("reading %q: %w", line, err)
		}
		if was := l.generations[i]; generation != was+1 {
			return fmt.Errorf("grant %d went from generation %d to %d", i, was, generation)
		}
		l.generations[i] = generation
		l.rotations++
	case "filed":
		id = store.GrantID(rest)
		l.filed = append(l.filed, id)
	case "spent":
		id = store.GrantID(rest)
		l.spent = append(l.spent, id)
	default:
		return fmt.Errorf("the child said %q", line)
	}
	return nil
}

// check compares the file with what was said.
func (l *ledger) check(t *testing.T, path string) bool {
	ctx := context.Background()
	db, err := Open(ctx, "sqlite:"+path)
	if err != nil {
		t.Errorf("Open after a kill = %v, want no error", err)
		return false
	}
	defer db.Close()
	s := db.For("default")
	for i, said := range l.generations {
		g, err := s.Grant(ctx, victimGrant(i))
		if err != nil || g.Generation != said && g.Generation != said+1 {
			t.Errorf("grant %d after a kill = generation %d, %v, want %d as answered, or the next", i, g.Generation, err, said)
		}
		l.generations[i] = g.Generation // where the next child begins
	}
	for _, id := range l.filed {
		if _, err := s.Grant(ctx, id); err != nil {
			t.Errorf("Grant(%s), which was filed before the kill = %v, want no error", id, err)
		}
	}
	for _, id := range l.spent {
		if g, err := s.Grant(ctx, id); err != nil || g.CodeSpent.IsZero() || g.Generation != 1 {
			t.Errorf("Grant(%s), spent before the kill = generation %d, spent at %v, %v, want it spent", id, g.Generation, g.CodeSpent, err)
		}
	}
	asked := *testIntegrity
	asked.returns = true
	whole, err := first(ctx, db.(*database).look, scanOne[string], asked.with())
	if err != nil || whole != "ok" {
		t.Errorf("integrity_check after a kill = %q, %v, want ok", whole, err)
	}
	return !t.Failed()
}

var testIntegrity = sql("checking the file", `pragma integrity_check`)
