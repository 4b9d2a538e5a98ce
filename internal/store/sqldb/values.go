// values.go: how the members of records become columns and come back.

package sqldb

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// opaque is a text that a stranger chose. It is stored byte for byte.
type opaque string

// asJSON is a value stored as JSON.
type asJSON struct{ v any }

// column turns a member into one of int64, bool, string and []byte. It is not ok when a text cannot be stored.
func column(v any) (_ any, ok bool) {
	switch v := v.(type) {
	case int64, bool:
		return v, true
	case int:
		return int64(v), true
	case time.Time:
		return millis(v), true
	case []byte:
		return append([]byte{}, v...), true // not nil, which would be null
	case opaque:
		return []byte(v), true
	case store.Digest:
		return v[:], true
	case []store.Digest:
		joined := []byte{}
		for _, d := range v {
			joined = append(joined, d[:]...)
		}
		return joined, true
	case asJSON:
		text, err := json.Marshal(v.v)
		return string(text), err == nil
	}
	s := text(v)
	return s, utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// text spells a member that is a text or a list of words without spaces.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case store.ProjectID:
		return string(v)
	case store.PersonID:
		return string(v)
	case store.ClientID:
		return string(v)
	case store.RequestID:
		return string(v)
	case store.GrantID:
		return string(v)
	case store.OrgID:
		return string(v)
	case store.ChallengeID:
		return string(v)
	case store.InvitationID:
		return string(v)
	case store.HalfLoginID:
		return string(v)
	case oauth.ACR:
		return string(v)
	case store.Purpose:
		return string(v)
	case store.CredentialID:
		return string(v)
	case store.CeremonyKind:
		return string(v)
	case store.ProviderID:
		return string(v)
	case store.ProviderKind:
		return string(v)
	case store.Origin:
		return string(v)
	case store.Verdict:
		return string(v)
	case store.EndReason:
		return string(v)
	case store.EventID:
		return string(v)
	case store.EventKind:
		return string(v)
	case store.ActorKind:
		return string(v)
	case oauth.Code:
		return string(v)
	case oauth.RedirectURI:
		return string(v)
	case oauth.CodeChallenge:
		return string(v)
	case store.Scope:
		return v.String()
	case []string:
		return strings.Join(v, " ")
	}
	panic(fmt.Sprintf("sqldb: no column for a %T", v))
}

// millis is a time as it is stored: unix milliseconds, 0 for never.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

// row is one row of a result: int64, bool, string and []byte. It is valid until the next row is asked for.
type row []driver.Value

// scan copies the row into the members that dest points to.
func (r row) scan(dest ...any) error {
	if len(r) != len(dest) {
		return fmt.Errorf("a row of %d columns for %d members", len(r), len(dest))
	}
	for i, d := range dest {
		if err := assign(d, r[i]); err != nil {
			return fmt.Errorf("column %d: %w", i+1, err)
		}
	}
	return nil
}

// assign undoes column.
func assign(dest any, v driver.Value) error {
	switch v := v.(type) {
	case string:
		return assignText(dest, v)
	case []byte:
		return assignBytes(dest, v)
	case bool:
		if d, ok := dest.(*bool); ok {
			*d = v
			return nil
		}
	case int64:
		switch d := dest.(type) {
		case *int64:
			*d = v
			return nil
		case *int:
			*d = int(v)
			return nil
		case *bool: // SQLite has no other
			*d = v != 0
			return nil
		case *time.Time:
			*d = time.Time{}
			if v != 0 {
				*d = time.UnixMilli(v).UTC()
			}
			return nil
		}
	}
	return fmt.Errorf("a %T for a %T", v, dest)
}

func assignText(dest any, s string) error {
	switch d := dest.(type) {
	case *string:
		*d = s
	case *store.ProjectID:
		*d = store.ProjectID(s)
	case *store.PersonID:
		*d = store.PersonID(s)
	case *store.ClientID:
		*d = store.ClientID(s)
	case *store.RequestID:
		*d = store.RequestID(s)
	case *store.GrantID:
		*d = store.GrantID(s)
	case *store.OrgID:
		*d = store.OrgID(s)
	case *store.InvitationID:
		*d = store.InvitationID(s)
	case *store.ChallengeID:
		*d = store.ChallengeID(s)
	case *store.HalfLoginID:
		*d = store.HalfLoginID(s)
	case *oauth.ACR:
		*d = oauth.ACR(s)
	case *store.Purpose:
		*d = store.Purpose(s)
	case *store.CredentialID:
		*d = store.CredentialID(s)
	case *store.CeremonyKind:
		*d = store.CeremonyKind(s)
	case *store.ProviderID:
		*d = store.ProviderID(s)
	case *store.ProviderKind:
		*d = store.ProviderKind(s)
	case *store.Origin:
		*d = store.Origin(s)
	case *store.Verdict:
		*d = store.Verdict(s)
	case *store.EndReason:
		*d = store.EndReason(s)
	case *store.EventID:
		*d = store.EventID(s)
	case *store.EventKind:
		*d = store.EventKind(s)
	case *store.ActorKind:
		*d = store.ActorKind(s)
	case *oauth.Code:
		*d = oauth.Code(s)
	case *oauth.RedirectURI:
		*d = oauth.RedirectURI(s)
	case *oauth.CodeChallenge:
		*d = oauth.CodeChallenge(s)
	case *store.Scope:
		*d = strings.Fields(s)
		if s == "" {
			*d = nil
		}
	case *[]string:
		*d = strings.Fields(s)
		if s == "" {
			*d = nil
		}
	case asJSON:
		return json.Unmarshal([]byte(s), d.v)
	default:
		return fmt.Errorf("a text for a %T", dest)
	}
	return nil
}

func assignBytes(dest any, b []byte) error {
	switch d := dest.(type) {
	case *[]byte:
		*d = append([]byte(nil), b...)
	case *opaque:
		*d = opaque(b)
	case *store.Digest:
		if len(b) != len(d) {
			return fmt.Errorf("%d bytes for a digest", len(b))
		}
		copy(d[:], b)
	case *[]store.Digest:
		const size = len(store.Digest{})
		if len(b)%size != 0 {
			return fmt.Errorf("%d bytes for digests", len(b))
		}
		*d = nil
		for ; len(b) > 0; b = b[size:] {
			*d = append(*d, store.Digest(b[:size]))
		}
	default:
		return fmt.Errorf("bytes for a %T", dest)
	}
	return nil
}
