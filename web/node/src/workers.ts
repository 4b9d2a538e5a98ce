/**
 * Protects an MCP server in Cloudflare Workers.
 *
 * ```ts
 * export default protect((env: Env) => createResource({ …, issuer: env.ISSUER }), (request, token, env, ctx) => …)
 * ```
 *
 * @module
 */
import { guardOf, type FetchHandler, type ProtectedHandler, type Resource } from './resource.js'
import type { Token } from './token.js'

/** What a Worker exports. */
export interface Worker<Env, Ctx> {
  fetch(request: Request, env: Env, ctx: Ctx): Promise<Response>
}

/** What every context of a request can do. A handler that needs more says so: `(request, token, env, ctx: ExecutionContext) => …`. */
export interface Context {
  waitUntil(promise: Promise<unknown>): void
  passThroughOnException(): void
}

/**
 * Is a Worker that serves the metadata, and at the path of the resource the handler for those requests that carry a token;
 * see {@link Resource.mount}. What else a Worker exports goes beside it: `{ ...protect(…), async scheduled() {} }`.
 *
 * @param make makes the resource of the Worker's variables and secrets. It is called once for each `env`, so keys and
 * verified tokens stay at hand while the isolate lives. What it throws goes to the log, and every request is answered with
 * 500.
 * @param elsewhere answers what is neither, whoever calls; 404 when absent.
 */
export function protect<Env extends object, Ctx = Context>(
  make: (env: Env) => Resource,
  handler: ProtectedHandler<[Env, Ctx]>,
  elsewhere?: (request: Request, env: Env, ctx: Ctx) => Response | Promise<Response>,
): Worker<Env, Ctx> {
  if (typeof make !== 'function' || typeof handler !== 'function') {
    throw new TypeError('authwright: protect is called with a function that makes the Resource of env, and a handler; one of the MCP SDK goes through withAuthInfo')
  }
  const mounted = new WeakMap<Env, FetchHandler<[Env, Ctx]>>()
  const mount = (env: Env): FetchHandler<[Env, Ctx]> => {
    try {
      const resource = make(env)
      guardOf(resource)
      return resource.mount<[Env, Ctx]>(handler, elsewhere)
    } catch (err) {
      console.error(err instanceof TypeError && err.message.startsWith('authwright: ') ? err.message : err)
      return () => Promise.resolve(new Response('misconfigured: see the log\n', { status: 500 }))
    }
  }
  return {
    async fetch(request, env, ctx) {
      const known = mounted.get(env) ?? mount(env)
      mounted.set(env, known)
      return known(request, env, ctx)
    },
  }
}

/**
 * Hands who calls to an `McpAgent`, whose tools find it in `this.props`:
 * `protect(resource, withProps(Todo.serve('/mcp'), ({ subject }) => ({ subject })))`.
 *
 * @param props is what the agent is to know. It keeps that for the whole session, which belongs to one person, organization
 * and client: so take no more than these of the token. Scopes and expiry change while a session lasts.
 */
export function withProps<Env, Ctx extends object>(
  agent: { fetch(request: Request, env: Env, ctx: Ctx): Response | Promise<Response> },
  props: (token: Token) => object,
): ProtectedHandler<[Env, Ctx]> {
  return (request, token, env, ctx) => agent.fetch(request, env, Object.assign(ctx, { props: props(token) }))
}
