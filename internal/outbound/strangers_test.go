package outbound

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// names is a resolver: each lookup of a name takes the next of its answers, and the last one from then on.
type names map[string][][]string

func (n names) LookupNetIP(_ context.Context, network, host string) ([]netip.Addr, error) {
	answers := n[host]
	if network != "ip" || len(answers) == 0 {
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	if len(answers) > 1 {
		n[host] = answers[1:]
	}
	var addrs []netip.Addr
	for _, text := range answers[0] {
		addrs = append(addrs, netip.MustParseAddr(text))
	}
	return addrs, nil
}

// site is a TLS server that calls itself app.example, and a client that may reach it.
func site(t *testing.T, handler http.HandlerFunc) (*Strangers, string) {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are part of the test
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	u, _ := url.Parse(server.URL)
	port, _ := strconv.Atoi(u.Port())
	return &Strangers{
		Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		Ports:    []uint16{uint16(port)},
		Roots:    roots,
		Resolver: names{"example.com": {{"127.0.0.1"}}}, // the name in httptest's certificate
	}, "https://example.com:" + u.Port()
}

func TestStrangersReadsADocument(t *testing.T) {
	var seen http.Header
	s, base := site(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.Header.Clone()
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "a=b")
		fmt.Fprint(w, `{}`)
	})
	for range 2 {
		res, err := s.Get(t.Context(), base+"/client.json", "application/json")
		if err != nil || res.Status != 200 || string(res.Body) != "{}" || res.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("Get = %+v, %v; want 200 and {}", res, err)
		}
	}
	want := http.Header{"Accept": {"application/json"}, "Accept-Encoding": {"identity"}, "User-Agent": {"Authwright"}, "Connection": {"close"}}
	if len(seen) != len(want) {
		t.Errorf("the server saw headers %v, want %v: nothing else, and no cookie at the second call", seen, want)
	}
	for name := range want {
		if seen.Get(name) != want.Get(name) {
			t.Errorf("the server saw %s: %q, want %q", name, seen.Get(name), want.Get(name))
		}
	}
}

func TestStrangersRefusesByURL(t *testing.T) {
	for _, tt := range []struct{ name, url string }{
		{"http", "http://app.example/c"},
		{"another scheme", "ftp://app.example/c"},
		{"a file", "file:///etc/passwd"},
		{"no host", "https:///c"},
		{"no scheme", "app.example/c"},
		{"an opaque URL", "https:app.example"},
		{"user information", "https://user@app.example/c"},
		{"another port", "https://app.example:8443/c"},
		{"port 0", "https://app.example:0/c"},
		{"port 80", "https://app.example:80/c"},
		{"a port too large", "https://app.example:70000/c"},
		{"a public IPv4 address", "https://93.184.215.14/c"},
		{"a public IPv6 address", "https://[2606:2800::1]/c"},
		{"a private address", "https://10.0.0.1/c"},
		{"a short address", "https://127.1/c"},
		{"a hexadecimal address", "https://0x7f000001/c"},
		{"an octal address", "https://0177.0.0.1/c"},
		{"an address as a number", "https://2130706433/c"},
		{"an address with a trailing dot", "https://127.0.0.1./c"},
		{"loopback while it is off", "http://127.0.0.1:8080/c"},
		{"loopback by name while it is off", "http://localhost:8080/c"},
		{"loopback over https while it is off", "https://[::1]:8080/c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Strangers{Resolver: names{}}
			if err := s.Check(tt.url); !errors.Is(err, ErrRefused) {
				t.Errorf("Check(%q) = %v, want ErrRefused", tt.url, err)
			}
			if _, err := s.Get(t.Context(), tt.url, "application/json"); !errors.Is(err, ErrRefused) {
				t.Errorf("Get(%q) = %v, want ErrRefused", tt.url, err)
			}
		})
	}
}

