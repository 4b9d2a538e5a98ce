/**
 * Protects an MCP server with OAuth 2.1 access tokens.
 *
 * A {@link Resource} is one MCP server: where it is, who issues its tokens, and which scopes its tools need.
 * {@link Resource.protect} wraps the server's handler; a tool learns who calls with {@link tokenOf}. Everything else is
 * answered as the MCP authorization specification of 2026-07-28 and RFC 6750 want: a challenge that leads a client to the
 * metadata, from there to the issuer, and back with a token.
 *
 * @module
 */
export { createResource, type FetchHandler, type ProtectedHandler, type Resource } from './resource.js'
export type { Introspection, ResourceConfig } from './config.js'
export type { ProtectedResourceMetadata } from './metadata.js'
export type { ScopeRules } from './scopes.js'
export { tokenOf, type Token } from './token.js'
export { OAuthError, type OAuthErrorCode } from './errors.js'
