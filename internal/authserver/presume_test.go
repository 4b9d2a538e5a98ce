package authserver

import (
	"testing"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func TestWhoIsNotAskedAbout(t *testing.T) {
	own := func(change func(*store.Client)) clients.Client {
		c := store.Client{ID: "c", Origin: store.Registered, FirstParty: true, Terms: store.Terms{SkipConsent: true},
			Metadata: oauth.ClientMetadata{TokenEndpointAuthMethod: oauth.AuthClientSecretBasic}}
		if change != nil {
			change(&c)
		}
		return clients.Client{Client: c}
	}
	web := store.Request{RedirectURI: "https://s.example/cb"}
	for _, tt := range []struct {
		name   string
		r      store.Request
		client clients.Client
		want   bool
	}{
		{"the operator's own, on the web", web, own(nil), true},
		{"a public one", web, own(func(c *store.Client) { c.Metadata.TokenEndpointAuthMethod = oauth.AuthNone }), true},
		{"one that the operator did not say it of", web, own(func(c *store.Client) { c.Terms.SkipConsent = false }), false},
		{"one that is not the operator's own", web, own(func(c *store.Client) { c.FirstParty = false }), false},
		{"one that registered itself", web, own(func(c *store.Client) { c.Origin = store.SelfRegister }), false},
		{"one that a document describes", web, own(func(c *store.Client) { c.Origin = store.Document }), false},
		{"a program on the person's machine that has a secret", store.Request{RedirectURI: "http://127.0.0.1:7/cb"}, own(nil), false},
		{"a web server on the person's machine", store.Request{RedirectURI: "https://localhost/cb"}, own(nil), false},
		{"the same, by its address", store.Request{RedirectURI: "https://127.0.0.1/cb"}, own(nil), false},
		{"an app with a scheme of its own", store.Request{RedirectURI: "com.example.app:/cb"}, own(nil), false},
		{"a request that wants the page", store.Request{RedirectURI: web.RedirectURI, Prompt: "login consent"}, own(nil), false},
		{"a request that was denied", store.Request{RedirectURI: web.RedirectURI, Decision: store.Decision{Verdict: store.Denied}}, own(nil), false},
	} {
		if got := maySkip(&tt.r, tt.client); got != tt.want {
			t.Errorf("%s: maySkip(%q, prompt %q) = %v, want %v", tt.name, tt.r.RedirectURI, tt.r.Prompt, got, tt.want)
		}
	}
}
