// audit.go: authwright audit shows what happened, newest first, or exports it for another program.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
)

type auditCommand struct {
	projectFlag
	Person string `help:"Only what concerns this account: its address or id." placeholder:"WHO"`
	Client string `help:"Only what concerns this app." placeholder:"ID"`
	Org    string `help:"Only what concerns this organization: its slug or id." placeholder:"NAME"`
	Kind   string `help:"Only events of this kind, like login.failed." placeholder:"KIND"`
	Since  string `help:"Only from then on: a time like 2026-01-31 or 2026-01-31T12:00:00Z, or how long ago, like 24h." placeholder:"TIME"`
	Limit  int    `default:"50" help:"How many at most; 0 for all." placeholder:"N"`
	JSON   bool   `name:"json" help:"One line of JSON for each event, for scripts and log collectors."`
	Follow bool   `help:"Show also what happens from now on, oldest first, until interrupted."`
}

// Run shows the events.
func (a *auditCommand) Run(ctx context.Context, out *console) error {
	return a.within(ctx, func(_ *deployment, p store.Project, st store.Store) error {
		f, err := a.filter(ctx, st, time.Now())
		if err != nil {
			return err
		}
		show := showEvents{out: out, project: p.ID, json: a.JSON}
		if a.Follow {
			return show.follow(ctx, st, f)
		}
		return a.list(ctx, st, f, show)
	})
}

// filter reads the flags. What an event names may be gone, so an id that is not known is no mistake.
func (a *auditCommand) filter(ctx context.Context, st store.Store, now time.Time) (store.EventFilter, error) {
	f := store.EventFilter{Person: store.PersonID(a.Person), Client: store.ClientID(a.Client), Org: store.OrgID(a.Org), Kind: store.EventKind(a.Kind)}
	var wrong []error
	if strings.Contains(a.Person, "@") {
		p, err := person(ctx, st, a.Person)
		wrong = append(wrong, err)
		f.Person = p.ID
	}
	if a.Org != "" {
		list, err := orgs(ctx, st)
		wrong = append(wrong, err)
		if i := slices.IndexFunc(list, func(o store.Organization) bool { return o.Slug == a.Org }); i >= 0 {
			f.Org = list[i].ID
		}
	}
	if f.Kind != "" && !slices.Contains(store.EventKinds, f.Kind) {
		wrong = append(wrong, fmt.Errorf("--kind %q: use one of %s", a.Kind, kindWords()))
	}
	since, err := sinceTime(a.Since, now)
	f.Since = since
	if a.Limit < 0 {
		wrong = append(wrong, fmt.Errorf("--limit %d: use 0 for all", a.Limit))
	}
	if a.Follow && !f.Since.IsZero() {
		wrong = append(wrong, errors.New("--follow begins now: leave out --since"))
	}
	return f, errors.Join(append(wrong, err)...)
}

func kindWords() string {
	words := make([]string, len(store.EventKinds))
	for i, k := range store.EventKinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}

