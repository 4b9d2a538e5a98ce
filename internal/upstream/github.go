// github.go reads who an access token of GitHub is for. GitHub makes no ID tokens; its documentation names the calls.

package upstream

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/authwright/authwright/internal/store"
)

// apiOf is where the API of the pages is: on a host of its own at GitHub, and under the same one on an Enterprise Server.
// It cannot be set, so that nobody can be said to be of GitHub by anybody else.
func apiOf(pages string) string {
	host, ours := strings.CutPrefix(pages, "https://")
	if ours && (host == "github.com" || strings.HasSuffix(host, ".ghe.com")) {
		return "https://api." + host
	}
	return pages + "/api/v3"
}

// readGitHub asks for the person and their addresses. The login name can be given to somebody else; the number cannot.
func (u *Upstream) readGitHub(ctx context.Context, p store.Provider, token string) (Assertion, error) {
	var user struct {
		ID    json.Number `json:"id"`
		Login string      `json:"login"`
		Name  string      `json:"name"`
	}
	if err := u.getJSON(ctx, apiOf(p.Issuer)+"/user", token, &user); err != nil {
		return Assertion{}, err
	}
	id, err := user.ID.Int64()
	if err != nil || id <= 0 {
		return Assertion{}, fmt.Errorf("%w: it does not say who it is about", ErrUntrue)
	}
	var addresses []struct {
		Email    string `json:"email"`
		Primary  bool   `json:"primary"`
		Verified bool   `json:"verified"`
	}
	if err := u.getJSON(ctx, apiOf(p.Issuer)+"/user/emails", token, &addresses); err != nil {
		return Assertion{}, err
	}
	a := Assertion{Issuer: p.Issuer, Subject: strconv.FormatInt(id, 10), Name: cmp.Or(user.Name, user.Login), kind: store.GitHub}
	for _, address := range addresses {
		if address.Primary {
			a.Email, a.verified = address.Email, address.Verified
		}
	}
	return a, nil
}
