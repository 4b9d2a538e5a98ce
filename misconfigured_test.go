package authwright_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authwright/authwright"
	"github.com/authwright/authwright/authwrighttest"
)

// What somebody who protects a server for the first time gets wrong, and what the operator's log says of it.

const issuerMetadata = "https://issuer.example/.well-known/oauth-authorization-server/t1"

func TestAWrongSettingOfTheIssuerIsSaidWithItsRemedy(t *testing.T) {
	misdirected := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusMisdirectedRequest) })
	for _, tt := range []struct {
		name   string
		issuer http.Handler
		edit   func(*authwright.Config)
		want   string
	}{
		{"an issuer with a slash too many", authwrighttest.New(issuerURL), func(c *authwright.Config) { c.Issuer = issuerURL + "/" },
			issuerMetadata + ` is of issuer "` + issuerURL + `", the configuration says "` + issuerURL + `/": if it is the one you mean, write Issuer as "` + issuerURL + `"`},
		{"another name for this machine", misdirected, func(c *authwright.Config) { c.Issuer = "http://localhost:8080" },
			"status 421: it does not go by the name localhost:8080: write Issuer as it calls itself, perhaps with 127.0.0.1 for localhost"},
		{"its number for its name", misdirected, func(c *authwright.Config) { c.Issuer = "http://127.0.0.1:8080" },
			"status 421: it does not go by the name 127.0.0.1:8080: write Issuer as it calls itself, perhaps with localhost for 127.0.0.1"},
		{"an old name of the issuer", misdirected, func(*authwright.Config) {},
			"status 421: it does not go by the name issuer.example: write Issuer as it calls itself\"\n"},
		{"an issuer with a long name", answers{"/.well-known/oauth-authorization-server/t1": `{"issuer":"` + strings.Repeat("a", 1000) + `"}`}, func(*authwright.Config) {},
			`is of issuer "` + strings.Repeat("a", 200) + `", the configuration says`},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			r := protect(t, tt.issuer, tt.edit, func(c *authwright.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			logged := func() string { return strings.ReplaceAll(log.String(), `\"`, `"`) }
			handler := r.Protect(http.NotFoundHandler())
			for range 3 {
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, serverURL, nil))
				if w.Code != http.StatusUnauthorized {
					t.Errorf("%s: a request without a token: %d, want 401", tt.name, w.Code)
				}
				synctest.Wait()
			}
			if got := logged(); strings.Count(got, "the metadata of the issuer cannot be used") != 1 || !strings.Contains(got, tt.want) {
				t.Errorf("%s: three requests without a token log\n%s\nwant once\n%s", tt.name, got, tt.want)
			}
			log.Reset()
			if _, err := r.Verify(t.Context(), authwrighttest.New(issuerURL).Token(serverURL)); !strings.HasPrefix(refusal(err), "temporarily_unavailable") {
				t.Errorf("%s: Verify = %v, want temporarily_unavailable", tt.name, err)
			}
			if got := logged(); !strings.Contains(got, tt.want) {
				t.Errorf("%s: Verify logs\n%s\nwant\n%s", tt.name, got, tt.want)
			}
		})
	}
}

func TestTheIssuerIsLookedAtOnceAndOnlyIfItsMetadataIsNeeded(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*authwright.Config)
		want int
	}{
		{"a signature is checked", func(*authwright.Config) {}, 1},
		{"the keys are named", func(c *authwright.Config) { c.JWKSURI = issuerURL + "/jwks" }, 0},
		{"the issuer is asked, where its metadata says", func(c *authwright.Config) {
			c.Introspection = &authwright.Introspection{ClientID: "res", ClientSecret: "s", Alone: true}
		}, 1},
		{"the issuer is asked alone, where it is named", func(c *authwright.Config) {
			c.Introspection = &authwright.Introspection{ClientID: "res", ClientSecret: "s", Alone: true, Endpoint: issuerURL + "/introspect"}
		}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			var log bytes.Buffer
			issuer := authwrighttest.New(issuerURL)
			r := protect(t, issuer, tt.edit, func(c *authwright.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			for range 3 {
				r.Protect(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, serverURL, nil))
				synctest.Wait()
			}
			if got := issuer.Asked("metadata"); got != tt.want || log.Len() > 0 {
				t.Errorf("%s: three requests without a token read the metadata %d times, want %d, and log %q, want nothing", tt.name, got, tt.want, log.String())
			}
		})
	}
}

