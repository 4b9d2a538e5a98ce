// events.go: what happened, written by the statement that makes it happen.
//
// A step leaves an event behind by saying so of its call:
//
//	need(ctx, s.step, insertKey.with(…).tells(ctx, store.Event{Kind: store.KeyAdded, …}))
//
// The event is there when the call changed a row, and only then: PostgreSQL runs the call and the event as one
// statement, SQLite as two of one step.

package sqldb

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"github.com/authwright/authwright/internal/store"
)

// What an event is about comes from the row that the call changes, when it is one and a column of that name is returned.
var (
	headColumns    = []string{"id", "at", "kind", "actor_kind", "actor_id", "address", "detail"}
	subjectColumns = []string{"person_id", "client_id", "org_id", "grant_id", "resource"}
	eventColumns   = "project_id, " + strings.Join(headColumns, ", ") + ", count, " + strings.Join(subjectColumns, ", ")
)

// Who acts, when the context does not say: the event's own person or client.
var (
	byPerson = store.Actor{Kind: store.ByPerson}
	byClient = store.Actor{Kind: store.ByClient}
)

// told is an event on its way into the database.
type told struct {
	head     []any // as headColumns
	subjects []any // as subjectColumns
}

// tells makes the call leave an event behind in the project that is its first argument, if it changes a row. Several
// rows are one event that counts them.
func (c call) tells(ctx context.Context, e store.Event) call {
	e = store.Tell(ctx, e)
	t := &told{head: eventHead(e), subjects: []any{e.Person, e.Client, e.Org, e.Grant, e.Resource}}
	for _, args := range [][]any{t.head, t.subjects} {
		for i, arg := range args {
			v, ok := column(arg)
			if !ok {
				c.err = c.unstorable(arg)
			}
			args[i] = v
		}
	}
	c.told = t
	return c
}

// eventHead are the arguments of headColumns.
func eventHead(e store.Event) []any {
	from := ""
	if e.From.IsValid() {
		from = e.From.Unmap().String()
	}
	return []any{e.ID, e.At, e.Kind, e.Actor.Kind, e.Actor.ID, from, asJSON{e.Detail}}
}

// telling is how a statement leaves an event behind. It is made when that is first asked of the statement.
type telling struct {
	once     sync.Once
	places   []int  // of the subjects in the rows that the statement returns, or -1
	postgres string // the statement and the event in one
}

func (s *statement) tell(args int) *telling {
	t := s.telling
	t.once.Do(func() {
		act, returned := s.text, []string(nil)
		if _, list, ok := strings.Cut(s.text, " returning "); ok {
			if strings.Contains(list, "(") {
				panic("sqldb: an event needs plain columns returned, not " + list)
			}
			returned = strings.Split(list, ", ")
		} else {
			act += " returning 1"
		}
		var values strings.Builder
		value := func() {
			args++
			fmt.Fprintf(&values, ", $%d", args)
		}
		for range headColumns {
			value()
		}
		values.WriteString(", n")
		for _, subject := range subjectColumns {
			place := slices.Index(returned, subject)
			if t.places = append(t.places, place); place >= 0 {
				args++
				fmt.Fprintf(&values, ", case when n = 1 then %s else $%d end", subject, args)
			} else {
				value()
			}
		}
		t.postgres = "with act as (" + act + "), told as (insert into events (" + eventColumns + ") select $1" + values.String() +
			" from act, (select count(*) as n from act) counted limit 1) select * from act"
	})
	return t
}

// postgres is the text and the arguments of a call with the event it leaves behind.
func (c call) postgres() (string, []any) {
	if c.told == nil {
		return c.text, c.args
	}
	t := c.tell(len(c.args))
	return t.postgres, slices.Concat(c.args, c.told.head, c.told.subjects)
}

var insertEvent = sql("writing down what happened", `
	insert into events (`+eventColumns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`)

// leaving runs a call on a connection of SQLite, and files its event when rows changed.
func (c *sqliteConn) leaving(ctx context.Context, act call, each func(row) error) (rows int, err error) {
	t, e := act.tell(len(act.args)), act.told
	subjects := slices.Clone(e.subjects)
	act.told = nil
	rows, err = c.run(ctx, act, func(r row) error {
		for i, place := range t.places {
			if place >= 0 {
				subjects[i] = r[place]
			}
		}
		if each == nil {
			return nil
		}
		return each(r)
	})
	if err != nil || rows == 0 {
		return rows, err
	}
	if rows > 1 {
		subjects = e.subjects
	}
	args := slices.Concat(act.args[:1], e.head, []any{int64(rows)}, subjects)
	if _, err := c.run(ctx, call{statement: insertEvent, args: args}, nil); err != nil {
		return 0, fmt.Errorf("%s: %w", insertEvent.does, err)
	}
	return rows, nil
}

// One text for each choice of person, client and organization, so that each can use its index.
var selectEvents = func() (texts [2][2][2]*statement) {
	for person := range 2 {
		for client := range 2 {
			for org := range 2 {
				texts[person][client][org] = sql("listing events", `
					select `+eventColumns+` from events where project_id = $1 and id >= $2 and id < $3 and ($4 = '' or kind = $4)`+
					[]string{` and $5 = ''`, ` and person_id = $5 and person_id <> ''`}[person]+
					[]string{` and $6 = ''`, ` and client_id = $6 and client_id <> ''`}[client]+
					[]string{` and $7 = ''`, ` and org_id = $7 and org_id <> ''`}[org]+
					` order by id desc limit $8`)
			}
		}
	}
	return texts
}()

// Events lists the events that fit the filter, newest first.
func (s *projectStore) Events(ctx context.Context, f store.EventFilter, limit int) ([]store.Event, error) {
	since, before := store.EventID(""), f.Before
	if !f.Since.IsZero() {
		since = store.FirstEventID(f.Since)
	}
	if before == "" {
		before = "~" // after every id
	}
	text := selectEvents[min(len(f.Person), 1)][min(len(f.Client), 1)][min(len(f.Org), 1)]
	return all(ctx, s.look, scanEvent, text.with(s.project, since, before, f.Kind, f.Person, f.Client, f.Org, limit))
}

func scanEvent(r row) (e store.Event, err error) {
	var project, from string
	err = r.scan(&project, &e.ID, &e.At, &e.Kind, &e.Actor.Kind, &e.Actor.ID, &from, asJSON{&e.Detail}, &e.Count,
		&e.Person, &e.Client, &e.Org, &e.Grant, &e.Resource)
	if from != "" && err == nil {
		e.From, err = netip.ParseAddr(from)
	}
	switch {
	case e.Actor.ID != "":
	case e.Actor.Kind == store.ByPerson:
		e.Actor.ID = string(e.Person)
	case e.Actor.Kind == store.ByClient:
		e.Actor.ID = string(e.Client)
	}
	return e, err
}
