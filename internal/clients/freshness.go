// freshness.go: how long a document may be kept (RFC 9111 §4.2), within bounds of our own.

package clients

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// freshFor honours Cache-Control, Age and Expires between minFresh and maxFresh.
func freshFor(h http.Header, now time.Time) time.Duration {
	life := defaultFresh
	if age, said := maxAge(h); said {
		life = age
	} else if expires, err := http.ParseTime(h.Get("Expires")); err == nil {
		since := now
		if date, err := http.ParseTime(h.Get("Date")); err == nil {
			since = date
		}
		life = expires.Sub(since)
	} else if h.Get("Expires") != "" {
		life = 0 // RFC 9111 §5.3: an invalid date, like "0", is in the past
	}
	return min(max(life, minFresh), maxFresh)
}

// maxAge is what Cache-Control says, less the Age the answer already has.
func maxAge(h http.Header) (time.Duration, bool) {
	var life time.Duration
	said := false
	for directive := range strings.SplitSeq(strings.Join(h.Values("Cache-Control"), ","), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		switch strings.ToLower(name) {
		case "no-store", "no-cache":
			return 0, true
		case "max-age":
			life, said = seconds(strings.Trim(value, `"`)), true
		}
	}
	return life - seconds(h.Get("Age")), said
}

// seconds reads delta-seconds (RFC 9111 §1.2.2); what is no number counts as none, what is too large as a day.
func seconds(s string) time.Duration {
	if strings.Trim(s, "0123456789") != "" || s == "" {
		return 0
	}
	n, err := strconv.ParseInt(s, 10, 32)
	if err != nil {
		return maxFresh
	}
	return min(time.Duration(n)*time.Second, maxFresh)
}
