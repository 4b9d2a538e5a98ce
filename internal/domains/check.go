// check.go asks DNS for the record that shows whose a domain is: _authwright.DOMAIN TXT "authwright-domain=TOKEN"
// (RFC 1464 form, at an underscored name of its own as RFC 8552 has them).

package domains

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/store"
)

const (
	lookupTimeout = 5 * time.Second
	checkEvery    = 24 * time.Hour // how often a verified domain is looked at again
	checkBatch    = 50
)

// Lookup finds the TXT records of a name: the method of a net.Resolver.
type Lookup func(ctx context.Context, name string) ([]string, error)

// NewToken makes what a record has to hold.
func NewToken() string { return strings.ToLower(rand.Text()) }

// RecordName is where the record of a domain is.
func RecordName(domain string) string { return "_authwright." + domain }

// Record is what the record has to say.
func Record(token string) string { return "authwright-domain=" + token }

// Found asks DNS whether the domain has the record. An error means that DNS did not answer: nobody knows then.
func (find Lookup) Found(ctx context.Context, d store.Domain) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	records, err := find(ctx, RecordName(d.Name)+".") // with the dot no search list is tried
	var answer *net.DNSError
	switch {
	case errors.As(err, &answer) && answer.IsNotFound:
		return false, nil
	case err != nil:
		return false, fmt.Errorf("asking DNS for %s: %w", RecordName(d.Name), err)
	}
	return d.Token != "" && slices.Contains(records, Record(d.Token)), nil
}

// Recheck looks at the verified domains of a project that were not looked at for a day, and notes whether their
// records are still there. One that DNS does not answer for is tried again the next time, and nothing is noted.
func Recheck(ctx context.Context, st store.Domains, find Lookup, now time.Time) error {
	due, err := st.DomainsToCheck(ctx, now.Add(-checkEvery), checkBatch)
	if err != nil {
		return fmt.Errorf("looking for domains to check: %w", err)
	}
	var wrong []error
	for _, d := range due {
		found, err := find.Found(ctx, d)
		if err == nil {
			err = st.NoteDomain(ctx, d.Org, d.Name, found, now)
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) { // it may have been removed meanwhile
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}
