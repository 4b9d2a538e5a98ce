// requests.go: what becomes of an HTTP request (RFC 6750 §2 and §3, RFC 9728 §5.1; MCP 2026-07-28, Authorization
// and Streamable HTTP). In headers, target and body ${name} stands for a token of the file.

package main

import (
	"fmt"
	"slices"
	"strings"
)

// todo is the server of most cases.
func todo() *config {
	return &config{
		Resource:  resource,
		Issuer:    issuer,
		Name:      "To-do",
		Scopes:    []string{"todo.read"},
		Tools:     map[string][]string{"create_item": {"todo.write"}, "purge": {"todo.write", "todo.purge"}},
		Prompts:   map[string][]string{"review": {"todo.write"}},
		Resources: map[string][]string{"todo://private/*": {"todo.private"}, "todo://private/open": {}, "todo://private/deep/*": {"todo.deep"}},
		Implies:   map[string][]string{"todo.write": {"todo.read"}, "todo.all": {"todo.write"}},
	}
}

func requestsFile() file {
	return file{
		About:     "Requests to a protected MCP server: who gets through, and the answer of who does not.",
		Kind:      "request",
		Now:       now,
		Config:    todo(),
		Documents: documents(),
		Tokens: map[string]string{
			"read":    minted().String(),
			"write":   minted(scoped("todo.write")).String(),
			"all":     minted(scoped("todo.all")).String(),
			"nothing": minted(without("scope")).String(),
			"more":    minted(scoped("todo.read offline_access profile")).String(),
			"private": minted(scoped("todo.read todo.private")).String(),
			"expired": minted(claim("exp", fmt.Sprint(now-3600)), claim("iat", fmt.Sprint(now-7200))).String(),
			"foreign": minted(claim("aud", `"https://mcp.example.com/okr/mcp"`)).String(),
		},
		Cases: slices.Concat(credentials(), challenged(), operations(), messages(), headersAndBodies()),
	}
}

// Parts of challenges.
const (
	where = `resource_metadata="` + metadataURL + `"`
	tail  = `scope="todo.read", ` + where
)

func bearer(token string) [2]string { return [2]string{"Authorization", "Bearer ${" + token + "}"} }

// post is a request with a body.
func post(body string, headers ...[2]string) *request {
	return &request{Method: "POST", Target: "/todo/mcp", Headers: headers, Body: body}
}

func call(tool string) string { return message("tools/call", `{"name":"`+tool+`","arguments":{}}`) }

func message(method, params string) string {
	return `{"jsonrpc":"2.0","id":7,"method":"` + method + `","params":` + params + `}`
}

var through = want{Status: 200}

