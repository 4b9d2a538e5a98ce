package account

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/store"
)

// discarded sends mail nowhere.
func discarded(t *testing.T) *mail.Queue {
	q := mail.NewQueue(mail.SenderFunc(func(context.Context, mail.Message) error { return nil }), time.Now, slog.New(slog.DiscardHandler))
	t.Cleanup(q.Close)
	return q
}

func TestAPersonJoinsByAnInvitationToTheirProvenAddress(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	hers, bobs := w.invited("globex", "ada@example.com"), w.invited("globex", "bob@example.com")
	ada := w.signedIn("per_ada")
	const path = "/account/organizations"
	join := func(i store.Invitation) string {
		t.Helper()
		status, to := ada.post(path, organizationsForm, url.Values{"act": {"join"}, "invitation": {string(i.ID)}})
		if status != http.StatusSeeOther {
			t.Errorf("join by %s = %d, want 303", i.ID, status)
		}
		return to
	}
	shown := func() bool {
		return strings.Contains(ada.do(http.MethodGet, path, nil).Body.String(), string(hers.ID))
	}
	if to := join(hers); shown() || to != "" || !w.waits(hers) || w.belongs("globex", "per_ada") {
		t.Errorf("before her address is proven: shown %v, join leads to %q, she belongs: %v; want nothing of it", shown(), to, w.belongs("globex", "per_ada"))
	}
	w.must(w.store.VerifyEmail(t.Context(), "per_ada", "ada@example.com", now))
	if to := join(bobs); to != "" || !w.waits(bobs) || w.belongs("globex", "per_ada") {
		t.Errorf("with the invitation of another address: join leads to %q, she belongs: %v; want nothing of it", to, w.belongs("globex", "per_ada"))
	}
	if !shown() {
		t.Error("her invitation is not shown once her address is proven")
	}
	if to := join(hers); to != "?joined" || w.waits(hers) || !w.belongs("globex", "per_ada") {
		t.Errorf("join leads to %q, she belongs: %v; want her in", to, w.belongs("globex", "per_ada"))
	}
	if to := join(hers); to != "" {
		t.Errorf("join again leads to %q, want the page without a word", to)
	}
}

func TestAPersonSwitchesAndLeavesOnlyWhereTheyBelong(t *testing.T) {
	w := newWorld(t)
	w.withOrganizations()
	ctx := t.Context()
	w.must(w.store.PutMember(ctx, store.Membership{Person: "per_ada", Roles: []string{"member"}, CreatedAt: now})) // of the project
	own := w.connect("per_ada", "app", store.Registered, "App", app)
	forAcme := w.allow(store.ConsentKey{Person: "per_ada", Client: "app", Resource: resource, Org: "acme"}, app)
	ada := w.signedIn("per_ada")
	for _, tt := range []struct {
		name, act string
		org       store.OrgID
		want      string
	}{
		{"to one of others", "choose", "globex", ""},
		{"to one that is not there", "choose", "initech", ""},
		{"to one of hers", "choose", "acme", "?chosen"},
		{"out of one of others", "leave", "globex", ""},
		{"out of the project itself", "leave", "", ""},
		{"out of hers", "leave", "acme", "?left"},
		{"out again", "leave", "acme", ""},
	} {
		status, to := ada.post("/account/organizations", organizationsForm, url.Values{"act": {tt.act}, "org": {string(tt.org)}})
		if status != http.StatusSeeOther || to != tt.want {
			t.Errorf("%s: %s %q = %d %q, want 303 %q", tt.name, tt.act, tt.org, status, to, tt.want)
		}
	}
	if !w.belongs("", "per_ada") || w.belongs("acme", "per_ada") || !w.belongs("globex", "per_bob") || !w.live(own) || w.live(forAcme) {
		t.Errorf("afterwards: of the project %v, of acme %v, bob of globex %v, her own grant lives: %v, acme's: %v; want true, false, true, true, false",
			w.belongs("", "per_ada"), w.belongs("acme", "per_ada"), w.belongs("globex", "per_bob"), w.live(own), w.live(forAcme))
	}
	if status, _ := ada.post("/account/organizations", adminForm, url.Values{"act": {"leave"}, "org": {"acme"}}); status != http.StatusForbidden {
		t.Errorf("the page's act with the token of another page = %d, want 403", status)
	}
}
