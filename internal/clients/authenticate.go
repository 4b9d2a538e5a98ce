// authenticate.go: how clients prove themselves at the token, revocation and introspection endpoints
// (RFC 6749 §2.3, OAuth 2.1 §2.4).

package clients

import (
	"context"
	"crypto/subtle"
	"errors"
	"net/http"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// credentials are what a request proves itself with.
type credentials struct {
	id     store.ClientID
	method string
	secret string
}

// Authenticate finds the client that sent a request and checks that it is. The client must use the method it
// registered and no other: one that has a secret cannot leave it out, and one that has none cannot bring one.
func (d *Directory) Authenticate(ctx context.Context, h http.Header, form oauth.Params) (Client, error) {
	sent, err := readCredentials(h, form)
	if err != nil {
		return Client{}, err
	}
	client, err := d.find(ctx, sent.id, mayBeStale)
	proven := matchesSecret(client.Secrets, sent.secret) // also for a client that is not there, at the same price
	var refusal *oauth.Error
	switch {
	case errors.As(err, &refusal):
		return Client{}, refusal
	case err != nil:
		return Client{}, err
	case sent.method != client.AuthMethod():
		return Client{}, wrongMethod(client.AuthMethod())
	case sent.method != oauth.AuthNone && !proven:
		return Client{}, oauth.Errorf(oauth.InvalidClient, "the client secret is wrong")
	}
	return client, nil
}

// readCredentials takes the credentials from the header or the body. Two ways at once are refused (RFC 6749 §2.3).
func readCredentials(h http.Header, form oauth.Params) (credentials, error) {
	sent := credentials{id: store.ClientID(form.Get("client_id")), method: oauth.AuthNone}
	id, secret, basic, err := oauth.BasicCredentials(h)
	if err != nil {
		return credentials{}, err
	}
	if basic && form.Has("client_secret") {
		return credentials{}, oauth.Errorf(oauth.InvalidRequest, "the client authenticates in the header and in the body: use the one way it registered")
	}
	if form.Has("client_assertion") || form.Has("client_assertion_type") {
		return credentials{}, oauth.Errorf(oauth.InvalidClient, "client assertions are not accepted: %s", supportedMethods)
	}
	switch {
	case basic:
		if sent.id != "" && sent.id != store.ClientID(id) {
			return credentials{}, oauth.Errorf(oauth.InvalidRequest, "client_id in the body is not the one in the Authorization header")
		}
		sent = credentials{id: store.ClientID(id), method: oauth.AuthClientSecretBasic, secret: secret}
	case form.Has("client_secret"):
		sent.method, sent.secret = oauth.AuthClientSecretPost, form.Get("client_secret")
	}
	if sent.id == "" {
		return credentials{}, oauth.Errorf(oauth.InvalidClient, "client_id is missing")
	}
	return sent, nil
}

// matchesSecret compares with every live secret, always in the same number of steps.
func matchesSecret(secrets []store.Digest, secret string) bool {
	presented := store.DigestOf(secret)
	equal := 0
	for i := range max(len(secrets), maxSecrets) {
		var kept store.Digest // of nothing: no secret has the digest zero
		if i < len(secrets) {
			kept = secrets[i]
		}
		equal |= subtle.ConstantTimeCompare(kept[:], presented[:])
	}
	return equal == 1
}

// maxSecrets is how many secrets of a client are live at once.
const maxSecrets = 2

func wrongMethod(registered string) error {
	switch registered {
	case oauth.AuthNone:
		return oauth.Errorf(oauth.InvalidClient, "this client has no secret: send client_id in the body and nothing else")
	case oauth.AuthClientSecretBasic:
		return oauth.Errorf(oauth.InvalidClient, "this client authenticates with HTTP Basic: send its id and secret in the Authorization header")
	case oauth.AuthClientSecretPost:
		return oauth.Errorf(oauth.InvalidClient, "this client authenticates in the body: send client_id and client_secret there")
	default:
		return oauth.Errorf(oauth.InvalidClient, "this client is registered with a method that is not supported: %s", supportedMethods)
	}
}