// credentials: a token comes in one Authorization header, or not at all (RFC 6750 §2.1; MCP: never in the query).
func credentials() []vector {
	none := want{Status: 401, Challenge: "Bearer " + tail}
	invalid := want{Status: 400, Error: "invalid_request"}
	header := func(value string) [2]string { return [2]string{"Authorization", value} }
	list := call("list_items")
	return []vector{
		{Name: "a good token", Request: post(list, bearer("read")), Want: through},
		{Name: "a scheme in small letters", Request: post(list, header("bearer ${read}")), Want: through},
		{Name: "a scheme in mixed letters", Request: post(list, header("bEARER ${read}")), Want: through},
		{Name: "two spaces before the token", Request: post(list, header("Bearer  ${read}")), Want: through},
		{Name: "no Authorization header", Request: post(list), Want: none},
		{Name: "another scheme", Request: post(list, header("Basic YTpi")), Want: none},
		{Name: "a scheme that begins alike", Request: post(list, header("Bearers ${read}")), Want: none},
		{Name: "a token without a scheme", Request: post(list, header("${read}")), Want: none},
		{Name: "a DPoP token", Request: post(list, header("DPoP ${read}")), Want: none},
		{Name: "a scheme without a token", Request: post(list, header("Bearer")), Want: invalid},
		{Name: "two tokens in one header", Request: post(list, header("Bearer ${read} ${read}")), Want: invalid},
		{Name: "two tokens with a comma", Request: post(list, header("Bearer ${read},${read}")), Want: invalid},
		{Name: "a token with a parameter", Request: post(list, header(`Bearer token="${read}"`)), Want: invalid},
		{Name: "a tab before the token", Request: post(list, header("Bearer\t${read}")), Want: none},
		{Name: "two Authorization headers", Request: post(list, bearer("read"), bearer("read")), Want: invalid},
		{Name: "two Authorization headers, of which one is of another scheme", Request: post(list, header("Basic YTpi"), bearer("read")), Want: invalid},
		{Name: "a token in the query", Request: &request{Method: "POST", Target: "/todo/mcp?access_token=${read}", Body: list}, Want: none},
		{Name: "a token in a form", Request: post("access_token=${read}", [2]string{"Content-Type", "application/x-www-form-urlencoded"}), Want: none},
		{Name: "a token in a cookie", Request: post(list, [2]string{"Cookie", "access_token=${read}"}), Want: none},
		{Name: "a token in the query beside a good header", Request: &request{Method: "POST", Target: "/todo/mcp?access_token=${expired}", Headers: [][2]string{bearer("read")}, Body: list}, Want: through},
		{Name: "GET without a token", Request: &request{Method: "GET", Target: "/todo/mcp"}, Want: none},
		{Name: "HEAD without a token", Request: &request{Method: "HEAD", Target: "/todo/mcp"}, Want: none},
		{Name: "DELETE without a token", Request: &request{Method: "DELETE", Target: "/todo/mcp"}, Want: none},
		{Name: "GET with a token", Request: &request{Method: "GET", Target: "/todo/mcp", Headers: [][2]string{bearer("read")}}, Want: through},
		{Name: "a body that is not JSON, without a token", Request: post("not JSON"), Want: none},
	}
}

// challenged: the WWW-Authenticate header byte for byte. Its sentences are part of the vectors.
func challenged() []vector {
	invalid := func(why string) want {
		return want{Status: 401, Error: "invalid_token", Challenge: `Bearer error="invalid_token", error_description="` + why + `", ` + tail}
	}
	lacks := func(needed, ask string) want {
		return want{Status: 403, Error: "insufficient_scope", Challenge: `Bearer error="insufficient_scope", error_description="the token lacks a scope: needed are ` +
			needed + `", scope="` + ask + `", ` + where}
	}
	silent := &config{Scopes: []string{}, Resource: "https://mcp.example.com"}
	return []vector{
		{Name: "no token for a tool that needs more: the first scopes only", Request: post(call("create_item")), Want: want{Status: 401, Challenge: "Bearer " + tail}},
		{Name: "no token at a server at the root without scopes", Config: silent, Request: &request{Method: "POST", Target: "/", Body: call("a")},
			Want: want{Status: 401, Challenge: `Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource"`}},
		{Name: "garbage as a token", Request: post(call("list_items"), [2]string{"Authorization", "Bearer abc"}), Want: invalid("the token is malformed")},
		{Name: "an expired token", Request: post(call("list_items"), bearer("expired")), Want: invalid("the token has expired")},
		{Name: "a token for another server", Request: post(call("list_items"), bearer("foreign")), Want: invalid("the token is for another resource")},
		{Name: "a token with none of the scopes", Request: post(call("list_items"), bearer("nothing")), Want: lacks("todo.read", "todo.read")},
		{Name: "a tool that needs more: with what is held", Request: post(call("create_item"), bearer("read")), Want: lacks("todo.read todo.write", "todo.read todo.write")},
		{Name: "a tool that needs more: what is held comes after, without offline_access", Request: post(call("create_item"), bearer("more")),
			Want: lacks("todo.read todo.write", "todo.read todo.write profile")},
		{Name: "a tool that needs two more: all at once", Request: post(call("purge"), bearer("read")), Want: lacks("todo.read todo.write todo.purge", "todo.read todo.write todo.purge")},
		{Name: "a tool that needs two, of which one is held", Request: post(call("purge"), bearer("write")), Want: lacks("todo.read todo.write todo.purge", "todo.read todo.write todo.purge")},
		{Name: "a held scope that implies stays in the step-up", Request: post(call("purge"), bearer("all")), Want: lacks("todo.read todo.write todo.purge", "todo.read todo.write todo.purge todo.all")},
		{Name: "a prompt that needs more", Request: post(message("prompts/get", `{"name":"review"}`), bearer("read")), Want: lacks("todo.read todo.write", "todo.read todo.write")},
		{Name: "a resource that needs more", Request: post(message("resources/read", `{"uri":"todo://private/1"}`), bearer("read")), Want: lacks("todo.read todo.private", "todo.read todo.private")},
	}
}

