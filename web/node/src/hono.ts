/**
 * Protects an MCP server in Hono, on any runtime.
 *
 * ```ts
 * app.use(metadata(resource))
 * app.all('/mcp', protect(resource), (c) => handler.fetch(c.req.raw, { authInfo: c.get('auth') }))
 * ```
 *
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'

import type { AuthInfo } from './auth_info.js'
import type { Answer } from './challenge.js'
import type { Admission, Guard } from './guard.js'
import { incomingOf } from './incoming.js'
import { addHeaders } from './origin.js'
import { guardOf, isMetadata, responseOf, serve, type Resource } from './resource.js'
import { carry, type Token } from './token.js'

/**
 * What {@link protect} leaves in the context: `c.get('token')`, and `c.get('auth')` for the official MCP SDKs. A handler that
 * is not in one route with protect has them by `new Hono<ProtectedEnv>()`.
 */
export interface ProtectedEnv {
  Variables: { token: Token; auth: AuthInfo }
}

/** Answers a request for the metadata document of the resource (RFC 9728 §3), and leaves all others to the next handler. */
export function metadata(resource: Resource): MiddlewareHandler {
  guardOf(resource)
  return async (c, next) => {
    if (isMetadata(resource, c.req.raw)) {
      return resource.serveMetadata(c.req.raw)
    }
    return next()
  }
}

/**
 * Lets only those MCP requests through that carry a token for this resource with the scopes the operation needs; see
 * {@link Resource.protect}. `c.req.raw` is then the request that was checked. The answer's body ends with the token, and it
 * has the headers that a middleware before has set.
 */
export function protect(resource: Resource): MiddlewareHandler<ProtectedEnv> {
  return guarded(resource, (guard, request) => guard.admit(incomingOf(request)))
}

/** Is {@link protect} for a handler that does not speak MCP: the token must carry the scopes, and the body is not looked at. */
export function requireScopes(resource: Resource, ...scopes: string[]): MiddlewareHandler<ProtectedEnv> {
  return guarded(resource, (guard, request) => guard.admitAny(incomingOf(request), scopes))
}

type Decide = (guard: Guard, request: Request) => Promise<Admission | Answer>

function guarded(resource: Resource, decide: Decide): MiddlewareHandler<ProtectedEnv> {
  const guard = guardOf(resource)
  return async (c, next) => {
    if (isMetadata(resource, c.req.raw)) {
      return resource.serveMetadata(c.req.raw)
    }
    const asked = await unread(c)
    const decided = await decide(guard, asked)
    const answer = 'status' in decided ? refused(c, decided) : await serve(resource, guard, asked, decided, async (request, token) => {
      c.req.raw = request
      c.req.bodyCache = {}
      c.set('token', token)
      c.set('auth', (request as Request & { auth: AuthInfo }).auth)
      carry(c, token)
      await next()
      return c.res
    })
    c.res = undefined // else Hono mixes the headers of the two
    c.res = answer
    return answer
  }
}

/** refused is an answer with the headers that a middleware before us has set, for a rate limit perhaps, or for pages. */
function refused(c: Context, answer: Answer): Response {
  const headers = new Headers(c.res.headers)
  headers.delete('content-type')
  if ([...headers].length === 0) {
    return responseOf(answer) // where names are spelled as RFCs do
  }
  addHeaders(headers, answer.headers)
  return responseOf({ ...answer, headers })
}

/** unread is the request with its body, which a middleware may have read: Hono keeps what it read. */
async function unread({ req }: Context): Promise<Request> {
  const kept = req.raw.bodyUsed && Object.keys(req.bodyCache).length > 0
  return kept ? new Request(req.raw, { body: await req.arrayBuffer() }) : req.raw
}
