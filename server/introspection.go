// introspection.go: the MCP servers of an embedding program may ask about their tokens (RFC 7662 §2.1).

package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/internal/clients"
	"github.com/authwright/authwright/internal/store"
)

const minSecret = 20 // characters of a secret that a program brings along

// checkIntrospection says what is wrong with the client that a resource is to introspect as.
func checkIntrospection(r Resource) error {
	switch ask := r.Introspection; {
	case ask == nil:
		return nil
	case len(ask.ClientSecret) < minSecret:
		return fmt.Errorf("ClientSecret needs %d characters or more; rand.Text makes one", minSecret)
	default:
		_, err := clients.NewIntrospector(store.ClientID(ask.ClientID), ask.ClientSecret, store.Resource{URI: r.URL, Name: cmp.Or(r.Name, "?")}, time.Time{})
		return err
	}
}

// putIntrospector files the client that a resource introspects as.
func (s *Server) putIntrospector(ctx context.Context, st store.Store, ask *authwright.Introspection, resource store.Resource) error {
	if ask == nil {
		return nil
	}
	wanted, err := clients.NewIntrospector(store.ClientID(ask.ClientID), ask.ClientSecret, resource, s.config.Now())
	if err != nil {
		return err
	}
	err = st.CreateClient(ctx, wanted)
	for errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrChanged) { // changed by a replica that starts too: look again
		var there store.Client
		if there, err = st.Client(ctx, wanted.ID); err != nil {
			return err
		}
		var changed bool
		if there, changed, err = clients.RenewIntrospector(there, wanted); err != nil || !changed {
			return err
		}
		err = st.UpdateClient(ctx, there)
	}
	return err
}
