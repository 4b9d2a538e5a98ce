// Package authwright protects an MCP server with OAuth 2.1 access tokens.
//
// A [Resource] is one MCP server: where it is, who issues its tokens, and which scopes its tools need.
// [Resource.Protect] wraps the server's handler; what gets through has a [Token], which a tool reads with
// [FromContext]. Everything else is answered as the MCP authorization specification of 2026-07-28 and
// RFC 6750 want: a challenge that leads a client to the metadata, from there to the issuer, and back with a token.
//
// The package does not care who runs the issuer: an Authwright on another machine, one embedded in the same
// program (see [Direct]), or any authorization server that issues RFC 9068 access tokens.
package authwright
