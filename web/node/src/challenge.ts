// challenge.ts answers a request that may not pass (RFC 6750 §3, RFC 9728 §5.1; MCP 2026-07-28, Scope Challenge Handling).

import { CallError, LacksScope, NoToken, OAuthError } from './errors.js'
import { union } from './scopes.js'

/** Challenge is the parts of a WWW-Authenticate header (RFC 9110 §11.6.1). */
export interface Challenge {
  error?: string // absent when no token was sent (RFC 6750 §3.1)
  errorDescription?: string
  scope?: readonly string[] // all that the operation needs
  resourceMetadata?: string // URL of the protected resource metadata (RFC 9728 §5.1)
}

/** writeChallenge is the value of the WWW-Authenticate header. */
export function writeChallenge(challenge: Challenge): string {
  const params = [
    ['error', challenge.error],
    ['error_description', challenge.errorDescription],
    ['scope', challenge.scope?.join(' ')],
    ['resource_metadata', challenge.resourceMetadata],
  ]
  const written = params.filter(([, value]) => value).map(([name, value]) => `${name}="${printable(value ?? '')}"`)
  return ['Bearer', written.join(', ')].filter((part) => part !== '').join(' ')
}

/** printable keeps the characters that RFC 6749 §5.2 allows in error_description. */
function printable(text: string): string {
  return text.replaceAll('"', "'").replace(/[^ -[\]-~]/gu, '?')
}

/** Answer is a response before it is one of fetch or of node:http. */
export interface Answer {
  status: number
  headers: Record<string, string>
  body: string
}

/** Door is what a refusal must know of the resource. */
export interface Door {
  scopes: readonly string[]
  metadataUrl: string
}

/** refusal makes an answer of an error; undefined for an error that is none of ours. It is the one place that knows how. */
export function refusal(door: Door, err: unknown): Answer | undefined {
  const challenge: Challenge = { scope: door.scopes, resourceMetadata: door.metadataUrl }
  if (err instanceof NoToken) {
    const plain = { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }
    return { status: 401, headers: { ...plain, ...challenged(challenge) }, body: err.message + '\n' }
  }
  if (err instanceof LacksScope) {
    const refused = new OAuthError('insufficient_scope', err.message)
    return oauthAnswer(refused, { ...challenge, scope: union(err.needed, err.held) })
  }
  if (err instanceof CallError) {
    const error = JSON.stringify({ code: err.code, message: err.message })
    const id = err.id === undefined ? '' : `"id":${err.id},`
    return { status: err.status, headers: json, body: `{"jsonrpc":"2.0",${id}"error":${error}}` }
  }
  return err instanceof OAuthError ? oauthAnswer(err, challenge) : undefined
}

const json = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }

/**
 * oauthAnswer writes the codes of RFC 6750 §3.1, and those for an issuer that does not answer: not a 401, on which
 * clients throw their tokens away.
 */
function oauthAnswer(err: OAuthError, challenge: Challenge): Answer {
  const headers: Record<string, string> = { ...json }
  if (err.code === 'temporarily_unavailable') {
    headers['Retry-After'] = '5'
  } else if (err.status < 500) {
    Object.assign(headers, challenged({ ...challenge, error: err.code, errorDescription: err.description }))
  }
  return { status: err.status, headers, body: JSON.stringify({ error: err.code, error_description: printable(err.description) }) }
}

function challenged(challenge: Challenge): Record<string, string> {
  // Clients exist that ask again for exactly what is named here; offline_access is none of a resource's business.
  const scope = (challenge.scope ?? []).filter((one) => one !== 'offline_access')
  return { 'Cache-Control': 'no-store', 'WWW-Authenticate': writeChallenge({ ...challenge, scope }) }
}
