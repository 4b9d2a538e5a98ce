// grant_refresh.go: grant_type=refresh_token (RFC 6749 §6, OAuth 2.1 §4.3). Rotation is idempotent: the immediate
// predecessor gets the same successor again for a short grace, as long as that successor has not been used.

package authserver

import (
	"context"
	"errors"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

func errDeadRefresh() *oauth.Error {
	return oauth.Errorf(oauth.InvalidGrant, "the refresh token is used, over or withdrawn: authorize again")
}

func (s *Server) refreshTokens(ctx context.Context, client clients.Client, form oauth.Params) (*oauth.TokenResponse, error) {
	if !form.Has("refresh_token") {
		return nil, oauth.Errorf(oauth.InvalidRequest, "refresh_token is missing")
	}
	id, generation, err := s.refresh.decode(form.Get("refresh_token"))
	if err != nil {
		return nil, err
	}
	wanted, err := oauth.ParseScope(form.Get("scope"))
	if err != nil {
		return nil, err
	}
	resource, err := s.namedResource(ctx, form)
	if err != nil {
		return nil, asDeadGrant(err)
	}
	lives := s.settings.LivesOf(client.Client)
	use := store.GrantUse{
		Grant: id, Client: client.ID, ClientVersion: client.Version, Generation: generation, Resource: resource,
		Grace: max(s.settings.RefreshGrace, 0), Idle: lives.RefreshIdle, Life: lives.RefreshLife,
		Facts: hasTemplate(client.Client), Now: s.Now(),
	}
	grant, err := s.Store.RotateGrant(ctx, use)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, s.explainRefresh(ctx, use)
	case err != nil:
		return nil, err
	}
	return s.issueTo(ctx, client, &grant, wanted)
}

// asDeadGrant tells a client that names an impossible resource that the token is dead: clients recover from
// nothing else, and asking again can never succeed.
func asDeadGrant(err error) error {
	var refusal *oauth.Error
	if errors.As(err, &refusal) {
		return errDeadRefresh()
	}
	return err
}

// narrow is the granted scope, or the part of it that was asked for. It never grows (RFC 6749 §6); asking for
// something else drops it, and asking for nothing of it changes nothing.
func narrow(granted, wanted oauth.Scope) oauth.Scope {
	if less := granted.Intersect(wanted); len(less) > 0 {
		return less
	}
	return granted
}

// explainRefresh finds out why a refresh token did not rotate. A superseded one ends the grant, because either
// the thief or the person holds its successor (OAuth 2.1 §4.3.1). The end is stored before the answer is given.
func (s *Server) explainRefresh(ctx context.Context, use store.GrantUse) error {
	grant, err := s.Store.Grant(ctx, use.Grant)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return errDeadRefresh()
	case err != nil:
		return err
	}
	outlived := !use.Now.Before(store.Lives{RefreshIdle: use.Idle, RefreshLife: use.Life}.EndOfRefresh(grant))
	live := grant.EndedAt.IsZero() && use.Now.Before(grant.Expires) && use.Now.Before(grant.IdleUntil)
	superseded := use.Generation < grant.Generation && !withinGrace(grant, use)
	switch {
	case grant.Client != use.Client:
		return errDeadRefresh()
	case live && outlived: // lives are shorter than when it was given: longer ones will not bring it back
		if err := s.end(ctx, grant.ID, store.EndedByPolicy); err != nil {
			return err
		}
		return errDeadRefresh()
	case !live || !superseded: // or the resource is another, the person is disabled, the client changed or is gone
		return s.orStale(ctx, grant.Client, use.ClientVersion, errDeadRefresh())
	}
	if err := s.end(ctx, grant.ID, store.EndedByReuse); err != nil {
		return err
	}
	s.Log.WarnContext(ctx, "a superseded refresh token was used: its grant is ended", "grant", grant.ID, "client", grant.Client)
	return errDeadRefresh()
}

func withinGrace(g store.Grant, use store.GrantUse) bool {
	return use.Generation == g.Generation-1 && use.Now.Before(g.RotatedAt.Add(use.Grace))
}
