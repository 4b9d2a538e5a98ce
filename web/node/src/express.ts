/**
 * Protects an MCP server in Express 5 (or 4, Connect, or plain `node:http`).
 *
 * ```ts
 * app.use(metadata(resource))
 * app.all('/mcp', protect(resource), (req, res) => transport.handleRequest(req, res))
 * ```
 *
 * @module
 */
import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'

import { authInfoOf } from './auth_info.js'
import type { Answer } from './challenge.js'
import type { Admission, Guard } from './guard.js'
import { Lease } from './lease.js'
import { answerMetadata } from './metadata.js'
import { dropBody, incomingOf, type ProtectedRequest } from './node_request.js'
import { addHeaders, isList, joined } from './origin.js'
import { guardOf, type Resource } from './resource.js'
import { macText, sealWith, sessionHeader } from './session.js'
import { carry } from './token.js'

export type { ProtectedRequest }

/** Middleware of Express. */
export type Middleware = (req: IncomingMessage, res: ServerResponse, next: (err?: unknown) => void) => void

/** Answers a request for the metadata document of the resource (RFC 9728 §3), and leaves all others to the next handler. */
export function metadata(resource: Resource): Middleware {
  guardOf(resource)
  return (req, res, next) => {
    const { originalUrl = req.url ?? '' } = req as { originalUrl?: string }
    if (originalUrl.split('?')[0] !== resource.metadataPath) {
      next()
      return
    }
    send(res, answerMetadata(resource.metadata, req.method ?? ''))
  }
}

/**
 * Lets only those MCP requests through that carry a token for this resource with the scopes the operation needs; see
 * {@link Resource.protect}. What follows finds who calls in `req.auth` (an AuthInfo, which the official SDKs hand on to
 * tools) and with `tokenOf(req)`. It may read the body itself, or have `express.json()` before or behind this: what is
 * checked is what it will see. The connection is cut when the token is over.
 */
export function protect(resource: Resource): Middleware {
  const guard = guardOf(resource)
  return besides(metadata(resource), (req, res, next) => {
    void admit(resource, guard, req, res).then((passed) => {
      if (passed) {
        next()
      }
    }, next)
  })
}

/** Is {@link protect} for a handler that does not speak MCP: the token must carry the scopes, and the body is not looked at. */
export function requireScopes(resource: Resource, ...scopes: string[]): Middleware {
  const guard = guardOf(resource)
  return besides(metadata(resource), (req, res, next) => {
    void guard.admitAny(incomingOf(req), scopes).then((decided) => {
      if (pass(resource, guard, req, res, decided)) {
        next()
      }
    }, next)
  })
}

/** besides is one middleware and, for what it leaves, another. */
function besides(first: Middleware, second: Middleware): Middleware {
  return (req, res, next) => first(req, res, () => second(req, res, next))
}

async function admit(resource: Resource, guard: Guard, req: IncomingMessage, res: ServerResponse): Promise<boolean> {
  const decided = await guard.admit(incomingOf(req))
  if (!pass(resource, guard, req, res, decided) || 'status' in decided) {
    return false
  }
  if (decided.call.body?.length === 0) {
    await dropBody(req)
  }
  if (decided.session !== undefined) {
    req.headers[sessionHeader] = decided.session
    const at = req.rawHeaders.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === sessionHeader)
    req.rawHeaders[at + 1] = decided.session // the SDKs read these
  }
  return true
}

/** pass answers what may not pass, and prepares what may. */
function pass(resource: Resource, guard: Guard, req: IncomingMessage, res: ServerResponse, decided: Admission | Answer): boolean {
  if ('status' in decided) {
    send(res, decided)
    return false
  }
  const { raw, known, headers } = decided
  setHeaders(res, headers)
  ;(req as ProtectedRequest).auth = authInfoOf(known.token, raw, resource.url)
  carry(req, known.token)
  finish(guard, decided, res)
  const lease = new Lease(guard.verifier, raw, known)
  lease.signal.addEventListener('abort', () => res.destroy(), { once: true })
  res.once('close', () => lease.end())
  return true
}

/**
 * finish seals the session id on its way out, and joins what others say to pages with what we do. writeHead is where all
 * headers come together, and it cannot wait: that is why the MAC is not made by Web Crypto here.
 */
function finish(guard: Guard, { known, headers }: Admission, res: ServerResponse): void {
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse
  const own = new Headers(headers)
  const last = (name: unknown, value: unknown): unknown => {
    if (String(name).toLowerCase() === sessionHeader) {
      const mac = createHmac('sha256', guard.sessions.secret()).update(macText(String(value), known.token)).digest()
      return sealWith(String(value), mac)
    }
    return isList(String(name)) ? joined(String(value), own.get(String(name)) ?? '') : value
  }
  res.writeHead = (...args: unknown[]) => {
    res.writeHead = writeHead as typeof res.writeHead
    setHeaders(res, headers)
    const set = res.getHeader(sessionHeader)
    if (set !== undefined) {
      res.setHeader(sessionHeader, String(last(sessionHeader, set)))
    }
    return writeHead(...args.map((arg) => (typeof arg === 'object' && arg !== null ? changed(arg, last) : arg)))
  }
}

/** changed is headers as writeHead takes them, an object or a list of names and values, with other values. */
function changed(headers: object, last: (name: unknown, value: unknown) => unknown): object {
  if (Array.isArray(headers)) {
    return headers.map((value: unknown, i) => (i % 2 === 1 ? last(headers[i - 1], value) : value))
  }
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, last(name, value)]))
}

function send(res: ServerResponse, { status, headers, body }: Answer): void {
  res.statusCode = status
  setHeaders(res, headers)
  res.end(body)
}

function setHeaders(res: ServerResponse, headers: Record<string, string>): void {
  const get = (name: string) => (res.hasHeader(name) ? String(res.getHeader(name)) : null) // a list of values has commas
  addHeaders({ get, set: (name, value) => void res.setHeader(name, value) }, headers)
}