func TestStrangersRefusesByAnswer(t *testing.T) {
	public := "93.184.215.14"
	for _, tt := range []struct {
		name    string
		answers []string
	}{
		{"loopback", []string{"127.0.0.1"}},
		{"cloud metadata", []string{"169.254.169.254"}},
		{"IPv6 loopback", []string{"::1"}},
		{"IPv4-mapped loopback", []string{"::ffff:127.0.0.1"}},
		{"NAT64 of loopback", []string{"64:ff9b::7f00:1"}},
		{"one private address after a public one", []string{public, "10.0.0.1"}},
		{"one private address before a public one", []string{"fd00::1", public}},
		{"one private address among more than are tried", []string{public, public, public, public, public, "192.168.1.1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Strangers{Resolver: names{"app.example": {tt.answers}}}
			if _, err := s.Get(t.Context(), "https://app.example/c", "application/json"); !errors.Is(err, ErrRefused) {
				t.Errorf("Get of a name with %v = %v, want ErrRefused", tt.answers, err)
			}
		})
	}
	s := &Strangers{Resolver: names{}}
	if _, err := s.Get(t.Context(), "https://app.example/c", ""); err == nil || errors.Is(err, ErrRefused) {
		t.Errorf("Get of a name that is not there = %v, want a failure that is no refusal", err)
	}
}

// TestStrangersResolvesOnce: a name that answers well when it is checked and badly when it is used (DNS rebinding)
// gains nothing, because it is looked up once.
func TestStrangersResolvesOnce(t *testing.T) {
	s, base := site(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "right") })
	s.Resolver = names{"example.com": {{"127.0.0.1"}, {"127.0.0.2"}}}
	res, err := s.Get(t.Context(), base+"/c", "")
	if err != nil || string(res.Body) != "right" {
		t.Fatalf("Get = %+v, %v; want the server of the first answer", res, err)
	}
	if _, err := s.Get(t.Context(), base+"/c", ""); !errors.Is(err, ErrRefused) {
		t.Errorf("Get with the second answer = %v, want ErrRefused: it is outside the networks that are allowed", err)
	}
}

func TestStrangersDialsOnlyWhatWasChecked(t *testing.T) {
	s := &Strangers{}
	checked := []netip.Addr{netip.MustParseAddr("127.0.0.1")}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).AddrPort().Port()
	transport := s.transport(checked, target{host: "app.example", port: port})
	conn, err := transport.DialContext(t.Context(), "tcp", "203.0.113.1:1") // what the URL says does not matter any more
	if err != nil {
		t.Fatalf("dialling = %v, want the checked address", err)
	}
	defer conn.Close()
	if got := conn.RemoteAddr().String(); got != listener.Addr().String() {
		t.Errorf("dialled %s, want %s", got, listener.Addr())
	}
	if transport.Proxy != nil {
		t.Error("a proxy is used; it would resolve the name itself")
	}
}

func TestStrangersIgnoresTheProxyOfTheEnvironment(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	s, base := site(t, func(w http.ResponseWriter, _ *http.Request) {})
	if _, err := s.Get(t.Context(), base+"/c", ""); err != nil {
		t.Errorf("Get with a dead proxy in the environment = %v, want none", err)
	}
}

func TestStrangersTriesTheOtherAddresses(t *testing.T) {
	s, base := site(t, func(w http.ResponseWriter, _ *http.Request) {})
	s.Networks = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	s.Resolver = names{"example.com": {{"127.0.0.9", "127.0.0.1"}}} // nobody listens on the first
	if _, err := s.Get(t.Context(), base+"/c", ""); err != nil {
		t.Errorf("Get = %v, want none: the second address answers", err)
	}
}

