// special.go: addresses that are no part of the public Internet (RFC 6890 and the IANA special-purpose registries).

package outbound

import "net/netip"

// specialV4 are the IPv4 ranges a stranger may not make us call. netip's own predicates miss most of them.
var specialV4 = prefixes(
	"0.0.0.0/8",          // this network, RFC 791 §3.2
	"10.0.0.0/8",         // private use, RFC 1918
	"100.64.0.0/10",      // shared address space behind carrier NAT, RFC 6598
	"127.0.0.0/8",        // loopback, RFC 1122 §3.2.1.3
	"169.254.0.0/16",     // link local, RFC 3927; cloud metadata
	"172.16.0.0/12",      // private use, RFC 1918
	"192.0.0.0/24",       // IETF protocol assignments, RFC 6890 §2.1
	"192.0.2.0/24",       // documentation, RFC 5737
	"192.31.196.0/24",    // AS112, RFC 7535
	"192.52.193.0/24",    // AMT, RFC 7450
	"192.88.99.0/24",     // 6to4 relay, RFC 7526
	"192.168.0.0/16",     // private use, RFC 1918
	"192.175.48.0/24",    // AS112, RFC 7534
	"198.18.0.0/15",      // benchmarking, RFC 2544
	"198.51.100.0/24",    // documentation, RFC 5737
	"203.0.113.0/24",     // documentation, RFC 5737
	"224.0.0.0/4",        // multicast, RFC 5771
	"240.0.0.0/4",        // reserved, RFC 1112 §4
	"255.255.255.255/32", // broadcast, RFC 8190
)

// globalV6 is all that IANA gave to the public Internet (RFC 4291 §2.4). What lies outside is special: ::/96
// (IPv4-compatible), ::ffff:0:0/96 (IPv4-mapped), 64:ff9b::/96 and 64:ff9b:1::/48 (NAT64), fc00::/7, fe80::/10,
// fec0::/10 and ff00::/8 among it.
var globalV6 = netip.MustParsePrefix("2000::/3")

// specialV6 are the ranges inside globalV6 that are not public after all, or that carry an IPv4 address inside.
var specialV6 = prefixes(
	"2001::/23",         // IETF protocol assignments, RFC 2928; Teredo (RFC 4380), ORCHID (RFC 7343) and benchmarking among it
	"2001:db8::/32",     // documentation, RFC 3849
	"2002::/16",         // 6to4, RFC 3056
	"2620:4f:8000::/48", // AS112, RFC 7534
	"3fff::/20",         // documentation, RFC 9637
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// Special tells whether an address lies outside the public Internet. An IPv4 address in IPv6 clothes, and an
// address with a zone, are special.
func Special(addr netip.Addr) bool {
	switch {
	case !addr.IsValid() || addr.Zone() != "":
		return true
	case addr.Is4():
		return within(addr, specialV4)
	default:
		return !globalV6.Contains(addr) || within(addr, specialV6)
	}
}

func within(addr netip.Addr, in []netip.Prefix) bool {
	for _, prefix := range in {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}
