// client.go: a client of the server under test, with a token and without a network (RFC 6750 §2.1).

package authwrighttest

import (
	"io"
	"net/http"
	"strconv"
	"sync"
)

// HTTPClient sends its requests to h, without a network, and the token with each of them. MCP clients take it for their own.
// An empty token is none.
func HTTPClient(h http.Handler, token string) *http.Client {
	return &http.Client{Transport: client{h, token}}
}

type client struct {
	handler http.Handler
	token   string
}

// RoundTrip runs the handler beside the caller, who reads the answer while it is written.
func (c client) RoundTrip(out *http.Request) (*http.Response, error) {
	ctx := out.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	in := out.Clone(ctx)
	in.RequestURI, in.Host, in.RemoteAddr = in.URL.RequestURI(), in.URL.Host, "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if c.token != "" {
		in.Header.Set("Authorization", "Bearer "+c.token)
	}
	body, writer := io.Pipe()
	w := &answer{header: make(http.Header), body: writer, begun: make(chan struct{})}
	go func() {
		c.handler.ServeHTTP(w, in)
		in.Body.Close()
		w.WriteHeader(http.StatusOK)
		_ = writer.Close() // a pipe always closes
	}()
	select {
	case <-w.begun:
	case <-ctx.Done():
		body.CloseWithError(ctx.Err())
		return nil, ctx.Err()
	}
	return &http.Response{
		Status:     strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode: w.status,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: -1, Request: out,
	}, nil
}

// answer is what the handler writes to.
type answer struct {
	header, sent http.Header
	status       int
	body         *io.PipeWriter
	once         sync.Once
	begun        chan struct{} // closed when status and sent are there
}

// Header is what the handler may set until it begins to write.
func (w *answer) Header() http.Header { return w.header }

// WriteHeader hands the head to the caller, once; what is only information (RFC 9110 §15.2) does not count.
func (w *answer) WriteHeader(status int) {
	if status < http.StatusOK {
		return
	}
	w.once.Do(func() {
		w.status, w.sent = status, w.header.Clone()
		close(w.begun)
	})
}

// Write waits until the caller has read.
func (w *answer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}

// Flush sends the head; the body is sent as it is written.
func (w *answer) Flush() { w.WriteHeader(http.StatusOK) }
