// claims.go: what the operator lets the access tokens of one client say besides: further audiences (RFC 9068 §3) and
// claims made from a template.

package authserver

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/authwright/authwright/internal/claims"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// audience is the granted resource, and what the operator listed for the client. A name that is a resource by now is left
// out unless it was listed as one: a token for one server must not become good at another because that was registered
// under a name that was free before (RFC 8707 §2, RFC 9700 §2.3).
func (s *Server) audience(ctx context.Context, c store.Client, resource string) (oauth.Audience, error) {
	audience := oauth.Audience{resource}
	if len(c.Terms.Audience)+len(c.Terms.AlsoFor) == 0 {
		return audience, nil
	}
	known, err := s.readCatalog(ctx)
	if err != nil {
		return nil, err
	}
	for _, name := range c.Terms.Audience {
		if _, isResource := known.resourceOf(name); !isResource && !audience.Has(name) {
			audience = append(audience, name)
		}
	}
	for _, uri := range c.Terms.AlsoFor {
		if r, ok := known.resourceOf(uri); ok && !audience.Has(r.URI) {
			audience = append(audience, r.URI)
		}
	}
	return audience, nil
}

func hasTemplate(c store.Client) bool { return len(c.Terms.Claims) > 0 }

// furtherClaims are what the client's template says about a grant that was read with its facts.
func (s *Server) furtherClaims(c store.Client, g *store.Grant) ([]byte, error) {
	if !hasTemplate(c) {
		return nil, nil
	}
	template, err := s.templates.of(c)
	if err != nil {
		return nil, fmt.Errorf("the claims template of client %s: %w", c.ID, err)
	}
	about := claims.About{Client: c}
	if g.Person != "" {
		about.Person, about.Org, about.Slug = g.Person, g.Org, g.Standing.Slug
		about.Roles, about.Facts = g.Standing.Roles, g.Standing.Facts
	}
	return template.Append(nil, about)
}

// templates holds what was compiled, by client. A client that changed has another version, and is compiled anew.
type templates struct {
	mu       sync.Mutex
	compiled map[store.ClientID]compiled
}

type compiled struct {
	version  int64
	template *claims.Template
}

const templatesMax = 4096

func (t *templates) of(c store.Client) (*claims.Template, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if one := t.compiled[c.ID]; one.template != nil && one.version == c.Version {
		return one.template, nil
	}
	fresh, err := claims.Compile(c.Terms.Claims)
	if err != nil {
		return nil, err
	}
	if t.compiled == nil || len(t.compiled) >= templatesMax {
		t.compiled = make(map[store.ClientID]compiled)
	}
	t.compiled[c.ID] = compiled{c.Version, fresh}
	return fresh, nil
}

// further are the members of a token's claims that a template made, each after a comma; most tokens have none.
func further(payload []byte, known oauth.Claims) ([]byte, error) {
	if len(payload) == len(known.AppendAccessToken(make([]byte, 0, 512))) {
		return nil, nil
	}
	dec := json.NewDecoder(bytes.NewReader(payload))
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	var more []byte
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, err
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return nil, err
		}
		if key, ok := name.(string); ok && !claims.Reserved(key) {
			quoted, err := json.Marshal(key)
			if err != nil {
				return nil, err
			}
			more = append(append(append(append(more, ','), quoted...), ':'), value...)
		}
	}
	return more, nil
}
