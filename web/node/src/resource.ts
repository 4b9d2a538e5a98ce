// resource.ts: one protected MCP server, for handlers that take a Request and give a Response (Fetch §5).

import { authInfoOf } from './auth_info.js'
import type { Answer } from './challenge.js'
import { checkConfig, type Clock, type ResourceConfig } from './config.js'
import { Guard, type Admission } from './guard.js'
import { bearerToken, incomingOf } from './incoming.js'
import { Lease } from './lease.js'
import { answerMetadata, metadataOf, type ProtectedResourceMetadata } from './metadata.js'
import { addHeaders } from './origin.js'
import { sessionHeader } from './session.js'
import { carry, type Token } from './token.js'

/**
 * A handler of fetch that runs behind a check: the request may pass, and the token says who calls. What the runtime gives
 * besides (`env` and `ctx` of Workers, say) comes after.
 */
export type ProtectedHandler<Rest extends unknown[] = []> = (request: Request, token: Token, ...rest: Rest) => Response | Promise<Response>

/** A handler of fetch: what Workers, Deno, Bun and route handlers of Next.js call. */
export type FetchHandler<Rest extends unknown[] = []> = (request: Request, ...rest: Rest) => Promise<Response>

/** A protected MCP server. Make it with {@link createResource}, once; it keeps keys and verified tokens at hand. */
export interface Resource {
  /** The canonical URL of the MCP server: the audience of its tokens (RFC 8707 §2). */
  readonly url: string
  /** The metadata document (RFC 9728 §2). */
  readonly metadata: ProtectedResourceMetadata
  /** Where it belongs: the well-known path before the resource's own (RFC 9728 §3.1). */
  readonly metadataPath: string
  /** The same as a URL, as challenges name it. */
  readonly metadataUrl: string

  /** Answers a request for the metadata document, from any page (RFC 9728 §3). */
  serveMetadata(request: Request): Response

  /**
   * Tells who a token speaks for, or the token in the Authorization header of a request (RFC 9068 §4, RFC 6750 §2.1).
   *
   * @throws OAuthError `invalid_token` when the token is no good or there is none, `invalid_request` when the header is not
   * Bearer and one token, `temporarily_unavailable` when it cannot be known now.
   */
  verify(token: string | Request): Promise<Token>

  /**
   * Decides about an MCP request: who calls, or the answer that refuses (a challenge, an error of JSON-RPC, the answer to a
   * preflight). The body of the request stays readable. It does less than {@link Resource.protect}: session ids are not
   * tied to who got them, streams do not end with the token, and the answer gets no CORS headers.
   */
  authenticate(request: Request): Promise<Token | Response>

  /**
   * Lets only those requests through to next that carry a token for this resource with the scopes the operation needs.
   * The metadata document is served where it belongs. next must speak MCP over HTTP; for other handlers there is {@link Resource.require}. The request that next gets has the
   * body that was checked, the server's own session id, a signal that ends with the token, and `auth`, where
   * `mcp-handler` looks for an AuthInfo.
   */
  protect<Rest extends unknown[] = []>(next: ProtectedHandler<Rest>): FetchHandler<Rest>

  /** Is protect for a handler that does not speak MCP: the token must carry the scopes, and the body is not looked at. */
  require<Rest extends unknown[] = []>(next: ProtectedHandler<Rest>, ...scopes: string[]): FetchHandler<Rest>

  /**
   * Serves the metadata at its path, next, protected, at the path of the resource with and without a trailing slash, and
   * elsewhere all other requests: 404 when absent.
   */
  mount<Rest extends unknown[] = []>(next: ProtectedHandler<Rest>, elsewhere?: (request: Request, ...rest: Rest) => Response | Promise<Response>): FetchHandler<Rest>

  /**
   * Warns the operator, in the log, of each rule of `tools` that protects nothing, as no tool has its name. names are what the
   * tools of the server are called: no handler tells, so who registers them does.
   */
  checkTools(names: Iterable<string>): void
}

/**
 * Makes a protected MCP server of a configuration. It does not call the issuer: the first request does.
 *
 * @throws TypeError that tells all that is wrong with the configuration.
 */
export function createResource(config: ResourceConfig): Resource {
  return createResourceAt(config, Date.now)
}

const guards = new WeakMap<Resource, Guard>()

/** guardOf is what an adapter for another kind of request stands on. */
export function guardOf(resource: Resource): Guard {
  const guard = guards.get(resource)
  if (guard === undefined) {
    throw new TypeError('authwright: a Resource comes from createResource, and metadata and protect are called with it: metadata(resource)')
  }
  return guard
}

/** createResourceAt is createResource with a clock of its own, for tests. */
export function createResourceAt(config: ResourceConfig, clock: Clock): Resource {
  checkConfig(config)
  const guard = new Guard(config, clock)
  const resource: Resource = {
    url: config.resource,
    metadata: metadataOf(config),
    metadataPath: guard.metadataPath,
    metadataUrl: guard.metadataUrl,
    serveMetadata(request) {
      return responseOf(answerMetadata(resource.metadata, request.method))
    },
    async verify(token) {
      const raw = typeof token === 'string' ? token : bearerToken(incomingOf(token))
      return (await guard.verifier.verify(raw)).token
    },
    async authenticate(request) {
      const decided = await guard.admit({ ...incomingOf(request.clone()), headers: withoutSession(request) })
      return 'status' in decided ? responseOf(decided) : decided.known.token
    },
    checkTools(names) {
      guard.checkTools(new Set(names))
    },
    protect(next) {
      checkHandler(next)
      return async (request, ...rest) => {
        if (isMetadata(resource, request)) {
          return resource.serveMetadata(request)
        }
        return serve(resource, guard, request, await guard.admit(incomingOf(request)), (...given) => next(...given, ...rest))
      }
    },
    require(next, ...scopes) {
      checkHandler(next)
      return async (request, ...rest) => {
        if (isMetadata(resource, request)) {
          return resource.serveMetadata(request)
        }
        const decided = await guard.admitAny(incomingOf(request), scopes)
        return serve(resource, guard, request, decided, (...given) => next(...given, ...rest))
      }
    },
    mount(next, elsewhere) {
      const behind = resource.protect(next)
      const path = new URL(config.resource).pathname
      return async (request, ...rest) => {
        const { pathname } = new URL(request.url)
        if (pathname === path || pathname === path + '/' || pathname === guard.metadataPath) {
          return behind(request, ...rest)
        }
        return elsewhere === undefined ? new Response('not found\n', { status: 404 }) : elsewhere(request, ...rest)
      }
    },
  }
  guards.set(resource, guard)
  return Object.freeze(resource)
}

