package authwright

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestACallIsReadInOneWayOnly(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	const ok = 0
	for _, tt := range []struct {
		name, body string
		code       int // of the JSON-RPC error, ok if none
		want       string
	}{
		{"a tool call", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}`, ok, "tools/call a"},
		{"members in another order", `{"params":{"arguments":{},"name":"a"},"method":"tools/call","id":"x","jsonrpc":"2.0"}`, ok, "tools/call a"},
		{"space everywhere", " {\n\t\"method\" : \"tools/call\" , \"params\" : { \"name\" : \"a\" } , \"id\" : 1 } \r\n", ok, "tools/call a"},
		{"escapes in the name", `{"method":"tools/call","id":1,"params":{"name":"\u0061\/b"}}`, ok, "tools/call a/b"},
		{"escapes in the keys", `{"m\u0065thod":"tools/call","id":1,"params":{"n\u0061me":"a"}}`, ok, "tools/call a"},
		{"a resource", `{"method":"resources/read","id":1,"params":{"uri":"todo://items/1"}}`, ok, "resources/read todo://items/1"},
		{"a name where none counts", `{"method":"ping","id":1,"params":{"name":"a"}}`, ok, "ping "},
		{"a member without a name", `{"method":"ping","id":1,"params":{"":"a"}}`, ok, "ping "},
		{"no params", `{"method":"ping","id":1}`, ok, "ping "},
		{"params that are an array", `{"method":"ping","id":1,"params":[1]}`, ok, "ping "},
		{"a response", `{"jsonrpc":"2.0","id":1,"result":{"a":[1,-2.5e3,true,false,null,"\"}"]}}`, ok, " "},
		{"an error response", `{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}`, ok, " "},
		{"names like method within the arguments", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"Name":"b","METHOD":"c","name":"d"}}}`, ok, "tools/call a"},
		{"deep arguments", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"x":` + deep(250) + `}}}`, ok, "tools/call a"},
		{"an array of objects", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"x":[{"k":1},{"k":2}]}}}`, ok, "tools/call a"},

		{"nothing", ``, codeParse, "the body is not JSON"},
		{"a batch", `[{"method":"ping","id":1}]`, codeParse, "batches are not accepted"},
		{"an empty batch", `[]`, codeParse, "batches are not accepted"},
		{"a string", `"method"`, codeParse, "the body is not a JSON object"},
		{"two messages", `{"method":"ping","id":1}{"method":"tools/call","id":2}`, codeParse, "the body is not JSON"},
		{"a broken message", `{"method":"ping"`, codeParse, "the body is not JSON"},
		{"a trailing comma", `{"method":"ping",}`, codeParse, "the body is not JSON"},
		{"a comment", `{"method":"ping"/**/}`, codeParse, "the body is not JSON"},
		{"a byte order mark", "\xef\xbb\xbf" + `{"method":"ping","id":1}`, codeParse, "the body is not plain UTF-8"},
		{"UTF-16", "{\x00\"\x00", codeParse, "the body is not JSON"},
		{"a byte that is not UTF-8", "{\"method\":\"ping\",\"id\":\"\xff\"}", codeParse, "the body is not plain UTF-8"},
		{"the method twice", `{"method":"ping","id":1,"method":"tools/call","params":{"name":"a"}}`, codeParse, "a member is there more than once"},
		{"the method twice, once escaped", `{"method":"ping","id":1,"\u006dethod":"tools/call"}`, codeParse, "a member is there more than once"},
		{"params twice", `{"method":"tools/call","id":1,"params":{"name":"a"},"params":{"name":"b"}}`, codeParse, "a member is there more than once"},
		{"the name twice", `{"method":"tools/call","id":1,"params":{"name":"a","name":"b"}}`, codeParse, "a member is there more than once"},
		{"an argument twice", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"id":1,"id":2}}}`, codeParse, "a member is there more than once"},
		{"an argument twice within an array", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"x":[{"id":1,"id":2}]}}}`, codeParse, "a member is there more than once"},
		{"the last of many members twice", `{"method":"ping","id":1,"params":{` + manyMembers(40) + `,"k39":1}}`, codeParse, "a member is there more than once"},
		{"the first of many members twice", `{"method":"ping","id":1,"params":{` + manyMembers(40) + `,"k0":1}}`, codeParse, "a member is there more than once"},
		{"a key with a NUL", `{"method":"ping","id":1,"method\u0000":"tools/call"}`, codeParse, "a member has a name that readers understand differently"},
		{"a key with half a surrogate pair", `{"method":"ping","id":1,"x\ud800":1}`, codeParse, "a member has a name that readers understand differently"},
		{"too deep", `{"method":"ping","id":1,"params":{"x":` + deep(300) + `}}`, codeParse, "the JSON is nested too deeply"},

		{"the method in other letters", `{"Method":"tools/call","id":1,"params":{"name":"a"}}`, codeInvalidRequest, "a member must be spelled method"},
		{"the method in other letters too", `{"method":"ping","METHOD":"tools/call","id":1}`, codeInvalidRequest, "a member must be spelled method"},
		{"params in other letters", `{"method":"tools/call","id":1,"Params":{"name":"a"}}`, codeInvalidRequest, "a member must be spelled params"},
		{"params with a long s", `{"method":"tools/call","id":1,"paramſ":{"name":"a"}}`, codeInvalidRequest, "a member must be spelled params"},
		{"the id in other letters", `{"method":"ping","ID":1}`, codeInvalidRequest, "a member must be spelled id"},
		{"no method", `{"jsonrpc":"2.0","id":1}`, codeInvalidRequest, "the message must be either a request or a response"},
		{"a request and a response", `{"id":1,"method":"tools/call","params":{"name":"a"},"result":{}}`, codeInvalidRequest, "the message must be either a request or a response"},
		{"an empty method", `{"id":1,"method":""}`, codeInvalidRequest, "method must be a plain string"},
		{"a method that is a number", `{"id":1,"method":1}`, codeInvalidRequest, "method must be a plain string"},
		{"a method that is null", `{"id":1,"method":null}`, codeInvalidRequest, "method must be a plain string"},
		{"a method with a NUL", `{"id":1,"method":"tools/call\u0000"}`, codeInvalidRequest, "method must be a plain string"},

		{"the name in other letters", `{"method":"tools/call","id":1,"params":{"Name":"a"}}`, codeInvalidParams, "a member of params must be spelled name"},
		{"the name in other letters too", `{"method":"tools/call","id":1,"params":{"name":"a","NAME":"b"}}`, codeInvalidParams, "a member of params must be spelled name"},
		{"the URI in other letters", `{"method":"resources/read","id":1,"params":{"uri":"a:b","URI":"c:d"}}`, codeInvalidParams, "a member of params must be spelled uri"},
		{"no name", `{"method":"tools/call","id":1,"params":{}}`, codeInvalidParams, "params lacks name"},
		{"no params where a name counts", `{"method":"tools/call","id":1}`, codeInvalidParams, "params must be an object with name"},
		{"params that are null", `{"method":"prompts/get","id":1,"params":null}`, codeInvalidParams, "params must be an object with name"},
		{"params that are an array where a name counts", `{"method":"tools/call","id":1,"params":["a"]}`, codeInvalidParams, "params must be an object with name"},
		{"a name that is an object", `{"method":"tools/call","id":1,"params":{"name":{"a":"b"}}}`, codeInvalidParams, "name must be a plain string"},
		{"a name with a line break", `{"method":"tools/call","id":1,"params":{"name":"a\nb"}}`, codeInvalidParams, "name must be a plain string"},
		{"a name with half a surrogate pair", `{"method":"tools/call","id":1,"params":{"name":"a\udc00"}}`, codeInvalidParams, "name must be a plain string"},
	} {
		c, err := parseCall([]byte(tt.body))
		if tt.code == ok {
			if got := c.method + " " + c.name; err != nil || got != tt.want {
				t.Errorf("%s: parseCall(%s) = %q, %v, want %q", tt.name, tt.body, got, err, tt.want)
			}
			continue
		}
		refused, _ := err.(*callError)
		if refused == nil || refused.code != tt.code || refused.text != tt.want || refused.status != http.StatusBadRequest {
			t.Errorf("%s: parseCall(%.90s) = %q, %+v, want %d %q", tt.name, tt.body, c, err, tt.code, tt.want)
		}
	}
}

