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

/** What a Worker exports. */
export interface Worker<Env, Ctx> {
  fetch(request: Request, env: Env, ctx: Ctx): Promise<Response>
}

/**
 * Is a Worker that serves the metadata, and at the path of the resource the handler for those requests that carry a token;
 * see {@link Resource.mount}.
 *
 * @param make makes the resource of the Worker's variables and secrets. It is called once for each `env`, so keys and
 * verified tokens stay at hand while the isolate lives.
 * @param elsewhere answers what is neither; 404 when absent.
 */
export function protect<Env extends object, Ctx = unknown>(
  make: (env: Env) => Resource,
  handler: ProtectedHandler<[Env, Ctx]>,
  elsewhere?: (request: Request, env: Env, ctx: Ctx) => Response | Promise<Response>,
): Worker<Env, Ctx> {
  if (typeof make !== 'function' || typeof handler !== 'function') {
    throw new TypeError('authwright: protect is called with a function that makes the Resource of env, and a handler; one of the MCP SDK goes through withAuthInfo')
  }
  const mounted = new WeakMap<Env, FetchHandler<[Env, Ctx]>>()
  const mount = (resource: Resource) => {
    guardOf(resource)
    return resource.mount<[Env, Ctx]>(handler, elsewhere)
  }
  return {
    async fetch(request, env, ctx) {
      const known = mounted.get(env) ?? mount(make(env))
      mounted.set(env, known)
      return known(request, env, ctx)
    },
  }
}
