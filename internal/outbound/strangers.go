// strangers.go: calls to addresses that somebody outside had a hand in
// (draft-ietf-oauth-client-id-metadata-document §6; OWASP: server-side request forgery).

package outbound

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Resolver looks up the addresses of a name. *net.Resolver is one.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// Strangers reads documents from addresses that strangers gave. The zero value works and calls public https hosts
// on port 443 only. A name is resolved once; every answer must be public; what was checked is what is dialled.
type Strangers struct {
	Loopback    bool           // http and https to 127.0.0.1, [::1] and localhost, any port: for demos and development
	Networks    []netip.Prefix // ranges that may be called although they are special
	Ports       []uint16       // ports that may be called besides 443
	ByHand      bool           // somebody asks from their own machine: also http, any port, and hosts that are addresses in Networks
	Roots       *x509.CertPool // of the certificates that are trusted; the system's when nil
	Resolver    Resolver       // net.DefaultResolver when nil
	Timeout     time.Duration  // for the whole call, name lookup included; 5 s when zero
	MaxBody     int64          // bytes; 5 KiB when zero
	Concurrency int            // calls under way at once; 32 when zero

	once  sync.Once
	slots chan struct{}
}

// Get reads a document. The status may be any; redirects are not followed.
func (s *Strangers) Get(ctx context.Context, rawURL, accept string) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, or(s.Timeout, 5*time.Second))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, nil)
	if err != nil {
		return nil, refuse("it is not a URL")
	}
	req.Header.Set("Accept", accept)
	res, err := s.Do(req)
	if err != nil {
		return nil, err
	}
	return read(ctx, res, or(s.MaxBody, 5<<10))
}

// Do sends a request; redirects are not followed. The request's context bounds the call, the caller what it reads of
// the body, which it closes.
func (s *Strangers) Do(req *http.Request) (*http.Response, error) {
	s.once.Do(func() { s.slots = make(chan struct{}, or(s.Concurrency, 32)) })
	ctx := req.Context()
	target, err := s.check(req.URL.String())
	if err != nil {
		return nil, err
	}
	select {
	case s.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("%w: %w", ErrBusy, ctx.Err())
	}
	leave := sync.OnceFunc(func() { <-s.slots })
	addrs, err := s.resolve(ctx, target)
	if err != nil {
		leave()
		return nil, err
	}
	req = req.Clone(ctx)
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", "Authwright")
	transport := s.transport(addrs, target)
	client := http.Client{Transport: transport, CheckRedirect: neverRedirect}
	res, err := client.Do(req)
	if err != nil {
		leave()
		return nil, fmt.Errorf("calling %s: %w", target.host, err)
	}
	res.Body = &lastBody{res.Body, func() { transport.CloseIdleConnections(); leave() }}
	return res, nil
}

// lastBody gives back what a call held when its body is closed.
type lastBody struct {
	io.ReadCloser
	done func()
}

// Close closes the body.
func (b *lastBody) Close() error {
	defer b.done()
	return b.ReadCloser.Close()
}

// Check tells whether the URL alone would be refused. It makes no call.
func (s *Strangers) Check(rawURL string) error {
	_, err := s.check(rawURL)
	return err
}

// target is a URL that passed check.
type target struct {
	host     string
	port     uint16
	loopback bool
	address  netip.Addr // the host, when it is an address that may be called
}

// check applies the rules that need no network: https, a name, port 443; or this machine where that is allowed.
func (s *Strangers) check(rawURL string) (target, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || u.Opaque != "" || u.User != nil {
		return target{}, refuse("it is not a plain absolute URL")
	}
	t := target{host: u.Hostname(), port: 443}
	if u.Scheme == "http" {
		t.port = 80
	}
	if text := u.Port(); text != "" {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return target{}, refuse("its port is not a port")
		}
		t.port = uint16(port)
	}
	if s.Loopback && (u.Scheme == "http" || u.Scheme == "https") && slices.Contains(loopbackHosts, t.host) {
		t.loopback = true
		return t, nil
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !s.ByHand) {
		return target{}, refuse("it is not https")
	}
	if addr, err := netip.ParseAddr(t.host); err == nil && s.ByHand && within(addr.Unmap(), s.Networks) {
		t.address = addr.Unmap()
	} else if err == nil || looksNumeric(t.host) {
		return target{}, refuse("its host is an IP address")
	}
	if t.port != 443 && !s.ByHand && !slices.Contains(s.Ports, t.port) {
		return target{}, refuse("its port is not 443")
	}
	return t, nil
}

var loopbackHosts = []string{"127.0.0.1", "::1", "localhost"}

// looksNumeric tells whether some resolver might read the host as an IPv4 address: 127.1, 0x7f000001, 2130706433.
// It does so when the last label begins with a digit; no public domain has such a label (RFC 3696 §2).
func looksNumeric(host string) bool {
	last := host
	for i := len(host) - 1; i >= 0; i-- {
		if host[i] == '.' && i < len(host)-1 {
			last = host[i+1:]
			break
		}
	}
	return last == "" || '0' <= last[0] && last[0] <= '9'
}

// maxAddresses is how many of a name's addresses are tried.
const maxAddresses = 4

// resolve looks the host up once. One special address among the answers condemns the name, because whoever
// controls it could have us try that one.
func (s *Strangers) resolve(ctx context.Context, t target) ([]netip.Addr, error) {
	if t.loopback {
		if addr, err := netip.ParseAddr(t.host); err == nil {
			return []netip.Addr{addr}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback()}, nil
	}
	if t.address.IsValid() {
		return []netip.Addr{t.address}, nil
	}
	resolver := s.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	addrs, err := resolver.LookupNetIP(ctx, "ip", t.host)
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", t.host, err)
	}
	if len(addrs) == 0 {
		return nil, fmt.Errorf("looking up %s: it has no address", t.host)
	}
	for i, addr := range addrs {
		addrs[i] = addr.Unmap() // how the address would be dialled
		if !s.may(addrs[i]) {
			return nil, refuse("its name resolves to an address outside the public Internet")
		}
	}
	return addrs[:min(len(addrs), maxAddresses)], nil
}

// may tells whether an address may be called.
func (s *Strangers) may(addr netip.Addr) bool { return !Special(addr) || within(addr, s.Networks) }

// transport is for one call: it dials only the addresses that were checked, whatever the name says by then.
func (s *Strangers) transport(addrs []netip.Addr, t target) *http.Transport {
	dialer := net.Dialer{
		ControlContext: func(_ context.Context, _, address string, _ syscall.RawConn) error {
			pinned, err := netip.ParseAddrPort(address)
			if err != nil || pinned.Port() != t.port || !slices.Contains(addrs, pinned.Addr().Unmap()) {
				return refuse("the address to dial is not the one that was checked")
			}
			return nil
		},
	}
	return &http.Transport{
		Proxy: nil, // a proxy would resolve the name again
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var failed []error
			for _, addr := range addrs {
				conn, err := dialer.DialContext(ctx, network, netip.AddrPortFrom(addr, t.port).String())
				if err == nil {
					return conn, nil
				}
				failed = append(failed, err)
			}
			return nil, errors.Join(failed...)
		},
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots},
		DisableKeepAlives:      true,
		DisableCompression:     true,
		MaxResponseHeaderBytes: maxHeader,
	}
}
