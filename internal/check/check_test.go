package check

import (
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/authwright/authwright/oauth"
)

func TestAHealthyServerIsLeftInPeace(t *testing.T) {
	for _, browser := range []bool{false, true} {
		p := plant(t)
		p.browser = browser
		r := p.check(t)
		if got := faultsIn(r); !r.OK || len(got) > 0 {
			t.Errorf("Check of a healthy server, with a login: %v = %v, want nothing", browser, r.Findings())
		}
		for _, v := range r.Clients {
			if !v.Connects {
				t.Errorf("%s would not connect to a healthy server", v.Client)
			}
		}
		for _, s := range r.Steps {
			if s.Skipped != "" {
				t.Errorf("step %q was left out at a healthy server: %s", s.Name, s.Skipped)
			}
		}
	}
}

// put replaces what answers at a path.
func put(path string, page http.HandlerFunc) func(*planted) {
	return func(p *planted) { p.pages[path] = page }
}

func prm(name string, value func(*planted) any) func(*planted) {
	return func(p *planted) { set(p.prm, name, value(p)) }
}

func as(name string, value any) func(*planted) {
	return func(p *planted) { set(p.as, name, value) }
}

// set sets a member, or takes it out.
func set(doc map[string]any, name string, value any) {
	if value == nil {
		delete(doc, name)
		return
	}
	doc[name] = value
}

type null struct{}

// MarshalJSON is the null that set would take for nothing.
func (null) MarshalJSON() ([]byte, error) { return []byte("null"), nil }

// registers changes the answer to every registration.
func registers(change func(doc map[string]any)) func(*planted) {
	return func(p *planted) {
		p.register = func(app map[string]any) (int, map[string]any) {
			status, doc := p.registerWell(app)
			change(doc)
			return status, doc
		}
	}
}

// refuses refuses registrations of some kind.
func refuses(kind func(app map[string]any) bool) func(*planted) {
	return func(p *planted) {
		p.register = func(app map[string]any) (int, map[string]any) {
			if kind(app) {
				return http.StatusBadRequest, refusal("invalid_redirect_uri")
			}
			return p.registerWell(app)
		}
	}
}

func redirectsTo(prefix string) func(app map[string]any) bool {
	return func(app map[string]any) bool {
		return slices.ContainsFunc(list(app, "redirect_uris"), func(uri string) bool { return strings.HasPrefix(uri, prefix) })
	}
}

// authorizes answers authorization requests of some kind with a status.
func authorizes(kind func(q url.Values) bool, answer func(http.ResponseWriter, url.Values)) func(*planted) {
	return func(p *planted) {
		p.pages["/t/authorize"] = func(w http.ResponseWriter, r *http.Request) {
			if q := r.URL.Query(); kind(q) {
				answer(w, q)
				return
			}
			p.serveAuthorize(w, r)
		}
	}
}

// tellsPrograms leads people to the login page, and tells programs what will come behind it.
func tellsPrograms(code oauth.Code) func(*planted) {
	return func(p *planted) {
		p.pages["/t/authorize"] = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Accept") == "application/json" {
				answerJSON(w, http.StatusBadRequest, refusal(code))
				return
			}
			p.serveAuthorize(w, r)
		}
	}
}

func badRequest(w http.ResponseWriter, _ url.Values) { w.WriteHeader(http.StatusBadRequest) }

// issues changes every token response.
func issues(change func(doc map[string]any)) func(*planted) {
	return func(p *planted) {
		p.issue = func(scope string) map[string]any {
			doc := p.issueWell(scope)
			change(doc)
			return doc
		}
	}
}

// answers changes what the browser comes back with.
func answers(change func(v url.Values)) func(*planted) {
	return func(p *planted) {
		p.answer = func(q url.Values) url.Values {
			v := p.answerWell(q)
			change(v)
			return v
		}
	}
}

// only answers calls of one method otherwise.
func only(method string, path string, page http.HandlerFunc) func(*planted) {
	return func(p *planted) {
		well := p.pages[path]
		p.pages[path] = func(w http.ResponseWriter, r *http.Request) {
			if r.Method == method {
				page(w, r)
				return
			}
			well(w, r)
		}
	}
}

