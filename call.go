// call.go tells which operation a request asks for: from the body, which is what the server acts on, never from
// the headers, which must agree (MCP 2026-07-28, Streamable HTTP, Standard Request Headers).

package authwright

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"unicode/utf8"
)

// Headers of MCP over HTTP.
const (
	versionHeader = "Mcp-Protocol-Version"
	methodHeader  = "Mcp-Method"
	nameHeader    = "Mcp-Name"
)

// headersSince is the revision that requires Mcp-Method and Mcp-Name.
const headersSince = "2026-07-28"

// JSON-RPC error codes (JSON-RPC 2.0 §5.1; MCP 2026-07-28, error codes).
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeInvalidParams  = -32602
	codeHeaderMismatch = -32020
)

// call is what a POST asks for. A response or a GET has no method.
type call struct {
	method string
	name   string // of the tool or prompt, or the URI of the resource
	id     json.RawMessage
}

// callError is a refusal in the words of JSON-RPC.
type callError struct {
	status int // of HTTP
	code   int // of JSON-RPC
	text   string
	id     json.RawMessage
}

func (e *callError) Error() string { return e.text }

// readCall reads the body once, within bounds, and puts it back for the next handler. GET, HEAD and DELETE carry
// none; what they bring along is dropped, so nothing behind us can act on a call that was not looked at.
func (r *Resource) readCall(req *http.Request) (call, error) {
	switch req.Method {
	case http.MethodGet, http.MethodHead, http.MethodDelete, http.MethodOptions:
		req.Body, req.ContentLength, req.TransferEncoding = http.NoBody, 0, nil
		return call{}, nil
	}
	if coding := req.Header.Get("Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return call{}, &callError{status: http.StatusUnsupportedMediaType, code: codeInvalidRequest, text: "send the body without a content coding"}
	}
	if req.ContentLength > r.maxBody {
		return call{}, errTooLarge()
	}
	body, err := io.ReadAll(io.LimitReader(req.Body, r.maxBody+1))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge) || int64(len(body)) > r.maxBody:
		return call{}, errTooLarge()
	case err != nil:
		return call{}, &callError{status: http.StatusBadRequest, code: codeParse, text: "the body did not arrive whole"}
	}
	c, err := parseCall(body)
	if err != nil {
		return call{}, err
	}
	if err := checkHeaders(req.Header, c); err != nil {
		return call{}, err
	}
	req.Body, req.ContentLength, req.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
	return c, nil
}

func errTooLarge() error {
	return &callError{status: http.StatusRequestEntityTooLarge, code: codeInvalidRequest, text: "the body is too large"}
}

// parseCall reads one JSON-RPC message.
func parseCall(body []byte) (call, error) {
	var c call
	refuse := func(code int, text string) (call, error) {
		return call{}, &callError{status: http.StatusBadRequest, code: code, text: text, id: c.id}
	}
	members, err := scanDocument(body)
	if err != nil {
		return refuse(codeParse, err.Error())
	}
	var params json.RawMessage
	var answers bool
	for _, m := range members {
		if exact, other := otherLetters(m.key, "jsonrpc", "id", "method", "params", "result", "error"); other {
			return refuse(codeInvalidRequest, "a member must be spelled "+exact)
		}
		switch m.key {
		case "id":
			if isString(m.value) || isNumber(m.value) {
				c.id = m.value
			}
		case "method":
			if c.method, err = plainString(m.value); err != nil || c.method == "" {
				return refuse(codeInvalidRequest, "method must be a plain string")
			}
		case "params":
			params = m.value
		case "result", "error":
			answers = true
		}
	}
	if answers == (c.method != "") {
		return refuse(codeInvalidRequest, "the message must be either a request or a response")
	}
	if c.name, err = targetName(c.method, params); err != nil {
		return refuse(codeInvalidParams, err.Error())
	}
	return c, nil
}

