/**
 * Joins a protected server to the official MCP SDK for TypeScript: `@modelcontextprotocol/sdk` (v1) and
 * `@modelcontextprotocol/server` (v2).
 *
 * ```ts
 * const handler = createMcpHandler(() => server()) // v2
 * export default { fetch: resource.mount(withAuthInfo(handler)) }
 * ```
 *
 * @module
 */
import { authInfoOf, type AuthInfo } from './auth_info.js'
import { OAuthError } from './errors.js'
import type { ProtectedHandler, Resource } from './resource.js'

export type { AuthInfo }

/**
 * Who calls, in the words of the SDK, for a transport that takes `authInfo`. request is one that passed: what the handler
 * behind `protect` was given, of fetch or of Express.
 *
 * @returns undefined when the request did not come through a check.
 */
export function authInfo(request: object): AuthInfo | undefined {
  return (request as { auth?: AuthInfo }).auth
}

/** A handler of the SDK: what `createMcpHandler` of v2 returns, or v1's web standard transport with `handleRequest` called fetch. */
export interface McpHandler {
  fetch(request: Request, options: { authInfo?: AuthInfo }): Promise<Response>
}

/** Hands who calls on to a handler of the SDK, which gives it to tools: `resource.protect(withAuthInfo(handler))`. */
export function withAuthInfo(handler: McpHandler): ProtectedHandler {
  return (request) => {
    const info = authInfo(request)
    return handler.fetch(request, info === undefined ? {} : { authInfo: info })
  }
}

/** What `requireBearerAuth` of the SDK asks, v1 and v2 (`OAuthTokenVerifier`). */
export interface TokenVerifier {
  verifyAccessToken(token: string): Promise<AuthInfo>
}

/**
 * Is a verifier for the SDK's own `requireBearerAuth`, for a server that has it already. Scopes of tools and step-up are
 * what only `protect` does.
 *
 * @param invalidToken makes the SDK's own error of what is wrong with a token: the SDK answers 401 to no other. For v1
 * `(why) => new InvalidTokenError(why)`, for v2 `(why) => new OAuthError(OAuthErrorCode.InvalidToken, why)`. When the issuer
 * cannot be asked an {@link OAuthError} of `temporarily_unavailable` is thrown, which the SDK answers with 500.
 */
export function tokenVerifier(resource: Resource, invalidToken: (description: string) => Error): TokenVerifier {
  return {
    async verifyAccessToken(raw) {
      try {
        return authInfoOf(await resource.verify(raw), raw, resource.url)
      } catch (err) {
        throw err instanceof OAuthError && err.code === 'invalid_token' ? invalidToken(err.description) : err
      }
    },
  }
}
