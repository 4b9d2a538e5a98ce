// process.go starts the server, tells when it answers, and reads what it costs.

package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

type process struct {
	cmd  *exec.Cmd
	base string
	dir  string
}

// key is the key-encryption key of every server of this run: a PostgreSQL database outlives their folders.
var key = func() string {
	raw := make([]byte, 32)
	rand.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)
}()

// start runs the demo on fresh data and waits for its first answer.
func start(s settings) (*process, error) {
	dir, err := os.MkdirTemp("", "authwright-load-")
	if err != nil {
		return nil, err
	}
	return startIn(s, dir)
}

func startIn(s settings, dir string) (*process, error) {
	args := []string{"demo", "--listen", s.listen, "--data", dir}
	if s.database != "" {
		args = append(args, "--database", s.database)
	}
	p := &process{cmd: exec.Command(s.binary, args...), base: "http://" + s.listen, dir: dir}
	p.cmd.Env = append(os.Environ(), "AUTHWRIGHT_KEY="+key)
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting %s: %w", s.binary, err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Microsecond) {
		if res, err := http.Get(p.base + "/.well-known/oauth-authorization-server"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return p, nil
			}
		}
	}
	p.stop()
	return nil, fmt.Errorf("%s did not answer: see %s", s.binary, log.Name())
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt)
	_ = p.cmd.Wait()
	_ = os.RemoveAll(p.dir)
}

// cpu is the processor time the server has used.
func (p *process) cpu() (time.Duration, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	if err != nil || len(tasks) == 0 {
		return 0, fmt.Errorf("reading the server's CPU time: %w", errors.Join(err, errors.New("no threads")))
	}
	var total time.Duration
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // the thread has ended
		}
		ns, err := strconv.ParseInt(strings.Fields(string(text))[0], 10, 64)
		if err != nil {
			return 0, err
		}
		total += time.Duration(ns)
	}
	return total, nil
}

// rss is the server's resident memory in MB.
func (p *process) rss() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if value, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.Fields(value)[0], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("no VmRSS for the server")
}

// coldStart measures from exec to the first answer on a database that is there already, and the memory it then has.
func coldStart(s settings) error {
	dir, err := os.MkdirTemp("", "authwright-load-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	keep := dir + ".keep"
	var starts []float64
	var rss float64
	for i := range 6 {
		if i > 0 {
			if err := os.Rename(keep, dir); err != nil {
				return err
			}
		}
		began := time.Now()
		p, err := startIn(s, dir)
		if err != nil {
			return err
		}
		took := time.Since(began)
		if i > 0 { // the first made the database
			starts = append(starts, float64(took.Microseconds())/1000)
		}
		time.Sleep(500 * time.Millisecond) // until it idles
		if rss, err = p.rss(); err != nil {
			return err
		}
		_ = p.cmd.Process.Signal(os.Interrupt)
		_ = p.cmd.Wait()
		if err := os.Rename(dir, keep); err != nil {
			return err
		}
	}
	defer os.RemoveAll(keep)
	slices.Sort(starts)
	fmt.Printf("cold start to first answer: median %.1f ms (%.1f to %.1f), idle resident memory %.1f MB\n",
		starts[len(starts)/2], starts[0], starts[len(starts)-1], rss)
	return nil
}
