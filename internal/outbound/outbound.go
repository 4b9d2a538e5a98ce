// Package outbound decides whom the server may call.
//
// Strangers is for addresses that somebody outside had a hand in; Operator is for those in the configuration.
package outbound

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

// The errors that tell a caller what to do. Anything else means that the host could not be reached.
var (
	ErrRefused  = errors.New("outbound: an address we do not call") // by its URL or by what its name resolves to
	ErrTooLarge = errors.New("outbound: the answer is too large")
	ErrEncoding = errors.New("outbound: the answer is compressed though we asked for none")
	ErrBusy     = errors.New("outbound: too many calls under way")
)

// Response is an answer that was read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
}

// refuse says which rule an address broke. It never repeats the address: the caller knows it.
func refuse(why string) error { return fmt.Errorf("%w: %s", ErrRefused, why) }

// neverRedirect hands a redirect to the caller as the answer it is.
func neverRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// read takes an answer of at most limit bytes off the wire. An answer that ends as the call's time does is too late:
// a server that sees the connection closing may still end its body in an orderly way.
func read(ctx context.Context, res *http.Response, limit int64) (*Response, error) {
	defer res.Body.Close()
	if encoding := res.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return nil, ErrEncoding
	}
	if res.ContentLength > limit {
		return nil, ErrTooLarge
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	if late := ctx.Err(); late != nil {
		err = late
	}
	if err != nil {
		return nil, fmt.Errorf("reading the answer: %w", err)
	}
	if int64(len(body)) > limit {
		return nil, ErrTooLarge
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body}, nil
}
