// metadata.go: what a client says of itself (RFC 7591 §2), checked and cut down to what is kept. Registrations and
// client id metadata documents pass through here alike.

package clients

import (
	"crypto/sha256"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/authwright/authwright/internal/store"
	"github.com/authwright/authwright/oauth"
	"golang.org/x/text/unicode/norm"
)

const supportedMethods = "use none, client_secret_basic or client_secret_post"

// Bounds of what is kept of a client's own words.
const (
	maxName       = 100  // characters as a person counts them
	maxNameBytes  = 1024 // their bytes
	maxMarks      = 4    // combining marks on one character
	maxURL        = 2048 // bytes
	maxContacts   = 10
	maxShort      = 256 // bytes of a contact, a software id or version
	maxScope      = 4096
	maxGrantTypes = 32 // also response types
)

// accept checks metadata and returns what of it is kept. Whoever sent it is a stranger: what is unknown, or what
// a stranger is never given, is dropped.
func accept(sent oauth.ClientMetadata, noPrivateScheme bool) (oauth.ClientMetadata, error) {
	kept := oauth.ClientMetadata{TokenEndpointAuthMethod: sent.TokenEndpointAuthMethod}
	var err error
	if kept.RedirectURIs, err = parseRedirects(sent.RedirectURIs, noPrivateScheme); err != nil {
		return kept, err
	}
	kept.ApplicationType = applicationType(sent.ApplicationType, kept.RedirectURIs)
	if kept.GrantTypes, kept.ResponseTypes, err = acceptFlow(sent); err != nil {
		return kept, err
	}
	if kept.ClientName, err = acceptName(sent.ClientName); err != nil {
		return kept, err
	}
	if err = acceptURLs(&kept, sent); err != nil {
		return kept, err
	}
	return kept, acceptRest(&kept, sent)
}

// applicationType trusts the redirect URIs more than the word: a client that can only be native is native, and a
// missing or unknown word never matters (OpenID Connect Registration §2 would make it "web" and refuse loopback).
func applicationType(said string, redirects []string) string {
	for _, one := range redirects {
		if oauth.RedirectURI(one).Kind() != oauth.RedirectHTTPS {
			return "native"
		}
	}
	if said == "native" {
		return said
	}
	return "web"
}

// acceptFlow keeps the grant and response types that exist for a client that nobody vouches for. It must be able to
// use codes: nothing else is open to it.
func acceptFlow(sent oauth.ClientMetadata) (grants, responses []string, err error) {
	if len(sent.GrantTypes) > maxGrantTypes || len(sent.ResponseTypes) > maxGrantTypes {
		return nil, nil, oauth.Errorf(oauth.InvalidClientMetadata, "more than %d grant_types or response_types", maxGrantTypes)
	}
	grants = []string{oauth.GrantAuthorizationCode, oauth.GrantRefreshToken}
	if len(sent.GrantTypes) > 0 {
		grants = slices.DeleteFunc(grants, func(known string) bool { return !slices.Contains(sent.GrantTypes, known) })
	}
	if !slices.Contains(grants, oauth.GrantAuthorizationCode) {
		return nil, nil, oauth.Errorf(oauth.InvalidClientMetadata, "grant_types must hold authorization_code: clients that register themselves get codes and refresh tokens only")
	}
	if len(sent.ResponseTypes) > 0 && !slices.Contains(sent.ResponseTypes, "code") {
		return nil, nil, oauth.Errorf(oauth.InvalidClientMetadata, "response_types must hold code: it is the only one there is")
	}
	return grants, []string{"code"}, nil
}

// acceptName keeps a name that a person can see whole and that runs in one direction.
func acceptName(name string) (string, error) {
	name = strings.TrimSpace(norm.NFC.String(name))
	if len(name) > maxNameBytes {
		return "", oauth.Errorf(oauth.InvalidClientMetadata, "client_name is longer than %d characters", maxName)
	}
	characters, marks := 0, 0
	for _, r := range name {
		if unicode.IsMark(r) {
			marks++
		} else {
			characters, marks = characters+1, 0
		}
		switch {
		case r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Noncharacter_Code_Point):
			return "", oauth.Errorf(oauth.InvalidClientMetadata, "client_name holds a control, invisible, bidirectional or private-use character (U+%04X)", r)
		case unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			return "", oauth.Errorf(oauth.InvalidClientMetadata, "client_name holds an invisible character (U+%04X)", r)
		case marks > maxMarks:
			return "", oauth.Errorf(oauth.InvalidClientMetadata, "client_name has more than %d marks on one character", maxMarks)
		}
	}
	if characters > maxName {
		return "", oauth.Errorf(oauth.InvalidClientMetadata, "client_name is longer than %d characters", maxName)
	}
	return name, nil
}

