// strangers.go tells the operator which pages were refused: who made such a page sees little of why (Fetch §3.2.5).

package authwright

import (
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	maxStrangers = 16
	strangerHush = time.Minute // for how long an origin that was named is not named again
)

// strangers are the refused origins that the operator was told of: few, and each once a minute, so that nobody fills the log.
type strangers struct {
	mu    sync.Mutex
	named map[string]time.Time
}

// isNews tells whether the operator is to be told of an origin.
func (s *strangers) isNews(origin string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for one, when := range s.named {
		if now.Sub(when) >= strangerHush {
			delete(s.named, one)
		}
	}
	if _, known := s.named[origin]; known || len(s.named) >= maxStrangers {
		return false
	}
	if s.named == nil {
		s.named = make(map[string]time.Time)
	}
	s.named[origin] = now
	return true
}

// noteStranger logs the origin of a request that was refused for it.
func (r *Resource) noteStranger(req *http.Request) {
	origin := strings.Join(req.Header["Origin"], ", ")
	origin = strings.Map(func(c rune) rune {
		if c < ' ' || c > '~' {
			return '?'
		}
		return c
	}, origin[:min(len(origin), 200)])
	if r.strangers.isNews(origin, r.now()) {
		r.log.WarnContext(req.Context(), "a request from another origin was refused: if its pages may call this server, name it in AllowedOrigins",
			"resource", r.resource, "origin", origin)
	}
}
