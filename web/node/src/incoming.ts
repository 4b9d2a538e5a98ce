// incoming.ts reads a request of fetch (RFC 6750 §2.1, RFC 9110 §5.3).

import type { Incoming } from './call.js'
import { BodyGone, NoToken, OAuthError } from './errors.js'
import { join } from './issuer.js'

// Headers of which there may be one, and whose value has no comma: fetch folds several into one.
const single = ['origin', 'mcp-protocol-version']

/** incomingOf is a request of fetch. */
export function incomingOf(request: Request): Incoming {
  return {
    method: request.method,
    headers(name) {
      const value = request.headers.get(name)
      if (value === null) {
        return []
      }
      // Two Authorization headers look like one with a comma; no credentials of ours have one.
      return single.includes(name) || (name === 'authorization' && /(^|, *)bearer /i.test(value)) ? value.split(/, */) : [value]
    },
    body: (max) => (request.bodyUsed ? Promise.reject(new BodyGone()) : readBody(request.body, max)),
  }
}

async function readBody(stream: ReadableStream<Uint8Array> | null, max: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = stream?.getReader()
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    length += read.value.length
    if (length > max) {
      await reader?.cancel().catch(() => undefined)
      return undefined
    }
    chunks.push(read.value)
  }
  return join(chunks, length)
}

/** bearerToken reads the one Authorization header. A token in the query or the body is not looked for. */
export function bearerToken(request: Incoming): string {
  const [value, ...more] = request.headers('authorization')
  if (more.length > 0) {
    throw new OAuthError('invalid_request', 'there is more than one Authorization header')
  }
  const [scheme = '', ...rest] = (value ?? '').split(' ')
  if (scheme.toLowerCase() !== 'bearer') {
    throw new NoToken()
  }
  const token = rest.join(' ').replace(/^ +/, '')
  if (!/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) {
    throw new OAuthError('invalid_request', 'the Authorization header is not Bearer and one token')
  }
  return token
}