func manyMembers(n int) string {
	var members []string
	for i := range n {
		members = append(members, `"k`+string(rune('0'+i/10))+string(rune('0'+i%10))+`":1`)
	}
	return strings.ReplaceAll(strings.Join(members, ","), `"k0`, `"k`)
}

func TestHeadersMustSayWhatTheBodySays(t *testing.T) {
	call := `{"jsonrpc":"2.0","id":"x1","method":"tools/call","params":{"name":"naïve tool"}}`
	read := `{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"todo://items/1"}}`
	ping := `{"jsonrpc":"2.0","id":3,"method":"ping"}`
	answer := `{"jsonrpc":"2.0","id":3,"result":{}}`
	cancelled := `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}`
	const new, old = "Mcp-Protocol-Version: 2026-07-28", "Mcp-Protocol-Version: 2025-11-25"
	for _, tt := range []struct {
		name, body string
		headers    []string
		want       string // of the mismatch, "" if none
	}{
		{"both", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: naïve tool"}, ""},
		{"the name in base64", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: =?base64?bmHDr3ZlIHRvb2w=?="}, ""},
		{"a URI", read, []string{new, "Mcp-Method: resources/read", "Mcp-Name: todo://items/1"}, ""},
		{"no name where none counts", ping, []string{new, "Mcp-Method: ping"}, ""},
		{"a response", answer, []string{new}, ""},
		{"a notification of Claude Code, which has none", cancelled, []string{new}, ""},
		{"a notification with its method", cancelled, []string{new, "Mcp-Method: notifications/cancelled"}, ""},
		{"a notification with another method", cancelled, []string{new, "Mcp-Method: tools/call"}, "the Mcp-Method header does not agree with the body"},
		{"a call that wants no answer", `{"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}}`, []string{new}, "the Mcp-Method header is missing"},
		{"before 2026-07-28, none", call, []string{old}, ""},
		{"no version, none", call, nil, ""},
		{"no method", call, []string{new, "Mcp-Name: naïve tool"}, "the Mcp-Method header is missing"},
		{"no name", call, []string{new, "Mcp-Method: tools/call"}, "the Mcp-Name header is missing"},
		{"a version of the future", call, []string{"Mcp-Protocol-Version: 2027-01-01"}, "the Mcp-Method header is missing"},
		{"a version that is no date", call, []string{"Mcp-Protocol-Version: DRAFT"}, "the Mcp-Method header is missing"},
		{"two versions", call, []string{old, new}, "MCP-Protocol-Version is there more than once"},
		{"another method", call, []string{new, "Mcp-Method: tools/list", "Mcp-Name: naïve tool"}, "the Mcp-Method header does not agree with the body"},
		{"the method in other letters", call, []string{new, "Mcp-Method: Tools/Call", "Mcp-Name: naïve tool"}, "the Mcp-Method header does not agree with the body"},
		{"another name", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: other"}, "the Mcp-Name header does not agree with the body"},
		{"another name in base64", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: =?base64?b3RoZXI=?="}, "the Mcp-Name header does not agree with the body"},
		{"base64 that is none", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: =?base64?*?="}, "the Mcp-Name header does not agree with the body"},
		{"base64 without its padding", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: =?base64?bmHDr3ZlIHRvb2w?="}, "the Mcp-Name header does not agree with the body"},
		{"two names", call, []string{new, "Mcp-Method: tools/call", "Mcp-Name: naïve tool", "Mcp-Name: other"}, "the Mcp-Name header is there more than once"},
		{"two methods", call, []string{new, "Mcp-Method: tools/call", "Mcp-Method: tools/list"}, "the Mcp-Method header is there more than once"},
		{"before 2026-07-28, another name", call, []string{old, "Mcp-Name: other"}, "the Mcp-Name header does not agree with the body"},
		{"no version, another method", call, []string{"Mcp-Method: tools/list"}, "the Mcp-Method header does not agree with the body"},
		{"a response with a method", answer, []string{new, "Mcp-Method: tools/call"}, "the Mcp-Method header does not agree with the body"},
	} {
		r := &Resource{maxBody: defaultMaxBody}
		req := httptest.NewRequest("POST", "/mcp", strings.NewReader(tt.body))
		for _, header := range tt.headers {
			name, value, _ := strings.Cut(header, ": ")
			req.Header.Add(name, value)
		}
		c, err := r.readCall(req)
		if tt.want == "" {
			if err != nil {
				t.Errorf("%s: readCall = %v, want no error", tt.name, err)
			}
			continue
		}
		refused, _ := err.(*callError)
		if refused == nil || refused.code != codeHeaderMismatch || refused.text != tt.want || (len(refused.id) == 0) != !strings.Contains(tt.body, `"id"`) {
			t.Errorf("%s: readCall = %+v, %+v, want -32020 %q", tt.name, c, err, tt.want)
		}
	}
}

func TestARefusedCallIsAnsweredInJSONRPC(t *testing.T) {
	r := &Resource{maxBody: 100}
	for _, tt := range []struct {
		name, body string
		header     string
		status     int
		want       string
	}{
		{"with its id", `{"id":"a\"b","method":"tools/call"}`, "", 400, `{"jsonrpc":"2.0","id":"a\"b","error":{"code":-32602,"message":"params must be an object with name"}}`},
		{"without one", `[]`, "", 400, `{"jsonrpc":"2.0","error":{"code":-32700,"message":"batches are not accepted"}}`},
		{"with an id that is none", `{"id":{"a":1},"method":"tools/call"}`, "", 400, `{"jsonrpc":"2.0","error":{"code":-32602,"message":"params must be an object with name"}}`},
		{"header mismatch", `{"id":1,"method":"ping"}`, "tools/call", 400, `{"jsonrpc":"2.0","id":1,"error":{"code":-32020,"message":"the Mcp-Method header does not agree with the body"}}`},
		{"too large", `{"id":1,"method":"` + strings.Repeat("x", 100) + `"}`, "", 413, `{"jsonrpc":"2.0","error":{"code":-32600,"message":"the body is too large"}}`},
	} {
		req := httptest.NewRequest("POST", "/mcp", strings.NewReader(tt.body))
		if tt.header != "" {
			req.Header.Set("Mcp-Method", tt.header)
		}
		_, err := r.readCall(req)
		w := httptest.NewRecorder()
		r.refuse(w, req, err)
		if w.Code != tt.status || w.Body.String() != tt.want {
			t.Errorf("%s: %d %s, want %d %s", tt.name, w.Code, w.Body, tt.status, tt.want)
		}
	}
}

func TestABodyIsBounded(t *testing.T) {
	r := &Resource{maxBody: 50}
	body := `{"id":1,"method":"ping","params":{"x":"` + strings.Repeat("x", 100) + `"}}`
	for name, edit := range map[string]func(*http.Request){
		"declared":      func(*http.Request) {},
		"not declared":  func(req *http.Request) { req.ContentLength = -1 },
		"declared less": func(req *http.Request) { req.ContentLength = 10 },
	} {
		req := httptest.NewRequest("POST", "/mcp", strings.NewReader(body))
		edit(req)
		_, err := r.readCall(req)
		if refused, _ := err.(*callError); refused == nil || refused.status != http.StatusRequestEntityTooLarge {
			t.Errorf("a length that is %s: readCall = %v, want 413", name, err)
		}
	}
	req := httptest.NewRequest("POST", "/mcp", strings.NewReader(`{"id":1,"method":"ping"}`))
	req.Header.Set("Content-Encoding", "gzip")
	_, err := r.readCall(req)
	if refused, _ := err.(*callError); refused == nil || refused.status != http.StatusUnsupportedMediaType {
		t.Errorf("a compressed body: readCall = %v, want 415", err)
	}
}

// FuzzCall: what parseCall accepts has one meaning: encoding/json, which takes the last of two members and any
// letters, reads the same method and the same name.
func FuzzCall(f *testing.F) {
	for _, seed := range []string{
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":[1,{"y":"z"}]}}}`,
		`{"method":"resources/read","params":{"uri":"a:b"},"id":"x"}`, `{"id":1,"result":{}}`, `[]`, `{"m\u0065thod":"ping"}`,
		`{"method":"ping","params":{"a":{},"b":[],"c":-1e5,"d":"\\\"","e":null}}`, ` { } `, `{"method":"tools/call","params":{"name":"\ud83d\ude00"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parseCall(body)
		if err != nil {
			return
		}
		var loose struct {
			Method string
			Params json.RawMessage
		}
		if err := json.Unmarshal(body, &loose); err != nil {
			t.Fatalf("parseCall(%q) accepts what encoding/json does not: %v", body, err)
		}
		var params struct{ Name, URI any }
		_ = json.Unmarshal(loose.Params, &params)
		name := map[string]any{"name": params.Name, "uri": params.URI}[targetMember(c.method)]
		if name == nil {
			name = ""
		}
		if loose.Method != c.method || name != c.name {
			t.Fatalf("parseCall(%q) = %q %q, encoding/json reads %q %q", body, c.method, c.name, loose.Method, name)
		}
	})
}

// FuzzScan: the members that scanDocument finds are those that encoding/json finds, with the same values.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{"a":1,"b":{"c":[true,{"d":""}]}}`, `{ "a" : "\"" }`, `{"a":[],"b":{}}`, `{"":0}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		members, err := scanDocument(text)
		if err != nil {
			return
		}
		var want map[string]any
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("scanDocument(%q) accepts what encoding/json does not: %v", text, err)
		}
		got := make(map[string]any, len(members))
		for _, m := range members {
			var v any
			if err := json.NewDecoder(bytes.NewReader(m.value)).Decode(&v); err != nil {
				t.Fatalf("scanDocument(%q): member %q has the value %q: %v", text, m.key, m.value, err)
			}
			got[m.key] = v
		}
		if len(got) != len(members) || !reflect.DeepEqual(got, want) {
			t.Fatalf("scanDocument(%q) = %v, want %v", text, got, want)
		}
	})
}
