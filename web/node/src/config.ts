// config.ts: what a program has to say about its MCP server (RFC 9728 §2, RFC 8707 §2).

import { maxEvery } from './introspect.js'
import { checkOrigin } from './origin.js'
import { isScope, type ScopeRules } from './scopes.js'
import { notCanonical, notSecure } from './urls.js'

/** Log is told what goes wrong behind the scenes. */
export type Log = (message: string, details: Record<string, unknown>) => void

/** Clock tells the time in milliseconds since the epoch. */
export type Clock = () => number

/**
 * Has the issuer asked about tokens (RFC 7662). In addition to the check of the signature it makes a revoked token die
 * within `every` seconds; alone it also lets opaque tokens in.
 */
export interface Introspection {
  /** What the resource authenticates with (HTTP Basic, RFC 6749 §2.3.1). */
  clientId: string
  clientSecret: string
  /** Where to ask. Absent means as the issuer's metadata says, on the issuer's origin. */
  endpoint?: string
  /** Leaves out the check of the signature: the issuer's word is all there is. */
  alone?: boolean
  /** How long an answer holds for one token, in seconds: more than 0, at most 30; 10 when absent. */
  every?: number
}

/** Says what is protected and who may say who gets in. */
export interface ResourceConfig {
  /**
   * The canonical URL of the MCP server, exactly as people type it into their clients: lower-case scheme and host, no
   * query, no fragment, no trailing slash. Tokens must name it as their audience (RFC 8707 §2).
   */
  resource: string
  /** The authorization server, byte for byte as in its metadata and in the `iss` of its tokens (RFC 8414 §2). */
  issuer: string
  /** What people are shown of the server. */
  name?: string

  /** What every request needs, and all that a client is asked to get at first. */
  scopes?: readonly string[]
  /**
   * What a `tools/call` needs beyond `scopes`, by tool name. The key `*` stands for all that are not listed; without it they,
   * and whatever is misspelt here, need no more than `scopes` (see `checkTools`).
   *
   * @example { create_item: ['todo.write'] }
   */
  tools?: ScopeRules
  /** The same for `prompts/get`, by prompt name. */
  prompts?: ScopeRules
  /** The same for `resources/read` and subscriptions, by URI. A key may end in `*`; the longest such prefix counts. */
  resources?: ScopeRules
  /** Which scopes a scope includes. @example { 'todo.write': ['todo.read'] } */
  implies?: ScopeRules

  /**
   * The web origins whose pages may call the server, besides its own: `https://app.example`, `http://localhost:*` for any
   * port, or `*` for all. A request from another origin is refused.
   */
  allowedOrigins?: readonly string[]

  /** Where the issuer's keys are. Absent means as the issuer's metadata says (RFC 8414), on the issuer's origin. */
  jwksUri?: string
  /** Has the issuer asked about each token, in addition to the check of the signature or alone. */
  introspection?: Introspection
  /** Carries requests to the issuer; the global fetch when absent. Redirects must not be followed. */
  fetch?: (url: string, init: RequestInit) => Promise<Response>

  /**
   * Ties the session ids of MCP before 2026-07-28 to who got them. Replicas (and isolates) that share sessions share a
   * key of at least 32 bytes; a string stands for its bytes in UTF-8. Absent means a random one.
   */
  sessionKey?: Uint8Array | string
  /** The largest request body in bytes; 4 MiB when absent. */
  maxBody?: number
  /**
   * Is told when the issuer cannot be reached, when a handler fails and when a page is refused; console.warn when absent. `error` is what was thrown,
   * and `reason`, where that says all, is its message with those of its causes. No secret is in it.
   */
  log?: (message: string, details: Record<string, unknown>) => void
}

const settings: Record<keyof ResourceConfig, true> = {
  resource: true, issuer: true, name: true, scopes: true, tools: true, prompts: true, resources: true, implies: true,
  allowedOrigins: true, jwksUri: true, introspection: true, fetch: true, sessionKey: true, maxBody: true, log: true,
}

/**
 * checkConfig tells all that is wrong with a configuration at once. Not every program was compiled, so it also looks for what
 * the types rule out: a rule under a misspelt name would protect nothing.
 */
export function checkConfig(config: ResourceConfig): void {
  const { maxBody = 1 } = config
  const wrong = [
    ...Object.keys(config).flatMap((name) => note(name, Object.hasOwn(settings, name) ? undefined : 'there is no such setting')),
    ...checkURL('resource', config.resource, notCanonical),
    ...checkURL('issuer', config.issuer, notIssuer),
    ...checkScopes('scopes', config.scopes ?? []),
    ...checkRules('tools', config.tools),
    ...checkRules('prompts', config.prompts),
    ...checkRules('resources', config.resources),
    ...checkRules('implies', config.implies),
    ...checkList('allowedOrigins', config.allowedOrigins ?? [], (origin) => note(`allowedOrigins ${quote(origin)}`, checkOrigin(origin))),
    ...(config.jwksUri === undefined ? [] : checkURL('jwksUri', config.jwksUri, notSecure)),
    ...checkIntrospection(config.introspection),
    ...(Object.hasOwn(config, 'sessionKey') ? note('sessionKey', notSessionKey(config.sessionKey)) : []),
    ...note('maxBody', typeof maxBody === 'number' && maxBody > 0 ? undefined : 'must be more than 0'),
  ]
  if (wrong.length > 0) {
    throw new TypeError('authwright: ' + wrong.join('\n'))
  }
}

