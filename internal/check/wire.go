// wire.go: calls to servers that nobody vouches for, and what may be taken from their answers.

package check

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/authwright/authwright/internal/outbound"
	"github.com/authwright/authwright/oauth"
)

const (
	maxBody   = 1 << 20                 // of an answer that is read
	maxSeen   = 200                     // of what is repeated to the person
	foreign   = "http://localhost:6274" // the origin of MCP Inspector, which calls from its page
	mcpLatest = "2025-11-25"            // the version that a first call names; servers of every age answer it
)

// caller makes calls.
type caller struct {
	strangers *outbound.Strangers
	timeout   time.Duration
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
	shared bool // with pages of other origins
}

// ask is a call: a method, an address, headers in pairs, and a body.
type ask struct {
	method, url string
	header      []string
	body        string
}

func (c *caller) do(ctx context.Context, a ask) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, a.method, a.url, strings.NewReader(a.body))
	if err != nil {
		return answer{}, outbound.ErrRefused
	}
	for i := 0; i+1 < len(a.header); i += 2 {
		req.Header.Set(a.header[i], a.header[i+1])
	}
	res, err := c.strangers.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	got := answer{status: res.StatusCode, header: res.Header}
	if mediaType(res.Header) == "text/event-stream" {
		got.body = firstEvent(res.Body)
		return got, nil
	}
	got.body, err = io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if len(got.body) > maxBody {
		return answer{}, fmt.Errorf("%w: more than %d bytes", outbound.ErrTooLarge, maxBody)
	}
	return got, err
}

// doAsPage makes a call from a page of another origin. A server may well let no such page in (MCP, Streamable HTTP:
// security); then the call is made once more as programs make it, and what they hear counts.
func (c *caller) doAsPage(ctx context.Context, a ask) (answer, error) {
	page := a
	page.header = append(slices.Clone(a.header), "Origin", foreign)
	got, err := c.do(ctx, page)
	if err != nil || got.status != http.StatusForbidden {
		got.shared = allowsForeign(got.header)
		return got, err
	}
	return c.do(ctx, a)
}

// get reads a document as MCP clients do.
func (c *caller) get(ctx context.Context, url string) (answer, error) {
	return c.doAsPage(ctx, ask{method: http.MethodGet, url: url, header: []string{
		"Accept", "application/json", "MCP-Protocol-Version", mcpLatest,
	}})
}

// post sends a form.
func (c *caller) post(ctx context.Context, to string, form url.Values) (answer, error) {
	return c.doAsPage(ctx, ask{method: http.MethodPost, url: to, body: form.Encode(), header: []string{
		"Accept", "application/json", "Content-Type", "application/x-www-form-urlencoded",
	}})
}

// preflight asks whether a page of another origin may call with those headers (Fetch: CORS-preflight).
func (c *caller) preflight(ctx context.Context, to, method string, headers ...string) bool {
	a, err := c.do(ctx, ask{method: http.MethodOptions, url: to, header: []string{
		"Origin", foreign, "Access-Control-Request-Method", method, "Access-Control-Request-Headers", strings.Join(headers, ","),
	}})
	if err != nil || a.status/100 != 2 || !allowsForeign(a.header) {
		return false
	}
	allowed := strings.ToLower(strings.Join(a.header.Values("Access-Control-Allow-Headers"), ","))
	for _, h := range headers {
		if !listed(allowed, h) && (!listed(allowed, "*") || h == "authorization") { // the star does not stand for this one
			return false
		}
	}
	return true
}

// allowsForeign tells whether a page of another origin may read the answer (Fetch: CORS check).
func allowsForeign(h http.Header) bool {
	origin := h.Get("Access-Control-Allow-Origin")
	return origin == "*" || origin == foreign
}

func listed(list, name string) bool {
	for item := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(item) == name {
			return true
		}
	}
	return false
}

func (a answer) isJSON() bool { return mediaType(a.header) == "application/json" }

func (a answer) redirects() bool {
	return a.status >= 300 && a.status < 400 && a.header.Get("Location") != ""
}

// says is an answer in a few words.
func (a answer) says() string {
	text := fmt.Sprintf("%d", a.status)
	if name := http.StatusText(a.status); name != "" {
		text += " " + name
	}
	if to := a.header.Get("Location"); a.redirects() {
		return text + " to " + to
	}
	var e oauth.Error
	if a.isJSON() && json.Unmarshal(a.body, &e) == nil && e.Code != "" {
		return text + ": " + e.Error()
	}
	return text
}

// object reads a body that should be one JSON object.
func (a answer) object() (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(a.body))
	dec.UseNumber()
	var doc map[string]any
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if doc == nil {
		return nil, errors.New("it is null")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the object")
	}
	return doc, nil
}

// void names the members that are null, or an empty address: both stop clients that check types.
func void(doc map[string]any) (names []string) {
	for name, value := range doc {
		address := strings.HasSuffix(name, "_uri") || strings.HasSuffix(name, "_endpoint") || strings.HasSuffix(name, "_url")
		if value == nil || value == "" && address {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// text, list and flag read a member of a document, if it is of that kind.
func text(doc map[string]any, name string) string { s, _ := doc[name].(string); return s }

func list(doc map[string]any, name string) (items []string) {
	all, _ := doc[name].([]any)
	for _, item := range all {
		if s, ok := item.(string); ok {
			items = append(items, s)
		}
	}
	return items
}

func flag(doc map[string]any, name string) bool { b, _ := doc[name].(bool); return b }

// has tells whether the document has the member, whatever it is.
func has(doc map[string]any, name string) bool { _, ok := doc[name]; return ok }

func mediaType(h http.Header) string {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return t
}

// firstEvent reads the data of a stream's first event that has some. A stream need not end.
func firstEvent(r io.Reader) []byte {
	lines := bufio.NewScanner(io.LimitReader(r, maxBody))
	lines.Buffer(nil, maxBody)
	var data []byte
	for lines.Scan() {
		line := lines.Text()
		switch value, ok := strings.CutPrefix(line, "data:"); {
		case ok:
			data = append(data, strings.TrimPrefix(value, " ")...)
		case line == "" && len(data) > 0:
			return data
		}
	}
	return data
}

// printable is what a server said, made fit for a terminal: bounded, on one line, and nothing in it that a terminal obeys.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0xfffd:
			return '\uFFFD'
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if runes := []rune(s); len(runes) > maxSeen {
		return string(runes[:maxSeen]) + "…"
	}
	return s
}
