package check

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestAServerLeadsNowhereElse: what a server names is called only where strangers may lead us. The server is on
// an address that was named; what listens on this machine is not.
func TestAServerLeadsNowhereElse(t *testing.T) {
	var called atomic.Int64
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called.Add(1) }))
	defer inside.Close()
	for _, tt := range []struct {
		name  string
		plant func(p *planted)
	}{
		{"the challenge", func(p *planted) { p.challenge = []string{`Bearer resource_metadata="` + inside.URL + `"`} }},
		{"the authorization server", func(p *planted) { p.prm["authorization_servers"] = []any{inside.URL} }},
		{"an endpoint", func(p *planted) { p.as["token_endpoint"] = inside.URL + "/token" }},
		{"the registration endpoint", func(p *planted) { p.as["registration_endpoint"] = inside.URL + "/register" }},
		{"the keys", func(p *planted) { p.as["jwks_uri"] = inside.URL + "/jwks" }},
		{"a redirect", func(p *planted) { p.pages["/mcp"] = status(http.StatusTemporaryRedirect, "Location", inside.URL) }},
		{"a redirect of the metadata", func(p *planted) { p.pages[asPath] = status(http.StatusFound, "Location", inside.URL) }},
		{"where a registration is managed", registers(func(doc map[string]any) {
			doc["registration_client_uri"], doc["registration_access_token"] = inside.URL, "t"
		})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plantAt(t, "127.0.0.2:0")
			tt.plant(p)
			(&Check{URL: p.base + "/mcp", Networks: []netip.Prefix{netip.MustParsePrefix("127.0.0.2/32")}}).Run(t.Context())
			if n := called.Load(); n > 0 {
				t.Errorf("a server led the check to another address %d times through %s, want never", n, tt.name)
			}
		})
	}
}

// plantAt plants a server on an address of its own. It names itself, not this machine.
func plantAt(t *testing.T, addr string) *planted {
	listen, err := net.Listen("tcp", addr)
	if err != nil {
		t.Skipf("no second loopback address here: %v", err)
	}
	p := plant(t)
	site := &httptest.Server{Listener: listen, Config: &http.Server{Handler: p}}
	site.Start()
	t.Cleanup(site.Close)
	old := p.base
	p.base = site.URL
	move(p.prm, old, p.base)
	move(p.as, old, p.base)
	for i := range p.challenge {
		p.challenge[i] = strings.ReplaceAll(p.challenge[i], old, p.base)
	}
	return p
}

func move(doc map[string]any, from, to string) {
	for name, value := range doc {
		switch v := value.(type) {
		case string:
			doc[name] = strings.Replace(v, from, to, 1)
		case []any:
			for i := range v {
				if s, ok := v[i].(string); ok {
					v[i] = strings.Replace(s, from, to, 1)
				}
			}
		}
	}
}

func TestAnswersAreBounded(t *testing.T) {
	endless := func(media, piece string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", media)
			for r.Context().Err() == nil {
				if _, err := w.Write([]byte(piece)); err != nil {
					return
				}
			}
		}
	}
	for _, tt := range []struct {
		name, path, want string
		page             http.HandlerFunc
	}{
		{"a document without end", prmPath, "challenge-metadata-broken", endless("application/json", strings.Repeat(" ", 4096))},
		{"a stream without end from who lets everyone in", "/mcp", "open", endless("text/event-stream", ": "+strings.Repeat("x", 4096)+"\n")},
		{"a stream with one event that does not close", "/mcp", "open", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // until then nobody hears the connection close
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = w.Write([]byte("event: message\ndata: {}\n\n"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := plant(t)
			plain := http.NewServeMux()
			plain.HandleFunc(tt.path, tt.page)
			plain.Handle("/", p)
			site := httptest.NewServer(plain)
			defer site.Close()
			move(p.prm, p.base, site.URL)
			p.challenge[0] = strings.Replace(p.challenge[0], p.base, site.URL, 1)
			r := (&Check{URL: site.URL + "/mcp", Timeout: time.Minute}).Run(t.Context())
			if got := faultsIn(r); !slices.Contains(got, tt.want) {
				t.Errorf("Check = %v, want %s", got, tt.want)
			}
		})
	}
}

func TestWhatAServerSaysCannotMoveTheCursor(t *testing.T) {
	p := plant(t)
	p.as["issuer"] = "https://evil\x1b[2J\x07\n✓ all is well\u202e" + strings.Repeat("x", 5000)
	p.challenge = []string{"Bearer resource_metadata=\"" + p.base + prmPath + "\", realm=\"\x1b]0;title\x07\""}
	for _, f := range p.check(t).Findings() {
		for _, text := range []string{f.At, f.Seen} {
			if strings.ContainsAny(text, "\x1b\x07\n\u202e") || len(text) > 1000 {
				t.Errorf("a finding repeats %q, want nothing that a terminal obeys", text)
			}
		}
	}
	if got := printable("a\x1b[2Jb\nc\xff\u2066d"); got != "a\uFFFD[2Jb c\uFFFD\uFFFDd" {
		t.Errorf("printable = %q", got)
	}
}

func TestChallengesAreParsed(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   string // scheme:name=value… of all, by "|"
		fails  bool
	}{
		{"one with parameters", []string{`Bearer scope="a b", resource_metadata=https`}, "bearer:resource_metadata=https,scope=a b", false},
		{"no parameters", []string{"Bearer"}, "bearer:", false},
		{"two in one header", []string{`DPoP algs="ES256", Bearer scope="a"`}, "dpop:algs=ES256|bearer:scope=a", false},
		{"two headers", []string{`Basic realm="x"`, `Bearer scope=a`}, "basic:realm=x|bearer:scope=a", false},
		{"a blob before another", []string{`Negotiate YWJj==, Bearer scope=a`}, "negotiate:|bearer:scope=a", false},
		{"a quoted quote and comma", []string{`Bearer error="a\"b, c=d"`}, `bearer:error=a"b, c=d`, false},
		{"empty elements", []string{`, Bearer , scope=a,, `}, "bearer:scope=a", false},
		{"spaces around the equals sign", []string{`Bearer scope = "a"`}, "bearer:scope=a", false},
		{"a quote that does not close", []string{`Bearer scope="a`}, "", true},
		{"a parameter twice", []string{`Bearer scope="a", scope="b"`}, "", true},
		{"no value", []string{`Bearer realm="x", scope=`}, "", true},
		{"nothing of the kind", []string{`"Bearer"`}, "", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			all, err := parseChallenges(tt.values)
			var got []string
			for _, c := range all {
				var params []string
				for name, value := range c.params {
					params = append(params, name+"="+value)
				}
				slices.Sort(params)
				got = append(got, c.scheme+":"+strings.Join(params, ","))
			}
			if (err != nil) != tt.fails || !tt.fails && strings.Join(got, "|") != tt.want {
				t.Errorf("parseChallenges(%q) = %q, %v; want %q, an error: %v", tt.values, got, err, tt.want, tt.fails)
			}
		})
	}
}

func FuzzParseChallenges(f *testing.F) {
	for _, seed := range []string{`Bearer scope="a b"`, `Negotiate YQ==, Bearer x=y`, `a="\`, ` ,,b c d=e`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		all, err := parseChallenges([]string{value})
		for _, c := range all {
			if c.scheme == "" || err == nil && c.params == nil {
				t.Fatalf("parseChallenges(%q) = %+v", value, all)
			}
		}
	})
}