function note(where: string, why: string | undefined): string[] {
  return why === undefined ? [] : [`${where}: ${why}`]
}

function quote(value: unknown): string {
  return JSON.stringify(value) ?? 'undefined'
}

function checkURL(where: string, value: unknown, why: (text: string) => string | undefined): string[] {
  if (value === undefined || value === '') {
    return [`${where}: is not set`]
  }
  return note(`${where} ${quote(value)}`, typeof value === 'string' ? why(value) : 'must be a string')
}

function checkList(where: string, values: unknown, check: (value: string) => string[]): string[] {
  if (!Array.isArray(values)) {
    const instead = typeof values === 'string' ? `: ${quote(values.split(/\s+/))}` : ''
    return [`${where} ${quote(values)}: must be a list${instead}`]
  }
  return values.flatMap((value: unknown) => (typeof value === 'string' ? check(value) : note(where, `${quote(value)} is no string`)))
}

/** notIssuer follows RFC 8414 §2: a URL without query and fragment. */
function notIssuer(issuer: string): string | undefined {
  return notSecure(issuer) ?? (/[?#]/.test(issuer) ? 'must have no query and no fragment' : undefined)
}

/** notSessionKey also refuses a variable that is not set: the sessions of such a program would end with each of its instances. */
function notSessionKey(key: unknown): string | undefined {
  if (key === undefined || key === '') {
    return 'is not set: a secret of 32 bytes or more, as of openssl rand -base64 32; leave sessionKey out for a random one'
  }
  if (typeof key !== 'string' && !(key instanceof Uint8Array)) {
    return 'must be a string or a Uint8Array'
  }
  const { length } = typeof key === 'string' ? new TextEncoder().encode(key) : key
  return length < 32 ? `has ${length} bytes, it needs 32 or more` : undefined
}

/**
 * checkScopes wants every scope to be one scope token (RFC 6749 §3.3), and keeps offline_access out: it is the issuer's
 * business, not a resource's (MCP 2026-07-28, Refresh Tokens).
 */
function checkScopes(where: string, scopes: readonly string[]): string[] {
  return checkList(where, scopes, (scope) => [
    ...note(where, isScope(scope) ? undefined : `${quote(scope)} is not a scope`),
    ...note(where, scope === 'offline_access' ? 'offline_access is not a scope of a resource' : undefined),
  ])
}

function checkRules(kind: 'tools' | 'prompts' | 'resources' | 'implies', rules: ScopeRules = {}): string[] {
  if (!isPlain(rules)) {
    return [`${kind}: must be an object of lists by name, such as { create_item: ['todo.write'] }`]
  }
  return Object.entries(rules).flatMap(([key, scopes]) => [
    ...checkScopes(`${kind}[${quote(key)}]`, scopes),
    ...(kind === 'implies' ? checkScopes(kind, [key]) : note(`${kind}[${quote(key)}]`, notKey(kind, key))),
  ])
}

/** isPlain keeps out what has its entries elsewhere: of a Map, Object.entries sees none. */
function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !(Symbol.iterator in value)
}

function notKey(kind: string, key: string): string | undefined {
  const star = key.indexOf('*')
  if (key === '') {
    return 'the key is empty'
  }
  if (star >= 0 && key !== '*' && (kind !== 'resources' || star !== key.length - 1)) {
    return 'the star does not stand for a part of a name'
  }
  return undefined
}

function checkIntrospection(config: Introspection | undefined): string[] {
  if (config === undefined) {
    return []
  }
  if (!isPlain(config)) {
    return ['introspection: must be { clientId, clientSecret }']
  }
  const { clientId, clientSecret, endpoint, every = 1 } = config
  return [
    ...note('introspection.clientId', notCredential(clientId)),
    ...note('introspection.clientSecret', notCredential(clientSecret)),
    ...note('introspection.every', typeof every === 'number' && every > 0 && every <= maxEvery ? undefined : `must be more than 0 and at most ${maxEvery} s`),
    ...(endpoint === undefined ? [] : checkURL('introspection.endpoint', endpoint, notSecure)),
  ]
}

function notCredential(given: unknown): string | undefined {
  if (given === undefined || given === '') {
    return 'is not set'
  }
  return typeof given === 'string' ? undefined : 'must be a string'
}
