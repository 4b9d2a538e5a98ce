// tightening_test.go: every change that should end a grant does, on both databases (the table in docs/claims.md).

package server

import (
	"cmp"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
	"github.com/authwright/authwright/internal/store/storetest"
	"github.com/authwright/authwright/oauth"
)

// tightening is a change after spa got okr.read and okr.write from ada, for acme.
type tightening struct {
	name    string
	client  store.ClientID // spa if not said
	before  [][2]string    // what the operator does before that: verb and whom
	after   [][2]string    // the change
	undo    [][2]string    // takes it back
	left    string         // the scopes that are left; "" when nothing is
	refused oauth.Code     // of a refresh, when nothing is left; invalid_grant if not said
	forever bool           // undoing it, after it was refused, brings nothing back
}

var tightenings = []tightening{
	{name: "a client is disabled", after: [][2]string{{"disable-client", "spa"}}, undo: [][2]string{{"enable-client", "spa"}}, refused: oauth.InvalidClient, forever: true},
	{name: "a client is deleted", after: [][2]string{{"delete-client", "spa"}}, refused: oauth.InvalidClient},
	{name: "its ceiling is lowered", after: [][2]string{{"limit-client", "spa okr.read"}}, undo: [][2]string{{"limit-client", "spa"}}, left: "okr.read"},
	{name: "its ceiling leaves nothing", after: [][2]string{{"limit-client", "spa todo.read"}}, undo: [][2]string{{"limit-client", "spa"}}},
	{name: "its lives are shorter", after: [][2]string{{"terms", `spa third-party {"lives":{"refresh_life":60000000000}}`}, {"wait", "1m"}},
		undo: [][2]string{{"terms", "spa third-party {}"}}, forever: true},
	{name: "its idle life is shorter", after: [][2]string{{"terms", `spa third-party {"lives":{"refresh_idle":60000000000}}`}, {"wait", "1m"}},
		undo: [][2]string{{"terms", "spa third-party {}"}}, left: "by refresh", forever: true},
	{name: "the project's lives are shorter", after: [][2]string{{"settings", `{"refresh_idle":60000000000,"refresh_life":60000000000}`}, {"wait", "1m"}},
		undo: [][2]string{{"settings", "{}"}}, forever: true},
	{name: "people have to be asked about it", before: [][2]string{{"terms", `spa first-party {"skip_consent":true}`}}, after: [][2]string{{"terms", "spa first-party {}"}},
		undo: [][2]string{{"terms", `spa first-party {"skip_consent":true}`}}, forever: true},
	{name: "it is the operator's own no more", before: [][2]string{{"terms", `spa first-party {"skip_consent":true}`}}, after: [][2]string{{"terms", `spa third-party {"skip_consent":true}`}},
		undo: [][2]string{{"terms", `spa first-party {"skip_consent":true}`}}, forever: true},
	{name: "the resource is removed", after: [][2]string{{"remove-resource", okr}}, undo: [][2]string{{"resource-scopes", okr + " okr.read okr.write"}}, forever: true},
	{name: "a scope is taken off the resource", after: [][2]string{{"resource-scopes", okr + " okr.read"}}, undo: [][2]string{{"resource-scopes", okr + " okr.read okr.write"}}, left: "okr.read"},
	{name: "a permission is taken from a role", after: [][2]string{{"role", "admin objectives:read"}}, undo: [][2]string{{"role", "admin objectives:read objectives:write"}}, left: "okr.read"},
	{name: "a role loses every permission", after: [][2]string{{"role", "admin"}}, undo: [][2]string{{"role", "admin objectives:read objectives:write"}}},
	{name: "a role is deleted", after: [][2]string{{"delete-role", "admin"}}, undo: [][2]string{{"role", "admin objectives:read objectives:write"}}},
	{name: "the member has a smaller role", after: [][2]string{{"roles", "acme ada member"}}, undo: [][2]string{{"roles", "acme ada admin"}}, left: "okr.read"},
	{name: "the membership ends", after: [][2]string{{"remove-member", "acme ada"}}, undo: [][2]string{{"roles", "acme ada admin"}}, forever: true},
	{name: "the person is disabled", after: [][2]string{{"disable", "ada"}}, undo: [][2]string{{"enable", "ada"}}, forever: true},
	{name: "their password is reset", after: [][2]string{{"reset-password", "ada another-long-password"}}, forever: true},
	{name: "the organization lets it in no more", after: [][2]string{{"org-policy", `acme {"third_party":{"mode":"none"}}`}}, undo: [][2]string{{"org-policy", "acme {}"}}, forever: true},
	{name: "the organization wants to approve it", after: [][2]string{{"org-policy", `acme {"third_party":{"mode":"approve"}}`}}, undo: [][2]string{{"org-policy", "acme {}"}}, forever: true},
	{name: "the project lets such clients in no more", before: [][2]string{{"origin", "spa dcr"}}, after: [][2]string{{"settings", `{"self_registered_rule":"none"}`}},
		undo: [][2]string{{"settings", "{}"}}, forever: true},
	{name: "the project wants documents approved", client: "https://spa.example/client", before: [][2]string{{"document", "https://spa.example/client"}}, after: [][2]string{{"settings", `{"document_rule":"approve"}`}},
		undo: [][2]string{{"settings", "{}"}}, forever: true},
	{name: "the person withdraws", after: [][2]string{{"withdraw", "ada spa"}}, forever: true},
}