// operations: what a call needs beyond the first scopes, by tool, prompt and resource.
func operations() []vector {
	few := want{Status: 403, Error: "insufficient_scope"}
	with := func(name, token, body string, w want) vector {
		return vector{Name: name, Request: post(body, bearer(token)), Want: w}
	}
	read := func(uri string) string { return message("resources/read", `{"uri":"`+uri+`"}`) }
	star := func(v vector) vector {
		v.Config = &config{Tools: map[string][]string{"*": {"todo.admin"}, "list_items": {}}}
		return v
	}
	return []vector{
		with("a tool that nobody listed needs the first scopes", "read", call("list_items"), through),
		with("a listed tool with its scope", "write", call("create_item"), through),
		with("a listed tool with a scope that implies its scope", "all", call("create_item"), through),
		with("a listed tool without its scope", "read", call("create_item"), few),
		with("a listed tool in other letters is another tool", "read", call("Create_item"), through),
		with("a listed tool whose name is escaped", "read", call(`create\u005fitem`), few),
		with("a tool named like an object's own members", "read", call("__proto__"), through),
		with("a tool named constructor", "read", call("constructor"), through),
		with("a listed prompt without its scope", "read", message("prompts/get", `{"name":"review"}`), few),
		with("a listed prompt with its scope", "write", message("prompts/get", `{"name":"review"}`), through),
		with("a tool of a prompt's name", "read", call("review"), through),
		with("a prompt of a tool's name", "read", message("prompts/get", `{"name":"create_item"}`), through),
		with("a resource below a prefix, without its scope", "read", read("todo://private/1"), few),
		with("a resource below a prefix, with its scope", "private", read("todo://private/1"), through),
		with("the prefix itself", "read", read("todo://private/"), few),
		with("a resource beside the prefix", "read", read("todo://private"), through),
		with("an exact resource goes before the prefix", "read", read("todo://private/open"), through),
		with("of two prefixes the longest counts", "private", read("todo://private/deep/1"), few),
		with("another resource", "read", read("todo://items/1"), through),
		with("a subscription is like a reading", "read", message("resources/subscribe", `{"uri":"todo://private/1"}`), few),
		with("the end of a subscription too", "read", message("resources/unsubscribe", `{"uri":"todo://private/1"}`), few),
		with("a list of tools needs the first scopes", "read", message("tools/list", "{}"), through),
		with("a list of tools without them", "nothing", message("tools/list", "{}"), few),
		with("server/discover without them", "nothing", message("server/discover", "{}"), few),
		with("initialize without them", "nothing", message("initialize", "{}"), few),
		with("a notification without them", "nothing", `{"jsonrpc":"2.0","method":"notifications/initialized"}`, few),
		with("a response without them", "nothing", `{"jsonrpc":"2.0","id":1,"result":{}}`, few),
		with("a response with them", "read", `{"jsonrpc":"2.0","id":1,"result":{}}`, through),
		star(with("a star stands for tools that are not listed", "read", call("anything"), few)),
		star(with("a listed tool goes before the star", "read", call("list_items"), through)),
		star(with("a tool that is called star", "read", call("*"), few)),
	}
}

