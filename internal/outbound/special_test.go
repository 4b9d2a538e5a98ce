package outbound

import (
	"net/netip"
	"testing"

	"code.dny.dev/ssrf"
)

func TestSpecial(t *testing.T) {
	for _, tt := range []struct {
		name, addr string
		want       bool
	}{
		{"a public IPv4 address", "93.184.215.14", false},
		{"a public IPv6 address", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", false},
		{"the address before private 10/8", "9.255.255.255", false},
		{"the address after private 10/8", "11.0.0.0", false},
		{"the address after shared space", "100.128.0.0", false},
		{"the last unicast address", "223.255.255.255", false},
		{"unspecified", "0.0.0.0", true},
		{"this network", "0.1.2.3", true},
		{"private 10/8", "10.1.2.3", true},
		{"shared space begins", "100.64.0.0", true},
		{"shared space ends", "100.127.255.255", true},
		{"loopback", "127.0.0.1", true},
		{"loopback, not the usual one", "127.8.9.1", true},
		{"link local: cloud metadata", "169.254.169.254", true},
		{"private 172.16/12", "172.31.255.255", true},
		{"protocol assignments", "192.0.0.8", true},
		{"documentation 1", "192.0.2.1", true},
		{"AS112", "192.31.196.1", true},
		{"AMT", "192.52.193.1", true},
		{"6to4 relay", "192.88.99.1", true},
		{"private 192.168/16", "192.168.0.1", true},
		{"AS112 direct", "192.175.48.1", true},
		{"benchmarking begins", "198.18.0.1", true},
		{"benchmarking ends", "198.19.255.255", true},
		{"documentation 2", "198.51.100.1", true},
		{"documentation 3", "203.0.113.1", true},
		{"multicast", "224.0.0.1", true},
		{"multicast, organization", "239.1.1.1", true},
		{"reserved", "240.0.0.1", true},
		{"broadcast", "255.255.255.255", true},
		{"IPv6 unspecified", "::", true},
		{"IPv6 loopback", "::1", true},
		{"IPv4-compatible cloud metadata", "::169.254.169.254", true},
		{"IPv4-mapped loopback", "::ffff:127.0.0.1", true},
		{"IPv4-mapped public address", "::ffff:93.184.215.14", true},
		{"IPv4-translated", "::ffff:0:127.0.0.1", true},
		{"NAT64", "64:ff9b::7f00:1", true},
		{"NAT64 local", "64:ff9b:1::7f00:1", true},
		{"discard", "100::1", true},
		{"Teredo", "2001::1", true},
		{"ORCHID", "2001:20::1", true},
		{"IPv6 benchmarking", "2001:2::1", true},
		{"IPv6 documentation", "2001:db8::1", true},
		{"IPv6 documentation, the newer", "3fff::1", true},
		{"6to4 of loopback", "2002:7f00:1::", true},
		{"6to4 of cloud metadata", "2002:a9fe:a9fe::1", true},
		{"IPv6 AS112", "2620:4f:8000::1", true},
		{"segment routing", "5f00::1", true},
		{"unique local", "fc00::1", true},
		{"unique local, cloud metadata", "fd00:ec2::254", true},
		{"IPv6 link local", "fe80::1", true},
		{"IPv6 link local with a zone", "fe80::1%eth0", true},
		{"a public address with a zone", "2606:2800::1%eth0", true},
		{"site local", "fec0::1", true},
		{"IPv6 multicast", "ff02::1", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Special(netip.MustParseAddr(tt.addr)); got != tt.want {
				t.Errorf("Special(%s) = %v, want %v", tt.addr, got, tt.want)
			}
		})
	}
	if !Special(netip.Addr{}) {
		t.Error("Special(no address) = false, want true")
	}
}

// TestSpecialCoversTheRegistries compares with a list that is generated from the registries of IANA: both ends of every
// range there are special here.
func TestSpecialCoversTheRegistries(t *testing.T) {
	for _, prefix := range append(append([]netip.Prefix{ssrf.IPv6NAT64Prefix}, ssrf.IPv4DeniedPrefixes...), ssrf.IPv6DeniedPrefixes...) {
		for _, addr := range []netip.Addr{prefix.Addr(), last(prefix)} {
			if !Special(addr) {
				t.Errorf("Special(%s) = false, want true: it is in %s", addr, prefix)
			}
		}
	}
	if globalV6 != ssrf.IPv6GlobalUnicast {
		t.Errorf("globalV6 = %s, want %s", globalV6, ssrf.IPv6GlobalUnicast)
	}
}

// last is the last address of a range.
func last(p netip.Prefix) netip.Addr {
	raw := p.Addr().AsSlice()
	for bit := p.Bits(); bit < len(raw)*8; bit++ {
		raw[bit/8] |= 1 << (7 - bit%8)
	}
	addr, _ := netip.AddrFromSlice(raw)
	return addr
}
