// origin.ts tells which web pages may call the server (MCP 2026-07-28, Streamable HTTP, Security Warning; Fetch §3.2).

import type { Clock } from './config.js'

// Headers that browsers must be told about (Fetch §3.2.3).
const corsMethods = 'GET, POST, DELETE, OPTIONS'
const corsExpose = 'WWW-Authenticate, Mcp-Session-Id, DPoP-Nonce, Retry-After'

/** corsRequest is what a page may send. */
export const corsRequest = 'Authorization, Content-Type, DPoP, Last-Event-ID, MCP-Protocol-Version, Mcp-Method, Mcp-Name, Mcp-Session-Id'

/** checkOrigin wants '*', or an origin as browsers send it, or one with '*' for its port. It returns what is wrong. */
export function checkOrigin(origin: string): string | undefined {
  const fixed = origin.replace(/:\*$/, '')
  if (origin === '*' || (/^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.]+\]|[a-z0-9._~-]+)(:\d{1,5})?$/.test(fixed) && URL.canParse(fixed))) {
    return undefined
  }
  return 'must be scheme://host or scheme://host:port in lower case, with * for any port, or * alone'
}

/** originAllowed: a request without Origin does not come from a page of another site. origins are those of the Origin header. */
export function originAllowed(allowed: readonly string[], origins: readonly string[]): boolean {
  const [origin, ...more] = origins
  if (origin === undefined) {
    return true
  }
  return more.length === 0 && allowed.some((one) => one === '*' || one === origin || (one.endsWith(':*') && anyPort(one.slice(0, -2), origin)))
}

/** anyPort tells whether origin is host, with or without a port. */
function anyPort(host: string, origin: string): boolean {
  return origin.startsWith(host) && /^(:\d{1,5})?$/.test(origin.slice(host.length))
}

/** Bag is headers that an answer has already, of fetch or of node:http. */
export interface Bag {
  get(name: string): string | null
  set(name: string, value: string): void
}

const lists = ['vary', 'access-control-expose-headers', 'access-control-allow-headers', 'access-control-allow-methods']

/**
 * addHeaders is the one rule for an answer that others give headers too, cors() say: lists are joined, what else they say
 * to pages stays, and all other headers are ours.
 */
export function addHeaders(bag: Bag, more: Record<string, string>): void {
  for (const [name, value] of Object.entries(more)) {
    const there = bag.get(name)
    if (there === null || !name.toLowerCase().startsWith('access-control-') || isList(name)) {
      bag.set(name, there !== null && isList(name) ? joined(there, value) : value)
    }
  }
}

/** isList tells of a header whether it is a list that others may add to. */
export function isList(name: string): boolean {
  return lists.includes(name.toLowerCase())
}

/** joined is two lists of names, each name once. */
export function joined(...lists: string[]): string {
  const names = lists.join(',').split(',').map((name) => name.trim()).filter((name) => name !== '')
  return names.filter((name, i) => names.findIndex((one) => one.toLowerCase() === name.toLowerCase()) === i).join(', ')
}

/** corsHeaders let the page read the answer. */
export function corsHeaders(origin: string | undefined): Record<string, string> {
  return origin === undefined ? {} : { 'Access-Control-Allow-Origin': origin, 'Access-Control-Expose-Headers': corsExpose }
}

/** preflightHeaders answer a browser that asks before it sends; it never sends the token with the question (Fetch §3.2.2). */
export function preflightHeaders(methods = corsMethods): Record<string, string> {
  return { 'Access-Control-Allow-Methods': methods, 'Access-Control-Allow-Headers': corsRequest, 'Access-Control-Max-Age': '600' }
}

const maxStrangers = 16
const hushed = 60_000 // for how long an origin that was named is not named again, in milliseconds

/** Strangers keeps which refused origins the operator was told of, so that nobody fills the log: few, and each once a minute. */
export class Strangers {
  private readonly named = new Map<string, number>() // the oldest first

  constructor(private readonly clock: Clock) {}

  /** isNews tells whether the operator is to be told of an origin. */
  isNews(origin: string): boolean {
    const now = this.clock()
    for (const [one, when] of this.named) {
      if (now - when >= hushed) {
        this.named.delete(one)
      }
    }
    if (this.named.has(origin) || this.named.size >= maxStrangers) {
      return false
    }
    this.named.set(origin, now)
    return true
  }
}
