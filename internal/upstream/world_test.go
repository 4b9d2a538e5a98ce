package upstream

import (
	"crypto/rand"
	"errors"
	"net/url"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/internal/upstreamtest"
	"github.com/authwright/authwright/oauth"
)

var browser = store.DigestOf("a browser")

// world is a project that is a client of an honest provider, and a clock that stands until it is moved.
type world struct {
	*testing.T
	*Upstream
	provider *upstreamtest.Provider
	record   store.Provider
	now      time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, provider: upstreamtest.New(t), now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)}
	w.provider.Now = func() time.Time { return w.now }
	w.Upstream = &Upstream{
		Store: db.For("default"), Issuer: "https://auth.example", Key: []byte("a key of the tests"), Now: w.provider.Now,
		Open: func(_ store.ProviderID, sealed []byte) ([]byte, error) { return sealed, nil },
		Call: &outbound.Operator{Timeout: 2 * time.Second, MaxBody: 64 << 10},
	}
	w.record = w.add("idp", w.provider)
	return w
}

// add files a connection to a provider.
func (w *world) add(id store.ProviderID, p *upstreamtest.Provider) store.Provider {
	w.Helper()
	record := store.Provider{
		ID: id, Kind: store.OpenID, Name: string(id), Issuer: p.URL, ClientID: upstreamtest.ClientID, Secret: []byte(upstreamtest.ClientSecret), CreatedAt: w.now,
	}
	if err := w.Store.CreateProvider(w.Context(), record); err != nil {
		w.Fatal(err)
	}
	return record
}

// change files the connection as changed.
func (w *world) change(f func(*store.Provider)) {
	w.Helper()
	f(&w.record)
	if err := w.Store.UpdateProvider(w.Context(), w.record); err != nil {
		w.Fatal(err)
	}
}

// begin sends a person to the provider.
func (w *world) begin(ask Ask) string {
	w.Helper()
	ask.Browser = browser
	to, err := w.Begin(w.Context(), w.record, ask)
	if err != nil {
		w.Fatalf("Begin() = %v", err)
	}
	return to
}

// come brings a person back by the address of a connection.
func (w *world) come(id store.ProviderID, from store.Digest, with url.Values) (Return, error) {
	w.Helper()
	answer := make(oauth.Params)
	for name := range with {
		answer[name] = with.Get(name)
	}
	return w.Finish(w.Context(), id, from, answer)
}

// travel is a whole journey.
func (w *world) travel(ask Ask) (Assertion, error) {
	w.Helper()
	back, err := w.come("idp", browser, w.provider.SignIn(w, w.begin(ask)))
	return back.Says, err
}

func (w *world) wantErr(want, err error, call string) {
	w.Helper()
	if !errors.Is(err, want) {
		w.Errorf("%s = %v, want %v", call, err, want)
	}
}

// random is something nobody knows.
func random() string { return rand.Text() }