// acceptURLs keeps the https addresses a client gives of itself.
func acceptURLs(kept *oauth.ClientMetadata, sent oauth.ClientMetadata) (err error) {
	for _, member := range []struct {
		name string
		from string
		to   *string
	}{
		{"client_uri", sent.ClientURI, &kept.ClientURI},
		{"logo_uri", sent.LogoURI, &kept.LogoURI},
		{"tos_uri", sent.TosURI, &kept.TosURI},
		{"policy_uri", sent.PolicyURI, &kept.PolicyURI},
	} {
		if *member.to, err = acceptURL(member.name, member.from); err != nil {
			return err
		}
	}
	return nil
}

// acceptURL keeps an absolute https URL and leaves out http and what is empty. A scheme that a page could run, or
// that is no address of a page, is refused so that its author hears of it.
func acceptURL(name, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	wrong := oauth.Errorf(oauth.InvalidClientMetadata, "%s must be an absolute https URL", name)
	u, err := url.Parse(s)
	if err != nil || len(s) > maxURL || strings.ContainsFunc(s, notURLCharacter) {
		return "", wrong
	}
	switch {
	case u.Scheme == "http" && u.Host != "":
		return "", nil
	case u.Scheme != "https" || u.Hostname() == "" || u.User != nil:
		return "", wrong
	}
	return s, nil
}

func notURLCharacter(r rune) bool {
	return r <= 0x20 || r >= 0x7f || strings.ContainsRune(`"<>\^{|}`+"`", r)
}

// acceptRest keeps the members that decide nothing. scope is what the client is about to ask for, no ceiling:
// clients step up past it with the same id.
func acceptRest(kept *oauth.ClientMetadata, sent oauth.ClientMetadata) error {
	if len(sent.Scope) > maxScope {
		return oauth.Errorf(oauth.InvalidClientMetadata, "scope is longer than %d bytes", maxScope)
	}
	scope, err := oauth.ParseScope(sent.Scope)
	if err != nil {
		return oauth.Errorf(oauth.InvalidClientMetadata, "scope: %s", description(err))
	}
	kept.Scope = scope.String()
	if len(sent.Contacts) > maxContacts {
		return oauth.Errorf(oauth.InvalidClientMetadata, "more than %d contacts", maxContacts)
	}
	for _, one := range sent.Contacts {
		if short(one) {
			kept.Contacts = appendNew(kept.Contacts, one)
		}
	}
	if short(sent.SoftwareID) {
		kept.SoftwareID = sent.SoftwareID
	}
	if short(sent.SoftwareVersion) {
		kept.SoftwareVersion = sent.SoftwareVersion
	}
	return nil
}

// short tells whether s is a short line of visible text.
func short(s string) bool {
	return s != "" && len(s) <= maxShort && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// checkLanguages refuses dangerous URLs in the members that are said per language, like client_uri#ja (RFC 7591 §2.2).
// They are not kept, but who sends them should hear of it.
func checkLanguages(data []byte) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return nil // the strict reader has refused it already
	}
	for name, raw := range members {
		base, _, tagged := strings.Cut(name, "#")
		if !tagged && base != "jwks_uri" || !strings.HasSuffix(base, "_uri") {
			continue
		}
		var value string
		if json.Unmarshal(raw, &value) != nil {
			continue
		}
		if _, err := acceptURL(base, value); err != nil {
			return err
		}
	}
	return nil
}

// relyHash digests what a person relies on when they consent: where answers go, how the client proves itself, and
// what it looks like. When it changes, they are asked again.
func relyHash(m oauth.ClientMetadata) store.Digest {
	canonical, err := json.Marshal([]any{m.RedirectURIs, m.TokenEndpointAuthMethod, m.ClientName, m.LogoURI})
	if err != nil {
		return store.Digest{} // strings always marshal
	}
	return sha256.Sum256(canonical)
}
