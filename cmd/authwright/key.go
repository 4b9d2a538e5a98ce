// key.go: authwright key manages the keys that tokens are signed with.

package main

import (
	"context"
	"time"

	"github.com/authwright/authwright/internal/keys"
	"github.com/authwright/authwright/internal/store"
)

type keyCommand struct {
	List   keyList   `cmd:"" help:"List the signing keys."`
	Rotate keyRotate `cmd:"" help:"Make a new signing key. It is published at once and signs after ten minutes, when everybody has fetched it; tokens of the old one stay good."`
}

type keyRotate struct {
	projectFlag
	Now bool `help:"The new key signs at once: when others know the old one. Servers that kept the key set fetch it again when they meet the new key."`
}

// Run rotates.
func (k *keyRotate) Run(ctx context.Context, out *console) error {
	return k.within(ctx, func(d *deployment, p store.Project, st store.Store) error {
		kek, err := d.LoadKey()
		if err != nil {
			return err
		}
		sealer, err := keys.NewSealer(kek)
		if err != nil {
			return err
		}
		settings := p.Settings.Defaults()
		ring, err := keys.Open(ctx, keys.Config{
			Store: st, Sealer: sealer, Project: p.ID, Alg: settings.SigningAlg, Longest: settings.AccessLife, Now: time.Now,
		})
		if err != nil {
			return err
		}
		if err := ring.Rotate(ctx, k.Now); err != nil {
			return err
		}
		if k.Now {
			return out.say("A new key signs. Running servers notice within 60 seconds.")
		}
		return out.say("A new key is published within 60 seconds by every running server, and signs in ten minutes.")
	})
}

type keyList struct {
	projectFlag
	jsonFlag
}

// shownKey is a signing key as scripts read it. There is nothing secret in it.
type shownKey struct {
	ID        string    `json:"kid"`
	Alg       string    `json:"alg"`
	State     string    `json:"state"` // next, signing, retired
	CreatedAt time.Time `json:"created_at"`
	ActiveAt  time.Time `json:"active_at"`
	RetiredAt time.Time `json:"retired_at,omitzero"`
}

// Run lists the keys.
func (k *keyList) Run(ctx context.Context, out *console) error {
	return k.within(ctx, func(_ *deployment, _ store.Project, st store.Store) error {
		all, err := st.SigningKeys(ctx)
		if err != nil {
			return err
		}
		list, rows := make([]shownKey, len(all)), make([][]string, len(all))
		for i, key := range all {
			list[i] = shownKey{key.ID, string(key.Public.Algorithm), keyState(key, time.Now()), key.CreatedAt, key.ActiveAt, key.RetiredAt}
			rows[i] = []string{key.ID, list[i].Alg, list[i].State, minute(key.ActiveAt), minute(key.RetiredAt)}
		}
		if k.JSON {
			return out.json(list)
		}
		return out.table([]string{"KEY", "ALG", "STATE", "SIGNS FROM", "UNTIL"}, rows)
	})
}

func keyState(k store.SigningKey, now time.Time) string {
	switch {
	case !k.RetiredAt.IsZero() && !now.Before(k.RetiredAt):
		return "retired"
	case now.Before(k.ActiveAt):
		return "next"
	}
	return "signing"
}

func minute(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}
