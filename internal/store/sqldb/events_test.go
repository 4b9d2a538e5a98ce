package sqldb

import (
	"strings"
	"testing"

	"github.com/authwright/authwright/internal/store"
)

// TestAnEventIsNeverChanged tries it beside the store, as whoever has the database can.
func TestAnEventIsNeverChanged(t *testing.T) {
	bothEngines(t, func(t *testing.T, db store.Database, raw *raw) {
		must(t, db.For("default").CreatePerson(t.Context(), store.Person{ID: "per"}))
		for _, change := range []string{`update events set kind = 'login'`, `update events set count = count`} {
			_, err := raw.Exec(change)
			if err == nil || !strings.Contains(err.Error(), "events are never changed") {
				t.Errorf("%s = %v, want a refusal", change, err)
			}
		}
		if raw.driver == "pgx" {
			if _, err := raw.Exec(`truncate events`); err == nil {
				t.Error("truncate events = nil, want a refusal")
			}
		}
		if got := raw.strings(`select kind from events`); len(got) != 1 || got[0] != string(store.PersonCreated) {
			t.Errorf("the events are %v, want the one that was there", got)
		}
	})
}
