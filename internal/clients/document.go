// document.go: client id metadata documents (draft-ietf-oauth-client-id-metadata-document): the client_id is the
// address of a document in which the client describes itself.

package clients

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
)

// Documents reads client id metadata documents. Fetch must be set. It may serve several projects.
type Documents struct {
	Fetch *outbound.Strangers    // whether loopback documents are read is its setting
	Allow func(host string) bool // may the host publish clients; nil for every host
	Known *Known                 // documents that are read whatever else strangers ask of their hosts; nil for none
	Pace  Rate                   // of first readings from one registrable domain; 1 in 2 s, 20 at once when zero

	brake brake
}

const (
	maxDocumentID = 512 // bytes: it is a key of many rows
	minFresh      = time.Minute
	maxFresh      = 24 * time.Hour
	defaultFresh  = 15 * time.Minute
	staleLife     = time.Hour
	readingTime   = 15 * time.Second // of a document, filing included
)

// checkID wants an address that has one spelling: https with a path, or loopback where the deployment allows it
// (draft §3). The exact string is the id.
func (f *Documents) checkID(id store.ClientID) (host string, err error) {
	invalid := func(why string) (string, error) {
		return "", oauth.Errorf(oauth.InvalidClient, "client_id is not the address of a client id metadata document: it %s", why)
	}
	if len(id) > maxDocumentID {
		return invalid(fmt.Sprintf("is longer than %d bytes", maxDocumentID))
	}
	if _, err := oauth.ParseRedirectURI(string(id)); err != nil {
		return invalid("must be an absolute https URL in its canonical spelling, without user information, fragment or dot segments")
	}
	u, err := url.Parse(string(id))
	if err != nil || u.Path == "" || u.Path == "/" {
		return invalid("must have a path")
	}
	if err := f.Fetch.Check(string(id)); err != nil {
		return invalid("must be https on port 443 of a named host")
	}
	if f.Allow != nil && !f.Allow(u.Hostname()) {
		return "", oauth.Errorf(oauth.InvalidClient, "clients of this host are not welcome here")
	}
	return u.Host, nil
}

// mayRead refuses document ids while documents are off or the id or its host is not acceptable.
func (d *Directory) mayRead(id store.ClientID) error {
	if d.Documents == nil || d.Settings.NoDocuments {
		return oauth.Errorf(oauth.InvalidClient, "client_id is a URL, but client id metadata documents are not read here: register instead")
	}
	_, err := d.Documents.checkID(id)
	return err
}

// refresh reads a document that is new or no longer fresh. Callers that want the same one at the same time share one
// reading, which goes on when one of them goes away. A client that was valid keeps working at the token endpoint for
// an hour after its document cannot be had; a new authorization needs the document.
func (d *Directory) refresh(ctx context.Context, id store.ClientID, known store.Client, need freshness) (store.Client, error) {
	reading := d.fetches.DoChan(string(id), func() (any, error) {
		ctx := context.WithoutCancel(ctx)
		if filed, err := d.Store.Client(ctx, id); err == nil && d.now().Before(filed.FreshUntil) {
			return filed, nil // by a reading that ended since known was looked up
		}
		return d.readDocument(ctx, id, known.ID != "")
	})
	var err error
	select {
	case done := <-reading:
		if done.Err == nil {
			return done.Val.(store.Client), nil
		}
		err = done.Err
	case <-ctx.Done():
		return store.Client{}, fmt.Errorf("waiting for document %q: %w", id, ctx.Err())
	}
	stale := known.ID != "" && need == mayBeStale && d.now().Before(known.FreshUntil.Add(staleLife))
	var refusal *oauth.Error
	if stale && errors.As(err, &refusal) {
		return known, nil
	}
	return store.Client{}, err
}

// readDocument fetches, validates and files a document.
func (d *Directory) readDocument(ctx context.Context, id store.ClientID, seen bool) (store.Client, error) {
	f, now := d.Documents, d.now()
	host, err := f.checkID(id)
	if err != nil {
		return store.Client{}, err
	}
	exempt := seen || f.Known.documents(id)
	done, err := f.brake.pass(string(id), host, exempt, f.Pace, now)
	if err != nil {
		return store.Client{}, err
	}
	defer done()
	ctx, cancel := context.WithTimeout(ctx, readingTime)
	defer cancel()
	res, err := f.Fetch.Get(ctx, string(id), "application/json")
	if err != nil {
		f.brake.failed(string(id), now)
		return store.Client{}, unreachable(err)
	}
	metadata, err := parseDocument(id, res, d.Settings.NoPrivateScheme)
	if err != nil {
		f.brake.failed(string(id), now)
		return store.Client{}, err
	}
	f.brake.worked(string(id))
	filed, err := d.Store.PutDocument(ctx, store.Client{
		ID: id, Origin: store.Document, Metadata: metadata, MetadataHash: relyHash(metadata), Version: 1,
		CreatedAt: now, FetchedAt: now, FreshUntil: now.Add(freshFor(res.Header, now)),
	})
	if err != nil {
		return store.Client{}, fmt.Errorf("filing document %q: %w", id, err)
	}
	d.cache.drop(id)
	return filed, nil
}