// unshared takes the headers away that let pages of other origins read an answer.
func unshared(path string) func(*planted) {
	return func(p *planted) {
		well := p.pages[path]
		p.pages[path] = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Del("Access-Control-Allow-Origin")
			well(w, r)
		}
	}
}

// unlets refuses what a page of another origin asks, as a server may.
func unlets(path string) func(*planted) {
	return func(p *planted) {
		well := p.pages[path]
		p.pages[path] = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Origin") != "" {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			well(w, r)
		}
	}
}

func asType(path, media string) func(*planted) {
	return func(p *planted) {
		well := p.pages[path]
		p.pages[path] = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", media)
			well(w, r)
		}
	}
}

func all(plants ...func(*planted)) func(*planted) {
	return func(p *planted) {
		for _, plant := range plants {
			plant(p)
		}
	}
}

const (
	prmPath  = "/.well-known/oauth-protected-resource/mcp"
	rootPath = "/.well-known/oauth-protected-resource"
	asPath   = "/.well-known/oauth-authorization-server/t"
	oidcPath = "/.well-known/openid-configuration/t"
)

func html(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte("<!doctype html>"))
}

func gone(path string) func(*planted) { return func(p *planted) { delete(p.pages, path) } }

func bearer(text string) func(*planted) {
	return func(p *planted) { p.challenge = []string{strings.ReplaceAll(text, "BASE", p.base)} }
}

func whole(string) bool { return true }