// sinceTime reads a time, or how long ago.
func sinceTime(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if ago, err := time.ParseDuration(s); err == nil && ago > 0 {
		return now.Add(-ago), nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("--since %q: use a time like 2026-01-31 or 2026-01-31T12:00:00Z, or how long ago, like 24h", s)
}

// list shows events page by page, newest first.
func (a *auditCommand) list(ctx context.Context, st store.Store, f store.EventFilter, show showEvents) error {
	left := a.Limit
	for shown := 0; ; {
		size := pageSize
		if a.Limit > 0 {
			size = min(size, left)
		}
		page, err := st.Events(ctx, f, size)
		if err != nil {
			return err
		}
		if err := show.all(page, shown == 0); err != nil {
			return err
		}
		shown, left = shown+len(page), left-len(page)
		if len(page) < size || a.Limit > 0 && left == 0 {
			return nil
		}
		f.Before = page[len(page)-1].ID
	}
}

const (
	followEvery = time.Second
	followBack  = 30 * time.Second // an event is there when its step is done, which is a little after its time
)

// follow shows each event once, as it comes.
func (s showEvents) follow(ctx context.Context, st store.Store, f store.EventFilter) error {
	begun, seen := time.Now(), make(map[store.EventID]time.Time)
	for head := true; ; {
		f.Since = time.Now().Add(-followBack)
		if f.Since.Before(begun) {
			f.Since = begun
		}
		for id, at := range seen {
			if at.Before(f.Since) {
				delete(seen, id)
			}
		}
		fresh, err := newEvents(ctx, st, f, seen)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if len(fresh) > 0 {
			if err := s.all(fresh, head); err != nil {
				return err
			}
			head = false
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(followEvery):
		}
	}
}

// newEvents are those that were not seen, oldest first.
func newEvents(ctx context.Context, st store.Store, f store.EventFilter, seen map[store.EventID]time.Time) (fresh []store.Event, err error) {
	for {
		page, err := st.Events(ctx, f, pageSize)
		if err != nil {
			return nil, err
		}
		for _, e := range page {
			if _, known := seen[e.ID]; !known {
				seen[e.ID] = e.At
				fresh = append(fresh, e)
			}
		}
		if len(page) < pageSize {
			slices.Reverse(fresh)
			return fresh, nil
		}
		f.Before = page[len(page)-1].ID
	}
}

// showEvents writes events as a table or as lines of JSON.
type showEvents struct {
	out     *console
	project store.ProjectID
	json    bool
}

// shownEvent is an event as other programs read it.
type shownEvent struct {
	ID       store.EventID   `json:"id"`
	Time     string          `json:"time"`
	Project  store.ProjectID `json:"project"`
	Kind     store.EventKind `json:"kind"`
	Actor    shownActor      `json:"actor"`
	From     string          `json:"from,omitempty"`
	Person   store.PersonID  `json:"person,omitempty"`
	Client   store.ClientID  `json:"client,omitempty"`
	Org      store.OrgID     `json:"org,omitempty"`
	Grant    store.GrantID   `json:"grant,omitempty"`
	Resource string          `json:"resource,omitempty"`
	Count    int             `json:"count"`
	Detail   store.Detail    `json:"detail,omitzero"`
}

type shownActor struct {
	Kind store.ActorKind `json:"kind"`
	ID   string          `json:"id,omitempty"`
}

func (s showEvents) all(events []store.Event, head bool) error {
	if s.json {
		e := json.NewEncoder(s.out.out)
		e.SetEscapeHTML(false)
		for _, event := range events {
			if err := e.Encode(s.shown(event)); err != nil {
				return err
			}
		}
		return nil
	}
	rows := make([][]string, len(events))
	for i, e := range events {
		rows[i] = []string{e.At.UTC().Format("2006-01-02 15:04:05Z"), string(e.Kind), strings.TrimSpace(string(e.Actor.Kind) + " " + e.Actor.ID), s.shown(e).From, about(e)}
	}
	if head {
		return s.out.table([]string{"TIME", "KIND", "BY", "FROM", "ABOUT"}, rows)
	}
	return s.out.table(nil, rows)
}

func (s showEvents) shown(e store.Event) shownEvent {
	v := shownEvent{
		ID: e.ID, Time: e.At.UTC().Format("2006-01-02T15:04:05.000Z07:00"), Project: s.project, Kind: e.Kind,
		Actor: shownActor{e.Actor.Kind, e.Actor.ID}, Person: e.Person, Client: e.Client, Org: e.Org, Grant: e.Grant,
		Resource: e.Resource, Count: e.Count, Detail: e.Detail,
	}
	if e.From.IsValid() {
		v.From = e.From.String()
	}
	return v
}

// about says in one line what an event concerns, without who did it.
func about(e store.Event) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	if e.Actor.Kind != store.ByPerson || e.Actor.ID != string(e.Person) {
		add("person", string(e.Person))
	}
	if e.Actor.Kind != store.ByClient || e.Actor.ID != string(e.Client) {
		add("client", string(e.Client))
	}
	add("org", string(e.Org))
	add("resource", e.Resource)
	add("name", e.Detail.Name)
	add("email", e.Detail.Email)
	add("scope", strings.Join(e.Detail.Scope, ","))
	add("methods", strings.Join(e.Detail.Methods, ","))
	add("roles", strings.Join(e.Detail.Roles, ","))
	add("permissions", strings.Join(e.Detail.Permissions, ","))
	add("reason", string(e.Detail.Reason))
	if e.Count > 1 {
		add("count", fmt.Sprint(e.Count))
	}
	return strings.Join(parts, " ")
}