// unreachable tells the client apart what its host did from what we refuse.
func unreachable(err error) error {
	switch {
	case errors.Is(err, outbound.ErrRefused):
		return oauth.Errorf(oauth.InvalidClient, "the client_id leads to an address that is not on the public Internet")
	case errors.Is(err, outbound.ErrTooLarge):
		return oauth.Errorf(oauth.InvalidClient, "the document at client_id is larger than is read (5 KiB)")
	case errors.Is(err, outbound.ErrEncoding):
		return oauth.Errorf(oauth.InvalidClient, "the document at client_id came compressed although that was not asked for")
	default:
		return oauth.Errorf(oauth.TemporarilyUnavailable, "the document at client_id could not be read: its host does not answer")
	}
}

// document is a client id metadata document (draft §4). The members that must not be there have a place so that
// they are seen.
type document struct {
	oauth.ClientMetadata
	ClientID      string          `json:"client_id"`
	Methods       []string        `json:"token_endpoint_auth_methods_supported"` // SEP-3149: what the client can do
	Secret        json.RawMessage `json:"client_secret"`
	SecretExpires json.RawMessage `json:"client_secret_expires_at"`
}

// parseDocument validates an answer: 200, JSON, about itself, without secrets.
func parseDocument(id store.ClientID, res *outbound.Response, noPrivateScheme bool) (oauth.ClientMetadata, error) {
	invalid := func(format string, args ...any) (oauth.ClientMetadata, error) {
		return oauth.ClientMetadata{}, oauth.Errorf(oauth.InvalidClient, "the document at client_id is not acceptable: "+format, args...)
	}
	if res.Status != http.StatusOK {
		if res.Status >= 500 || res.Status == http.StatusTooManyRequests {
			return oauth.ClientMetadata{}, oauth.Errorf(oauth.TemporarilyUnavailable, "the document at client_id could not be read: its host answers %d", res.Status)
		}
		return invalid("its host answers %d instead of 200", res.Status) // redirects are not followed (draft §5)
	}
	if !isJSON(res.Header) {
		return invalid("its Content-Type is not application/json")
	}
	var doc document
	if err := oauth.UnmarshalStrict(res.Body, &doc); err != nil {
		return invalid("%s", description(err))
	}
	switch {
	case doc.ClientID != string(id):
		return invalid("its client_id is not the URL it was read from")
	case doc.Secret != nil || doc.SecretExpires != nil:
		return invalid("it has a client secret")
	}
	metadata, err := accept(doc.ClientMetadata, noPrivateScheme)
	if err != nil {
		return invalid("%s", description(err))
	}
	if metadata.ClientName == "" {
		return invalid("it has no client_name")
	}
	if metadata.TokenEndpointAuthMethod, err = documentMethod(doc); err != nil {
		return invalid("%s", description(err))
	}
	return metadata, nil
}

// documentMethod finds the authentication method a document's client and this server have in common. A document is
// public, so a shared secret has no place in it (draft §4.1), and "none" is the only method that both can have.
func documentMethod(doc document) (string, error) {
	if strings.HasPrefix(doc.TokenEndpointAuthMethod, "client_secret_") {
		return "", oauth.Errorf(oauth.InvalidClient, "token_endpoint_auth_method is one with a shared secret")
	}
	said := doc.TokenEndpointAuthMethod
	if said == "" || said == oauth.AuthNone {
		if len(doc.Methods) == 0 || slices.Contains(doc.Methods, oauth.AuthNone) {
			return oauth.AuthNone, nil
		}
	} else if slices.Contains(doc.Methods, oauth.AuthNone) {
		return oauth.AuthNone, nil
	}
	return "", oauth.Errorf(oauth.InvalidClient,
		"this server supports token_endpoint_auth_method none for it: use that, or add it to token_endpoint_auth_methods_supported")
}

func isJSON(h http.Header) bool {
	media, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasPrefix(media, "application/") && strings.HasSuffix(media, "+json"))
}
