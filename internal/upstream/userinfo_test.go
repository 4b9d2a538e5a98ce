package upstream

import (
	"testing"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/upstreamtest"
)

func TestWhatAnIDTokenLeavesOutIsAskedFor(t *testing.T) {
	full := Assertion{Subject: "17", Email: "cleo@example.com", Name: "Cleo Park", kind: store.OpenID, verified: true}
	for _, tt := range []struct {
		name  string
		kind  store.ProviderKind // OpenID when empty
		thin  bool
		told  func(map[string]any)
		want  Assertion
		err   error
		calls int
	}{
		{"a token with the address", "", false, nil, full, nil, 0},
		{"a token without", "", true, nil, full, nil, 1},
		{"an address that is not verified", "", true, func(m map[string]any) { m["email_verified"] = false },
			Assertion{Subject: "17", Email: "cleo@example.com", Name: "Cleo Park", kind: store.OpenID}, nil, 1},
		{"no address there either", "", true, func(m map[string]any) { delete(m, "email"); delete(m, "email_verified") },
			Assertion{Subject: "17", Name: "Cleo Park", kind: store.OpenID}, nil, 1},
		{"somebody else", "", true, func(m map[string]any) { m["sub"] = "18" }, Assertion{}, ErrUntrue, 1},
		{"nobody", "", true, func(m map[string]any) { delete(m, "sub") }, Assertion{}, ErrUntrue, 1},
		{"of Google the token has all that counts", store.Google, true, nil, Assertion{Subject: "17", kind: store.Google}, nil, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t)
			w.provider.Thin, w.provider.Told = tt.thin, tt.told
			if tt.kind != "" {
				w.change(func(p *store.Provider) { p.Kind = tt.kind })
			}
			if tt.err == nil {
				tt.want.Issuer = w.provider.URL
			}
			got, err := w.travel(Ask{})
			w.wantErr(tt.err, err, "Finish()")
			if got != tt.want || w.provider.Calls("/userinfo") != tt.calls {
				t.Errorf("Finish() = %+v after %d calls, want %+v after %d", got, w.provider.Calls("/userinfo"), tt.want, tt.calls)
			}
		})
	}
}

// TestWhatAnIDTokenSaysIsKept: the rest is asked for, where there is somebody to ask.
func TestWhatAnIDTokenSaysIsKept(t *testing.T) {
	w := newWorld(t)
	w.provider.Thin = true
	w.provider.Lie = func(t upstreamtest.Token) { t.Claims["name"] = "Cleo of the token" }
	if got, err := w.travel(Ask{}); err != nil || got.Name != "Cleo of the token" || got.Email != "cleo@example.com" {
		t.Errorf("Finish() = %+v, %v, want the name of the token and the address of the endpoint", got, err)
	}
	w = newWorld(t)
	w.provider.Thin = true
	w.provider.Document = func(doc map[string]any) { delete(doc, "userinfo_endpoint") }
	if got, err := w.travel(Ask{}); err != nil || got.Subject != "17" || got.Email != "" {
		t.Errorf("Finish() = %+v, %v, want the subject alone where there is no endpoint", got, err)
	}
}
