// consumer.ts is what a program that uses the package looks like to the compiler; it is checked, not run.

import { createResource, OAuthError, tokenOf, type Resource, type Token } from '@authwright/node'
import { tokenVerifier, withAuthInfo } from '@authwright/node/mcp'
import { metadata, protect } from '@authwright/node/next'
import { protect as protectWorker } from '@authwright/node/workers'

const resource: Resource = createResource({ resource: 'https://mcp.example.com/mcp', issuer: 'https://auth.example.com', tools: { create: ['write'] } })

export const { GET, POST } = protect(resource, (request, token) => new Response(`${request.url} ${token.subject}`))
export const { HEAD } = metadata(resource)
export const worker = protectWorker(
  (env: { ISSUER: string }) => createResource({ resource: 'https://mcp.example.com/mcp', issuer: env.ISSUER }),
  (_request, token, env) => new Response(`${token.clientId} ${env.ISSUER}`),
)
export const verifier = tokenVerifier(resource, (why) => new Error(why))
export const served = resource.mount(withAuthInfo({ fetch: async () => new Response() }))

export async function who(request: Request): Promise<string> {
  try {
    const token: Token = await resource.verify(request)
    return tokenOf(request).orgId ?? token.subject
  } catch (err) {
    return err instanceof OAuthError ? err.code : 'other'
  }
}