// messages: a body that two readers can understand differently is refused, in the words of JSON-RPC 2.0 §5.1.
func messages() []vector {
	refuse := func(name, body string, code int, id any) vector {
		return vector{Name: name, Request: post(body, bearer("all")), Want: want{Status: 400, RPCCode: code, RPCID: id}}
	}
	accept := func(name, body string) vector {
		return vector{Name: name, Request: post(body, bearer("all")), Want: through}
	}
	const parse, invalid, params = -32700, -32600, -32602
	invalidUTF8 := vector{Name: "a body that is not UTF-8", Request: post("", bearer("all")), Want: want{Status: 400, RPCCode: parse}}
	invalidUTF8.Request.BodyBase64 = []byte("{\"method\":\"ping\",\"id\":\"\xff\"}")
	return []vector{
		accept("nested names are arguments", `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"arguments":{"name":"purge","method":"x"},"name":"list_items"}}`),
		accept("the name after the arguments", `{"params":{"arguments":{},"name":"list_items"},"method":"tools/call","id":1,"jsonrpc":"2.0"}`),
		accept("spaces between", " {\n\t\"method\" : \"ping\" ,\r\n \"id\" : 1 } "),
		accept("equal members of different objects", `{"id":1,"method":"tools/call","params":{"name":"a","arguments":{"x":[{"k":1},{"k":2}]}}}`),

		refuse("an empty body", "", parse, nil),
		refuse("a batch", `[`+call("list_items")+`]`, parse, nil),
		refuse("a batch that hides a call behind another", `[`+message("ping", "{}")+`,`+call("purge")+`]`, parse, nil),
		refuse("a string", `"ping"`, parse, nil),
		refuse("two messages", message("ping", "{}")+call("purge"), parse, nil),
		refuse("a message that is cut off", `{"method":"ping"`, parse, nil),
		refuse("a comma after the last member", `{"method":"ping",}`, parse, nil),
		refuse("a byte order mark", "\ufeff"+message("ping", "{}"), parse, nil),
		refuse("the method twice", `{"method":"ping","id":1,"method":"tools/call","params":{"name":"purge"}}`, parse, nil),
		refuse("the method twice, once escaped", `{"method":"ping","id":1,"\u006dethod":"tools/call"}`, parse, nil),
		refuse("params twice", `{"method":"tools/call","id":1,"params":{"name":"a"},"params":{"name":"purge"}}`, parse, nil),
		refuse("the name twice", `{"method":"tools/call","id":1,"params":{"name":"a","name":"purge"}}`, parse, nil),
		refuse("an argument twice", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"id":1,"id":2}}}`, parse, nil),
		refuse("an argument twice within an array", `{"method":"tools/call","id":1,"params":{"name":"a","arguments":{"x":[{"id":1,"id":2}]}}}`, parse, nil),
		refuse("a member with a NUL in its name", `{"method":"ping","id":1,"method\u0000":"tools/call"}`, parse, nil),
		refuse("a member with half a surrogate pair in its name", `{"method":"ping","id":1,"x\ud800":1}`, parse, nil),
		refuse("nested three hundred deep", message("ping", nested(300)), parse, nil),
		invalidUTF8,

		refuse("the method in other letters", `{"id":1,"Method":"tools/call","params":{"name":"a"}}`, invalid, 1),
		refuse("the method in other letters too", `{"id":1,"method":"ping","METHOD":"tools/call"}`, invalid, 1),
		refuse("params in other letters", `{"id":1,"method":"tools/call","Params":{"name":"a"}}`, invalid, 1),
		refuse("params with a long s", `{"id":1,"method":"tools/call","param\u017f":{"name":"a"}}`, invalid, 1),
		refuse("no method", `{"jsonrpc":"2.0","id":"x"}`, invalid, "x"),
		refuse("a request and a response in one", `{"id":1,"method":"tools/call","params":{"name":"a"},"result":{}}`, invalid, 1),
		refuse("a method that is a number", `{"id":1,"method":1}`, invalid, 1),
		refuse("a method that is null", `{"id":1,"method":null}`, invalid, 1),
		refuse("a method with a NUL", `{"id":1,"method":"tools/call\u0000"}`, invalid, 1),

		refuse("the name in other letters", `{"id":1,"method":"tools/call","params":{"Name":"a"}}`, params, 1),
		refuse("the name in other letters too", `{"id":1,"method":"tools/call","params":{"name":"a","NAME":"purge"}}`, params, 1),
		refuse("the URI in other letters too", `{"id":1,"method":"resources/read","params":{"uri":"a:b","URI":"c:d"}}`, params, 1),
		refuse("no name", `{"id":1,"method":"tools/call","params":{}}`, params, 1),
		refuse("no params where a name counts", `{"id":1,"method":"tools/call"}`, params, 1),
		refuse("params that are an array where a name counts", `{"id":1,"method":"tools/call","params":["a"]}`, params, 1),
		refuse("a name that is an object", `{"id":1,"method":"tools/call","params":{"name":{"a":"b"}}}`, params, 1),
		refuse("a name with a line break", `{"id":1,"method":"tools/call","params":{"name":"a\nb"}}`, params, 1),
		refuse("a name with half a surrogate pair", `{"id":1,"method":"tools/call","params":{"name":"a\udc00"}}`, params, 1),
		refuse("an empty name", `{"id":1,"method":"tools/call","params":{"name":""}}`, params, 1),
	}
}

// headersAndBodies: Mcp-Method and Mcp-Name must say what the body says; the body decides (MCP 2026-07-28, Standard
// Request Headers).
func headersAndBodies() []vector {
	list := func(pairs ...string) [][2]string {
		headers := [][2]string{bearer("all")}
		for _, pair := range pairs {
			name, value, _ := strings.Cut(pair, ": ")
			headers = append(headers, [2]string{name, value})
		}
		return headers
	}
	accept := func(name, body string, pairs ...string) vector {
		return vector{Name: name, Request: post(body, list(pairs...)...), Want: through}
	}
	refuse := func(name, body string, pairs ...string) vector {
		return vector{Name: name, Request: post(body, list(pairs...)...), Want: want{Status: 400, RPCCode: -32020, RPCID: 7}}
	}
	const current, earlier = "MCP-Protocol-Version: 2026-07-28", "MCP-Protocol-Version: 2025-11-25"
	tool := call("na\u00efve tool")
	const cancelled = `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}`
	const encoded = "Mcp-Name: =?base64?bmHDr3ZlIHRvb2w=?="
	return []vector{
		accept("both headers", call("list_items"), current, "Mcp-Method: tools/call", "Mcp-Name: list_items"),
		accept("the name in base64", tool, current, "Mcp-Method: tools/call", encoded),
		accept("the URI of a resource", message("resources/read", `{"uri":"todo://items/1"}`), current, "Mcp-Method: resources/read", "Mcp-Name: todo://items/1"),
		accept("no name where none counts", message("tools/list", "{}"), current, "Mcp-Method: tools/list"),
		accept("a response has no method", `{"jsonrpc":"2.0","id":7,"result":{}}`, current),
		accept("a notification without them, as Claude Code sends it", cancelled, current),
		accept("a notification with its method", cancelled, current, "Mcp-Method: notifications/cancelled"),
		accept("an earlier revision, neither", call("list_items"), earlier),
		accept("no revision, neither", call("list_items")),
		accept("an earlier revision, both", call("list_items"), earlier, "Mcp-Method: tools/call", "Mcp-Name: list_items"),
		refuse("no Mcp-Method", call("list_items"), current, "Mcp-Name: list_items"),
		refuse("no Mcp-Name", call("list_items"), current, "Mcp-Method: tools/call"),
		refuse("a revision of the future, neither", call("list_items"), "MCP-Protocol-Version: 2027-01-01"),
		refuse("a revision that is no date, neither", call("list_items"), "MCP-Protocol-Version: DRAFT"),
		refuse("another method than the body's", call("purge"), current, "Mcp-Method: tools/list", "Mcp-Name: purge"),
		refuse("the method in other letters than the body's", call("purge"), current, "Mcp-Method: Tools/Call", "Mcp-Name: purge"),
		refuse("another name than the body's", call("purge"), current, "Mcp-Method: tools/call", "Mcp-Name: list_items"),
		refuse("another name than the body's, in base64", call("purge"), current, "Mcp-Method: tools/call", "Mcp-Name: =?base64?b3RoZXI=?="),
		refuse("base64 that is none", call("purge"), current, "Mcp-Method: tools/call", "Mcp-Name: =?base64?*?="),
		refuse("base64 without its padding", tool, current, "Mcp-Method: tools/call", "Mcp-Name: =?base64?bmHDr3ZlIHRvb2w?="),
		refuse("two names", call("purge"), current, "Mcp-Method: tools/call", "Mcp-Name: purge", "Mcp-Name: list_items"),
		refuse("an earlier revision, another name", call("purge"), earlier, "Mcp-Name: list_items"),
		refuse("no revision, another method", call("purge"), "Mcp-Method: tools/list"),
	}
}
