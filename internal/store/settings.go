// settings.go: the bounds of a project's choices.

package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright/oauth"
)

// Check tells all settings that are out of bounds, or nil. Zero stands for the default. People may log in elsewhere as
// well: at a login whose word counts here.
func (s Settings) Check(elsewhere bool) error {
	var wrong []error
	s = s.Defaults()
	for _, d := range []struct {
		name          string
		value         time.Duration
		least, utmost time.Duration
	}{
		{"code_life", s.CodeLife, 10 * time.Second, 10 * time.Minute}, // RFC 6749 §4.1.2
		{"access_life", s.AccessLife, time.Second, 24 * time.Hour},
		{"refresh_idle", s.RefreshIdle, time.Minute, 400 * 24 * time.Hour},
		{"refresh_life", s.RefreshLife, time.Minute, 5 * 366 * 24 * time.Hour},
		{"refresh_grace", max(s.RefreshGrace, 0), 0, time.Hour},
		{"session_idle", s.SessionIdle, time.Minute, 400 * 24 * time.Hour},
		{"session_life", s.SessionLife, time.Minute, 400 * 24 * time.Hour},
		{"request_life", s.RequestLife, time.Minute, 24 * time.Hour},
		{"event_life", s.EventLife, 24 * time.Hour, 10 * 366 * 24 * time.Hour},
	} {
		if d.value < d.least || d.value > d.utmost {
			wrong = append(wrong, fmt.Errorf("%s is %s: use %s to %s", d.name, d.value, d.least, d.utmost))
		}
	}
	if s.RefreshIdle > s.RefreshLife {
		wrong = append(wrong, fmt.Errorf("refresh_idle is %s, longer than refresh_life, which is %s", s.RefreshIdle, s.RefreshLife))
	}
	if s.SessionIdle > s.SessionLife {
		wrong = append(wrong, fmt.Errorf("session_idle is %s, longer than session_life, which is %s", s.SessionIdle, s.SessionLife))
	}
	for name, lives := range map[string]Lives{"of self-registered clients": s.SelfMadeLives, "of document clients": s.DocumentLives} {
		if err := lives.Check(s); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
	}
	if s.NoPassword && !s.EmailCode && !s.Passkeys && !elsewhere {
		wrong = append(wrong, errors.New("no_password without email_code, passkeys or a trusted login: nobody could log in"))
	}
	for _, rule := range []struct {
		name string
		mode RuleMode
	}{{"self_registered_rule", s.SelfMadeRule}, {"document_rule", s.DocumentRule}} {
		switch rule.mode {
		case RuleDefault, RuleAll, RuleApprove, RuleNone:
		default:
			wrong = append(wrong, fmt.Errorf("%s is %q: use all, approve or none", rule.name, rule.mode))
		}
	}
	switch s.SigningAlg {
	case oauth.ES256, oauth.EdDSA, oauth.RS256:
	default:
		wrong = append(wrong, fmt.Errorf("signing_alg is %q: use ES256, EdDSA or RS256", s.SigningAlg))
	}
	return errors.Join(wrong...)
}
