// faults.go: all that can be wrong, whom it stops and how to mend it. Whom a fault stops was measured with unmodified
// clients, or is told by their makers and users for those whose source is closed.

package check

import "slices"

// Client is an MCP client, by the name people know it under.
type Client string

// The clients.
const (
	TypeScript1 Client = "TypeScript SDK v1"
	TypeScript2 Client = "TypeScript SDK v2"
	GoSDK       Client = "Go SDK"
	Remote      Client = "mcp-remote"
	Inspector   Client = "Inspector"
	Claude      Client = "Claude"
	ClaudeCode  Client = "Claude Code"
	ChatGPT     Client = "ChatGPT"
	Codex       Client = "Codex"
	Cursor      Client = "Cursor"
	VSCode      Client = "VS Code"
	Gemini      Client = "Gemini CLI"
)

// Clients are all of them.
var Clients = []Client{Claude, ClaudeCode, ChatGPT, Codex, Cursor, VSCode, Gemini, Remote, Inspector, TypeScript1, TypeScript2, GoSDK}

// Groups of clients that behave alike.
var (
	typeScript   = []Client{TypeScript1, TypeScript2, Remote, Inspector} // those that stand on the TypeScript SDKs
	sdks         = append(slices.Clone(typeScript), GoSDK)
	strictTarget = append(slices.Clone(sdks), Claude, Gemini)      // who compare the resource with what was typed
	exactTarget  = []Client{GoSDK, Claude, Gemini}                 // who want it to be the very same
	onlyDynamic  = []Client{Cursor, Gemini, Remote}                // who have no client id metadata document
	issuerCheck  = []Client{TypeScript2, GoSDK, Remote, Inspector} // who compare the issuer
	slashCheck   = []Client{TypeScript2, Remote, Inspector}        // who do so to the last slash
	nativeType   = []Client{TypeScript2, GoSDK, Remote, Inspector, Codex, VSCode}
	loopbackIP   = []Client{ClaudeCode, Codex, VSCode, Inspector}
	localhost    = []Client{ClaudeCode, Gemini, Remote, Inspector, Cursor}
)

// fault is an entry of the catalogue.
type fault struct {
	level Level
	what  string
	stops []Client
	fix   string
	see   string
}