// plants are the faults, each in a server that is healthy but for it. A fault brings others along only where it must.
var plants = []struct {
	fault   string
	plant   func(*planted)
	browser bool     // it is seen by who logs in
	with    []string // what must come along
}{
	{"redirects", put("/mcp", status(http.StatusFound, "Location", "/mcp/")), false, nil},
	{"redirects", put("/mcp", status(http.StatusTemporaryRedirect, "Location", "https://other.example/mcp")), false, nil},
	{"redirects-along", put("/mcp", status(http.StatusTemporaryRedirect, "Location", "/mcp/")), false, nil},
	{"not-found", gone("/mcp"), false, nil},
	{"server-error", put("/mcp", status(http.StatusInternalServerError)), false, nil},
	{"not-401", put("/mcp", status(http.StatusForbidden)), false, nil},
	{"open", func(p *planted) { p.accepts = whole }, false, nil},
	{"no-challenge", func(p *planted) { p.challenge = nil }, false, nil},
	{"no-bearer", bearer(`Basic realm="x"`), false, nil},
	{"bearer-not-first", bearer(`DPoP algs="ES256", Bearer resource_metadata="BASE` + prmPath + `"`), false, nil},
	{"challenge-broken", bearer(`Bearer resource_metadata="BASE`), false, nil},
	{"challenge-without-metadata", bearer(`Bearer scope="read"`), false, nil},
	{"challenge-metadata-broken", bearer(`Bearer resource_metadata="BASE/elsewhere"`), false, nil},
	{"challenge-metadata-elsewhere", func(p *planted) {
		p.challenge = []string{`Bearer resource_metadata="` + strings.Replace(p.base, "127.0.0.1", "localhost", 1) + prmPath + `"`}
	}, false, nil},
	{"head-not-401", only(http.MethodHead, "/mcp", status(http.StatusMethodNotAllowed)), false, nil},
	{"get-not-401", only(http.MethodGet, "/mcp", status(http.StatusMethodNotAllowed)), false, nil},
	{"rubbish-let-in", func(p *planted) { p.accepts = func(token string) bool { return token != "" } }, false, nil},
	{"forged-let-in", func(p *planted) {
		p.accepts = func(token string) bool { return strings.HasPrefix(token, "eyJ") || p.live[token] }
	}, false, nil},
	{"forged-let-in", func(p *planted) { // alg none only
		p.accepts = func(token string) bool {
			return strings.HasPrefix(token, "eyJ") && strings.HasSuffix(token, ".") || p.live[token]
		}
	}, false, nil},
	{"verify-fails", func(p *planted) {
		p.pages["/mcp"] = func(w http.ResponseWriter, r *http.Request) {
			if token := r.Header.Get("Authorization"); strings.HasPrefix(token, "Bearer eyJ") {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			p.mcp(w, r)
		}
	}, false, nil},
	{"rubbish-not-401", func(p *planted) {
		p.pages["/mcp"] = func(w http.ResponseWriter, r *http.Request) {
			if token := r.Header.Get("Authorization"); strings.HasPrefix(token, "Bearer eyJ") {
				w.WriteHeader(http.StatusForbidden)
				return
			}
			p.mcp(w, r)
		}
	}, false, nil},
	{"rubbish-not-401", func(p *planted) {
		p.pages["/mcp"] = func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "" {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			p.mcp(w, r)
		}
	}, false, nil},

	{"prm-missing", all(gone(prmPath), bearer("Bearer")), false, []string{"challenge-without-metadata"}},
	{"prm-old", all(gone(prmPath), bearer("Bearer"), func(p *planted) {
		p.as["issuer"] = p.base
		p.pages["/.well-known/oauth-authorization-server"] = document(func() map[string]any { return p.as })
	}), false, []string{"challenge-without-metadata"}},
	{"prm-not-at-path", all(bearer("Bearer"), func(p *planted) { p.pages[rootPath] = p.pages[prmPath]; delete(p.pages, prmPath) }),
		false, []string{"challenge-without-metadata"}},
	{"prm-status", all(bearer("Bearer"), func(p *planted) { p.pages[rootPath] = p.pages[prmPath] }, put(prmPath, status(500))),
		false, []string{"challenge-without-metadata", "prm-not-at-path"}},
	{"prm-redirect", all(bearer("Bearer"), func(p *planted) { p.pages[rootPath] = p.pages[prmPath] }, put(prmPath, status(307, "Location", "/x"))),
		false, []string{"challenge-without-metadata", "prm-not-at-path"}},
	{"prm-type", asType(prmPath, "text/plain"), false, nil},
	{"prm-not-json", put(prmPath, html), false, nil},
	{"prm-null", prm("jwks_uri", func(*planted) any { return null{} }), false, nil},
	{"prm-null", prm("jwks_uri", func(*planted) any { return "" }), false, nil},
	{"prm-no-resource", prm("resource", func(*planted) any { return nil }), false, nil},
	{"prm-slash", prm("resource", func(p *planted) any { return p.base + "/mcp/" }), false, nil},
	{"typed-slash", func(p *planted) { p.pages["/mcp/"], p.slash = p.mcp, "/" }, false, nil},
	{"prm-origin", prm("resource", func(p *planted) any { return p.base }), false, nil},
	{"prm-other", prm("resource", func(p *planted) any { return "https://other.example/mcp" }), false, nil},
	{"prm-other", prm("resource", func(p *planted) any { return p.base + "/mc" }), false, nil},
	{"prm-differs", func(p *planted) {
		other := maps.Clone(p.prm)
		other["authorization_servers"] = []any{p.base + "/u"}
		p.pages[rootPath] = document(func() map[string]any { return other })
	}, false, nil},
	{"prm-no-server", prm("authorization_servers", func(*planted) any { return nil }), false, nil},
	{"prm-many-servers", prm("authorization_servers", func(p *planted) any { return []any{p.base + "/t", p.base + "/u"} }), false, nil},
	{"prm-bad-server", prm("authorization_servers", func(*planted) any { return []any{"http://auth.example.com"} }), false, nil},
	{"prm-bad-server", prm("authorization_servers", func(*planted) any { return []any{"auth"} }), false, nil},
	{"prm-offline", prm("scopes_supported", func(*planted) any { return []any{"read", "offline_access"} }), false, nil},
	{"prm-cors", unshared(prmPath), false, nil},
	{"prm-cors", unlets(prmPath), false, nil},

	{"as-unreachable", prm("authorization_servers", func(*planted) any { return []any{"http://127.0.0.1:1/t"} }), false, nil},
	{"as-refused", prm("authorization_servers", func(*planted) any { return []any{"https://10.0.0.1"} }), false, nil},
	{"as-missing", func(p *planted) {
		delete(p.pages, asPath)
		delete(p.pages, oidcPath)
		for _, name := range []string{"authorize", "token", "register"} {
			p.pages["/"+name] = p.pages["/t/"+name]
		}
	}, false, nil},
	{"as-status", put(asPath, status(500)), false, nil},
	{"as-misdirected", all(put("/.well-known/oauth-authorization-server/t", status(421)), put("/.well-known/openid-configuration/t", status(421))), false, nil},
	{"as-redirect", put(asPath, status(302, "Location", "/login")), false, nil},
	{"as-type", all(asType(asPath, "text/plain"), asType(oidcPath, "text/plain")), false, nil},
	{"as-not-json", put(asPath, html), false, nil},
	{"as-null", as("service_documentation", null{}), false, nil},
	{"as-null", as("service_documentation_uri", ""), false, nil},
	{"as-no-issuer", as("issuer", nil), false, nil},
	{"as-slash", func(p *planted) { p.as["issuer"] = p.base + "/t/" }, false, nil},
	{"prm-as-slash", func(p *planted) { p.prm["authorization_servers"] = []any{p.base + "/t/"} }, false, nil},
	{"as-issuer", as("issuer", "https://auth.example"), false, nil},
	{"as-no-authorize", as("authorization_endpoint", nil), false, nil},
	{"as-no-token", as("token_endpoint", nil), false, nil},
	{"as-endpoint", as("revocation_endpoint", "/revoke"), false, nil},
	{"as-endpoint", as("revocation_endpoint", "http://auth.example/revoke"), false, nil},
	{"as-no-pkce", as("code_challenge_methods_supported", nil), false, nil},
	{"as-plain-pkce", as("code_challenge_methods_supported", []any{"S256", "plain"}), false, nil},
	{"as-no-code", as("response_types_supported", []any{"token"}), false, nil},
	{"as-no-way-in", all(as("registration_endpoint", nil), as("client_id_metadata_document_supported", nil)), false, nil},
	{"as-no-dcr", as("registration_endpoint", nil), false, nil},
	{"as-no-cimd", as("client_id_metadata_document_supported", nil), false, nil},
	{"as-cimd-secret", as("token_endpoint_auth_methods_supported", []any{"client_secret_basic"}), false, nil},
	{"as-no-none", all(as("token_endpoint_auth_methods_supported", []any{"client_secret_basic"}), as("client_id_metadata_document_supported", nil)),
		false, []string{"as-no-cimd"}},
	{"as-no-iss", as("authorization_response_iss_parameter_supported", nil), false, nil},
	{"as-no-refresh", as("grant_types_supported", []any{"authorization_code"}), false, nil},
	{"as-differs", func(p *planted) {
		other := maps.Clone(p.as)
		other["token_endpoint"] = p.base + "/t/other"
		p.pages[oidcPath] = document(func() map[string]any { return other })
	}, false, nil},
	{"as-scope", as("scopes_supported", []any{"raed", "write"}), false, nil},
	{"as-cors", unshared(asPath), false, nil},
	{"as-cors", unlets(asPath), false, nil},
	{"keys-missing", gone("/t/jwks"), false, nil},
	{"keys-bad", func(p *planted) { p.jwks = map[string]any{"keys": []any{}} }, false, nil},
	{"keys-bad", put("/t/jwks", html), false, nil},
	{"keys-private", func(p *planted) { p.jwks["keys"].([]any)[0].(map[string]any)["d"] = "AA" }, false, nil},

	{"dcr-refused", refuses(func(map[string]any) bool { return true }), false,
		[]string{"dcr-https", "dcr-localhost", "dcr-native", "dcr-private"}},
	{"dcr-needs-token", func(p *planted) {
		p.register = func(map[string]any) (int, map[string]any) { return http.StatusUnauthorized, refusal("invalid_token") }
	}, false, []string{"dcr-https", "dcr-localhost", "dcr-native", "dcr-private"}},
	{"dcr-status", func(p *planted) {
		p.register = func(app map[string]any) (int, map[string]any) {
			status, doc := p.registerWell(app)
			if status == http.StatusCreated {
				status = http.StatusOK
			}
			return status, doc
		}
	}, false, nil},
	{"dcr-not-json", registers(func(doc map[string]any) { delete(doc, "client_id") }), false, nil},
	{"dcr-no-redirect-uris", registers(func(doc map[string]any) { delete(doc, "redirect_uris") }), false, nil},
	{"dcr-other-redirect-uris", registers(func(doc map[string]any) { doc["redirect_uris"] = []any{"http://127.0.0.1/callback"} }), false, nil},
	{"dcr-null", registers(func(doc map[string]any) { doc["client_uri"] = null{} }), false, nil},
	{"dcr-null", registers(func(doc map[string]any) { doc["logo_uri"] = "" }), false, nil},
	{"dcr-float", registers(func(doc map[string]any) { doc["client_id_issued_at"] = 1.5 }), false, nil},
	{"dcr-no-expiry", all(as("token_endpoint_auth_methods_supported", []any{"client_secret_post"}), registers(func(doc map[string]any) {
		doc["client_secret"], doc["token_endpoint_auth_method"] = "s", "client_secret_post"
	})), false, []string{"as-cimd-secret"}},
	{"dcr-secret", registers(func(doc map[string]any) {
		doc["client_secret"], doc["client_secret_expires_at"], doc["token_endpoint_auth_method"] = "s", 0, "client_secret_post"
	}), false, nil},
	{"dcr-native", refuses(func(app map[string]any) bool { return text(app, "application_type") == "native" }), false, nil},
	{"dcr-untyped", refuses(func(app map[string]any) bool {
		return text(app, "application_type") == "" && (redirectsTo("http:")(app) || redirectsTo("cursor:")(app))
	}), false, []string{"dcr-localhost", "dcr-private"}},
	{"dcr-localhost", refuses(func(app map[string]any) bool {
		return redirectsTo("http://localhost")(app) && !redirectsTo("cursor:")(app)
	}), false, nil},
	{"dcr-loopback", refuses(redirectsTo("http://127.0.0.1")), false, []string{"dcr-native"}},
	{"dcr-https", refuses(redirectsTo("https://claude.ai")), false, nil},
	{"dcr-private", refuses(redirectsTo("cursor:")), false, nil},
	{"dcr-script", func(p *planted) {
		p.register = func(app map[string]any) (int, map[string]any) {
			if redirectsTo("javascript:")(app) {
				return http.StatusCreated, map[string]any{"client_id": "script"}
			}
			return p.registerWell(app)
		}
	}, false, nil},
	{"dcr-cors", unshared("/t/register"), false, nil},
	{"dcr-cors", unlets("/t/register"), false, nil},

	{"authorize-fails", authorizes(func(url.Values) bool { return true }, badRequest), false, nil},
	{"authorize-fails", authorizes(func(url.Values) bool { return true }, func(w http.ResponseWriter, q url.Values) {
		w.Header().Set("Location", q.Get("redirect_uri")+"?error=unauthorized_client")
		w.WriteHeader(http.StatusFound)
	}), false, nil},
	{"authorize-target", authorizes(func(url.Values) bool { return true }, func(w http.ResponseWriter, q url.Values) {
		w.Header().Set("Location", q.Get("redirect_uri")+"?error=invalid_target")
		w.WriteHeader(http.StatusFound)
	}), false, nil},
	{"authorize-target", tellsPrograms(oauth.InvalidTarget), false, nil},
	{"authorize-scope", tellsPrograms(oauth.InvalidScope), false, nil},
	{"authorize-openid", authorizes(func(q url.Values) bool { return strings.Contains(q.Get("scope"), "openid") }, badRequest), false, nil},
	{"authorize-unknown", authorizes(func(q url.Values) bool { return q.Has("ui_locales") }, badRequest), false, nil},
	{"authorize-port", authorizes(func(q url.Values) bool { return q.Get("redirect_uri") == otherPort }, badRequest), false, nil},
	{"authorize-anywhere", authorizes(func(q url.Values) bool { return q.Get("client_id") == "authwright-check-unknown" }, func(w http.ResponseWriter, q url.Values) {
		w.Header().Set("Location", q.Get("redirect_uri")+"?error=invalid_client")
		w.WriteHeader(http.StatusFound)
	}), false, nil},
	{"authorize-anywhere", authorizes(func(q url.Values) bool { return q.Get("redirect_uri") == strangersRedirect }, func(w http.ResponseWriter, q url.Values) {
		w.Header().Set("Location", q.Get("redirect_uri")+"#error=invalid_client")
		w.WriteHeader(http.StatusFound)
	}), false, nil},

	{"token-unreachable", put("/t/token", html), false, nil},
	{"token-unreachable", put("/t/token", status(307, "Location", "/t/token2")), false, nil},
	{"token-client", func(p *planted) {
		p.pages["/t/token"] = func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			if p.clients[r.Form.Get("client_id")] == nil {
				answerJSON(w, http.StatusBadRequest, refusal(oauth.InvalidClient))
				return
			}
			p.serveToken(w, r)
		}
	}, false, nil},
	{"token-refresh", func(p *planted) {
		p.refresh = func(string) (int, map[string]any) { return http.StatusBadRequest, refusal(oauth.InvalidRequest) }
	}, false, nil},
	{"token-cors", unshared("/t/token"), false, nil},
	{"token-cors", unlets("/t/token"), false, nil},

	{"login-refused", answers(func(v url.Values) { v.Del("code"); v.Set("error", "access_denied") }), true, nil},
	{"iss-missing", answers(func(v url.Values) { v.Del("iss") }), true, nil},
	{"iss-other", answers(func(v url.Values) { v.Set("iss", v.Get("iss")+"/") }), true, nil},
	{"iss-unpromised", as("authorization_response_iss_parameter_supported", false), true, []string{"as-no-iss"}},
	{"state-changed", answers(func(v url.Values) { v.Set("state", "x") }), true, nil},
	{"code-refused", func(p *planted) { p.issue = func(string) map[string]any { return refusal(oauth.InvalidGrant) } }, true, nil},
	{"token-type", issues(func(doc map[string]any) { delete(doc, "token_type") }), true, nil},
	{"token-members", issues(func(doc map[string]any) { doc["scope"] = []any{"read"} }), true, nil},
	{"token-no-expiry", issues(func(doc map[string]any) { delete(doc, "expires_in") }), true, nil},
	{"token-audience", func(p *planted) {
		p.issue = func(scope string) map[string]any {
			doc := p.issueWell(scope)
			doc["access_token"] = "e30.eyJhdWQiOiJvdGhlciJ9." + strings.ReplaceAll(scope, " ", "-")
			p.live[doc["access_token"].(string)] = true
			return doc
		}
	}, true, nil},
	{"token-no-refresh", issues(func(doc map[string]any) { delete(doc, "refresh_token") }), true, nil},
	{"token-not-taken", func(p *planted) { p.accepts = func(string) bool { return false } }, true, nil},
	{"token-redirected", func(p *planted) {
		p.pages["/mcp"] = func(w http.ResponseWriter, r *http.Request) {
			if token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); p.live[token] {
				w.Header().Set("Location", "/mcp/")
				w.WriteHeader(http.StatusTemporaryRedirect)
				return
			}
			p.mcp(w, r)
		}
	}, true, nil},
	{"scope-missing", issues(func(doc map[string]any) { doc["scope"] = "raed" }), true, nil},
	{"query-token", func(p *planted) {
		p.pages["/mcp"] = func(w http.ResponseWriter, r *http.Request) {
			if token := r.URL.Query().Get("access_token"); token != "" {
				r.Header.Set("Authorization", "Bearer "+token)
			}
			p.mcp(w, r)
		}
	}, true, nil},
	{"refresh-fails", func(p *planted) {
		p.refresh = func(string) (int, map[string]any) { return http.StatusBadRequest, refusal(oauth.InvalidGrant) }
	}, true, nil},
	{"refresh-retry", func(p *planted) {
		p.refresh = func(token string) (int, map[string]any) {
			status, doc := p.refreshWell(token)
			delete(p.live, token)
			return status, doc
		}
	}, true, nil},
	{"step-up-mute", put("403", status(http.StatusForbidden)), true, nil},
	{"revoke-fails", put("/t/revoke", status(http.StatusOK)), true, nil},
}