// targetMember is the member of params that names what a method acts on.
func targetMember(method string) string {
	switch method {
	case "tools/call", "prompts/get":
		return "name"
	case "resources/read", "resources/subscribe", "resources/unsubscribe":
		return "uri"
	}
	return ""
}

// targetName is the tool, prompt or resource that the parameters name.
func targetName(method string, params json.RawMessage) (string, error) {
	target := targetMember(method)
	if len(params) == 0 || params[0] != '{' {
		if target != "" {
			return "", errors.New("params must be an object with " + target)
		}
		return "", nil
	}
	members, err := scanObject(params)
	if err != nil {
		return "", err
	}
	name := ""
	for _, m := range members {
		if exact, other := otherLetters(m.key, "name", "uri", "arguments", "_meta"); other {
			return "", errors.New("a member of params must be spelled " + exact)
		}
		if target != "" && m.key == target {
			if name, err = plainString(m.value); err != nil {
				return "", errors.New(target + " must be a plain string")
			}
		}
	}
	if target != "" && name == "" {
		return "", errors.New("params lacks " + target)
	}
	return name, nil
}

// otherLetters tells whether key is one of names to a reader that does not mind case, but not exactly.
func otherLetters(key string, names ...string) (exact string, other bool) {
	for _, name := range names {
		if key != name && strings.EqualFold(key, name) {
			return name, true
		}
	}
	return "", false
}

// plainString decodes a JSON string without control characters and without what stands for broken UTF-16.
func plainString(raw json.RawMessage) (string, error) {
	var s string
	if !isString(raw) || json.Unmarshal(raw, &s) != nil {
		return "", errors.New("not a string")
	}
	for _, c := range s {
		if c < 0x20 || c == 0x7f || c == utf8.RuneError {
			return "", errors.New("not a plain string")
		}
	}
	return s, nil
}

func isString(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '"' }

func isNumber(raw json.RawMessage) bool {
	return len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9')
}

// checkHeaders wants Mcp-Method and Mcp-Name to say what the body says. Before 2026-07-28 they may be absent, and on a
// notification always: the official TypeScript client, and with it Claude Code, sends them with requests only.
func checkHeaders(h http.Header, c call) error {
	mismatch := func(text string) error {
		return &callError{status: http.StatusBadRequest, code: codeHeaderMismatch, text: text, id: c.id}
	}
	if len(h.Values(versionHeader)) > 1 {
		return mismatch("MCP-Protocol-Version is there more than once")
	}
	version := h.Get(versionHeader)
	required := version >= headersSince && c.method != "" && !strings.HasPrefix(c.method, "notifications/")
	for _, check := range []struct {
		header, want      string
		required, applies bool
	}{
		{methodHeader, c.method, required, true},
		{nameHeader, c.name, required && namedInHeader(c.method), targetMember(c.method) != ""},
	} {
		values := h.Values(check.header)
		switch {
		case !check.applies:
		case len(values) == 0 && check.required:
			return mismatch("the " + check.header + " header is missing")
		case len(values) > 1:
			return mismatch("the " + check.header + " header is there more than once")
		case len(values) == 1:
			if got, ok := decodeHeader(values[0]); !ok || got != check.want {
				return mismatch("the " + check.header + " header does not agree with the body")
			}
		}
	}
	return nil
}

// namedInHeader lists the methods whose target is repeated in Mcp-Name.
func namedInHeader(method string) bool {
	return method == "tools/call" || method == "prompts/get" || method == "resources/read"
}

// decodeHeader reads a value that may be in the form =?base64?…?=.
func decodeHeader(value string) (string, bool) {
	encoded, ok := strings.CutPrefix(value, "=?base64?")
	if !ok {
		return value, true
	}
	if encoded, ok = strings.CutSuffix(encoded, "?="); !ok {
		return value, true
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(encoded)
	return string(decoded), err == nil && utf8.Valid(decoded)
}
