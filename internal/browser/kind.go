// kind.go says in words what kind of browser asks, and from what network: so that people know their own again.

package browser

import (
	"net/netip"
	"strings"
)

// mark is a word of a User-Agent header (RFC 9110 §10.1.5) and what it stands for.
type mark struct{ word, name string }

// Browsers name others they are like: who names more comes first.
var programs = []mark{
	{"Edg/", "Edge"}, {"EdgA/", "Edge"}, {"EdgiOS/", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"Vivaldi/", "Vivaldi"},
	{"Firefox/", "Firefox"}, {"FxiOS/", "Firefox"}, {"CriOS/", "Chrome"}, {"HeadlessChrome/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
}

var systems = []mark{
	{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Windows", "Windows"}, {"CrOS", "ChromeOS"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
}

// Kind is a browser and its system as a person would say it, like "Firefox on Linux". No word of the header is in it.
func Kind(userAgent string) string {
	program, system := find(programs, userAgent), find(systems, userAgent)
	switch {
	case program == "" && system == "":
		return "Another program"
	case program == "":
		return "A browser on " + system
	case system == "":
		return program
	}
	return program + " on " + system
}

func find(marks []mark, userAgent string) string {
	for _, m := range marks {
		if strings.Contains(userAgent, m.word) {
			return m.name
		}
	}
	return ""
}

// Network is what one customer of a provider usually has: a /24 or a /48. The zero Prefix is of no address.
func Network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := 48
	if addr.Is4() {
		bits = 24
	}
	prefix, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}
