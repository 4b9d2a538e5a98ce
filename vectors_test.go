package authwright

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authwright/authwright/oauth"
)

// vectorFile is a file of conformance/vectors; its README says what the members mean.
type vectorFile struct {
	Kind      string
	Now       int64
	Config    map[string]json.RawMessage
	Documents vectorDocuments
	Tokens    map[string]string
	Cases     []vectorCase
}

type vectorCase struct {
	Name      string
	Config    map[string]json.RawMessage
	Documents vectorDocuments
	Token     string
	Request   struct {
		Method, Target, Body string
		Headers              [][2]string
		BodyBase64           []byte `json:"body_base64"`
	}
	Challenge struct {
		Error            oauth.Code
		ErrorDescription string `json:"error_description"`
		Scope            oauth.Scope
		ResourceMetadata string `json:"resource_metadata"`
	}
	Want vectorWant
}

type vectorWant struct {
	Error        string
	Subject      string
	ClientID     string `json:"client_id"`
	OrgID        string `json:"org_id"`
	Scopes       oauth.Scope
	Status       int
	Challenge    string
	RPCCode      int             `json:"rpc_code"`
	RPCID        json.RawMessage `json:"rpc_id"`
	MetadataPath string          `json:"metadata_path"`
	MetadataURL  string          `json:"metadata_url"`
	Metadata     json.RawMessage
}

// vectorDocuments is an issuer that answers URLs with documents.
type vectorDocuments map[string]struct {
	Status, Spaces int
	Location, Body string
}

// RoundTrip answers without the network.
func (d vectorDocuments) RoundTrip(req *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	document, ok := d[req.URL.String()]
	switch {
	case !ok:
		document.Status = http.StatusNotFound
	case document.Location != "":
		w.Header().Set("Location", document.Location)
	}
	w.WriteHeader(max(document.Status, http.StatusOK))
	io.WriteString(w, document.Body+strings.Repeat(" ", document.Spaces))
	return w.Result(), nil
}

// TestVectors runs the cases that every language must decide alike.
func TestVectors(t *testing.T) {
	paths, err := filepath.Glob("conformance/vectors/*.json")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var file vectorFile
		if err := json.Unmarshal(text, &file); err != nil {
			t.Fatalf("reading %s: %v", path, err)
		}
		run := map[string]func(*testing.T, vectorFile, vectorCase){
			"token": runTokenVector, "request": runRequestVector, "metadata": runMetadataVector, "challenge": runChallengeVector,
		}[file.Kind]
		if run == nil {
			t.Fatalf("%s is of the kind %q, which this runner does not know", path, file.Kind)
		}
		for _, c := range file.Cases {
			count++
			t.Run(filepath.Base(path)+"/"+c.Name, func(t *testing.T) { run(t, file, c) })
		}
	}
	if count < 300 {
		t.Errorf("there are %d vectors, want 300 or more", count)
	}
}

// resourceOf is the protected server of a case: the file's configuration, where the case does not replace a member.
func resourceOf(file vectorFile, c vectorCase) (*Resource, error) {
	members := make(map[string]json.RawMessage)
	for _, layer := range []map[string]json.RawMessage{file.Config, c.Config} {
		for name, value := range layer {
			members[name] = value
		}
	}
	text, err := json.Marshal(members)
	if err != nil {
		return nil, fmt.Errorf("layering the configuration: %w", err)
	}
	var cfg struct {
		Config
		JWKSURI       string `json:"jwks_uri"`
		Introspection *struct {
			ClientID     string `json:"client_id"`
			ClientSecret string `json:"client_secret"`
			Endpoint     string
			Alone        bool
		}
	}
	if err := json.Unmarshal(text, &cfg); err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	documents := make(vectorDocuments)
	for _, layer := range []vectorDocuments{file.Documents, c.Documents} {
		for url, document := range layer {
			documents[url] = document
		}
	}
	cfg.Config.JWKSURI, cfg.Config.Transport, cfg.Config.Log = cfg.JWKSURI, documents, slog.New(slog.DiscardHandler)
	if i := cfg.Introspection; i != nil {
		cfg.Config.Introspection = &Introspection{ClientID: i.ClientID, ClientSecret: i.ClientSecret, Endpoint: i.Endpoint, Alone: i.Alone}
	}
	r, err := New(cfg.Config)
	if err != nil {
		return nil, err
	}
	r.now = func() time.Time { return time.Unix(file.Now, 0) }
	return r, nil
}

