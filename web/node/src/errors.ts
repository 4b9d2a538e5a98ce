// errors.ts: the refusals that a client can act on (RFC 6749 §5.2, RFC 6750 §3.1) and those in the words of JSON-RPC.

/**
 * The codes of an {@link OAuthError}: `invalid_request`, `invalid_token` and `insufficient_scope` are of RFC 6750 §3.1,
 * `temporarily_unavailable` (the token may be good, nobody can tell now) and `server_error` of RFC 6749 §4.1.2.1.
 */
export type OAuthErrorCode =
  | 'invalid_request'
  | 'invalid_token'
  | 'insufficient_scope'
  | 'temporarily_unavailable'
  | 'server_error'

const statuses: Record<OAuthErrorCode, number> = {
  invalid_request: 400,
  invalid_token: 401,
  insufficient_scope: 403,
  temporarily_unavailable: 503,
  server_error: 500,
}

/** A refusal meant for the client: a code it can act on and a sentence for whoever reads its log. */
export class OAuthError extends Error {
  override readonly name = 'OAuthError'
  /** The code of RFC 6749 §5.2 or RFC 6750 §3.1. */
  readonly code: OAuthErrorCode
  /** What is wrong and what to do about it, in words; it never repeats a secret. */
  readonly description: string

  /** @param cause What led to it. It is for the operator's log and is never sent. */
  constructor(code: OAuthErrorCode, description: string, cause?: unknown) {
    super(`${code}: ${description}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.description = description
  }

  /** The HTTP status that belongs to the code (RFC 6750 §3.1). */
  get status(): number {
    return statuses[this.code]
  }
}

/** invalidToken is the refusal of a token that is no good. */
export function invalidToken(why: string): OAuthError {
  return new OAuthError('invalid_token', why)
}

/** unavailable is what a caller is told when the issuer cannot be asked. The cause goes to the log. */
export function unavailable(cause: unknown): OAuthError {
  return new OAuthError('temporarily_unavailable', 'the token cannot be checked right now, try again', cause)
}

/** NoToken is a request without credentials. Its challenge has no error code (RFC 6750 §3.1). */
export class NoToken extends Error {
  constructor() {
    super('send an access token in the Authorization header; WWW-Authenticate says where to get one')
  }
}

/** LacksScope is a token that is good but not for this. */
export class LacksScope extends Error {
  constructor(
    readonly needed: readonly string[],
    readonly held: readonly string[],
  ) {
    super('the token lacks a scope: needed are ' + needed.join(' '))
  }
}

/** BodyGone is a body that was read before the check: the program's mistake, not the client's. */
export class BodyGone extends Error {
  constructor() {
    super('the body was read before, and nothing was left of it: put the check before what reads it')
  }
}

/** CallError is a refusal in the words of JSON-RPC. */
export class CallError extends Error {
  constructor(
    readonly status: number, // of HTTP
    readonly code: number, // of JSON-RPC
    text: string,
    readonly id?: string, // as it stands in the request
  ) {
    super(text)
  }
}
