// everywhere.ts runs the vectors in whatever serves it: Deno, Bun and workerd all take a module like this one for a server.

import { createResource } from '../src/index.js'
import { resourceURL, TestIssuer } from './issuer.js'
import { runVector, type VectorFile } from './vectors.js'

/** Ran is how it went. */
export interface Ran {
  count: number
  wrong: string[]
}

/** runAll decides all cases of all files. */
export async function runAll(files: readonly VectorFile[]): Promise<Ran> {
  const wrong: string[] = []
  let count = 0
  for (const file of files) {
    for (const vector of file.cases) {
      count++
      const why = await runVector(file, vector).catch((err: unknown) => [String(err)])
      wrong.push(...why.map((one) => `${vector.name}: ${one}`))
    }
  }
  return { count, wrong }
}

let heard = 0 // handlers that were told that their token is over

/** revoked is a stream that goes on for ever, of a token that is revoked while it does. */
async function revoked(type: string): Promise<Response> {
  const issuer = await TestIssuer.create()
  issuer.now = Date.now()
  const resource = createResource(issuer.config({ introspection: { clientId: 'res 1', clientSecret: 's:cret', every: 0.05 } }))
  const headers = { Authorization: `Bearer ${await issuer.token()}` }
  const handler = resource.protect(({ signal }) => {
    issuer.active = false
    signal.addEventListener('abort', () => void heard++)
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        await new Promise((resolve) => setTimeout(resolve, 20))
        controller.enqueue(new TextEncoder().encode(': still here\n\n'))
      },
    })
    return new Response(body, { headers: { 'Content-Type': type } })
  })
  return handler(new Request(resourceURL, { headers }))
}

export default {
  hostname: '127.0.0.1', // Bun reads these two
  port: 0,
  async fetch(request: Request): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    if (pathname === '/revoked') {
      return revoked(searchParams.get('type') ?? '')
    }
    if (pathname === '/heard') {
      return Response.json(heard)
    }
    const ran = await runAll((await request.json()) as VectorFile[])
    return Response.json({ ...ran, runtime: navigator.userAgent })
  },
}
