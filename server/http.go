// http.go bounds what a connection may cost (threats: slow and huge inputs).

package server

import (
	"log/slog"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"
)

const (
	headerTimeout  = 5 * time.Second
	idleTimeout    = 60 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	maxHeaderBytes = 16 << 10
	maxConnections = 16384
)

// NewHTTPServer makes a server with the limits an authorization server needs. With streams set, answers may take
// as long as they like, for programs that serve MCP streams beside it; the head of a request is bounded all the same.
func NewHTTPServer(h http.Handler, log *slog.Logger, streams bool) *http.Server {
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaderBytes,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	if !streams {
		srv.ReadTimeout, srv.WriteTimeout = readTimeout, writeTimeout
	}
	return srv
}

// Listen opens the address with a bound on connections.
func Listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return netutil.LimitListener(l, maxConnections), nil
}