func TestStrangersHandsBackWhatIsNotADocument(t *testing.T) {
	var calls atomic.Int32
	s, base := site(t, func(w http.ResponseWriter, r *http.Request) {
		calls.Add(1)
		status, _ := strconv.Atoi(r.URL.Path[1:])
		w.Header().Set("Location", "https://example.com/elsewhere")
		w.WriteHeader(status)
	})
	for _, status := range []int{301, 302, 303, 307, 308, 404, 500} {
		calls.Store(0)
		res, err := s.Get(t.Context(), fmt.Sprintf("%s/%d", base, status), "")
		if err != nil || res.Status != status || calls.Load() != 1 {
			t.Errorf("Get of a %d = %+v, %v after %d calls; want the %d after one", status, res, err, calls.Load(), status)
		}
	}
}

func TestStrangersBoundsTheAnswer(t *testing.T) {
	exact := strings.Repeat("a", 5<<10)
	var packed bytes.Buffer
	zip := gzip.NewWriter(&packed)
	zip.Write(make([]byte, 1<<20))
	zip.Close()
	s, base := site(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/exact":
			fmt.Fprint(w, exact)
		case "/more":
			fmt.Fprint(w, exact+"a")
		case "/chunked":
			w.(http.Flusher).Flush()
			fmt.Fprint(w, exact+"a")
		case "/gzip":
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed.Bytes())
		case "/header":
			w.Header().Set("X", strings.Repeat("a", maxHeader))
		}
	})
	for _, tt := range []struct {
		path string
		want error
	}{{"/exact", nil}, {"/more", ErrTooLarge}, {"/chunked", ErrTooLarge}, {"/gzip", ErrEncoding}} {
		if _, err := s.Get(t.Context(), base+tt.path, ""); !errors.Is(err, tt.want) {
			t.Errorf("Get(%s) = %v, want %v", tt.path, err, tt.want)
		}
	}
	if _, err := s.Get(t.Context(), base+"/header", ""); err == nil {
		t.Error("Get of an answer with 16 KiB of header = none, want an error")
	}
}

func TestStrangersWantsAValidCertificate(t *testing.T) {
	s, base := site(t, func(w http.ResponseWriter, _ *http.Request) { t.Error("the request was sent") })
	s.Roots = x509.NewCertPool()
	if _, err := s.Get(t.Context(), base+"/c", ""); err == nil {
		t.Error("Get from a server of an unknown authority = none, want an error")
	}
	s, base = site(t, func(w http.ResponseWriter, _ *http.Request) { t.Error("the request was sent") })
	s.Resolver = names{"other.test": {{"127.0.0.1"}}}
	if _, err := s.Get(t.Context(), strings.Replace(base, "example.com", "other.test", 1)+"/c", ""); err == nil {
		t.Error("Get from a server with another name's certificate = none, want an error")
	}
}

// TestStrangersGivesUpInTime: a server that sends a byte now and then does not hold a call for longer than the timeout.
func TestStrangersGivesUpInTime(t *testing.T) {
	stop := make(chan struct{})
	s, base := site(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush()
		select {
		case <-stop:
		case <-r.Context().Done():
		}
	})
	defer close(stop)
	s.Timeout = 50 * time.Millisecond
	if _, err := s.Get(t.Context(), base+"/c", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get of a body that does not end = %v, want the deadline", err)
	}
}

type stuck struct{}

func (stuck) LookupNetIP(ctx context.Context, _, _ string) ([]netip.Addr, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestStrangersBoundsCallsUnderWay: with every slot taken by names that do not resolve, the next call waits no longer
// than a call may last, and the slots come free again.
func TestStrangersBoundsCallsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Strangers{Resolver: stuck{}, Concurrency: 2}
		done := make(chan error, 3)
		start := time.Now()
		for range 2 {
			go func() { _, err := s.Get(t.Context(), "https://app.example/c", ""); done <- err }()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.Get(ctx, "https://app.example/c", ""); !errors.Is(err, ErrBusy) {
			t.Errorf("the third of two calls = %v, want ErrBusy", err)
		}
		for range 2 {
			if err := <-done; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("a call whose name does not resolve = %v, want the deadline", err)
			}
		}
		if took := time.Since(start); took != 5*time.Second {
			t.Errorf("it took %v, want 5s", took)
		}
		if len(s.slots) != 0 {
			t.Errorf("%d slots are still taken, want none", len(s.slots))
		}
	})
}

