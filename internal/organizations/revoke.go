// revoke.go ends what people allowed, for whoever may: the organization's admin within it, the operator everywhere.

package organizations

import (
	"context"
	"errors"
	"fmt"

	"github.com/authwright/authwright/internal/store"
)

// Revoke withdraws the consents that fit, with the grants under them, and tells how many there were. ErrNotFound when
// there were none.
func (o *Office) Revoke(ctx context.Context, q store.ConnectionQuery, why store.EndReason) (n int, err error) {
	all, err := store.EveryConnection(ctx, o.Store, q)
	if err != nil {
		return 0, fmt.Errorf("listing connections: %w", err)
	}
	for _, c := range all {
		err := o.Store.WithdrawConsent(ctx, c.ConsentKey, why, o.now())
		if err != nil && !errors.Is(err, store.ErrNotFound) { // withdrawn meanwhile
			return n, fmt.Errorf("withdrawing a consent of person %s: %w", c.Person, err)
		}
		n++
	}
	if n == 0 {
		return 0, fmt.Errorf("withdrawing consents: %w", store.ErrNotFound)
	}
	return n, nil
}
