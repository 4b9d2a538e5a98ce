// metadata.go: the protected resource metadata and where it is (RFC 9728 §2, §3.1), configurations that are refused, and
// the header that leads there, word by word (RFC 6750 §3, RFC 9110 §5.6.4).

package main

func metadataFile() file {
	f := file{
		About: "Protected resource metadata of a configuration: its path, its URL, and the document. A configuration that would mislead is refused.",
		Kind:  "metadata",
	}
	const prefix = "/.well-known/oauth-protected-resource"
	accept := func(name string, c config, path, url, document string) {
		f.Cases = append(f.Cases, vector{Name: name, Config: &c, Want: want{MetadataPath: path, MetadataURL: url, Metadata: compact(document)}})
	}
	refuse := func(name string, c config) {
		f.Cases = append(f.Cases, vector{Name: name, Config: &c, Want: want{Error: "configuration"}})
	}
	full := *todo()
	accept("a server with a path", full, prefix+"/todo/mcp", metadataURL,
		`{"resource":"`+resource+`","authorization_servers":["`+issuer+`"],"scopes_supported":["todo.read"],"bearer_methods_supported":["header"],"resource_name":"To-do"}`)
	accept("a server at the root, without scopes and name: absent members are left out", config{Resource: "https://mcp.example.com", Issuer: "https://issuer.example"},
		prefix, "https://mcp.example.com"+prefix,
		`{"resource":"https://mcp.example.com","authorization_servers":["https://issuer.example"],"bearer_methods_supported":["header"]}`)
	accept("a server with a port", config{Resource: "https://mcp.example.com:8443/mcp", Issuer: issuer}, prefix+"/mcp", "https://mcp.example.com:8443"+prefix+"/mcp",
		`{"resource":"https://mcp.example.com:8443/mcp","authorization_servers":["`+issuer+`"],"bearer_methods_supported":["header"]}`)
	accept("a server on this machine over http", config{Resource: "http://127.0.0.1:8080/mcp", Issuer: "http://localhost:8080"}, prefix+"/mcp", "http://127.0.0.1:8080"+prefix+"/mcp",
		`{"resource":"http://127.0.0.1:8080/mcp","authorization_servers":["http://localhost:8080"],"bearer_methods_supported":["header"]}`)
	accept("an issuer with a slash at its end is another issuer, and stays", config{Resource: resource, Issuer: "https://issuer.example/"}, prefix+"/todo/mcp", metadataURL,
		`{"resource":"`+resource+`","authorization_servers":["https://issuer.example/"],"bearer_methods_supported":["header"]}`)
	accept("two scopes in their order", config{Resource: resource, Issuer: issuer, Scopes: []string{"b", "a"}}, prefix+"/todo/mcp", metadataURL,
		`{"resource":"`+resource+`","authorization_servers":["`+issuer+`"],"scopes_supported":["b","a"],"bearer_methods_supported":["header"]}`)
	accept("the scopes of tools are not asked for at first", config{Resource: resource, Issuer: issuer, Tools: map[string][]string{"t": {"x"}}}, prefix+"/todo/mcp", metadataURL,
		`{"resource":"`+resource+`","authorization_servers":["`+issuer+`"],"bearer_methods_supported":["header"]}`)

	refuse("no resource", config{Issuer: issuer})
	refuse("no issuer", config{Resource: resource})
	for name, url := range map[string]string{
		"a resource with a slash at its end":   resource + "/",
		"a resource at the root with a slash":  "https://mcp.example.com/",
		"a resource in capital letters":        "https://MCP.example.com/todo/mcp",
		"a resource with a fragment":           resource + "#a",
		"a resource with an empty fragment":    resource + "#",
		"a resource with a query":              resource + "?a=b",
		"a resource with an empty query":       resource + "?",
		"a resource with a user":               "https://ada@mcp.example.com/mcp",
		"a resource without a host":            "https:///mcp",
		"a resource that is a path":            "/todo/mcp",
		"a resource over http on another host": "http://mcp.example.com/mcp",
		"a resource over ftp":                  "ftp://mcp.example.com/mcp",
		"a resource with a dot segment":        "https://mcp.example.com/a/../mcp",
		"a resource with an empty segment":     "https://mcp.example.com//mcp",
	} {
		refuse(name, config{Resource: url, Issuer: issuer})
	}
	for name, url := range map[string]string{
		"an issuer with a query":    "https://issuer.example?a=b",
		"an issuer with a fragment": "https://issuer.example#a",
		"an issuer over http":       "http://issuer.example",
		"an issuer that is a name":  "issuer.example",
		"an issuer with a user":     "https://ada@issuer.example",
	} {
		refuse(name, config{Resource: resource, Issuer: url})
	}
	scopes := func(change func(*config)) config {
		c := config{Resource: resource, Issuer: issuer}
		change(&c)
		return c
	}
	refuse("a scope with a space", scopes(func(c *config) { c.Scopes = []string{"a b"} }))
	refuse("a scope with a quote", scopes(func(c *config) { c.Scopes = []string{`a"b`} }))
	refuse("an empty scope", scopes(func(c *config) { c.Scopes = []string{""} }))
	refuse("offline_access, which is the issuer's business", scopes(func(c *config) { c.Scopes = []string{"offline_access"} }))
	refuse("offline_access of a tool", scopes(func(c *config) { c.Tools = map[string][]string{"t": {"offline_access"}} }))
	refuse("a tool without a name", scopes(func(c *config) { c.Tools = map[string][]string{"": {"a"}} }))
	refuse("a star that stands for a part of a tool's name", scopes(func(c *config) { c.Tools = map[string][]string{"todo_*": {"a"}} }))
	refuse("a star in the middle of a resource", scopes(func(c *config) { c.Resources = map[string][]string{"todo://*/x": {"a"}} }))
	refuse("an implication of what is no scope", scopes(func(c *config) { c.Implies = map[string][]string{"a": {"b c"}} }))
	sortCases(f.Cases)
	return f
}

