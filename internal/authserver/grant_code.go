// grant_code.go: grant_type=authorization_code (RFC 6749 §4.1.3, RFC 7636 §4.5, OAuth 2.1 §4.1.3).

package authserver

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// errStaleClient means that the client changed since this process read it.
var errStaleClient = errors.New("the client changed since it was read")

// errDeadCode is all that a client learns of a code that does not work.
func errDeadCode() *oauth.Error {
	return oauth.Errorf(oauth.InvalidGrant, "the code is wrong, used or over, or was given to another client, redirect_uri or code_verifier: authorize again")
}

// redeemCode spends a code. All that it is bound to is compared in the one statement that spends it.
func (s *Server) redeemCode(ctx context.Context, client clients.Client, form oauth.Params) (*oauth.TokenResponse, error) {
	code, verifier := form.Get("code"), form.Get("code_verifier")
	switch {
	case code == "":
		return nil, oauth.Errorf(oauth.InvalidRequest, "code is missing")
	case verifier == "":
		return nil, oauth.Errorf(oauth.InvalidRequest, "code_verifier is missing")
	case form.Get("redirect_uri") == "":
		return nil, oauth.Errorf(oauth.InvalidRequest, "redirect_uri is missing: send the one the code was sent to")
	}
	id, err := parseCode(code)
	if err != nil {
		return nil, err
	}
	resource, err := s.namedResource(ctx, form)
	if err != nil {
		return nil, err
	}
	use := store.CodeUse{
		Grant: id, Code: store.DigestOf(code), Client: client.ID, ClientVersion: client.Version, RedirectURI: form.Get("redirect_uri"),
		Challenge: challengeOf(verifier), Resource: resource,
		Idle: s.settings.LivesOf(client.Client).RefreshIdle, Facts: hasTemplate(client.Client), Now: s.Now(),
	}
	grant, err := s.Store.SpendCode(ctx, use)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, s.explainCode(ctx, use)
	case err != nil:
		return nil, err
	}
	return s.issueTo(ctx, client, &grant, nil)
}

// challengeOf is the challenge that a verifier answers; a malformed verifier answers none (RFC 7636 §4.1, §4.6).
func challengeOf(verifier string) oauth.CodeChallenge {
	sum := sha256.Sum256([]byte(verifier))
	made := oauth.CodeChallenge(base64.RawURLEncoding.EncodeToString(sum[:]))
	if !made.Verify(verifier) {
		return ""
	}
	return made
}

// namedResource is the registered form of the resource parameter, "" when there is none.
func (s *Server) namedResource(ctx context.Context, form oauth.Params) (string, error) {
	if !form.Has("resource") {
		return "", nil
	}
	resource, err := s.resource(ctx, form.Get("resource"))
	return resource.URI, err
}

// explainCode finds out why a code was not spent. Only a replay by the right client, with verifier and redirect URI,
// ends the grant: whoever does that holds the verifier, so the code has leaked (OAuth 2.1 §4.1.3). Anything less
// changes nothing but the count of misses, or a stranger could end other people's grants.
func (s *Server) explainCode(ctx context.Context, use store.CodeUse) error {
	grant, err := s.Store.Grant(ctx, use.Grant)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && grant.Code != use.Code:
		return errDeadCode()
	case err != nil:
		return err
	}
	bound := grant.Client == use.Client && string(grant.RedirectURI) == use.RedirectURI && grant.Challenge == use.Challenge
	switch {
	case bound && !grant.CodeSpent.IsZero():
		if err := s.end(ctx, grant.ID, store.EndedByReplay); err != nil {
			return err
		}
		s.Log.WarnContext(ctx, "a code was used twice: its grant is ended", "grant", grant.ID, "client", grant.Client)
	case bound && use.Resource != "" && grant.Resource != use.Resource:
		return oauth.Errorf(oauth.InvalidTarget, "the code was given for another resource")
	case bound:
		return s.orStale(ctx, grant.Client, use.ClientVersion, errDeadCode())
	case grant.CodeSpent.IsZero():
		if err := unlessNotFound(s.Store.MissCode(ctx, grant.ID, use.Code)); err != nil { // not found: dead already
			return err
		}
	}
	return errDeadCode()
}

// end ends a grant, and is done when there is none any more.
func (s *Server) end(ctx context.Context, id store.GrantID, why store.EndReason) error {
	return unlessNotFound(s.Store.EndGrant(ctx, id, why, s.Now()))
}

// orStale is errStaleClient when the stored client is not the one that was used, or is gone; else the refusal.
func (s *Server) orStale(ctx context.Context, id store.ClientID, version int64, refusal *oauth.Error) error {
	stored, err := s.Store.Client(ctx, id)
	switch {
	case errors.Is(err, store.ErrNotFound) || err == nil && stored.Version != version:
		return errStaleClient
	case err != nil:
		return err
	}
	return refusal
}
