package server

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store"
)

// TestEventsTellOfAFlow runs whole flows, going right and wrong, and reads what was written down: what happened, from
// where, and none of the secrets.
func TestEventsTellOfAFlow(t *testing.T) {
	t.Parallel()
	f := newFlow(t, t.Name())
	f.secretsSeen(t)
	told := f.told(t, f.secrets(t), store.LoginFailed, store.LoggedIn, store.ConsentAllowed, store.Granted, store.GrantEnded)
	if e := told[store.GrantEnded]; e.Actor != (store.Actor{Kind: store.ByClient, ID: "app"}) || e.Client != "app" || e.Detail.Reason == "" {
		t.Errorf("the event of a grant that a replay ended = %+v, want it ended by the client, with a reason", e)
	}
}

// TestEventsTellOfAMailedLink is the same for a password by mail.
func TestEventsTellOfAMailedLink(t *testing.T) {
	t.Parallel()
	f := newFlow(t, t.Name())
	_, sections, err := parseScript(`A password is chosen anew.
-- > a new password, by mail --
GET /login/reset
PRESS Send the link
email=ada@example.com
MAIL ada@example.com
-- < with a link --
200
{issuer}/login/reset/new?t={secret}
-- > that is used --
GET /login/reset/new?t={secret}
PRESS Change password
password=a-new-long-password
-- < once --
303
`)
	if err != nil {
		t.Fatal(err)
	}
	f.run(sections)
	f.told(t, map[string]string{"link": f.vars["secret"], "new password": "a-new-long-password"}, store.PasswordChanged)
}

// told reads the events, looks for secrets in them, and wants the kinds to tell of ada, where she called from.
func (f *flow) told(t *testing.T, secrets map[string]string, kinds ...store.EventKind) map[store.EventKind]store.Event {
	t.Helper()
	events, err := f.world.db.For(DefaultProject).Events(t.Context(), store.EventFilter{}, 1000)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(events)
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range secrets {
		for _, spelled := range []string{value, urlSpelling(value), base64.StdEncoding.EncodeToString([]byte(value))} {
			if value == "" || strings.Contains(string(text), spelled) {
				t.Errorf("an event holds the %s, or the flow saw none", name)
			}
		}
	}
	told := make(map[store.EventKind]store.Event)
	for _, e := range events {
		told[e.Kind] = e
	}
	for _, kind := range kinds {
		if e := told[kind]; e.Person != "per_ada" || !e.From.IsValid() {
			t.Errorf("the event %s = %+v, want one of ada, with the address she called from", kind, e)
		}
	}
	return told
}