func challengesFile() file {
	f := file{About: "The WWW-Authenticate header of its parts: order, commas, quoting. What is empty is left out.", Kind: "challenge"}
	add := func(name string, c challenge, header string) {
		f.Cases = append(f.Cases, vector{Name: name, Challenge: &c, Want: want{Challenge: header}})
	}
	add("nothing", challenge{}, "Bearer")
	add("where the metadata is", challenge{ResourceMetadata: metadataURL}, "Bearer "+where)
	add("a scope", challenge{Scope: []string{"a", "b"}}, `Bearer scope="a b"`)
	add("all in their order", challenge{Error: "insufficient_scope", ErrorDescription: "more is needed", Scope: []string{"a"}, ResourceMetadata: metadataURL},
		`Bearer error="insufficient_scope", error_description="more is needed", scope="a", `+where)
	add("an error alone", challenge{Error: "invalid_token"}, `Bearer error="invalid_token"`)
	add("a quote becomes a single one", challenge{Error: "invalid_token", ErrorDescription: `the "token"`}, `Bearer error="invalid_token", error_description="the 'token'"`)
	add("a backslash becomes a question mark", challenge{Error: "invalid_token", ErrorDescription: `a\b`}, `Bearer error="invalid_token", error_description="a?b"`)
	add("a line break cannot begin another header", challenge{Error: "invalid_token", ErrorDescription: "a\r\nSet-Cookie: b=c"}, `Bearer error="invalid_token", error_description="a??Set-Cookie: b=c"`)
	add("letters outside ASCII, one question mark each", challenge{Error: "invalid_token", ErrorDescription: "né\U0001F600"}, `Bearer error="invalid_token", error_description="n??"`)
	add("a comma stays", challenge{Error: "invalid_token", ErrorDescription: "a, b=c"}, `Bearer error="invalid_token", error_description="a, b=c"`)
	return f
}
