// assets.go serves the stylesheet, the mark and the two scripts: the only files that a page loads.

package pages

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"strings"
	"time"
)

//go:embed authwright.css authwright.svg authwright.js passkeys.js
var files embed.FS

const (
	styleFile  = "authwright.css"
	iconFile   = "authwright.svg"
	scriptFile = "authwright.js"

	passkeyFile  = "passkeys.js"
	ownStyleFile = "own.css" // of the program around the server
)

// Look is what the program around the server changes of the pages. The zero Look is ours.
type Look struct {
	Style  []byte // a stylesheet that comes after ours
	Mark   []byte // an SVG in the place of ours
	Footer string
}

// asset is a file, and the version that makes its address change when it does.
type asset struct {
	body    []byte
	media   string
	version string
}

var assets = map[string]asset{
	styleFile:  load(styleFile, "text/css; charset=utf-8"),
	iconFile:   load(iconFile, "image/svg+xml"),
	scriptFile: load(scriptFile, "text/javascript; charset=utf-8"),

	passkeyFile: load(passkeyFile, "text/javascript; charset=utf-8"),
}

func load(name, media string) asset {
	body, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded: it is there or the program is not
	}
	return newAsset(body, media)
}

func newAsset(body []byte, media string) asset {
	sum := sha256.Sum256(body)
	return asset{body, media, base64.RawURLEncoding.EncodeToString(sum[:9])}
}

// asset is the address of a file under this site.
func (s *Site) asset(name string) string {
	file, _ := s.file(name)
	return s.Base + "/assets/" + name + "?v=" + file.version
}

// file is a file of this site: its own, if it has one of that name, else ours.
func (s *Site) file(name string) (asset, bool) {
	switch {
	case name == ownStyleFile && len(s.Look.Style) > 0:
		return newAsset(s.Look.Style, "text/css; charset=utf-8"), true
	case name == iconFile && len(s.Look.Mark) > 0:
		return newAsset(s.Look.Mark, "image/svg+xml"), true
	}
	file, ok := assets[name]
	return file, ok
}

// Assets answers GET <issuer>/assets/NAME?v=VERSION. A file may be kept for ever under its own version; asked for
// under another, by a page of another release, it is sent but not kept.
func (s *Site) Assets() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, name, _ := strings.Cut(r.URL.Path, "/assets/")
		file, ok := s.file(name)
		if !ok {
			s.WriteError(w, r, &Refusal{Status: http.StatusNotFound, Title: "Nothing is here", Text: "There is no page at this address."})
			return
		}
		h := w.Header()
		h.Set("Content-Type", file.media)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		if r.URL.RawQuery == "v="+file.version {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(file.body))
	})
}
