// stream.go ends an answer when its token does (MCP 2026-07-28, Authorization: every request is authorized).

package authwright

import (
	"context"
	"errors"
	"net/http"
	"time"
)

// errTokenOver is the cause of a context, and of a write, that came to its end with the token.
var errTokenOver = errors.New("the access token is no longer valid")

// serve runs the next handler no longer than the token holds: until it has expired, or until the issuer, where it
// is asked, says that the token was revoked or cannot say that it was not.
func (r *Resource) serve(next http.Handler, w http.ResponseWriter, req *http.Request, raw string, known *verified) {
	end := known.token.Expires.Add(expirySkew)
	ctx, cancel := context.WithCancelCause(req.Context())
	defer cancel(nil)
	timer := time.AfterFunc(end.Sub(r.now()), func() { cancel(errTokenOver) })
	defer timer.Stop()
	if r.introspect != nil {
		go r.watch(ctx, cancel, raw, known)
	}
	next.ServeHTTP(&answer{ResponseWriter: w, ctx: ctx, seal: func(id string) string { return r.sealSession(id, known.token) }}, req.WithContext(ctx))
}

// watch verifies the token again, each time the issuer's last answer has run out, while an answer goes on.
func (r *Resource) watch(ctx context.Context, cancel context.CancelCauseFunc, raw string, known *verified) {
	for {
		runsOut := time.Unix(0, known.asked.Load()).Add(r.introspect.every)
		timer := time.NewTimer(runsOut.Sub(r.now()))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		var err error
		if known, err = r.verify(ctx, raw); err != nil {
			cancel(errTokenOver)
			return
		}
	}
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
