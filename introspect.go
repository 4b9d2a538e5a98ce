// introspect.go asks the issuer whether a token is active (RFC 7662).

package authwright

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Introspection has the issuer asked about tokens (RFC 7662). In addition to the check of the signature it makes
// a revoked token die within Every; alone it also lets opaque tokens in.
type Introspection struct {
	// ClientID and ClientSecret are what the resource authenticates with (HTTP Basic).
	ClientID, ClientSecret string
	// Endpoint is where to ask. Empty means as the issuer's metadata says, on the issuer's origin.
	Endpoint string
	// Alone leaves out the check of the signature: the issuer's word is all there is.
	Alone bool
	// Every is how long an answer holds for one token; 10 s when zero, 30 s at most.
	Every time.Duration
}

const (
	defaultEvery  = 10 * time.Second
	maxEvery      = 30 * time.Second
	maxQuestions  = 64          // that are out at one time
	endpointFresh = time.Minute // how long the metadata's endpoint holds
)

func (i *Introspection) check() (wrong []error) {
	if i.ClientID == "" || i.ClientSecret == "" {
		wrong = append(wrong, errors.New("Introspection needs ClientID and ClientSecret"))
	}
	if i.Every < 0 || i.Every > maxEvery {
		wrong = append(wrong, fmt.Errorf("Introspection.Every is %v, it must be from 0 to %v", i.Every, maxEvery))
	}
	if i.Endpoint != "" {
		if err := checkTransportSecurity(i.Endpoint); err != nil {
			wrong = append(wrong, fmt.Errorf("Introspection.Endpoint %q: %w", i.Endpoint, err))
		}
	}
	return wrong
}

// introspector asks. It lets a bounded number of questions out at one time.
type introspector struct {
	door  *issuerDoor
	basic string // the Authorization header
	every time.Duration
	slots chan struct{}

	endpoints chan endpoint // holds the one that is known
}

type endpoint struct {
	address string
	read    time.Time
}

func newIntrospector(cfg Introspection, door *issuerDoor) *introspector {
	if cfg.Every == 0 {
		cfg.Every = defaultEvery
	}
	req := http.Request{Header: make(http.Header)}
	req.SetBasicAuth(url.QueryEscape(cfg.ClientID), url.QueryEscape(cfg.ClientSecret)) // RFC 6749 §2.3.1
	i := &introspector{
		door:      door,
		basic:     req.Header.Get("Authorization"),
		every:     cfg.Every,
		slots:     make(chan struct{}, maxQuestions),
		endpoints: make(chan endpoint, 1),
	}
	i.endpoints <- endpoint{address: cfg.Endpoint}
	return i
}

// ask returns the issuer's answer about a token.
func (i *introspector) ask(ctx context.Context, token string, now time.Time) (json.RawMessage, bool, error) {
	select {
	case i.slots <- struct{}{}:
		defer func() { <-i.slots }()
	case <-ctx.Done():
		return nil, false, unavailable(fmt.Errorf("waiting to introspect: %w", ctx.Err()))
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	address, err := i.address(ctx, now)
	if err != nil {
		return nil, false, unavailable(err)
	}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, false, unavailable(fmt.Errorf("introspecting: %w", err))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", i.basic)
	var answer introspection
	if err := i.door.ask(req, &answer); err != nil {
		return nil, false, unavailable(fmt.Errorf("introspecting: %w", err))
	}
	return answer.raw, answer.Active, nil
}

// introspection keeps the whole answer beside the one member that is read first.
type introspection struct {
	Active bool            `json:"active"`
	raw    json.RawMessage `json:"-"`
}

// UnmarshalJSON keeps the answer.
func (a *introspection) UnmarshalJSON(data []byte) error {
	type plain introspection
	if err := json.Unmarshal(data, (*plain)(a)); err != nil {
		return err
	}
	a.raw = append(json.RawMessage(nil), data...)
	return nil
}

// address is where to ask: as configured, or as the metadata said less than endpointFresh ago.
func (i *introspector) address(ctx context.Context, now time.Time) (string, error) {
	if i.door.introspect != "" {
		return i.door.introspect, nil
	}
	var known endpoint
	select {
	case known = <-i.endpoints:
	case <-ctx.Done():
		return "", fmt.Errorf("looking for the introspection endpoint: %w", ctx.Err())
	}
	defer func() { i.endpoints <- known }()
	if known.address != "" && now.Sub(known.read) < endpointFresh {
		return known.address, nil
	}
	metadata, err := i.door.metadata(ctx)
	if err != nil {
		return "", fmt.Errorf("looking for the introspection endpoint of %s: %w", i.door.issuer, err)
	}
	address, err := i.door.endpoint("introspection_endpoint", metadata.IntrospectionEndpoint)
	if err != nil {
		return "", err
	}
	known = endpoint{address: address, read: now}
	return address, nil
}

// proveByIssuer takes the issuer's word for a token, and wants the same of its claims as of signed ones.
func (r *Resource) proveByIssuer(ctx context.Context, token string, now time.Time) (*verified, error) {
	answer, active, err := r.introspect.ask(ctx, token, now)
	if err != nil {
		return nil, err
	}
	if !active {
		return nil, errNotActive()
	}
	proven, err := r.accept(answer, now)
	if err != nil {
		return nil, err
	}
	v := &verified{token: proven, asking: make(chan struct{}, 1)}
	v.asked.Store(now.UnixNano())
	return v, nil
}

// stillActive asks the issuer again when the last answer about the token is too old. Callers who come while one
// asks wait for that answer.
func (r *Resource) stillActive(ctx context.Context, token string, known *verified, now time.Time) error {
	if r.introspect == nil {
		return nil
	}
	holds := func() bool { return now.Sub(time.Unix(0, known.asked.Load())) < r.introspect.every }
	switch {
	case known.over.Load():
		return errNotActive()
	case holds():
		return nil
	}
	select {
	case known.asking <- struct{}{}:
		defer func() { <-known.asking }()
	case <-ctx.Done():
		return unavailable(fmt.Errorf("waiting for an introspection: %w", ctx.Err()))
	}
	switch {
	case known.over.Load():
		return errNotActive()
	case holds():
		return nil
	}
	answer, active, err := r.introspect.ask(ctx, token, now)
	switch {
	case err != nil:
		return err
	case !active || !sameActor(answer, known.token):
		known.over.Store(true)
		return errNotActive()
	}
	known.asked.Store(now.UnixNano())
	return nil
}

// sameActor wants an answer that names someone to name the one the token names.
func sameActor(answer json.RawMessage, token *Token) bool {
	var said oauth.Introspection
	if oauth.UnmarshalStrict(answer, &said) != nil {
		return false
	}
	return (said.Subject == "" || said.Subject == token.Subject) && (said.ClientID == "" || said.ClientID == token.ClientID)
}

func errNotActive() error {
	return oauth.Errorf(oauth.InvalidToken, "the token is not active any more")
}
