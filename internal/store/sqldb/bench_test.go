package sqldb

import (
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/storetest"
)

// BenchmarkHot measures the steps of the token endpoint, durable, by 1, 8 and 64 callers at once. cpu-µs/op is what this
// process used; a PostgreSQL server's share is not in it.
func BenchmarkHot(b *testing.B) {
	for _, e := range []struct {
		name string
		url  func(b *testing.B) string
	}{
		{"sqlite", func(b *testing.B) string { return "sqlite:" + filepath.Join(b.TempDir(), "a.db") }},
		{"postgres", func(b *testing.B) string { return storetest.Postgres(b) }},
	} {
		b.Run(e.name, func(b *testing.B) {
			s := benchStore(b, e.url(b))
			for _, callers := range []int{1, 8, 64} {
				b.Run(fmt.Sprintf("FileGrant/c=%d", callers), func(b *testing.B) { benchFile(b, s, callers) })
				b.Run(fmt.Sprintf("SpendCode/c=%d", callers), func(b *testing.B) { benchSpend(b, s, callers) })
				b.Run(fmt.Sprintf("RotateGrant/c=%d", callers), func(b *testing.B) { benchRotate(b, s, callers) })
				b.Run(fmt.Sprintf("LiveGrant/c=%d", callers), func(b *testing.B) { benchLive(b, s, callers) })
			}
		})
	}
}

func benchStore(b *testing.B, url string) store.Store {
	s := open(b, url).For("default")
	must(b, s.CreatePerson(b.Context(), store.Person{ID: "per", Email: "a@example.com"}))
	must(b, s.CreateClient(b.Context(), store.Client{ID: "client", Origin: store.Registered}))
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

var benchEpoch = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

func benchGrant() store.Grant {
	id := store.NewID(time.Now())
	return store.Grant{
		ID: store.GrantID(id), Person: "per", Client: "client", Resource: "https://mcp.example/mcp",
		Scope: store.Scope{"todo:read", "todo:write"}, RedirectURI: "http://127.0.0.1:39123/callback",
		Challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", AuthTime: benchEpoch, Methods: []string{"pwd"}, Refreshable: true,
		Code: store.DigestOf(id), CodeExpires: benchEpoch.Add(time.Minute), CreatedAt: benchEpoch, UsedAt: benchEpoch,
		IdleUntil: benchEpoch.Add(time.Hour), Expires: benchEpoch.Add(1000 * time.Hour),
	}
}

func codeUse(g store.Grant) store.CodeUse {
	return store.CodeUse{Grant: g.ID, Code: g.Code, Client: g.Client, ClientVersion: 1, RedirectURI: string(g.RedirectURI),
		Challenge: g.Challenge, Idle: time.Hour, Now: benchEpoch.Add(time.Second)}
}

func grantUse(g store.Grant) store.GrantUse {
	return store.GrantUse{Grant: g.ID, Client: g.Client, ClientVersion: 1, Generation: g.Generation, Grace: 30 * time.Second,
		Idle: time.Hour, Life: 1000 * time.Hour, Now: benchEpoch.Add(time.Second)}
}

// spread runs b.N operations on callers goroutines and reports the processor time of each.
func spread(b *testing.B, callers int, op func(caller, i int) error) {
	var before, after syscall.Rusage
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	syscall.Getrusage(syscall.RUSAGE_SELF, &before)
	for caller := range callers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.N; i = int(next.Add(1)) - 1 {
				if err := op(caller, i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	syscall.Getrusage(syscall.RUSAGE_SELF, &after)
	cpu := time.Duration(after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano())
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-µs/op")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "op/s")
}

// filed files n grants.
func filed(b *testing.B, s store.Store, n int) []store.Grant {
	grants := make([]store.Grant, n)
	var wg sync.WaitGroup
	for part := range 64 {
		wg.Go(func() {
			for i := part; i < n; i += 64 {
				grants[i] = benchGrant()
				if err := s.FileGrant(b.Context(), grants[i]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	return grants
}

func benchFile(b *testing.B, s store.Store, callers int) {
	spread(b, callers, func(int, int) error { return s.FileGrant(b.Context(), benchGrant()) })
}

func benchSpend(b *testing.B, s store.Store, callers int) {
	grants := filed(b, s, b.N)
	spread(b, callers, func(_, i int) error {
		_, err := s.SpendCode(b.Context(), codeUse(grants[i]))
		return err
	})
}

// spent are n grants with a refresh token.
func spent(b *testing.B, s store.Store, n int) []store.Grant {
	grants := filed(b, s, n)
	for i := range grants {
		g, err := s.SpendCode(b.Context(), codeUse(grants[i]))
		must(b, err)
		grants[i] = g
	}
	return grants
}

func benchRotate(b *testing.B, s store.Store, callers int) {
	grants := spent(b, s, callers*16)
	spread(b, callers, func(caller, i int) error {
		g := &grants[caller*16+i%16]
		turned, err := s.RotateGrant(b.Context(), grantUse(*g))
		*g = turned
		return err
	})
}

func benchLive(b *testing.B, s store.Store, callers int) {
	grants := spent(b, s, 256)
	spread(b, callers, func(_, i int) error {
		_, err := s.LiveGrant(b.Context(), grants[i%256].ID, benchEpoch)
		return err
	})
}
