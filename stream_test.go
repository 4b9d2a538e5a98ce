package authwright_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authwright/authwright/authwrighttest"
)

// stream writes an event every five seconds, for as long as it may.
func stream(ended chan<- error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			select {
			case <-r.Context().Done():
				_, err := fmt.Fprint(w, "too late")
				ended <- fmt.Errorf("context: %v; write: %v; flush: %v", context.Cause(r.Context()), err, http.NewResponseController(w).Flush())
				return
			case <-time.After(5 * time.Second):
				fmt.Fprint(w, "event\n")
			}
		}
	})
}

func TestAStreamEndsHalfAMinuteAfterItsToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authwrighttest.New(issuerURL)
		ended := make(chan error, 1)
		h := protect(t, issuer).Protect(stream(ended))
		began := time.Now()
		w := send(h, "GET", "/todo/mcp", "", "Authorization: Bearer "+issuer.Token(serverURL, authwrighttest.Scope("todo.read"), authwrighttest.ExpiresIn(time.Minute)))
		const over = "the access token is no longer valid"
		if got, want := (<-ended).Error(), "context: "+over+"; write: "+over+"; flush: "+over; got != want {
			t.Errorf("the stream ended with %s, want %s", got, want)
		}
		if lasted := time.Since(began); lasted != 90*time.Second {
			t.Errorf("the stream lasted %v, want 1m30s", lasted)
		}
		if strings.Contains(w.Body.String(), "too late") {
			t.Errorf("the stream went on after its token: %q", w.Body)
		}
	})
}
