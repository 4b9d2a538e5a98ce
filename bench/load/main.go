// Command load measures a running authwright binary: it starts the demo, drives one kind of operation at a time
// and prints, for each, operations a second, latency, failures, and the CPU time the server spent per operation.
//
//	go run ./bench/load -binary bin/authwright [-database postgres://…] [-clients 1,8,64] [-ops 2000]
//
// The CPU time is read from /proc, so it needs Linux. It is the steady figure; the rest depends on what else runs.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

type settings struct {
	binary, database, listen, only string
	clients                        []int
	ops                            int
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func run() error {
	var s settings
	var clients string
	flag.StringVar(&s.binary, "binary", "bin/authwright", "the binary to measure")
	flag.StringVar(&s.database, "database", "", "postgres:// URL; the embedded database when empty")
	flag.StringVar(&s.listen, "listen", "127.0.0.1:18999", "loopback address for the server")
	flag.StringVar(&s.only, "only", "", "comma-separated scenarios; all when empty")
	flag.StringVar(&clients, "clients", "1,8,64", "numbers of concurrent clients")
	flag.IntVar(&s.ops, "ops", 2000, "operations per measurement")
	flag.Parse()
	for text := range strings.SplitSeq(clients, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return fmt.Errorf("-clients %q: numbers from 1, separated by commas", clients)
		}
		s.clients = append(s.clients, n)
	}
	if err := coldStart(s); err != nil {
		return err
	}
	srv, err := start(s)
	if err != nil {
		return err
	}
	defer srv.stop()
	fmt.Printf("%-22s %7s %10s %9s %9s %9s %7s %14s\n", "operation", "clients", "ops/s", "p50 ms", "p99 ms", "max ms", "failed", "server CPU ms")
	failed := false
	for _, sc := range scenarios {
		if s.only != "" && !slices.Contains(strings.Split(s.only, ","), sc.name) {
			continue
		}
		for _, n := range s.clients {
			r, err := measure(srv, sc, n, s.ops)
			if err != nil {
				return fmt.Errorf("%s with %d clients: %w", sc.name, n, err)
			}
			fmt.Printf("%-22s %7d %10.0f %9.2f %9.2f %9.2f %7d %14.3f\n", sc.name, n, r.rate, r.p50, r.p99, r.max, r.failed, r.cpu)
			failed = failed || r.failed > 0
		}
	}
	rss, err := srv.rss()
	if err != nil {
		return err
	}
	fmt.Printf("resident memory at the end: %.1f MB\n", rss)
	if failed {
		return errors.New("some operations failed")
	}
	return nil
}

type result struct {
	rate, p50, p99, max, cpu float64
	failed                   int64
}

// measure runs ops operations with n clients at once. Each client prepares itself first; that is not counted.
func measure(srv *process, sc scenario, n, ops int) (result, error) {
	workers := make([]func() error, n)
	for i := range workers {
		w, err := sc.prepare(srv, i)
		if err != nil {
			return result{}, fmt.Errorf("preparing: %w", err)
		}
		workers[i] = w
	}
	for range 3 { // warm connections and caches
		if err := workers[0](); err != nil {
			return result{}, fmt.Errorf("warming up: %w", err)
		}
	}
	var left, failed atomic.Int64
	left.Store(int64(max(ops, n)))
	took := make([][]time.Duration, n)
	before, err := srv.cpu()
	if err != nil {
		return result{}, err
	}
	began := time.Now()
	var wg sync.WaitGroup
	for i, work := range workers {
		wg.Go(func() {
			for left.Add(-1) >= 0 {
				start := time.Now()
				if err := work(); err != nil {
					failed.Add(1)
					fmt.Fprintln(os.Stderr, "failed:", err)
				}
				took[i] = append(took[i], time.Since(start))
			}
		})
	}
	wg.Wait()
	elapsed := time.Since(began)
	after, err := srv.cpu()
	if err != nil {
		return result{}, err
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return result{
		rate: float64(len(all)) / elapsed.Seconds(), failed: failed.Load(),
		p50: ms(all[len(all)/2]), p99: ms(all[len(all)*99/100]), max: ms(all[len(all)-1]),
		cpu: (after - before).Seconds() * 1000 / float64(len(all)),
	}, nil
}
