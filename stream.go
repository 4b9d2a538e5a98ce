// stream.go ends an answer when its token does (MCP 2026-07-28, Authorization: every request is authorized).

package authwright

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"
)

// errTokenOver is the cause of a context, and of a write, that came to its end with the token.
var errTokenOver = errors.New("the access token is no longer valid")

// serve runs the next handler no longer than the token holds: until it has expired, or until the issuer, where it
// is asked, says that the token was revoked or cannot say that it was not.
func (r *Resource) serve(next http.Handler, w http.ResponseWriter, req *http.Request, raw string, known *verified) {
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	l := &lease{resource: r, raw: raw, ctx: ctx, end: cancel}
	l.begin(known)
	defer l.timer.Stop()
	next.ServeHTTP(&answer{ResponseWriter: w, ctx: ctx, seal: func(id string) string { return r.sealSession(id, known.token) }}, req.WithContext(ctx))
}

// lease is how long an answer may go on. It costs a timer, and no goroutine while nothing happens: idle streams are many.
type lease struct {
	resource *Resource
	raw      string
	ctx      context.Context
	end      context.CancelCauseFunc

	mu    sync.Mutex // until timer is there
	timer *time.Timer
}

func (l *lease) begin(known *verified) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.timer = time.AfterFunc(l.left(known), func() { l.look(known) })
}

// left is how long nobody need look at the token: until it is over, or the issuer's last answer has run out.
func (l *lease) left(known *verified) time.Duration {
	until := known.token.Expires.Add(expirySkew)
	if i := l.resource.introspect; i != nil {
		if runsOut := time.Unix(0, known.asked.Load()).Add(i.every); runsOut.Before(until) {
			until = runsOut
		}
	}
	return until.Sub(l.resource.now())
}

// look ends the answer when the token is over, and else has the issuer asked again.
func (l *lease) look(known *verified) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ctx.Err() != nil {
		return
	}
	if over := known.token.Expires.Add(expirySkew); !l.resource.now().Before(over) {
		l.end(errTokenOver)
		return
	}
	fresh, err := l.resource.verify(l.ctx, l.raw)
	if err != nil {
		l.end(errTokenOver)
		return
	}
	l.timer.Reset(l.left(fresh))
}

// answer is a response that can be written to while the token holds. It seals the session id on its way out.
type answer struct {
	http.ResponseWriter
	ctx   context.Context
	seal  func(id string) string
	begun bool
}

// Unwrap is for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// WriteHeader seals a session id.
func (a *answer) WriteHeader(status int) {
	if !a.begun && status >= http.StatusOK {
		a.begun = true
		if id := a.Header().Get(sessionHeader); id != "" {
			a.Header().Set(sessionHeader, a.seal(id))
		}
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if errors.Is(context.Cause(a.ctx), errTokenOver) {
		return 0, errTokenOver
	}
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// Flush sends what was written.
func (a *answer) Flush() { _ = a.FlushError() }

// FlushError sends what was written, for http.ResponseController.
func (a *answer) FlushError() error {
	if errors.Is(context.Cause(a.ctx), errTokenOver) {
		return errTokenOver
	}
	if !a.begun {
		a.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(a.ResponseWriter).Flush()
}
