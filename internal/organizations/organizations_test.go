package organizations

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/mail"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/internal/store/sqldbtest"
)

var now = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// world is a project with two organizations: acme, which ada runs and bob is a member of, and globex, which bob runs.
type world struct {
	*testing.T
	*Office
	mu     sync.Mutex
	titles []string // of the letters, with whom they went to
}

func newWorld(t *testing.T) *world {
	t.Helper()
	db := sqldbtest.Open(t)
	w := &world{T: t, Office: &Office{Store: db.For("default"), Site: "Acme", Issuer: "https://auth.example", Now: func() time.Time { return now }}}
	w.Mail = mail.NewQueue(mail.SenderFunc(func(_ context.Context, m mail.Message) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.titles = append(w.titles, m.To+": "+strings.TrimSuffix(m.Subject, " · Acme"))
		return nil
	}), func() time.Time { return now }, slog.New(slog.DiscardHandler))
	t.Cleanup(w.Mail.Close)
	ctx := t.Context()
	w.must(db.CreateProject(ctx, store.Project{ID: "default", Issuer: w.Issuer, Name: "Acme", CreatedAt: now}))
	w.must(w.Store.PutRole(ctx, store.Role{Name: "admin", Permissions: []string{policy.RunOrganization}}))
	w.must(w.Store.PutRole(ctx, store.Role{Name: "member", Permissions: []string{"read"}}))
	for _, id := range []store.OrgID{"acme", "globex"} {
		w.must(w.Store.CreateOrganization(ctx, store.Organization{ID: id, Slug: string(id), Name: strings.ToTitle(string(id)), CreatedAt: now}))
	}
	w.person("ada", true, "acme", "admin")
	w.person("bob", true, "acme", "member")
	w.must(w.Store.PutMember(ctx, store.Membership{Org: "globex", Person: "bob", Roles: []string{"admin"}, CreatedAt: now}))
	return w
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) person(name store.PersonID, proven bool, org store.OrgID, role string) {
	w.Helper()
	w.must(w.Store.CreatePerson(w.Context(), store.Person{ID: name, Email: string(name) + "@example.com", EmailVerified: proven, CreatedAt: now}))
	w.must(w.Store.PutMember(w.Context(), store.Membership{Org: org, Person: name, Roles: []string{role}, CreatedAt: now}))
}

func (w *world) org(id store.OrgID) store.Organization {
	w.Helper()
	o, err := w.Store.Organization(w.Context(), id)
	w.must(err)
	return o
}

// sent are the letters so far, sorted.
func (w *world) sent() []string {
	w.Mail.Settle()
	w.mu.Lock()
	defer w.mu.Unlock()
	slices.Sort(w.titles)
	return w.titles
}

func TestWhoRunsAnOrganization(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		name   string
		person store.PersonID
		org    store.OrgID
		want   error
	}{
		{"its admin", "ada", "acme", nil},
		{"a member who is admin of another", "bob", "acme", store.ErrNotFound},
		{"the admin of the other", "bob", "globex", nil},
		{"an admin where they do not belong", "ada", "globex", store.ErrNotFound},
		{"nobody runs one that is not there", "ada", "initech", store.ErrNotFound},
		{"nobody runs the project so", "ada", "", store.ErrNotFound},
		{"a stranger", "eve", "acme", store.ErrNotFound},
	} {
		got, err := w.RunBy(t.Context(), tt.person, tt.org)
		if !errors.Is(err, tt.want) || err == nil && got.ID != tt.org {
			t.Errorf("%s: RunBy(%s, %s) = %q, %v, want %v", tt.name, tt.person, tt.org, got.ID, err, tt.want)
		}
	}
}

func TestALinkOpensItsOwnInvitation(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	invite := func(email string) (token, id, secret string) {
		link, err := w.Invite(ctx, w.org("acme"), store.Invitation{Email: email, Roles: []string{"member"}})
		w.must(err)
		u, err := url.Parse(link)
		w.must(err)
		id, secret, _ = strings.Cut(u.Query().Get("t"), ".")
		return u.Query().Get("t"), id, secret
	}
	token, id, secret := invite("cleo@example.com")
	_, _, other := invite("dora@example.com")
	gone, _, _ := invite("eve@example.com")
	invite("eve@example.com")
	for _, tt := range []struct {
		name, token string
		after       time.Duration
		want        error
	}{
		{"the link", token, 0, nil},
		{"the link, in the last moment", token, invitationLife - time.Millisecond, nil},
		{"the link, seven days later", token, invitationLife, store.ErrNotFound},
		{"the id, which is no secret", id, 0, store.ErrNotFound},
		{"the id without a secret", id + ".", 0, store.ErrNotFound},
		{"the id with the secret of another", id + "." + other, 0, store.ErrNotFound},
		{"the secret with more behind it", token + "A", 0, store.ErrNotFound},
		{"the secret alone", secret, 0, store.ErrNotFound},
		{"nothing", "", 0, store.ErrNotFound},
		{"a link that another one replaced", gone, 0, store.ErrNotFound},
	} {
		w.Now = func() time.Time { return now.Add(tt.after) }
		i, o, err := w.Opened(ctx, tt.token)
		if !errors.Is(err, tt.want) || err == nil && (i.Email != "cleo@example.com" || o.ID != "acme") {
			t.Errorf("%s: Opened(%q) = %q of %q, %v, want %v", tt.name, tt.token, i.Email, o.ID, err, tt.want)
		}
	}
}

