package sqldb

import (
	"errors"
	"testing"
	"time"

	"github.com/authwright/authwright/internal/store"
)

// TestASessionIsReadOnlyWithAllItNeeds changes one row at a time behind the store's back, into states that its steps do
// not leave behind, save for what another replica does at the same moment.
func TestASessionIsReadOnlyWithAllItNeeds(t *testing.T) {
	for _, tt := range []struct {
		name, change string
		want         error
	}{
		{"nothing is wrong", `update sessions set id = id`, nil},
		{"the person is disabled", `update people set disabled = true where id = 'per'`, store.ErrNotFound},
		{"the person was signed out since", `update people set signed_out_at = signed_out_at + 1795305600001 where id = 'per'`, store.ErrNotFound},
		{"the person was signed out just before", `update people set signed_out_at = signed_out_at + 1795305600000 where id = 'per'`, nil},
		{"the person is not there", `delete from people where id = 'per'`, store.ErrNotFound},
		{"the person is of another project", `update people set project_id = 'other' where id = 'per'`, store.ErrNotFound},
		{"the session is of another project", `update sessions set project_id = 'other'`, store.ErrNotFound},
		{"the session is over, though it is not idle", `update sessions set expires_at = 1795305600000`, store.ErrNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bothEngines(t, func(t *testing.T, db store.Database, raw *raw) {
				ctx, s := t.Context(), db.For("default")
				must(t, s.CreatePerson(ctx, store.Person{ID: "per", Email: "a"}))
				must(t, s.CreatePerson(ctx, store.Person{ID: "another", Email: "b"}))
				used := session
				used.UsedAt = now
				must(t, s.OpenSession(ctx, used, store.Digest{}))
				raw.exec(tt.change)
				if _, _, err := s.Session(ctx, used.ID, time.Hour, now); !errors.Is(err, tt.want) {
					t.Errorf("Session when %s = %v, want %v", tt.name, err, tt.want)
				}
			})
		})
	}
	if now.UnixMilli() != 1795305600000 {
		t.Fatalf("the statements above speak of another time than %d", now.UnixMilli())
	}
}
