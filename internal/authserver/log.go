// log.go says what is logged of a refusal: never a parameter's value.

package authserver

import (
	"log/slog"
	"net/http"

	"github.com/authwright/authwright/oauth"
)

// levelRefused is below Info: refusals are the client's news, not the operator's.
const levelRefused = slog.LevelDebug

func refusedAttrs(r *http.Request, refusal *oauth.Error) []slog.Attr {
	return []slog.Attr{
		slog.String("method", r.Method), slog.String("path", r.URL.Path),
		slog.String("code", string(refusal.Code)), slog.String("why", refusal.Description),
	}
}
