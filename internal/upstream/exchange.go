// exchange.go redeems a code at a provider (RFC 6749 §4.1.3) and makes the calls that follow.

package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/internal/store"
)

// tokens are what a provider gives for a code.
type tokens struct {
	AccessToken string `json:"access_token"`
	IDToken     string `json:"id_token"`
	Error       string `json:"error"` // GitHub answers 200 with it
}

// SecretPlace is where a connection's client secret is sealed for; it opens nowhere else.
func SecretPlace(project store.ProjectID, id store.ProviderID) string {
	return "provider secret " + string(project) + " " + string(id)
}

// exchange redeems a code. A redirect is not followed: it would carry the client secret elsewhere.
func (u *Upstream) exchange(ctx context.Context, at endpoints, p store.Provider, code, verifier string) (tokens, error) {
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {u.RedirectURI(p.ID)}, "code_verifier": {verifier},
	}
	secret, err := u.clientSecret(p)
	if err != nil {
		return tokens{}, err
	}
	basic := secret != "" && !at.post
	if !basic {
		form.Set("client_id", p.ClientID)
	}
	if secret != "" && at.post {
		form.Set("client_secret", secret)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, at.token, strings.NewReader(form.Encode()))
	if err != nil {
		return tokens{}, unreachable("redeeming a code", err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	if basic {
		req.SetBasicAuth(url.QueryEscape(p.ClientID), url.QueryEscape(secret)) // RFC 6749 §2.3.1
	}
	res, err := u.Call.Do(req)
	if err != nil {
		return tokens{}, unreachable("redeeming a code", err)
	}
	var got tokens
	if err := decode(res, &got); err != nil {
		return tokens{}, unreachable("redeeming a code", err)
	}
	if got.Error != "" || got.AccessToken == "" {
		return tokens{}, fmt.Errorf("%w: it took no code", ErrUnreachable)
	}
	return got, nil
}

func (u *Upstream) clientSecret(p store.Provider) (string, error) {
	if len(p.Secret) == 0 {
		return "", nil
	}
	secret, err := u.Open(p.ID, p.Secret)
	if err != nil {
		return "", fmt.Errorf("opening the client secret of provider %s: %w", p.ID, err)
	}
	return string(secret), nil
}

// getJSON asks an address with an access token (RFC 6750 §2.1).
func (u *Upstream) getJSON(ctx context.Context, address, token string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return unreachable("asking who it is", err)
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("User-Agent", "Authwright") // GitHub refuses calls without one
	res, err := u.Call.Do(req)
	if err != nil {
		return unreachable("asking who it is", err)
	}
	if err := decode(res, into); err != nil {
		return unreachable("asking who it is", err)
	}
	return nil
}

// decode reads a JSON answer. Of one that is no success the error code is told, which RFC 6749 §5.2 keeps free of
// secrets; nothing else of it is.
func decode(res *outbound.Response, into any) error {
	if res.Status != http.StatusOK {
		var refusal struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(res.Body, &refusal) != nil || len(refusal.Error) > 64 {
			refusal.Error = ""
		}
		return fmt.Errorf("status %d %s", res.Status, refusal.Error)
	}
	if err := json.Unmarshal(res.Body, into); err != nil {
		return fmt.Errorf("the answer is no JSON: %w", err)
	}
	return nil
}