func TestStrangersReadsLoopbackWhereAllowed(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "{}") }))
	defer server.Close()
	s := &Strangers{Loopback: true, Resolver: names{"rebound.example": {{"127.0.0.1"}}}}
	port := server.URL[strings.LastIndex(server.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost"} {
		if _, err := s.Get(t.Context(), "http://"+host+port+"/c", ""); err != nil {
			t.Errorf("Get from %s = %v, want none", host, err)
		}
	}
	for _, wrong := range []string{"https://rebound.example/c", "http://127.0.0.2" + port + "/c", "http://0.0.0.0" + port + "/c", "http://10.0.0.1/c",
		"http://localhost.example" + port + "/c", "http://[::ffff:127.0.0.1]" + port + "/c"} {
		if _, err := s.Get(t.Context(), wrong, ""); !errors.Is(err, ErrRefused) {
			t.Errorf("Get(%s) = %v, want ErrRefused", wrong, err)
		}
	}
}

func TestOperator(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/ok":
			fmt.Fprint(w, r.Header.Get("Accept"))
		case "/moved":
			http.Redirect(w, r, "/ok", http.StatusTemporaryRedirect)
		case "/large":
			fmt.Fprint(w, strings.Repeat("a", 101))
		case "/slow":
			<-r.Context().Done()
		}
	}))
	defer server.Close()
	o := &Operator{MaxBody: 100, Timeout: 50 * time.Millisecond}
	if res, err := o.Get(t.Context(), server.URL+"/ok", "application/json"); err != nil || string(res.Body) != "application/json" {
		t.Errorf("Get(/ok) = %+v, %v; want the document", res, err)
	}
	if res, err := o.Get(t.Context(), server.URL+"/moved", ""); err != nil || res.Status != http.StatusTemporaryRedirect {
		t.Errorf("Get(/moved) = %+v, %v; want the redirect itself", res, err)
	}
	if _, err := o.Get(t.Context(), server.URL+"/large", ""); !errors.Is(err, ErrTooLarge) {
		t.Errorf("Get(/large) = %v, want ErrTooLarge", err)
	}
	if _, err := o.Get(t.Context(), server.URL+"/slow", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Get(/slow) = %v, want the deadline", err)
	}
}

// FuzzCheck: a URL that passes is https with a named host on port 443.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{"https://app.example/c", "https://0x7f.1/", "https://[::1]/", "https://a:443@b/", "http://a/", "https://1.1.1.1./"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if (&Strangers{}).Check(raw) != nil {
			return
		}
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || u.User != nil || u.Port() != "" && u.Port() != "443" && strings.TrimLeft(u.Port(), "0") != "443" {
			t.Fatalf("Check accepts %q", raw)
		}
		if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Hostname() == "" {
			t.Fatalf("Check accepts the host of %q", raw)
		}
	})
}

func TestStrangersCallsByHand(t *testing.T) {
	lan := []netip.Prefix{netip.MustParsePrefix("192.168.7.0/24")}
	for _, tt := range []struct {
		name, url string
		want      bool
	}{
		{"http", "http://app.example/mcp", true},
		{"another port", "https://app.example:8443/mcp", true},
		{"an address in a network that may be called", "http://192.168.7.2:3000/mcp", true},
		{"an address outside it", "http://192.168.8.2:3000/mcp", false},
		{"a public address", "https://93.184.215.14/mcp", false},
		{"this machine while it is off", "http://127.0.0.1:3000/mcp", false},
		{"a file", "file:///etc/passwd", false},
		{"user information", "https://user@app.example/mcp", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &Strangers{ByHand: true, Networks: lan, Resolver: names{}}
			if err := s.Check(tt.url); errors.Is(err, ErrRefused) == tt.want {
				t.Errorf("Check(%q) by hand = %v, want it called: %v", tt.url, err, tt.want)
			}
		})
	}
}