// faults by name. find panics for a name that is not here, and a test plants each of them.
var faults = map[string]fault{
	// The address and the first call.
	"not-a-url":   {Stops, "The address is not one that a client can call.", Clients, "Use an absolute URL such as https://mcp.example.com/mcp, without a fragment.", "RFC 8707 §2"},
	"not-https":   {Stops, "The server is reached without encryption.", []Client{GoSDK, Claude, ChatGPT}, "Serve it over https. http is for this machine only.", "MCP authorization: communication security"},
	"unreachable": {Stops, "The server does not answer.", Clients, "See that it runs, that its name resolves, and that its certificate is good for the name.", ""},
	"refused-address": {Stops, "The address leads into a private network.", []Client{Claude, ChatGPT, GoSDK},
		"Give the server a public name. To check it where it is, name its network with --network.", "hosted clients and the Go SDK refuse private addresses"},
	"redirects-along": {Stops, "The server redirects instead of answering, within its origin and with the call kept (307, 308).", []Client{Claude},
		"Answer at the very address that people type; redirect neither a missing slash nor http.", "the TypeScript SDKs go along"},
	"redirects":    {Stops, "The server redirects instead of answering.", []Client{Claude, TypeScript1, TypeScript2, Remote}, "Answer at the very address that people type; redirect neither a missing slash nor http.", ""},
	"not-found":    {Stops, "There is nothing at this address.", Clients, "Check the path. Most servers answer at /mcp.", ""},
	"server-error": {Stops, "The server fails on a call without a token.", Clients, "Answer 401 before anything else is looked at. The server's log will say what failed.", "RFC 6750 §3"},
	"not-401":      {Stops, "The server refuses a call without a token, and not with 401.", Clients, "Answer 401 with WWW-Authenticate. Clients begin to log in on nothing else.", "MCP authorization: token handling; RFC 9728 §5.1"},
	"open":         {Opens, "The server answers without a token: anyone may call it.", nil, "Put the protection in front of the MCP endpoint.", "MCP authorization: access token usage"},

	// The challenge.
	"no-challenge": {Stops, "The 401 has no WWW-Authenticate header.", []Client{Claude}, "Send WWW-Authenticate: Bearer resource_metadata=\"…\".", "RFC 9728 §5.1"},
	"no-bearer":    {Stops, "The 401 asks for another scheme than Bearer.", []Client{Claude}, "Send WWW-Authenticate: Bearer resource_metadata=\"…\".", "RFC 6750 §3"},
	"bearer-not-first": {Hurts, "Another scheme stands before Bearer in the 401; some clients read no further.", []Client{TypeScript1},
		"Put the Bearer challenge first.", ""},
	"challenge-broken": {Hurts, "The WWW-Authenticate header cannot be parsed.", nil, "Write parameters as name=\"value\", separated by commas.", "RFC 9110 §11.6.1"},
	"challenge-without-metadata": {Hint, "The 401 does not say where the metadata is; clients will guess.", nil,
		"Add resource_metadata=\"…\" to the challenge.", "RFC 9728 §5.1"},
	"challenge-metadata-broken": {Stops, "The metadata that the 401 points to is not there.", typeScript, "Serve the document there as well: in Authwright’s packages that is Mount, metadata(resource) or the routes of the provider. Or point resource_metadata at where it is.", "RFC 9728 §5.1"},
	"challenge-metadata-elsewhere": {Hurts, "The 401 points to metadata on another origin than the server's.", nil,
		"Serve the metadata on the server's own origin, or clients that guess will not find it.", "RFC 9728 §3.1"},
	"head-not-401":    {Stops, "HEAD without a token is not answered with 401.", []Client{Gemini}, "Protect every method of the endpoint, HEAD too.", ""},
	"get-not-401":     {Hurts, "GET without a token is not answered with 401.", []Client{Remote}, "Protect every method of the endpoint.", ""},
	"rubbish-let-in":  {Opens, "A token that nobody issued is let in.", nil, "Verify the signature, issuer, audience and expiry of every token.", "MCP authorization: token handling"},
	"rubbish-not-401": {Stops, "A token that is not valid is not answered with 401.", Clients, "Answer 401 with error=\"invalid_token\". On anything else clients neither refresh nor log in again.", "RFC 6750 §3.1"},

	// Protected resource metadata.
	"prm-missing":      {Stops, "The server has no protected resource metadata, and its own origin is no authorization server.", Clients, "Serve RFC 9728 metadata at /.well-known/oauth-protected-resource followed by the server's path.", "RFC 9728 §3; MCP authorization: discovery"},
	"prm-old":          {Hurts, "The server has no protected resource metadata. Clients fall back to what was done before June 2025.", nil, "Serve RFC 9728 metadata at /.well-known/oauth-protected-resource followed by the server's path.", "MCP authorization: discovery"},
	"prm-not-at-path":  {Stops, "The metadata is not where it would be guessed, and the 401 does not point to it.", []Client{Claude}, "Serve it at /.well-known/oauth-protected-resource followed by the server's path as well.", "RFC 9728 §3.1"},
	"prm-status":       {Hurts, "A place where the metadata is looked for fails instead of saying 404.", nil, "Serve the document, or 404 where there is none.", ""},
	"prm-redirect":     {Hurts, "The place of the metadata redirects.", []Client{Claude}, "Serve the document itself.", "RFC 9728 §3.2"},
	"prm-type":         {Stops, "The metadata is not sent as application/json.", []Client{GoSDK}, "Send Content-Type: application/json.", "RFC 9728 §3.2"},
	"prm-not-json":     {Stops, "The metadata is not a JSON object.", Clients, "Send one JSON object.", "RFC 9728 §3.2"},
	"prm-null":         {Stops, "The metadata has members that are null or an empty address.", typeScript, "Leave out what has no value.", "RFC 9728 §2"},
	"prm-no-resource":  {Stops, "The metadata does not name its resource.", strictTarget, "Add resource: the address that people type.", "RFC 9728 §2"},
	"prm-slash":        {Stops, "The metadata's resource has a slash at its end that the address has not.", strictTarget, "Make resource exactly the address that people type, or have them type it as it is there.", "RFC 9728 §3.3"},
	"typed-slash":      {Stops, "The address has a slash at its end that the metadata's resource has not.", exactTarget, "Have people type it as it is there, or make resource exactly what they type.", "RFC 9728 §3.3"},
	"prm-origin":       {Stops, "The metadata's resource is not the whole address, but a part of it.", exactTarget, "Make resource exactly the address that people type.", "RFC 9728 §3.3"},
	"prm-other":        {Stops, "The metadata is for another resource.", strictTarget, "Make resource exactly the address that people type.", "RFC 9728 §3.3"},
	"prm-differs":      {Stops, "The metadata at two places name different resources or authorization servers.", []Client{Remote}, "Serve one document at all places.", ""},
	"prm-no-server":    {Stops, "The metadata names no authorization server.", Clients, "Add authorization_servers with one issuer.", "MCP authorization: authorization server discovery"},
	"prm-many-servers": {Hint, "The metadata names several authorization servers; most clients use the first only.", nil, "Name one.", ""},
	"prm-bad-server":   {Stops, "The authorization server that the metadata names is not a URL, or not https.", Clients, "Name the issuer, byte for byte as its own metadata does.", "RFC 8414 §2"},
	"prm-offline":      {Hint, "The metadata offers offline_access, which is not the server's to offer.", nil, "Leave it to the authorization server's metadata.", "MCP authorization: refresh tokens"},
	"prm-cors":         {Hint, "Pages of other origins cannot read the metadata.", nil, "Send Access-Control-Allow-Origin: * with it and answer OPTIONS.", "for clients that run in a page"},

	// Authorization server metadata.
	"as-unreachable":  {Stops, "The authorization server does not answer.", Clients, "See that it runs, that its name resolves, and that its certificate is good for the name.", ""},
	"as-refused":      {Stops, "The authorization server's address leads into a private network.", []Client{Claude, ChatGPT, GoSDK}, "Give it a public name. To check it where it is, name its network with --network.", "hosted clients and the Go SDK refuse private addresses"},
	"as-missing":      {Hurts, "The authorization server has no metadata. Clients guess its endpoints, and those who do not guess stop.", nil, "Serve RFC 8414 metadata at /.well-known/oauth-authorization-server followed by the issuer's path.", "RFC 8414 §3; MCP authorization: authorization server metadata"},
	"as-status":       {Stops, "A place where clients look for the metadata fails instead of saying 404.", sdks, "Answer 404 at every well-known address where there is nothing.", ""},
	"as-misdirected":  {Stops, "The authorization server has another name than the one that the metadata uses for it.", Clients, "Name it as it names itself: 127.0.0.1 and localhost are two names, and so are a host with a port and one without.", "RFC 9110 §15.5.20"},
	"as-redirect":     {Stops, "A place where clients look for the metadata redirects.", []Client{Claude}, "Serve the document itself, or 404.", ""},
	"as-type":         {Stops, "The metadata is not sent as application/json.", []Client{GoSDK}, "Send Content-Type: application/json.", "RFC 8414 §3.2"},
	"as-not-json":     {Stops, "The metadata is not a JSON object.", Clients, "Send one JSON object. A page of your application at this address counts as one that is not.", "RFC 8414 §3.2"},
	"as-null":         {Stops, "The metadata has members that are null or an empty address.", typeScript, "Leave out what has no value.", "RFC 8414 §3.2"},
	"as-no-issuer":    {Stops, "The metadata names no issuer.", issuerCheck, "Add issuer, byte for byte as protected resource metadata names it.", "RFC 8414 §3.3"},
	"as-slash":        {Stops, "The issuer has a slash at its end in one document and not in the other.", slashCheck, "Name the issuer byte for byte the same everywhere, best without a slash.", "RFC 8414 §3.3"},
	"prm-as-slash":    {Stops, "The protected resource metadata names the authorization server with a slash at its end that its issuer has not.", []Client{GoSDK}, "Name the issuer byte for byte the same everywhere, best without a slash. The server itself probably expects it with the slash, and then refuses every token after the login: write its issuer as the authorization server does.", "RFC 8414 §3.3"},
	"as-issuer":       {Stops, "The metadata is another issuer's.", issuerCheck, "Make issuer the URL the metadata was asked for.", "RFC 8414 §3.3"},
	"as-no-authorize": {Stops, "There is no authorization endpoint.", Clients, "Add authorization_endpoint.", "RFC 8414 §2"},
	"as-no-token":     {Stops, "There is no token endpoint.", Clients, "Add token_endpoint.", "RFC 8414 §2"},
	"as-endpoint":     {Stops, "An endpoint is not an absolute https URL.", sdks, "Name endpoints with absolute https URLs.", "OAuth 2.1 §1.5"},
	"as-no-pkce":      {Stops, "The metadata does not say that PKCE with S256 is supported.", []Client{GoSDK}, "Add code_challenge_methods_supported: [\"S256\"], and check what clients send.", "MCP authorization: authorization code protection"},
	"as-plain-pkce":   {Hurts, "PKCE by plain is offered; who sees the request can use the code.", nil, "Offer S256 only.", "OAuth 2.1 §7.5.2"},
	"as-no-code":      {Stops, "Response type code is not offered.", sdks, "Add response_types_supported: [\"code\"].", "RFC 8414 §2"},
	"as-no-way-in":    {Stops, "Clients cannot make themselves known: there is no registration endpoint and no support for client id metadata documents.", Clients, "Offer both, or give every user a client id to type in.", "MCP authorization: client registration"},
	"as-no-dcr":       {Stops, "There is no registration endpoint.", onlyDynamic, "Offer dynamic client registration beside client id metadata documents.", "RFC 7591"},
	"as-no-cimd":      {Hint, "Client id metadata documents are not supported; every client has to register itself.", nil, "Support them and say client_id_metadata_document_supported: true.", "MCP authorization: client id metadata documents"},
	"as-cimd-secret":  {Hurts, "Client id metadata documents are supported, but public clients are not; clients register themselves instead.", []Client{Claude, Codex}, "Add none to token_endpoint_auth_methods_supported.", ""},
	"as-no-none":      {Hurts, "Public clients are not offered; clients register for a secret they cannot keep.", []Client{Remote}, "Add none to token_endpoint_auth_methods_supported.", ""},
	"as-no-iss":       {Hint, "The metadata does not say that answers name their issuer.", []Client{ChatGPT}, "Send iss with every answer and say authorization_response_iss_parameter_supported: true.", "RFC 9207 §3"},
	"as-no-refresh":   {Hurts, "Refresh tokens are not offered: people log in again whenever a token ends.", nil, "Add refresh_token to grant_types_supported.", "RFC 8414 §2"},
	"as-differs":      {Hurts, "The metadata differ between the well-known places.", nil, "Serve one document at all of them.", "RFC 8414 §5"},
	"as-scope":        {Hint, "The server asks for a scope that the authorization server does not list. It need not list all, but a name may be misspelt.", nil, "Give both the same names of scopes.", "RFC 8414 §2"},
	"as-cors":         {Stops, "Pages of other origins cannot read the metadata.", []Client{Inspector}, "Send Access-Control-Allow-Origin: * with it, and allow mcp-protocol-version in the answer to OPTIONS.", "Inspector before 2.0 reads it from its page"},
	"keys-missing":    {Hurts, "The keys are not there: servers cannot verify tokens.", nil, "Serve a JWK set at jwks_uri.", "RFC 8414 §2"},
	"keys-bad":        {Hurts, "The key set has no key that can verify a signature.", nil, "Publish at least one asymmetric signing key.", "RFC 7517 §5"},
	"keys-private":    {Opens, "The key set publishes a private or symmetric key.", nil, "Take it out, and make new keys: these are known now.", "RFC 7517 §9.2"},
	"forged-let-in":   {Opens, "A token that nobody signed, but that looks right, is let in.", nil, "Verify the signature of every token with the keys of the authorization server, and take no algorithm but its own.", "RFC 9068 §4; RFC 8725 §3.1"},
	"verify-fails":    {Stops, "The server fails on a token that looks right: it will fail on every good one.", Clients, "Its log says why. Perhaps it cannot reach the authorization server, or has its issuer spelt otherwise than the issuer in the metadata: a slash, localhost for 127.0.0.1.", "RFC 9068 §4"},

	// Registration.
	"dcr-refused":             {Stops, "The registration endpoint refuses an ordinary public client.", Clients, "Accept redirect URIs on 127.0.0.1 and localhost with any port, and token_endpoint_auth_method none.", "RFC 7591 §3"},
	"dcr-needs-token":         {Stops, "The registration endpoint wants a token that no client has.", Clients, "Let clients register without one, within limits.", "RFC 7591 §3"},
	"dcr-status":              {Hurts, "A registration is not answered with 201.", nil, "Answer 201. Strict clients stop at anything else.", "RFC 7591 §3.2.1"},
	"dcr-not-json":            {Stops, "The answer to a registration is not a JSON object with a client_id.", Clients, "Answer with the client's metadata and its client_id.", "RFC 7591 §3.2.1"},
	"dcr-no-redirect-uris":    {Stops, "The answer to a registration leaves out redirect_uris.", typeScript, "Answer with all metadata of the client.", "RFC 7591 §3.2.1"},
	"dcr-other-redirect-uris": {Stops, "The answer to a registration has other redirect URIs than were asked for.", sdks, "Register what was asked for, or refuse it with invalid_redirect_uri.", "RFC 7591 §3.2.1"},
	"dcr-null":                {Stops, "The answer to a registration has members that are null or an empty address.", typeScript, "Leave out what has no value.", "RFC 7591 §3.2.1"},
	"dcr-float":               {Stops, "client_id_issued_at is not a whole number.", []Client{GoSDK}, "Send whole seconds.", "RFC 7591 §3.2.1"},
	"dcr-no-expiry":           {Hurts, "The answer to a registration has a secret and no client_secret_expires_at.", nil, "Add it; 0 stands for never. Strict clients stop without.", "RFC 7591 §3.2.1"},
	"dcr-secret":              {Hurts, "A client that asked for no secret got one it cannot keep.", nil, "Register it with token_endpoint_auth_method none.", "RFC 7591 §2"},
	"dcr-native":              {Stops, "A client that says application_type native is refused.", nativeType, "Accept native and web, and members you do not know.", "RFC 7591 §2"},
	"dcr-untyped":             {Stops, "A client on this machine that does not say application_type is refused.", []Client{Gemini, Cursor}, "Do not take a missing application_type for web.", "OpenID Connect Registration §2"},
	"dcr-localhost":           {Stops, "A redirect to localhost is refused.", localhost, "Accept http://localhost with any port.", "RFC 8252 §8.3"},
	"dcr-loopback":            {Stops, "A redirect to 127.0.0.1 is refused.", loopbackIP, "Accept http://127.0.0.1 with any port.", "RFC 8252 §7.3"},
	"dcr-https":               {Stops, "A redirect to a hosted client is refused.", []Client{Claude, ChatGPT}, "Accept https redirect URIs of other hosts.", ""},
	"dcr-private":             {Stops, "A redirect to a private-use scheme is refused, and with it the whole registration.", []Client{Cursor}, "Accept schemes such as cursor:, or people of that client cannot connect.", "RFC 8252 §7.1"},
	"dcr-script":              {Opens, "A redirect to javascript: is accepted.", nil, "Accept https, http on loopback, and private-use schemes; nothing that a browser would run or open itself.", "MCP security best practices; OAuth 2.1 §7.5"},
	"dcr-cors":                {Stops, "Pages of other origins cannot register.", []Client{Inspector}, "Send Access-Control-Allow-Origin: * and answer OPTIONS.", "Inspector before 2.0 registers from its page"},

	// The authorization endpoint.
	"authorize-fails":    {Stops, "An ordinary authorization request does not lead to a login page.", Clients, "Accept what was registered a moment ago, with PKCE and the resource.", "OAuth 2.1 §4.1.1"},
	"authorize-target":   {Stops, "The authorization server does not know this server: no client can ask for a token for it.", Clients, "Tell it of the very address that the metadata names: authwright resource add URL, or what it calls resources, audiences or APIs.", "RFC 8707 §2"},
	"authorize-scope":    {Stops, "The authorization server has none of the scopes that this server asks for.", Clients, "Give both the same names of scopes: what the 401 and the metadata ask for, and what the authorization server has for this server.", "OAuth 2.1 §4.1.2.1"},
	"authorize-openid":   {Stops, "Scopes of OpenID Connect are refused.", []Client{ChatGPT}, "Grant what there is and leave out the rest; say in the token response what was granted.", "OAuth 2.1 §1.4.1"},
	"authorize-unknown":  {Stops, "A parameter that the server does not know is refused.", []Client{ChatGPT}, "Ignore parameters you do not know, such as ui_locales.", "OAuth 2.1 §3.1"},
	"authorize-port":     {Hurts, "Another port of this machine than was registered is refused.", []Client{VSCode, ClaudeCode}, "Leave the port open for redirects to 127.0.0.1 and localhost.", "RFC 8252 §7.3"},
	"authorize-anywhere": {Opens, "The authorization endpoint redirects to an address that was never registered.", nil, "Show a page for an unknown client or redirect URI; never redirect.", "OAuth 2.1 §4.1.2.1"},

	// The token endpoint.
	"token-unreachable": {Stops, "The token endpoint does not answer in JSON.", Clients, "Answer POST with JSON, errors too; redirect nowhere.", "OAuth 2.1 §3.2.3"},
	"token-client":      {Hurts, "An unknown client is not told invalid_client with 401, so clients never register again.", []Client{TypeScript1, TypeScript2, Remote, ClaudeCode}, "Answer 401 with error invalid_client.", "OAuth 2.1 §3.2.3.1"},
	"token-refresh":     {Hurts, "A dead refresh token is not told invalid_grant with 400, so clients show an error instead of a login.", sdks, "Answer 400 with error invalid_grant.", "OAuth 2.1 §3.2.3.1"},
	"token-cors":        {Stops, "Pages of other origins cannot call the token endpoint.", []Client{Inspector}, "Send Access-Control-Allow-Origin: * and answer OPTIONS.", "Inspector before 2.0 calls it from its page"},

	// With a person.
	"login-refused":    {Stops, "The login ended with an error.", Clients, "See what the authorization server says.", "OAuth 2.1 §4.1.2.1"},
	"iss-missing":      {Stops, "The metadata promises iss with every answer, and the answer has none.", issuerCheck, "Send iss with success and with errors.", "RFC 9207 §2"},
	"iss-other":        {Stops, "The answer names another issuer.", issuerCheck, "Send the issuer byte for byte as in the metadata.", "RFC 9207 §2.4"},
	"iss-unpromised":   {Stops, "The answer has iss, and the metadata does not promise it.", []Client{GoSDK}, "Say authorization_response_iss_parameter_supported: true.", "RFC 9207 §3"},
	"state-changed":    {Stops, "The answer's state is not the one that was sent.", sdks, "Return state byte for byte.", "OAuth 2.1 §4.1.2"},
	"code-refused":     {Stops, "The code is not exchanged for a token.", Clients, "See what the token endpoint says.", "OAuth 2.1 §4.1.3"},
	"token-type":       {Stops, "The token response has no token_type.", typeScript, "Send token_type: Bearer.", "OAuth 2.1 §3.2.3"},
	"token-members":    {Stops, "The token response has members of the wrong kind.", typeScript, "Send refresh_token and scope as strings or not at all.", "OAuth 2.1 §3.2.3"},
	"token-no-expiry":  {Hint, "The token response does not say when the token ends.", nil, "Send expires_in.", "OAuth 2.1 §3.2.3"},
	"token-audience":   {Opens, "The token is not for this server alone: its audience lacks the resource.", nil, "Put the requested resource into aud.", "RFC 8707 §2; MCP authorization: audience binding"},
	"token-no-refresh": {Hurts, "There is no refresh token: people log in again whenever the token ends.", nil, "Give one to every client whose grant types include refresh_token, asked for offline_access or not.", "MCP authorization: refresh tokens"},
	"scope-missing":    {Hurts, "The token came back without a scope that the server asks for: what needs it will be refused.", Clients, "Give both the same names of scopes, and the person the right to grant them.", "OAuth 2.1 §3.2.3"},
	"token-not-taken":  {Stops, "The server does not take the token it asked for.", Clients, "See that it trusts this issuer's keys and expects its own address as audience.", ""},
	"token-redirected": {Stops, "The server redirects a call with a token, where one without is answered.", []Client{Claude}, "Serve at the very address that people type: with or without the slash, as the resource is written.", ""},
	"query-token":      {Opens, "The server takes a token from the query of an address.", nil, "Read tokens from the Authorization header only.", "OAuth 2.1 §5.1"},
	"refresh-fails":    {Hurts, "The refresh token is not taken.", sdks, "Accept it with and without resource and scope.", "OAuth 2.1 §4.3"},
	"refresh-retry":    {Hurts, "A refresh whose answer was lost cannot be repeated: the client has to log in again.", []Client{ClaudeCode, Codex}, "Answer the predecessor with the same successor for a short while.", "field reports"},
	"step-up-mute":     {Hurts, "A call that needs more is refused without saying which scopes.", sdks, "Answer 403 with error=\"insufficient_scope\" and scope=\"…\".", "RFC 6750 §3.1; MCP authorization: scope challenges"},
	"revoke-fails":     {Hurts, "A revoked token can still be refreshed.", nil, "End the whole grant when its refresh token is revoked.", "RFC 7009 §2.1"},
}
