// presume.go: a client that is the operator's own may be given what it asks for without the person being asked, when the
// operator said so. What was given so is on record as such, and the person can take it back.

package authserver

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/policy"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// maySkip tells whether the person need not be asked about a settled request: the answer goes to a web site. A
// program on the person's own machine is always asked about, whoever says that it is the operator's (decision D17).
func maySkip(granted *store.Request, known clients.Client) bool {
	return policy.MaySkipConsent(known.Client) &&
		granted.RedirectURI.Kind() == oauth.RedirectHTTPS && !oauth.IsLoopbackHost(granted.RedirectURI.Host()) &&
		!slices.Contains(strings.Fields(granted.Prompt), "consent") && granted.Decision.Verdict == store.Undecided
}

// presume puts on record what is given without asking. A person who withdrew from the client before is asked.
func (s *Server) presume(ctx context.Context, granted *store.Request, known clients.Client, earlier *store.Consent) (step, error) {
	scope := granted.Scope
	if earlier != nil {
		scope = earlier.Presumed.Union(scope)
	}
	err := s.Store.PresumeConsent(ctx, store.Consent{
		ConsentKey: consentKey(granted), Presumed: scope, MetadataHash: known.MetadataHash,
	}, s.Now())
	switch {
	case errors.Is(err, store.ErrNotFound):
		return needsConsent, nil
	case err != nil:
		return 0, err
	}
	granted.Presumed = true
	return ready, nil
}
