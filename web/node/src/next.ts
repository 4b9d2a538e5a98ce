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

/**
 * A resource, or what makes it at the first request. `next build` runs what stands at the top of a module, perhaps without
 * the variables that a resource is made of.
 */
export type Given = Resource | (() => Resource)

/** The handlers of a route that answers with the metadata document of the resource (RFC 9728 §3), and 404 at other paths. */
export function metadata(given: Given): { GET: RouteHandler; HEAD: RouteHandler; OPTIONS: RouteHandler } {
  const made = kept(given, (resource) => {
    guardOf(resource)
    return resource
  })
  const answer: RouteHandler = async (request) => {
    const resource = made()
    return isMetadata(resource, request) ? resource.serveMetadata(request) : new Response('not found\n', { status: 404 })
  }
  return { GET: answer, HEAD: answer, OPTIONS: answer }
}

/**
 * The handlers of a route whose MCP requests must carry a token; see {@link Resource.protect}. `mcp-handler` finds who calls
 * in the request and hands it to tools, where `tokenOf(ctx)` reads it.
 */
export function protect(
  given: Given,
  handler: ProtectedHandler,
): { GET: RouteHandler; POST: RouteHandler; DELETE: RouteHandler; OPTIONS: RouteHandler } {
  const behind = kept(given, (resource) => {
    guardOf(resource)
    return resource.protect(handler)
  })
  const answer: RouteHandler = async (request) => behind()(request)
  return { GET: answer, POST: answer, DELETE: answer, OPTIONS: answer }
}

/** kept is what is made of a resource: now, or at the first call of one that is made then. */
function kept<T>(given: Given, make: (resource: Resource) => T): () => T {
  if (typeof given !== 'function') {
    const now = make(given)
    return () => now
  }
  let later: { value: T } | undefined
  return () => (later ??= { value: make(given()) }).value
}
