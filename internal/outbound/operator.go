// operator.go: calls to addresses from the configuration. They may be private; they are bounded all the same.

package outbound

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Operator calls addresses that the operator configured. The zero value works. It follows no redirect, because
// what it sends may be a credential, and keeps connections, because it calls the same few hosts again.
type Operator struct {
	Timeout   time.Duration     // for the whole call; 10 s when zero
	MaxBody   int64             // bytes; 1 MiB when zero
	Transport http.RoundTripper // a bounded transport that honours the proxy of the environment when nil

	once   sync.Once
	client *http.Client
}

// Do sends a request and reads the whole answer.
func (o *Operator) Do(req *http.Request) (*Response, error) {
	o.once.Do(o.init)
	ctx, cancel := context.WithTimeout(req.Context(), or(o.Timeout, 10*time.Second))
	defer cancel()
	res, err := o.client.Do(req.WithContext(ctx))
	if err != nil {
		return nil, fmt.Errorf("calling %s: %w", req.URL.Host, err)
	}
	return read(ctx, res, or(o.MaxBody, 1<<20))
}

// Get reads a document.
func (o *Operator) Get(ctx context.Context, url, accept string) (*Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	req.Header.Set("Accept", accept)
	return o.Do(req)
}

func (o *Operator) init() {
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxIdleConnsPerHost:    4,
			MaxConnsPerHost:        16,
			IdleConnTimeout:        time.Minute,
			DisableCompression:     true,
			MaxResponseHeaderBytes: maxHeader,
		}
	}
	o.client = &http.Client{Transport: transport, CheckRedirect: neverRedirect}
}

const maxHeader = 16 << 10 // bytes of response header

// or is v, or the default when v is zero.
func or[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
