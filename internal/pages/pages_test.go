package pages

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/authwright/authwright/oauth"
)

var bare = Parse(fstest.MapFS{"bare.html": {Data: []byte(`{{define "main"}}<h1>{{.}}</h1>{{end}}`)}}, "bare.html")

func get(path string) *http.Request { return httptest.NewRequest(http.MethodGet, path, nil) }

// guards are the headers of every answer that a browser shows.
var guards = map[string]string{
	"X-Frame-Options":              "DENY",
	"X-Content-Type-Options":       "nosniff",
	"Referrer-Policy":              "no-referrer",
	"Cache-Control":                "no-store",
	"Cross-Origin-Resource-Policy": "same-origin",
}

func TestEveryAnswerIsGuarded(t *testing.T) {
	site := &Site{Name: "Acme"}
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request){
		"a page":     func(w http.ResponseWriter, r *http.Request) { site.Write(w, r, 200, Page{Template: bare}) },
		"a redirect": func(w http.ResponseWriter, r *http.Request) { Redirect(w, "https://auth.example/x") },
		"a refusal":  func(w http.ResponseWriter, r *http.Request) { site.WriteError(w, r, StartAgain()) },
		"an error of the client": func(w http.ResponseWriter, r *http.Request) {
			site.WriteError(w, r, oauth.Errorf(oauth.InvalidClient, "x"))
		},
		"an error of ours": func(w http.ResponseWriter, r *http.Request) { site.WriteError(w, r, errors.New("x")) },
		"no such file":     site.Assets().ServeHTTP,
	} {
		t.Run(name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			answer(rec, get("/assets/none"))
			for header, want := range guards {
				if got := rec.Header().Get(header); got != want {
					t.Errorf("%s: %s = %q, want %q", name, header, got, want)
				}
			}
			want := "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
			if got := rec.Header().Get("Content-Security-Policy"); got != want {
				t.Errorf("%s: Content-Security-Policy = %q, want %q", name, got, want)
			}
		})
	}
}

func TestThePolicyNamesWhereAFormMayEnd(t *testing.T) {
	for _, tt := range []struct {
		name    string
		script  bool
		sources []string
		want    string
	}{
		{"a web site", false, []string{"https://app.example"}, "form-action 'self' https://app.example"},
		{"an application's scheme", false, []string{"cursor:"}, "form-action 'self' cursor:"},
		{"nowhere else", false, []string{""}, "form-action 'self'"},
		{"a source that ends the directive", false, []string{"https://a; script-src *"}, "form-action 'self'"},
		{"a source that starts another policy", false, []string{"https://a,default-src"}, "form-action 'self'"},
		{"a page with the script", true, nil, "form-action 'self'"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rec := httptest.NewRecorder()
			(&Site{}).Write(rec, get("/"), 200, Page{Template: bare, Script: tt.script}, tt.sources...)
			got := rec.Header().Get("Content-Security-Policy")
			if !strings.HasSuffix(got, tt.want) {
				t.Errorf("policy(%q) = %q, want it to end in %q", tt.sources, got, tt.want)
			}
			if strings.Contains(got, "script-src 'self'") != tt.script || strings.Contains(rec.Body.String(), "<script src=") != tt.script {
				t.Errorf("Page{Script: %v}: policy %q, page %s: want both to have the script or neither", tt.script, got, rec.Body)
			}
		})
	}
}

func TestThePageLoadsOnlyOurFilesAndTheyAreThere(t *testing.T) {
	site := &Site{Name: `<i>"Acme"</i>`, Base: "/p/north"}
	rec := httptest.NewRecorder()
	site.Write(rec, get("/"), 200, Page{Title: "<b>", Template: bare, Data: "<script>", Script: true})
	page := rec.Body.String()
	for _, bad := range []string{"<i>", "<b>", "<script>", "<style", "style=", "://"} {
		if strings.Contains(page, bad) {
			t.Errorf("the page holds %q, want it escaped or absent:\n%s", bad, page)
		}
	}
	found := regexp.MustCompile(`(?:href|src)="([^"]+)"`).FindAllStringSubmatch(page, -1)
	if len(found) != 4 {
		t.Fatalf("the page names %d files, want icon, style, script and mark:\n%s", len(found), page)
	}
	for _, f := range found {
		rec := httptest.NewRecorder()
		site.Assets().ServeHTTP(rec, get(f[1]))
		if rec.Code != 200 || rec.Body.Len() == 0 || rec.Header().Get("Cache-Control") != "public, max-age=31536000, immutable" || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s = %d, %v, want it kept for ever and not sniffed", f[1], rec.Code, rec.Header())
		}
	}
}

func TestAFileOfAnotherReleaseIsNotKept(t *testing.T) {
	rec := httptest.NewRecorder()
	(&Site{}).Assets().ServeHTTP(rec, get("/assets/authwright.css?v=old"))
	if got := rec.Header().Get("Cache-Control"); rec.Code != 200 || got != "no-cache" {
		t.Errorf("GET with an old version = %d, Cache-Control %q, want 200, no-cache", rec.Code, got)
	}
}

func TestAPersonIsToldWhatToDoAndNothingElse(t *testing.T) {
	const secret = "per_ada<script>"
	for _, tt := range []struct {
		name       string
		err        error
		status     int
		says       string
		retryAfter string
		level      string
	}{
		{"a refusal says its own words", fmt.Errorf("wrapped %s: %w", secret, StartAgain()), 400, "connect again", "", "INFO"},
		{"a refusal's cause is for the log", &Refusal{Status: 503, Title: "Busy", RetryAfter: 1500 * time.Millisecond, Cause: errors.New(secret)}, 503, "Busy", "2", "ERROR"},
		{"an error for the client is named by its code", oauth.Errorf(oauth.InvalidClient, "client %q", secret), 401, "invalid_client", "", "INFO"},
		{"a failure of the storage may pass", errors.New("disk: " + secret), 503, "Something went wrong", "5", "ERROR"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log bytes.Buffer
			rec := httptest.NewRecorder()
			rec.Header().Set(RequestIDHeader, "req-7")
			rec.Header().Set("Location", "https://evil.example")
			site := &Site{Log: slog.New(slog.NewTextHandler(&log, nil))}
			site.WriteError(rec, get("/?state="+"xss-in-state"), tt.err)
			page := rec.Body.String()
			if rec.Code != tt.status || rec.Header().Get("Retry-After") != tt.retryAfter || rec.Header().Get("Location") != "" {
				t.Errorf("WriteError(%v) = %d, %v, want %d, Retry-After %q, no Location", tt.err, rec.Code, rec.Header(), tt.status, tt.retryAfter)
			}
			if !strings.Contains(page, tt.says) || !strings.Contains(page, "req-7") || strings.Contains(page, "per_ada") || strings.Contains(page, "xss-in-state") {
				t.Errorf("WriteError(%v) wrote\n%s\nwant %q and the id req-7, and nothing of the error or the request", tt.err, page, tt.says)
			}
			if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "req-7") || !strings.Contains(log.String(), "level="+tt.level) {
				t.Errorf("WriteError(%v) logged %q, want one %s line with the id req-7", tt.err, log.String(), tt.level)
			}
		})
	}
}

func TestAnErrorWithoutAnIDGetsOne(t *testing.T) {
	rec := httptest.NewRecorder()
	(&Site{}).WriteError(rec, get("/"), errors.New("x"))
	id := rec.Header().Get(RequestIDHeader)
	if len(id) < 16 || !strings.Contains(rec.Body.String(), id) {
		t.Errorf("WriteError gave the id %q, want a random one that the page shows:\n%s", id, rec.Body)
	}
}
