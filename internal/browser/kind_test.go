package browser

import (
	"net/netip"
	"testing"
)

func TestKind(t *testing.T) {
	for _, tt := range []struct{ name, agent, want string }{
		{"Chrome on a desk", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36", "Chrome on Linux"},
		{"Chrome on a telephone, which names Linux too", "Mozilla/5.0 (Linux; Android 16; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36", "Chrome on Android"},
		{"Edge, which names Chrome too", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36 Edg/150.0.0.0", "Edge on Windows"},
		{"Safari on a desk", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15", "Safari on macOS"},
		{"Safari on a telephone, which names macOS too", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"},
		{"Firefox", "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox on Linux"},
		{"a system without a browser", "Go (Linux)", "A browser on Linux"},
		{"a browser without a system", "Firefox/1.0", "Firefox"},
		{"a program", "curl/8.0", "Another program"},
		{"nothing", "", "Another program"},
		{"markup", "<script>alert(1)</script>", "Another program"},
	} {
		if got := Kind(tt.agent); got != tt.want {
			t.Errorf("%s: Kind(%q) = %q, want %q", tt.name, tt.agent, got, tt.want)
		}
	}
}

func TestNetwork(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{"192.0.2.7", "192.0.2.0/24"},
		{"::ffff:192.0.2.7", "192.0.2.0/24"},
		{"2001:db8:1:2::3", "2001:db8:1::/48"},
		{"fe80::1%eth0", "fe80::/48"},
	} {
		if got := Network(netip.MustParseAddr(tt.addr)).String(); got != tt.want {
			t.Errorf("Network(%s) = %s, want %s", tt.addr, got, tt.want)
		}
	}
	if got := Network(netip.Addr{}); got.IsValid() {
		t.Errorf("Network of no address = %s, want none", got)
	}
}