func TestTighteningEndsWhatFitsNoMore(t *testing.T) {
	for engine, open := range map[string]func(*testing.T) string{
		"SQLite":     func(t *testing.T) string { return "sqlite:" + sqldbtest.File(t) },
		"PostgreSQL": func(t *testing.T) string { return storetest.Postgres(t) },
	} {
		t.Run(engine, func(t *testing.T) {
			for _, tt := range tightenings {
				t.Run(tt.name, func(t *testing.T) {
					t.Parallel()
					newFlowIn(t, newWorldOn(t, open(t)), t.Name()).tighten(tt)
				})
			}
		})
	}
}

// tighten makes the change between a grant and its use.
func (f *flow) tighten(tt tightening) {
	f.Helper()
	client := cmp.Or(tt.client, "spa")
	f.operators(tt.before)
	err := f.given(command{rest: "tokens", header: make(http.Header), pairs: [][2]string{
		{"client_id", string(client)}, {"redirect_uri", "https://spa.example/callback"}, {"resource", okr}, {"scope", "okr.read okr.write"},
	}})
	if err != nil || f.vars["scope"] != "okr.read okr.write" {
		f.Fatalf("the grant before = %q, %v, want both scopes", f.vars["scope"], err)
	}
	f.operators(tt.after)
	f.clock.Move(16 * time.Second) // until every process has read it
	introspected, refreshed := tt.left, tt.left
	if tt.left == "by refresh" { // an access token lives on when nobody refreshes
		introspected, refreshed = "okr.read okr.write", ""
	}
	if got := f.scopeOf(f.vars["token"]); got != introspected {
		f.Errorf("the access token counts for %q, want %q", got, introspected)
	}
	status, got := f.renewed(client)
	want := tt.refused
	if refreshed == "" && want == "" {
		want = oauth.InvalidGrant
	}
	if got.Scope != refreshed || got.Error != want || (status == http.StatusOK) != (refreshed != "") {
		f.Errorf("a refresh = %d %q %q, want the scope %q and the error %q", status, got.Scope, got.Error, refreshed, want)
	}
	if refreshed != "" || len(tt.undo) == 0 && !tt.forever {
		return
	}
	f.operators(tt.undo)
	f.clock.Move(16 * time.Second)
	if status, got = f.renewed(client); (status != http.StatusOK) != tt.forever {
		f.Errorf("a refresh after it was taken back = %d %q %q, want it refused: %v", status, got.Scope, got.Error, tt.forever)
	}
}

// operators does several things in a row.
func (f *flow) operators(acts [][2]string) {
	f.Helper()
	for _, act := range acts {
		if err := f.operate(command{rest: strings.Join(act[:], " ")}); err != nil {
			f.Fatalf("%s %s: %v", act[0], act[1], err)
		}
	}
}

// scopeOf is what an access token counts for, "" when it counts for nothing.
func (f *flow) scopeOf(token string) string {
	f.Helper()
	var got oauth.Introspection
	rec := f.form("/introspect", url.Values{"token": {token}, "client_id": {"lookout"}, "client_secret": {watchSecret}})
	if err := json.Unmarshal([]byte(rec.body), &got); err != nil || rec.status != http.StatusOK || got.Active != (got.Scope != "") {
		f.Fatalf("an introspection = %s", rec)
	}
	return got.Scope
}

// refreshAnswer is what the token endpoint says.
type refreshAnswer struct {
	oauth.TokenResponse
	Error oauth.Code `json:"error"`
}

// renewed uses the refresh token at hand.
func (f *flow) renewed(client store.ClientID) (status int, got refreshAnswer) {
	f.Helper()
	rec := f.form("/token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {f.vars["refresh"]}, "client_id": {string(client)}})
	if err := json.Unmarshal([]byte(rec.body), &got); err != nil {
		f.Fatalf("a refresh = %s", rec)
	}
	return rec.status, got
}