func runTokenVector(t *testing.T, file vectorFile, c vectorCase) {
	r, err := resourceOf(file, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, pass := range []string{"first", "again"} {
		var got vectorWant
		token, err := r.Verify(t.Context(), c.Token)
		var coded *oauth.Error
		switch {
		case errors.As(err, &coded):
			got.Error = string(coded.Code)
		case err != nil:
			t.Fatalf("Verify = %v, want an *oauth.Error or none", err)
		default:
			got = vectorWant{Subject: token.Subject, ClientID: token.ClientID, OrgID: token.OrgID, Scopes: token.Scopes}
		}
		if !reflect.DeepEqual(got, c.Want) {
			t.Errorf("%s: Verify(%s) = %+v, %v, want %+v", pass, c.Token, got, err, c.Want)
		}
	}
}

func runRequestVector(t *testing.T, file vectorFile, c vectorCase) {
	r, err := resourceOf(file, c)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for name, token := range file.Tokens {
		names = append(names, "${"+name+"}", token)
	}
	fill := strings.NewReplacer(names...).Replace
	body := fill(c.Request.Body)
	if c.Request.BodyBase64 != nil {
		body = string(c.Request.BodyBase64)
	}
	reached := ""
	mux := http.NewServeMux()
	r.Mount(mux, http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		arrived, err := io.ReadAll(req.Body)
		reached = fmt.Sprintf("%s %v", arrived, err)
	}))
	req := httptest.NewRequest(c.Request.Method, fill(c.Request.Target), strings.NewReader(body))
	for _, header := range c.Request.Headers {
		req.Header.Add(header[0], fill(header[1]))
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)

	if w.Code != c.Want.Status || (reached != "") != (c.Want.Status == http.StatusOK) {
		t.Fatalf("%s = %d %s, reached the server: %q, want %d", c.Request.Body, w.Code, w.Body, reached, c.Want.Status)
	}
	if want := body + " <nil>"; reached != "" && reached != want {
		t.Errorf("the server got %q, want %q", reached, want)
	}
	checkChallenge(t, w.Header()["Www-Authenticate"], c.Want)
	if c.Want.RPCCode != 0 {
		checkRPC(t, w.Body.Bytes(), c.Want)
	}
}

// checkChallenge wants the header byte for byte where the case has it, else one with the error, else none.
func checkChallenge(t *testing.T, got []string, w vectorWant) {
	t.Helper()
	switch {
	case w.Challenge != "":
		if !slices.Equal(got, []string{w.Challenge}) {
			t.Errorf("WWW-Authenticate = %q\nwant %q", got, w.Challenge)
		}
	case w.Error != "":
		if len(got) != 1 || !strings.HasPrefix(got[0], `Bearer error="`+w.Error+`"`) {
			t.Errorf("WWW-Authenticate = %q, want one of error %s", got, w.Error)
		}
	case len(got) > 0:
		t.Errorf("WWW-Authenticate = %q, want none", got)
	}
}

func checkRPC(t *testing.T, body []byte, w vectorWant) {
	t.Helper()
	var answer struct {
		JSONRPC string
		ID      json.RawMessage
		Error   struct {
			Code    int
			Message string
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		t.Fatalf("the answer %s: %v", body, err)
	}
	if answer.JSONRPC != "2.0" || answer.Error.Code != w.RPCCode || answer.Error.Message == "" || string(answer.ID) != string(w.RPCID) {
		t.Errorf("the answer is %s, want the error %d with the id %s", body, w.RPCCode, w.RPCID)
	}
}

func runMetadataVector(t *testing.T, file vectorFile, c vectorCase) {
	r, err := resourceOf(file, c)
	if c.Want.Error != "" {
		if err == nil {
			t.Errorf("New(%s) = no error, want one", c.Config)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r.Metadata().ServeHTTP(w, httptest.NewRequest(http.MethodGet, r.MetadataPath(), nil))
	var got, want any
	if err := errors.Join(json.Unmarshal(w.Body.Bytes(), &got), json.Unmarshal(c.Want.Metadata, &want)); err != nil {
		t.Fatal(err)
	}
	if r.MetadataPath() != c.Want.MetadataPath || r.metaURL != c.Want.MetadataURL || !reflect.DeepEqual(got, want) {
		t.Errorf("metadata = %s %s %s, want %s %s %s", r.MetadataPath(), r.metaURL, w.Body, c.Want.MetadataPath, c.Want.MetadataURL, c.Want.Metadata)
	}
}

func runChallengeVector(t *testing.T, _ vectorFile, c vectorCase) {
	got := oauth.Challenge{
		Error: c.Challenge.Error, ErrorDescription: c.Challenge.ErrorDescription, Scope: c.Challenge.Scope, ResourceMetadata: c.Challenge.ResourceMetadata,
	}.String()
	if got != c.Want.Challenge {
		t.Errorf("Challenge.String() = %s, want %s", got, c.Want.Challenge)
	}
}