func TestEveryFaultIsFound(t *testing.T) {
	for _, tt := range plants {
		t.Run(tt.fault, func(t *testing.T) {
			p := plant(t)
			p.browser = tt.browser
			tt.plant(p)
			r := p.check(t)
			want := append([]string{tt.fault}, tt.with...)
			slices.Sort(want)
			got := slices.Compact(faultsIn(r))
			if !slices.Equal(got, want) {
				t.Errorf("Check of a server with %s = %v, want %v; it saw %+v", tt.fault, got, want, r.Findings())
			}
			if bad := faults[tt.fault].level != Hint; r.OK == bad {
				t.Errorf("Check of a server with %s: OK = %v, want %v", tt.fault, r.OK, !bad)
			}
			for _, f := range r.Findings() {
				if f.Fault == tt.fault && f.Fix == "" || f.What == "" {
					t.Errorf("the finding %+v does not say what to do", f)
				}
			}
		})
	}
}

func TestFaultsOfTheAddress(t *testing.T) {
	lan := "http://192.168.7.2:3000/mcp"
	for _, tt := range []struct {
		name, url string
		networks  []netip.Prefix
		want      string
	}{
		{"no scheme", "mcp.example.com/mcp", nil, "not-a-url"},
		{"a fragment", "https://mcp.example.com/mcp#x", nil, "not-a-url"},
		{"a file", "file:///etc/passwd", nil, "not-a-url"},
		{"a password", "https://a:b@mcp.example.com/mcp", nil, "not-a-url"},
		{"http to elsewhere", "http://mcp.invalid/mcp", nil, "not-https"},
		{"a private address", lan, nil, "refused-address"},
		{"cloud metadata", "http://169.254.169.254/latest", nil, "refused-address"},
		{"nobody there", "http://127.0.0.1:1/mcp", nil, "unreachable"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := (&Check{URL: tt.url, Networks: tt.networks}).Run(t.Context())
			if got := faultsIn(r); r.OK || !slices.Contains(got, tt.want) {
				t.Errorf("Check(%q) = %v, want %s", tt.url, got, tt.want)
			}
		})
	}
}