func TestTwoHundredInvitationsAreEnough(t *testing.T) {
	w := newWorld(t)
	w.Mail.Close()
	w.Mail = nil // this organization hands its links over by hand
	for n := range maxInvitations + 1 {
		_, err := w.Invite(t.Context(), w.org("acme"), store.Invitation{Email: fmt.Sprintf("%d@example.com", n)})
		if want := n == maxInvitations; errors.Is(err, ErrTooMany) != want || !want && err != nil {
			t.Fatalf("Invite of number %d = %v, want it refused: %v", n+1, err, want)
		}
	}
	if _, err := w.Invite(t.Context(), w.org("globex"), store.Invitation{Email: "0@example.com"}); err != nil {
		t.Errorf("Invite of another organization = %v, want it to have room of its own", err)
	}
}

func TestAdminsWhoCanBeWrittenToAreToldOnce(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.person("unproven", false, "acme", "admin")
	w.person("disabled", true, "acme", "admin")
	w.must(w.Store.SetPersonDisabled(ctx, "disabled", true, now))
	for range 2 {
		w.must(w.Ask(ctx, w.org("acme"), "app", "bob", "for the\r\nreport"))
	}
	want := []string{"ada@example.com: An app waits for your approval"}
	if got := w.sent(); !slices.Equal(got, want) {
		t.Errorf("the letters after two wishes for one app = %q, want %q", got, want)
	}
	if got, err := w.Store.Approvals(ctx, "acme", "app"); err != nil || len(got) != 1 || got[0].Note != "for the report" {
		t.Errorf("Approvals = %+v, %v, want one", got, err)
	}
	if err := w.Ask(ctx, w.org("acme"), "app", "eve", ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Ask by a stranger = %v, want %v", err, store.ErrNotFound)
	}
}

func TestANoteIsOneShortLine(t *testing.T) {
	for _, tt := range []struct{ name, note, want string }{
		{"as it is", "For the report", "For the report"},
		{"lines and tabs", "  For\r\n\tthe report ", "For the report"},
		{"what turns the direction, or is not seen", "For\u202e the\u200b report\x00", "For the report"},
		{"what is no text", "For \xff the report", "For the report"},
		{"too long, in characters", strings.Repeat("é", maxNote+1), strings.Repeat("é", maxNote)},
		{"nothing", " \n ", ""},
	} {
		if got := oneLine(tt.note); got != tt.want {
			t.Errorf("%s: oneLine(%q) = %q, want %q", tt.name, tt.note, got, tt.want)
		}
	}
}

func TestAnApprovalLetsInWhatTheRuleLeavesToAdmins(t *testing.T) {
	app := store.Client{ID: "app", Origin: store.Registered}
	for _, tt := range []struct {
		mode store.RuleMode
		want error
	}{
		{store.RuleApprove, nil}, {store.RuleList, nil}, {store.RuleAll, nil},
		{store.RuleNone, ErrNotByApproval}, {"of a later version", ErrNotByApproval},
	} {
		w := newWorld(t)
		ctx := t.Context()
		o := w.org("acme")
		o.Policy.ThirdParty = store.ClientRule{Mode: tt.mode, Clients: []store.ClientID{"another"}}
		w.must(w.Store.UpdateOrganization(ctx, o))
		w.must(w.Ask(ctx, o, app.ID, "bob", ""))
		if _, err := w.Approve(ctx, w.org("acme"), app); !errors.Is(err, tt.want) {
			t.Errorf("mode %q: Approve = %v, want %v", tt.mode, err, tt.want)
		}
		listed := slices.Contains(w.org("acme").Policy.ThirdParty.Clients, app.ID)
		waits, err := w.Store.Approvals(ctx, "acme", app.ID)
		told := slices.Contains(w.sent(), "bob@example.com: Your app is approved")
		if done := tt.want == nil; err != nil || listed != done || (len(waits) == 0) != done || told != done {
			t.Errorf("mode %q: afterwards the app is listed: %v, wishes: %d, bob is told: %v, %v; want it done: %v", tt.mode, listed, len(waits), told, err, done)
		}
	}
}

func TestARefusalIsToldToWhoAsked(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	w.person("cleo", true, "acme", "member")
	w.must(w.Ask(ctx, w.org("acme"), "app", "bob", ""))
	_, err := w.Refuse(ctx, w.org("acme"), "app", "ada")
	w.must(err)
	want := []string{"ada@example.com: An app waits for your approval", "bob@example.com: Your app was not approved"}
	if got := w.sent(); !slices.Equal(got, want) {
		t.Errorf("the letters = %q, want %q", got, want)
	}
	if err := w.Ask(ctx, w.org("acme"), "app", "cleo", ""); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Ask after a refusal = %v, want %v", err, store.ErrNotFound)
	}
	if _, err := w.Refuse(ctx, w.org("acme"), "app", "ada"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Refuse of what nobody waits for = %v, want %v", err, store.ErrNotFound)
	}
}