func TestASecretThatIsNotAcceptedIsNamed(t *testing.T) {
	var log bytes.Buffer
	issuer := authwrighttest.New(issuerURL)
	refuses := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		issuer.ServeHTTP(w, r)
	})
	r := protect(t, refuses, func(c *authwright.Config) {
		c.Introspection = &authwright.Introspection{ClientID: "res", ClientSecret: "mistyped"}
		c.Log = slog.New(slog.NewTextHandler(&log, nil))
	})
	req := httptest.NewRequest(http.MethodGet, serverURL, nil)
	req.Header.Set("Authorization", "Bearer "+issuer.Token(serverURL))
	r.Protect(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), req)
	const want = "status 401: the ClientID or the ClientSecret of Introspection is not accepted"
	if got := log.String(); !strings.Contains(got, want) || strings.Contains(got, "mistyped") {
		t.Errorf("a call with a good token logs\n%s\nwant %s, and no secret", got, want)
	}
}

func TestARuleThatNamesNoToolIsSaid(t *testing.T) {
	for _, tt := range []struct {
		name  string
		tools map[string][]string
		names []string
		want  string
	}{
		{"all are there", map[string][]string{"add_note": {"w"}, "*": {"r"}}, []string{"add_note", "read_note"}, ""},
		{"one is misspelt", map[string][]string{"addnote": {"w"}}, []string{"whoami", "read_note", "add_note", "purge"}, `rule=addnote nearest="[add_note read_note purge]"`},
		{"a server within another", map[string][]string{"add_note": {"w"}}, []string{"n_add_note"}, "rule=add_note nearest=[n_add_note]"},
		{"nobody knows the tools", map[string][]string{"addnote": {"w"}}, nil, ""},
	} {
		var log bytes.Buffer
		r := protect(t, answers{}, func(c *authwright.Config) {
			c.Tools, c.Log = tt.tools, slog.New(slog.NewTextHandler(&log, nil))
		})
		r.CheckTools(tt.names)
		if got := log.String(); strings.Count(got, "protects nothing") != strings.Count(tt.want, "rule=") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: CheckTools(%q) logs\n%s\nwant %q", tt.name, tt.names, got, tt.want)
		}
	}
}

func TestAPageThatMayNotCallIsNamedOnceAMinuteAndNeverMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := protect(t, authwrighttest.New(issuerURL), func(c *authwright.Config) {
			c.AllowedOrigins = []string{"https://app.example"}
			c.Log = slog.New(slog.NewTextHandler(&log, nil))
		})
		from := func(origin string) {
			req := httptest.NewRequest(http.MethodGet, serverURL, nil)
			req.Header.Set("Origin", origin)
			w := httptest.NewRecorder()
			r.Protect(http.NotFoundHandler()).ServeHTTP(w, req)
			if w.Code != http.StatusForbidden {
				t.Errorf("a request from %q: %d, want 403", origin, w.Code)
			}
		}
		const said = "name it in AllowedOrigins"
		for _, tt := range []struct {
			later  time.Duration
			origin string
			lines  int
			want   string
		}{
			{0, "http://localhost:5173", 1, "origin=http://localhost:5173\n"},
			{time.Minute - 1, "http://localhost:5173", 0, ""},
			{1, "http://localhost:5173", 1, "origin=http://localhost:5173\n"},
			{0, "https://é\n.example", 1, "origin=https://??.example\n"},
			{0, "https://" + strings.Repeat("a", 1000), 1, "origin=https://" + strings.Repeat("a", 192) + "\n"},
		} {
			time.Sleep(tt.later)
			log.Reset()
			from(tt.origin)
			if got := log.String(); strings.Count(got, said) != tt.lines || !strings.HasSuffix(got, tt.want) {
				t.Errorf("a page of %q, %s later, logs\n%s\nwant %d lines that end in %q", tt.origin, tt.later, got, tt.lines, tt.want)
			}
		}
		log.Reset()
		for n := range 100 {
			from(fmt.Sprintf("https://p%d.example", n))
		}
		if got, want := strings.Count(log.String(), said), 16-3; got != want {
			t.Errorf("pages of 100 more origins log %d lines, want %d", got, want)
		}
	})
}
