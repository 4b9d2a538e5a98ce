// metadata.go answers GET /.well-known/oauth-protected-resource… (RFC 9728 §3).

package authwright

import (
	"encoding/json"
	"net/http"
)

// MetadataPath is where Metadata belongs: the well-known path before the resource's own (RFC 9728 §3.1).
func (r *Resource) MetadataPath() string { return r.metaPath }

// Metadata serves the protected resource metadata. Anyone may read it, from any page.
func (r *Resource) Metadata() http.Handler {
	body, err := json.Marshal(r.metadata)
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch {
		case err != nil:
			r.refuse(w, req, err)
		case req.Method == http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
			h.Set("Access-Control-Allow-Headers", corsRequest)
			h.Set("Access-Control-Max-Age", "600")
			w.WriteHeader(http.StatusNoContent)
		case req.Method == http.MethodGet || req.Method == http.MethodHead:
			h.Set("Content-Type", "application/json")
			h.Set("Cache-Control", "public, max-age=300")
			w.Write(body) // net/http leaves the body of HEAD out
		default:
			h.Set("Allow", "GET, HEAD, OPTIONS")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		}
	})
}