// TestEveryFaultOfTheCatalogueIsPlanted keeps both lists together.
// TestAServerThatOnlyLetsPagesOfThisMachineInIsLeftInPeace: the official TypeScript SDK's Express adapter is one, on loopback.
func TestAServerThatOnlyLetsPagesOfThisMachineInIsLeftInPeace(t *testing.T) {
	p := plant(t)
	well := p.pages[prmPath]
	p.pages[prmPath] = func(w http.ResponseWriter, r *http.Request) {
		if u, err := url.Parse(r.Header.Get("Origin")); err != nil || u.Host != "" && !oauth.IsLoopbackHost(u.Hostname()) {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		well(w, r)
	}
	if r := p.check(t); !r.OK || len(faultsIn(r)) > 0 {
		t.Errorf("Check = %+v, want nothing", r.Findings())
	}
}

func TestEveryFaultOfTheCatalogueIsPlanted(t *testing.T) {
	planted := map[string]bool{"not-a-url": true, "not-https": true, "refused-address": true, "unreachable": true}
	for _, tt := range plants {
		planted[tt.fault] = true
	}
	for name, f := range faults {
		if !planted[name] {
			t.Errorf("fault %s is planted in no server", name)
		}
		if f.level == Stops && len(f.stops) == 0 {
			t.Errorf("fault %s stops, and nobody", name)
		}
	}
	if len(faults) < 40 {
		t.Errorf("there are %d faults, want 40 at least", len(faults))
	}
}
