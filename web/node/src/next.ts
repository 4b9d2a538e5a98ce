/**
 * Protects an MCP server in route handlers of Next.js, with `mcp-handler` or any other handler of fetch.
 *
 * ```ts
 * // app/mcp/route.ts
 * export const { GET, POST, DELETE, OPTIONS } = protect(resource, createMcpHandler((server) => { … }))
 *
 * // app/.well-known/oauth-protected-resource/[[...path]]/route.ts
 * export const { GET, HEAD, OPTIONS } = metadata(resource)
 * ```
 *
 * @module
 */
import { guardOf, isMetadata, type ProtectedHandler, type Resource } from './resource.js'

/** A route handler of Next.js. It leaves the second argument, the parameters of the route, to whom they concern. */
export type RouteHandler = (request: Request) => Promise<Response>

/** The handlers of a route that answers with the metadata document of the resource (RFC 9728 §3), and 404 at other paths. */
export function metadata(resource: Resource): { GET: RouteHandler; HEAD: RouteHandler; OPTIONS: RouteHandler } {
  guardOf(resource)
  const answer: RouteHandler = (request) => {
    return Promise.resolve(isMetadata(resource, request) ? resource.serveMetadata(request) : new Response('not found\n', { status: 404 }))
  }
  return { GET: answer, HEAD: answer, OPTIONS: answer }
}

/**
 * The handlers of a route whose MCP requests must carry a token; see {@link Resource.protect}. `mcp-handler` finds who calls
 * in the request and hands it to tools, where `tokenOf(ctx)` reads it.
 */
export function protect(
  resource: Resource,
  handler: ProtectedHandler,
): { GET: RouteHandler; POST: RouteHandler; DELETE: RouteHandler; OPTIONS: RouteHandler } {
  guardOf(resource)
  const behind = resource.protect(handler)
  const answer: RouteHandler = (request) => behind(request)
  return { GET: answer, POST: answer, DELETE: answer, OPTIONS: answer }
}
