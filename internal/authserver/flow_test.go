package authserver

import (
	"testing"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func TestNext(t *testing.T) {
	ada := store.Authentication{Person: "per_ada"}
	hash := store.DigestOf("metadata")
	client := func(origin store.Origin, method string) clients.Client {
		return clients.Client{Client: store.Client{ID: "c", Origin: origin, MetadataHash: hash, Metadata: oauth.ClientMetadata{TokenEndpointAuthMethod: method}}}
	}
	public, secret, stranger := client(store.Registered, oauth.AuthNone), client(store.Registered, oauth.AuthClientSecretPost), client(store.SelfRegister, oauth.AuthNone)
	strangersSecret := client(store.SelfRegister, oauth.AuthClientSecretBasic)
	const web, loopback, private = "https://s.example/cb", "http://127.0.0.1:1/cb", "com.example.app:/cb"
	both := oauth.Scope{"read", "write"}
	consent := &store.Consent{Scope: both, MetadataHash: hash}
	refusal := oauth.Errorf(oauth.InvalidScope, "no")
	allowed, deniedOnce := store.Decision{Verdict: store.Allowed}, store.Decision{Verdict: store.Denied}

	for _, tt := range []struct {
		name   string
		r      store.Request
		client clients.Client
		given  *store.Consent
		want   step
	}{
		{"nobody is signed in", store.Request{RedirectURI: web}, public, nil, needsLogin},
		{"nobody is signed in, though somebody allowed it before", store.Request{RedirectURI: web}, public, consent, needsLogin},
		{"nobody is signed in, and the request is refused", store.Request{RedirectURI: web, Refusal: refusal}, public, nil, needsLogin},
		{"nobody is signed in, though a decision is there", store.Request{RedirectURI: web, Decision: allowed}, public, nil, needsLogin},
		{"refused, of a registered client", store.Request{Auth: ada, RedirectURI: web, Refusal: refusal}, public, nil, refused},
		{"refused, though it was allowed", store.Request{Auth: ada, RedirectURI: web, Refusal: refusal, Decision: allowed}, public, consent, refused},
		{"refused, of a client that registered itself", store.Request{Auth: ada, RedirectURI: web, Refusal: refusal}, stranger, nil, needsFarewell},
		{"refused, of one that registered itself and got a secret", store.Request{Auth: ada, RedirectURI: web, Refusal: refusal}, strangersSecret, nil, needsFarewell},
		{"refused, and the person agreed to go back", store.Request{Auth: ada, RedirectURI: web, Refusal: refusal, Decision: deniedOnce}, stranger, nil, refused},
		{"signed in with less than was asked", store.Request{Auth: ada, RedirectURI: web, ACR: oauth.TwoFactors}, public, consent, needsLogin},
		{"signed in with less than was asked, though allowed", store.Request{Auth: ada, RedirectURI: web, ACR: oauth.TwoFactors, Decision: allowed}, public, consent, needsLogin},
		{"signed in with less than was asked, and refused", store.Request{Auth: ada, RedirectURI: web, ACR: oauth.TwoFactors, Refusal: refusal}, public, nil, refused},
		{"signed in as was asked", store.Request{Auth: store.Authentication{Person: "per_ada", Methods: []string{"pwd", "otp", "mfa"}}, RedirectURI: web, ACR: oauth.TwoFactors}, public, consent, ready},
		{"never asked", store.Request{Auth: ada, RedirectURI: web, Scope: both}, public, nil, needsConsent},
		{"denied", store.Request{Auth: ada, RedirectURI: web, Scope: both, Decision: deniedOnce}, public, nil, denied},
		{"denied now, though allowed before", store.Request{Auth: ada, RedirectURI: web, Scope: both, Decision: deniedOnce}, public, consent, denied},
		{"allowed", store.Request{Auth: ada, RedirectURI: loopback, Scope: both, Decision: allowed}, stranger, nil, ready},
		{"allowed before, on the web", store.Request{Auth: ada, RedirectURI: web, Scope: both}, public, consent, ready},
		{"allowed before, less is asked", store.Request{Auth: ada, RedirectURI: web, Scope: both[:1]}, public, consent, ready},
		{"allowed before, more is asked", store.Request{Auth: ada, RedirectURI: web, Scope: append(both, "admin")}, public, consent, needsConsent},
		{"allowed before, of a client that looked different", store.Request{Auth: ada, RedirectURI: web, Scope: both}, public, &store.Consent{Scope: both}, needsConsent},
		{"allowed before, and the client wants it asked", store.Request{Auth: ada, RedirectURI: web, Scope: both, Prompt: "consent"}, public, consent, needsConsent},
		{"allowed before, and the client wants it asked among others", store.Request{Auth: ada, RedirectURI: web, Scope: both, Prompt: "login consent"}, public, consent, needsConsent},
		{"allowed before, on the person's machine", store.Request{Auth: ada, RedirectURI: loopback, Scope: both}, public, consent, needsConsent},
		{"allowed before, an application's scheme", store.Request{Auth: ada, RedirectURI: private, Scope: both}, public, consent, needsConsent},
		{"allowed before, on the machine, with the operator's secret", store.Request{Auth: ada, RedirectURI: loopback, Scope: both}, secret, consent, ready},
		{"allowed before, on the machine, with a secret anyone can get", store.Request{Auth: ada, RedirectURI: loopback, Scope: both}, strangersSecret, consent, needsConsent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := next(&tt.r, tt.client, tt.given); got != tt.want {
				t.Errorf("next(%+v) = %d, want %d", tt.r, got, tt.want)
			}
		})
	}
}
