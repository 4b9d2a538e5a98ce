// errors.go tells a person what went wrong and what to do about it. It never repeats what the request said.

package pages

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/authwright/authwright/oauth"
)

// RequestIDHeader names the answer. What stands there before WriteError is what the page and the log say.
const RequestIDHeader = "X-Request-Id"

const retryStorage = 5 * time.Second

// Refusal is an error that is shown to a person, in our words only.
type Refusal struct {
	Status     int
	Title      string // what happened: "This link is too old"
	Text       string // why
	Hint       string // what to do now
	RetryAfter time.Duration
	Cause      error // for the log; not shown
}

// Error says what happened.
func (e *Refusal) Error() string {
	if e.Cause != nil {
		return e.Title + ": " + e.Cause.Error()
	}
	return e.Title
}

// Unwrap is the cause.
func (e *Refusal) Unwrap() error { return e.Cause }

// StartAgain refuses a request that is not of this browser, or over, or was never there. The three look alike, so
// that a request id tells a stranger nothing.
func StartAgain() *Refusal {
	return &Refusal{
		Status: http.StatusBadRequest,
		Title:  "This sign-in can’t continue here",
		Text:   "It was started in another browser, took too long, or is already finished.",
		Hint:   "Go back to the app you came from and connect again.",
	}
}

// Stale refuses a form that this browser was not given, or not for this.
func Stale() *Refusal {
	return &Refusal{
		Status: http.StatusForbidden,
		Title:  "This page is out of date",
		Text:   "Nothing was changed. The form you sent is not the one this browser was shown last.",
		Hint:   "Go back, reload the page and try again. If it keeps happening, allow cookies for this site.",
	}
}

// WriteError shows err to the person and logs it once, under an id that both see.
func (s *Site) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	id := w.Header().Get(RequestIDHeader)
	if id == "" {
		id = rand.Text()
		w.Header().Set(RequestIDHeader, id)
	}
	refusal := refusalOf(err)
	s.log(r.Context(), refusal, err, id)
	w.Header().Del("Location")
	if seconds := Seconds(refusal.RetryAfter); seconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds))
	}
	page := Page{Title: refusal.Title, Template: errorPage, Data: shownError{refusal, id}}
	if err := s.Write(w, r, refusal.Status, page); err != nil {
		http.Error(w, "Something went wrong. Reference: "+id, http.StatusInternalServerError)
	}
}

// Seconds rounds up, so that whoever waits that long is not told to wait again.
func Seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

type shownError struct {
	*Refusal
	ID string
}

// refusalOf finds words for an error. An error that nobody foresaw is a storage that did not answer: nothing has
// changed, and trying again is right.
func refusalOf(err error) *Refusal {
	var refusal *Refusal
	var wire *oauth.Error
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &wire):
		return &Refusal{
			Status: max(wire.Status(), http.StatusBadRequest),
			Title:  "This app’s request can’t be used",
			Text:   fmt.Sprintf("The app sent you here with a request that we had to turn down (%s). Nothing was shared with it.", wire.Code),
			Hint:   "Go back to the app and try again. If it keeps happening, tell the people who make it.",
			Cause:  wire,
		}
	default:
		return &Refusal{
			Status:     http.StatusServiceUnavailable,
			Title:      "Something went wrong",
			Text:       "We could not do that just now. Nothing was changed.",
			Hint:       "Wait a moment, then try again.",
			RetryAfter: retryStorage,
			Cause:      err,
		}
	}
}

// log writes one line: an error for what we must look at, information for what people and clients do.
func (s *Site) log(ctx context.Context, refusal *Refusal, err error, id string) {
	if s.Log == nil {
		return
	}
	level := slog.LevelInfo
	if refusal.Status >= http.StatusInternalServerError && ctx.Err() == nil {
		level = slog.LevelError
	}
	s.Log.Log(ctx, level, "a person was shown an error", "status", refusal.Status, "error", err, "request_id", id)
}
