// main.go writes the vectors: go generate ./conformance/vectors

// Command vectors writes what a protected MCP server must decide, as JSON that every language can read and run.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:generate go run .

// now is the clock of every case, in Unix seconds: 15 January 2027, 08:00 UTC.
const now = 1800000000

// Who is in the vectors.
const (
	issuer       = "https://issuer.example/t1"
	resource     = "https://mcp.example.com/todo/mcp"
	metadataURL  = "https://mcp.example.com/.well-known/oauth-protected-resource/todo/mcp"
	discoveryURL = "https://issuer.example/.well-known/oauth-authorization-server/t1"
	jwksURL      = "https://issuer.example/t1/jwks"
	askURL       = "https://issuer.example/t1/introspect"
)

// file is one file of vectors; README.md says what its members mean.
type file struct {
	About     string              `json:"about"`
	Kind      string              `json:"kind"`
	Now       int64               `json:"now,omitempty"`
	Config    *config             `json:"config,omitempty"`
	Documents map[string]document `json:"documents,omitempty"`
	Tokens    map[string]string   `json:"tokens,omitempty"`
	Cases     []vector            `json:"cases"`
}

// config is the configuration of a protected server. A case replaces the members it names.
type config struct {
	Resource      string              `json:"resource,omitempty"`
	Issuer        string              `json:"issuer,omitempty"`
	Name          string              `json:"name,omitempty"`
	Scopes        []string            `json:"scopes,omitzero"`
	Tools         map[string][]string `json:"tools,omitempty"`
	Prompts       map[string][]string `json:"prompts,omitempty"`
	Resources     map[string][]string `json:"resources,omitempty"`
	Implies       map[string][]string `json:"implies,omitempty"`
	JWKSURI       string              `json:"jwks_uri,omitempty"`
	Introspection *introspection      `json:"introspection,omitempty"`
}

type introspection struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Endpoint     string `json:"endpoint,omitempty"`
	Alone        bool   `json:"alone,omitempty"`
}

// document is what the issuer answers at a URL.
type document struct {
	Status   int    `json:"status,omitempty"` // 200 when left out
	Location string `json:"location,omitempty"`
	Body     string `json:"body,omitempty"`
	Spaces   int    `json:"spaces,omitempty"` // so many after the body
}

// vector is one case.
type vector struct {
	Name      string              `json:"name"`
	Config    *config             `json:"config,omitempty"`
	Documents map[string]document `json:"documents,omitempty"`
	Token     string              `json:"token,omitempty"`
	Header    string              `json:"header,omitempty"` // of the token, for who reads
	Claims    string              `json:"claims,omitempty"` // of the token, for who reads
	Request   *request            `json:"request,omitempty"`
	Challenge *challenge          `json:"challenge,omitempty"`
	Want      want                `json:"want"`
}

type request struct {
	Method     string      `json:"method"`
	Target     string      `json:"target"`
	Headers    [][2]string `json:"headers,omitempty"`
	Body       string      `json:"body,omitempty"`
	BodyBase64 []byte      `json:"body_base64,omitempty"` // instead of body, where it is not UTF-8
}

type challenge struct {
	Error            string   `json:"error,omitempty"`
	ErrorDescription string   `json:"error_description,omitempty"`
	Scope            []string `json:"scope,omitempty"`
	ResourceMetadata string   `json:"resource_metadata,omitempty"`
}

// want is the decision.
type want struct {
	Error string `json:"error,omitempty"`

	// Of a token that is good.
	Subject  string   `json:"subject,omitempty"`
	ClientID string   `json:"client_id,omitempty"`
	OrgID    string   `json:"org_id,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`

	// Of a request.
	Status    int    `json:"status,omitempty"`
	Challenge string `json:"challenge,omitempty"`
	RPCCode   int    `json:"rpc_code,omitempty"`
	RPCID     any    `json:"rpc_id,omitempty"`

	// Of a configuration.
	MetadataPath string          `json:"metadata_path,omitempty"`
	MetadataURL  string          `json:"metadata_url,omitempty"`
	Metadata     json.RawMessage `json:"metadata,omitempty"`
}

// makeFiles makes every file by its name.
func makeFiles() (map[string][]byte, error) {
	files := make(map[string][]byte)
	for name, f := range map[string]file{
		"tokens.json":        tokensFile(),
		"requests.json":      requestsFile(),
		"scopes.json":        scopesFile(),
		"issuers.json":       issuersFile(),
		"introspection.json": introspectionFile(),
		"metadata.json":      metadataFile(),
		"challenges.json":    challengesFile(),
	} {
		text, err := encode(f)
		if err != nil {
			return nil, fmt.Errorf("making %s: %w", name, err)
		}
		files[name] = text
	}
	return files, nil
}

// encode writes a file as people read it. Two cases of one name, and text that JSON cannot hold, are mistakes.
func encode(f file) ([]byte, error) {
	seen := make(map[string]bool)
	for _, c := range f.Cases {
		if seen[c.Name] || c.Name == "" {
			return nil, fmt.Errorf("the name %q is there twice", c.Name)
		}
		seen[c.Name] = true
		if !utf8.ValidString(c.Token) || c.Request != nil && !utf8.ValidString(c.Request.Body) {
			return nil, fmt.Errorf("%s: the text is not UTF-8", c.Name)
		}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func main() {
	files, err := makeFiles()
	if err != nil {
		fmt.Fprintln(os.Stderr, "vectors:", err)
		os.Exit(1)
	}
	for name, text := range files {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			fmt.Fprintln(os.Stderr, "vectors:", err)
			os.Exit(1)
		}
	}
}

// sortCases puts cases that come from a map in one order: good ones as they stand, then refusals by name.
func sortCases(cases []vector) {
	slices.SortStableFunc(cases, func(a, b vector) int {
		if a.Want.Error == "" || b.Want.Error == "" {
			return strings.Compare(a.Want.Error, b.Want.Error)
		}
		return strings.Compare(a.Name, b.Name)
	})
}
