// terms.go: what the operator set for one client, within what the project allows.

package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Lives are how long lasts what a client is given. A zero member is not set.
type Lives struct {
	Access      time.Duration `json:"access,omitempty"`       // of access tokens
	RefreshIdle time.Duration `json:"refresh_idle,omitempty"` // of a refresh token that is not used
	RefreshLife time.Duration `json:"refresh_life,omitempty"` // of the whole chain
}

// Terms are what the operator set for one client. The zero value is what everybody has.
type Terms struct {
	Lives       Lives           `json:"lives,omitzero"`
	Audience    []string        `json:"audience,omitempty"`     // of its access tokens, beside the resource; no resource of the project
	AlsoFor     []string        `json:"also_for,omitempty"`     // resources at which its access tokens count too
	Claims      json.RawMessage `json:"claims,omitempty"`       // template of further claims of its access tokens
	SkipConsent bool            `json:"skip_consent,omitempty"` // people are not asked; for first-party clients only
}

// LivesOf are the lives for a client: its own, or else those of its origin, or else the project's; never longer than the
// project's, because keys are published only so long. The settings have their defaults.
func (s Settings) LivesOf(c Client) Lives {
	var kind Lives
	switch c.Origin {
	case SelfRegister:
		kind = s.SelfMadeLives
	case Document:
		kind = s.DocumentLives
	}
	own := c.Terms.Lives
	l := Lives{
		Access:      min(cmp.Or(own.Access, kind.Access, s.AccessLife), s.AccessLife),
		RefreshIdle: min(cmp.Or(own.RefreshIdle, kind.RefreshIdle, s.RefreshIdle), s.RefreshIdle),
		RefreshLife: min(cmp.Or(own.RefreshLife, kind.RefreshLife, s.RefreshLife), s.RefreshLife),
	}
	l.RefreshIdle = min(l.RefreshIdle, l.RefreshLife)
	return l
}

// Check tells all lives that are out of bounds in a project with these settings, or nil. A zero one is not set.
func (l Lives) Check(s Settings) error {
	var wrong []error
	s = s.Defaults()
	for _, d := range []struct {
		name                 string
		value, least, utmost time.Duration
	}{
		{"access life", l.Access, time.Second, s.AccessLife},
		{"refresh idle life", l.RefreshIdle, time.Minute, s.RefreshIdle},
		{"refresh life", l.RefreshLife, time.Minute, s.RefreshLife},
	} {
		if d.value != 0 && (d.value < d.least || d.value > d.utmost) {
			wrong = append(wrong, fmt.Errorf("%s is %s: use %s to %s, which is the project's", d.name, d.value, d.least, d.utmost))
		}
	}
	if l.RefreshLife != 0 && l.RefreshIdle > l.RefreshLife {
		wrong = append(wrong, fmt.Errorf("refresh idle life is %s, longer than the refresh life, which is %s", l.RefreshIdle, l.RefreshLife))
	}
	return errors.Join(wrong...)
}

// End is when a grant ends at the latest, also one that was given when lives were longer.
func (l Lives) End(g Grant) time.Time { return earlier(g.Expires, g.CreatedAt.Add(l.RefreshLife)) }

// EndOfRefresh is when the newest refresh token of a grant is good no more, unless it is used before.
func (l Lives) EndOfRefresh(g Grant) time.Time {
	return earlier(l.End(g), earlier(g.IdleUntil, g.UsedAt.Add(l.RefreshIdle)))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