/** checkHandler tells of a handler that cannot be called when it is given, and not when somebody calls. */
function checkHandler(next: unknown): void {
  if (typeof next !== 'function') {
    throw new TypeError('authwright: the handler is no function; one of the MCP SDK goes through withAuthInfo')
  }
}

/** isMetadata tells whether a request is for the metadata document, which is for everybody. */
export function isMetadata(resource: Resource, request: Request): boolean {
  return new URL(request.url).pathname === resource.metadataPath
}

function withoutSession(request: Request): (name: string) => string[] {
  const { headers } = incomingOf(request)
  return (name) => (name === sessionHeader ? [] : headers(name))
}

/** responseOf is an answer as fetch has it. */
export function responseOf({ status, headers, body }: Omit<Answer, 'headers'> & { headers: HeadersInit }): Response {
  return new Response(body === '' ? null : body, { status, headers })
}

/** serve runs the next handler no longer than the token holds. */
export async function serve(
  resource: Resource,
  guard: Guard,
  request: Request,
  decided: Admission | Answer,
  next: (request: Request, token: Token) => Response | Promise<Response>,
): Promise<Response> {
  if ('status' in decided) {
    return responseOf(decided)
  }
  const lease = new Lease(guard.verifier, decided.raw, decided.known)
  try {
    const answer = await next(admitted(resource, request, decided, lease), decided.known.token)
    return await finish(guard, decided, lease, answer)
  } catch (err) {
    lease.end()
    throw err
  }
}

/** admitted is the request as the next handler gets it. */
function admitted(resource: Resource, request: Request, { raw, known, call, session }: Admission, lease: Lease): Request {
  const headers = new Headers(request.headers)
  if (session !== undefined) {
    headers.set(sessionHeader, session)
  }
  const init: RequestInit = { headers, signal: either(request.signal, lease.signal) }
  if (call.body !== undefined && request.method !== 'GET' && request.method !== 'HEAD') {
    headers.delete('content-length')
    init.body = call.body
  }
  const passed = anew(request, init)
  const auth = authInfoOf(known.token, raw, resource.url)
  Object.defineProperty(passed, 'auth', { value: auth, enumerable: true, writable: true }) // mcp-handler's withMcpAuth sets it too
  carry(passed, known.token)
  return passed
}

/** either aborts with the first of two signals: AbortSignal.any, which the edge runtime of Next.js does not have. */
function either(one: AbortSignal, other: AbortSignal): AbortSignal {
  if (typeof AbortSignal.any === 'function') {
    return AbortSignal.any([one, other])
  }
  const controller = new AbortController()
  for (const signal of [one, other]) {
    if (signal.aborted) {
      controller.abort(signal.reason)
    }
    signal.addEventListener('abort', () => controller.abort(signal.reason), { once: true })
  }
  return controller.signal
}

/**
 * anew is the request with other headers and perhaps another body. Next.js gives a route a Proxy of its request, which the
 * constructor does not take for one.
 */
function anew(request: Request, init: RequestInit): Request {
  try {
    return new Request(request, init)
  } catch {
    const body = init.body === undefined && request.body ? { body: request.body, duplex: 'half' } : {}
    return new Request(request.url, { method: request.method, ...body, ...init })
  }
}

/** finish seals the session id on its way out, lets the page read the answer, and ends the body with the lease. */
async function finish(guard: Guard, { known, headers: own }: Admission, lease: Lease, answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers)
  const session = headers.get(sessionHeader)
  if (session !== null) {
    headers.set(sessionHeader, await guard.sessions.seal(session, known.token))
  }
  addHeaders(headers, own)
  const { status, statusText } = answer
  if (answer.body === null) {
    lease.end()
    return new Response(null, { status, statusText, headers })
  }
  const events = /^text\/event-stream\b/i.test(headers.get('content-type') ?? '')
  return new Response(leased(answer.body, lease, events), { status, statusText, headers })
}

/**
 * leased is a body that goes no further when the lease ends. Events just end, which runtimes take for no failure; any other
 * body breaks off, lest a part pass for the whole.
 */
function leased(body: ReadableStream<Uint8Array>, lease: Lease, events: boolean): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const breakOff = () => {
        if (events) {
          controller.close()
        } else {
          controller.error(lease.signal.reason)
        }
        void reader.cancel(lease.signal.reason).catch(() => undefined)
      }
      if (lease.signal.aborted) {
        breakOff()
      }
      lease.signal.addEventListener('abort', breakOff, { once: true })
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (lease.signal.aborted) {
          return
        }
        if (done) {
          lease.end()
          controller.close()
        } else {
          controller.enqueue(value)
        }
      } catch (err) {
        lease.end()
        controller.error(err)
      }
    },
    async cancel(reason) {
      lease.end()
      await reader.cancel(reason)
    },
  })
}
