// issuer.ts asks the issuer for its documents (RFC 8414 §3, OpenID Connect Discovery §4, RFC 7517 §5).

import { keyMembers, type PublishedKey } from './jws.js'
import { Document, type Names } from './json.js'
import { parseURL } from './urls.js'

/** askTimeout is for one question to the issuer, in milliseconds. */
export const askTimeout = 5000

const maxDocument = 256 << 10 // bytes of an answer
const maxKeys = 64

/** NotFound is an answer that leaves other places to look. */
class NotFound extends Error {}

/** Send carries a request to the issuer: the global fetch, or what a program has instead. */
export type Send = (url: string, init: RequestInit) => Promise<Response>

/** IssuerDoor is the way to the issuer. Its answers are bounded in time and size, and it follows no redirect. */
export class IssuerDoor {
  constructor(
    readonly issuer: string,
    private readonly jwksUri: string, // set by the operator, or ''
    private readonly send: Send,
  ) {}

  /** jwks reads the issuer's keys. */
  async jwks(signal: AbortSignal): Promise<PublishedKey[]> {
    const where = this.jwksUri || (await this.endpoint('jwks_uri', signal))
    const document = await this.ask(where, {}, { '': ['keys'], keys: keyMembers }, signal)
    const keys = document.value('keys') ?? []
    if (!Array.isArray(keys)) {
      throw new Error(`the keys at ${where} are no list`)
    }
    if (keys.length > maxKeys) {
      throw new Error(`the issuer publishes ${keys.length} keys, more than ${maxKeys}`)
    }
    return keys.map((key) => publishedKey(key))
  }

  /**
   * endpoint is an address that the metadata names. It must be on the issuer's own origin: elsewhere only the operator
   * may send us, by configuration.
   */
  async endpoint(name: 'jwks_uri' | 'introspection_endpoint', signal: AbortSignal): Promise<string> {
    const address = (await this.metadata(signal)).string(name)
    const there = parseURL(address)
    const here = parseURL(this.issuer)
    if (!there || !here || there.scheme !== here.scheme || there.authority !== here.authority) {
      throw new Error(`${name} ${JSON.stringify(address)} is not on the origin of ${this.issuer}; set it in the configuration if it should be`)
    }
    return address
  }

  /** metadata reads the issuer's metadata and wants it to name the issuer byte for byte (RFC 8414 §3.3). */
  async metadata(signal: AbortSignal): Promise<Document> {
    let missing: unknown
    for (const where of metadataURLs(this.issuer)) {
      try {
        const document = await this.ask(where, {}, { '': ['issuer', 'jwks_uri', 'introspection_endpoint'] }, signal)
        if (document.string('issuer') !== this.issuer) {
          const said = JSON.stringify(document.string('issuer').slice(0, 200))
          throw new Error(`${where} is of issuer ${said}, the configuration says ${JSON.stringify(this.issuer)}: if it is the one you mean, write issuer as ${said}`)
        }
        return document
      } catch (err) {
        if (!(err instanceof NotFound)) {
          throw err
        }
        missing = err
      }
    }
    throw missing
  }

  /** ask sends a request and reads the JSON object that comes back with a 200. */
  async ask(url: string, init: RequestInit, names: Names, signal: AbortSignal): Promise<Document> {
    const headers = { Accept: 'application/json', ...(init.headers as Record<string, string> | undefined) }
    const response = await this.send(url, { ...init, headers, redirect: 'manual', signal }).catch((err: unknown) => {
      throw new Error(`asking ${url}`, { cause: err })
    })
    try {
      if (response.status === 404) {
        throw new NotFound(`asking ${url}: 404`)
      }
      if (response.status !== 200) {
        throw new Error(`asking ${url}: status ${response.status}${remedy(response.status, url, 'Authorization' in headers)}`)
      }
      return Document.read(await readBounded(response, url), names)
    } finally {
      await response.body?.cancel().catch(() => undefined)
    }
  }
}

/** otherLoopback is one name of this machine that was taken for another. */
const otherLoopback: Partial<Record<string, string>> = { localhost: '127.0.0.1', '127.0.0.1': 'localhost', '[::1]': 'localhost' }

/** remedy is what an operator does about a status. */
function remedy(status: number, url: string, credentials: boolean): string {
  if (status === 401 && credentials) {
    return ': the clientId or the clientSecret of introspection is not accepted'
  }
  if (status === 421) { // RFC 9110 §15.5.20
    const { host, hostname } = new URL(url)
    const other = otherLoopback[hostname]
    const perhaps = other === undefined ? '' : `, perhaps with ${other} for ${hostname}`
    return `: it does not go by the name ${host}: write issuer as it calls itself${perhaps}`
  }
  return ''
}

/**
 * metadataURLs are the places of the issuer's metadata in the order MCP clients use: RFC 8414 §3.1, then OpenID Connect
 * Discovery with the path put after and before.
 */
function metadataURLs(issuer: string): string[] {
  const { scheme, authority, path } = parseURL(issuer) ?? { scheme: '', authority: '', path: '' }
  const origin = `${scheme}://${authority}`
  const inner = path.replace(/\/$/, '')
  const urls = [`${origin}/.well-known/oauth-authorization-server${inner}`, `${origin}/.well-known/openid-configuration${inner}`]
  return inner === '' ? urls : [...urls, `${origin}${inner}/.well-known/openid-configuration`]
}

async function readBounded(response: Response, url: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = response.body?.getReader()
  try {
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      length += read.value.length
      if (length > maxDocument) {
        throw new Error(`the answer of ${url} is larger than ${maxDocument} bytes`)
      }
      chunks.push(read.value)
    }
  } finally {
    reader?.releaseLock()
  }
  return join(chunks, length)
}

/** join puts chunks together. */
export function join(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

/** publishedKey wants the members it reads to be strings; what is null is as absent. */
function publishedKey(key: unknown): PublishedKey {
  if (key !== null && (typeof key !== 'object' || Array.isArray(key))) {
    throw new Error('a published key is no JSON object')
  }
  const from = (key ?? {}) as Record<string, unknown>
  const read = Object.fromEntries(
    keyMembers.map((name) => {
      const value = (Object.hasOwn(from, name) ? from[name] : '') ?? ''
      if (typeof value !== 'string') {
        throw new Error(`member ${name} of a published key is no string`)
      }
      return [name, value]
    }),
  )
  return read as Record<(typeof keyMembers)[number], string>
}

/** within waits for a promise, at most so many milliseconds. */
export async function within(ms: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
