// direct.go reaches an issuer that runs in the same program, without the network.

package authwright

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
)

// Direct is a Config.Transport that hands requests to a handler in this program: the embedded issuer. It works
// before the program listens, and behind a proxy that the program itself cannot reach.
func Direct(issuer http.Handler) http.RoundTripper { return direct{issuer} }

type direct struct{ handler http.Handler }

// RoundTrip runs the handler to its end and returns what it wrote.
func (d direct) RoundTrip(out *http.Request) (*http.Response, error) {
	if err := out.Context().Err(); err != nil {
		return nil, err
	}
	in := out.Clone(out.Context())
	in.RequestURI = in.URL.RequestURI()
	in.Host = in.URL.Host
	in.RemoteAddr = "127.0.0.1:0"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &recorder{header: make(http.Header)}
	d.handler.ServeHTTP(w, in)
	if out.Body != nil {
		out.Body.Close()
	}
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return &http.Response{
		Status:        strconv.Itoa(w.status) + " " + http.StatusText(w.status),
		StatusCode:    w.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        w.sent,
		Body:          io.NopCloser(&w.body),
		ContentLength: int64(w.body.Len()),
		Request:       out,
	}, nil
}

// recorder keeps what a handler writes.
type recorder struct {
	header, sent http.Header
	status       int
	body         bytes.Buffer
}

func (w *recorder) Header() http.Header { return w.header }

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(p)
}
